// Particles, spins and rotations: energies and forces of pairs, molecular dynamics, statistical
// mechanics, chemistry, quaternions.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;

// Laws between two particles, by the squared distance. None has a pole where particles meet.
struct PairLaw {
  std::string name, summary;
  Words ways;
};

const std::vector<PairLaw>& pair_laws() {
  static const std::vector<PairLaw> kLaws = {
      {"gravity",
       "softened gravity",
       {"-1.0 / jnp.sqrt({r2} + {soft})", "-lax.rsqrt({r2} + {soft})",
        "-(({r2} + {soft}) ** -0.5)"}},
      {"lennard_jones",
       "a soft-core Lennard-Jones potential",
       {"4.0 * (1.0 / (0.5 + {r2}**3) ** 2 - 1.0 / (0.5 + {r2}**3))"}},
      {"gaussian",
       "Gaussian repulsion",
       {"jnp.exp(-{r2} / (2.0 * {soft}))", "jnp.exp(-0.5 * {r2} / {soft})"}},
      {"soft_sphere",
       "soft spheres",
       {"0.5 * jnp.maximum(0.0, 1.0 - {r2} / 4.0) ** 2",
        "jnp.where({r2} < 4.0, 0.5 * (1.0 - {r2} / 4.0) ** 2, 0.0)"}},
      {"screened",
       "a screened Coulomb potential",
       {"jnp.exp(-{soft} * {r2}) / jnp.sqrt({r2} + {soft})"}},
  };
  return kLaws;
}

ValueId squared(Idiom& i, ValueId d, Shape shape, Interval range) {
  return i.let({"r2", "dist_sq", "squared"},
               i.either({"jnp.sum($0**2, axis=-1)", "jnp.sum(jnp.square($0), axis=-1)",
                         "($0**2).sum(-1)", "jnp.sum($0 * $0, axis=-1)"}),
               {d}, std::move(shape), range);
}

// The energy of all pairs: distances by broadcasting or by vmap over vmap, in a periodic box by
// choice, each pair once by a triangle, a mask or a half.
ValueId total_energy(Idiom& i, const PairLaw& law, const std::string& way, ValueId x,
                     const std::string& soft, const std::string& box, int counting) {
  const std::int64_t n = i.dim(x, 0), dims = i.dim(x, 1);
  ValueId d = i.let({"diff", "separation", "delta"},
                    i.either({"$0[:, None] - $0[None, :]", "$0[:, None, :] - $0[None, :, :]"}), {x},
                    {n, n, dims}, {-3, 3});
  if (!box.empty())
    d = i.let({"nearest", "wrapped"},
              i.either({"$0 - " + box + " * jnp.round($0 / " + box + ")",
                        "$0 - " + box + " * jnp.floor($0 / " + box + " + 0.5)"}),
              {d}, {n, n, dims}, {-2, 2});
  const ValueId r2 = squared(i, d, {n, n}, {0, 8});
  const ValueId pairs = let(i, {"pair_energy", law.name}, way,
                            {{"r2", r2}, {"soft", kNoValue, soft}}, {n, n}, {-2, 2});
  const Words ways = {"jnp.sum(jnp.triu($0, k=1))", "0.5 * (jnp.sum($0) - jnp.trace($0))",
                      "0.5 * jnp.sum(jnp.where(jnp.eye($0.shape[0], dtype=bool), 0.0, $0))"};
  return i.let({"energy", "potential"}, ways[static_cast<std::size_t>(counting)], {pairs}, Shape{},
               {-20, 20});
}

// Potential energy of particles.
Op pair_energy() {
  return idiom("pair_energy", kReduction, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 3, 10), dims = i.between(2, 3);
    const ValueId x = i.input({"positions", "x", "coords"}, {n, dims}, {-1.5, 1.5});
    const PairLaw& law = i.random().pick(pair_laws());
    const std::string soft = i.either({"0.25", "0.1", "0.5"}), way = i.either(law.ways);
    const std::string box = i.chance(0.4) ? i.either({"3.0", "2.5", "4.0"}) : "";
    i.called({law.name + "_energy", "pair_energy", "potential_energy"});
    i.summary("Sum " + law.summary + " over all pairs of particles.");
    if (!box.empty()) i.summary("Give the energy of particles in a periodic box.");
    total_energy(i, law, way, x, soft, box, static_cast<int>(i.between(0, 2)));
  });
}

