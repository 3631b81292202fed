// Equations of motion: ordinary differential equations by explicit, symplectic and implicit steps,
// particles, rotations, control.
#include <fmt/format.h>

#include <functional>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;

struct Constant {
  std::string name;
  std::vector<double> numbers;
};

// x' = f(x): names of the parts of x, what each one's slope is.
struct System {
  Words called;
  std::string summary;
  Words parts;
  std::vector<Words> slopes;  // of each part, ways to write it
  std::vector<Constant> constants;
  Interval range;
};

const std::vector<System>& systems() {
  static const std::vector<System> kSystems = {
      {{"lorenz", "lorenz_trajectory", "simulate_lorenz"},
       "Integrate the Lorenz equations from a starting point.",
       {"x", "y", "z"},
       {{"{sigma} * ({y} - {x})"},
        {"{x} * ({rho} - {z}) - {y}", "{rho} * {x} - {x} * {z} - {y}"},
        {"{x} * {y} - {beta} * {z}"}},
       {{"sigma", {10, 10, 16}}, {"rho", {28, 14, 24}}, {"beta", {2.667, 4}}},
       {-12, 12}},
      {{"predator_prey", "lotka_volterra", "simulate_populations"},
       "Follow prey and predators by the Lotka-Volterra equations.",
       {"prey", "predators"},
       {{"{prey} * ({alpha} - {beta} * {predators})",
         "{alpha} * {prey} - {beta} * {prey} * {predators}"},
        {"{predators} * ({delta} * {prey} - {gamma})",
         "{delta} * {prey} * {predators} - {gamma} * {predators}"}},
       {{"alpha", {1.1, 0.67, 1.5}},
        {"beta", {0.4, 1.33, 1}},
        {"delta", {0.1, 1, 0.75}},
        {"gamma", {0.4, 1, 3}}},
       {0.3, 3}},
      {{"pendulum", "swing", "simulate_pendulum"},
       "Integrate a damped pendulum.",
       {"angle", "speed"},
       {{"{speed}"},
        {"-{gravity} * jnp.sin({angle}) - {damping} * {speed}",
         "-({gravity} * jnp.sin({angle}) + {damping} * {speed})"}},
       {{"gravity", {9.81, 9.8, 1}}, {"damping", {0.1, 0.25, 0.5}}},
       {-2, 2}},
      {{"van_der_pol", "relaxation_oscillator", "limit_cycle"},
       "Integrate the Van der Pol oscillator.",
       {"x", "v"},
       {{"{v}"}, {"{mu} * (1.0 - {x}**2) * {v} - {x}", "{mu} * (1 - {x} * {x}) * {v} - {x}"}},
       {{"mu", {0.5, 1, 2, 3.5}}},
       {-2, 2}},
      {{"oscillate", "damped_oscillator", "mass_on_spring"},
       "Integrate a damped mass on a spring.",
       {"position", "velocity"},
       {{"{velocity}"},
        {"-{stiffness} * {position} - {damping} * {velocity}",
         "-({stiffness} * {position} + {damping} * {velocity}) / {mass}"}},
       {{"stiffness", {1, 4, 2.5}}, {"damping", {0.1, 0.3}}, {"mass", {2, 0.5}}},
       {-2, 2}},
      {{"fitzhugh_nagumo", "excitable_cell", "simulate_neuron"},
       "Integrate the FitzHugh-Nagumo model of a nerve cell.",
       {"v", "w"},
       {{"{v} - {v}**3 / 3.0 - {w} + {current}", "{v} * (1.0 - {v}**2 / 3.0) - {w} + {current}"},
        {"{rate} * ({v} + 0.7 - 0.8 * {w})", "({v} + 0.7 - 0.8 * {w}) / 12.5"}},
       {{"current", {0.5, 0.35, 1}}, {"rate", {0.08, 0.1}}},
       {-2, 2}},
      {{"brusselator", "oscillating_reaction", "react"},
       "Integrate the Brusselator, an oscillating reaction.",
       {"x", "y"},
       {{"{a} + {x}**2 * {y} - ({b} + 1.0) * {x}"}, {"{b} * {x} - {x}**2 * {y}"}},
       {{"a", {1, 0.8}}, {"b", {3, 1.7, 2.5}}},
       {0.2, 2.5}},
      {{"rossler", "rossler_attractor", "simulate_rossler"},
       "Integrate the Rossler system.",
       {"x", "y", "z"},
       {{"-{y} - {z}", "-({y} + {z})"}, {"{x} + {a} * {y}"}, {"{b} + {z} * ({x} - {c})"}},
       {{"a", {0.2, 0.1}}, {"b", {0.2, 0.1}}, {"c", {5.7, 14}}},
       {-4, 4}},
  };
  return kSystems;
}

