// Simulations of particles as a whole: forces of pairs, of bonds and from outside, an integrator,
// walls and a thermostat by choice, a number of steps, and what is measured at each.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;

// A law between two particles by the square of their distance: what a displacement is multiplied
// with, and the energy.
struct Law {
  Words names;
  std::string says, factor, energy;  // of $0
};

const std::vector<Law>& laws() {
  static const std::vector<Law> kLaws = {
      {{"gravity", "attraction"},
       "softened gravity",
       "-1.0 / ($0 + 0.1) ** 1.5",
       "-1.0 / jnp.sqrt($0 + 0.1)"},
      {{"coulomb_force", "repulsion"},
       "softened Coulomb repulsion",
       "1.0 / ($0 + 0.2) ** 1.5",
       "1.0 / jnp.sqrt($0 + 0.2)"},
      {{"soft_repulsion", "gaussian_force"},
       "Gaussian repulsion",
       "2.0 * jnp.exp(-$0)",
       "jnp.exp(-$0)"},
      {{"spring_force", "elastic_force"},
       "springs",
       "-0.5 * (1.0 - 1.0 / jnp.sqrt($0 + 0.01))",
       "0.25 * (jnp.sqrt($0 + 0.01) - 1.0) ** 2"},
      {{"yukawa_force", "screened_force"},
       "screened repulsion",
       "jnp.exp(-jnp.sqrt($0 + 0.1)) * (1.0 + jnp.sqrt($0 + 0.1)) / ($0 + 0.1) ** 1.5",
       "jnp.exp(-jnp.sqrt($0 + 0.1)) / jnp.sqrt($0 + 0.1)"},
      {{"lennard_jones_force", "pair_force"},
       "softened Lennard-Jones forces",
       "12.0 / ($0 + 1.0) ** 7 - 6.0 / ($0 + 1.0) ** 4",
       "1.0 / ($0 + 1.0) ** 6 - 1.0 / ($0 + 1.0) ** 3"}};
  return kLaws;
}

enum class Pairs { kAll, kByMaps, kByEnergy, kBonds };
enum class Outside { kNone, kTrap, kWeight, kDrag, kSwirl };
enum class Walls { kNone, kReflecting };

class Particles {
 public:
  Particles(Idiom& i, Category category) : i_(i), category_(category) {
    if (half_precision(i)) i.fail();
    count_ = std::clamp<std::int64_t>(i.size(), 4, 12), axes_ = i.between(2, 3);
    steps_ = i.chance(0.7) ? i.between(4, 12) : i.between(15, 50);
    law_ = i.random().pick(laws());
    pairs_ =
        category == kIndexing        ? Pairs::kBonds
        : category == kVectorization ? Pairs::kByMaps
        : category == kGradient
            ? Pairs::kByEnergy
            : static_cast<Pairs>(i.random().weighted(std::vector<double>{0.5, 0.15, 0.2, 0.15}));
    outside_ = static_cast<Outside>(i.between(0, axes_ == 2 ? 4 : 3));
    walls_ = category == kConditional
                 ? Walls::kNone
                 : static_cast<Walls>(i.random().weighted(std::vector<double>{0.6, 0.4}));
    cools_ = category == kConditional || i.chance(0.25);
    // Velocity Verlet is of forces that depend on places alone; gravity would go by the masses.
    verlet_ = i.chance(0.5) && !needs_velocity();
    has_mass_ = i.chance(0.5) && law_.names[0] != "gravity";
    dt_ = i.either({"0.01", "0.02", "0.05"});
  }

  void write() {
    i_.called({"simulate", "run_simulation", "simulate_particles"});
    const std::string bound = pairs_ == Pairs::kBonds ? " along bonds" : "";
    i_.summary(fmt::format("Simulate {} particles with {}{} for {} steps.", count_, law_.says,
                           bound, steps_));
    force_ = pair_forces();
    if (outside_ != Outside::kNone) outside_force_ = outside();
    const bool plain = outside_ == Outside::kNone && !has_mass_;
    acceleration_ = plain ? force_ : acceleration();
    if (walls_ != Walls::kNone) wall_ = walls();
    if (cools_ && category_ != kConditional) thermostat_ = thermostat();
    step_ = step();
    const ValueId x = i_.argument({"positions", "pos"}, rows(), {-2, 2}),
                  v = i_.argument({"velocities", "vel"}, rows(), {-1, 1});
    Ids more;
    for (const Idiom::Part& part : extra())
      more.push_back(i_.argument(part.names, part.type, part.range));
    run(x, v, more);
  }