// Distances or kernels of all pairs by nested vmap.
Op pair_map() {
  return idiom("pair_map", kVectorization, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 3), dims = i.between(2, 3);
    const ValueId x = i.input({"positions", "x", "atoms"}, {n, dims}, {-1.5, 1.5});
    const bool two = i.chance(0.5);
    const std::int64_t m = two ? size_from(i, 2) : n;
    const ValueId y = two ? i.input({"probes", "sites", "y"}, {m, dims}, {-1.5, 1.5}) : x;
    const PairLaw& law = i.random().pick(pair_laws());
    const std::string soft = i.either({"0.25", "0.1", "0.5"}), way = i.either(law.ways);
    const bool charged = i.chance(0.45);
    i.called({law.name + "_matrix", two ? "probe_field" : "interactions", "pairwise_energy"});
    i.summary("Evaluate " + law.summary + " between each two particles.");
    const BodyId pair = i.helper(
        {i.either({"pair_energy", "interaction", "potential"}), law.name},
        "Give the energy of two particles.",
        {{{"a", "here", "p"}, {i.real(), {dims}}, {-1.5, 1.5}},
         {{"b", "there", "q"}, {i.real(), {dims}}, {-1.5, 1.5}}},
        [&](const Ids& p) {
          const ValueId d = i.let({"diff", "delta"}, "$0 - $1", {p[0], p[1]}, {dims}, {-3, 3});
          const ValueId r2 =
              i.let({"r2"}, i.either({"jnp.sum($0**2)", "jnp.dot($0, $0)", "$0 @ $0"}), {d},
                    Shape{}, {0, 8});
          return Ids{
              let(i, {"energy"}, way, {{"r2", r2}, {"soft", kNoValue, soft}}, Shape{}, {-2, 2})};
        });
    const ValueId table =
        i.let({"table", "energies"},
              i.either({"jax.vmap(lambda a: jax.vmap(lambda b: $f0(a, b))($1))($0)",
                        "jax.vmap(jax.vmap($f0, in_axes=(None, 0)), in_axes=(0, None))($0, $1)"}),
              {x, y}, {pair}, {i.real(), {n, m}}, {-2, 2});
    if (charged) {
      const ValueId q = i.input({"charges", "q"}, Shape{m}, {-1, 1});
      i.let({"field", "potentials"}, i.either({"$0 @ $1", "jnp.einsum(\"ij,j->i\", $0, $1)"}),
            {table, q}, {n}, {-8, 8});
    } else if (i.chance(0.5)) {
      const bool rows = i.chance(0.6);
      const std::string axis = rows ? "1" : "0";
      i.let({"total", "summed"},
            i.either({"jnp.sum($0, axis=" + axis + ")", "$0.sum(axis=" + axis + ")",
                      "jnp.mean($0, axis=" + axis + ")"}),
            {table}, {rows ? n : m}, {-8, 8});
    }
  });
}

// Forces as the derivative of the energy; with the energy, with a step of the motion or alone.
Op energy_forces() {
  return idiom("energy_forces", kGradient, 1.3, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 3, 9), dims = i.between(2, 3);
    const Shape shape{n, dims};
    const ValueId x = i.input({"positions", "x", "coords"}, shape, {-1.5, 1.5});
    const PairLaw& law = i.random().pick(pair_laws());
    const std::string soft = i.either({"0.25", "0.1", "0.5"}), way = i.either(law.ways);
    const std::string box = i.chance(0.3) ? i.either({"3.0", "2.5"}) : "";
    const auto counting = static_cast<int>(i.between(0, 2));
    const BodyId energy = i.helper(
        {i.either({"potential", "energy", "total_energy"}), law.name},
        "Sum the energy of all pairs.", {{{"positions", "x", "r"}, {i.real(), shape}, {-1.5, 1.5}}},
        [&](const Ids& p) { return Ids{total_energy(i, law, way, p[0], soft, box, counting)}; });
    const auto what = i.between(0, 3);
    const Interval reach{-6, 6};
    if (what == 0) {
      i.called({law.name + "_gradient", "energy_and_gradient", "energy_and_slope"});
      i.summary("Give the energy of " + law.summary + " and its gradient.");
      i.unpack("jax.value_and_grad($f0)($0)", {x}, {energy},
               {{{"energy", "potential"}, {i.real(), {}}, {-20, 20}},
                {{"slope", "gradient"}, {i.real(), shape}, reach}});
      return;
    }
    i.called({law.name + "_forces", "forces", "pair_forces"});
    i.summary("Differentiate " + law.summary + " to get the forces.");
    const ValueId force =
        i.let({"forces", "force"}, "-jax.grad($f0)($0)", {x}, {energy}, {i.real(), shape}, reach);
    if (what == 1) return;
    if (what == 2) {
      i.summary("Give the virial of the forces between particles.");
      i.let({"virial", "work"},
            i.either({"jnp.sum($0 * $1)", "jnp.vdot($0, $1)", "jnp.einsum(\"id,id->\", $0, $1)"}),
            {x, force}, Shape{}, {-30, 30});
      return;
    }
    const ValueId v = i.input({"velocities", "v"}, shape, {-1, 1});
    const std::string dt = i.either({"0.01", "0.05", "0.02"});
    i.summary("Take a step of molecular dynamics.");
    const ValueId kicked =
        i.let({"v_new", "kicked"}, "$0 + " + dt + " * $1", {v, force}, shape, {-2, 2});
    ValueId moved = i.let({"x_new", "moved"}, "$0 + " + dt + " * $1", {x, kicked}, shape, {-2, 2});
    if (!box.empty())
      i.let({"inside", "wrapped"}, i.either({"$0 % " + box, "jnp.mod($0, " + box + ")"}), {moved},
            shape, {0, 3});
  });
}

