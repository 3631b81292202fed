// Simulations of fields on a grid as a whole: coupled equations by their terms, an integrator, a
// number of steps, and what is measured of them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;

// How fast each field changes, by formulas of the fields ({u}, {v} …), their Laplacians ({lu},
// {lv}) and slopes ({ux}, {uy}); and names for all of that.
struct System {
  std::string says;                 // within a sentence
  std::vector<std::string> fields;  // "u"
  std::vector<std::string> rates;   // of each
  Interval range;                   // of arguments
  std::string dt;
  std::vector<std::pair<std::string, Interval>> given = {};  // fields that stay as they are
};

const std::vector<System>& systems() {
  static const std::vector<System> kSystems = {
      {"Gray-Scott reaction and diffusion",
       {"u", "v"},
       {"0.16 * {lu} - {u} * {v}**2 + 0.04 * (1.0 - {u})",
        "0.08 * {lv} + {u} * {v}**2 - 0.1 * {v}"},
       {0.2, 0.9},
       "0.5"},
      {"FitzHugh-Nagumo waves",
       {"u", "w"},
       {"0.2 * {lu} + {u} - {u}**3 / 3.0 - {w}", "0.08 * ({u} + 0.7 - 0.8 * {w})"},
       {-1, 1},
       "0.1"},
      {"a damped wave",
       {"height", "speed"},
       {"{speed}", "0.5 * {lheight} - 0.1 * {speed}"},
       {-1, 1},
       "0.2"},
      {"linear shallow water",
       {"h", "u", "v"},
       {"-({ux} + {vy})", "-{hx} + 0.3 * {v} + 0.05 * {lu}", "-{hy} - 0.3 * {u} + 0.05 * {lv}"},
       {-1, 1},
       "0.1"},
      {"Allen-Cahn phase separation", {"phi"}, {"0.3 * {lphi} + {phi} - {phi}**3"}, {-1, 1}, "0.1"},
      {"viscous Burgers flow",
       {"u", "v"},
       {"0.1 * {lu} - {u} * {ux} - {v} * {uy}", "0.1 * {lv} - {u} * {vx} - {v} * {vy}"},
       {-1, 1},
       "0.1"},
      {"predators and prey that diffuse",
       {"prey", "predators"},
       {"0.1 * {lprey} + {prey} * (1.0 - {prey}) - {prey} * {predators} / (0.3 + {prey})",
        "0.2 * {lpredators} + 0.6 * {prey} * {predators} / (0.3 + {prey}) - 0.3 * {predators}"},
       {0.1, 0.9},
       "0.1"},
      {"advection and diffusion with a source",
       {"c"},
       {"0.1 * {lc} - {wind_x} * {cx} - {wind_y} * {cy} + {source}"},
       {0, 1},
       "0.1",
       {{"wind_x", {-1, 1}}, {"wind_y", {-1, 1}}, {"source", {0, 0.5}}}},
      {"heat with cooling to the surroundings",
       {"temperature"},
       {"{diffusivity} * {ltemperature} - 0.2 * ({temperature} - {ambient})"},
       {0, 2},
       "0.2",
       {{"diffusivity", {0.1, 0.4}}, {"ambient", {0, 1}}}}};
  return kSystems;
}

class Grid {
 public:
  Grid(Idiom& i, Category category)
      : i_(i), category_(category), system_(i.random().pick(systems())) {
    if (half_precision(i)) i.fail();
    height_ = std::clamp<std::int64_t>(i.size(), 5, 24),
    width_ = std::clamp<std::int64_t>(i.size(), 5, 24);
    steps_ = i.chance(0.7) ? i.between(4, 10) : i.between(15, 50);
    periodic_ = i.chance(0.65);
    order_ = static_cast<int>(i.random().weighted(std::vector<double>{0.3, 0.35, 0.35}));
    ensemble_ = category == kVectorization;
  }

  void write() {
    i_.called({"simulate", "evolve", "run_simulation"});
    const std::string by = order_ == 0 ? "Euler" : order_ == 1 ? "midpoint" : "Runge-Kutta";
    i_.summary(fmt::format("Evolve {} for {} {} steps on a {} grid{}.", system_.says, steps_, by,
                           periodic_ ? "periodic" : "walled",
                           ensemble_ ? ", from several starts" : ""));
    laplacian_ = laplacian();
    if (uses_slopes()) slope_[0] = slope(0), slope_[1] = slope(1);
    rates_ = rates();
    step_ = step();
    Ids state, given;
    for (const std::string& name : system_.fields) {
      Type type = plane();
      if (ensemble_) type.shape.insert(type.shape.begin(), kMembers);
      state.push_back(i_.argument({name}, type, system_.range));
    }
    for (const Idiom::Part& part : fixed())
      given.push_back(i_.argument(part.names, part.type, part.range));
    if (!ensemble_) {
      run(state, given, true);
      return;
    }
    Parts parameters;
    for (const std::string& name : system_.fields)
      parameters.push_back({{name + "_0"}, plane(), system_.range});
    const bool several = state.size() > 1;
    const BodyId one = i_.function(
        {"evolve_one", "of_one_start"}, parameters,
        [&](const Ids& p) { return run(p, given, false); }, {},
        several ? std::vector<int>{static_cast<int>(state.size())} : std::vector<int>{});
    Parts out;
    for (std::size_t k = 0; k < state.size(); ++k)
      out.push_back({{"final_" + system_.fields[k]}, i_.type(state[k]), room()});
    i_.unpack("jax.vmap($f0)(" + Idiom::holes(0, state.size()) + ")", state, {one}, out);
  }

