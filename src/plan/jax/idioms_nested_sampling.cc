// Chains, restarts and particles: inner moves within outer ones, accepted or not.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Bodies = std::vector<BodyId>;

constexpr Interval kPlace{-3, 3};
constexpr Interval kEnergy{-5, 20};

struct Target {
  std::string says;
  Words forms;  // the energy of a point, or a log density
};

const std::vector<Target>& targets() {
  static const std::vector<Target> kAll = {
      {"a double well",
       {"jnp.sum(0.25 * ($0**2 - 1.0) ** 2)", "0.25 * jnp.sum(jnp.square($0**2 - 1.0))"}},
      {"a heavy-tailed law",
       {"1.5 * jnp.sum(jnp.log(1.0 + 0.5 * $0**2))", "jnp.sum(1.5 * jnp.log1p(0.5 * $0**2))"}},
      {"a correlated normal law",
       {"0.5 * jnp.sum($0**2) + 0.4 * jnp.sum($0[1:] * $0[:-1])",
        "0.5 * ($0 @ $0 + 0.5 * jnp.sum($0[1:] * $0[:-1]))"}},
      {"a rippled bowl",
       {"jnp.sum(0.5 * $0**2 + 0.4 * jnp.cos(3.0 * $0))",
        "0.5 * jnp.sum($0**2) + 0.2 * jnp.sum(jnp.cos(4.0 * $0))"}}};
  return kAll;
}

// energy(x), at the top of the module.
BodyId energy_of(Idiom& i, const Target& target, const Shape& shape, Words names) {
  return i.helper(
      std::move(names), "Energy of " + target.says + ".", {{{"x", "q"}, {i.real(), shape}, kPlace}},
      [&](const Ids& p) {
        return Ids{i.let({"energy", "value"}, i.either(target.forms), p, Shape{}, kEnergy)};
      });
}

ValueId energy_at(Idiom& i, BodyId energy, Words names, ValueId x) {
  return i.call(std::move(names), energy, {x}, scalar(i), kEnergy);
}

// Hamiltonian Monte Carlo: trajectories of leapfrog steps, each taken or thrown away.
struct Hamiltonian {
  Idiom& i;
  Type point;
  std::int64_t leaps;
  BodyId energy;
  std::string dt, half;
  bool logs, rate;

  ValueId force(ValueId at) const;
  ValueId total(const Words& names, ValueId q, ValueId p) const;
  // Where a trajectory ends, and its momentum there.
  Ids trajectory(ValueId q, ValueId p) const;
  // The next point, what the chain keeps of it, and the chance that it was taken with.
  Ids step(ValueId q, ValueId p, ValueId u) const;
  Idiom::ScanResult chain(ValueId q0, ValueId ps, ValueId us) const;
};

ValueId Hamiltonian::force(ValueId at) const {
  return i.let({"grad_q", "slope"}, "jax.grad($f0)($0)", {at}, Bodies{energy}, point, {-8, 8});
}

ValueId Hamiltonian::total(const Words& names, ValueId q, ValueId p) const {
  return i.let(names, i.chance(0.5) ? "$f0($0) + 0.5 * jnp.sum($1**2)" : "$f0($0) + 0.5 * $1 @ $1",
               {q, p}, Bodies{energy}, scalar(i), kEnergy);
}

Ids Hamiltonian::trajectory(ValueId q, ValueId p) const {
  const ValueId first =
      i.let({"p_half", "kicked"}, "$0 - " + half + " * $1", {p, force(q)}, point, kPlace);
  const Ids ends = i.fori(
      0, leaps, {"leapfrog", "leap"},
      {{{"q", "x"}, q, kPlace, {"q_new", "proposal"}}, {{"p", "v"}, first, kPlace, {"p_end"}}},
      [&](const Ids& r) {
        const ValueId moved =
            i.let({"q_next", "drifted"}, "$0 + " + dt + " * $1", {r[1], r[2]}, point, kPlace);
        return Ids{moved,
                   i.let({"p_next"}, "$0 - " + dt + " * $1", {r[2], force(moved)}, point, kPlace)};
      });
  i.comment("The last kick was half a step too long.");
  return Ids{ends[0],
             i.let({"p_new"}, "$0 + " + half + " * $1", {ends[1], force(ends[0])}, point, kPlace)};
}

Ids Hamiltonian::step(ValueId q, ValueId p, ValueId u) const {
  const Ids end = trajectory(q, p);
  const ValueId before = total({"h_old", "before"}, q, p);
  const ValueId after = total({"h_new", "after"}, end[0], end[1]);
  const ValueId odds =
      i.let({"odds", "accept_prob"},
            logs ? "jnp.exp(jnp.minimum($0 - $1, 0.0))" : "jnp.minimum(1.0, jnp.exp($0 - $1))",
            {before, after}, scalar(i), {0, 1});
  const ValueId accept = i.let({"accept", "taken"}, "$0 < $1", {u, odds}, flags({}), {0, 1});
  const ValueId next = branch(
      i, accept, {q, end[0]}, {{{"old", "here"}, point, kPlace}, {{"new", "there"}, point, kPlace}},
      {"move", "take"}, [](const Ids& s) { return Ids{s[1]}; }, {"stay", "keep"},
      [](const Ids& s) { return Ids{s[0]}; }, {{{"q_next", "settled"}, point, kPlace}})[0];
  return and_when(rate, {next, next}, odds);
}