// Gravity between bodies: accelerations, then a step or the motion.
Op nbody() {
  return idiom("nbody", kLinearAlgebra, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 3, 9), dims = i.between(2, 3);
    const Shape shape{n, dims};
    const ValueId x = i.input({"positions", "x", "bodies"}, shape, {-2, 2});
    const ValueId mass = i.input({"masses", "m"}, Shape{n}, {0.2, 1});
    const std::string soft = i.either({"0.1", "0.05", "0.2"}),
                      dt = i.either({"0.01", "0.02", "0.05"});
    i.summary("Pull bodies toward each other by softened gravity.");
    const bool by_product = i.chance(0.35);
    const auto power = i.between(0, 2);
    const auto accelerations = [&](ValueId at) {
      const ValueId d = i.let({"diff", "separation"},
                              i.either({"$0[None, :] - $0[:, None]", "$0[None] - $0[:, None]"}),
                              {at}, {n, n, dims}, {-4, 4});
      const ValueId r2 =
          i.let({"r2", "dist_sq"}, "jnp.sum($0**2, axis=-1) + " + soft, {d}, {n, n}, {0.1, 12});
      static const Words kPowers = {"{m} / ({r2} * jnp.sqrt({r2}))", "{m} * {r2} ** -1.5",
                                    "{m} * lax.rsqrt({r2}) ** 3"};
      const ValueId w = let(i, {"weights", "pull"}, kPowers[static_cast<std::size_t>(power)],
                            {{"m", mass}, {"r2", r2}}, {n, n}, {0, 8});
      return by_product
                 ? i.let({"accel", "acceleration"}, "$0 @ $1 - jnp.sum($0, axis=1)[:, None] * $1",
                         {w, at}, shape, {-8, 8})
                 : i.let({"accel", "acceleration"},
                         i.either({"jnp.einsum(\"ij,ijk->ik\", $0, $1)",
                                   "jnp.sum($0[..., None] * $1, axis=1)"}),
                         {w, d}, shape, {-8, 8});
    };
    if (i.chance(0.3)) {
      i.called({"accelerations", "gravity", "gravitational_pull"});
      accelerations(x);
      return;
    }
    const ValueId v = i.input({"velocities", "v"}, shape, {-1, 1});
    i.called({"nbody_step", "move_bodies", "advance_bodies"});
    i.summary("Move bodies under their mutual gravity.");
    const auto step = [&](ValueId at, ValueId speed) {
      const ValueId a = accelerations(at);
      const ValueId faster =
          i.let({"v_new", "kicked"}, "$0 + " + dt + " * $1", {speed, a}, shape, {-2, 2});
      return Ids{i.let({"x_new", "drifted"}, "$0 + " + dt + " * $1", {at, faster}, shape, {-2, 2}),
                 faster};
    };
    if (i.chance(0.4)) {
      const Ids out = step(x, v);
      if (!i.chance(0.4)) return;
      i.summary("Move bodies under their mutual gravity, and give their total momentum.");
      i.keep(out[1]);
      i.let({"momentum"}, i.either({"$0 @ $1", "jnp.sum($0[:, None] * $1, axis=0)"}),
            {mass, out[1]}, {dims}, {-6, 6});
      return;
    }
    repeat(i, 0, i.between(3, 10), {"step", "advance"},
           {{{"x", "pos"}, x, {-2, 2}, {"x_end", "final_positions"}},
            {{"v", "vel"}, v, {-2, 2}, {"v_end", "final_velocities"}}},
           [&](const Ids& p) { return step(p[0], p[1]); });
  });
}

