// Reinforcement learning: returns and advantages, objectives of policies, backups of values.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

std::string discount(Idiom& i) { return i.either({"0.99", "0.95", "0.9", "0.8"}); }

// Rewards over time, of one episode or of several side by side (time first).
ValueId rewards_of(Idiom& i) { return i.anchor({"rewards", "reward", "r"}, 1, 2, {-2, 2}); }

// How much of the future counts at each step: where episodes end, nothing of it.
ValueId carries_on(Idiom& i, ValueId rewards, const std::string& gamma) {
  const Shape shape = i.shape(rewards);
  if (i.chance(0.5)) {
    const ValueId done = i.input({"done", "terminal", "dones"}, flags(shape), {0, 1});
    i.comment("Nothing is carried over the end of an episode.");
    return i.let(
        {"discounts", "gammas", "keep"},
        i.either({"jnp.where($0, 0.0, " + gamma + ").astype($1.dtype)",
                  gamma + " * (1.0 - $0.astype($1.dtype))", gamma + " * (~$0).astype($1.dtype)"}),
        {done, rewards}, shape, {0, 1});
  }
  return i.input({"discounts", "gammas"}, shape, {0.5, 1});
}

// Returns from each step on: by a reversed scan or a scan of what is reversed.
Op discounted_returns() {
  return idiom("discounted_returns", kLoop, 1.1, kSmooth, [](Idiom& i) {
    const ValueId rewards = rewards_of(i);
    const Shape shape = i.shape(rewards), one = i.without_axis(rewards, 0);
    const std::int64_t steps = i.dim(rewards, 0);
    const std::string gamma = discount(i);
    const bool stops = tensor::element_count(shape) >= 5 && i.chance(0.55);
    const ValueId keep = stops ? carries_on(i, rewards, gamma) : kNoValue;
    const bool bootstrap = i.chance(0.4);
    i.called({"discounted_returns", "returns_to_go", "compute_returns"});
    const ValueId start =
        bootstrap ? i.input({"last_value", "bootstrap", "final_value"}, one, {-2, 2})
                  : i.let({"nothing", "zero"},
                          i.either({"jnp.zeros_like($0[0])", "jnp.zeros($0.shape[1:], $0.dtype)"}),
                          {rewards}, one, {-1, 1});
    const bool flip = i.chance(0.3);
    const auto maybe = [&](ValueId v, Words names) {
      return flip ? i.let(std::move(names), i.either({"$0[::-1]", "jnp.flip($0, axis=0)"}), {v},
                          shape, {-2, 2})
                  : v;
    };
    const ValueId seen = maybe(rewards, {"backwards", "reversed_rewards"});
    std::vector<Idiom::Slice> over = {{{"r", "reward"}, seen}};
    if (stops)
      over.push_back(
          {{"keep_t", "gamma_t"}, maybe(keep, {"keep_backwards", "reversed_discounts"})});
    const auto out = i.scan(
        {"step", "accumulate", "backup"}, {{{"g", "future", "carry"}, start, {-9, 9}, {}}}, over,
        {{flip ? "returns_backwards" : "returns", flip ? "reversed_returns" : "returns_to_go"}},
        [&](const Ids& p) {
          const ValueId g =
              stops ? i.let({"total", "g_new"}, i.either({"$1 + $2 * $0", "$2 * $0 + $1"}),
                            {p[0], p[1], p[2]}, one, {-9, 9})
                    : i.let({"total", "g_new"},
                            i.either({"$1 + " + gamma + " * $0", gamma + " * $0 + $1"}),
                            {p[0], p[1]}, one, {-9, 9});
          return Ids{g, g};
        },
        flip ? "" : "reverse=True");
    ValueId returns = out.stacked[0];
    if (flip) returns = i.let({"returns", "returns_to_go"}, "$0[::-1]", {returns}, shape, {-9, 9});
    const bool scaled = steps >= 4 && i.chance(0.35);
    if (!scaled)
      i.summary(bootstrap ? "Discounted returns that end in an estimate of the rest."
                          : "Discounted sum of the rewards from each step on.");
    if (scaled) {
      i.summary("Returns with zero mean and unit variance, as a baseline would.");
      i.called({"normalized_returns", "standardized_returns", "reward_to_go_weights"});
      i.let({"normalized", "standardized"}, "($0 - jnp.mean($0)) / (jnp.std($0) + 1e-3)", {returns},
            shape, {-3, 3});
    }
  });
}