// One step of an explicit method of Runge and Kutta.
ValueId explicit_step(Idiom& i, int method, const std::function<ValueId(ValueId, Words)>& slope,
                      ValueId state, const Term& dt, Interval range) {
  const Shape shape = i.shape(state);
  const Terms base = {{"s", state}, dt};
  const auto go = [&](Words names, const std::string& form, const Terms& terms) {
    return let(i, std::move(names), form, with(base, terms), shape, range);
  };
  const ValueId k1 = slope(state, {"k1", "slope"});
  if (method == 0) return go({"advanced", "moved"}, "{s} + {dt} * {k1}", {{"k1", k1}});
  if (method == 1) {
    const ValueId middle = go({"middle", "midpoint"}, "{s} + 0.5 * {dt} * {k1}", {{"k1", k1}});
    const ValueId k2 = slope(middle, {"k2", "slope_mid"});
    return go({"advanced", "moved"}, "{s} + {dt} * {k2}", {{"k2", k2}});
  }
  if (method == 2 || method == 3) {
    const bool heun = method == 2;
    const ValueId ahead =
        go({"predicted", "ahead"}, heun ? "{s} + {dt} * {k1}" : "{s} + 2.0 / 3.0 * {dt} * {k1}",
           {{"k1", k1}});
    const ValueId k2 = slope(ahead, {"k2", "slope_ahead"});
    return go(
        {"corrected", "advanced"},
        heun ? i.either({"{s} + 0.5 * {dt} * ({k1} + {k2})", "{s} + {dt} * ({k1} + {k2}) / 2.0"})
             : "{s} + {dt} * (0.25 * {k1} + 0.75 * {k2})",
        {{"k1", k1}, {"k2", k2}});
  }
  const ValueId s2 = go({"s2", "half"}, "{s} + 0.5 * {dt} * {k1}", {{"k1", k1}});
  const ValueId k2 = slope(s2, {"k2"});
  const ValueId s3 = go({"s3", "half_again"}, "{s} + 0.5 * {dt} * {k2}", {{"k2", k2}});
  const ValueId k3 = slope(s3, {"k3"});
  const ValueId s4 = go({"s4", "full"}, "{s} + {dt} * {k3}", {{"k3", k3}});
  const ValueId k4 = slope(s4, {"k4"});
  return go({"advanced", "combined"},
            i.either({"{s} + {dt} / 6.0 * ({k1} + 2.0 * {k2} + 2.0 * {k3} + {k4})",
                      "{s} + {dt} * ({k1} + 2.0 * ({k2} + {k3}) + {k4}) / 6.0"}),
            {{"k1", k1}, {"k2", k2}, {"k3", k3}, {"k4", k4}});
}

// How a system's slopes are written, with constants that they use.
struct DrawnSystem {
  const System& system;
  std::vector<std::string> slopes;
  Terms constants;
  Ids given;                     // those of the constants that are values
  std::vector<Part> parameters;  // of the slope: the state, then these
};

DrawnSystem draw_constants(Idiom& i, const System& system, const Shape& shape) {
  DrawnSystem out{system, {}, {}, {}, {}};
  out.parameters = {{{"state", "y", "s"}, {i.real(), shape}, system.range}};
  for (const Words& ways : system.slopes) out.slopes.push_back(i.either(ways));
  for (const Constant& c : system.constants) {
    const bool used = std::any_of(out.slopes.begin(), out.slopes.end(), [&](const std::string& s) {
      return s.find("{" + c.name + "}") != std::string::npos;
    });
    if (!used) continue;
    out.constants.push_back(constant(i, c.name, {c.name}, c.numbers, 0.25));
    if (out.constants.back().id == kNoValue) continue;
    out.given.push_back(out.constants.back().id);
    out.parameters.push_back({{c.name}, {i.real(), {}}, {0.1, 20}});
  }
  return out;
}

// The slope at p[0], with the constants p[1] and so on; parts of the state along its last axis or
// its first.
ValueId slope_of(Idiom& i, const DrawnSystem& drawn, const Shape& shape, bool trailing,
                 const Ids& p) {
  const System& system = drawn.system;
  Shape each = shape;
  each.erase(trailing ? each.end() - 1 : each.begin());
  Terms terms = drawn.constants;
  std::size_t at = 1;
  for (Term& t : terms)
    if (t.id != kNoValue) t.id = p[at++];
  std::vector<Part> named;
  for (const std::string& n : system.parts) named.push_back({{n}, {i.real(), each}, system.range});
  Ids values;
  if (trailing) {
    for (std::size_t k = 0; k < named.size(); ++k)
      values.push_back(
          i.let(named[k].names, fmt::format("$0[..., {}]", k), {p[0]}, each, system.range));
  } else {
    values = i.unpack("$0", {p[0]}, {}, named);
  }
  for (std::size_t k = 0; k < values.size(); ++k) terms.push_back({system.parts[k], values[k]});
  Ids out;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (drawn.slopes[k] == "{" + system.parts[1] + "}")
      out.push_back(values[1]);
    else
      out.push_back(let(i, {"d_" + system.parts[k], system.parts[k] + "_dot"}, drawn.slopes[k],
                        terms, each, {-20, 20}));
  }
  const std::string holes = Idiom::holes(0, values.size());
  const std::string stack = trailing ? "jnp.stack([" + holes + "], axis=-1)"
                                     : i.either({"jnp.stack([", "jnp.array(["}) + holes + "])";
  return i.let({"slope"}, stack, out, shape, {-20, 20});
}

