// Sampling and sequences of states: Hamiltonian steps, particles, spins, filtered logits, hidden
// Markov models.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/random_keys.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// Of $0, a position.
struct Potential {
  Words names;
  std::string spelling;
};

const std::vector<Potential>& potentials() {
  static const std::vector<Potential> kPotentials = {
      {{"potential", "neg_log_density"}, "0.5 * jnp.sum($0**2)"},
      {{"potential", "double_well"}, "jnp.sum(0.25 * $0**4 - 0.5 * $0**2)"},
      {{"potential", "chain_energy"},
       "0.5 * jnp.sum($0**2) + 0.5 * jnp.sum(($0[1:] - $0[:-1]) ** 2)"},
      {{"potential", "pendulums"}, "jnp.sum(1.0 - jnp.cos($0))"},
      {{"potential", "heavy_tailed"}, "2.0 * jnp.sum(jnp.log1p($0**2 / 3.0))"},
      {{"potential", "log_cosh"}, "jnp.sum(jnp.log(jnp.cosh($0)))"}};
  return kPotentials;
}

// Leapfrog steps of Hamiltonian dynamics; the force by jax.grad of a potential of the module.
Op hamiltonian_steps() {
  return idiom("hamiltonian_steps", kGradient, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t d = i.between(2, 5), steps = i.between(2, 8);
    const double dt = i.number({0.05, 0.1, 0.2});
    const Interval range{-2, 2};
    const ValueId q = i.input({"position", "q", "theta"}, {d}, {-1.2, 1.2});
    const ValueId p0 = i.input({"momentum", "p", "velocity"}, {d}, {-1, 1});
    i.called({"leapfrog", "hmc_trajectory", "hamiltonian_steps"});
    i.summary("Follow Hamiltonian dynamics by leapfrog steps.");
    const Potential chosen = i.random().pick(potentials());
    const ValueId mass = i.chance(0.35) ? i.input({"mass", "inertia"}, {d}, {0.5, 2}) : kNoValue;
    const BodyId potential =
        i.helper(chosen.names, "Potential energy at a position.",
                 {{{"q", "x", "theta"}, {i.real(), {d}}, range}}, [&](const Ids& p) {
                   return Ids{i.let({"energy"}, chosen.spelling, {p[0]}, Shape{}, {0, 8})};
                 });
    const std::string step = Idiom::text(dt), half_step = Idiom::text(dt / 2);
    const bool written_half = i.chance(0.5);
    const auto kick = [&](ValueId p, ValueId at, bool whole, const Words& names) {
      const ValueId force = i.let({"force", "slope"}, "jax.grad($f0)($0)", {at},
                                  std::vector<BodyId>{potential}, Type{i.real(), {d}}, {-3, 3});
      return i.let(names,
                   "$0 - " +
                       (whole          ? step
                        : written_half ? "0.5 * " + step
                                       : half_step) +
                       " * $1",
                   {p, force}, {d}, {-3, 3});
    };
    const auto drift = [&](ValueId at, ValueId p) {
      return mass == kNoValue
                 ? i.let({"q_next", "drifted"}, "$0 + " + step + " * $1", {at, p}, {d}, range)
                 : i.let({"q_next", "drifted"}, "$0 + " + step + " * $1 / $2", {at, p, mass}, {d},
                         range);
    };
    const auto leap = [&](ValueId at, ValueId p) {
      const ValueId middle = kick(p, at, false, {"p_half", "kicked"});
      const ValueId moved = drift(at, middle);
      return Ids{moved, kick(middle, moved, false, {"p_next", "p_new"})};
    };
    const std::vector<Idiom::Carry> carries = {{{"q", "x"}, q, range, {"q_final", "position"}},
                                               {{"p", "v"}, p0, {-3, 3}, {"p_final", "momentum"}}};
    Ids ends;
    if (i.chance(0.35)) {
      const auto out = i.scan(
          {"leapfrog_step", "leap"}, carries, {}, {{"path", "trajectory"}},
          [&](const Ids& p) {
            const Ids next = leap(p[0], p[1]);
            return Ids{next[0], next[1], next[0]};
          },
          "", steps);
      ends = out.final;
    } else {
      ends = i.fori(0, steps, {"leapfrog_step", "leap"}, carries,
                    [&](const Ids& p) { return leap(p[1], p[2]); });
    }
    if (i.chance(0.5) && mass == kNoValue) {
      const auto energy = [&](ValueId at, ValueId p, const Words& names) {
        return i.let(names, "$f0($0) + 0.5 * jnp.sum($1**2)", {at, p},
                     std::vector<BodyId>{potential}, Type{i.real(), {}}, {0, 8});
      };
      const ValueId last = energy(ends[0], ends[1], {"energy_end", "h_new"});
      const bool alone = i.chance(0.4);
      i.summary(alone ? "Give the energy at the end of a leapfrog trajectory."
                      : "Give the energies at both ends of a leapfrog trajectory.");
      if (alone) return;
      i.let({"energies", "total"}, "jnp.stack([$0, $1])",
            {energy(q, p0, {"energy_start", "h_old"}), last}, {2}, {0, 8});
    }
  });
}