// Generalised advantages (Schulman et al. 2016): errors of a value function, summed backwards.
Op generalized_advantage() {
  return idiom("generalized_advantage", kLoop, 1.2, kSmooth, [](Idiom& i) {
    const ValueId rewards = rewards_of(i);
    const Shape shape = i.shape(rewards), one = i.without_axis(rewards, 0);
    const std::int64_t steps = i.dim(rewards, 0);
    const bool joined = i.chance(0.4);
    Shape longer = shape;
    longer[0] += 1;
    const ValueId values =
        i.argument({"values", "v", "baseline"}, Type{i.real(), joined ? longer : shape}, {-2, 2});
    const ValueId last =
        joined ? kNoValue : i.argument({"last_value", "bootstrap"}, Type{i.real(), one}, {-2, 2});
    const std::string gamma = discount(i), lambda = i.either({"0.95", "0.9", "0.8", "0.5"});
    const bool stops = tensor::element_count(shape) >= 5 && i.chance(0.5);
    const ValueId keep = stops ? carries_on(i, rewards, gamma) : kNoValue;
    i.called({"gae", "generalized_advantages", "advantages_from_values"});
    i.summary("Generalized advantage estimates of a trajectory.");
    const ValueId now =
        joined ? i.let({"now", "v_t"}, "$0[:-1]", {values}, shape, {-2, 2}) : values;
    const ValueId next =
        joined
            ? i.let({"next_values", "v_next"}, "$0[1:]", {values}, shape, {-2, 2})
            : i.let({"next_values", "v_next"},
                    i.either({"jnp.concatenate([$0[1:], $1[None]])",
                              one.empty() ? "jnp.append($0[1:], $1)" : "jnp.vstack([$0[1:], $1])",
                              fmt::format("jnp.roll($0, -1, axis=0).at[{}].set($1)", steps - 1)}),
                    {values, last}, shape, {-2, 2});
    const ValueId errors = stops ? i.let({"deltas", "td_errors"}, "$0 + $3 * $2 - $1",
                                         {rewards, now, next, keep}, shape, {-5, 5})
                                 : i.let({"deltas", "td_errors"}, "$0 + " + gamma + " * $2 - $1",
                                         {rewards, now, next}, shape, {-5, 5});
    const ValueId start =
        i.let({"nothing", "zero"},
              i.either({"jnp.zeros_like($0[0])", "jnp.zeros($0.shape[1:], $0.dtype)"}), {errors},
              one, {-1, 1});
    std::vector<Idiom::Slice> over = {{{"delta", "d"}, errors}};
    if (stops) over.push_back({{"keep_t", "gamma_t"}, keep});
    const std::string both =
        i.chance(0.5) ? gamma + " * " + lambda : Idiom::text(std::stod(gamma) * std::stod(lambda));
    const ValueId advantages =
        i.scan(
             {"step", "accumulate"}, {{{"adv", "carry"}, start, {-9, 9}, {}}}, over,
             {{"advantages", "gae"}},
             [&](const Ids& p) {
               const ValueId a =
                   stops ? i.let({"adv_new"}, "$1 + $2 * " + lambda + " * $0", {p[0], p[1], p[2]},
                                 one, {-9, 9})
                         : i.let({"adv_new"}, "$1 + " + both + " * $0", {p[0], p[1]}, one, {-9, 9});
               return Ids{a, a};
             },
             "reverse=True")
            .stacked[0];
    const std::int64_t end = i.between(0, 3);
    if (end == 0) {
      i.summary("Advantages, and the returns that values should have.");
      i.called({"advantages_and_targets", "gae_targets", "gae"});
      i.let({"targets", "returns"}, i.either({"$0 + $1", "$1 + $0"}), {advantages, now}, shape,
            {-9, 9});
      i.keep(advantages);
    } else if (end == 1 && tensor::element_count(shape) >= 4) {
      i.called({"normalized_advantages", "standardized_gae", "gae"});
      i.summary("Generalized advantages with zero mean and unit variance.");
      i.let({"normalized", "scaled_advantages"}, "($0 - jnp.mean($0)) / (jnp.std($0) + 1e-3)",
            {advantages}, shape, {-3, 3});
    }
  });
}

