// Weights, classes and roots: importance sampling, naive Bayes, correlations, tuning of samplers,
// quantiles.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// Self-normalised importance sampling: weights from log densities, an estimate, the size the sample
// is worth.
Op importance_weights() {
  return idiom("importance_weights", kReduction, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(4, i.size());
    const bool wide = i.chance(0.3), tempered = i.chance(0.3);
    const ValueId x =
        i.input({"samples", "draws", "x"}, wide ? Shape{n, i.size()} : Shape{n}, {-2, 2});
    i.called({"importance_sampling", "importance_weights", "reweight"});
    i.summary("Reweight samples of one distribution to stand for another.");
    ValueId logw = kNoValue;
    if (i.chance(0.5) || wide) {
      const ValueId target = i.input({"log_target", "logp"}, {n}, {-4, 0});
      const ValueId proposal = i.input({"log_proposal", "logq"}, {n}, {-3, -0.5});
      logw = i.let({"log_weights", "logw"}, i.either({"$0 - $1", "jnp.subtract($0, $1)"}),
                   {target, proposal}, {n}, {-3, 3});
    } else {
      const std::string scale = i.either({"1.5", "2.0", "1.2"});
      i.comment("From a wide normal to the target.");
      logw = i.let({"log_weights", "logw"},
                   i.either({"-jnp.abs($0) + 0.5 * ($0 / " + scale + ") ** 2",
                             "-(($0**2 - 1.0) ** 2) + 0.5 * ($0 / " + scale + ") ** 2",
                             "-2.0 * jnp.log1p($0**2 / 3.0) + 0.5 * ($0 / " + scale + ") ** 2"}),
                   {x}, {n}, {-8, 1});
    }
    if (tempered) {
      const ValueId beta = i.input({"beta", "exponent", "inverse_temperature"}, Shape{}, {0.3, 1});
      logw = i.let({"tempered", "flattened"}, "$0 * $1", {beta, logw}, {n}, {-6, 3});
    }
    const ValueId w = i.let({"weights", "w"},
                            i.either({"jax.nn.softmax($0)", "jnp.exp($0 - jax.nn.logsumexp($0))"}),
                            {logw}, {n}, {0, 1});
    const std::string f = i.either({"$1", "$1**2", "jnp.cos($1)", "jnp.maximum($1, 0.0)"});
    i.let({"estimate", "expectation"},
          wide            ? i.either({"$0 @ $1", "jnp.sum($0[:, None] * $1, axis=0)"})
          : i.chance(0.5) ? "jnp.sum($0 * " + f + ")"
                          : "jnp.dot($0, " + f + ")",
          {w, x}, wide ? Shape{i.dim(x, 1)} : Shape{}, {-2, 4});
    switch (i.between(0, 2)) {
      case 0:
        i.summary("Estimate a mean by importance sampling and its effective sample size.");
        i.let({"ess", "effective_size"},
              i.either({"1.0 / jnp.sum($0**2)", "1.0 / jnp.dot($0, $0)"}), {w}, Shape{},
              {1, static_cast<double>(n)});
        break;
      case 1:
        i.let({"log_evidence", "log_mean_weight"},
              fmt::format("jax.nn.logsumexp($0) - jnp.log({}.0)", n), {logw}, Shape{}, {-4, 2});
        break;
      default: {
        const bool entropy = i.chance(0.5);
        i.let({entropy ? "entropy" : "perplexity"},
              entropy ? "-jnp.sum($0 * jnp.log($0))" : "jnp.exp(-jnp.sum($0 * jnp.log($0)))", {w},
              Shape{}, {0.2, 9});
      }
    }
  });
}

