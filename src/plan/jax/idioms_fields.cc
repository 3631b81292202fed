// Fields on grids and waves: diffusion, waves, transport, relaxation, reactions, optics.

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// How a Laplacian is written, and what it takes to lie beyond the edges.
struct Stencil {
  int form = 0;       // 0 rolls, 1 a padded copy and slices, 2 second differences, 3 a convolution
  std::string mode;   // of jnp.pad
  std::string words;  // "with periodic edges"
  bool nine = false;  // points of the convolution in two dimensions, five otherwise
};

Stencil stencil(Idiom& i, int rank) {
  Stencil s;
  s.form = static_cast<int>(i.between(0, half_precision(i) ? 2 : 3));
  s.nine = rank == 2 && i.chance(0.4);
  s.mode = s.form == 0   ? "wrap"
           : s.form == 3 ? "constant"
                         : i.either({"edge", "wrap", "constant", "reflect"});
  s.words = s.mode == "wrap"       ? "periodic edges"
            : s.mode == "edge"     ? "no flux through the edges"
            : s.mode == "constant" ? "zeros beyond the edges"
                                   : "mirrored edges";
  return s;
}

// The Laplacian of a field of one or two dimensions with unit spacing.
ValueId laplacian(Idiom& i, const Stencil& s, ValueId u, Interval range) {
  const Shape shape = i.shape(u);
  const bool line = shape.size() == 1;
  const Words names = {"laplacian", "lap", "curvature"};
  const std::string mode = ", mode=\"" + s.mode + "\")";
  if (s.form == 0) {
    if (line)
      return i.let(names,
                   i.either({"jnp.roll($0, 1) - 2.0 * $0 + jnp.roll($0, -1)",
                             "jnp.roll($0, -1) + jnp.roll($0, 1) - 2 * $0"}),
                   {u}, shape, range);
    const ValueId rows = i.let({"rows", "vertical"},
                               i.either({"jnp.roll($0, 1, axis=0) + jnp.roll($0, -1, axis=0)",
                                         "jnp.roll($0, 1, 0) + jnp.roll($0, -1, 0)"}),
                               {u}, shape, range);
    const ValueId columns = i.let({"columns", "horizontal"},
                                  i.either({"jnp.roll($0, 1, axis=1) + jnp.roll($0, -1, axis=1)",
                                            "jnp.roll($0, 1, 1) + jnp.roll($0, -1, 1)"}),
                                  {u}, shape, range);
    return i.let(names, i.either({"$0 + $1 - 4.0 * $2", "$0 + $1 - 4 * $2"}), {rows, columns, u},
                 shape, range);
  }
  if (s.form == 3) {
    if (line)
      return i.let(names, "jnp.convolve($0, jnp.array([1.0, -2.0, 1.0], $0.dtype), mode=\"same\")",
                   {u}, shape, range);
    const std::string rows = s.nine ? "[[0.25, 0.5, 0.25], [0.5, -3.0, 0.5], [0.25, 0.5, 0.25]]"
                                    : "[[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]";
    const ValueId kernel =
        i.let({"kernel", "stencil"}, "jnp.array(" + rows + ", $0.dtype)", {u}, {3, 3}, {-4, 1});
    return i.let(names, "jsp.signal.convolve($0, $1, mode=\"same\")", {u, kernel}, shape, range);
  }
  if (line) {
    if (s.form == 2)
      return i.let(names, "jnp.diff(jnp.pad($0, 1" + mode + ", n=2)", {u}, shape, range);
    const ValueId p =
        i.let({"padded", "ghost"}, "jnp.pad($0, 1" + mode, {u}, Shape{shape[0] + 2}, range);
    return i.let(names,
                 i.either({"$0[2:] - 2.0 * $0[1:-1] + $0[:-2]", "$0[:-2] + $0[2:] - 2 * $0[1:-1]"}),
                 {p}, shape, range);
  }
  if (s.form == 2) {
    const ValueId rows =
        i.let({"along_rows", "d2x"},
              "jnp.diff(jnp.pad($0, ((1, 1), (0, 0))" + mode + ", n=2, axis=0)", {u}, shape, range);
    const ValueId columns =
        i.let({"along_columns", "d2y"},
              "jnp.diff(jnp.pad($0, ((0, 0), (1, 1))" + mode + ", n=2, axis=1)", {u}, shape, range);
    return i.let(names, "$0 + $1", {rows, columns}, shape, range);
  }
  const ValueId p = i.let({"padded", "ghost"}, "jnp.pad($0, 1" + mode, {u},
                          Shape{shape[0] + 2, shape[1] + 2}, range);
  const ValueId rows =
      i.let({"rows", "vertical"}, "$0[2:, 1:-1] + $0[:-2, 1:-1]", {p}, shape, range);
  const ValueId columns =
      i.let({"columns", "horizontal"}, "$0[1:-1, 2:] + $0[1:-1, :-2]", {p}, shape, range);
  return i.let(names, "$0 + $1 - 4.0 * $2", {rows, columns, u}, shape, range);
}

