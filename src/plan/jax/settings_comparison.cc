// Settings that compare a value with a reference, or say how its elements are distributed.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/settings.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Words = Idiom::Words;

// What is written for an axis, and the shape that is left: all elements, or the last axis.
struct Over {
  std::string all;    // of a call: "", ", axis=-1"
  std::string words;  // " of each row"
  Shape shape;
};

Over over(Idiom& i, const Featured& f) {
  if (f.rank() < 2 || i.chance(0.5)) return {"", "", {}};
  if (i.chance(0.6)) return {", axis=-1", " of each row", i.without_axis(f.id, -1)};
  return {", axis=0", " over the first axis", i.without_axis(f.id, 0)};
}

// One value for each row, of several rows, or for each element.
ValueId reference(Idiom& i, const Featured& f, Words names) {
  return i.input(std::move(names), f.type, f.range);
}

struct Measure {
  std::string form, what, says;
  double most;  // of the result, in reaches
  bool squared = false;
};

Op compare_with_reference() {
  return setting(
      "compare_with_reference", kReduction, 1.0, kSmooth, reals(1, 4),
      [](Idiom& i, const Featured& f) {
        const ValueId expected = reference(i, f, {"reference", "expected", "target", "baseline"});
        static const std::vector<Measure> kMeasures = {
            {"jnp.mean($0**2{})", "mse", "Mean squared error", 2, true},
            {"jnp.sqrt(jnp.mean(jnp.square($0){}))", "rmse", "Root mean square error", 2},
            {"jnp.mean(jnp.abs($0){})", "mae", "Mean absolute error", 2},
            {"jnp.max(jnp.abs($0){})", "worst_error", "Largest error", 2},
            {"jnp.median(jnp.abs($0){})", "median_error", "Median absolute error", 2},
            {"0.5 * jnp.sum($0**2{})", "sse", "Half the sum of squared errors", 8, true},
            {"jnp.mean($0{})", "bias", "Mean deviation", 1}};
        const Measure& m = i.random().pick(kMeasures);
        const Over at = over(i, f);
        f.called(i, m.what, {m.what, "compare_with_reference", "reference_error"});
        i.summary(m.says + at.words + " of " + f.noun + " against a reference.");
        const ValueId gap = i.let({"error", "deviation", "difference"}, "$0 - $1", {f.id, expected},
                                  f.type, {-2 * f.reach, 2 * f.reach});
        const double most = m.most * f.reach * (m.squared ? f.reach : 1);
        i.let({m.what, "error_measure"}, fmt::format(fmt::runtime(m.form), at.all), {gap},
              f.with(at.shape), {m.what == "bias" ? -most : 0, most});
      });
}

Op relative_error() {
  return setting(
      "relative_error", kArithmetic, 0.7, kSmooth, reals(0, 4), [](Idiom& i, const Featured& f) {
        const ValueId expected = i.argument({"expected", "reference", "nominal", "truth"}, f.type,
                                            {0.5, std::max(1.0, f.reach)});
        const bool percent = i.chance(0.4), symmetric = i.chance(0.35), sign = i.chance(0.5);
        f.called(i, percent ? "percent_error" : "relative_error",
                 {percent ? "percent_error" : "relative_error", "relative_deviation"});
        i.summary("Relative deviation of " + f.noun + " from what is expected" +
                  (percent ? ", in percent." : "."));
        const ValueId gap = i.let({"deviation", "gap"}, sign ? "$0 - $1" : "jnp.abs($0 - $1)",
                                  {f.id, expected}, f.type, {sign ? -f.reach : 0, 2 * f.reach});
        // The sign is that of the deviation, whatever that of what is expected.
        const bool positive = f.range.lo > 0;
        const std::string by = symmetric  ? "(0.5 * (jnp.abs($1) + jnp.abs($2)))"
                               : positive ? "$1"
                                          : "jnp.abs($1)";
        Idiom::Ids operands = {gap, expected};
        if (symmetric) operands.push_back(f.id);
        i.let({"relative", "relative_error"}, std::string(percent ? "100.0 * " : "") + "$0 / " + by,
              operands, f.type, {percent ? -200.0 : -2.0, percent ? 200.0 : 2.0});
      });
}