// Targets that mix looks ahead of all lengths: TD(lambda), or V-trace's corrected by likelihoods.
Op lambda_returns() {
  return idiom("lambda_returns", kLoop, 1.0, kSmooth, [](Idiom& i) {
    const ValueId rewards = rewards_of(i);
    const Shape shape = i.shape(rewards), one = i.without_axis(rewards, 0);
    const ValueId values =
        i.argument({"next_values", "bootstrap_values", "v_next"}, i.type(rewards), {-2, 2});
    const std::string gamma = discount(i), lambda = i.either({"0.9", "0.8", "0.95", "0.5"});
    const ValueId last =
        i.let({"last", "tail"}, i.either({"$0[-1]", "$0[-1, ...]"}), {values}, one, {-2, 2});
    if (i.chance(0.55)) {
      i.called({"lambda_returns", "td_lambda_targets", "mixed_returns"});
      i.summary("TD(lambda) targets: looks ahead of all lengths, mixed.");
      const std::string rest =
          i.either({"(1.0 - " + lambda + ")", Idiom::text(1 - std::stod(lambda))});
      const std::string step =
          i.either({"$1 + " + gamma + " * (" + rest + " * $2 + " + lambda + " * $0)",
                    "$1 + " + gamma + " * ($2 + " + lambda + " * ($0 - $2))"});
      i.scan(
          {"step", "backup"}, {{{"g", "target"}, last, {-9, 9}, {}}},
          {{{"r", "reward"}, rewards}, {{"v", "v_next"}, values}}, {{"targets", "returns"}},
          [&](const Ids& p) {
            const ValueId g = i.let({"g_new"}, step, {p[0], p[1], p[2]}, one, {-9, 9});
            return Ids{g, g};
          },
          "reverse=True");
      return;
    }
    const ValueId now = i.argument({"values", "v"}, i.type(rewards), {-2, 2});
    const ValueId ratio = i.argument({"log_ratios", "log_rhos"}, i.type(rewards), {-1, 1});
    i.called({"vtrace_targets", "v_trace", "off_policy_targets"});
    i.summary("V-trace targets for values from another policy's data.");
    const ValueId rho =
        i.let({"rhos", "weights"},
              i.either({"jnp.minimum(1.0, jnp.exp($0))", "jnp.exp(jnp.minimum($0, 0.0))",
                        "jnp.clip(jnp.exp($0), 0.0, 1.0)"}),
              {ratio}, shape, {0.3, 1});
    const ValueId errors = i.let({"deltas", "td_errors"}, "$0 * ($1 + " + gamma + " * $2 - $3)",
                                 {rho, rewards, values, now}, shape, {-5, 5});
    const ValueId start = i.let({"nothing", "zero"}, "jnp.zeros_like($0)", {last}, one, {-1, 1});
    const ValueId extra =
        i.scan(
             {"step", "backup"}, {{{"acc", "carry"}, start, {-9, 9}, {}}},
             {{{"delta", "d"}, errors}, {{"c", "weight"}, rho}}, {{"corrections", "accumulated"}},
             [&](const Ids& p) {
               const ValueId a = i.let({"acc_new"}, "$1 + " + gamma + " * $2 * $0",
                                       {p[0], p[1], p[2]}, one, {-9, 9});
               return Ids{a, a};
             },
             "reverse=True")
            .stacked[0];
    i.let({"targets", "vs"}, "$0 + $1", {now, extra}, shape, {-9, 9});
  });
}