// A system of ordinary differential equations by Euler, midpoint, Heun, Ralston or the classical
// method of order four; one start or many, parts along the first or the last axis; constants given
// or literal; the whole trajectory by scan or its end by fori.
Op ode_solve() {
  return idiom("ode_solve", kLoop, 1.6, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const System& system = i.random().pick(systems());
    const auto parts = static_cast<std::int64_t>(system.parts.size());
    const bool many = i.chance(0.4), trailing = many && i.chance(0.5);
    Shape shape = {parts};
    if (many) shape.insert(trailing ? shape.begin() : shape.end(), i.size());
    const ValueId start =
        i.input(many ? Words{"starts", "states", "initial_states"} : Words{"state", "y0", "start"},
                shape, system.range);
    const DrawnSystem drawn = draw_constants(i, system, shape);
    i.called(system.called);
    i.summary(system.summary);
    const BodyId slope =
        i.helper({i.either({"slopes", "derivatives", "rates", "vector_field"}), "rhs"},
                 "Give the time derivative of the state.", drawn.parameters,
                 [&](const Ids& p) { return Ids{slope_of(i, drawn, shape, trailing, p)}; });
    const auto method = static_cast<int>(i.between(0, 4));
    const Term dt = constant(
        i, "dt", {"dt", "step_size", "h"},
        parts == 3 ? std::vector<double>{0.01, 0.005, 0.02} : std::vector<double>{0.05, 0.1, 0.02},
        0.25);
    const std::int64_t steps = i.between(5, 30);
    const auto advance = [&](ValueId state) {
      return explicit_step(
          i, method,
          [&](ValueId at, Words names) {
            Ids operands = {at};
            operands.insert(operands.end(), drawn.given.begin(), drawn.given.end());
            return i.call(std::move(names), slope, operands, {i.real(), shape}, {-20, 20});
          },
          state, dt, system.range);
    };
    static const std::vector<std::string> kNames = {"Euler", "midpoint", "Heun's", "Ralston's",
                                                    "fourth-order Runge-Kutta"};
    i.summary(fmt::format("Take {} steps of the {} method.", steps,
                          kNames[static_cast<std::size_t>(method)]));
    if (i.chance(0.55)) {
      const bool end = i.chance(0.3);
      i.scan(
          {"step", "advance", "tick"},
          {{{"state", "y"}, start, system.range, end ? Words{"last", "final"} : Words{}}}, {},
          {{"trajectory", "path", "history"}},
          [&](const Ids& p) {
            const ValueId next = advance(p[0]);
            return i.chance(0.75) ? Ids{next, next} : Ids{next, p[0]};
          },
          {}, steps);
    } else {
      repeat(i, 0, steps, {"step", "advance", "tick"},
             {{{"state", "y"}, start, system.range, {"final", "state_end"}}},
             [&](const Ids& p) { return Ids{advance(p[0])}; });
    }
  });
}

// Where a force comes from: its law, and the energy that goes with it.
struct Force {
  Words called;
  std::string summary, law, energy;
  std::vector<Constant> constants;
};

const std::vector<Force>& forces() {
  static const std::vector<Force> kForces = {
      {{"harmonic_motion", "spring_orbit"},
       "Move masses on springs by a symplectic scheme.",
       "-{k} * {q}",
       "0.5 * {k} * {q}**2",
       {{"k", {1, 4, 0.5}}}},
      {{"double_well", "bistable_motion"},
       "Move particles in a double well by a symplectic scheme.",
       "{k} * ({q} - {q}**3)",
       "{k} * (0.25 * {q}**4 - 0.5 * {q}**2)",
       {{"k", {1, 2, 0.5}}}},
      {{"pendulum_motion", "swing_freely"},
       "Swing undamped pendulums by a symplectic scheme.",
       "-{k} * jnp.sin({q})",
       "{k} * (1.0 - jnp.cos({q}))",
       {{"k", {1, 9.81, 2.5}}}},
      {{"anharmonic_motion", "duffing"},
       "Move particles on springs that stiffen as they stretch.",
       "-{q} - {k} * {q}**3",
       "0.5 * {q}**2 + 0.25 * {k} * {q}**4",
       {{"k", {0.5, 1, 0.1}}}},
      {{"vibrating_chain", "spring_chain"},
       "Move a ring of masses joined by springs.",
       "{k} * (jnp.roll({q}, 1, axis=-1) - 2.0 * {q} + jnp.roll({q}, -1, axis=-1))",
       "0.5 * {k} * ({q} - jnp.roll({q}, 1, axis=-1))**2",
       {{"k", {1, 2, 0.5}}}},
  };
  return kForces;
}

