// Settings in which a value is a feature, a score, an energy or a table.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/settings.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Words = Idiom::Words;

ValueId normalized(Idiom& i, const Featured& f) {
  const std::string axis = f.rank() == 1 || i.chance(0.7) ? "axis=-1" : "axis=0";
  Shape kept = f.type.shape;
  (axis == "axis=-1" ? kept.back() : kept.front()) = 1;
  const std::string eps = i.setting({"eps", "epsilon"}, {"1e-3", "1e-2"});
  if (i.chance(0.3)) {
    const ValueId norm = i.let({"norm", "length"},
                               i.either({"jnp.linalg.norm($0, " + axis + ", keepdims=True)",
                                         "jnp.sqrt(jnp.sum($0**2, " + axis + ", keepdims=True))"}),
                               {f.id}, f.with(kept), {0.1 * f.reach, 4 * f.reach});
    return i.let({"unit", "normalized"}, "$0 / ($1 + " + eps + ")", {f.id, norm}, f.type, {-1, 1});
  }
  const bool range = i.chance(0.3);
  const ValueId low =
      i.let({range ? "lowest" : "mean", "center"},
            std::string("jnp.") + (range ? "min" : "mean") + "($0, " + axis + ", keepdims=True)",
            {f.id}, f.with(kept), f.range);
  const ValueId width = i.let({range ? "span" : "deviation", "width"},
                              range ? "jnp.max($0, " + axis + ", keepdims=True) - $1"
                                    : "jnp.std($0, " + axis + ", keepdims=True)",
                              range ? Idiom::Ids{f.id, low} : Idiom::Ids{f.id}, f.with(kept),
                              {0.1 * f.reach, 2 * f.reach});
  return i.let({range ? "rescaled" : "standardized", "normalized"},
               "($0 - $1) / ($2 + " + eps + ")", {f.id, low, width}, f.type,
               {range ? 0.0 : -3.0, range ? 1.0 : 3.0});
}

Op normalize_features() {
  return setting(
      "normalize_values", kArithmetic, 0.6, kSmooth, reals(1, 4), [](Idiom& i, const Featured& f) {
        i.called({"normalize_" + (f.stem.empty() || f.stem.size() > 18 ? "features" : f.stem),
                  "standardize", "normalize"});
        i.summary("Bring " + f.noun + " to a common scale.");
        const ValueId unit = normalized(i, f);
        if (i.chance(0.4)) return;
        const Type channel = f.with({f.type.shape.back()});
        const bool shift = i.chance(0.5);
        const ValueId gain = i.argument({"gain", "scale", "gamma"}, channel, {0.5, 2});
        Idiom::Ids operands = {unit, gain};
        if (shift) operands.push_back(i.argument({"shift", "offset", "beta"}, channel, {-1, 1}));
        i.let({"scaled", "calibrated"}, shift ? "$0 * $1 + $2" : "$0 * $1", operands, f.type,
              {-6, 6});
      });
}

Op readout() {
  return setting(
      "readout", kLinearAlgebra, 4.0, kSmooth, reals(2, 3), [](Idiom& i, const Featured& f) {
        const std::int64_t width = i.dim(f.id, -1), k = few(i, 10);
        const double reach = f.reach * static_cast<double>(std::min<std::int64_t>(width, 8));
        if (f.reach > 100) Idiom::fail();
        const ValueId x = i.chance(0.35) ? normalized(i, f) : f.id;
        const bool single = i.chance(0.3);
        const ValueId w = i.argument({"weights", "w", "kernel", "readout"},
                                     f.with(single ? Shape{width} : Shape{width, k}), {-1, 1});
        Shape shape = f.type.shape;
        single ? shape.pop_back() : static_cast<void>(shape.back() = k);
        const bool biased = i.chance(0.5), classes = !single && i.chance(0.5);
        const bool logs = classes && i.chance(0.5);
        Idiom::Ids operands = {x, w};
        if (biased)
          operands.push_back(
              i.argument({"bias", "b"}, f.with(single ? Shape{} : Shape{k}), {-1, 1}));
        const std::string product = i.either({"$0 @ $1", "jnp.dot($0, $1)", "jnp.matmul($0, $1)"});
        f.called(i, classes ? "classifier" : "readout",
                 {classes ? "classify" : "linear_readout", "predict"});
        i.summary((logs      ? "Log probabilities of classes by a linear model of "
                   : classes ? "Class probabilities by a linear model of "
                             : "Predict from a linear combination of ") +
                  f.noun + ".");
        const ValueId logits =
            i.let({classes ? "logits" : "prediction", "outputs"}, product + (biased ? " + $2" : ""),
                  operands, f.with(shape), {-reach, reach});
        if (classes)
          i.let(logs ? Words{"log_probs", "log_probabilities"}
                     : Words{"probabilities", "class_probs"},
                logs ? "jax.nn.log_softmax($0, axis=-1)" : "jax.nn.softmax($0, axis=-1)", {logits},
                f.with(shape), logs ? Interval{-9, 0} : Interval{0, 1});
        else if (i.chance(0.4))
          i.let({"activation", "response"},
                i.either({"jnp.tanh($0)", "jax.nn.sigmoid($0)", "jax.nn.softplus($0)"}), {logits},
                f.with(shape), {-1, 1});
      });
}