Idiom::ScanResult Hamiltonian::chain(ValueId q0, ValueId ps, ValueId us) const {
  std::vector<Words> stacked = {{"samples", "chain"}};
  if (rate) stacked.push_back({"accept_probs", "odds_path"});
  return i.scan({"hmc_step", "transition"}, {{{"q", "state"}, q0, kPlace, {}}},
                {{{"p0", "momentum"}, ps}, {{"u", "luck"}, us}}, stacked,
                [&](const Ids& r) { return step(r[0], r[1], r[2]); });
}

Op hamiltonian_chain() {
  return idiom("hamiltonian_chain", kConditional, 0.8, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t d = i.between(2, 4), steps = few(i, 12, 9), leaps = i.between(2, 6);
    const Target target = i.random().pick(targets());
    const Type point{i.real(), {d}};
    const bool chains = i.chance(0.3);
    const std::int64_t count = i.between(2, 3);
    const Shape lead = chains ? Shape{count, steps} : Shape{steps};
    const auto under = [&](bool vector) {
      Shape shape = lead;
      if (vector) shape.push_back(d);
      return shape;
    };
    const ValueId start = i.argument({"q0", "start", "position"},
                                     {i.real(), chains ? Shape{count, d} : Shape{d}}, {-1.2, 1.2});
    const ValueId momenta =
        i.argument({"momenta", "kicks", "noise"}, {i.real(), under(true)}, {-2, 2});
    const ValueId u = i.argument({"uniforms", "u", "luck"}, {i.real(), under(false)}, {0.7, 1.0});
    i.called({"hmc_chain", "hamiltonian_monte_carlo", "sample_by_trajectories"});
    i.summary("Sample " + target.says + " by Hamiltonian trajectories that are accepted or not.");
    const std::string dt = i.setting({"step_size", "dt"}, {"0.7", "0.8", "0.6"});
    const std::string half = halved(dt);
    const bool logs = i.chance(0.6), rate = i.chance(0.75);
    const BodyId energy = energy_of(i, target, {d}, {"potential", "energy"});
    const Hamiltonian of{i, point, leaps, energy, dt, half, logs, rate};
    if (!chains) {
      const auto out = of.chain(start, momenta, u);
      if (rate) i.let({"rate", "acceptance"}, "jnp.mean($0)", {out.stacked[1]}, Shape{}, {0, 1});
      return;
    }
    std::vector<Words> results = {{"chains", "samples"}};
    if (rate) results.push_back({"acceptance", "rates"});
    mapped(i, {"run_chain", "one_chain"},
           {{{"q0", "start"}, start}, {{"ps", "momenta"}, momenta}, {{"us", "luck"}, u}}, results,
           [&](const Ids& q) {
             const auto out = of.chain(q[0], q[1], q[2]);
             if (!rate) return Ids{out.stacked[0]};
             return Ids{out.stacked[0], i.let({"rate", "share"}, "jnp.mean($0)", {out.stacked[1]},
                                              Shape{}, {0, 1})};
           });
  });
}

// Annealing from one start: moves that are accepted ever less freely.
struct Annealing {
  Idiom& i;
  std::int64_t steps, d;
  BodyId energy;
  bool remembers, linear, by_fori;
  std::string hot, cool;

  Type point() const { return {i.real(), {d}}; }
  // The point and its energy (and the best of both), then the sum of chances, after one more move.
  Ids step(const Ids& p, ValueId kick, ValueId u, ValueId t) const;
  std::vector<Idiom::Carry> start(ValueId x) const;
  // Where a run ends or was best, its energy and the mean chance.
  Ids run(ValueId x, ValueId path, ValueId us) const;
};

Ids Annealing::step(const Ids& p, ValueId kick, ValueId u, ValueId t) const {
  const Type one = scalar(i);
  const ValueId trial = i.let({"trial", "proposal"}, "$0 + $1", {p[0], kick}, point(), kPlace);
  const ValueId there = energy_at(i, energy, {"e_trial", "there"}, trial);
  const ValueId odds = i.let({"odds", "prob"},
                             i.either({"jnp.minimum(1.0, jnp.exp(($0 - $1) / $2))",
                                       "jnp.exp(jnp.minimum(($0 - $1) / $2, 0.0))"}),
                             {p[1], there, t}, one, {0, 1});
  const ValueId taken =
      i.let({"accept", "taken"}, i.either({"$0 < $1", "$1 > $0"}), {u, odds}, flags({}), {0, 1});
  Ids next = branch(
      i, taken, {p[0], p[1], trial, there},
      {{{"a", "here"}, point(), kPlace},
       {{"ea", "e_here"}, one, kEnergy},
       {{"b", "ahead"}, point(), kPlace},
       {{"eb", "e_ahead"}, one, kEnergy}},
      {"move", "accept"}, [](const Ids& q) { return Ids{q[2], q[3]}; }, {"stay", "reject"},
      [](const Ids& q) { return Ids{q[0], q[1]}; },
      {{{"x_next"}, point(), kPlace}, {{"e_next"}, one, kEnergy}});
  if (remembers) {
    const ValueId lower = i.let({"lower", "record"}, "$0 < $1", {next[1], p[3]}, flags({}), {0, 1});
    const Ids kept = i.cond(
        lower, {}, {}, {"remember"}, [&](const Ids&) { return Ids{next[0], next[1]}; },
        {"keep_best"}, [&](const Ids&) { return Ids{p[2], p[3]}; },
        {{{"best_next"}, point(), kPlace}, {{"lowest_next"}, one, kEnergy}});
    next.insert(next.end(), kept.begin(), kept.end());
  }
  const ValueId sum = p[remembers ? 4 : 2];
  return and_when(true, next, i.let({"chances_next"}, "$0 + $1", {sum, odds}, one, below(steps)));
}