 private:
  Type rows() const { return {i_.real(), {count_, axes_}}; }
  Idiom::Part positions() const { return {{"pos", "positions", "x"}, rows(), {-3, 3}}; }
  Idiom::Part velocities() const { return {{"vel", "velocities", "v"}, rows(), {-3, 3}}; }

  // What steps need beside the state.
  Parts extra() const {
    Parts out = bonds();
    if (has_mass_) out.push_back({{"mass", "masses"}, {i_.real(), {count_}}, {0.5, 2}});
    return out;
  }

  Parts bonds() const {
    if (pairs_ != Pairs::kBonds) return {};
    const Type ends = counts(i_, {count_ + 2});
    return {{{"left", "bond_start"}, ends, below(count_ - 1)},
            {{"right", "bond_end"}, ends, below(count_ - 1)}};
  }

  static Parts joined(Parts parts, const Parts& more) {
    parts.insert(parts.end(), more.begin(), more.end());
    return parts;
  }

  // ---- Forces ----

  BodyId pair_forces() {
    const std::string summary = "Sum over " +
                                std::string(pairs_ == Pairs::kBonds ? "bonds" : "pairs") + " of " +
                                law_.says + ".";
    if (pairs_ == Pairs::kByMaps) {
      const Type one{i_.real(), {axes_}};
      const BodyId pair = i_.helper(
          law_.names, "Force of one particle on another by " + law_.says + ".",
          {{{"a", "here"}, one, {-3, 3}}, {{"b", "there"}, one, {-3, 3}}}, [&](const Ids& p) {
            const ValueId gap =
                i_.let({"gap", "displacement"}, "$0 - $1", {p[0], p[1]}, {axes_}, {-4, 4});
            const ValueId square =
                i_.let({"sq_dist", "r2"}, i_.either({"jnp.sum($0**2)", "jnp.dot($0, $0)"}), {gap},
                       Shape{}, {0, 20});
            return Ids{scaled(gap, square, {axes_}, "")};
          });
      return i_.helper(
          {"pair_forces", "interaction_forces"}, summary, {positions()}, [&](const Ids& p) {
            return Ids{i_.let(
                {"forces"},
                i_.either({"jax.vmap(jax.vmap($f0, (None, 0)), (0, None))($0, $0).sum(axis=1)",
                           "jnp.sum(jax.vmap(jax.vmap($f0, in_axes=(None, 0)), in_axes=(0, "
                           "None))($0, $0), axis=1)"}),
                {p[0]}, {pair}, rows(), {-8, 8})};
          });
    }
    if (pairs_ == Pairs::kByEnergy) {
      const BodyId energy = i_.helper(
          {"potential_energy", "interaction_energy"}, "Energy of " + law_.says + ".", {positions()},
          [&](const Ids& p) {
            const ValueId square =
                i_.let({"sq_dist", "r2"},
                       i_.either({"jnp.sum(($0[:, None] - $0[None]) ** 2, axis=-1)",
                                  "jnp.sum(jnp.square($0[:, None] - $0), axis=-1)"}),
                       {p[0]}, {count_, count_}, {0, 20});
            const ValueId each =
                i_.let({"pair_energy"}, law_.energy, {square}, {count_, count_}, {-3, 3});
            return Ids{i_.let({"energy"}, "0.5 * jnp.sum($0)", {each}, Shape{}, {-40, 40})};
          });
      return i_.helper(
          {"pair_forces", "interaction_forces"}, summary, {positions()}, [&](const Ids& p) {
            return Ids{i_.let({"forces"}, "-jax.grad($f0)($0)", {p[0]}, {energy}, rows(), {-8, 8})};
          });
    }
    return i_.helper(
        pairs_ == Pairs::kBonds ? Words{"bond_forces"} : Words{"pair_forces", law_.names[0]},
        summary, joined({positions()}, bonds()), [&](const Ids& p) {
          if (pairs_ == Pairs::kBonds) {
            const Shape edges = {count_ + 2, axes_};
            const ValueId gap =
                i_.let({"gap", "displacement"}, "$0[$1] - $0[$2]", p, edges, {-4, 4});
            const ValueId square =
                i_.let({"sq_dist", "r2"}, "jnp.sum($0**2, axis=-1)", {gap}, {count_ + 2}, {0, 20});
            const ValueId pull = scaled(gap, square, edges, "[:, None]");
            return Ids{i_.let({"forces"}, "jnp.zeros_like($0).at[$1].add($3).at[$2].add(-$3)",
                              {p[0], p[1], p[2], pull}, rows(), {-8, 8})};
          }
          const Shape all = {count_, count_, axes_};
          const ValueId gap =
              i_.let({"gap", "displacement"},
                     i_.either({"$0[:, None, :] - $0[None, :, :]", "$0[:, None] - $0[None]"}),
                     {p[0]}, all, {-4, 4});
          const ValueId square =
              i_.let({"sq_dist", "r2"},
                     i_.either({"jnp.sum($0**2, axis=-1)", "jnp.einsum(\"ijd,ijd->ij\", $0, $0)"}),
                     {gap}, {count_, count_}, {0, 20});
          const ValueId pull = scaled(gap, square, all, "[..., None]");
          return Ids{i_.let({"forces"}, i_.either({"jnp.sum($0, axis=1)", "$0.sum(axis=1)"}),
                            {pull}, rows(), {-8, 8})};
        });
  }