// Sweeps of Gibbs sampling or of mean-field updates for spins on a grid, even and odd sites in
// turn.
Op ising_sweep() {
  return idiom("ising_sweep", kLoop, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t rows = std::max<std::int64_t>(4, i.size()),
                       cols = std::max<std::int64_t>(4, i.size()), sweeps = i.between(2, 5);
    const Shape grid = {rows, cols};
    const bool mean_field = i.chance(0.4), open = i.chance(0.3);
    const double beta = i.number({0.3, 0.44, 0.5, 0.2});
    const ValueId field = i.input({"field", "bias", "external_field"}, grid, {-1, 1});
    i.called(mean_field ? Words{"mean_field_ising", "variational_spins"}
                        : Words{"gibbs_sweep", "ising_gibbs", "sample_spins"});
    i.summary(mean_field ? "Update the mean field of an Ising model on a grid."
                         : "Sample the spins of an Ising model by checkerboard Gibbs sweeps.");
    const ValueId parity =
        i.let({"parity", "color"},
              i.either({fmt::format("jnp.indices(({}, {})).sum(axis=0) % 2", rows, cols),
                        fmt::format("(jnp.arange({})[:, None] + jnp.arange({})) % 2", rows, cols)}),
              {}, counts(i, grid), {0, 1});
    const ValueId uniforms =
        mean_field ? kNoValue : i.input({"uniforms", "thresholds"}, {sweeps, rows, cols}, {0, 1});
    const ValueId start = i.let({"spins", "initial"}, mean_field ? "jnp.tanh($0)" : "jnp.sign($0)",
                                {field}, grid, {-1, 1});
    const auto local = [&](ValueId s) {
      if (open) {
        const ValueId padded =
            i.let({"padded", "framed"}, "jnp.pad($0, 1)", {s}, {rows + 2, cols + 2}, {-1, 1});
        return i.let({"neighbors", "around"},
                     "$0[:-2, 1:-1] + $0[2:, 1:-1] + $0[1:-1, :-2] + $0[1:-1, 2:]", {padded}, grid,
                     {-4, 4});
      }
      const ValueId rows_around =
          i.let({"vertical", "above_below"}, "jnp.roll($0, 1, axis=0) + jnp.roll($0, -1, axis=0)",
                {s}, grid, {-2, 2});
      return i.let({"neighbors", "around"},
                   "$0 + jnp.roll($1, 1, axis=1) + jnp.roll($1, -1, axis=1)", {rows_around, s},
                   grid, {-4, 4});
    };
    const auto update = [&](ValueId s, ValueId u, int color) {
      const ValueId h = i.let({"local", "drive"}, fmt::format("{} * $0 + $1", Idiom::text(beta)),
                              {local(s), field}, grid, {-3, 3});
      const ValueId fresh =
          mean_field
              ? i.let({"fresh", "expected"}, "jnp.tanh($0)", {h}, grid, {-1, 1})
              : i.let({"fresh", "flipped"},
                      i.either(
                          {"jnp.sign(jax.nn.sigmoid(2.0 * $0) - $1)",
                           "jnp.where($1 < jax.nn.sigmoid(2.0 * $0), 1.0, -1.0).astype($1.dtype)"}),
                      {h, u}, grid, {-1, 1});
      return i.let({"spins_next", "updated"}, fmt::format("jnp.where($0 == {}, $1, $2)", color),
                   {parity, fresh, s}, grid, {-1, 1});
    };
    const std::vector<Idiom::Carry> carry = {{{"s", "spins"}, start, {-1, 1}, {"spins", "final"}}};
    ValueId out = kNoValue;
    if (mean_field) {
      out = i.fori(0, sweeps, {"sweep", "update"}, carry, [&](const Ids& p) {
        const ValueId even = update(p[1], kNoValue, 0);
        return Ids{update(even, kNoValue, 1)};
      })[0];
    } else {
      out =
          i.scan({"sweep", "gibbs"}, carry, {{{"u", "uniform"}, uniforms}}, {}, [&](const Ids& p) {
             const ValueId even = update(p[0], p[1], 0);
             return Ids{update(even, p[1], 1)};
           }).final[0];
    }
    if (mean_field && i.chance(0.5))
      i.let({"magnetization", "order"}, i.either({"jnp.mean($0)", "$0.mean()"}), {out}, Shape{},
            {-1, 1});
  });
}