ValueId field(Idiom& i, const Words& names, int least_rank, int most_rank, Interval range) {
  const ValueId u = i.anchor(names, least_rank, most_rank, range);
  for (const std::int64_t n : i.shape(u))
    if (n < 4) i.fail();  // a stencil needs room
  return u;
}

// Diffusion, with a source, with decay or with a reaction, one step or many; the edges by the way
// the Laplacian is padded, or held at what they were.
Op heat(bool many) {
  return idiom(
      many ? "heat_equation" : "heat_step", many ? kLoop : kArray, 0.9, kSmooth, [many](Idiom& i) {
        const ValueId u0 = field(i, {"temperature", "u", "heat", "field"}, 1, 2, {0, 1});
        const int rank = i.rank(u0);
        const Shape shape = i.shape(u0);
        const Stencil s = stencil(i, rank);
        const Term rate =
            constant(i, "rate", {"diffusivity", "alpha", "rate"}, {0.1, 0.2, 0.05, 0.15});
        const auto extra = i.between(0, 4);
        const ValueId source =
            extra == 1 ? i.input({"source", "heating"}, shape, {0, 0.3}) : kNoValue;
        const std::string number = i.either({"0.05", "0.1", "0.02"});
        const bool held = rank == 1 && i.chance(0.25);
        const std::string edges = held ? "ends that are held" : s.words;
        if (extra == 3) {
          i.called(
              {many ? "fisher_equation" : "fisher_step", "spread_population", "grow_and_spread"});
          i.summary("Spread and grow a population, as Fisher's equation has it.");
          i.summary("Let a population spread and grow with " + edges + ".");
        } else {
          i.called({many ? "heat_equation" : "heat_step", "diffuse",
                    many ? "spread_heat" : "diffusion"});
          i.summary("Spread heat over a grid with " + edges + ".");
          i.summary(many ? "Take explicit steps of the diffusion equation."
                         : "Take an explicit step of the diffusion equation.");
        }
        const auto step = [&](ValueId u) {
          const ValueId lap = laplacian(i, s, u, {-3, 3});
          const Terms terms = {{"u", u}, {"lap", lap}, rate, {"source", source}};
          const std::string law = extra == 1   ? "{u} + {rate} * {lap} + {source}"
                                  : extra == 2 ? "{u} + {rate} * {lap} - " + number + " * {u}"
                                  : extra == 3
                                      ? "{u} + {rate} * {lap} + " + number + " * {u} * (1.0 - {u})"
                                      : "{u} + {rate} * {lap}";
          const ValueId next = let(i, {"updated", "u_next", "warmer"}, law, terms, shape, {0, 1.5});
          if (!held) return next;
          return i.let({"held", "u_next"},
                       i.either({"$1.at[0].set($0[0]).at[-1].set($0[-1])",
                                 "$1.at[jnp.array([0, -1])].set($0[jnp.array([0, -1])])"}),
                       {u, next}, shape, {0, 1.5});
        };
        if (!many) {
          step(u0);
          return;
        }
        const std::int64_t steps = i.between(4, 20);
        if (i.chance(0.5)) {
          repeat(i, 0, steps, {"diffuse", "step"},
                 {{{"u", "temp"}, u0, {0, 1.5}, {"final", "u_end"}}},
                 [&](const Ids& p) { return Ids{step(p[0])}; });
          return;
        }
        const auto what = i.between(0, 2);
        const std::string measure = what == 0 ? ""
                                    : what == 1
                                        ? i.either({"jnp.mean($0)", "jnp.max($0)", "$0.std()"})
                                        : "$0[" + std::string(rank == 1 ? "0" : "0, 0") + "]";
        i.scan(
            {"diffuse", "step"},
            {{{"u", "temp"}, u0, {0, 1.5}, what > 0 ? Words{"final", "u_end"} : Words{}}}, {},
            {what == 0 ? Words{"history", "frames"} : Words{"trace", "record"}},
            [&](const Ids& p) {
              const ValueId next = step(p[0]);
              return Ids{next,
                         what == 0 ? next : i.let({"measured"}, measure, {next}, Shape{}, {0, 1})};
            },
            {}, steps);
      });
}