Op covariance() {
  return setting(
      "covariance_of_rows", kLinearAlgebra, 0.5, kSmooth, reals(2, 2),
      [](Idiom& i, const Featured& f) {
        if (f.reach > 100) Idiom::fail();
        const std::int64_t n = f.type.shape[0], d = f.type.shape[1];
        const bool centered = i.chance(0.6), samples = i.chance(0.6);
        ValueId x = f.id;
        if (centered)
          x = i.let(
              {"centered", "deviations"},
              std::string("$0 - jnp.mean($0, axis=") + (samples ? "0" : "1") + ", keepdims=True)",
              {x}, f.type, {-2 * f.reach, 2 * f.reach});
        const std::int64_t side = samples ? d : n, over = samples ? n : d;
        const std::string divisor =
            fmt::format("{}", over - (centered && i.chance(0.5) && over > 1));
        struct Way {
          std::string centered, plain, centered_says, plain_says;
        };
        static const std::vector<Way> kWays = {
            {"covariance", "gram_matrix", "Covariance", "Second moments"},
            {"total_variance", "total_power", "Total variance", "Total mean square"},
            {"shrunk_covariance", "ridge_gram", "Covariance with a ridge",
             "Second moments with a ridge"},
            {"variance_along", "power_along", "Variance along a direction",
             "Mean square along a direction"}};
        const auto way = static_cast<std::size_t>(i.between(0, 3));
        const std::string& name = centered ? kWays[way].centered : kWays[way].plain;
        f.called(i, name, {name});
        i.summary((centered ? kWays[way].centered_says : kWays[way].plain_says) + " of " + f.noun +
                  (samples ? " over the rows." : " over the columns."));
        const ValueId c = i.let(
            {centered ? "covariance" : "gram", "moments"},
            std::string(samples ? i.either({"$0.T @ $0", "jnp.einsum(\"nd,ne->de\", $0, $0)"})
                                : i.either({"$0 @ $0.T", "jnp.einsum(\"nd,md->nm\", $0, $0)"})) +
                " / " + divisor,
            {x}, f.with({side, side}), {-f.reach * f.reach, f.reach * f.reach});
        switch (way) {
          case 0:
            return;
          case 1:
            i.let({centered ? "total_variance" : "total_power", "trace"}, "jnp.trace($0)", {c},
                  f.with({}), {0, 8 * f.reach * f.reach});
            return;
          case 2:
            i.let({"regularized", "shrunk"},
                  "$0 + " + i.setting({"ridge", "jitter"}, {"0.1", "0.01"}) +
                      fmt::format(" * jnp.eye({}, dtype=$0.dtype)", side),
                  {c}, f.with({side, side}), {-f.reach * f.reach, f.reach * f.reach});
            return;
          default: {
            const ValueId q =
                i.argument({"direction", "portfolio", "query"}, f.with({side}), {-1, 1});
            i.let({centered ? "projected_variance" : "projected_power", "quadratic_form"},
                  i.either({"$0 @ $1 @ $0", "jnp.einsum(\"i,ij,j->\", $0, $1, $0)"}), {q, c},
                  f.with({}), {-8 * f.reach * f.reach, 8 * f.reach * f.reach});
          }
        }
      });
}