std::vector<Idiom::Carry> Annealing::start(ValueId x) const {
  const ValueId first = energy_at(i, energy, {"e0", "start_energy"}, x);
  std::vector<Idiom::Carry> carries = {
      {{"x", "state"}, x, kPlace, remembers ? Words{} : Words{"x_end", "found"}},
      {{"e", "energy"}, first, kEnergy, remembers ? Words{} : Words{"e_end"}}};
  if (remembers) {
    carries.push_back({{"x_best", "best"}, x, kPlace, {"best_x"}});
    carries.push_back({{"e_best", "lowest"}, first, kEnergy, {"best_e"}});
  }
  const ValueId none = zero_like(i, {"no_chances", "chances0"}, first, below(steps));
  carries.push_back({{"chances", "odds_sum"}, none, below(steps), {"all_chances"}});
  return carries;
}

Ids Annealing::run(ValueId x, ValueId path, ValueId us) const {
  const Type one = scalar(i);
  const std::vector<Idiom::Carry> carries = start(x);
  Ids out;
  if (by_fori) {
    out = i.fori(0, steps, {"cool_step", "step"}, carries, [&](const Ids& p) {
      const ValueId kick = i.let({"kick", "move_k"}, "$0[$1]", {path, p[0]}, point(), {-1, 1});
      const ValueId u = i.let({"u", "coin"}, "$0[$1]", {us, p[0]}, one, {0, 1});
      const ValueId t = i.let({"temp", "t"},
                              linear ? hot + fmt::format(" * (1.0 - $0 / {}.0)", steps + 1)
                                     : hot + " * " + cool + " ** $0",
                              {p[0]}, one, {0.05, 2});
      return step({p.begin() + 1, p.end()}, kick, u, t);
    });
  } else {
    const ValueId temps =
        i.let({"temps", "schedule"},
              hot + " * " + cool + fmt::format(" ** jnp.arange({}, dtype=$0.dtype)", steps), {us},
              Shape{steps}, {0.05, 2});
    const std::size_t at = carries.size();
    out = i.scan({"cool_step", "step"}, carries,
                 {{{"kick", "d"}, path}, {{"u", "coin"}, us}, {{"t", "temp"}, temps}}, {},
                 [&](const Ids& p) { return step(p, p[at], p[at + 1], p[at + 2]); })
              .final;
  }
  const ValueId mean = i.let({"mean_chance", "acceptance"}, fmt::format("$0 / {}", steps),
                             {out.back()}, one, {0, 1});
  return {out[remembers ? 2 : 0], out[remembers ? 3 : 1], mean};
}

// Annealing from several starts: where each ends, or the lowest of all.
Op anneal_restarts() {
  return idiom("anneal_restarts", kVectorization, 1.1, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t starts = i.between(2, 5), steps = few(i, 14, 8), d = i.between(2, 3);
    const Target target = i.random().pick(targets());
    const ValueId x0 = i.argument({"starts", "x0", "inits"}, {i.real(), {starts, d}}, {-1.8, 1.8});
    const bool shared = i.chance(0.5);
    const ValueId moves =
        i.argument({"moves", "kicks", "proposals"},
                   {i.real(), shared ? Shape{steps, d} : Shape{starts, steps, d}}, {-1, 1});
    const ValueId luck =
        i.argument({"uniforms", "u", "luck"}, {i.real(), {starts, steps}}, {0.02, 0.98});
    i.called({"anneal_from_starts", "multistart_annealing", "anneal_restarts"});
    i.summary("Anneal from several starts on " + target.says +
              "; give where each ends and how freely it moved.");
    const bool remembers = i.chance(0.5), linear = i.chance(0.3), by_fori = i.chance(0.6);
    const std::string hot = i.setting({"t0", "first_temperature"}, {"1.0", "0.8", "0.6"});
    const std::string cool = i.either({"0.8", "0.85", "0.9"});
    const BodyId energy = energy_of(i, target, {d}, {"energy", "cost"});
    const Annealing of{i, steps, d, energy, remembers, linear, by_fori, hot, cool};
    std::vector<Idiom::Slice> over = {{{"start", "x_start"}, x0}};
    if (!shared) over.push_back({{"path", "kicks"}, moves});
    over.push_back({{"us", "coins"}, luck});
    const Ids ends =
        mapped(i, {"anneal_one", "run_once"}, over,
               {{"points", "ends"}, {"energies", "costs"}, {"mean_chances", "acceptance_rates"}},
               [&](const Ids& p) { return of.run(p[0], shared ? moves : p[1], p.back()); });
    if (i.chance(0.6)) return;
    const ValueId best = i.let({"winner", "best_run"}, i.either({"jnp.argmin($0)", "$0.argmin()"}),
                               {ends[1]}, counts(i, {}), {0, static_cast<double>(starts - 1)});
    i.let({"best_point", "found"}, "$0[$1]", {ends[0], best}, of.point(), kPlace);
    i.keep(ends[1]);
  });
}