// Hamiltonian motion by leapfrog, velocity Verlet or semi-implicit Euler; the energy along the way
// by choice.
Op symplectic_motion() {
  return idiom("symplectic_motion", kLoop, 1.1, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Force& force = i.random().pick(forces());
    const ValueId position = i.anchor({"position", "q", "positions"}, 1, 2, {-1.5, 1.5});
    const Shape shape = i.shape(position);
    const ValueId velocity = i.input({"velocity", "v", "velocities"}, shape, {-1, 1});
    const Term k = constant(i, "k", {"stiffness", "k"}, force.constants[0].numbers);
    const Term dt = constant(i, "dt", {"dt", "time_step"}, {0.05, 0.02, 0.1}, 0.25);
    const auto scheme = i.between(0, 2);
    const bool stored = i.chance(0.6), energy = stored && i.chance(0.5);
    i.called(force.called);
    i.summary(force.summary);
    if (energy) i.summary("Record the energy of each step.");
    const auto pull = [&](ValueId q, Words names) {
      return let(i, std::move(names), force.law, {{"q", q}, k}, shape, {-10, 10});
    };
    const auto step = [&](const Ids& p) {
      const Terms terms = {{"q", p[0]}, {"v", p[1]}, dt};
      ValueId q = p[0], v = p[1];
      if (scheme == 0) {  // kick, drift
        const ValueId f = pull(q, {"force", "acceleration"});
        v = let(i, {"v_new", "kicked"}, "{v} + {dt} * {f}", with(terms, {{"f", f}}), shape,
                {-3, 3});
        q = let(i, {"q_new", "drifted"}, "{q} + {dt} * {u}", with(terms, {{"u", v}}), shape,
                {-3, 3});
      } else if (scheme == 1) {  // kick, drift, kick
        const ValueId f = pull(q, {"force", "acceleration"});
        const ValueId u = let(i, {"v_half", "half_kick"}, "{v} + 0.5 * {dt} * {f}",
                              with(terms, {{"f", f}}), shape, {-3, 3});
        q = let(i, {"q_new", "drifted"}, "{q} + {dt} * {u}", with(terms, {{"u", u}}), shape,
                {-3, 3});
        const ValueId g = pull(q, {"force_new", "new_acceleration"});
        v = let(i, {"v_new", "kicked"}, "{u} + 0.5 * {dt} * {g}", {{"u", u}, {"g", g}, dt}, shape,
                {-3, 3});
      } else {  // velocity Verlet as the textbooks have it
        const ValueId f = pull(q, {"accel", "acceleration"});
        q = let(i, {"q_new", "moved"}, "{q} + {dt} * {v} + 0.5 * {dt}**2 * {f}",
                with(terms, {{"f", f}}), shape, {-3, 3});
        const ValueId g = pull(q, {"accel_new", "next_acceleration"});
        v = let(i, {"v_new"}, "{v} + 0.5 * {dt} * ({f} + {g})", with(terms, {{"f", f}, {"g", g}}),
                shape, {-3, 3});
      }
      Ids out = {q, v};
      if (energy) {
        out.push_back(let(i, {"energy", "total"},
                          "jnp.sum(0.5 * {v}**2 + " + force.energy + ", axis=-1)",
                          {{"q", q}, {"v", v}, k}, i.without_axis(position, -1), {0, 20}));
      } else if (stored) {
        out.push_back(q);
      }
      return out;
    };
    const bool wants_end = i.chance(0.5);
    std::vector<Idiom::Carry> carries = {
        {{"q", "pos"}, position, {-3, 3}, {"q_end", "final_position"}},
        {{"v", "vel"}, velocity, {-3, 3}, {"v_end", "final_velocity"}}};
    const std::int64_t steps = i.between(5, 25);
    if (stored) {
      if (!wants_end) carries[0].final = carries[1].final = {};
      i.scan({"leap", "step", "kick_drift"}, carries, {},
             {energy ? Words{"energies", "energy_trace"} : Words{"path", "positions_over_time"}},
             step, {}, steps);
    } else {
      repeat(i, 0, steps, {"leap", "step", "kick_drift"}, carries, step);
    }
  });
}

