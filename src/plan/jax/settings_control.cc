// Settings that put a value into a branch, a loop, a map over examples or a derivative.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/settings.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

std::string mean_of(const Featured& f) { return f.rank() == 0 ? "$0" : "jnp.mean($0)"; }

// A way in which a branch goes on, and what it says.
struct Way {
  Words names;
  std::string form;
};

// Of an array: common scales that it may be brought to.
std::vector<Way> scales(Idiom& i) {
  std::vector<Way> all = {
      {{"to_unit_peak", "by_peak"}, "$0 / (jnp.max(jnp.abs($0)) + 1e-2)"},
      {{"to_unit_rms", "by_rms"}, "$0 / jnp.sqrt(jnp.mean($0**2) + 1e-2)"},
      {{"standardize", "to_z_scores"}, "($0 - jnp.mean($0)) / (jnp.std($0) + 1e-2)"},
      {{"center", "remove_mean"}, "$0 - jnp.mean($0)"}};
  i.random().shuffle(all);
  return all;
}

// What is done to a level beyond its limit.
Way softer(Idiom& i) {
  const std::vector<Way> all = {
      {{"compress", "log_compress"}, "jnp.sign($0) * jnp.log1p(jnp.abs($0))"},
      {{"damp", "attenuate"}, i.either({"0.5", "0.25", "0.1"}) + " * $0"},
      {{"saturate", "soft_limit"}, "jnp.tanh($0)"}};
  return i.random().pick(all);
}

Idiom::Fill as_written(Idiom& i, const Featured& f, const Way& way) {
  return [&i, f, way](const Ids& p) {
    return Ids{i.let({"out", "result"}, way.form, {p[0]}, f.type, f.range)};
  };
}

// Whether the level is above a limit: an argument where it is known in which part of the range
// elements lie, as it must come to lie on either side of the level to show.
ValueId above_limit(Idiom& i, const Featured& f, ValueId level) {
  const Value& value = i.builder()[f.id];
  const Words names = {"limit", "threshold", "tolerance"};
  if (value.claimed)
    return i.let({"too_high", "exceeds_limit"},
                 "$0 > " + i.setting(names, {Idiom::text(threshold_of(value))}), {level}, flags({}),
                 {0, 1});
  const double middle = median(value.stats), width = f.range.hi - f.range.lo;
  const ValueId limit =
      i.argument(names, f.with({}), {middle - 0.25 * width, middle + 0.25 * width});
  return i.let({"too_high", "exceeds_limit"}, "$0 > $1", {level, limit}, flags({}), {0, 1});
}

Op limit_by_branch() {
  return setting(
      "limit_by_branch", kConditional, 0.5, kSmooth, reals(0, 3), [](Idiom& i, const Featured& f) {
        const ValueId level =
            f.rank() == 0 ? f.id
                          : i.let({"level", "mean_level"}, mean_of(f), {f.id}, f.with({}), f.range);
        const ValueId high = above_limit(i, f, level);
        const Way way = softer(i);
        const std::string over =
            f.rank() == 0 ? " where it exceeds a limit." : " where the mean exceeds a limit.";
        f.called(i, "within_limit", {"apply_limit", "limit_level"});
        i.summary(way.names.front() == "saturate" ? "Saturate " + f.noun + over
                  : way.names.front() == "damp"   ? "Damp " + f.noun + over
                                                  : "Compress " + f.noun + over);
        const Idiom::Fill keep = [](const Ids& p) { return p; };
        i.cond(high, {f.id}, {{{"v", "level"}, f.type, f.range}}, way.names, as_written(i, f, way),
               Words{"keep", "leave"}, keep, {{{"limited", "adjusted"}, f.type, f.range}});
      });
}