// Classes by the counts of their features, or by their means with a shared spread.
Op naive_bayes() {
  return idiom("naive_bayes", kReduction, 1.0, kZero, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(5, i.size()), d = i.between(3, 6),
                       k = i.between(2, 4), m = std::max<std::int64_t>(2, i.size());
    const bool normal = i.chance(0.45), hot = i.chance(0.5);
    const Interval range = normal ? Interval{-2, 2} : Interval{0, 6};
    const ValueId x = i.input(
        normal ? Words{"features", "x_train"} : Words{"word_counts", "documents"}, {n, d}, range);
    const ValueId y =
        i.input({"labels", "classes", "y"}, counts(i, {n}), {0, static_cast<double>(k - 1)});
    const ValueId q = i.input({"queries", "x_test", "new_rows"}, {m, d}, range);
    i.called({"naive_bayes", "class_log_posteriors", "classify_rows"});
    i.summary(normal ? "Classify rows by class means with a shared spread."
                     : "Classify documents by the word counts of their classes.");
    ValueId totals = kNoValue, size = kNoValue;
    if (hot) {
      const ValueId member =
          i.let({"member", "one_hot"}, fmt::format("jax.nn.one_hot($0, {}, dtype=$1.dtype)", k),
                {y, x}, {n, k}, {0, 1});
      totals = i.let({"totals", "class_sums"},
                     i.either({"$0.T @ $1", "jnp.einsum(\"nk,nd->kd\", $0, $1)"}), {member, x},
                     {k, d}, {-12, 30});
      size = i.let({"sizes", "class_counts"}, "jnp.sum($0, axis=0)", {member}, {k}, {0, 9});
    } else {
      totals = i.let({"totals", "class_sums"},
                     fmt::format("jax.ops.segment_sum($0, $1, num_segments={})", k), {x, y}, {k, d},
                     {-12, 30});
      size = i.let({"sizes", "class_counts"},
                   fmt::format("jnp.bincount($0, length={}).astype($1.dtype)", k), {y, x}, {k},
                   {0, 9});
    }
    const std::string alpha = i.either({"1.0", "0.5", "0.1"});
    const ValueId prior =
        i.let({"log_prior", "class_log_prior"},
              alpha == "1.0" ? fmt::format("jnp.log(($0 + 1.0) / {})", n + k)
                             : fmt::format("jnp.log(($0 + {0}) / ({1} + {0} * {2}))", alpha, n, k),
              {size}, {k}, {-3, 0});
    ValueId score = kNoValue;
    if (normal) {
      const ValueId mean = i.let({"means", "centers"}, "$0 / jnp.maximum($1, 1.0)[:, None]",
                                 {totals, size}, {k, d}, range);
      const ValueId spread =
          i.let({"variance", "shared_var"}, "jnp.mean(($0 - $1[$2]) ** 2, axis=0) + 1e-2",
                {x, mean, y}, {d}, {0.1, 3});
      score = i.let({"log_joint", "scores"},
                    "$3 - 0.5 * jnp.sum(($0[:, None] - $1) ** 2 / $2, axis=-1)",
                    {q, mean, spread, prior}, {m, k}, {-30, 0});
    } else {
      const ValueId smooth =
          i.let({"smoothed", "pseudo_counts"}, "$0 + " + alpha, {totals}, {k, d}, {0.1, 31});
      const ValueId logp =
          i.let({"log_theta", "log_rates"},
                i.either({"jnp.log($0 / $0.sum(axis=1, keepdims=True))",
                          "jnp.log($0) - jnp.log(jnp.sum($0, axis=1, keepdims=True))"}),
                {smooth}, {k, d}, {-5, 0});
      score = i.let({"log_joint", "scores"},
                    i.either({"$0 @ $1.T + $2", "jnp.einsum(\"md,kd->mk\", $0, $1) + $2"}),
                    {q, logp, prior}, {m, k}, {-60, 0});
    }
    if (i.chance(0.5))
      i.let({"log_posterior", "normalized"},
            i.either({"jax.nn.log_softmax($0, axis=-1)",
                      "$0 - jax.nn.logsumexp($0, axis=1, keepdims=True)"}),
            {score}, {m, k}, {-20, 0});
  });
}