// A stiff scalar law, elementwise, by backward Euler or the trapezoid rule; Newton's iterations in
// a fori or until the residual is small; the slope by hand.
Op implicit_step(bool by_while) {
  return idiom(
      by_while ? "implicit_step_converged" : "implicit_step", kLoop, 0.6,
      by_while ? kForward : kSmooth, [by_while](Idiom& i) {
        if (half_precision(i)) return i.fail();
        struct Law {
          const char *summary, *rate, *slope;
        };
        static const std::vector<Law> kLaws = {
            {"Take an implicit step of cubic decay.", "-{k} * {y}**3", "-3.0 * {k} * {y}**2"},
            {"Take an implicit step of logistic growth.", "{k} * {y} * (1.0 - {y})",
             "{k} * (1.0 - 2.0 * {y})"},
            {"Take an implicit step of radiative cooling.", "-{k} * ({y}**4 - 0.5)",
             "-4.0 * {k} * {y}**3"},
            {"Take an implicit step of decay with saturation.", "-{k} * {y} / (1.0 + {y})",
             "-{k} / (1.0 + {y})**2"},
            {"Take an implicit step of exponential relaxation.", "{k} * (jnp.exp(-{y}) - 0.5)",
             "-{k} * jnp.exp(-{y})"}};
        const Law& law = i.random().pick(kLaws);
        const ValueId y0 =
            i.anchor({"state", "y", "concentration"}, by_while ? 1 : 0, 2, {0.2, 1.5});
        const Shape shape = i.shape(y0);
        const Term k = constant(i, "k", {"rate", "stiffness"}, {5, 2, 10, 1});
        const Term dt = constant(i, "dt", {"dt", "step_size"}, {0.1, 0.05, 0.2});
        const bool trapezoid = i.chance(0.4);
        i.called({"implicit_step", trapezoid ? "trapezoid_step" : "backward_euler", "newton_step"});
        i.summary(law.summary);
        i.summary("Solve the implicit equation of a step by Newton's method.");
        const ValueId before = trapezoid ? let(i, {"known", "explicit_half"},
                                               fmt::format("{{y}} + 0.5 * {{dt}} * ({})", law.rate),
                                               {{"y", y0}, k, dt}, shape, {-1, 3})
                                         : y0;
        const std::string part = trapezoid ? "0.5 * {dt}" : "{dt}";
        const auto residual = [&](ValueId y) {
          return let(i, {"residual", "defect"},
                     fmt::format("{{y}} - {{b}} - {} * ({})", part, law.rate),
                     {{"y", y}, {"b", before}, k, dt}, shape, {-1, 1});
        };
        const auto corrected = [&](ValueId y, ValueId defect) {
          const ValueId slope =
              let(i, {"slope", "jacobian"}, fmt::format("1.0 - {} * ({})", part, law.slope),
                  {{"y", y}, k, dt}, shape, {0.5, 3});
          return let(i, {"improved", "y_next"}, "{y} - {r} / {s}",
                     {{"y", y}, {"r", defect}, {"s", slope}}, shape, {0, 2});
        };
        if (!by_while) {
          repeat(i, 0, i.between(3, 6), {"newton", "iterate"},
                 {{{"guess", "y"}, y0, {0, 2}, {"solved", "y_next"}}},
                 [&](const Ids& p) { return Ids{corrected(p[0], residual(p[0]))}; });
          return;
        }
        const std::int64_t most = i.between(8, 20);
        const std::string small = i.either({"1e-4", "1e-3", "3e-4"});
        until_settled(i, {small, most, 1}, {{{"guess", "y"}, y0, {0, 2}, {"solved", "y_next"}}},
                      {"newton", "improve"}, [&](const Ids& p) {
                        const ValueId defect = residual(p[0]);
                        return Ids{corrected(p[0], defect), i.let({"worst"}, "jnp.max(jnp.abs($0))",
                                                                  {defect}, Shape{}, {0, 1})};
                      });
      });
}