  ValueId scaled(ValueId gap, ValueId square, const Shape& shape, const std::string& as_column) {
    const ValueId factor =
        i_.let({"factor", "strength"}, law_.factor, {square}, i_.shape(square), {-3, 3});
    return i_.let({"pull", "pair"}, "$0" + as_column + " * $1", {factor, gap}, shape, {-4, 4});
  }

  BodyId outside() {
    const bool by_velocity = outside_ == Outside::kDrag || outside_ == Outside::kSwirl;
    const std::string k = i_.either({"0.5", "0.3", "1.0"});
    const std::string form =
        outside_ == Outside::kTrap     ? "-" + k + " * $0"
        : outside_ == Outside::kWeight ? "jnp.zeros_like($0).at[:, -1].set(-" + k + ")"
        : outside_ == Outside::kDrag   ? "-" + k + " * $0"
                                       : k + " * jnp.stack([-$0[:, 1], $0[:, 0]], axis=1)";
    const Words names = outside_ == Outside::kTrap     ? Words{"trap_force", "confinement"}
                        : outside_ == Outside::kWeight ? Words{"uniform_force", "uniform_field"}
                        : outside_ == Outside::kDrag   ? Words{"drag_force", "friction"}
                                                       : Words{"magnetic_force", "lorentz_force"};
    const std::string says = outside_ == Outside::kTrap
                                 ? "Force of a harmonic trap around the origin."
                             : outside_ == Outside::kWeight ? "Uniform force along the last axis."
                             : outside_ == Outside::kDrag   ? "Drag against the velocity."
                                                            : "Force of a uniform magnetic field.";
    return i_.helper(names, says, {by_velocity ? velocities() : positions()}, [&](const Ids& p) {
      return Ids{i_.let({"force"}, form, {p[0]}, rows(), {-3, 3})};
    });
  }