// PPO's objective: ratios clipped or gains bounded; a loss of values, the divergence or the share
// that is clipped beside it by choice.
Op clipped_objective() {
  return idiom("clipped_objective", kConditional, 1.1, kSmooth, [](Idiom& i) {
    const ValueId now = i.anchor({"log_probs", "new_log_probs", "logp"}, 1, 1, {-2, 0});
    const Shape shape = i.shape(now);
    const ValueId old =
        i.argument({"old_log_probs", "behavior_log_probs", "logp_old"}, i.type(now), {-2, 0});
    const ValueId gain = i.argument({"advantages", "adv"}, i.type(now), {-2, 2});
    if (shape[0] < 3) return i.fail();
    const std::string e = i.either({"0.2", "0.1", "0.3"});
    const std::string low = Idiom::text(1 - std::stod(e)), high = Idiom::text(1 + std::stod(e));
    i.called({"ppo_loss", "clipped_surrogate", "ppo_objective"});
    i.summary("Clipped surrogate loss of a policy.");
    const ValueId ratio =
        i.let({"ratio", "ratios"}, "jnp.exp($0 - $1)", {now, old}, shape, {0.3, 4});
    ValueId a = gain;
    if (i.chance(0.4))
      a = i.let({"normalized", "adv_norm"}, "($0 - jnp.mean($0)) / (jnp.std($0) + 1e-3)", {gain},
                shape, {-2, 2});
    ValueId surrogate;
    if (i.chance(0.7)) {
      const ValueId bound = i.let({"clipped", "clipped_ratio"},
                                  i.either({"jnp.clip($0, " + low + ", " + high + ")",
                                            "jnp.clip($0, 1.0 - " + e + ", 1.0 + " + e + ")"}),
                                  {ratio}, shape, {0.7, 1.3});
      surrogate =
          i.let({"surrogate", "gains"},
                i.either({"jnp.minimum($0 * $1, $2 * $1)",
                          "jnp.where($1 > 0, jnp.minimum($0, $2), jnp.maximum($0, $2)) * $1"}),
                {ratio, a, bound}, shape, {-5, 2});
    } else {
      i.summary("Policy gain within a bound that depends on the advantage's sign.");
      const ValueId bound =
          i.let({"limit", "bounds"},
                i.either({"jnp.where($0 >= 0, 1.0 + " + e + ", 1.0 - " + e + ") * $0",
                          "$0 + " + e + " * jnp.abs($0)"}),
                {a}, shape, {-2, 2.5});
      surrogate = i.let({"surrogate", "gains"}, "jnp.minimum($0 * $1, $2)", {ratio, a, bound},
                        shape, {-5, 2});
    }
    ValueId loss = i.let({"policy_loss", "loss"}, i.either({"-jnp.mean($0)", "-$0.mean()"}),
                         {surrogate}, Shape{}, {-2, 3});
    switch (i.between(0, 3)) {
      case 0: {
        const ValueId values = i.argument({"values", "v"}, i.type(now), {-2, 2});
        const ValueId returns = i.argument({"returns", "targets"}, i.type(now), {-3, 3});
        const std::string weight = i.either({"0.5", "0.25", "1.0"});
        i.summary("PPO's loss of policy and value function together.");
        const ValueId fit =
            i.let({"value_loss", "critic_loss"},
                  i.either({"jnp.mean(($0 - $1) ** 2)", "0.5 * jnp.mean(jnp.square($0 - $1))"}),
                  {values, returns}, Shape{}, {0, 9});
        i.let({"total", "combined"}, "$0 + " + weight + " * $1", {loss, fit}, Shape{}, {-2, 9});
        break;
      }
      case 1: {
        i.summary("Clipped surrogate loss, and how far the policy has moved.");
        i.called({"ppo_loss_and_kl", "surrogate_with_kl", "ppo_diagnostics"});
        i.let({"approx_kl", "kl"},
              i.either({"jnp.mean($0 - 1.0 - ($1 - $2))", "jnp.mean($0 * ($1 - $2) - $0 + 1.0)"}),
              {ratio, now, old}, Shape{}, {0, 1});
        break;
      }
      case 2:
        i.summary("Clipped surrogate loss, and the share of ratios beyond the bounds.");
        i.let({"clip_fraction", "clipped_share"},
              "jnp.mean((jnp.abs($0 - 1.0) > " + e + ").astype($0.dtype))", {ratio}, Shape{},
              {0, 1});
        break;
      default:
        break;
    }
  });
}