 private:
  static constexpr std::int64_t kMembers = 3;

  Type plane() const { return {i_.real(), {height_, width_}}; }
  Interval room() const { return {std::min(0.0, 2 * system_.range.lo), 2 * system_.range.hi}; }

  Parts fixed() const {
    Parts out;
    for (const auto& [name, range] : system_.given) out.push_back({{name}, plane(), range});
    return out;
  }

  bool names(const std::string& what) const {
    return std::ranges::any_of(system_.rates, [&](const std::string& rate) {
      return rate.find("{" + what + "}") != std::string::npos;
    });
  }

  bool uses_slopes() const {
    return std::ranges::any_of(
        system_.fields, [&](const std::string& f) { return names(f + "x") || names(f + "y"); });
  }

  BodyId laplacian() {
    return i_.helper(
        {"laplacian", "lap"},
        periodic_ ? "Five-point Laplacian on a periodic grid."
                  : "Five-point Laplacian with no flux through the walls.",
        {{{"f", "field"}, plane(), room()}}, [&](const Ids& p) {
          if (!periodic_) {
            const ValueId padded = i_.let({"padded"}, "jnp.pad($0, 1, mode=\"edge\")", {p[0]},
                                          {height_ + 2, width_ + 2}, room());
            const ValueId around =
                i_.let({"neighbors"}, "$0[:-2, 1:-1] + $0[2:, 1:-1] + $0[1:-1, :-2] + $0[1:-1, 2:]",
                       {padded}, plane().shape, {-8, 8});
            return Ids{i_.let({"lap"}, "$0 - 4.0 * $1", {around, p[0]}, plane().shape, {-4, 4})};
          }
          const ValueId rows =
              i_.let({"along_rows"}, "jnp.roll($0, 1, axis=0) + jnp.roll($0, -1, axis=0)", {p[0]},
                     plane().shape, {-4, 4});
          const ValueId columns =
              i_.let({"along_columns"}, "jnp.roll($0, 1, axis=1) + jnp.roll($0, -1, axis=1)",
                     {p[0]}, plane().shape, {-4, 4});
          return Ids{
              i_.let({"lap"}, "$0 + $1 - 4.0 * $2", {rows, columns, p[0]}, plane().shape, {-4, 4})};
        });
  }

  BodyId slope(int axis) {
    return i_.helper(
        {axis == 0 ? "slope_x" : "slope_y", axis == 0 ? "d_dx" : "d_dy"},
        fmt::format("Central difference along axis {}.", axis), {{{"f", "field"}, plane(), room()}},
        [&](const Ids& p) {
          if (periodic_)
            return Ids{i_.let(
                {"slope"},
                fmt::format("0.5 * (jnp.roll($0, -1, axis={0}) - jnp.roll($0, 1, axis={0}))", axis),
                {p[0]}, plane().shape, {-2, 2})};
          const ValueId padded = i_.let(
              {"padded"},
              axis == 0 ? "jnp.pad($0, ((1, 1), (0, 0)), mode=\"edge\")"
                        : "jnp.pad($0, ((0, 0), (1, 1)), mode=\"edge\")",
              {p[0]}, axis == 0 ? Shape{height_ + 2, width_} : Shape{height_, width_ + 2}, room());
          return Ids{i_.let(
              {"slope"}, axis == 0 ? "0.5 * ($0[2:] - $0[:-2])" : "0.5 * ($0[:, 2:] - $0[:, :-2])",
              {padded}, plane().shape, {-2, 2})};
        });
  }

  Parts state_parts() const {
    Parts out;
    for (const std::string& name : system_.fields) out.push_back({{name}, plane(), room()});
    return out;
  }

  Parts parameters() const {
    Parts out = state_parts();
    for (Idiom::Part& part : fixed()) out.push_back(std::move(part));
    return out;
  }

  BodyId rates() {
    return stage(i_, {"rates", "time_derivatives", "rhs"}, "How fast the fields change.",
                 parameters(), [&](const Ids& p) {
                   Terms terms;
                   for (std::size_t k = 0; k < system_.fields.size(); ++k) {
                     const std::string& name = system_.fields[k];
                     terms.push_back({name, p[k]});
                     if (names("l" + name))
                       terms.push_back({"l" + name, i_.call({"lap_" + name}, laplacian_, {p[k]},
                                                            plane(), {-4, 4})});
                     for (int axis = 0; axis < 2; ++axis) {
                       const std::string along = name + (axis == 0 ? "x" : "y");
                       if (names(along))
                         terms.push_back({along, i_.call({"d" + name + (axis == 0 ? "_dx" : "_dy")},
                                                         slope_[axis], {p[k]}, plane(), {-2, 2})});
                     }
                   }
                   for (std::size_t k = 0; k < system_.given.size(); ++k)
                     terms.push_back({system_.given[k].first, p[system_.fields.size() + k]});
                   Ids out;
                   for (std::size_t k = 0; k < system_.rates.size(); ++k)
                     out.push_back(let(i_, {system_.fields[k] + "_rate"}, system_.rates[k], terms,
                                       plane().shape, {-2, 2}));
                   return out;
                 });
  }