// Correlations of columns, by standardising or by covariances, with weights by choice; partial
// ones, their strength or their transforms.
Op correlations() {
  return idiom("correlations", kReduction, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(4, i.size()), d = i.between(2, 4);
    const Interval range{-3, 3};
    const ValueId x = i.input({"columns", "samples", "x"}, {n, d}, range);
    const auto kind = i.between(0, 2);
    ValueId centre = kNoValue;
    if (kind == 1) {
      i.called({"weighted_correlation", "weighted_corrcoef"});
      i.summary("Correlate columns with a weight for every row.");
      const ValueId raw = i.input({"weights", "importance"}, {n}, {0.2, 2});
      const ValueId w = i.let({"w", "shares"}, "$0 / jnp.sum($0)", {raw}, {n}, {0, 1});
      const ValueId mean = i.let({"mean", "center"}, "$0 @ $1", {w, x}, {d}, {-2, 2});
      centre = i.let({"centered", "xc"}, "($0 - $1) * jnp.sqrt($2)[:, None]", {x, mean, w}, {n, d},
                     {-3, 3});
    } else {
      i.called({"correlation_matrix", "pearson_correlation", "column_correlations"});
      i.summary("Compute the correlation matrix of columns.");
      centre =
          i.let({"centered", "xc"}, i.either({"$0 - jnp.mean($0, axis=0)", "$0 - $0.mean(axis=0)"}),
                {x}, {n, d}, {-4, 4});
    }
    ValueId out = kNoValue;
    if (i.chance(0.5)) {
      const ValueId norm =
          i.let({"norms", "lengths"},
                i.either({"jnp.linalg.norm($0, axis=0)", "jnp.sqrt(jnp.sum($0**2, axis=0))"}),
                {centre}, {d}, {0.5, 12});
      const ValueId unit =
          i.let({"unit", "standardized"}, "$0 / $1", {centre, norm}, {n, d}, {-1, 1});
      out = i.let({"correlation", "corr"},
                  i.either({"$0.T @ $0", "jnp.einsum(\"ni,nj->ij\", $0, $0)"}), {unit}, {d, d},
                  {-1, 1});
    } else {
      const ValueId cov = i.let({"covariance", "scatter"},
                                kind == 1 ? "$0.T @ $0" : fmt::format("$0.T @ $0 / {}", n - 1),
                                {centre}, {d, d}, {-6, 9});
      const ValueId std =
          i.let({"std", "deviations"}, "jnp.sqrt(jnp.diag($0))", {cov}, {d}, {0.5, 3});
      out = i.let({"correlation", "corr"},
                  i.either({"$0 / jnp.outer($1, $1)", "$0 / ($1[:, None] * $1[None, :])"}),
                  {cov, std}, {d, d}, {-1, 1});
    }
    switch (i.between(0, 3)) {
      case 0: {
        i.summary("Compute partial correlations by the inverse of the correlation matrix.");
        const std::string ridge = i.either({"0.1", "0.2", "0.05"});
        const ValueId inverse =
            i.let({"precision", "inverse"},
                  "jnp.linalg.inv($0 + " + ridge + " * jnp.eye($0.shape[0], dtype=$0.dtype))",
                  {out}, {d, d}, {-5, 8});
        const ValueId scale =
            i.let({"scale", "root_diag"}, "jnp.sqrt(jnp.diag($0))", {inverse}, {d}, {0.8, 3});
        i.let({"partial", "partial_corr"}, "-$0 / jnp.outer($1, $1)", {inverse, scale}, {d, d},
              {-1, 1});
        break;
      }
      case 1:
        i.summary("Score how strongly columns go together.");
        i.let({"strength", "coupling"},
              i.either({"jnp.sum(jnp.triu($0, 1) ** 2)", "0.5 * (jnp.sum($0**2) - $0.shape[0])"}),
              {out}, Shape{}, {0, 4});
        break;
      case 2:
        i.summary("Give Fisher's transforms of the correlations of columns.");
        i.comment("Held short of one, so that the diagonal stays finite.");
        i.let({"fisher_z", "transformed"},
              i.either({"jnp.arctanh(0.99 * $0)",
                        "0.5 * jnp.log((1.0 + 0.99 * $0) / (1.0 - 0.99 * "
                        "$0))"}),
              {out}, {d, d}, {-2.6, 2.6});
        break;
      default:
        break;
    }
  });
}