// Temperature, spread or kinetic tensor of particles that move, the drift taken off; or velocities
// brought to a temperature.
Op kinetic_state() {
  return idiom("kinetic_state", kReduction, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 3), dims = i.between(2, 3);
    const Shape shape{n, dims};
    const ValueId v = i.input({"velocities", "v"}, shape, {-2, 2});
    const bool weighted = i.chance(0.6);
    const ValueId mass = weighted ? i.input({"masses", "m"}, Shape{n}, {0.5, 2}) : kNoValue;
    const auto what = i.between(0, 3);
    i.called({what == 0   ? "temperature"
              : what == 1 ? "rescale_to_temperature"
              : what == 2 ? "velocity_dispersion"
                          : "kinetic_tensor",
              "kinetic_state", "thermal_motion"});
    i.summary(what == 1 ? "Take the drift off velocities and bring them to a temperature."
                        : "Take the drift off velocities and measure what is left.");
    const ValueId drift =
        weighted ? i.let({"drift", "bulk"},
                         i.either({"$1 @ $0 / jnp.sum($1)", "jnp.average($0, axis=0, weights=$1)",
                                   "jnp.sum($1[:, None] * $0, axis=0) / $1.sum()"}),
                         {v, mass}, {dims}, {-1, 1})
                 : i.let({"drift", "bulk"}, i.either({"jnp.mean($0, axis=0)", "$0.mean(0)"}), {v},
                         {dims}, {-1, 1});
    const ValueId u = i.let({"thermal", "peculiar"}, "$0 - $1", {v, drift}, shape, {-3, 3});
    if (what == 3) {
      weighted
          ? i.let(
                {"tensor", "stress"},
                i.either({"jnp.einsum(\"i,ia,ib->ab\", $1, $0, $0)", "($1[:, None] * $0).T @ $0"}),
                {u, mass}, {dims, dims}, {-10, 30})
          : i.let({"tensor", "stress"},
                  i.either({"$0.T @ $0", "jnp.einsum(\"ia,ib->ab\", $0, $0)"}), {u}, {dims, dims},
                  {-10, 30});
      return;
    }
    if (what == 2) {
      i.let({"dispersion", "sigma"},
            i.either({"jnp.sqrt(jnp.mean($0**2, axis=0))", "jnp.std($0, axis=0)"}), {u}, {dims},
            {0.3, 2});
      if (!weighted) return;
    }
    const ValueId kinetic =
        weighted ? i.let({"kinetic", "energy"},
                         i.either({"0.5 * jnp.sum($1[:, None] * $0**2)",
                                   "0.5 * jnp.sum($1 * jnp.sum($0**2, axis=-1))",
                                   "0.5 * jnp.einsum(\"i,ia,ia->\", $1, $0, $0)"}),
                         {u, mass}, Shape{}, {1, 40})
                 : i.let({"kinetic", "energy"}, "0.5 * jnp.sum($0**2)", {u}, Shape{}, {1, 40});
    const std::string freedom = fmt::format("{}", (n - 1) * dims);
    const ValueId t =
        i.let({"temperature", "temp"}, "2.0 * $0 / " + freedom, {kinetic}, Shape{}, {0.3, 3});
    if (what == 1) {
      const Term target = constant(i, "t0", {"target", "t0"}, {1, 0.8, 1.5});
      let(i, {"rescaled", "thermostatted"}, "{u} * jnp.sqrt({t0} / {t})",
          {{"u", u}, {"t", t}, target}, shape, {-3, 3});
    }
  });
}