Op distribution() {
  return setting(
      "distribution", kReduction, 1.6, kSmooth, reals(1, 4), [](Idiom& i, const Featured& f) {
        const Over at = over(i, f);
        const Type each = f.with(at.shape);
        const auto by = [&](const std::string& call, const Words& names, Interval range) {
          return i.let(names, fmt::format("jnp.{}{})", call, at.all), {f.id}, each, range);
        };
        const double r = f.reach;
        switch (i.between(0, 4)) {
          case 0:
            f.called(i, "moments", {"mean_and_deviation", "batch_statistics"});
            i.summary("Mean and standard deviation" + at.words + " of " + f.noun + ".");
            by("mean($0", {"mean", "average"}, f.range);
            by(i.either({"std($0", "std($0, ddof=1"}), {"deviation", "std"}, {0, r});
            return;
          case 1:
            f.called(i, "range", {"spread", "value_range"});
            i.summary("Lowest and highest" + at.words + " of " + f.noun + ".");
            by("min($0", {"lowest", "minimum"}, f.range);
            by("max($0", {"highest", "maximum"}, f.range);
            return;
          case 2: {
            const std::string q = i.either({"0.25", "0.1", "0.05"});
            f.called(i, q == "0.25" ? "quartile_range" : "quantile_range",
                     {q == "0.25" ? "interquartile_range" : "quantile_spread", "robust_spread"});
            const std::string p = q == "0.25" ? "0.75" : q == "0.1" ? "0.9" : "0.95";
            i.summary("Distance between the " + q + " and " + p + " quantiles" + at.words + " of " +
                      f.noun + ".");
            const ValueId low = by("quantile($0, " + q, {"lower", "low_quantile"}, f.range);
            const ValueId high = by("quantile($0, " + p, {"upper", "high_quantile"}, f.range);
            i.let({"spread", "quantile_range"}, "$0 - $1", {high, low}, each, {0, 2 * r});
            return;
          }
          case 3: {
            f.called(i, "mean_with_error", {"mean_with_error", "estimate_mean"});
            i.summary("Mean" + at.words + " of " + f.noun + " and its standard error.");
            by("mean($0", {"mean", "estimate"}, f.range);
            const ValueId std = by("std($0, ddof=1", {"deviation", "std"}, {0, r});
            const auto n = tensor::element_count(f.type.shape) /
                           std::max<std::int64_t>(1, tensor::element_count(at.shape));
            i.let({"standard_error", "error"}, fmt::format("$0 / jnp.sqrt({})", n), {std}, each,
                  {0, r});
            return;
          }
          default: {
            const std::string power = i.either({"3", "4"});
            if (power == "3")
              f.called(i, "skewness", {"skewness", "asymmetry"});
            else
              f.called(i, "kurtosis", {"kurtosis", "tailedness"});
            i.summary((power == "3" ? "Skewness" : "Kurtosis") + at.words + " of " + f.noun + ".");
            const std::string keep = at.all.empty() ? "" : ", keepdims=True";
            Shape kept;
            for (std::size_t k = 0; !at.all.empty() && k < f.type.shape.size(); ++k)
              kept.push_back(
                  k == (at.all == ", axis=0" ? 0 : f.type.shape.size() - 1) ? 1 : f.type.shape[k]);
            const ValueId mean = i.let({"mean", "center"}, "jnp.mean($0" + at.all + keep + ")",
                                       {f.id}, f.with(kept), f.range);
            const ValueId d =
                i.let({"centered", "deviations"}, "$0 - $1", {f.id, mean}, f.type, {-2 * r, 2 * r});
            const ValueId var =
                i.let({"variance", "var"}, "jnp.mean($0**2" + at.all + ")", {d}, each, {0, r * r});
            i.let({power == "3" ? "skewness" : "kurtosis", "shape_of_tail"},
                  "jnp.mean($0**" + power + at.all + ") / ($1 + 1e-3) ** " +
                      (power == "3" ? "1.5" : "2"),
                  {d, var}, each, {power == "3" ? -3.0 : 0.0, 6});
          }
        }
      });
}

Op weighted_average() {
  return setting(
      "weighted_average", kReduction, 1.2, kSmooth, reals(1, 4), [](Idiom& i, const Featured& f) {
        const bool masked = i.chance(0.4);
        const std::int64_t rows = f.type.shape[0];
        const bool per_row = f.rank() > 1 && i.chance(0.5);
        if (masked) {
          const ValueId valid =
              i.argument({"valid", "mask", "present"}, {DType::kBool, f.type.shape}, {0, 1});
          f.called(i, "masked_mean", {"masked_mean", "mean_of_valid"});
          i.summary("Mean of " + f.noun + " over the entries that are valid" +
                    (per_row ? ", row by row." : "."));
          const std::string axis = per_row ? ", axis=-1" : "";
          const Type out = f.with(per_row ? i.without_axis(f.id, -1) : Shape{});
          const ValueId total = i.let({"total", "sum_of_valid"},
                                      i.either({"jnp.sum($0" + axis + ", where=$1)",
                                                "jnp.sum(jnp.where($1, $0, 0.0)" + axis + ")"}),
                                      {f.id, valid}, out, {-4 * f.reach, 4 * f.reach});
          const ValueId count =
              i.let({"count", "valid_count"}, "jnp.maximum(jnp.sum($0" + axis + "), 1)", {valid},
                    counts(i, out.shape), {1, 64});
          i.let({"masked_mean", "mean"}, "$0 / $1", {total, count}, out, f.range);
          return;
        }
        const bool example = f.rank() == 1 || i.chance(0.6);
        const Shape shape = example ? Shape{rows} : f.type.shape;
        const ValueId weights =
            i.input({"weights", "sample_weights", "importance"}, f.with(shape), {0.1, 2});
        f.called(i, "weighted_mean", {"weighted_mean", "weighted_average"});
        i.summary("Weighted mean of " + f.noun +
                  (example && f.rank() > 1 ? " over examples." : "."));
        const Type out = f.with(example ? i.without_axis(f.id, 0) : Shape{});
        if (example && i.chance(0.4)) {
          i.let({"weighted_mean", "average"}, "jnp.average($0, axis=0, weights=$1)",
                {f.id, weights}, out, f.range);
          return;
        }
        const ValueId total = i.let({"weighted_sum", "total"},
                                    example ? i.either({"jnp.tensordot($1, $0, axes=1)",
                                                        "jnp.einsum(\"n,n...->...\", $1, $0)"})
                                            : "jnp.sum($1 * $0)",
                                    {f.id, weights}, out, {-8 * f.reach, 8 * f.reach});
        i.let({"weighted_mean", "average"}, "$0 / jnp.sum($1)", {total, weights}, out, f.range);
      });
}