// The gradient of a policy over features: REINFORCE, with a baseline or a bonus for entropy.
Op policy_gradient() {
  return idiom("policy_gradient", kGradient, 1.3, kSmooth, [](Idiom& i) {
    const ValueId states = i.anchor({"states", "observations", "features"}, 2, 2, {-2, 2});
    const std::int64_t rows = i.dim(states, 0), width = i.dim(states, 1), count = i.between(2, 5);
    if (rows * (count > 3 ? 2 : 1) < 5) return i.fail();
    const ValueId weights =
        i.argument({"weights", "theta", "policy"}, Type{i.real(), {width, count}}, {-1, 1});
    const ValueId actions = i.argument({"actions", "acts"}, Type{i.integer(), {rows}},
                                       {0, static_cast<double>(count - 1)});
    const ValueId returns =
        i.argument({"returns", "gains", "rewards"}, Type{i.real(), {rows}}, {-2, 2});
    const bool entropy = i.chance(0.4), baseline = i.chance(0.5);
    const std::string bonus = i.either({"0.01", "0.1", "0.05"});
    const BodyId loss = i.helper(
        {"policy_loss", "surrogate", "reinforce_loss"},
        "Surrogate whose gradient is that of the expected return.",
        {{{"weights", "theta"}, i.type(weights), {-1, 1}},
         {{"states", "obs"}, i.type(states), {-2, 2}},
         {{"actions", "acts"}, i.type(actions), {0, static_cast<double>(count - 1)}},
         {{"gains", "adv"}, i.type(returns), {-2, 2}}},
        [&](const Ids& p) {
          const ValueId lp = i.let({"log_probs", "logp"},
                                   i.either({"jax.nn.log_softmax($0 @ $1)",
                                             "jax.nn.log_softmax(jnp.dot($0, $1), axis=-1)"}),
                                   {p[1], p[0]}, Shape{rows, count}, {-5, 0});
          const ValueId own = i.let({"chosen", "taken"},
                                    i.either({"jnp.take_along_axis($0, $1[:, None], axis=1)[:, 0]",
                                              "$0[jnp.arange($0.shape[0]), $1]"}),
                                    {lp, p[2]}, Shape{rows}, {-5, 0});
          const ValueId s = i.let({"loss"}, i.either({"-jnp.mean($0 * $1)", "-(($0 * $1).mean())"}),
                                  {own, p[3]}, Shape{}, {-3, 3});
          if (!entropy) return Ids{s};
          const ValueId h = i.let({"entropy"}, "-jnp.mean(jnp.sum(jnp.exp($0) * $0, axis=-1))",
                                  {lp}, Shape{}, {0.2, 1.6});
          return Ids{i.let({"regularized"}, "$0 - " + bonus + " * $1", {s, h}, Shape{}, {-3, 3})};
        });
    i.called({"policy_gradient", "reinforce_step", "policy_update"});
    i.summary("Policy gradient of logged actions and their returns.");
    if (entropy) i.summary("Policy gradient with a bonus for entropy.");
    ValueId gains = returns;
    if (baseline)
      gains = i.let({"advantages", "centered"}, i.either({"$0 - jnp.mean($0)", "$0 - $0.mean()"}),
                    {returns}, Shape{rows}, {-2, 2});
    const Ids all = {weights, states, actions, gains};
    const bool with_value = i.chance(0.3);
    const ValueId g = with_value ? i.unpack("jax.value_and_grad($f0)($0, $1, $2, $3)", all, {loss},
                                            {{{"loss", "value"}, Type{i.real(), {}}, {-3, 3}},
                                             {{"grads", "grad"}, i.type(weights), {-1, 1}}})[1]
                                 : i.let({"grads", "grad"}, "jax.grad($f0)($0, $1, $2, $3)", all,
                                         {loss}, i.type(weights), {-1, 1});
    if (i.chance(0.6)) {
      const std::string rate = i.either({"0.1", "0.5", "0.05", "1.0"});
      i.let({"updated", "new_weights"}, "$0 - " + rate + " * $1", {weights, g}, i.shape(weights),
            {-2, 2});
    }
  });
}