  BodyId acceleration() {
    return i_.helper(
        {"acceleration", "accelerations"},
        has_mass_ ? "All forces divided by the masses." : "All forces, for unit masses.",
        joined(needs_velocity() ? Parts{positions(), velocities()} : Parts{positions()}, extra()),
        [&](const Ids& p) {
          const std::size_t first = needs_velocity() ? 2 : 1, ends = bonds().size();
          Ids of_pairs = {p[0]};
          for (std::size_t k = 0; k < ends; ++k) of_pairs.push_back(p[first + k]);
          ValueId force = i_.call({"force", "forces"}, force_, of_pairs, rows(), {-8, 8});
          if (outside_ != Outside::kNone) {
            const ValueId from_outside = i_.call({"external"}, outside_force_,
                                                 {needs_velocity() ? p[1] : p[0]}, rows(), {-3, 3});
            force = i_.let({"total_force", "total"}, "$0 + $1", {force, from_outside}, rows().shape,
                           {-8, 8});
          }
          if (has_mass_)
            force = i_.let({"acc"}, "$0 / $1[:, None]", {force, p.back()}, rows().shape, {-8, 8});
          return Ids{force};
        });
  }

  bool needs_velocity() const { return outside_ == Outside::kDrag || outside_ == Outside::kSwirl; }

  // ---- A step ----

  BodyId walls() {
    const bool narrow = i_.chance(0.5);
    const std::string half = narrow ? "2.0" : "3.0", whole = narrow ? "4.0" : "6.0";
    return stage(i_, {"reflect", "bounce"}, "Reflect particles that have left the box.",
                 {positions(), velocities()}, [&](const Ids& p) {
                   const ValueId out = i_.let({"outside"}, "jnp.abs($0) > " + half, {p[0]},
                                              flags(rows().shape), {0, 1});
                   const ValueId back =
                       i_.let({"folded"}, "jnp.where($0, " + whole + " * jnp.sign($1) - $1, $1)",
                              {out, p[0]}, rows().shape, {-3, 3});
                   return Ids{back, i_.let({"reflected"}, "jnp.where($0, -$1, $1)", {out, p[1]},
                                           rows().shape, {-3, 3})};
                 });
  }

  BodyId thermostat() {
    const std::string wanted = i_.either({"0.5", "1.0", "0.3"});
    return i_.helper(
        {"thermostat", "rescale_velocities"}, "Pull the mean square velocity towards a bath's.",
        {velocities()}, [&](const Ids& p) {
          const ValueId now =
              i_.let({"mean_square", "temperature"}, "jnp.mean($0**2)", {p[0]}, Shape{}, {0.05, 3});
          const ValueId factor =
              i_.let({"factor", "rescale"}, "jnp.sqrt(1.0 + 0.1 * (" + wanted + " / $0 - 1.0))",
                     {now}, Shape{}, {0.9, 1.2});
          return Ids{i_.let({"rescaled"}, "$0 * $1", {p[0], factor}, rows().shape, {-3, 3})};
        });
  }

  ValueId accelerated(ValueId x, ValueId v, const Ids& p) {
    Ids operands = needs_velocity() ? Ids{x, v} : Ids{x};
    operands.insert(operands.end(), p.begin() + 2, p.end());
    return i_.call({"acc", "a"}, acceleration_, operands, rows(), {-8, 8});
  }

  BodyId step() {
    const std::string how = verlet_ ? "velocity Verlet" : "semi-implicit Euler";
    const std::string half = "0.5 * " + dt_;
    return stage(i_, {verlet_ ? "verlet_step" : "euler_step", "step"}, "One step of " + how + ".",
                 joined({positions(), velocities()}, extra()), [&](const Ids& p) {
                   const Shape shape = rows().shape;
                   ValueId x = p[0], v = p[1];
                   v = i_.let({verlet_ ? "vel_half" : "vel_next"},
                              "$0 + " + (verlet_ ? half : dt_) + " * $1", {v, accelerated(x, v, p)},
                              shape, {-3, 3});
                   x = i_.let({"pos_next"}, "$0 + " + dt_ + " * $1", {x, v}, shape, {-3, 3});
                   if (verlet_)
                     v = i_.let({"vel_next"}, "$0 + " + half + " * $1", {v, accelerated(x, v, p)},
                                shape, {-3, 3});
                   if (walls_ == Walls::kReflecting) {
                     const Ids both = call(
                         i_, wall_, {x, v},
                         {{{"pos_inside"}, rows(), {-3, 3}}, {{"vel_inside"}, rows(), {-3, 3}}});
                     x = both[0], v = both[1];
                   }
                   if (cools_)
                     v = category_ == kConditional
                             ? cooled(v)
                             : i_.call({"vel_bath"}, thermostat_, {v}, rows(), {-3, 3});
                   return Ids{x, v};
                 });
  }