// The weights that logarithms stand for, with the sum one.
ValueId shares(Idiom& i, ValueId logw) {
  return i.let({"weights", "probs"},
               i.either({"jax.nn.softmax($0)", "jnp.exp($0 - jax.nn.logsumexp($0))"}), {logw},
               i.shape(logw), {0, 1});
}

// Particles drawn anew by their weights: systematic or stratified places on the cumulated weights,
// and what the filter knows before that.
Op resample_particles() {
  return idiom("resample_particles", kIndexing, 1.2, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(9, i.size()), d = i.between(1, 3);
    const bool flat = d == 1, stratified = i.chance(0.4), observes = i.chance(0.5);
    const Shape all = flat ? Shape{n} : Shape{n, d};
    const Interval range{-3, 3};
    const ValueId particles = i.input({"particles", "samples", "states"}, all, range);
    i.called(
        {stratified ? "stratified_resample" : "systematic_resample", "resample", "filter_step"});
    i.summary("Resample particles in proportion to their weights.");
    ValueId logw = i.input({"log_weights", "logw"}, {n}, {-2, 1});
    if (observes) {
      const ValueId seen =
          i.input({"observation", "y", "measured"}, flat ? Shape{} : Shape{d}, {-2, 2});
      i.summary("Weigh particles by an observation and resample them.");
      logw = i.let({"log_weights", "updated"},
                   flat ? i.either({"$0 - 0.5 * ($1 - $2) ** 2", "$0 - 0.5 * jnp.square($2 - $1)"})
                        : "$0 - 0.5 * jnp.sum(($1 - $2) ** 2, axis=-1)",
                   {logw, particles, seen}, {n}, {-12, 1});
    }
    const ValueId u = stratified ? i.input({"uniforms", "offsets", "u"}, Shape{n}, {0.02, 0.98})
                                 : i.input({"offset", "u", "start"}, Shape{}, {0.02, 0.98});
    const ValueId weights = shares(i, logw);
    const ValueId total = i.let({"cumulative", "cdf"}, i.either({"jnp.cumsum($0)", "$0.cumsum()"}),
                                {weights}, {n}, {0, 1});
    const ValueId place = i.let({"positions", "grid"},
                                fmt::format("(jnp.arange({0}) + $0) / {0}", n), {u}, {n}, {0, 1});
    const ValueId index =
        i.let({"ancestors", "index"},
              i.either({"jnp.searchsorted($0, $1)", "jnp.searchsorted($0, $1, side=\"right\")"}),
              {total, place}, Type{DType::kI32, {n}}, {0, static_cast<double>(n)});
    const ValueId chosen = i.let({"resampled", "offspring"},
                                 i.either({"$0[$1]", "jnp.take($0, $1, axis=0, mode=\"clip\")"}),
                                 {particles, index}, all, range);
    if (i.chance(0.4)) {
      const double size = i.number({0.1, 0.2, 0.3});
      i.comment("A little noise keeps copies of a particle apart.");
      const ValueId noise = i.input({"noise", "jitter"}, all, {-1, 1});
      i.let({"moved", "jittered"}, fmt::format("$0 + {} * $1", Idiom::text(size)), {chosen, noise},
            all, range);
    }
    if (!i.chance(0.3)) return;
    i.summary("Resample particles, and give the effective size of what they were drawn from.");
    i.let({"effective_size", "ess"}, i.either({"1.0 / jnp.sum($0**2)", "1.0 / jnp.dot($0, $0)"}),
          {weights}, Shape{}, {1, 9});
  });
}