// The wave equation by central differences in time, damped by choice.
Op wave(bool many) {
  return idiom(
      many ? "wave_equation" : "wave_step", many ? kLoop : kArithmetic, 0.8, kSmooth,
      [many](Idiom& i) {
        const ValueId now = field(i, {"displacement", "u", "height"}, 1, 2, {-1, 1});
        const Shape shape = i.shape(now);
        const int rank = i.rank(now);
        const Stencil s = stencil(i, rank);
        const bool uneven = i.chance(0.3);
        const bool at_rest = many && i.chance(0.5);
        const ValueId before =
            at_rest ? now : i.input({"previous", "u_prev", "last_height"}, shape, {-1, 1});
        const Term c2 =
            uneven ? Term{"c2", i.input({"speed_squared", "c2", "stiffness"}, shape, {0.05, 0.4})}
                   : constant(i, "c2", {"courant", "c2"}, {0.25, 0.1, 0.4});
        const bool damped = i.chance(0.4);
        const std::string loss = i.either({"0.02", "0.05", "0.1"});
        i.called({many ? "wave_equation" : "wave_step", "propagate_wave",
                  rank == 1 ? "string" : "drum"});
        i.summary("Propagate a wave over a grid with " + s.words + ".");
        if (damped) i.summary("Propagate a damped wave by finite differences.");
        const auto step = [&](ValueId u, ValueId last) {
          const ValueId lap = laplacian(i, s, u, {-6, 6});
          return let(i, {"following", "u_next", "advanced"},
                     damped ? "{u} + (1.0 - " + loss + ") * ({u} - {last}) + {c2} * {lap}"
                            : i.either({"2.0 * {u} - {last} + {c2} * {lap}",
                                        "{u} + ({u} - {last}) + {c2} * {lap}"}),
                     {{"u", u}, {"last", last}, {"lap", lap}, c2}, shape, {-2, 2});
        };
        if (!many) {
          step(now, before);
          return;
        }
        std::vector<Idiom::Carry> carries = {{{"u", "now"}, now, {-2, 2}, {"u_end", "final"}},
                                             {{"last", "u_prev"}, before, {-2, 2}, {}}};
        const std::int64_t steps = i.between(4, 20);
        if (i.chance(0.4)) {
          repeat(i, 0, steps, {"step", "propagate"}, carries,
                 [&](const Ids& p) { return Ids{step(p[0], p[1]), p[0]}; });
          return;
        }
        const bool energy = i.chance(0.5);
        i.scan(
            {"step", "propagate"}, carries, {},
            {energy ? Words{"kinetic_energies", "kinetic"} : Words{"probe", "record"}},
            [&](const Ids& p) {
              const ValueId next = step(p[0], p[1]);
              return Ids{next, p[0],
                         energy
                             ? i.let({"energy"}, "0.5 * jnp.sum(($0 - $1) ** 2)", {next, p[0]},
                                     Shape{}, {0, 20})
                             : i.let({"sample"},
                                     rank == 1 ? "$0[$0.shape[0] // 2]" : "$0[0, $0.shape[1] // 2]",
                                     {next}, Shape{}, {-2, 2})};
            },
            {}, steps);
      });
}