Op choose_by_mode() {
  return setting(
      "choose_by_mode", kConditional, 1.5, kSmooth, reals(0, 3), [](Idiom& i, const Featured& f) {
        const std::int64_t count = i.between(2, 4);
        const ValueId mode = i.argument({"mode", "kind", "method"}, counts(i, {}), below(count));
        if (f.rank() == 0) Idiom::fail();
        std::vector<Way> all = scales(i);
        Type out = f.type;
        const bool reduces = i.chance(0.6);
        if (reduces) {
          out = f.with({});
          all = {{{"mean", "average"}, "jnp.mean($0)"},
                 {{"root_mean_square", "rms"}, "jnp.sqrt(jnp.mean($0**2))"},
                 {{"largest", "peak"}, "jnp.max($0)"},
                 {{"middle", "median"}, "jnp.median($0)"},
                 {{"spread", "deviation"}, "jnp.std($0)"}};
          i.random().shuffle(all);
        }
        f.called(i, reduces ? "summary" : "normalized",
                 {reduces ? "summarize_by_mode" : "normalize_by_mode", "apply_mode"});
        i.summary(reduces ? "Reduce " + f.noun + " by the statistic that is asked for."
                          : "Normalize " + f.noun + " in the way that is asked for.");
        std::vector<Idiom::Branch> branches;
        for (std::int64_t k = 0; k < count; ++k) {
          const Way way = all[static_cast<std::size_t>(k)];
          branches.push_back({way.names, [&i, f, way, out](const Ids& p) {
                                return Ids{
                                    i.let({"out", "result"}, way.form, {p[0]}, out, f.range)};
                              }});
        }
        i.switch_(mode, {f.id}, {{{"v", "x"}, f.type, f.range}}, branches,
                  {{{reduces ? "statistic" : "normalized", "chosen"}, out, f.range}});
      });
}

// Of flags: what they select, where that is enough to go by.
Op selected_or_all() {
  const auto fits = [](const Value& v) {
    constexpr std::int64_t kEnough = 8;
    return v.type.dtype == DType::kBool && tensor::element_count(v.type.shape) >= kEnough;
  };
  return setting(
      "selected_or_all", kConditional, 2.0, kSmooth, fits, [](Idiom& i, const Featured& f) {
        const Type each{i.real(), f.type.shape}, one{i.real(), {}};
        const ValueId values = i.argument({"values", "readings", "losses"}, each, {-2, 2});
        // Few flags may be true, or nearly all: some input sets ask for few, others for many.
        const auto count = tensor::element_count(f.type.shape);
        const bool counted = i.chance(0.6);
        const ValueId least = counted ? i.argument({"min_count", "least"}, Type{i.integer(), {}},
                                                   {1, static_cast<double>(count * 3 / 4)})
                                      : i.argument({"min_share", "quorum"}, one, {0.02, 0.9});
        const ValueId enough =
            i.let({"enough", "is_reliable"},
                  counted ? i.either({"jnp.sum($0) >= $1", "jnp.count_nonzero($0) >= $1"})
                          : "jnp.mean($0) >= $1",
                  {f.id, least}, flags({}), {0, 1});
        i.called({"mean_of_selected", "reliable_mean"});
        i.summary("Mean of the values that " + f.noun +
                  " select, or of all where they select too few.");
        const auto selected = [&](const Ids& p) {
          return Ids{i.let({"selected_mean"}, "jnp.mean($0, where=$1)", p, one, {-2, 2})};
        };
        const auto all = [&](const Ids& p) {
          return Ids{i.let({"overall_mean"}, "jnp.mean($0)", {p[0]}, one, {-2, 2})};
        };
        i.cond(enough, {values, f.id},
               {{{"v", "values"}, each, {-2, 2}}, {{"kept", "mask"}, f.type, {0, 1}}},
               {"of_selected", "mean_of_kept"}, selected, {"of_all", "mean_of_all"}, all,
               {{{"mean", "level"}, one, {-2, 2}}});
      });
}