// Which particle stands at each of evenly spaced levels: by a search or a walk along the weights.
ValueId parents_of(Idiom& i, bool walks, ValueId w, ValueId u) {
  const std::int64_t n = i.dim(w, 0);
  const Type cloud = i.type(w);
  const ValueId levels = i.let({"levels", "points"}, fmt::format("(jnp.arange({0}) + $0) / {0}", n),
                               {u}, cloud, {0, 1});
  const ValueId total = i.let({"cumulative", "cdf"}, "jnp.cumsum($0)", {w}, cloud, {0, 1});
  const Type index = counts(i, {});
  if (!walks)
    return i.let({"parents", "picked"},
                 i.either({fmt::format("jnp.minimum(jnp.searchsorted($0, $1), {})", n - 1),
                           fmt::format("jnp.clip(jnp.searchsorted($0, $1), 0, {})", n - 1)}),
                 {total, levels}, Type{DType::kI32, {n}}, {0, static_cast<double>(n - 1)});
  const ValueId zero = count_from(i, {"at0"}, 0, {0, static_cast<double>(n - 1)});
  return i
      .scan({"walk", "find_parent"}, {{{"at", "j"}, zero, {0, static_cast<double>(n - 1)}, {}}},
            {{{"level", "u"}, levels}}, {{"parents", "picked"}},
            [&](const Ids& p) {
              const ValueId at = i.while_loop(
                  {{{"j", "k"}, p[0], {0, static_cast<double>(n - 1)}, {"found"}}}, {"below_level"},
                  [&](const Ids& q) {
                    return Ids{i.let({"below"}, fmt::format("($0[$1] < $2) & ($1 < {})", n - 1),
                                     {total, q[0], p[1]}, flags({}), {0, 1})};
                  },
                  {"go_on"},
                  [&](const Ids& q) {
                    return Ids{i.let({"j_next"}, "$0 + 1", {q[0]}, index,
                                     {0, static_cast<double>(n - 1)})};
                  })[0];
              return Ids{at, at};
            })
      .stacked[0];
}

// A particle filter that resamples only where few particles carry the weight.
Op conditional_filter() {
  return idiom("conditional_filter", kConditional, 1.1, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 12, 5), steps = i.between(4, 8);
    const Type cloud{i.real(), {n}}, one = scalar(i);
    const Interval range{-4, 4}, logs{-20, 2};
    const ValueId x0 = i.argument({"particles", "cloud", "x0"}, cloud, {-2, 2});
    const ValueId noise =
        i.argument({"noise", "innovations", "eps"}, {i.real(), {steps, n}}, {-1, 1});
    const ValueId seen =
        i.argument({"observations", "measured", "y"}, {i.real(), {steps}}, {-1.5, 1.5});
    const ValueId offsets =
        i.argument({"offsets", "uniforms", "u"}, {i.real(), {steps}}, {0.05, 0.95});
    i.called({"particle_filter", "filter_and_resample", "bootstrap_filter"});
    i.summary(
        "Track a hidden state by particles that are resampled where their weights are uneven.");
    const std::string share = i.setting({"threshold", "min_share"}, {"0.7", "0.8", "0.6"});
    const std::string drift = i.either({"0.8 * $0 + 0.5 * $1", "$0 + 0.3 * jnp.sin($0) + 0.4 * $1",
                                        "0.9 * $0 + 0.3 * jnp.tanh(2.0 * $0) * $1 + 0.2 * $1"});
    const std::string miss = i.either(
        {"-2.0 * ($0 - $1) ** 2", "-1.5 * ($0 - $1) ** 2", "-3.0 * jnp.log1p(($0 - $1) ** 2)"});
    const bool walks = i.chance(0.5), ess = i.chance(0.4), variance = i.chance(0.4);
    const ValueId w0 = i.let({"log_w0", "even"},
                             i.either({"jnp.zeros_like($0)",
                                       fmt::format("jnp.full({0}, -jnp.log({0}.0), $0.dtype)", n)}),
                             {x0}, cloud, logs);
    std::vector<Words> stacked = {{"means", "estimates"}};
    if (variance) stacked.push_back({"variances", "spreads"});
    if (ess) stacked.push_back({"sizes", "ess_path"});
    i.scan(
        {"filter_step", "track"},
        {{{"x", "cloud"}, x0, range, {"last_cloud"}}, {{"log_w", "lw"}, w0, logs, {}}},
        {{{"eps", "kick"}, noise}, {{"y", "measured"}, seen}, {{"u", "offset"}, offsets}}, stacked,
        [&](const Ids& p) {
          const ValueId x = i.let({"moved", "x_pred"}, drift, {p[0], p[2]}, cloud, range);
          const ValueId raw =
              i.let({"raw", "scored"}, "$2 - " + miss.substr(1), {x, p[3], p[1]}, cloud, logs);
          const ValueId lw =
              i.let({"log_weights", "normalized"},
                    i.either({"$0 - jax.nn.logsumexp($0)", "jax.nn.log_softmax($0)"}), {raw}, cloud,
                    logs);
          const ValueId w = i.let({"w", "weights"}, "jnp.exp($0)", {lw}, cloud, {0, 1});
          const ValueId mean = i.let({"mean", "estimate"},
                                     i.either({"$0 @ $1", "jnp.sum($0 * $1)"}), {w, x}, one, range);
          const ValueId size =
              i.let({"ess", "effective"}, i.either({"1.0 / jnp.sum($0**2)", "1.0 / ($0 @ $0)"}),
                    {w}, one, {1, 12});
          const ValueId uneven =
              i.let({"uneven", "degenerate"}, "$0 < " + share + fmt::format(" * {}", n), {size},
                    flags({}), {0, 1});
          const Ids next = branch(
              i, uneven, {x, lw}, {{{"c", "here"}, cloud, range}, {{"l", "log_here"}, cloud, logs}},
              {"resample", "renew"},
              [&](const Ids& q) {
                const ValueId from = parents_of(i, walks, w, p[4]);
                const ValueId chosen =
                    i.let({"chosen", "copies"}, i.either({"$0[$1]", "jnp.take($0, $1)"}),
                          {q[0], from}, cloud, range);
                return Ids{chosen,
                           i.let({"even_again"}, "jnp.zeros_like($0)", {q[1]}, cloud, logs)};
              },
              {"keep_weights", "carry_on"}, [](const Ids& q) { return q; },
              {{{"x_next"}, cloud, range}, {{"lw_next"}, cloud, logs}});
          Ids out = {next[0], next[1], mean};
          if (variance)
            out.push_back(i.let({"variance"}, "$0 @ ($1 - $2) ** 2", {w, x, mean}, one, {0, 6}));
          return and_when(ess, out, size);
        });
  });
}