// One backup of action values: greedy, double, expected or soft; and its error.
Op bellman_backup() {
  return idiom("bellman_backup", kReduction, 1.1, kSmooth, [](Idiom& i) {
    const ValueId next_q = i.anchor({"next_q", "target_q", "q_next"}, 2, 2, {-3, 3});
    const Shape shape = i.shape(next_q);
    const std::int64_t rows = shape[0];
    const ValueId rewards = i.input({"rewards", "r"}, Shape{rows}, {-2, 2});
    const std::string gamma = discount(i);
    const std::int64_t form = i.between(0, 3);
    // Half types tie where argmax has to choose.
    if (form == 1 && half_precision(i)) return i.fail();
    i.called({"bellman_targets", "bellman_backup", "q_targets"});
    ValueId value;
    if (form == 0) {
      i.summary("Greedy targets of action values.");
      value = i.let({"best", "next_value"}, i.either({"jnp.max($0, axis=-1)", "$0.max(axis=1)"}),
                    {next_q}, Shape{rows}, {-1, 3});
    } else if (form == 1) {
      i.called({"double_q_targets", "double_dqn", "decoupled_targets"});
      i.summary("Double Q-learning's targets, and how far the choosing network overrates them.");
      const ValueId online = i.input({"online_q", "selector_q"}, shape, {-3, 3});
      const ValueId act = i.let({"greedy", "actions"}, "jnp.argmax($0, axis=-1)", {online},
                                Type{i.integer(), {rows}}, {0, static_cast<double>(shape[1] - 1)});
      i.may_hide(act);
      value = i.let({"next_value", "picked"},
                    i.either({"jnp.take_along_axis($0, $1[:, None], axis=-1)[:, 0]",
                              "$0[jnp.arange($0.shape[0]), $1]"}),
                    {next_q, act}, Shape{rows}, {-3, 3});
      const ValueId own = i.let({"online_value", "claimed"}, "jnp.max($0, axis=-1)", {online},
                                Shape{rows}, {-1, 3});
      i.comment("How much the choosing network overrates its choice.");
      i.let({"overestimate", "bias"}, "$0 - $1", {own, value}, Shape{rows}, {-4, 4});
    } else if (form == 2) {
      const std::string t = i.either({"0.5", "1.0", "0.2", "2.0"});
      i.called({"soft_bellman_targets", "soft_q_targets", "entropy_backup"});
      i.summary("Soft targets of action values, with entropy in the value.");
      value = i.let({"soft_value", "next_value"},
                    i.either({t + " * jax.nn.logsumexp($0 / " + t + ", axis=-1)",
                              t + " * jnp.log(jnp.sum(jnp.exp($0 / " + t + "), axis=-1))"}),
                    {next_q}, Shape{rows}, {-1, 4});
    } else {
      i.called({"expected_sarsa_targets", "expected_backup", "policy_backup"});
      i.summary("Targets of action values under a stochastic policy.");
      const ValueId logits = i.input({"policy_logits", "logits"}, shape, {-2, 2});
      value = i.let({"next_value", "expected"},
                    i.either({"jnp.sum(jax.nn.softmax($0, axis=-1) * $1, axis=-1)",
                              "jnp.einsum(\"na,na->n\", jax.nn.softmax($0), $1)"}),
                    {logits, next_q}, Shape{rows}, {-2, 2});
    }
    const bool ends = rows >= 5 && i.chance(0.5);
    ValueId target;
    if (ends) {
      const ValueId done = i.input({"done", "terminal"}, flags({rows}), {0, 1});
      target = i.let({"targets", "y"},
                     i.either({"$0 + " + gamma + " * jnp.where($2, 0.0, $1)",
                               "$0 + " + gamma + " * (1.0 - $2) * $1",
                               "jnp.where($2, $0, $0 + " + gamma + " * $1)"}),
                     {rewards, value, done}, Shape{rows}, {-4, 5});
    } else {
      target = i.let({"targets", "y"}, i.either({"$0 + " + gamma + " * $1", gamma + " * $1 + $0"}),
                     {rewards, value}, Shape{rows}, {-4, 5});
    }
    if (i.chance(0.5)) {
      const ValueId q =
          i.argument({"q", "q_values", "predictions"}, Type{i.real(), {rows}}, {-3, 3});
      const std::string fixed = i.either({"lax.stop_gradient($1)", "$1", "$1"});
      const ValueId error =
          i.let({"td_error", "errors"}, "$0 - " + fixed, {q, target}, Shape{rows}, {-6, 6});
      i.called({"td_errors", "temporal_difference"});
      i.summary("Differences of action values from their targets.");
      if (i.chance(0.7)) {
        i.called({"td_loss", "value_loss", "q_loss"});
        i.summary("Loss of action values against their targets.");
        i.let({"loss"},
              i.either({"0.5 * jnp.mean($0**2)",
                        "jnp.mean(jnp.where(jnp.abs($0) < 1.0, 0.5 * $0**2, jnp.abs($0) - 0.5))",
                        "jnp.mean(jnp.abs($0))"}),
              {error}, Shape{}, {0, 10});
      }
    }
  });
}