  Ids rates_at(const Ids& state, const Ids& given, const std::string& suffix) {
    Ids operands = state;
    operands.insert(operands.end(), given.begin(), given.end());
    Parts parts;
    for (const std::string& name : system_.fields)
      parts.push_back({{"d" + name + suffix}, plane(), {-2, 2}});
    return call(i_, rates_, operands, parts);
  }

  Ids moved(const Ids& state, const Ids& rates, const std::string& by, const std::string& suffix) {
    Ids out;
    for (std::size_t k = 0; k < state.size(); ++k)
      out.push_back(i_.let({system_.fields[k] + suffix}, "$0 + " + by + " * $1",
                           {state[k], rates[k]}, plane().shape, room()));
    return out;
  }

  BodyId step() {
    const Words called = order_ == 0   ? Words{"euler_step", "step"}
                         : order_ == 1 ? Words{"midpoint_step", "step"}
                                       : Words{"rk4_step", "runge_kutta_step"};
    const std::string by = order_ == 0   ? "Euler's method."
                           : order_ == 1 ? "the midpoint method."
                                         : "the classical Runge-Kutta method.";
    return stage(i_, called, "One step by " + by, parameters(), [&](const Ids& p) {
      const std::size_t n = system_.fields.size();
      const Ids state(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(n)),
          given(p.begin() + static_cast<std::ptrdiff_t>(n), p.end());
      const std::string& dt = system_.dt;
      const std::string half = halved(dt);
      const Ids first = rates_at(state, given, order_ == 2 ? "1" : "");
      if (order_ == 0) return moved(state, first, dt, "_next");
      const Ids second =
          rates_at(moved(state, first, half, "_mid"), given, order_ == 2 ? "2" : "_mid");
      if (order_ == 1) return moved(state, second, dt, "_next");
      const Ids third = rates_at(moved(state, second, half, "_better"), given, "3");
      const Ids fourth = rates_at(moved(state, third, dt, "_end"), given, "4");
      Ids out;
      for (std::size_t k = 0; k < n; ++k)
        out.push_back(i_.let({system_.fields[k] + "_next"},
                             "$0 + " + dt + " / 6.0 * ($1 + 2.0 * $2 + 2.0 * $3 + $4)",
                             {state[k], first[k], second[k], third[k], fourth[k]}, plane().shape,
                             room()));
      return out;
    });
  }

  Ids run(const Ids& state, const Ids& given, bool root) {
    Parts next;
    for (const std::string& name : system_.fields)
      next.push_back({{name + "_next", name}, plane(), room()});
    const auto once = [&](const Ids& at) {
      Ids operands = at;
      operands.insert(operands.end(), given.begin(), given.end());
      return call(i_, step_, operands, next);
    };
    std::vector<Idiom::Carry> carries;
    for (std::size_t k = 0; k < state.size(); ++k)
      carries.push_back({{system_.fields[k]}, state[k], room(), {"final_" + system_.fields[k]}});
    const bool records = root && (category_ == kReduction || i_.chance(0.6));
    if (!records && i_.chance(0.6))
      return repeat(i_, 0, steps_, {"advance", "body"}, carries,
                    [&](const Ids& p) { return once(p); });
    const bool spread = i_.chance(0.5);
    const Words record = spread ? Words{"deviations", "spreads"} : Words{"means", "mean_history"};
    return i_
        .scan(
            {"advance", "one_step"}, carries, {},
            records ? std::vector<Words>{record} : std::vector<Words>{},
            [&](const Ids& p) {
              Ids out = once({p.begin(), p.begin() + static_cast<std::ptrdiff_t>(state.size())});
              if (records)
                out.push_back(i_.let({spread ? "deviation" : "mean"},
                                     spread ? "jnp.std($0)" : "jnp.mean($0)", {out[0]}, Shape{},
                                     {-1, 1}));
              return out;
            },
            "", steps_)
        .final;
  }

  Idiom& i_;
  const Category category_;
  const System system_;
  std::int64_t height_ = 0, width_ = 0, steps_ = 0;
  bool periodic_ = false, ensemble_ = false;
  int order_ = 0;
  BodyId laplacian_ = -1, rates_ = -1, step_ = -1;
  std::array<BodyId, 2> slope_ = {-1, -1};
};

}  // namespace

std::vector<Op> grid_wholes() {
  return wholes_by<Grid>({{"field_simulation", kArray, 2},
                          {"field_equations", kArithmetic, 1.5},
                          {"field_steps", kLoop, 1.5},
                          {"field_ensemble", kVectorization, 1},
                          {"field_history", kReduction, 0.7}});
}

}  // namespace jaxsmith::plan