// First-order transport upwind: differences or fluxes chosen by the sign of the wind, at each point
// or by a branch; one step or several.
Op advect() {
  return idiom("advect", kConditional, 1.1, kSmooth, [](Idiom& i) {
    const ValueId q0 = field(i, {"tracer", "concentration", "q"}, 1, 2, {0, 1});
    const Shape shape = i.shape(q0);
    const bool scalar = i.chance(0.25);
    const ValueId wind = i.input({"wind", "velocity", "c"},
                                 scalar          ? Shape{}
                                 : i.chance(0.5) ? shape
                                                 : Shape{shape.back()},
                                 {-0.9, 0.9});
    const bool by_cond = scalar && i.chance(0.5), flux = !scalar && i.chance(0.45);
    const std::string axis = shape.size() == 1 ? "" : ", axis=-1";
    const auto forms = i.between(0, 1);
    i.called({"advect", "upwind_step", flux ? "upwind_flux" : "transport"});
    i.summary("Carry a tracer with the wind by upwind differences.");
    i.summary("Take differences from the side that the wind blows from.");
    const Interval slope{-1, 1};
    const std::string before = "jnp.roll({q}, 1" + axis + ")",
                      after = "jnp.roll({q}, -1" + axis + ")";
    const auto step = [&](ValueId q) {
      const Terms terms = {{"q", q}, {"wind", wind}};
      if (by_cond) {
        const ValueId east = i.let({"eastward"}, "$0 > 0", {wind}, flags({}), {0, 1});
        const auto side = [&](const std::string& form) {
          return [&, form](const Ids& p) {
            return Ids{let(i, {"slope"}, form, {{"q", p[0]}}, shape, slope)};
          };
        };
        const ValueId d =
            i.cond(east, {q}, {{{"q", "field"}, i.type(q), {0, 1}}}, {"from_behind", "backward"},
                   side("{q} - " + before), {"from_ahead", "forward"}, side(after + " - {q}"),
                   {{{"slope", "gradient"}, i.type(q), slope}})[0];
        return let(i, {"moved", "q_next"}, "{q} - {wind} * {d}", with(terms, {{"d", d}}), shape,
                   {0, 1});
      }
      if (flux) {
        const ValueId ahead = let(i, {"ahead", "right"}, after, terms, shape, {0, 1});
        const ValueId f =
            let(i, {"flux", "face_flux"},
                forms ? "jnp.where({wind} > 0, {wind} * {q}, {wind} * {ahead})"
                      : "jnp.maximum({wind}, 0.0) * {q} + jnp.minimum({wind}, 0.0) * {ahead}",
                with(terms, {{"ahead", ahead}}), shape, slope);
        return let(i, {"moved", "q_next"}, "{q} - ({f} - jnp.roll({f}, 1" + axis + "))",
                   {{"q", q}, {"f", f}}, shape, {0, 1});
      }
      const ValueId back = let(i, {"backward", "d_minus"}, "{q} - " + before, terms, shape, slope);
      const ValueId front = let(i, {"forward", "d_plus"}, after + " - {q}", terms, shape, slope);
      const ValueId d =
          let(i, {"slope", "upwind"},
              forms ? "jnp.where({wind} > 0, {a}, {b})" : "jnp.where({wind} < 0.0, {b}, {a})",
              {{"wind", wind}, {"a", back}, {"b", front}}, shape, slope);
      return let(i, {"moved", "q_next"}, "{q} - {wind} * {d}", with(terms, {{"d", d}}), shape,
                 {0, 1});
    };
    if (i.chance(0.5)) {
      step(q0);
      return;
    }
    repeat(i, 0, i.between(3, 10), {"step", "blow"},
           {{{"q", "field"}, q0, {0, 1}, {"q_end", "final"}}},
           [&](const Ids& p) { return Ids{step(p[0])}; });
  });
}