// Clusters of points around k centers.
struct Clusters {
  Idiom& i;
  std::int64_t k, d;
  ValueId x;
  bool soft, fixed;
  std::string tolerance, gap;

  ValueId gaps(ValueId c) const;
  ValueId improve(ValueId c) const;
  ValueId settle(ValueId start) const;
  ValueId spread_of(ValueId c) const;
};

ValueId Clusters::gaps(ValueId c) const {
  return i.let({"sq_dist", "d2"}, gap, {x, c}, Shape{i.dim(x, 0), k}, {0, 60});
}

ValueId Clusters::improve(ValueId c) const {
  const Type centres{i.real(), {k, d}};
  const Interval range{-3, 3};
  const std::int64_t n = i.dim(x, 0);
  const Type label = counts(i, {n});
  const Interval ids{0, static_cast<double>(k - 1)};
  const ValueId far = gaps(c);
  ValueId member;
  if (soft) {
    member =
        i.let({"share", "member"}, "jax.nn.softmax(-2.0 * $0, axis=1)", {far}, Shape{n, k}, {0, 1});
  } else {
    const ValueId near =
        i.let({"nearest", "assigned"}, i.either({"jnp.argmin($0, axis=1)", "$0.argmin(axis=-1)"}),
              {far}, label, ids);
    member = i.let({"member", "one_hot"}, fmt::format("jax.nn.one_hot($0, {}, dtype=$1.dtype)", k),
                   {near, x}, Shape{n, k}, {0, 1});
  }
  const ValueId size = i.let({"size", "mass"}, "jnp.sum($0, axis=0)", {member}, Shape{k}, {0, 16});
  const ValueId total =
      i.let({"total", "sums"}, i.either({"$0.T @ $1", "jnp.einsum(\"nk,nd->kd\", $0, $1)"}),
            {member, x}, centres, {-40, 40});
  if (soft) return i.let({"moved"}, "$0 / $1[:, None]", {total, size}, centres, range);
  i.comment("A center that nobody is near stays where it is.");
  return i.let({"moved"}, "jnp.where($0[:, None] > 0, $1 / jnp.maximum($0, 1.0)[:, None], $2)",
               {size, total, c}, centres, range);
}

ValueId Clusters::settle(ValueId start) const {
  const Interval range{-3, 3};
  const auto move = [&](ValueId c) { return improve(c); };
  if (fixed)
    return iterated(i, i.between(2, 3), {"lloyd_step", "move_centers"},
                    {{"c", "centers"}, start, range, {"settled"}}, move, 0.5);
  return until_settled(i, {tolerance, 3, 6}, {{{"c", "centers"}, start, range, {"settled"}}},
                       {"lloyd_step", "move_centers"}, [&](const Ids& p) {
                         const ValueId next = improve(p[0]);
                         return Ids{next, i.let({"moved_by"}, "jnp.max(jnp.abs($0 - $1))",
                                                {next, p[0]}, Shape{}, {0, 6})};
                       })[0];
}

ValueId Clusters::spread_of(ValueId c) const {
  const ValueId far = gaps(c);
  return i.let({"inertia", "spread"},
               i.either({"jnp.sum(jnp.min($0, axis=1))", "$0.min(axis=1).sum()"}), {far}, Shape{},
               {0, 90});
}