// Unit quaternions: the product, the rotation of vectors, or a step of a body that spins.
Op quaternion() {
  return idiom("quaternion", kArithmetic, 1.0, kSmooth, [](Idiom& i) {
    const bool many = i.chance(0.5);
    Shape shape{4}, vectors{3};
    if (many) {
      const std::int64_t n = i.size();
      shape = {n, 4};
      vectors = {n, 3};
    }
    const Shape one(shape.begin(), shape.end() - 1);
    const ValueId raw = i.input({"quaternion", "q", "attitude"}, shape, {0.1, 1});
    const ValueId q = i.let({"unit", "q_hat"},
                            i.either({"$0 / jnp.linalg.norm($0, axis=-1, keepdims=True)",
                                      "$0 / jnp.sqrt(jnp.sum($0**2, axis=-1, keepdims=True))",
                                      "$0 * lax.rsqrt(jnp.sum($0 * $0, -1, keepdims=True))"}),
                            {raw}, shape, {0.1, 0.9});
    const auto what = i.between(0, 2);
    if (what == 0) {
      const ValueId v = i.input({"vector", "point", "v"}, vectors, {-2, 2});
      i.called({"rotate_by_quaternion", "rotate", "rotate_points"});
      i.summary("Rotate vectors by unit quaternions.");
      const ValueId w = i.let({"w", "scalar"}, "$0[..., :1]", {q}, i.with_last(q, 1), {0.1, 0.9});
      const ValueId axis = i.let({"axis", "u"}, "$0[..., 1:]", {q}, vectors, {0.1, 0.9});
      const bool twice = i.chance(0.5);
      const ValueId c =
          twice ? i.let({"t", "twice"}, "2.0 * jnp.cross($0, $1)", {axis, v}, vectors, {-4, 4})
                : i.let({"cross", "turned"}, "jnp.cross($0, $1) + $2 * $1", {axis, v, w}, vectors,
                        {-4, 4});
      twice ? i.let({"rotated"}, "$0 + $1 * $2 + jnp.cross($3, $2)", {v, w, c, axis}, vectors,
                    {-4, 4})
            : i.let({"rotated"}, "$0 + 2.0 * jnp.cross($1, $2)", {v, axis, c}, vectors, {-4, 4});
      return;
    }
    ValueId p;
    if (what == 1) {
      p = i.input({"other", "p", "turn"}, shape, {-1, 1});
      i.called({"quaternion_product", "compose_rotations", "hamilton_product"});
      i.summary("Multiply quaternions by Hamilton's rule.");
    } else {
      const ValueId spin = i.input({"spin", "omega", "angular_velocity"}, vectors, {-1, 1});
      i.called({"spin_step", "integrate_attitude", "turn_body"});
      i.summary("Turn a spinning body for a short time.");
      p = i.let({"pure", "rate"},
                i.either({"jnp.concatenate([jnp.zeros_like($0[..., :1]), $0], axis=-1)",
                          many ? "jnp.pad($0, ((0, 0), (1, 0)))" : "jnp.pad($0, (1, 0))"}),
                {spin}, shape, {-1, 1});
    }
    const auto parts = [&](ValueId of, const Words& names) {
      Ids out;
      for (std::size_t k = 0; k < 4; ++k)
        out.push_back(i.let({names[k]}, fmt::format("$0[..., {}]", k), {of}, one, {-1, 1}));
      return out;
    };
    const Ids a = parts(q, {"w1", "x1", "y1", "z1"}), b = parts(p, {"w2", "x2", "y2", "z2"});
    const Ids operands = {a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]};
    const ValueId w = i.let({"w"}, "$0 * $4 - $1 * $5 - $2 * $6 - $3 * $7", operands, one, {-1, 1});
    const ValueId x = i.let({"x"}, "$0 * $5 + $1 * $4 + $2 * $7 - $3 * $6", operands, one, {-1, 1});
    const ValueId y = i.let({"y"}, "$0 * $6 - $1 * $7 + $2 * $4 + $3 * $5", operands, one, {-1, 1});
    const ValueId z = i.let({"z"}, "$0 * $7 + $1 * $6 - $2 * $5 + $3 * $4", operands, one, {-1, 1});
    const ValueId product = i.let({"product", "composed"}, "jnp.stack([$0, $1, $2, $3], axis=-1)",
                                  {w, x, y, z}, shape, {-2, 2});
    if (what == 1) return;
    const std::string dt = i.either({"0.05", "0.1", "0.2"});
    const ValueId turned =
        i.let({"turned", "moved"}, "$0 + 0.5 * " + dt + " * $1", {q, product}, shape, {-1, 1});
    i.let({"attitude_next", "renormalized"}, "$0 / jnp.linalg.norm($0, axis=-1, keepdims=True)",
          {turned}, shape, {-1, 1});
  });
}