// Burgers' equation: viscous, by central differences, by Lax and Friedrichs or by a predictor and a
// corrector (MacCormack).
Op burgers() {
  return idiom("burgers", kArithmetic, 0.8, kSmooth, [](Idiom& i) {
    const ValueId u0 = field(i, {"velocity", "u", "speed"}, 1, 1, {-1, 1});
    const Shape shape = i.shape(u0);
    const auto scheme = i.between(0, 2);
    const Term nu = scheme == 0 ? constant(i, "nu", {"viscosity", "nu"}, {0.1, 0.05, 0.2}) : Term{};
    const Term dt = constant(i, "r", {"courant", "r"}, {0.2, 0.1, 0.3, 0.5}, 0.2);
    const auto say = [&](bool many) {
      i.called({many ? "solve_burgers" : "burgers_step",
                scheme == 1   ? "lax_friedrichs"
                : scheme == 2 ? "maccormack"
                              : "viscous_burgers",
                "steepen"});
      i.summary(many ? "Take steps of Burgers' equation on a ring."
                     : "Take a step of Burgers' equation on a ring.");
    };
    const Interval r{-1.5, 1.5};
    const auto step = [&](ValueId u) {
      const Terms base = {{"u", u}, nu, dt};
      const auto flux = [&](ValueId of, Words names) {
        return i.let(std::move(names),
                     i.either({"0.5 * $0**2", "$0 * $0 / 2.0", "0.5 * jnp.square($0)"}), {of},
                     shape, {0, 0.8});
      };
      if (scheme == 0) {
        const ValueId left = let(i, {"left", "west"}, "jnp.roll({u}, 1)", base, shape, r);
        const ValueId right = let(i, {"right", "east"}, "jnp.roll({u}, -1)", base, shape, r);
        const Terms terms = with(base, {{"l", left}, {"r2", right}});
        const ValueId carried =
            let(i, {"advection", "carried"}, "{u} * ({r2} - {l}) / 2.0", terms, shape, r);
        const ValueId spread =
            let(i, {"diffusion", "spread"}, "{nu} * ({r2} - 2.0 * {u} + {l})", terms, shape, r);
        return let(i, {"u_next", "advanced"}, "{u} + {r} * ({s} - {a})",
                   with(base, {{"s", spread}, {"a", carried}}), shape, r);
      }
      if (scheme == 1) {
        const ValueId f = flux(u, {"flux", "f"});
        return let(i, {"u_next", "advanced"},
                   "0.5 * (jnp.roll({u}, 1) + jnp.roll({u}, -1)) - 0.5 * {r} * (jnp.roll({f}, -1) "
                   "- jnp.roll({f}, 1))",
                   with(base, {{"f", f}}), shape, r);
      }
      const ValueId f = flux(u, {"flux", "f"});
      const ValueId guess = let(i, {"predicted", "guess"}, "{u} - {r} * (jnp.roll({f}, -1) - {f})",
                                with(base, {{"f", f}}), shape, r);
      const ValueId g = flux(guess, {"flux_predicted", "g"});
      return let(i, {"u_next", "corrected"}, "0.5 * ({u} + {p} - {r} * ({g} - jnp.roll({g}, 1)))",
                 with(base, {{"p", guess}, {"g", g}}), shape, r);
    };
    if (i.chance(0.6)) {
      say(false);
      step(u0);
    } else {
      say(true);
      repeat(i, 0, i.between(3, 8), {"step", "advance"}, {{{"u", "v"}, u0, r, {"u_end", "final"}}},
             [&](const Ids& p) { return Ids{step(p[0])}; });
    }
  });
}

// Whether a point is a red one: no two neighbours are.
ValueId checkerboard(Idiom& i, ValueId grid) {
  const Shape shape = i.shape(grid);
  const std::string spelling =
      shape.size() == 1 ? "jnp.arange($0.shape[0]) % 2 == 0"
                        : "(jnp.arange($0.shape[0])[:, None] + jnp.arange($0.shape[1])) % 2 == 0";
  return i.let({"red", "even"}, spelling, {grid}, flags(shape), {0, 1});
}

// What a potential would be at each point by its neighbours and the charge there.
ValueId neighbor_mean(Idiom& i, ValueId phi, ValueId source, const std::string& mode) {
  const Shape shape = i.shape(source);
  const bool line = shape.size() == 1;
  Shape wide;
  for (const std::int64_t n : shape) wide.push_back(n + 2);
  const ValueId p =
      i.let({"padded", "ghost"}, "jnp.pad($0, 1, mode=\"" + mode + "\")", {phi}, wide, {-2, 2});
  return i.let({"average", "balanced"},
               line ? "0.5 * ($0[2:] + $0[:-2] - $1)"
                    : "0.25 * ($0[2:, 1:-1] + $0[:-2, 1:-1] + $0[1:-1, 2:] + $0[1:-1, :-2] - $1)",
               {p, source}, shape, {-2, 2});
}