Op smooth_in_time() {
  return setting(
      "smooth_in_time", kLoop, 2.0, kSmooth, reals(1, 3), [](Idiom& i, const Featured& f) {
        const std::string decay = i.setting({"decay", "keep"}, {"0.9", "0.8", "0.5", "0.95"});
        const Type slice = f.with(i.without_axis(f.id, 0));
        const int kind = static_cast<int>(i.between(0, 2));
        const bool given = i.chance(0.6);
        const ValueId start = given ? i.argument({"initial", "state0"}, slice, f.range)
                                    : i.let({"initial", "state0"}, "jnp.zeros_like($0[0])", {f.id},
                                            slice, {-f.reach, f.reach});
        const std::string form = kind == 0   ? decay + " * $0 + (1.0 - " + decay + ") * $1"
                                 : kind == 1 ? decay + " * $0 + $1"
                                             : "jnp.maximum(" + decay + " * $0, $1)";
        const Interval room{-4 * f.reach, 4 * f.reach};
        f.called(i,
                 kind == 0   ? "smoothed"
                 : kind == 1 ? "trace"
                             : "envelope",
                 {kind == 0   ? "smooth_in_time"
                  : kind == 1 ? "decayed_sum"
                              : "peak_envelope"});
        const bool residual = kind == 0 && i.chance(0.3), final = i.chance(0.35);
        i.summary(residual    ? "Difference of " + f.noun + " from their exponential average."
                  : kind == 0 ? "Smooth " + f.noun + " over time by an exponential average."
                  : kind == 1 ? "Add up " + f.noun + " with a decaying memory."
                              : "Follow the peaks of " + f.noun + ", which decay in between.");
        i.scan(
            {"step", "advance"},
            {{{"state", "memory"}, start, room, final ? Words{"final", "last_state"} : Words{}}},
            {{{"reading", "current"}, f.id}},
            {residual ? Words{"surprise", "residuals"} : Words{"smoothed", "history"}},
            [&](const Ids& p) {
              const ValueId next = i.let({"state_next", "updated"}, form, p, slice, room);
              return Ids{next, residual ? i.let({"surprise"}, "$0 - $1", {p[1], p[0]}, slice, room)
                                        : next};
            },
            i.chance(0.25) ? "reverse=True" : "");
      });
}

struct Kernel {
  std::string name, says, form;  // of $0 - $1 as {d}
  double most;
  bool near = false;  // it is largest where two points are one
};

const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> kAll = {
      {"squared_distance", "Squared distances", "jnp.sum(({d}) ** 2)", 20},
      {"distance", "Distances", "jnp.sqrt(jnp.sum(({d}) ** 2) + 1e-4)", 8},
      {"city_block", "City-block distances", "jnp.sum(jnp.abs({d}))", 10},
      {"rbf", "Gaussian similarities", "jnp.exp(-0.5 * jnp.sum(({d}) ** 2))", 1, true},
      {"inverse_distance", "Inverse distances", "1.0 / (1.0 + jnp.sum(({d}) ** 2))", 1, true}};
  return kAll;
}