// A filter that resamples where few particles carry the weight, by a branch.
Op resample_if_needed() {
  return idiom("resample_if_needed", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(5, i.size());
    const Interval range{-3, 3};
    const ValueId particles = i.input({"particles", "samples", "states"}, {n}, range);
    const ValueId logw = i.input({"log_weights", "logw"}, {n}, {-3, 1});
    const ValueId u = i.input({"uniforms", "offsets"}, {n}, {0.02, 0.98});
    i.called({"resample_if_needed", "adaptive_resample", "maybe_resample"});
    i.summary("Resample particles only where the effective sample size is low.");
    const ValueId weights = shares(i, logw);
    const ValueId ess = i.let(
        {"ess", "effective_size"},
        i.either({"1.0 / jnp.sum($0**2)", "1.0 / jnp.sum(jnp.square($0))", "1.0 / ($0 @ $0)"}),
        {weights}, Shape{}, {1, static_cast<double>(n)});
    const double share = i.number({0.5, 0.6, 0.7, 0.8});
    const ValueId low =
        i.let({"degenerate", "too_few"},
              fmt::format(fmt::runtime(i.either({"$0 < {} * {}", "$0 / {1} < {0}"})),
                          Idiom::text(share), n),
              {ess}, flags({}), {0, 1});
    const std::vector<Idiom::Part> parameters = {{{"x", "cloud"}, {i.real(), {n}}, range},
                                                 {{"w", "mass"}, {i.real(), {n}}, {0, 1}}};
    i.cond(
        low, {particles, weights}, parameters, {"resample", "renew"},
        [&](const Ids& p) {
          const ValueId at =
              i.let({"grid", "positions"}, fmt::format("(jnp.arange({0}) + $0) / {0}", n), {u}, {n},
                    {0, 1});
          const ValueId index =
              i.let({"ancestors", "index"}, "jnp.searchsorted(jnp.cumsum($0), $1)", {p[1], at},
                    Type{DType::kI32, {n}}, {0, static_cast<double>(n)});
          const ValueId fresh =
              i.let({"fresh", "chosen"}, i.either({"$0[$1]", "jnp.take($0, $1, mode=\"clip\")"}),
                    {p[0], index}, {n}, range);
          return Ids{fresh, i.let({"equal"}, fmt::format("jnp.full_like($0, 1.0 / {})", n), {p[1]},
                                  {n}, {0, 1})};
        },
        {"carry_on", "keep"}, [](const Ids& p) { return p; },
        {{{"cloud_next", "particles_next"}, {i.real(), {n}}, range},
         {{"weights_next", "mass_next"}, {i.real(), {n}}, {0, 1}}});
  });
}