// Lloyd's clusters from several starts: each until it settles; the tightest is kept.
Op cluster_restarts() {
  return idiom("cluster_restarts", kLoop, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 16, 8), k = i.between(3, 4), d = i.between(1, 3),
                       starts = i.between(2, 4);
    const Type points{i.real(), {n, d}}, centres{i.real(), {k, d}}, one = scalar(i);
    const Interval range{-3, 3};
    const ValueId x = i.argument({"points", "samples", "x"}, points, range);
    const ValueId c0 =
        i.argument({"starts", "inits", "first_centers"}, {i.real(), {starts, k, d}}, {-2, 2});
    const bool folds = i.chance(0.5), soft = i.chance(0.3), fixed = soft || i.chance(0.4),
               sizes = i.chance(0.85);
    i.called({"kmeans_restarts", "best_of_starts", "cluster_from_starts"});
    i.summary(fmt::format("Cluster points from {} starts and keep the tightest clusters.", starts));
    const std::string tolerance = fixed ? "" : i.setting({"tol", "tolerance"}, {"1e-3", "1e-2"});
    const std::string gap = i.either({"jnp.sum(($0[:, None] - $1[None]) ** 2, axis=-1)",
                                      "jnp.square($0[:, None, :] - $1).sum(-1)"});
    const Clusters of{i, k, d, x, soft, fixed, tolerance, gap};
    if (folds) {
      const ValueId first = i.let({"centers0", "first"}, "$0[0]", {c0}, centres, range);
      i.scan({"try_start", "next_start"},
             {{{"best", "kept"}, first, range, {"centers", "best_centers"}},
              {{"low", "tightest"}, infinity(i), {0, 90}, {"best_inertia", "inertia"}}},
             {{{"start", "c_start"}, c0}}, when(sizes, {"all_spreads", "spreads"}),
             [&](const Ids& p) {
               const ValueId c = of.settle(p[2]);
               const ValueId value = of.spread_of(c);
               const ValueId better =
                   i.let({"better", "tighter"}, "$0 < $1", {value, p[1]}, flags({}), {0, 1});
               const Ids next = branch(
                   i, better, {c, value, p[0], p[1]},
                   {{{"a"}, centres, range},
                    {{"va"}, one, {0, 90}},
                    {{"b"}, centres, range},
                    {{"vb"}, one, {0, 90}}},
                   {"replace", "take"}, [](const Ids& q) { return Ids{q[0], q[1]}; },
                   {"keep", "hold"}, [](const Ids& q) { return Ids{q[2], q[3]}; },
                   {{{"best_next"}, centres, range}, {{"low_next"}, one, {0, 90}}});
               return and_when(sizes, next, value);
             });
      return;
    }
    const Ids all =
        mapped(i, {"run_lloyd", "from_start"}, {{{"start", "c_start"}, c0}},
               {{"all_centers", "candidates"}, {"spreads", "inertias"}}, [&](const Ids& p) {
                 const ValueId c = of.settle(p[0]);
                 return Ids{c, of.spread_of(c)};
               });
    i.let({"tightest", "best_inertia"}, i.either({"jnp.min($0)", "$0.min()"}), {all[1]}, one,
          {0, 90});
    i.keep(all[0]);
  });
}

const std::vector<Target>& log_densities() {
  static const std::vector<Target> kAll = {
      {"a standard normal law", {"-0.5 * $0**2"}},
      {"a mixture of two normal laws",
       {"jnp.logaddexp(-2.0 * ($0 - 1.0) ** 2, -2.0 * ($0 + 1.0) ** 2)"}},
      {"the logistic law",
       {"-jnp.abs($0) - 2.0 * jnp.log1p(jnp.exp(-jnp.abs($0)))",
        "-$0 - 2.0 * jax.nn.softplus(-$0)"}},
      {"Student's law", {"-2.0 * jnp.log1p($0**2 / 3.0)"}}};
  return kAll;
}

// An end of a slice's bracket, moved outwards while it lies inside.
struct Bracket {
  Idiom& i;
  BodyId density;
  std::string width;
  bool doubles;

  ValueId step_out(const Words& names, const Words& step, ValueId from, ValueId y,
                   const std::string& sign) const;
};

ValueId Bracket::step_out(const Words& names, const Words& step, ValueId from, ValueId y,
                          const std::string& sign) const {
  const Type one = scalar(i);
  const Interval range{-8, 8};
  const ValueId none = count_from(i, {"outs"}, 0, {0, 6});
  return i.while_loop(
      {{{"end", "edge"}, from, range, names}, {{"n", "outs"}, none, {0, 6}, {}}},
      {"still_inside", "above_slice"},
      [&](const Ids& q) {
        return Ids{i.let({"inside"}, "($f0($0) > $1) & ($2 < 6)", {q[0], y, q[1]}, Bodies{density},
                         flags({}), {0, 1})};
      },
      step,
      [&](const Ids& q) {
        const ValueId next =
            i.let({"further"},
                  doubles ? "$0 " + sign + " " + width + " * (1 + $1)" : "$0 " + sign + " " + width,
                  doubles ? Ids{q[0], q[1]} : Ids{q[0]}, one, range);
        return Ids{next, i.let({"n_next"}, "$0 + 1", {q[1]}, counts(i, {}), {0, 6})};
      })[0];
}