// Rotation by an axis and an angle, as a matrix or of vectors; or by Euler angles.
Op rotate() {
  return idiom("rotate", kLinearAlgebra, 0.9, kSmooth, [](Idiom& i) {
    const ValueId points = i.input({"points", "vectors", "coords"}, {i.size(), 3}, {-2, 2});
    const Shape all = i.shape(points), square{3, 3};
    if (i.chance(0.35)) {
      const ValueId angles = i.input({"angles", "euler"}, Shape{3}, {-1.5, 1.5});
      i.called({"euler_rotation", "rotate_by_euler", "rotate"});
      i.summary("Rotate points by three Euler angles.");
      const auto about = [&](int axis, int place, const Words& names) {
        const ValueId c =
            i.let({"c"}, fmt::format("jnp.cos($0[{}])", place), {angles}, Shape{}, {0.1, 1});
        const ValueId s =
            i.let({"s"}, fmt::format("jnp.sin($0[{}])", place), {angles}, Shape{}, {-1, 1});
        static const Words kRows = {"[[1.0, 0.0, 0.0], [0.0, $0, -$1], [0.0, $1, $0]]",
                                    "[[$0, 0.0, $1], [0.0, 1.0, 0.0], [-$1, 0.0, $0]]",
                                    "[[$0, -$1, 0.0], [$1, $0, 0.0], [0.0, 0.0, 1.0]]"};
        return i.let(names, "jnp.array(" + kRows[static_cast<std::size_t>(axis)] + ")", {c, s},
                     square, {-1, 1});
      };
      const bool three = i.chance(0.6);
      const ValueId z = about(2, 0, {"yaw", "rz"});
      const ValueId y = about(1, 1, {"pitch", "ry"});
      const ValueId x = three ? about(0, 2, {"roll", "rx"}) : about(2, 2, {"spin", "rz2"});
      const ValueId r = i.let({"rotation", "r"}, "$0 @ $1 @ $2", {z, y, x}, square, {-1, 1});
      i.let({"rotated"}, i.either({"$0 @ $1.T", "jnp.einsum(\"ij,nj->ni\", $1, $0)"}), {points, r},
            all, {-3, 3});
      return;
    }
    const ValueId axis = i.input({"axis", "direction"}, Shape{3}, {0.2, 1});
    const ValueId angle = i.input({"angle", "theta"}, Shape{}, {-2, 2});
    i.called({"rodrigues", "rotate_about_axis", "rotate"});
    i.summary("Rotate points about an axis by Rodrigues' formula.");
    const ValueId k = i.let(
        {"unit", "k"}, i.either({"$0 / jnp.linalg.norm($0)", "$0 / jnp.sqrt(jnp.dot($0, $0))"}),
        {axis}, {3}, {0.1, 1});
    const Terms terms = {{"k", k}, {"a", angle}, {"v", points}};
    if (i.chance(0.5)) {
      const ValueId across =
          let(i, {"across", "turning"}, "{v} * jnp.cos({a}) + jnp.cross({k}, {v}) * jnp.sin({a})",
              terms, all, {-3, 3});
      const ValueId along =
          let(i, {"along", "kept"}, "jnp.outer({v} @ {k}, {k}) * (1.0 - jnp.cos({a}))", terms, all,
              {-3, 3});
      i.let({"rotated", "turned"}, "$0 + $1", {across, along}, all, {-3, 3});
      return;
    }
    const ValueId skew = i.let({"skew", "cross_matrix"},
                               i.either({"jnp.array([[0.0, -$0[2], $0[1]], [$0[2], 0.0, -$0[0]], "
                                         "[-$0[1], $0[0], 0.0]])",
                                         "jnp.cross(jnp.eye(3, dtype=$0.dtype), $0)"}),
                               {k}, square, {-1, 1});
    const ValueId bend = let(i, {"bend", "second"}, "(1.0 - jnp.cos({a})) * ({s} @ {s})",
                             {{"s", skew}, {"a", angle}}, square, {-1, 1});
    const ValueId r =
        let(i, {"rotation", "r"}, "jnp.eye(3, dtype={s}.dtype) + jnp.sin({a}) * {s} + {b}",
            {{"s", skew}, {"a", angle}, {"b", bend}}, square, {-1, 1});
    i.let({"rotated", "turned"}, i.either({"$0 @ $1.T", "jnp.einsum(\"ij,nj->ni\", $1, $0)"}),
          {points, r}, all, {-3, 3});
  });
}