Op compare_each() {
  return setting(
      "compare_each", kVectorization, 2.0, kSmooth, reals(2, 2), [](Idiom& i, const Featured& f) {
        const Kernel& kernel = i.random().pick(kernels());
        const std::int64_t k = few(i, 8);
        const bool pairs = i.chance(0.6);
        Shape centers = f.type.shape;
        centers[0] = k;
        const Shape one = i.without_axis(f.id, 0);
        const ValueId others = i.argument({"centers", "prototypes", "anchors"},
                                          f.with(pairs ? centers : one), f.range);
        std::string form = kernel.form;
        form.replace(form.find("{d}"), 3, "$0 - $1");
        const auto body = i.helper(
            {kernel.name, kernel.name + "_to"},
            kernel.says.substr(0, kernel.says.size() - 1) + " of two points.",
            {{{"point", "a"}, f.with(one), f.range}, {{"center", "b"}, f.with(one), f.range}},
            [&](const Ids& p) {
              return Ids{i.let({"value", kernel.name}, form, p, f.with({}), {0, kernel.most})};
            });
        f.called(i, pairs ? "pairs" : "distances",
                 {pairs ? "pairwise_" + kernel.name : kernel.name + "_of_each", "compare_each"});
        i.summary(kernel.says + (pairs ? " of each of " : " of ") + f.noun + " and " +
                  (pairs ? "each center." : "a center."));
        const std::string over =
            pairs
                ? i.either(
                      {"jax.vmap(jax.vmap($f0, (None, 0)), (0, None))",
                       "jax.vmap(jax.vmap($f0, in_axes=(0, None)), in_axes=(None, 0), out_axes=1)"})
                : "jax.vmap($f0, in_axes=(0, None))";
        const std::int64_t n = f.type.shape[0];
        const ValueId all = i.let({kernel.name + "s", kernel.near ? "similarities" : "distances"},
                                  over + "($0, $1)", {f.id, others}, {body},
                                  f.with(pairs ? Shape{n, k} : Shape{n}), {0, kernel.most});
        if (!pairs) return;
        switch (i.between(0, 2)) {
          case 0:
            return;
          case 1:
            i.let({"nearest", "closest"},
                  kernel.near ? "jnp.max($0, axis=1)" : "jnp.min($0, axis=1)", {all}, f.with({n}),
                  {0, kernel.most});
            return;
          default:
            i.let({"memberships", "soft_assignment"},
                  kernel.near ? "jax.nn.softmax($0, axis=1)" : "jax.nn.softmax(-$0, axis=1)", {all},
                  f.with({n, k}), {0, 1});
        }
      });
}

Op each_row() {
  return setting(
      "score_each_row", kVectorization, 12.0, kSmooth, reals(2, 3),
      [](Idiom& i, const Featured& f) {
        const std::int64_t n = f.type.shape[0];
        const Shape one = i.without_axis(f.id, 0);
        struct Score {
          std::string name, says, form;
        };
        static const std::vector<Score> kScores = {
            {"error", "Mean squared error", "jnp.mean(($0 - $1) ** 2)"},
            {"overlap", "Overlap", "jnp.sum($0 * $1)"},
            {"distance", "Distance", "jnp.sqrt(jnp.sum(($0 - $1) ** 2) + 1e-3)"},
            {"worst_error", "Largest error", "jnp.max(jnp.abs($0 - $1))"},
            {"absolute_error", "Mean absolute error", "jnp.mean(jnp.abs($0 - $1))"}};
        const Score& score = i.random().pick(kScores);
        const bool shared = i.chance(0.5), with_grad = i.chance(0.15);
        const double most = 8 * f.reach * std::max(1.0, f.reach);
        const ValueId other =
            i.argument(shared ? Words{"template", "prototype"} : Words{"targets", "references"},
                       shared ? f.with(one) : f.type, {-1.5, 1.5});
        const auto body = i.helper(
            {"row_" + score.name, score.name + "_of_row"}, score.says + " of one example.",
            {{{"row", "example"}, f.with(one), f.range},
             {{"target", "reference"}, f.with(one), {-1.5, 1.5}}},
            [&](const Ids& p) {
              return Ids{i.let({score.name, "value"}, score.form, p, f.with({}), {-most, most})};
            });
        f.called(i, score.name, {score.name + "_of_each_row", "per_example_" + score.name});
        i.summary(score.says + " of each row of " + f.noun +
                  (shared ? " against one template" : " against a target of its own") +
                  (with_grad ? ", with its gradient." : "."));
        const std::string axes = shared ? ", in_axes=(0, None)" : "";
        if (!with_grad) {
          i.let({score.name + "s", "per_example"}, "jax.vmap($f0" + axes + ")($0, $1)",
                {f.id, other}, {body}, f.with({n}), {-most, most});
          return;
        }
        i.unpack("jax.vmap(jax.value_and_grad($f0)" + axes + ")($0, $1)", {f.id, other}, {body},
                 {{{score.name + "s", "values"}, f.with({n}), {-most, most}},
                  {{"slopes", "gradients"}, f.type, {-most, most}}});
      });
}