// The size of a sampler's moves, adapted by how many were accepted: a branch of three.
Op adapt_scale() {
  return idiom("adapt_scale", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(4, i.size()), d = i.between(2, 4);
    const Interval range{0.1, 3};
    const ValueId probability = i.input({"accept_probs", "acceptance"}, {n}, {0, 1});
    const ValueId scale = i.input({"step_size", "scales", "proposal_std"}, {d}, {0.2, 1.5});
    i.called({"adapt_step_size", "tune_proposal", "adapt_scale"});
    i.summary("Adapt the size of a sampler's moves to its acceptance rate.");
    const ValueId rate = i.let({"rate", "acceptance_rate"}, i.either({"jnp.mean($0)", "$0.mean()"}),
                               {probability}, Shape{}, {0.3, 0.7});
    const std::string target = i.either({"0.5", "0.45", "0.55"});
    const bool three = i.chance(0.5), soft = i.chance(0.5);
    const std::vector<Idiom::Part> parameters = {{{"s", "size"}, {i.real(), {d}}, range},
                                                 {{"r", "rate"}, {i.real(), {}}, {0.3, 0.7}}};
    const std::string grow =
        soft ? "$0 * jnp.exp($1 - " + target + ")" : "$0 * (1.0 + 0.5 * ($1 - " + target + "))";
    const std::string shrink =
        soft ? "$0 * jnp.exp(2.0 * ($1 - " + target + "))" : "$0 * $1 / " + target;
    if (!three) {
      const ValueId high = i.let({"too_easy", "high"}, "$0 > " + target, {rate}, flags({}), {0, 1});
      i.cond(
          high, {scale, rate}, parameters, {"grow", "widen"},
          [&](const Ids& p) { return Ids{i.let({"wider"}, grow, {p[0], p[1]}, {d}, range)}; },
          {"shrink", "narrow"},
          [&](const Ids& p) { return Ids{i.let({"narrower"}, shrink, {p[0], p[1]}, {d}, range)}; },
          {{{"step_next", "adapted"}, {i.real(), {d}}, range}});
      return;
    }
    i.comment("Too few accepted, about right, too many.");
    const ValueId which = i.let({"regime", "case"},
                                i.either({"jnp.searchsorted(jnp.array([0.45, 0.55], $0.dtype), $0)",
                                          "($0 > 0.45).astype(int) + ($0 > 0.55)",
                                          "jnp.digitize($0, jnp.array([0.45, 0.55], $0.dtype))"}),
                                {rate}, Type{DType::kI32, {}}, {0, 2});
    const std::string settle = "$0 * (1.0 + 0.1 * ($1 - " + target + "))";
    const auto by = [&](const Words& names, const std::string& spelling) {
      return Idiom::Branch{names, [&i, d, range, spelling, word = names.back()](const Ids& p) {
                             return Ids{i.let({word + "_scale"}, spelling, p, {d}, range)};
                           }};
    };
    i.switch_(which, {scale, rate}, parameters,
              {by({"shrink", "narrow"}, shrink), by({"hold", "nudge"}, settle),
               by({"grow", "widen"}, grow)},
              {{{"step_next", "adapted"}, {i.real(), {d}}, range}});
  });
}