ValueId keep_best(Idiom& i, ValueId logits, const std::string& never) {
  const Shape all = i.shape(logits), one = i.with_last(logits, 1);
  const std::int64_t vocab = i.dim(logits, -1);
  const std::int64_t k = i.between(2, 5);
  i.called({"top_k_filter", "keep_top_k", "restrict_to_top_k"});
  i.summary(fmt::format("Keep the {} largest logits.", k));
  const ValueId least =
      i.let({"threshold", "kth_best"},
            i.either({fmt::format("lax.top_k($0, {})[0][..., -1:]", k),
                      fmt::format("jnp.sort($0, axis=-1)[..., {}:{}]", vocab - k, vocab - k + 1)}),
            {logits}, one, {-4, 8});
  return i.let(
      {"filtered", "kept"},
      i.either({"jnp.where($0 < $1, " + never + ", $0)", "jnp.where($0 >= $1, $0, " + never + ")"}),
      {logits, least}, all, {-8, 8});
}

ValueId keep_nucleus(Idiom& i, ValueId logits, const std::string& never) {
  const Shape all = i.shape(logits), one = i.with_last(logits, 1);
  const std::string p = i.either({"0.9", "0.8", "0.6", "0.95"});
  i.called({"top_p_filter", "nucleus_filter", "restrict_to_nucleus"});
  i.summary("Keep the fewest logits that hold most of the probability.");
  const ValueId sorted = i.let(
      {"ordered", "sorted_logits"},
      i.either({"jnp.sort($0, axis=-1)[..., ::-1]", "jnp.sort($0, axis=-1, descending=True)"}),
      {logits}, all, {-8, 8});
  const ValueId probs =
      i.let({"sorted_probs", "mass"}, "jax.nn.softmax($0, axis=-1)", {sorted}, all, {0, 1});
  i.comment("The first token that passes the limit is kept as well.");
  const ValueId before =
      i.let({"before", "mass_above"}, "jnp.cumsum($0, axis=-1) - $0", {probs}, all, {0, 1});
  const ValueId least =
      i.let({"threshold", "cutoff"},
            "jnp.min(jnp.where($0 < " + p + ", $1, jnp.inf), axis=-1, keepdims=True)",
            {before, sorted}, one, {-4, 6});
  return i.let({"filtered", "kept"}, "jnp.where($0 < $1, " + never + ", $0)", {logits, least}, all,
               {-8, 8});
}

ValueId drop_unlikely(Idiom& i, ValueId logits, const std::string& never) {
  const Shape all = i.shape(logits), one = i.with_last(logits, 1);
  const std::string p = i.either({"0.1", "0.05", "0.2"});
  i.called({"min_p_filter", "drop_unlikely", "keep_plausible"});
  i.summary("Drop the logits whose probability is far below the largest.");
  const ValueId probs =
      i.let({"probs", "mass"}, "jax.nn.softmax($0, axis=-1)", {logits}, all, {0, 1});
  const ValueId limit = i.let({"limit", "floor"}, p + " * " + "jnp.max($0, axis=-1, keepdims=True)",
                              {probs}, one, {0, 0.2});
  return i.let({"filtered", "kept"}, "jnp.where($0 < $1, " + never + ", $2)",
               {probs, limit, logits}, all, {-8, 8});
}