Op descend() {
  return setting(
      "descend_on", kGradient, 1.0, kSmooth, reals(0, 3), [](Idiom& i, const Featured& f) {
        struct Energy {
          std::string name, says, form;
        };
        static const std::vector<Energy> kEnergies = {
            {"squared_error", "{m}squared error", "{m}(($0 - $1) ** 2)"},
            {"half_squared_error", "half the {m}squared error", "0.5 * {m}(($0 - $1) ** 2)"},
            {"log_cosh", "{m}log-cosh loss", "{m}(jnp.logaddexp($0 - $1, $1 - $0) - jnp.log(2.0))"},
            {"charbonnier", "{m}Charbonnier loss", "{m}(jnp.sqrt(($0 - $1) ** 2 + 0.1))"}};
        if (f.reach > 20) Idiom::fail();
        Energy energy = i.random().pick(kEnergies);
        const bool one = f.rank() == 0, mean = i.chance(0.5);
        std::string& form = energy.form;
        form.replace(form.find("{m}"), 3, one ? "" : mean ? "jnp.mean" : "jnp.sum");
        energy.says.replace(energy.says.find("{m}"), 3, one ? "" : mean ? "mean " : "total ");
        const bool halved = energy.says.starts_with("half");
        const std::string loss = (halved ? "" : "the ") + energy.says;
        const Interval room{-2, 2};
        const double most = 8 * (1 + f.reach * f.reach);
        const ValueId target = i.argument({"target", "observed", "measured"}, f.type, room);
        const auto body = i.helper(
            {energy.name, "objective"},
            (halved ? "Half the " + energy.says.substr(9) : "The " + energy.says) + ".",
            {{{"predicted", "estimate"}, f.type, f.range}, {{"target", "y"}, f.type, room}},
            [&](const Ids& p) {
              return Ids{i.let({"loss", "energy"}, form, p, f.with({}), {0, most})};
            });
        const Interval slope{-4 * (1 + f.reach), 4 * (1 + f.reach)};
        switch (i.between(0, 2)) {
          case 0:
            f.called(i, "error_signal", {"error_signal", "gradient_of_" + energy.name});
            i.summary("Gradient of " + loss + " of " + f.noun + " against a target.");
            i.let({"error_signal", "gradient"}, "jax.grad($f0)($0, $1)", {f.id, target}, {body},
                  f.type, slope);
            return;
          case 1: {
            f.called(i, "correction", {"correct_towards_target", "gradient_step"});
            i.summary("Correct " + f.noun + " towards a target by a step down " + loss + ".");
            const ValueId g = i.let({"gradient", "slope"}, "jax.grad($f0)($0, $1)", {f.id, target},
                                    {body}, f.type, slope);
            i.let({"corrected", "updated"},
                  "$0 - " + i.setting({"step_size", "rate"}, {"0.1", "0.2", "0.5"}) + " * $1",
                  {f.id, g}, f.type, slope);
            return;
          }
          default:
            f.called(i, "loss_and_gradient", {"loss_and_gradient", energy.name + "_and_slope"});
            i.summary((halved ? "Half the " + energy.says.substr(9) : "The " + energy.says) +
                      " of " + f.noun + " against a target, and its gradient.");
            i.unpack("jax.value_and_grad($f0)($0, $1)", {f.id, target}, {body},
                     {{{"loss", "value"}, f.with({}), {0, most}},
                      {{"gradient", "slope"}, f.type, slope}});
        }
      });
}

}  // namespace

std::vector<Op> control_settings() {
  return {limit_by_branch(), choose_by_mode(), selected_or_all(), smooth_in_time(),
          compare_each(),    each_row(),       descend()};
}

}  // namespace jaxsmith::plan