// Quantiles by inverting a distribution function: Newton's step where it stays inside the bracket,
// bisection where it does not.
Op quantile_root() {
  return idiom("quantile_root", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(2, i.size()), rounds = i.between(6, 12);
    const Interval range{-6, 6};
    struct Law {
      std::string cdf, pdf, says;
    };
    static const std::vector<Law> kLaws = {
        {"jax.scipy.stats.norm.cdf($0)", "jax.scipy.stats.norm.pdf($0)", "the normal distribution"},
        {"jax.nn.sigmoid($0)", "jax.nn.sigmoid($0) * jax.nn.sigmoid(-$0)",
         "the logistic distribution"},
        {"0.5 + 0.5 * $0 / jnp.sqrt(2.0 + $0**2)", "(2.0 + $0**2) ** -1.5",
         "Student's distribution with two degrees of freedom"},
        {"jnp.exp(-jnp.exp(-$0))", "jnp.exp(-$0 - jnp.exp(-$0))", "the Gumbel distribution"},
        {"0.4 * jax.nn.sigmoid(2.0 * ($0 + 1.0)) + 0.6 * jax.nn.sigmoid($0 - 1.0)", "",
         "a mixture of two logistic distributions"}};
    const Law law = i.random().pick(kLaws);
    const ValueId prob = i.input({"probabilities", "levels", "p"}, {n}, {0.06, 0.94});
    i.called({"quantiles", "inverse_cdf", "percent_point"});
    i.summary("Invert the distribution function of " + law.says + ".");
    const bool newton = law.pdf.empty() || i.chance(0.65);
    const Type one{i.real(), {}};
    const BodyId cdf = i.helper(
        {"cdf", "distribution"}, "Distribution function.", {{{"x", "z"}, one, range}},
        [&](const Ids& p) { return Ids{i.let({"prob"}, law.cdf, {p[0]}, Shape{}, {0, 1})}; });
    const std::string wide = i.either({"4.0", "5.0", "6.0"});
    const bool by_grad = law.pdf.empty() || i.chance(0.5);
    const BodyId solve = i.function(
        {"solve_one", "invert", "root_for"}, {{{"p", "level"}, one, {0.06, 0.94}}},
        [&](const Ids& q) {
          const ValueId low =
              i.let({"low"}, "jnp.full_like($0, -" + wide + ")", {q[0]}, Shape{}, {-6, 0});
          const ValueId high =
              i.let({"high"}, i.either({"-$0", "jnp.negative($0)"}), {low}, Shape{}, {0, 6});
          const ValueId mid = i.let({"guess"}, "jnp.zeros_like($0)", {q[0]}, Shape{}, {-1, 1});
          const auto ends = i.fori(
              0, newton ? rounds : 24, {"improve", "narrow"},
              {{{"lo", "left"}, low, range, {}},
               {{"hi", "right"}, high, range, {}},
               {{"x", "at"}, mid, range, {"root", "x"}}},
              [&](const Ids& p) {
                const ValueId f = i.let({"gap", "miss"}, "$f0($0) - $1", {p[3], q[0]},
                                        std::vector<BodyId>{cdf}, one, {-1, 1});
                const ValueId above =
                    i.let({"above", "too_high"}, "$0 > 0", {f}, flags({}), {0, 1});
                const Ids bracket = i.cond(
                    above, {p[1], p[2], p[3]},
                    {{{"a"}, one, range}, {{"b"}, one, range}, {{"m", "mid"}, one, range}},
                    {"cut_right"}, [&](const Ids& r) { return Ids{r[0], r[2]}; }, {"cut_left"},
                    [&](const Ids& r) { return Ids{r[2], r[1]}; },
                    {{{"lo_next"}, one, range}, {{"hi_next"}, one, range}});
                const ValueId half_way =
                    i.let({"halved", "middle"}, "0.5 * ($0 + $1)", bracket, Shape{}, range);
                if (!newton) return Ids{bracket[0], bracket[1], half_way};
                const ValueId slope =
                    by_grad ? i.let({"slope", "density"}, "jax.grad($f0)($0)", {p[3]},
                                    std::vector<BodyId>{cdf}, one, {0.01, 0.4})
                            : i.let({"slope", "density"}, law.pdf, {p[3]}, Shape{}, {0.01, 0.4});
                const ValueId jump = i.let({"jump", "newton"}, "$0 - $1 / ($2 + 1e-6)",
                                           {p[3], f, slope}, Shape{}, range);
                const ValueId inside = i.let({"inside", "safe"}, "($0 >= $1) & ($0 <= $2)",
                                             {jump, bracket[0], bracket[1]}, flags({}), {0, 1});
                return Ids{bracket[0], bracket[1],
                           i.let({"x_next"}, "jnp.where($0, $1, $2)", {inside, jump, half_way},
                                 Shape{}, range)};
              });
          return Ids{ends[2]};
        });
    i.let({"quantiles", "roots"}, "jax.vmap($f0)($0)", {prob}, std::vector<BodyId>{solve},
          Type{i.real(), {n}}, range);
  });
}

}  // namespace

std::vector<Op> inference_idioms() {
  return {importance_weights(), naive_bayes(), correlations(), adapt_scale(), quantile_root()};
}

}  // namespace jaxsmith::plan