Op agreement() {
  return setting(
      "agreement", kReduction, 2.5, kSmooth, reals(1, 2), [](Idiom& i, const Featured& f) {
        const ValueId other = reference(i, f, {"reference", "observed", "measured"});
        const bool centered = i.chance(0.6), rows = f.rank() == 2 && i.chance(0.6);
        const std::string axis = rows ? ", axis=-1" : "",
                          keep = rows ? ", axis=-1, keepdims=True" : "";
        const Type out = f.with(rows ? Shape{f.type.shape[0]} : Shape{});
        f.called(i, centered ? "correlation" : "similarity",
                 {centered ? "correlation" : "cosine_similarity", "agreement"});
        i.summary(std::string(centered ? "Correlation" : "Cosine similarity") + " of " + f.noun +
                  " and a reference" + (rows ? ", row by row." : "."));
        Idiom::Ids parts;
        for (const auto& [id, name] : {std::pair{f.id, "a"}, std::pair{other, "b"}}) {
          ValueId part = id;
          if (centered)
            part = i.let({std::string("centered_") + name, name}, "$0 - jnp.mean($0" + keep + ")",
                         {id}, f.type, {-2 * f.reach, 2 * f.reach});
          parts.push_back(part);
        }
        const double r2 = f.reach * f.reach;
        const ValueId dot = i.let({"overlap", "covariance"}, "jnp.sum($0 * $1" + axis + ")", parts,
                                  out, {-4 * r2, 4 * r2});
        const std::string norms =
            i.chance(0.5) ? "jnp.linalg.norm($1" + axis + ") * jnp.linalg.norm($2" + axis + ")"
                          : "jnp.sqrt(jnp.sum($1**2" + axis + ") * jnp.sum($2**2" + axis + "))";
        i.let({centered ? "correlation" : "similarity", "agreement"},
              "$0 / (" + norms + " + " + i.setting({"eps"}, {"1e-3", "1e-2"}) + ")",
              {dot, parts[0], parts[1]}, out, {-1, 1});
      });
}

Op robust_penalty() {
  return setting(
      "robust_penalty", kMath, 1.0, kSmooth, reals(0, 4), [](Idiom& i, const Featured& f) {
        const ValueId target = reference(i, f, {"target", "observed", "expected"});
        const ValueId r = i.let({"residual", "error"}, "$0 - $1", {f.id, target}, f.type,
                                {-2 * f.reach, 2 * f.reach});
        const std::string width = i.setting({"scale", "width", "delta"}, {"0.5", "1.0", "2.0"});
        struct Form {
          std::string what, says, form;
        };
        static const std::vector<Form> kForms = {
            {"charbonnier_loss", "Charbonnier", "jnp.sqrt(($0 / {w}) ** 2 + 1.0) - 1.0"},
            {"cauchy_loss", "Cauchy", "jnp.log1p(($0 / {w}) ** 2)"},
            {"geman_mcclure_loss", "Geman-McClure", "$0**2 / ($0**2 + {w}**2)"},
            {"welsch_loss", "Welsch", "1.0 - jnp.exp(-0.5 * ($0 / {w}) ** 2)"},
            {"log_cosh_loss", "log-cosh", "jnp.logaddexp($0 / {w}, -$0 / {w}) - jnp.log(2.0)"}};
        const Form& form = i.random().pick(kForms);
        std::string spelling = form.form;
        for (std::size_t at; (at = spelling.find("{w}")) != std::string::npos;)
          spelling.replace(at, 3, width);
        i.called({form.what, "robust_loss"});
        i.summary("Penalize how " + f.noun + " misses a target by the " + form.says + " loss.");
        const ValueId each = i.let({"penalty", "losses"}, spelling, {r}, f.type, {0, 2 * f.reach});
        if (f.rank() == 0 || i.chance(0.25)) return;
        const Over at = over(i, f);
        i.let({"loss", "mean_penalty"}, "jnp.mean($0" + at.all + ")", {each}, f.with(at.shape),
              {0, 2 * f.reach});
      });
}

}  // namespace

std::vector<Op> comparison_settings() {
  return {compare_with_reference(), relative_error(), distribution(),
          weighted_average(),       agreement(),      robust_penalty()};
}

}  // namespace jaxsmith::plan