// Slice sampling: a level under the density, a bracket that is stepped out and then shrunk.
Op slice_sampler() {
  return idiom("slice_sampler", kLoop, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t steps = few(i, 10, 4), tries = i.between(5, 8);
    const Target law = i.random().pick(log_densities());
    const Type one = scalar(i);
    const Interval range{-8, 8}, heights{-12, 0};
    const ValueId x0 = i.argument({"x0", "start", "state"}, one, {-1.5, 1.5});
    const ValueId level = i.argument({"heights", "levels", "u"}, {i.real(), {steps}}, {0.05, 0.95});
    const ValueId place =
        i.argument({"places", "draws", "v"}, {i.real(), {steps, tries}}, {0.02, 0.98});
    i.called({"slice_sampler", "sample_by_slices", "slice_chain"});
    i.summary("Sample " + law.says + " by slices: step out, then shrink until inside.");
    const std::string width = i.setting({"width", "w"}, {"1.0", "0.8", "1.5"});
    const bool doubles = i.chance(0.35), counts_tries = i.chance(0.4), centred = i.chance(0.5),
               shrinks = i.chance(0.5);
    const BodyId density = i.helper(
        {"log_density", "logp"}, "Log density of " + law.says + ".", {{{"x", "z"}, one, range}},
        [&](const Ids& p) { return Ids{i.let({"value"}, i.either(law.forms), p, one, {-40, 0})}; });
    const Interval counted{0, static_cast<double>(tries)};
    const Bracket bracket{i, density, width, doubles};
    std::vector<Words> stacked = {{"samples", "chain"}};
    if (counts_tries) stacked.push_back({"tries", "rejections"});
    i.scan({"slice_step", "transition"}, {{{"x", "state"}, x0, range, {}}},
           {{{"u", "height"}, level}, {{"vs", "places"}, place}}, stacked, [&](const Ids& p) {
             const ValueId y = i.let({"y", "threshold"}, "$f0($0) + jnp.log($1)", {p[0], p[1]},
                                     Bodies{density}, one, heights);
             const ValueId low = i.let(
                 {"left", "lo"}, centred ? "$0 - " + halved(width) : "$0 - " + width + " * $1",
                 centred ? Ids{p[0]} : Ids{p[0], p[1]}, one, range);
             const ValueId high = i.let({"right", "hi"}, "$0 + " + width, {low}, one, range);
             const ValueId left =
                 bracket.step_out({"left_end", "lo_end"}, {"widen_left"}, low, y, "-");
             const ValueId right =
                 bracket.step_out({"right_end", "hi_end"}, {"widen_right"}, high, y, "+");
             const auto drawn = [&](ValueId a, ValueId b, ValueId n) {
               return i.let({"candidate", "z"}, "$0 + $1[$3] * ($2 - $0)", {a, p[2], b, n}, one,
                            range);
             };
             const ValueId zero = count_from(i, {"first"}, 0, counted);
             const ValueId z0 = drawn(left, right, zero);
             const Ids end = i.while_loop(
                 {{{"a", "lo"}, left, range, {}},
                  {{"b", "hi"}, right, range, {}},
                  {{"z", "at"}, z0, range, {"accepted", "x_next"}},
                  {{"n", "tried"}, zero, counted, counts_tries ? Words{"tried", "used"} : Words{}}},
                 {"outside", "below_slice"},
                 [&](const Ids& q) {
                   return Ids{i.let({"again"}, fmt::format("($f0($0) < $1) & ($2 < {})", tries - 1),
                                    {q[2], y, q[3]}, Bodies{density}, flags({}), {0, 1})};
                 },
                 {"shrink", "narrow"},
                 [&](const Ids& q) {
                   const ValueId is_left =
                       i.let({"is_left", "before"}, "$0 < $1", {q[2], p[0]}, flags({}), {0, 1});
                   Ids ends;
                   if (shrinks) {
                     ends = branch(
                         i, is_left, {q[0], q[1], q[2]},
                         {{{"s"}, one, range}, {{"t"}, one, range}, {{"m"}, one, range}},
                         {"raise_left"}, [](const Ids& r) { return Ids{r[2], r[1]}; },
                         {"lower_right"}, [](const Ids& r) { return Ids{r[0], r[2]}; },
                         {{{"a_next"}, one, range}, {{"b_next"}, one, range}});
                   } else {
                     ends.push_back(i.let({"a_next"}, "jnp.where($0, $1, $2)",
                                          {is_left, q[2], q[0]}, one, range));
                     ends.push_back(i.let({"b_next"}, "jnp.where($0, $1, $2)",
                                          {is_left, q[1], q[2]}, one, range));
                   }
                   const ValueId n = i.let({"n_next"}, "$0 + 1", {q[3]}, counts(i, {}), counted);
                   return Ids{ends[0], ends[1], drawn(ends[0], ends[1], n), n};
                 });
             return and_when(counts_tries, {end[2], end[2]}, end[3]);
           });
  });
}

struct Law {
  std::string says, form, below;  // the share of proposals at $0 that are kept, a bound under it
};

const std::vector<Law>& bounded_laws() {
  static const std::vector<Law> kAll = {
      {"a parabolic law", "4.0 * $0 * (1.0 - $0)", "2.0 * jnp.minimum($1, 1.0 - $1)"},
      {"a triangular law", "1.0 - jnp.abs(2.0 * $0 - 1.0)", "4.0 * $1 * (1.0 - $1) - 1.0"},
      {"a raised cosine", "0.5 - 0.5 * jnp.cos(2.0 * jnp.pi * $0)",
       "4.0 * jnp.minimum($1, 1.0 - $1) ** 2"},
      {"a truncated exponential law", "jnp.exp(-3.0 * $0)", "1.0 - 3.0 * $1"},
      {"a bump", "jnp.exp(-8.0 * ($0 - 0.5) ** 2)", "1.0 - 8.0 * ($1 - 0.5) ** 2"}};
  return kAll;
}

// Draws by rejection: for each, proposals until one lies under the density.
struct Rejection {
  Idiom& i;
  Law law;
  std::int64_t tries;
  BodyId density;
  bool scaled, squeeze;