// Poisson's equation by Jacobi's, damped or red-black relaxation; a number of sweeps or until the
// residual is small.
Op relax_poisson(bool by_while) {
  return idiom(
      by_while ? "relax_poisson_converged" : "relax_poisson", kLoop, 0.7,
      by_while ? kForward : kSmooth, [by_while](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const ValueId source = field(i, {"source", "rhs"}, 1, 2, {-1, 1});
        const Shape shape = i.shape(source);
        const ValueId start =
            i.chance(0.5)
                ? i.input({"guess", "potential", "phi0"}, shape, {-1, 1})
                : i.let({"guess", "phi0"}, "jnp.zeros_like($0)", {source}, shape, {-1, 1});
        const bool red_black = i.chance(0.4), damped = !red_black && i.chance(0.5);
        // With closed walls the mean of the source would go on raising the level.
        const std::string mode = by_while ? "constant" : i.either({"constant", "edge"});
        const std::string omega =
            red_black ? i.either({"1.0", "1.2", "1.5"}) : i.either({"0.8", "0.67"});
        i.called({red_black ? "red_black" : "jacobi", "relax_poisson", "poisson_sweeps"});
        i.summary(red_black
                      ? "Relax Poisson's equation by sweeps over red and black points in turn."
                      : "Relax Poisson's equation by Jacobi's sweeps.");
        const ValueId red = red_black ? checkerboard(i, source) : kNoValue;
        const auto average = [&](ValueId phi) { return neighbor_mean(i, phi, source, mode); };
        const auto sweep = [&](ValueId phi) {
          if (!red_black) {
            const ValueId mean = average(phi);
            return damped ? i.let({"relaxed"}, "$0 + " + omega + " * ($1 - $0)", {phi, mean}, shape,
                                  {-2, 2})
                          : mean;
          }
          const std::string over =
              omega == "1.0" ? "jnp.where({red}, {m}, {phi})"
                             : "jnp.where({red}, {phi} + " + omega + " * ({m} - {phi}), {phi})";
          const std::string under =
              omega == "1.0" ? "jnp.where({red}, {phi}, {m})"
                             : "jnp.where({red}, {phi}, {phi} + " + omega + " * ({m} - {phi}))";
          const ValueId first =
              let(i, {"half_swept", "reds"}, over,
                  {{"red", red}, {"m", average(phi)}, {"phi", phi}}, shape, {-2, 2});
          return let(i, {"swept", "blacks"}, under,
                     {{"red", red}, {"m", average(first)}, {"phi", first}}, shape, {-2, 2});
        };
        if (!by_while) {
          repeat(i, 0, i.between(4, 20), {"sweep", "relax"},
                 {{{"phi", "u"}, start, {-2, 2}, {"potential", "phi"}}},
                 [&](const Ids& p) { return Ids{sweep(p[0])}; });
          return;
        }
        const std::int64_t most = i.between(15, 40);
        const std::string small = i.either({"1e-3", "1e-2", "3e-3"});
        const std::string measure = i.either(
            {"jnp.max(jnp.abs($0 - $1))", "jnp.abs($0 - $1).max()", "jnp.linalg.norm($0 - $1)"});
        until_settled(i, {small, most, 1}, {{{"phi", "u"}, start, {-2, 2}, {"potential", "phi"}}},
                      {"sweep", "relax"}, [&](const Ids& p) {
                        const ValueId next = sweep(p[0]);
                        return Ids{next, i.let({"change"}, measure, {next, p[0]}, Shape{}, {0, 1})};
                      });
      });
}