// Planar spins on a lattice, with one coupling or bonds of their own; the energy, the
// magnetisation, or a checkerboard sweep of Metropolis with given random numbers.
Op spin_lattice(bool sweep) {
  return idiom(
      sweep ? "metropolis_sweep" : "spin_energy", sweep ? kConditional : kReduction, 0.8, kSmooth,
      [sweep](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const ValueId theta = i.anchor({"angles", "theta", "spins"}, sweep ? 2 : 1, 2, {-3, 3});
        const Shape shape = i.shape(theta);
        const bool line = shape.size() == 1, bonds = i.chance(0.35);
        const ValueId j = bonds ? i.input({"bonds", "couplings", "j"}, shape, {-1, 1}) : kNoValue;
        const Term coupling =
            bonds ? Term{"j", j} : constant(i, "j", {"coupling", "j"}, {0.5, 2, 1.5});
        const auto toward = [&](ValueId t) {  // energy of each site's bonds to two neighbours
          const Terms terms = {{"t", t}, coupling};
          return let(i, {"bond_energy", "local"},
                     line ? "-{j} * jnp.cos({t} - jnp.roll({t}, 1))"
                          : "-{j} * (jnp.cos({t} - jnp.roll({t}, 1, axis=0)) + jnp.cos({t} - "
                            "jnp.roll({t}, 1, axis=1)))",
                     terms, shape, {-4, 4});
        };
        if (!sweep) {
          i.called({"xy_energy", "spin_energy", bonds ? "spin_glass_energy" : "rotor_energy"});
          i.summary("Give the energy of planar spins by the bonds of a lattice.");
          const ValueId total = i.let({"energy", "total"}, i.either({"jnp.sum($0)", "$0.sum()"}),
                                      {toward(theta)}, Shape{}, {-60, 60});
          if (i.chance(0.4)) {
            const Term h = constant(i, "h", {"field", "h"}, {0.1, 0.5, 0.3});
            let(i, {"with_field", "energy_in_field"}, "{e} - {h} * jnp.sum(jnp.cos({t}))",
                {{"e", total}, h, {"t", theta}}, Shape{}, {-60, 60});
          } else if (i.chance(0.5)) {
            i.let({"magnetization", "order"},
                  i.either({"jnp.hypot(jnp.mean(jnp.cos($0)), jnp.mean(jnp.sin($0)))",
                            "jnp.sqrt(jnp.mean(jnp.cos($0)) ** 2 + jnp.mean(jnp.sin($0)) ** 2)"}),
                  {theta}, Shape{}, {0.05, 0.9});
          }
          return;
        }
        // Few sites might all be turned whatever the numbers are.
        if (i.dim(theta, 0) * i.dim(theta, 1) < 24) return i.fail();
        const ValueId noise = i.input({"proposals", "kicks"}, shape, {-3, 3});
        const ValueId luck = i.input({"uniforms", "dice"}, shape, {0.02, 1});
        const Term beta = constant(i, "beta", {"beta", "inverse_temperature"}, {1, 0.5, 2});
        i.called({"metropolis_sweep", "update_spins", "monte_carlo_step"});
        i.summary("Offer every second spin a turn and accept it by Metropolis.");
        const ValueId trial = i.let({"trial", "proposed"}, i.either({"$0 + $1", "$0 + 0.5 * $1"}),
                                    {theta, noise}, shape, {-4, 4});
        const auto seen = [&](ValueId t, Words names) {
          const Terms terms = {{"t", t}, {"o", theta}, coupling};
          const ValueId rows =
              let(i, {"along_rows", "vertical"},
                  "jnp.cos({t} - jnp.roll({o}, 1, 0)) + jnp.cos({t} - jnp.roll({o}, -1, 0))", terms,
                  shape, {-2, 2});
          const ValueId columns =
              let(i, {"along_columns", "horizontal"},
                  "jnp.cos({t} - jnp.roll({o}, 1, 1)) + jnp.cos({t} - jnp.roll({o}, -1, 1))", terms,
                  shape, {-2, 2});
          return let(i, std::move(names), "-{j} * ({r} + {c})",
                     with(terms, {{"r", rows}, {"c", columns}}), shape, {-8, 8});
        };
        const ValueId now = seen(theta, {"energy_now", "before"});
        const ValueId then = seen(trial, {"energy_then", "after"});
        const ValueId taken =
            let(i, {"accepted", "take"},
                i.either({"{u} < jnp.exp(-{beta} * ({b} - {a}))",
                          "jnp.log({u}) < -{beta} * ({b} - {a})"}),
                {{"u", luck}, beta, {"a", now}, {"b", then}}, Type{DType::kBool, shape}, {0, 1});
        const std::string parity = i.either({"0", "1"});
        const ValueId black =
            i.let({"black", "sublattice"},
                  i.either({"(jnp.arange($0.shape[0])[:, None] + jnp.arange($0.shape[1])) % 2 == " +
                                parity,
                            "jnp.indices($0.shape).sum(0) % 2 == " + parity}),
                  {theta}, Type{DType::kBool, shape}, {0, 1});
        i.let(
            {"updated", "swept"},
            i.either({"jnp.where($0 & $1, $2, $3)", "jnp.where(jnp.logical_and($0, $1), $2, $3)"}),
            {taken, black, trial, theta}, shape, {-4, 4});
      });
}

// Boltzmann's averages over levels: occupations, mean energy, heat capacity, entropy.
Op thermal_average() {
  return idiom("thermal_average", kReduction, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId levels = i.anchor({"levels", "energies", "energy_levels"}, 1, 2, {0, 3});
    const Shape shape = i.shape(levels), kept = i.without_axis(levels, -1);
    const Term beta = constant(i, "beta", {"beta", "inverse_temperature"}, {1, 0.5, 2}, 0.5);
    const bool weights = i.chance(0.3);
    const ValueId g =
        weights ? i.input({"degeneracies", "weights"}, Shape{i.dim(levels, -1)}, {1, 4}) : kNoValue;
    i.called({"thermal_average", "boltzmann", "level_average"});
    i.summary("Weigh energy levels by Boltzmann's factor.");
    const Terms terms = {{"e", levels}, beta, {"g", g}};
    const auto way = i.between(0, 1);
    ValueId p;
    if (weights || way == 0) {
      const ValueId factor =
          let(i, {"factors", "boltzmann"},
              weights ? "{g} * jnp.exp(-{beta} * {e})" : "jnp.exp(-{beta} * {e})", terms, shape,
              {0, 4});
      const ValueId z = i.let({"partition", "z"}, "jnp.sum($0, axis=-1, keepdims=True)", {factor},
                              i.with_last(levels, 1), {1, 10});
      p = i.let({"occupation", "p"}, "$0 / $1", {factor, z}, shape, {0, 1});
    } else {
      p = let(i, {"occupation", "p"}, "jax.nn.softmax(-{beta} * {e}, axis=-1)", terms, shape,
              {0, 1});
    }
    const ValueId mean = i.let({"mean_energy", "internal"},
                               i.either({"jnp.sum($0 * $1, axis=-1)", "($0 * $1).sum(axis=-1)",
                                         "jnp.einsum(\"...i,...i->...\", $0, $1)"}),
                               {p, levels}, kept, {0, 3});
    const auto what = i.between(0, 2);
    if (what == 0) {
      i.summary("Give the heat capacity of a system of levels.");
      const ValueId square =
          i.let({"mean_square"}, "jnp.sum($0 * $1**2, axis=-1)", {p, levels}, kept, {0, 9});
      let(i, {"heat_capacity", "capacity"}, "{beta}**2 * ({s} - {m}**2)",
          {beta, {"s", square}, {"m", mean}}, kept, {0, 3});
    } else if (what == 1) {
      i.summary("Give the entropy of a system of levels.");
      if (weights)
        i.let({"entropy"}, "-jnp.sum($0 * jnp.log($0 / $1), axis=-1)", {p, g}, kept, {0.3, 4});
      else
        i.let({"entropy"},
              i.either({"-jnp.sum($0 * jnp.log($0), axis=-1)", "-($0 * jnp.log($0)).sum(-1)"}), {p},
              kept, {0.3, 2.5});
    }
  });
}