  // Slower, but only where particles are too fast.
  ValueId cooled(ValueId v) {
    const std::string limit = i_.either({"0.3", "0.4", "0.25"});
    const ValueId fast = i_.let({"too_hot"}, "jnp.mean($0**2) > " + limit, {v}, flags({}), {0, 1});
    return i_.cond(
        fast, {v}, {{{"v", "vel"}, rows(), {-3, 3}}}, {"cool", "slow_down"},
        [&](const Ids& q) {
          return Ids{i_.let(
              {"slower"}, i_.either({"0.9 * $0", "$0 * jnp.sqrt(" + limit + " / jnp.mean($0**2))"}),
              {q[0]}, rows().shape, {-3, 3})};
        },
        {"keep", "unchanged"}, [](const Ids& q) { return q; },
        {{{"vel_cooled"}, rows(), {-3, 3}}})[0];
  }

  // ---- All steps ----

  ValueId measured(ValueId x, ValueId v) {
    if (measure_ == 0) return i_.let({"kinetic"}, "0.5 * jnp.sum($0**2)", {v}, Shape{}, {0.1, 20});
    if (measure_ == 1)
      return i_.let({"spread", "gyration"},
                    "jnp.sqrt(jnp.mean(jnp.sum(($0 - $0.mean(axis=0)) ** 2, axis=1)))", {x},
                    Shape{}, {0.3, 3});
    return i_.let({"center"}, "jnp.mean($0, axis=0)", {x}, {axes_}, {-2, 2});
  }

  void run(ValueId x, ValueId v, const Ids& more) {
    // Kinetic energy is said for unit masses alone.
    measure_ = static_cast<int>(i_.between(has_mass_ ? 1 : 0, 3));
    const Words record = measure_ == 0   ? Words{"kinetic_energies", "energies"}
                         : measure_ == 1 ? Words{"spreads", "gyration_radii"}
                         : measure_ == 2 ? Words{"centers", "center_path"}
                                         : Words{"trajectory", "path"};
    const auto once = [&](ValueId at, ValueId with) {
      Ids operands = {at, with};
      operands.insert(operands.end(), more.begin(), more.end());
      return call(i_, step_, operands,
                  {{{"pos_next", "pos"}, rows(), {-3, 3}}, {{"vel_next", "vel"}, rows(), {-3, 3}}});
    };
    i_.scan(
        {"advance", "one_step"},
        {{{"pos", "x"}, x, {-3, 3}, {"final_positions", "pos"}},
         {{"vel", "v"}, v, {-3, 3}, {"final_velocities", "vel"}}},
        {}, {record},
        [&](const Ids& p) {
          const Ids next = once(p[0], p[1]);
          return Ids{next[0], next[1], measure_ == 3 ? next[0] : measured(next[0], next[1])};
        },
        "", steps_);
  }

  Idiom& i_;
  const Category category_;
  std::int64_t count_ = 0, axes_ = 2, steps_ = 0;
  Law law_;
  Pairs pairs_{};
  Outside outside_{};
  Walls walls_{};
  bool cools_ = false, verlet_ = false, has_mass_ = false;
  int measure_ = 0;
  std::string dt_;
  BodyId force_ = -1, outside_force_ = -1, acceleration_ = -1, wall_ = -1, thermostat_ = -1,
         step_ = -1;
};

}  // namespace

std::vector<Op> particle_wholes() {
  return wholes_by<Particles>({{"particle_simulation", kLoop, 1.5},
                               {"particle_forces", kArithmetic, 1.5},
                               {"mapped_particles", kVectorization, 1},
                               {"bonded_particles", kIndexing, 1},
                               {"cooled_particles", kConditional, 1},
                               {"particle_potential", kGradient, 1},
                               {"particle_laws", kMath, 1}});
}

}  // namespace jaxsmith::plan