// Kepler's equation E - e sin E = M by Newton or by the fixed point, then position or true anomaly.
Op kepler_orbit() {
  return idiom("kepler_orbit", kLoop, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId mean = i.anchor({"mean_anomaly", "anomaly", "mean_anomalies"}, 0, 2, {-3, 3});
    const Shape shape = i.shape(mean);
    const bool one = shape.empty() || i.chance(0.5);
    const ValueId e =
        i.input({"eccentricity", "ecc", "e"}, one ? Shape{} : Shape{i.dim(mean, -1)}, {0.05, 0.6});
    const bool newton = i.chance(0.65);
    const auto what = i.between(0, 3);
    const std::string how =
        newton ? " by Newton's method on Kepler's equation." : " by iterating Kepler's equation.";
    i.called(what == 0   ? Words{"true_anomaly", "anomaly_from_mean"}
             : what == 1 ? Words{"orbit_position", "kepler_position"}
             : what == 2 ? Words{"orbit_radius", "distance_from_focus"}
                         : Words{"eccentric_anomaly", "solve_kepler"});
    i.summary((what == 0   ? "Find the true anomaly of a body on an ellipse"
               : what == 1 ? "Find the place of a body on an ellipse"
               : what == 2 ? "Find the distance of a body from the focus of its ellipse"
                           : "Find the eccentric anomaly") +
              how);
    const ValueId start = i.chance(0.4) ? mean
                                        : let(i, {"guess", "start"}, "{m} + {e} * jnp.sin({m})",
                                              {{"m", mean}, {"e", e}}, shape, {-3.5, 3.5});
    const ValueId E = repeat(
        i, 0, newton ? i.between(3, 6) : i.between(6, 12), {"refine", "iterate"},
        {{{"ecc_anomaly", "psi"}, start, {-3.5, 3.5}, {"ecc_anomaly", "psi"}}}, [&](const Ids& p) {
          const Terms terms = {{"E", p[0]}, {"e", e}, {"M", mean}};
          if (!newton)
            return Ids{
                let(i, {"next_anomaly"}, "{M} + {e} * jnp.sin({E})", terms, shape, {-3.5, 3.5})};
          const ValueId f = let(i, {"defect", "residual"}, "{E} - {e} * jnp.sin({E}) - {M}", terms,
                                shape, {-1, 1});
          const ValueId slope =
              let(i, {"slope"}, "1.0 - {e} * jnp.cos({E})", terms, shape, {0.4, 1.6});
          return Ids{let(i, {"next_anomaly"}, "{E} - {f} / {s}",
                         {{"E", p[0]}, {"f", f}, {"s", slope}}, shape, {-3.5, 3.5})};
        })[0];
    const Terms terms = {{"E", E}, {"e", e}};
    switch (what) {
      case 0:
        let(i, {"true_anomaly", "nu"},
            "2.0 * jnp.arctan2(jnp.sqrt(1.0 + {e}) * jnp.sin({E} / 2.0), jnp.sqrt(1.0 - {e}) * "
            "jnp.cos({E} / 2.0))",
            terms, shape, {-4, 4});
        break;
      case 1: {
        const Term a = constant(i, "a", {"semi_major", "axis_length"}, {1, 5.2, 1.52});
        const ValueId x =
            let(i, {"x", "along"}, "{a} * (jnp.cos({E}) - {e})", with(terms, {a}), shape, {-8, 8});
        const ValueId y = let(i, {"y", "across"}, "{a} * jnp.sqrt(1.0 - {e}**2) * jnp.sin({E})",
                              with(terms, {a}), shape, {-8, 8});
        Shape plane = shape;
        plane.push_back(2);
        if (i.chance(0.6))
          i.let({"position", "orbit"}, "jnp.stack([$0, $1], axis=-1)", {x, y}, plane, {-8, 8});
        break;
      }
      case 2: {
        const Term a = constant(i, "a", {"semi_major", "axis_length"}, {1, 5.2, 1.52});
        let(i, {"radius", "distance"}, "{a} * (1.0 - {e} * jnp.cos({E}))", with(terms, {a}), shape,
            {0.3, 10});
        break;
      }
      default:
        break;
    }
  });
}