// Rates of an enzyme: Michaelis and Menten, Hill, inhibited by competition or by the substrate; the
// rate alone or the course of a reaction.
Op enzyme_rate() {
  return idiom("enzyme_rate", kArithmetic, 0.9, kSmooth, [](Idiom& i) {
    const ValueId s = i.anchor({"substrate", "concentration", "s"}, 0, 2, {0.1, 5});
    const Shape shape = i.shape(s);
    const Term vmax = constant(i, "vmax", {"vmax", "v_max"}, {1, 2, 0.5});
    const Term km = constant(i, "km", {"km", "half_saturation"}, {0.5, 1, 2});
    const auto kind = i.between(0, 4);
    const ValueId inhibitor =
        kind == 1 || kind == 2
            ? i.input({"inhibitor", "drug"}, i.chance(0.5) ? shape : Shape{}, {0.1, 2})
            : kNoValue;
    const Term ki =
        kind == 1 || kind == 2 || kind == 4 ? constant(i, "ki", {"ki"}, {0.5, 1, 4}) : Term{};
    const std::string order = i.either({"2", "3", "4"});
    static const std::vector<Words> kWays = {
        {"{vmax} * {s} / ({km} + {s})"},
        {"{vmax} * {s} / ({km} * (1.0 + {i} / {ki}) + {s})"},
        {"{vmax} * {s} / (({km} + {s}) * (1.0 + {i} / {ki}))",
         "{vmax} / (1.0 + {i} / {ki}) * {s} / ({km} + {s})"},
        {"{vmax} * {s}**{n} / ({km}**{n} + {s}**{n})", "{vmax} / (1.0 + ({km} / {s}) ** {n})"},
        {"{vmax} * {s} / ({km} + {s} + {s}**2 / {ki})",
         "{vmax} * {s} / ({km} + {s} * (1.0 + {s} / {ki}))"}};
    static const Words kNames = {"michaelis_menten", "competitive_inhibition", "noncompetitive",
                                 "hill_rate", "substrate_inhibition"};
    i.called({kNames[static_cast<std::size_t>(kind)], "enzyme_rate", "reaction_rate"});
    const std::string said = "Give the rate of an enzyme by the concentration of its substrate.";
    const std::string way = i.either(kWays[static_cast<std::size_t>(kind)]);
    const auto rate = [&](ValueId at) {
      return let(i, {"rate", "velocity", "v"}, way,
                 {{"s", at}, vmax, km, {"i", inhibitor}, ki, {"n", kNoValue, order}}, shape,
                 {0, 2});
    };
    if (i.chance(0.6)) {
      const ValueId v = rate(s);
      if (i.chance(0.35)) {
        const std::string dt = i.either({"0.01", "0.05", "0.1"});
        i.called({"turn_over", "enzyme_step", "use_up_substrate"});
        i.summary("Let an enzyme turn over its substrate for a short time.");
        i.let({"left", "remaining"}, "$0 - " + dt + " * $1", {s, v}, shape, {0, 5});
      } else {
        i.summary(said);
      }
      return;
    }
    const std::string dt = i.either({"0.05", "0.02", "0.1"});
    i.summary(said);
    i.summary("Follow a substrate while an enzyme turns it over.");
    i.scan(
        {"react", "step"}, {{{"left", "conc"}, s, {0, 5}, {"remaining", "left"}}}, {},
        {{"rates", "velocities"}},
        [&](const Ids& p) {
          const ValueId v = rate(p[0]);
          return Ids{i.let({"next_conc"}, "$0 - " + dt + " * $1", {p[0], v}, shape, {0, 5}), v};
        },
        {}, i.between(4, 12));
  });
}

}  // namespace

std::vector<Op> particle_idioms() {
  return {pair_energy(),      pair_map(),        energy_forces(), nbody(),
          kinetic_state(),    quaternion(),      rotate(),        spin_lattice(false),
          spin_lattice(true), thermal_average(), enzyme_rate()};
}

}  // namespace jaxsmith::plan