// Two substances that react and diffuse: Gray and Scott, or an activator with its inhibitor.
Op reaction_diffusion() {
  return idiom("reaction_diffusion", kArray, 0.8, kSmooth, [](Idiom& i) {
    const ValueId u0 = field(i, {"u", "substrate", "activator"}, 1, 2, {0.2, 1});
    const Shape shape = i.shape(u0);
    const ValueId v0 = i.input({"v", "catalyst", "inhibitor"}, shape, {0, 0.8});
    const bool gray = i.chance(0.6);
    const Stencil s = stencil(i, i.rank(u0));
    const Term f = gray ? constant(i, "f", {"feed", "f"}, {0.04, 0.035, 0.055}, 0.2)
                        : constant(i, "f", {"bias", "drive"}, {0.05, 0.1, 0.02}, 0.2);
    const Term k = gray ? constant(i, "k", {"kill", "k"}, {0.06, 0.062, 0.065}, 0.2)
                        : constant(i, "k", {"decay", "gamma"}, {1, 0.8, 1.2}, 0.2);
    const std::string du = i.either({"0.16", "0.2", "0.1"}),
                      dv = i.either({"0.08", "0.05", "0.04"});
    const std::string gain = i.either({"0.1", "0.2"});
    i.called({gray ? "gray_scott" : "turing_step", "react_and_diffuse", "pattern_step"});
    i.summary("Let two substances react and diffuse with " + s.words + ".");
    const auto step = [&](ValueId u, ValueId v) {
      const ValueId lu = laplacian(i, s, u, {-3, 3}), lv = laplacian(i, s, v, {-3, 3});
      Terms terms = {{"u", u}, {"v", v}, {"lu", lu}, {"lv", lv}, f, k};
      std::string first = "{u} + " + du + " * {lu} + " + gain + " * ({u} - {u}**3 - {v} + {f})";
      std::string second = "{v} + " + dv + " * {lv} + " + gain + " * ({u} - {k} * {v})";
      if (gray) {
        terms.push_back({"r", i.let({"reaction", "uvv"}, i.either({"$0 * $1**2", "$0 * $1 * $1"}),
                                    {u, v}, shape, {0, 0.6})});
        first = "{u} + " + du + " * {lu} - {r} + {f} * (1.0 - {u})";
        second = "{v} + " + dv + " * {lv} + {r} - ({f} + {k}) * {v}";
      }
      return Ids{let(i, {"u_next", "left"}, first, terms, shape, {0, 1.2}),
                 let(i, {"v_next", "made"}, second, terms, shape, {0, 1.2})};
    };
    if (i.chance(0.6)) {
      step(u0, v0);
      return;
    }
    repeat(i, 0, i.between(3, 8), {"step", "react"},
           {{{"a", "u"}, u0, {0, 1.2}, {"u_end", "substrate_end"}},
            {{"b", "v"}, v0, {0, 1.2}, {"v_end", "catalyst_end"}}},
           [&](const Ids& p) { return step(p[0], p[1]); });
  });
}

// Reflection at a surface by Snell and Fresnel, both polarisations or their mean; beyond the
// critical angle all is reflected.
Op fresnel() {
  return idiom("fresnel", kConditional, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId angle = i.anchor({"angle", "incidence", "theta"}, 0, 2, {0.05, 1.5});
    const Shape shape = i.shape(angle);
    const bool dense = i.chance(0.6);  // out of the denser side: total reflection occurs
    const Term ratio = constant(
        i, "n", {"index_ratio", "n_rel"},
        dense ? std::vector<double>{1.5, 1.33, 1.46} : std::vector<double>{0.67, 0.75, 0.5}, 0.4);
    const ValueId c1 = i.let({"cos_in", "cos_i"}, "jnp.cos($0)", {angle}, shape, {0.05, 1});
    const ValueId s2 = let(i, {"sin_sq", "sin2_t"},
                           i.either({"({n} * jnp.sin({a})) ** 2", "{n}**2 * (1.0 - {c}**2)"}),
                           {ratio, {"a", angle}, {"c", c1}}, shape, {0, dense ? 2.0 : 0.6});
    ValueId c2, total = kNoValue;
    if (dense) {
      total = i.let({"total", "beyond"}, i.either({"$0 >= 1.0", "$0 > 1"}), {s2},
                    Type{DType::kBool, shape}, {0, 1});
      i.comment("No light gets out there: nothing negative goes under the root.");
      c2 = i.let({"cos_out", "cos_t"}, "jnp.sqrt(jnp.where($0, 1.0, 1.0 - $1))", {total, s2}, shape,
                 {0.1, 1});
    } else {
      c2 = i.let({"cos_out", "cos_t"}, "jnp.sqrt(1.0 - $0)", {s2}, shape, {0.4, 1});
    }
    const Terms terms = {{"a", c1}, {"b", c2}, ratio};
    const auto which = i.between(0, 2);
    const ValueId rs =
        which == 1 ? kNoValue
                   : let(i, {"r_s", "perpendicular"},
                         "(({n} * {a} - {b}) / ({n} * {a} + {b})) ** 2", terms, shape, {0, 1});
    const ValueId rp =
        which == 0 ? kNoValue
                   : let(i, {"r_p", "parallel"}, "(({n} * {b} - {a}) / ({n} * {b} + {a})) ** 2",
                         terms, shape, {0, 1});
    ValueId r = which == 0   ? rs
                : which == 1 ? rp
                             : i.let({"mean_reflectance", "unpolarized"},
                                     i.either({"0.5 * ($0 + $1)", "($0 + $1) / 2.0"}), {rs, rp},
                                     shape, {0, 1});
    if (dense)
      r = i.let({"reflectance", "reflected"}, "jnp.where($0, 1.0, $1)", {total, r}, shape, {0, 1});
    if (i.chance(0.3)) {
      i.called({"transmittance", "fresnel_transmission", "transmit_light"});
      i.summary("Give the share of light that a surface lets through.");
      i.let({"transmitted"}, "1.0 - $0", {r}, shape, {0, 1});
      return;
    }
    i.called({"fresnel", "reflectance", "reflect_light"});
    i.summary("Give the share of light that a surface reflects.");
    if (dense) i.summary("Reflect light in the denser medium, all beyond the critical angle.");
  });
}