// A closed loop with a proportional, integral and derivative term; by scan over the set points.
Op pid_control() {
  return idiom("pid_control", kLoop, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = size_from(i, 3);
    const bool many = i.chance(0.4);
    Shape shape = {steps};
    if (many) shape.push_back(i.size());
    const ValueId targets = i.input({"targets", "setpoints", "reference"}, shape, {-1, 1});
    const Shape one(shape.begin() + 1, shape.end());
    const ValueId start = i.input({"start", "x0", "initial"}, one, {-1, 1});
    const Term kp = constant(i, "kp", {"kp", "gain"}, {1, 2, 0.8, 1.5});
    const bool integral = i.chance(0.7), slope = i.chance(0.6);
    const Term ki = integral ? constant(i, "ki", {"ki", "reset"}, {0.1, 0.5, 0.2}) : Term{};
    const Term kd = slope ? constant(i, "kd", {"kd", "lead"}, {0.05, 0.1, 0.2}) : Term{};
    const std::string dt = i.either({"0.1", "0.05", "0.2"});
    const bool limited = i.chance(0.35);
    const std::string limit = i.either({"0.5", "1.0", "0.8"});
    i.called({integral && slope ? "pid_loop"
              : integral        ? "pi_loop"
                                : "track",
              "follow_setpoint", "closed_loop"});
    i.summary("Let a controller steer a first-order plant to its set points.");
    const ValueId zeros =
        integral || slope ? i.let({"rest", "zeros"}, "jnp.zeros_like($0)", {start}, one, {-1, 1})
                          : kNoValue;
    std::vector<Idiom::Carry> carries = {{{"x", "level"}, start, {-2, 2}, {"x_end", "final"}}};
    if (integral) carries.push_back({{"total", "integral"}, zeros, {-2, 2}, {}});
    if (slope) carries.push_back({{"last", "previous"}, zeros, {-2, 2}, {}});
    i.scan(
        {"control", "step"}, carries, {{{"target", "goal"}, targets}},
        {{i.chance(0.5) ? "levels" : "response", "track"}}, [&](const Ids& p) {
          const ValueId error = i.let({"error", "miss"}, "$0 - $1", {p.back(), p[0]}, one, {-2, 2});
          Terms terms = {{"e", error}, kp, ki, kd};
          Ids out;
          std::string law = "{kp} * {e}";
          ValueId total = kNoValue;
          if (integral) {
            total = i.let({"total", "accumulated"}, "$0 + $1 * " + dt, {p[1], error}, one, {-2, 2});
            terms.push_back({"total", total});
            law += " + {ki} * {total}";
          }
          if (slope) {
            terms.push_back({"last", p[integral ? 2 : 1]});
            law += " + {kd} * ({e} - {last}) / " + dt;
          }
          ValueId drive = let(i, {"drive", "command"}, law, terms, one, {-3, 3});
          if (limited) {
            i.comment("The actuator saturates.");
            drive = i.let({"applied"}, fmt::format("jnp.clip($0, -{}, {})", limit, limit), {drive},
                          one, {-1, 1});
          }
          const ValueId next = i.let({"x_next", "moved"}, "$0 + " + dt + " * ($1 - 0.5 * $0)",
                                     {p[0], drive}, one, {-2, 2});
          out.push_back(next);
          if (integral) out.push_back(total);
          if (slope) out.push_back(error);
          out.push_back(next);
          return out;
        });
  });
}

// The spread of a disease among compartments (SIR, SEIR or SIS), day by day.
Op epidemic() {
  return idiom("epidemic", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const auto kind = i.between(0, 2);  // SIR, SEIR, SIS
    const bool regions = i.chance(0.5), daily = i.chance(0.4);
    const Shape one = regions ? Shape{i.size()} : Shape{};
    const ValueId infected = i.input({"infected", "i0", "cases"}, one, {0.01, 0.2});
    const bool exposed = kind == 1;
    const ValueId latent =
        exposed ? i.input({"exposed", "e0", "incubating"}, one, {0.01, 0.1}) : kNoValue;
    const std::int64_t days = i.between(5, 30);
    const ValueId rates =
        daily ? i.input({"contact_rates", "betas"}, {size_from(i, 4)}, {0.2, 0.8}) : kNoValue;
    const Term beta =
        daily ? Term{"beta"} : constant(i, "beta", {"beta", "contact_rate"}, {0.3, 0.5, 0.4});
    const Term gamma = constant(i, "gamma", {"gamma", "recovery_rate"}, {0.1, 0.2, 0.14});
    const Term onset =
        exposed ? constant(i, "onset", {"onset_rate", "sigma"}, {0.2, 0.25, 0.5}) : Term{};
    static const std::vector<std::string> kNames = {"sir", "seir", "sis"};
    const std::string name = kNames[static_cast<std::size_t>(kind)];
    i.called({name + "_model", "epidemic", "simulate_" + name});
    i.summary("Follow an epidemic day by day.");
    i.summary(daily ? "Spread a disease at contact rates that change from day to day."
                    : "Spread a disease through a population that mixes evenly.");
    const ValueId susceptible =
        exposed ? i.let({"susceptible", "s0"}, "1.0 - $0 - $1", {infected, latent}, one, {0.5, 1})
                : i.let({"susceptible", "s0"}, "1.0 - $0", {infected}, one, {0.5, 1});
    std::vector<Idiom::Carry> carries = {
        {{"s", "susceptible"}, susceptible, {0, 1}, kind == 2 ? Words{} : Words{"s_end", "spared"}},
        {{"ill", "infected"}, infected, {0, 1}, {"ill_end", "still_ill"}}};
    if (exposed) carries.push_back({{"e", "exposed"}, latent, {0, 1}, {}});
    const bool count_new = i.chance(0.4);
    std::vector<Idiom::Slice> over;
    if (daily) over.push_back({{"beta", "rate"}, rates});
    i.scan(
        {"day", "spread"}, carries, over,
        {count_new ? Words{"new_cases", "incidence"} : Words{"curve", "prevalence"}},
        [&](const Ids& p) {
          Term rate = beta;
          if (daily) rate.id = p.back();
          const Terms terms = {{"s", p[0]}, {"ill", p[1]}, rate, gamma, onset};
          const ValueId fresh =
              let(i, {"new_cases", "infections"}, "{beta} * {s} * {ill}", terms, one, {0, 0.3});
          const ValueId healed =
              let(i, {"recovered", "healed"}, "{gamma} * {ill}", terms, one, {0, 0.3});
          const ValueId s =
              kind == 2 ? i.let({"s_next"}, "$0 - $1 + $2", {p[0], fresh, healed}, one, {0, 1})
                        : i.let({"s_next"}, "$0 - $1", {p[0], fresh}, one, {0, 1});
          ValueId onsets = fresh;
          Ids out = {s};
          ValueId e = kNoValue;
          if (exposed) {
            onsets = let(i, {"onsets"}, "{onset} * {e}", {onset, {"e", p[2]}}, one, {0, 0.3});
            e = i.let({"e_next"}, "$0 + $1 - $2", {p[2], fresh, onsets}, one, {0, 1});
          }
          const ValueId ill =
              i.let({"ill_next"}, "$0 + $1 - $2", {p[1], onsets, healed}, one, {0, 1});
          out.push_back(ill);
          if (exposed) out.push_back(e);
          out.push_back(count_new ? fresh : ill);
          return out;
        },
        {}, days);
  });
}