// Values of a small Markov decision process, greedy or soft, by loops of fixed length or until they
// change little.
Op value_iteration() {
  return idiom("value_iteration", kLoop, 1.2, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t states = i.between(3, 6), actions = i.between(2, 4);
    const ValueId logits = i.argument({"transition_logits", "dynamics", "logits"},
                                      Type{i.real(), {states, actions, states}}, {-2, 2});
    const ValueId rewards =
        i.argument({"rewards", "reward_table", "r"}, Type{i.real(), {states, actions}}, {-1, 1});
    const std::string gamma = i.either({"0.9", "0.8", "0.7", "0.95"});
    const bool soft = i.chance(0.3);
    const std::string t = i.either({"0.5", "0.2", "1.0"});
    i.called({soft ? "soft_value_iteration" : "value_iteration", "plan_values", "solve_mdp"});
    i.summary(soft ? "Entropy-regularized values of a small decision process."
                   : "Optimal values of a small decision process.");
    const ValueId p = i.let({"transitions", "probs"}, "jax.nn.softmax($0, axis=-1)", {logits},
                            i.shape(logits), {0, 1});
    const std::string look =
        "$0 + " + gamma +
        i.either({" * $1 @ $2", " * jnp.einsum(\"sat,t->sa\", $1, $2)", " * jnp.dot($1, $2)"});
    const std::string pick = soft ? t + " * jax.nn.logsumexp($0 / " + t + ", axis=1)"
                                  : i.either({"jnp.max($0, axis=1)", "$0.max(axis=-1)"});
    const auto backup = [&](ValueId v) {
      const ValueId q =
          i.let({"q", "action_values"}, look, {rewards, p, v}, Shape{states, actions}, {-9, 9});
      return i.let({"v_next", "improved"}, pick, {q}, Shape{states}, {-9, 9});
    };
    const ValueId start = i.let({"start", "v0"},
                                i.either({"jnp.zeros($0.shape[0], $0.dtype)", "jnp.max($0, axis=1)",
                                          "jnp.zeros_like($0[:, 0])"}),
                                {rewards}, Shape{states}, {-1, 1});
    ValueId v;
    if (i.chance(0.5)) {
      const std::string tolerance = i.either({"1e-3", "1e-2", "1e-4"});
      i.comment("Until no value changes by more than the tolerance.");
      const ValueId first = i.let({"v1", "first"}, "$0 + 1.0", {start}, Shape{states}, {-1, 2});
      v = i.while_loop(
          {{{"v", "values"}, start, {-9, 9}, {"values", "v_star"}},
           {{"previous", "old"}, first, {-9, 9}, {}}},
          {"changing", "unsettled"},
          [&](const Ids& q) {
            return Ids{i.let({"go_on"}, "jnp.max(jnp.abs($0 - $1)) > " + tolerance, {q[0], q[1]},
                             flags({}), {0, 1})};
          },
          {"sweep", "backup"}, [&](const Ids& q) { return Ids{backup(q[0]), q[0]}; })[0];
    } else {
      const std::int64_t sweeps = i.between(3, 12);
      v = iterated(i, sweeps, {"sweep", "backup"},
                   {{"v", "values"}, start, {-9, 9}, {"values", "v_star"}}, backup, 0.6);
    }
    if (i.chance(0.5)) {
      const ValueId q = i.let({"q_star", "action_values"}, look, {rewards, p, v},
                              Shape{states, actions}, {-9, 9});
      const std::string temperature = i.either({"0.1", "0.5", "1.0"});
      const bool policy = i.chance(0.6);
      i.summary(policy ? "Values of a small decision process and a policy from them."
                       : "Values of a small decision process and what each action loses.");
      i.let(policy ? Words{"policy", "action_probs"} : Words{"advantages", "regrets"},
            policy ? i.either({"jax.nn.softmax($0 / " + temperature + ", axis=-1)",
                               "jax.nn.softmax($0 / " + temperature + ", axis=1)"})
                   : i.either({"$0 - jnp.max($0, axis=1, keepdims=True)",
                               "$0 - jnp.max($0, axis=-1, keepdims=True)"}),
            {q}, Shape{states, actions}, {-3, 1});
      i.keep(v);
    }
  });
}