Op changes() {
  return setting("changes", kArray, 0.8, kSmooth, reals(1, 3), [](Idiom& i, const Featured& f) {
    const std::int64_t n = i.dim(f.id, -1);
    Shape shorter = i.with_last(f.id, n - 1), wide = i.with_last(f.id, 2 * n - 1);
    const Interval room{-2 * f.reach, 2 * f.reach};
    const bool wraps = i.chance(0.35);
    const ValueId d =
        wraps ? i.let({"change", "slope"},
                      i.either({"$0 - jnp.roll($0, 1, axis=-1)", "jnp.roll($0, -1, axis=-1) - $0"}),
                      {f.id}, f.type, room)
              : i.let({"change", "increments"},
                      i.either({"jnp.diff($0, axis=-1)", "$0[..., 1:] - $0[..., :-1]"}), {f.id},
                      f.with(shorter), room);
    const Type each = wraps ? f.type : f.with(shorter);
    const Type rows = f.with(i.without_axis(f.id, -1));
    switch (i.between(0, 3)) {
      case 0:
        f.called(i, "with_changes", {"add_differences", "with_changes"});
        i.summary("Put the changes between neighbors beside " + f.noun + ".");
        i.let({"features", "extended"}, "jnp.concatenate([$0, $1], axis=-1)", {f.id, d},
              f.with(wraps ? i.with_last(f.id, 2 * n) : wide), room);
        return;
      case 1: {
        const bool squared = i.chance(0.5);
        f.called(i, squared ? "roughness" : "total_variation",
                 squared ? Words{"roughness", "mean_squared_change"} : Words{"total_variation"});
        i.summary((squared ? "Mean squared change of " : "Total variation of ") + f.noun +
                  " along the last axis.");
        // Of the last axis alone: the neighbors are there.
        i.let({squared ? "roughness" : "total_variation"},
              squared ? "jnp.mean($0**2, axis=-1)" : "jnp.sum(jnp.abs($0), axis=-1)", {d}, rows,
              {0, 8 * f.reach});
        return;
      }
      case 2: {
        f.called(i, "smoothness", {"smoothness_penalty", "roughness_penalty"});
        const ValueId s = i.argument({"strength", "penalty"}, f.with({}), {0.1, 2});
        i.summary("Penalize changes of " + f.noun + " from one place to the next.");
        i.let({"penalty", "roughness"}, i.either({"$1 * jnp.mean($0**2)", "$1 * jnp.sum($0**2)"}),
              {d, s}, f.with({}), {0, 8 * f.reach * f.reach});
        return;
      }
      default: {
        const ValueId gain = i.argument({"gain", "rate", "stiffness"}, each, {0.2, 2});
        f.called(i, "flux", {"weighted_flux", "flux"});
        i.summary("Flux between neighboring places, down the slope of " + f.noun + ".");
        i.let({"flux", "flow"}, i.either({"-$1 * $0", "-($1 * $0)"}), {d, gain}, each, room);
      }
    }
  });
}

Op smooth() {
  return setting(
      "moving_average", kArray, 2.5, kSmooth, reals(1, 3), [](Idiom& i, const Featured& f) {
        const std::int64_t n = i.dim(f.id, -1);
        const std::string mode = i.either({"edge", "reflect", "wrap"});
        std::string pad = "(";
        for (int k = 1; k < f.rank(); ++k) pad += "(0, 0), ";
        pad += f.rank() == 1 ? "1, 1)" : "(1, 1))";
        const bool rest = i.chance(0.5);
        if (rest)
          f.called(i, "fluctuation", {"detrend", "remove_moving_average"});
        else
          f.called(i, "trend", {"smooth_signal", "moving_average"});
        i.summary(rest ? "Take the moving average over three places out of " + f.noun + "."
                       : "Smooth " + f.noun + " over three neighboring places.");
        const ValueId padded = i.let({"padded"}, "jnp.pad($0, " + pad + ", mode=\"" + mode + "\")",
                                     {f.id}, f.with(i.with_last(f.id, n + 2)), f.range);
        const std::string weights = i.either({"0.25", "third"});
        const std::string form =
            weights == "0.25" ? "0.25 * $0[..., :-2] + 0.5 * $0[..., 1:-1] + 0.25 * $0[..., 2:]"
                              : "($0[..., :-2] + $0[..., 1:-1] + $0[..., 2:]) / 3.0";
        const ValueId smooth = i.let({"smooth", "trend"}, form, {padded}, f.type, f.range);
        if (rest)
          i.let({"detrended", "fluctuation"}, "$0 - $1", {f.id, smooth}, f.type,
                {-f.reach, f.reach});
      });
}

Op by_label() {
  return setting(
      "group_means", kIndexing, 3.0, kSmooth, reals(1, 3), [](Idiom& i, const Featured& f) {
        const std::int64_t rows = f.type.shape[0], k = i.between(2, 5);
        Shape shape = f.type.shape;
        shape[0] = k;
        const ValueId labels = class_labels(i, {"groups", "labels", "segment_ids"}, rows, k);
        const bool mean = i.chance(0.6), within = mean && i.chance(0.35);
        if (within)
          f.called(i, "within_group", {"deviation_within_group", "center_by_group"});
        else
          f.called(
              i, mean ? "mean_by_group" : "sum_by_group",
              mean ? Words{"group_means", "segment_means"} : Words{"group_sums", "total_by_group"});
        i.summary((within ? "Deviation of "
                   : mean ? "Mean of "
                          : "Sum of ") +
                  f.noun + (within ? " from the mean of its group." : " in each group."));
        const ValueId totals = i.let(
            {"totals", "group_sums"},
            i.either({fmt::format("jax.ops.segment_sum($0, $1, num_segments={})", k),
                      fmt::format("jnp.zeros({}, $0.dtype).at[$1].add($0)", tuple_text(shape))}),
            {f.id, labels}, f.with(shape), {-4 * f.reach, 4 * f.reach});
        if (!mean) return;
        const ValueId sizes = i.let({"sizes", "counts"},
                                    fmt::format("jnp.maximum(jnp.bincount($0, length={}), 1)", k),
                                    {labels}, counts(i, {k}), {1, static_cast<double>(rows)});
        std::string column;
        for (int a = 1; a < f.rank(); ++a) column += ", None";
        const ValueId means =
            i.let({"group_means", "means"}, "$0 / $1" + (column.empty() ? "" : "[:" + column + "]"),
                  {totals, sizes}, f.with(shape), f.range);
        if (within)
          i.let({"within_group", "deviation"}, "$0 - $1[$2]", {f.id, means, labels}, f.type,
                {-2 * f.reach, 2 * f.reach});
      });
}