// Riccati's recursion of the linear quadratic regulator, backwards in time; the gain at its end, or
// the costs on the way.
Op lqr_gain() {
  return idiom("lqr_gain", kLinearAlgebra, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 2, 6), m = i.between(1, 2);
    const ValueId a = i.input({"dynamics", "a", "transition"}, {n, n}, {-0.5, 0.5});
    const ValueId b = i.input({"control", "b", "actuation"}, {n, m}, {-1, 1});
    const std::string weight = i.either({"1.0", "0.5", "2.0"}), effort = i.either({"1.0", "0.1"});
    const ValueId q = i.let({"state_cost", "q"}, weight + " * jnp.eye($0.shape[0], dtype=$0.dtype)",
                            {a}, {n, n}, {-0.5, 2});
    const auto gain = [&](ValueId p) {
      const ValueId bp = i.let({"bp", "weighted"}, "$0.T @ $1", {b, p}, {m, n}, {-4, 4});
      return let(i, {"gain", "feedback"},
                 "jnp.linalg.solve({bp} @ {b} + " + effort +
                     " * jnp.eye({b}.shape[1], dtype={b}.dtype), {bp} @ {a})",
                 {{"bp", bp}, {"b", b}, {"a", a}}, {m, n}, {-2, 2});
    };
    const bool joseph = i.chance(0.4), fold = i.chance(0.6);
    if (fold) {
      i.called({"lqr_gain", "riccati_gain", "regulator"});
      i.summary("Iterate the Riccati equation and give the feedback gain.");
    } else {
      i.called({"riccati_iteration", "riccati_costs", "cost_to_go"});
      i.summary("Iterate the Riccati equation and record the trace of the costs.");
    }
    const auto step = [&](ValueId p) {
      const ValueId k = gain(p);
      if (joseph) {
        const ValueId closed =
            i.let({"closed", "closed_loop"}, "$0 - $1 @ $2", {a, b, k}, {n, n}, {-2, 2});
        return let(i, {"cost", "p_next"}, "{q} + {c}.T @ {p} @ {c} + " + effort + " * {k}.T @ {k}",
                   {{"q", q}, {"c", closed}, {"p", p}, {"k", k}}, {n, n}, {-1, 5});
      }
      return let(i, {"cost", "p_next"}, "{q} + {a}.T @ {p} @ ({a} - {b} @ {k})",
                 {{"q", q}, {"a", a}, {"b", b}, {"p", p}, {"k", k}}, {n, n}, {-1, 5});
    };
    const std::int64_t steps = i.between(4, 15);
    if (fold) {
      const ValueId p = repeat(i, 0, steps, {"riccati", "backup"},
                               {{{"p", "cost_to_go"}, q, {-1, 5}, {"cost_to_go", "p"}}},
                               [&](const Ids& c) { return Ids{step(c[0])}; })[0];
      gain(p);
    } else {
      i.scan(
          {"riccati", "backup"}, {{{"p", "cost_to_go"}, q, {-1, 5}, {"cost_to_go", "p"}}}, {},
          {{"traces", "costs"}},
          [&](const Ids& c) {
            const ValueId next = step(c[0]);
            return Ids{next, i.let({"trace"}, "jnp.trace($0)", {next}, Shape{}, {1, 20})};
          },
          {}, steps);
    }
  });
}

}  // namespace

std::vector<Op> physics_idioms() {
  return {ode_solve(),    symplectic_motion(), implicit_step(false), implicit_step(true),
          kepler_orbit(), pid_control(),       epidemic(),           lqr_gain()};
}

}  // namespace jaxsmith::plan