// Next-token distributions as decoders shape them: temperature, the k best, the nucleus, a floor;
// then probabilities or a token by the Gumbel trick.
Op filter_logits() {
  return idiom("filter_logits", kIndexing, 1.2, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool batch = i.chance(0.6);
    const std::int64_t vocab = i.between(6, 16), rows = std::max<std::int64_t>(5, i.size());
    const Shape all = batch ? Shape{rows, vocab} : Shape{vocab};
    ValueId logits = i.input({"logits", "scores"}, all, {-2.5, 2.5});
    const std::string never = i.either({"-jnp.inf", "-1e9", "-1e30"});
    bool heated = false;
    if (i.chance(0.5)) {
      const std::string t = i.either({"0.7", "0.8", "0.5", "1.3"});
      logits = i.let({"scaled", "tempered"}, "$0 / " + t, {logits}, all, {-8, 8});
    } else if (i.chance(0.4)) {
      heated = true;
      const ValueId t = i.input({"temperature", "tau"}, batch ? Shape{rows, 1} : Shape{}, {0.4, 2});
      logits = i.let({"scaled", "tempered"}, "$0 / $1", {logits, t}, all, {-8, 8});
    }
    static const std::vector<ValueId (*)(Idiom&, ValueId, const std::string&)> kFilters = {
        keep_best, keep_nucleus, drop_unlikely};
    const ValueId kept = i.random().pick(kFilters)(i, logits, never);
    set_apart(i, kept);  // no number for others
    const Shape tokens = batch ? Shape{rows} : Shape{};
    const ValueId probs =
        i.let({"probs", "weights"}, "jax.nn.softmax($0, axis=-1)", {kept}, all, {0, 1});
    if (batch && i.chance(0.55)) {
      i.summary("Sample tokens from logits that have been filtered.");
      const double top = static_cast<double>(vocab - 1);
      const Type token = counts(i, tokens);
      ValueId sampled = kNoValue;
      if (i.chance(0.5)) {
        const ValueId u = i.input({"uniforms", "u"}, all, {0.02, 0.98});
        const ValueId gumbel =
            i.let({"gumbel", "noise"}, "-jnp.log(-jnp.log($0))", {u}, all, {-1.5, 4});
        sampled = i.let({"tokens", "sampled"}, "jnp.argmax(jnp.log($0) + $1, axis=-1)",
                        {probs, gumbel}, token, {0, top});
      } else {
        const ValueId u = i.input({"uniforms", "u"}, {rows, 1}, {0.02, 0.98});
        const ValueId cdf =
            i.let({"cdf", "cumulative"}, "jnp.cumsum($0, axis=-1)", {probs}, all, {0, 1});
        sampled = i.let(
            {"tokens", "sampled"},
            fmt::format(fmt::runtime(i.either({"jnp.minimum(jnp.sum($0 < $1, axis=-1), {})",
                                               "jnp.clip(jnp.sum($0 <= $1, axis=-1), 0, {})"})),
                        vocab - 1),
            {cdf, u}, token, {0, top});
      }
      // The temperature alone may change no token, but it changes how likely they are.
      if (heated || i.chance(0.3))
        i.let({"chosen_probs", "token_probs"},
              i.either({"jnp.take_along_axis($0, $1[:, None], axis=1)[:, 0]",
                        "$0[jnp.arange($0.shape[0]), $1]"}),
              {probs, sampled}, tokens, {0, 1});
    }
  });
}