Op look_up() {
  return setting(
      "select_rows", kIndexing, 0.4, kSmooth, reals(1, 3), [](Idiom& i, const Featured& f) {
        const std::int64_t rows = f.type.shape[0], m = i.size();
        Shape shape = f.type.shape;
        const Words scored = {"scores", "logits", "ranked", "relevance", "losses", "readings"};
        if (goes_by(i.builder()[f.id], scored) && i.chance(0.5)) {
          const std::int64_t k = i.between(1, std::max<std::int64_t>(1, i.dim(f.id, -1) / 2));
          f.called(i, "top_mean", {"mean_of_largest", "top_mean"});
          i.summary(fmt::format("Mean of the {} largest of {}.", k, f.noun));
          const auto parts =
              i.unpack(fmt::format("lax.top_k($0, {})", k), {f.id}, {},
                       {{{"largest", "best"}, f.with(i.with_last(f.id, k)), f.range},
                        {Words{}, {DType::kI32, i.with_last(f.id, k)}, below(i.dim(f.id, -1))}});
          i.let({"mean_of_largest", "top_mean"}, "jnp.mean($0, axis=-1)", {parts[0]},
                f.with(i.without_axis(f.id, -1)), f.range);
          return;
        }
        shape[0] = m;
        const ValueId ids = i.argument({"ids", "indices", "selected"}, counts(i, {m}), below(rows));
        const bool compare = i.chance(0.6);
        if (compare)
          f.called(i, "errors", {"errors_at_ids", "compare_chosen"});
        else
          f.called(i, "lookup", {"gather_rows", "select_entries"});
        i.summary(compare ? "Compare chosen entries of " + f.noun + " with their targets."
                          : "Look up chosen entries of " + f.noun + ".");
        const ValueId chosen =
            i.let({"chosen", "selected_rows"},
                  i.either({"$0[$1]", "jnp.take($0, $1, axis=0)", "$0.at[$1].get(mode=\"clip\")"}),
                  {f.id, ids}, f.with(shape), f.range);
        if (!compare) return;
        const ValueId target = i.argument({"targets", "expected"}, f.with(shape), f.range);
        i.let({"errors", "gap"}, i.either({"$0 - $1", "jnp.square($0 - $1)", "jnp.abs($0 - $1)"}),
              {chosen, target}, f.with(shape), {-2 * f.reach, 2 * f.reach});
      });
}

Op blend() {
  return setting("blend_with_estimate", kArithmetic, 0.3, kSmooth, reals(0, 4),
                 [](Idiom& i, const Featured& f) {
                   const ValueId old =
                       i.input({"estimate", "previous", "running"}, f.type, f.range);
                   const bool each = f.rank() > 0 && i.chance(0.3);
                   const bool given = i.chance(0.5);
                   const std::string rate =
                       given ? "$2" : i.setting({"rate", "gain"}, {"0.1", "0.05", "0.2", "0.01"});
                   Idiom::Ids operands = {old, f.id};
                   if (given)
                     operands.push_back(i.argument({"rate", "gain", "trust"},
                                                   each ? f.type : f.with({}), {0.05, 0.9}));
                   f.called(i, "update", {"update_estimate", "blend"});
                   i.summary("Move an estimate a part of the way to " + f.noun + ".");
                   i.let({"updated", "new_estimate"},
                         i.either({"$0 + " + rate + " * ($1 - $0)",
                                   "(1.0 - " + rate + ") * $0 + " + rate + " * $1"}),
                         operands, f.type, f.range);
                 });
}

}  // namespace

std::vector<Op> model_settings() {
  return {normalize_features(), readout(), covariance(), changes(), smooth(),
          by_label(),           look_up(), blend()};
}

}  // namespace jaxsmith::plan