// Patterns behind slits and of beams: one slit, two, or a Gaussian beam's width and intensity.
Op diffraction() {
  return idiom("diffraction", kMath, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const auto kind = i.between(0, 2);
    const ValueId at =
        i.anchor(kind == 2 ? Words{"radius", "offset", "r"} : Words{"angle", "theta", "direction"},
                 1, 2, {-1, 1});
    const Shape shape = i.shape(at);
    if (kind == 2) {
      const ValueId z = i.input({"distance", "z"}, i.chance(0.5) ? Shape{} : shape, {0.2, 2});
      const Term waist = constant(i, "w0", {"waist", "w0"}, {0.5, 0.8, 1});
      const Term range = constant(i, "zr", {"rayleigh", "z_r"}, {1, 1.5, 0.8});
      i.called({"gaussian_beam", "beam_intensity", "beam_profile"});
      i.summary("Give the intensity of a Gaussian beam off its axis.");
      const ValueId w = let(i, {"width", "beam_width"}, "{w0} * jnp.sqrt(1.0 + ({z} / {zr}) ** 2)",
                            {waist, range, {"z", z}}, i.shape(z), {0.5, 3});
      let(i, {"intensity"}, "({w0} / {w}) ** 2 * jnp.exp(-2.0 * {r}**2 / {w}**2)",
          {waist, {"w", w}, {"r", at}}, shape, {0, 1});
      return;
    }
    const Term width = constant(i, "a", {"slit_width", "a"}, {2, 1.5, 3});
    i.called({kind == 0 ? "single_slit" : "double_slit", "diffraction", "fringes"});
    i.summary(kind == 0 ? "Give the diffraction pattern of a slit."
                        : "Give the interference pattern of two slits.");
    const ValueId sine = i.let({"sine", "s"}, "jnp.sin($0)", {at}, shape, {-0.85, 0.85});
    const ValueId envelope =
        let(i, {"envelope", "diffracted"},
            i.either({"jnp.sinc({a} * {s}) ** 2", "jnp.square(jnp.sinc({a} * {s}))"}),
            {width, {"s", sine}}, shape, {0, 1});
    if (kind == 0 && i.chance(0.5)) {
      i.let({"relative", "normalized"}, "$0 / jnp.max($0)", {envelope}, shape, {0, 1});
    } else if (kind == 1) {
      const Term gap = constant(i, "d", {"separation", "d"}, {4, 5, 6});
      const ValueId fringe = let(i, {"fringe", "interference"}, "jnp.cos(jnp.pi * {d} * {s}) ** 2",
                                 {gap, {"s", sine}}, shape, {0, 1});
      i.let({"intensity", "pattern"}, i.either({"$0 * $1", "$1 * $0", "4.0 * $0 * $1"}),
            {envelope, fringe}, shape, {0, 2});
    }
  });
}

}  // namespace

std::vector<Op> field_idioms() {
  return {heat(false),  heat(true),           wave(false),         wave(true),           advect(),
          burgers(),    relax_poisson(false), relax_poisson(true), reaction_diffusion(), fresnel(),
          diffraction()};
}

}  // namespace jaxsmith::plan