  // Whether a proposal lies under the density.
  ValueId accepted(ValueId z, ValueId h) const;
  // A draw from a row of proposals, and how many it took.
  Ids draw(ValueId xs, ValueId us) const;
};

constexpr Interval kUnit{0, 1};

ValueId Rejection::accepted(ValueId z, ValueId h) const {
  if (!squeeze)
    return i.let({"accept", "taken"}, "$0 < $f0($1)", {h, z}, Bodies{density}, flags({}), kUnit);
  i.comment("Heights under a simpler bound need no density.");
  const ValueId clear = i.let({"clear", "surely"}, "$0 < " + law.below, {h, z}, flags({}), kUnit);
  return i.cond(
      clear, {}, {}, {"at_once"},
      [&](const Ids&) { return Ids{i.let({"sure"}, "jnp.array(True)", {}, flags({}), kUnit)}; },
      {"compare"},
      [&](const Ids&) {
        return Ids{i.let({"under"}, "$0 < $f0($1)", {h, z}, Bodies{density}, flags({}), kUnit)};
      },
      {{{"accept", "taken"}, flags({}), kUnit}})[0];
}

Ids Rejection::draw(ValueId xs, ValueId us) const {
  const Type one = scalar(i);
  const Interval counted = below(tries);
  const ValueId zero = count_from(i, {"k0", "first"}, 0, counted);
  const ValueId no = i.let({"done0", "not_yet"}, "jnp.array(False)", {}, flags({}), kUnit);
  const ValueId none = i.let({"z0", "start"}, "$0[0]", {xs}, one, kUnit);
  const Ids end = i.while_loop(
      {{{"k", "tried"}, zero, counted, {"used", "tried"}},
       {{"z", "draw"}, none, kUnit, {"accepted", "value"}},
       {{"done", "ok"}, no, kUnit, {}}},
      {"keep_trying", "not_accepted"},
      [&](const Ids& q) {
        return Ids{i.let({"again"}, fmt::format("~$0 & ($1 < {})", tries), {q[2], q[0]}, flags({}),
                         kUnit)};
      },
      {"propose", "attempt"},
      [&](const Ids& q) {
        const ValueId z = i.let({"z_k", "candidate"}, "$0[$1]", {xs, q[0]}, one, kUnit);
        const ValueId h = i.let({"h", "height"}, "$0[$1]", {us, q[0]}, one, kUnit);
        const ValueId ok = accepted(z, h);
        return Ids{i.let({"k_next"}, "$0 + 1", {q[0]}, counts(i, {}), counted), z, ok};
      });
  const ValueId value =
      scaled ? i.let({"scaled"}, "2.0 * $0 - 1.0", {end[1]}, one, {-1, 1}) : end[1];
  return Ids{value, end[0]};
}

Op rejection_draws() {
  return idiom("rejection_draws", kVectorization, 0.6, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 12, 3), tries = i.between(4, 8);
    const Law law = i.random().pick(bounded_laws());
    const Type one = scalar(i);
    const ValueId x =
        i.argument({"proposals", "candidates", "x"}, {i.real(), {n, tries}}, {0.02, 0.98});
    const ValueId u =
        i.argument({"uniforms", "heights", "u"}, {i.real(), {n, tries}}, {0.02, 0.98});
    i.called({"rejection_sample", "accept_reject", "draw_by_rejection"});
    i.summary("Draw from " + law.says + ": proposals until one lies under the density.");
    const bool scaled = i.chance(0.4), gives = i.chance(0.5), squeeze = i.chance(0.55),
               by_scan = i.chance(0.4);
    if (scaled) i.summary("Draw by rejection from " + law.says + ", stretched to [-1, 1].");
    const BodyId density =
        i.helper({"density", "kept_share"}, "Density of " + law.says + ", at most one.",
                 {{{"z", "x"}, one, kUnit}},
                 [&](const Ids& p) { return Ids{i.let({"share"}, law.form, p, one, kUnit)}; });
    const Rejection of{i, law, tries, density, scaled, squeeze};
    std::vector<Words> names = {{"draws", "samples"}};
    if (gives) names.push_back({"tries", "proposals_used"});
    if (by_scan) {
      const ValueId sum = i.let({"sum0", "total"}, "jnp.zeros((), $0.dtype)", {x}, one, {-12, 12});
      i.scan({"draw_next", "next_draw"},
             {{{"total", "acc"}, sum, {-12, 12}, {"sum_of_draws", "total"}}},
             {{{"xs", "row"}, x}, {{"us", "hs"}, u}}, names, [&](const Ids& p) {
               const Ids made = of.draw(p[1], p[2]);
               const ValueId next =
                   i.let({"total_next"}, "$0 + $1", {p[0], made[0]}, one, {-12, 12});
               return and_when(gives, {next, made[0]}, made[1]);
             });
      return;
    }
    mapped(i, {"draw_one", "one_draw"}, {{{"xs", "row"}, x}, {{"us", "hs"}, u}}, names,
           [&](const Ids& p) {
             const Ids made = of.draw(p[0], p[1]);
             return gives ? made : Ids{made[0]};
           });
  });
}

}  // namespace

std::vector<Op> nested_sampling_idioms() {
  return {hamiltonian_chain(), anneal_restarts(), conditional_filter(),
          cluster_restarts(),  slice_sampler(),   rejection_draws()};
}

}  // namespace jaxsmith::plan