// The next message of a pass, not yet scaled: of the last one, the weights of an observation and
// the transitions.
ValueId hmm_message(Idiom& i, ValueId a, ValueId w, ValueId move, bool logs, bool backward) {
  const Shape row = i.shape(a);
  const Interval range = logs ? Interval{-40, 0} : Interval{0, 1};
  if (backward) {
    const ValueId with =
        i.let({"with_obs", "joint"}, logs ? "$0 + $1" : "$0 * $1", {a, w}, row, range);
    return logs ? i.let({"beta_prev", "message"}, "jax.nn.logsumexp($0 + $1, axis=1)", {move, with},
                        row, range)
                : i.let({"unscaled", "message"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                        {move, with}, row, range);
  }
  if (logs) {
    const ValueId moved = i.let({"predicted", "moved"},
                                i.either({"jax.nn.logsumexp($0[:, None] + $1, axis=0)",
                                          "jax.nn.logsumexp($0 + $1.T, axis=1)"}),
                                {a, move}, row, range);
    return i.let({"alpha_next", "updated"}, i.either({"$0 + $1", "$1 + $0"}), {moved, w}, row,
                 range);
  }
  const ValueId moved =
      i.let({"predicted", "moved"}, i.either({"$0 @ $1", "$1.T @ $0"}), {a, move}, row, range);
  return i.let({"unscaled", "updated"}, i.either({"$0 * $1", "$1 * $0"}), {moved, w}, row, range);
}

// The forward or backward pass of a hidden Markov model, scaled or in log space, with what it says
// of the states or of the evidence.
Op hmm_forward() {
  return idiom("hmm_forward", kLoop, 1.2, kSmooth, [](Idiom& i) {
    const std::int64_t steps = std::max<std::int64_t>(4, i.size()), states = i.between(2, 5);
    const bool logs = i.chance(0.5), backward = i.chance(0.25);
    // What scales messages backwards is not the evidence: the first state is missing there.
    const bool keep = i.chance(0.6) || backward;
    const Shape row = {states};
    const ValueId logits = i.input({"transition_logits", "transitions"}, {states, states}, {-2, 2});
    const ValueId seen =
        i.input({"log_likelihoods", "log_obs", "emissions"}, {steps, states}, {-3, 0});
    const ValueId first =
        backward ? kNoValue : i.input({"initial_logits", "prior_logits"}, row, {-1, 1});
    i.called(backward ? Words{"hmm_backward", "backward_messages"}
                      : Words{"hmm_forward", "forward_filter", "filter_states"});
    i.summary(backward ? "Pass messages backwards through a hidden Markov model."
                       : "Filter the states of a hidden Markov model.");
    const Interval range = logs ? Interval{-40, 0} : Interval{0, 1};
    const ValueId move =
        i.let({logs ? "log_trans" : "trans", "transition"},
              logs ? "jax.nn.log_softmax($0, axis=-1)" : "jax.nn.softmax($0, axis=-1)", {logits},
              {states, states}, logs ? Interval{-4, 0} : Interval{0, 1});
    const ValueId start =
        backward
            ? i.let({"beta", "message"},
                    logs ? fmt::format("jnp.zeros({}, $0.dtype)", states)
                         : fmt::format("jnp.full({0}, 1.0 / {0}, $0.dtype)", states),
                    {move}, row, range)
            : i.let({"alpha", "belief"}, logs ? "jax.nn.log_softmax($0)" : "jax.nn.softmax($0)",
                    {first}, row, range);
    const ValueId weights =
        logs ? seen
             : i.let({"likelihoods", "obs"}, "jnp.exp($0)", {seen}, {steps, states}, {0.05, 1});
    const auto out = i.scan(
        {backward ? "backward_step" : "forward_step", "step"},
        {{{backward ? "beta" : "alpha", "belief"},
          start,
          range,
          keep ? Words{} : Words{"last", "final"}}},
        {{{"obs_t", "likelihood"}, weights}},
        keep ? std::vector<Words>{{logs ? "messages" : "beliefs", "filtered"}}
             : std::vector<Words>{{"norms", "scales"}},
        [&](const Ids& p) {
          const ValueId next = hmm_message(i, p[0], p[1], move, logs, backward);
          const ValueId norm =
              logs ? i.let({"norm", "total"}, "jax.nn.logsumexp($0)", {next}, Shape{}, {-40, 0})
                   : i.let({"norm", "total"}, i.either({"jnp.sum($0)", "$0.sum()"}), {next},
                           Shape{}, {0, 1});
          const ValueId scaled = i.let({"normalized", "belief_next"}, logs ? "$0 - $1" : "$0 / $1",
                                       {next, norm}, row, range);
          if (keep) return Ids{scaled, scaled};
          return Ids{scaled, norm};
        },
        backward ? "reverse=True" : "");
    if (!keep)
      i.let({"log_evidence", "log_likelihood"},
            logs ? i.either({"jnp.sum($0)", "$0.sum()"})
                 : i.either({"jnp.sum(jnp.log($0))", "jnp.log($0).sum()"}),
            {out.stacked[0]}, Shape{}, {-50, 0});
    else if (logs && i.chance(0.6))
      i.let({"probabilities", "beliefs"}, "jnp.exp($0)", {out.stacked[0]}, {steps, states}, {0, 1});
  });
}

// The likeliest path through a hidden Markov model: best scores forwards with pointers, then back.
Op viterbi() {
  return idiom("viterbi", kLoop, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = std::max<std::int64_t>(5, i.size()), states = i.between(2, 5);
    const Interval range{-40, 4};
    const double top = static_cast<double>(states - 1);
    const ValueId move =
        i.input({"log_transitions", "transitions", "scores"}, {states, states}, {-2, 0});
    const ValueId seen = i.input({"log_obs", "emissions", "unaries"}, {steps, states}, {-3, 0});
    i.called({"viterbi", "decode_path", "best_path"});
    i.summary("Decode the likeliest path of states.");
    i.summary("Find the best path through a chain of scores.");
    const ValueId first = i.let({"score", "first"}, "$0[0]", {seen}, {states}, {-3, 0});
    const ValueId rest = i.let({"rest", "later"}, "$0[1:]", {seen}, {steps - 1, states}, {-3, 0});
    const bool by_target = i.chance(0.5);
    const auto forward = i.scan(
        {"best_step", "extend"}, {{{"score", "best"}, first, range, {"score_end", "best_end"}}},
        {{{"obs_t", "emission"}, rest}}, {{"pointers", "back"}}, [&](const Ids& p) {
          const ValueId all = i.let({"options", "candidates"},
                                    by_target ? "$0[None, :] + $1.T" : "$0[:, None] + $1",
                                    {p[0], move}, {states, states}, range);
          const std::string axis = by_target ? "1" : "0";
          const ValueId from = i.let({"from_state", "parent"}, "jnp.argmax($0, axis=" + axis + ")",
                                     {all}, counts(i, {states}), {0, top});
          const ValueId best =
              i.let({"reached", "top"}, "jnp.max($0, axis=" + axis + ")", {all}, {states}, range);
          return Ids{i.let({"score_next"}, "$0 + $1", {best, p[1]}, {states}, range), from};
        });
    const ValueId last = i.let({"last", "end"}, i.either({"jnp.argmax($0)", "$0.argmax()"}),
                               {forward.final[0]}, counts(i, {}), {0, top});
    const auto back = i.scan(
        {"trace_back", "follow"}, {{{"state", "at"}, last, {0, top}, {"first_state", "origin"}}},
        {{{"pointer", "parents"}, forward.stacked[0]}}, {{"path", "later_states"}},
        [&](const Ids& p) {
          return Ids{i.let({"previous"}, "$0[$1]", {p[1], p[0]}, counts(i, {}), {0, top}), p[0]};
        },
        "reverse=True");
    i.let(
        {"path", "states"},
        i.either({"jnp.concatenate([$0[None], $1])", "jnp.append($0, $1)", "jnp.hstack([$0, $1])"}),
        {back.final[0], back.stacked[0]}, counts(i, {steps}), {0, top});
    i.let({"best_score", "log_prob"}, i.either({"jnp.max($0)", "$0.max()"}), {forward.final[0]},
          Shape{}, range);
  });
}

}  // namespace

std::vector<Op> sampling_idioms() {
  return {hamiltonian_steps(),
          ising_sweep(),
          resample_particles(),
          resample_if_needed(),
          filter_logits(),
          hmm_forward(),
          viterbi()};
}

}  // namespace jaxsmith::plan