// Temporal differences along a path, written into a table as they come.
Op tabular_learning() {
  return idiom("tabular_learning", kIndexing, 1.1, kSmooth, [](Idiom& i) {
    const ValueId table = i.anchor({"q_table", "table", "q"}, 2, 2, {-2, 2});
    const std::int64_t states = i.dim(table, 0), actions = i.dim(table, 1),
                       steps = i.between(7, 12);
    if (states < 3) return i.fail();
    const std::int64_t form = i.between(0, 2);  // Q-learning, Sarsa, a batch
    const Type visits{i.integer(), {steps}}, path{i.integer(), {steps + 1}};
    const Interval places{0, static_cast<double>(states - 1)},
        choices{0, static_cast<double>(actions - 1)};
    // A path of n transitions has n + 1 states, and Sarsa's an action more.
    const ValueId visited = i.argument({"states", "visited"}, form == 2 ? visits : path, places);
    const ValueId taken = i.argument({"actions", "acts"}, form == 1 ? path : visits, choices);
    const ValueId rewards = i.argument({"rewards", "r"}, Type{i.real(), {steps}}, {-1, 1});
    const std::string gamma = discount(i), rate = i.either({"0.1", "0.5", "0.2", "0.3"});
    i.called({"q_learning", "td_learning", "learn_table"});
    if (form == 2) {
      const ValueId at = visited, act = taken;
      const ValueId after = i.argument({"next_states", "successors"}, visits, places);
      i.called({"batch_q_update", "replay_update", "q_learning_batch"});
      i.summary("Apply the errors of a batch of transitions to a table.");
      const ValueId best = i.let(
          {"best_next", "next_value"},
          i.either({"jnp.max($0[$1], axis=-1)", "$0[$1].max(axis=1)", "jnp.max($0, axis=1)[$1]"}),
          {table, after}, Shape{steps}, {-1, 2});
      const ValueId error = i.let({"td_errors", "deltas"}, "$0 + " + gamma + " * $1 - $2[$3, $4]",
                                  {rewards, best, table, at, act}, Shape{steps}, {-4, 4});
      i.comment("A pair that is visited twice gets both errors.");
      i.let({"updated", "new_table"}, "$0.at[$1, $2].add(" + rate + " * $3)",
            {table, at, act, error}, i.shape(table), {-3, 3});
      return;
    }
    i.summary(form == 0 ? "Q-learning along a path of visited states."
                        : "Sarsa along a path of visited states.");
    if (form == 1) i.called({"sarsa", "on_policy_td", "sarsa_path"});
    const auto part = [&](Words names, const std::string& cut, ValueId of, Interval range) {
      return i.let(std::move(names), cut, {of}, visits, range);
    };
    const ValueId at = part({"left", "current"}, "$0[:-1]", visited, places);
    const ValueId next_state = part({"next_states", "following"}, "$0[1:]", visited, places);
    const ValueId act =
        form == 1 ? part({"acts_now", "current_actions"}, "$0[:-1]", taken, choices) : taken;
    std::vector<Idiom::Slice> over = {{{"s", "state"}, at},
                                      {{"a", "action"}, act},
                                      {{"r", "reward"}, rewards},
                                      {{"s_next", "after"}, next_state}};
    if (form == 1)
      over.push_back({{"a_next", "then"},
                      part({"next_actions", "following_actions"}, "$0[1:]", taken, choices)});
    const bool keep = i.chance(0.4);
    i.scan({"learn", "step", "update"},
           {{{"q", "values"}, table, {-3, 3}, {"learned", "new_table"}}}, over,
           keep ? std::vector<Words>{{"td_errors", "errors"}} : std::vector<Words>{},
           [&](const Ids& p) {
             const ValueId next =
                 form == 0
                     ? i.let({"next_value", "best"}, i.either({"jnp.max($0[$1])", "$0[$1].max()"}),
                             {p[0], p[4]}, Shape{}, {-2, 3})
                     : i.let({"next_value"}, "$0[$1, $2]", {p[0], p[4], p[5]}, Shape{}, {-3, 3});
             const ValueId error = i.let({"error", "delta"}, "$0 + " + gamma + " * $1 - $2[$3, $4]",
                                         {p[3], next, p[0], p[1], p[2]}, Shape{}, {-4, 4});
             Ids out = {i.let({"q_next"}, "$0.at[$1, $2].add(" + rate + " * $3)",
                              {p[0], p[1], p[2], error}, i.shape(table), {-3, 3})};
             if (keep) out.push_back(error);
             return out;
           });
  });
}

}  // namespace

std::vector<Op> reinforcement_idioms() {
  return {discounted_returns(), generalized_advantage(), lambda_returns(),  clipped_objective(),
          policy_gradient(),    bellman_backup(),        value_iteration(), tabular_learning()};
}

}  // namespace jaxsmith::plan
