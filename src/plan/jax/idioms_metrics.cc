// How well a model does: shares of what is right, rankings, calibration.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Words = Idiom::Words;

// How often the label is (among) the best; of all, or by class.
Op top_k_accuracy() {
  return idiom("top_k_accuracy", kReduction, 0.8, kZero, [](Idiom& i) {
    const ValueId logits = i.anchor({"logits", "scores", "predictions"}, 2, 2, {-4, 4});
    const std::int64_t rows = i.dim(logits, 0), count = i.dim(logits, 1);
    if (rows < 5 || count < 3) return i.fail();
    const ValueId labels = class_labels(i, {"labels", "targets"}, rows, count);
    const std::int64_t k = i.between(1, std::min<std::int64_t>(count - 1, 3));
    ValueId hit;
    if (k == 1 && i.chance(0.7)) {
      i.called({"accuracy", "fraction_correct", "top_one_accuracy"});
      i.summary("Fraction of rows whose largest logit is that of the label.");
      hit = i.let({"correct", "hits"},
                  i.either({"jnp.argmax($0, axis=-1) == $1", "$0.argmax(axis=1) == $1"}),
                  {logits, labels}, flags({rows}), {0, 1});
    } else if (i.chance(0.5)) {
      i.called({"top_k_accuracy", "recall_at_k", "hit_rate"});
      i.summary(fmt::format("Fraction of rows whose label is among the best {}.", k));
      const ValueId best =
          i.let({"best", "top", "candidates"},
                i.either({fmt::format("jnp.argsort(-$0, axis=-1)[:, :{}]", k),
                          fmt::format("lax.top_k($0, {})[1]", k)}),
                {logits}, Type{i.integer(), {rows, k}}, {0, static_cast<double>(count - 1)});
      hit = i.let(
          {"hits", "found"},
          i.either({"jnp.any($0 == $1[:, None], axis=-1)", "($0 == $1[:, None]).any(axis=1)"}),
          {best, labels}, flags({rows}), {0, 1});
    } else {
      i.called({"rank_accuracy", "recall_at_k", "hit_rate"});
      const ValueId own = picked(i, logits, labels, {"label_scores", "own"}, {-4, 4});
      const ValueId rank =
          i.let({"ranks", "above"}, "jnp.sum($0 > $1[:, None], axis=-1)", {logits, own},
                Type{i.integer(), {rows}}, {0, static_cast<double>(count - 1)});
      if (i.chance(0.4)) {
        i.called({"mean_reciprocal_rank", "reciprocal_rank", "mrr"});
        i.summary("Mean reciprocal rank of the labels among the logits.");
        i.let({"mrr"}, "jnp.mean((1.0 / (1 + $1)).astype($0.dtype))", {logits, rank}, Shape{},
              {0.1, 1});
        return;
      }
      i.summary(fmt::format("Fraction of rows with fewer than {} logits above the label's.", k));
      hit = i.let({"hits"}, fmt::format("$0 < {}", k), {rank}, flags({rows}), {0, 1});
    }
    i.let({"accuracy"},
          i.either({"jnp.mean($1.astype($0.dtype))", "jnp.mean($1, dtype=$0.dtype)",
                    "$1.mean(dtype=$0.dtype)"}),
          {logits, hit}, Shape{}, {0, 1});
  });
}

// What a table of confusions says: F1 scores, rates, kappa; or the table as it is.
void read_confusions(Idiom& i, ValueId table, std::int64_t rows) {
  const Shape square = i.shape(table);
  const std::int64_t count = square.empty() ? 2 : square[0];
  switch (i.between(0, 3)) {
    case 0: {
      i.called({"f1_score", "f_measure", "f1_by_class"});
      const ValueId right =
          i.let({"true_positive", "correct"}, "jnp.diagonal($0)", {table}, Shape{count}, {0, 3});
      const ValueId all =
          i.let({"involved", "support"}, "jnp.sum($0, axis=0) + jnp.sum($0, axis=1)", {table},
                Shape{count}, {0, 6});
      const ValueId f1 =
          i.let({"f1"}, "2.0 * $0 / jnp.maximum($1, 1.0)", {right, all}, Shape{count}, {0, 1});
      const bool macro = i.chance(0.4);
      i.summary(macro ? "Mean F1 score over the classes from their confusions."
                      : "F1 score of each class from its confusions.");
      if (macro) i.let({"macro_f1"}, "jnp.mean($0)", {f1}, Shape{}, {0, 1});
      break;
    }
    case 1: {
      i.called({"recall_matrix", "normalized_confusion", "confusion_rates"});
      i.summary("Confusions of each class as a share of its examples.");
      i.let({"rates", "shares"}, "$0 / jnp.maximum(jnp.sum($0, axis=1, keepdims=True), 1.0)",
            {table}, square, {0, 1});
      break;
    }
    case 2: {
      i.called({"cohens_kappa", "agreement", "chance_corrected_accuracy"});
      i.summary("Agreement beyond what the marginal counts would give by chance.");
      if (rows < 6) return i.fail();
      const ValueId seen =
          i.let({"observed", "agreement"}, "jnp.trace($0) / jnp.sum($0)", {table}, Shape{}, {0, 1});
      const ValueId luck =
          i.let({"expected", "by_chance"},
                i.either({"jnp.sum(jnp.sum($0, axis=0) * jnp.sum($0, axis=1)) / jnp.sum($0) ** 2",
                          "jnp.dot($0.sum(axis=0), $0.sum(axis=1)) / $0.sum() ** 2"}),
                {table}, Shape{}, {0, 0.8});
      i.let({"kappa"}, "($0 - $1) / (1.0 - $1)", {seen, luck}, Shape{}, {-1, 1});
      break;
    }
    default:
      i.called({"confusion_matrix", "count_confusions", "classification_table"});
      i.summary("Count how often each class is taken for each.");
  }
}

// Counts of (label, prediction) pairs by scatter, and what is read off them.
Op confusion_matrix() {
  return idiom("confusion_matrix", kIndexing, 1.0, kZero, [](Idiom& i) {
    const ValueId logits = i.anchor({"logits", "scores", "outputs"}, 2, 2, {-4, 4});
    const std::int64_t rows = i.dim(logits, 0), count = i.dim(logits, 1);
    if (rows < 4) return i.fail();
    const ValueId labels = class_labels(i, {"labels", "truth"}, rows, count);
    const ValueId guess =
        i.let({"predicted", "guesses"}, i.either({"jnp.argmax($0, axis=-1)", "$0.argmax(axis=1)"}),
              {logits}, Type{i.integer(), {rows}}, {0, static_cast<double>(count - 1)});
    const Shape square{count, count};
    ValueId table;
    switch (i.between(0, 2)) {
      case 0:
        table = i.let({"confusion", "table", "matrix"},
                      fmt::format("jnp.zeros(({0}, {0}), $2.dtype).at[$0, $1].add(1.0)", count),
                      {labels, guess, logits}, square, {0, 3});
        break;
      case 1: {
        const ValueId cell =
            i.let({"cells", "flat"}, fmt::format("$0 * {} + $1", count), {labels, guess},
                  Type{i.integer(), {rows}}, {0, static_cast<double>(count * count - 1)});
        table = i.let({"confusion", "table"},
                      fmt::format("jnp.bincount($0, length={}).reshape({}, {}).astype($1.dtype)",
                                  count * count, count, count),
                      {cell, logits}, square, {0, 3});
        break;
      }
      default: {
        const ValueId truth =
            i.let({"truth_one_hot", "actual"}, "jax.nn.one_hot($0, $1.shape[-1], dtype=$1.dtype)",
                  {labels, logits}, i.shape(logits), {0, 1});
        const ValueId said =
            i.let({"guess_one_hot", "claimed"}, "jax.nn.one_hot($0, $1.shape[-1], dtype=$1.dtype)",
                  {guess, logits}, i.shape(logits), {0, 1});
        table = i.let({"confusion", "table"},
                      i.either({"$0.T @ $1", "jnp.einsum(\"ni,nj->ij\", $0, $1)"}), {truth, said},
                      square, {0, 3});
      }
    }
    read_confusions(i, table, rows);
  });
}

// Area under the ROC curve: by ranks (Mann-Whitney), by all pairs, or by the curve itself.
Op roc_auc() {
  return idiom("roc_auc", kArray, 1.0, kZero, [](Idiom& i) {
    const ValueId scores = i.anchor({"scores", "confidence", "predictions"}, 1, 1, {-3, 3});
    const std::int64_t n = i.dim(scores, 0);
    if (n < 6) return i.fail();
    const ValueId positive = i.input({"positive", "labels", "relevant"}, flags({n}), {0, 1});
    i.called({"roc_auc", "area_under_curve", "ranking_quality"});
    i.summary("Probability that a positive is ranked above a negative.");
    i.summary("Area under the receiver operating characteristic.");
    const ValueId truth = i.let({"truth", "is_positive"}, "$0.astype($1.dtype)", {positive, scores},
                                Shape{n}, {0, 1});
    const std::string pairs = "jnp.maximum(jnp.sum($0) * jnp.sum(1.0 - $0), 1.0)";
    switch (i.between(0, 2)) {
      case 0: {
        const ValueId order =
            i.let({"order", "ranking"}, i.either({"jnp.argsort($0)", "$0.argsort()"}), {scores},
                  Type{i.integer(), {n}}, {0, static_cast<double>(n - 1)});
        const ValueId sorted =
            i.let({"sorted_truth", "ranked"}, i.either({"$0[$1]", "jnp.take($0, $1)"}),
                  {truth, order}, Shape{n}, {0, 1});
        i.comment("Negatives that lie below each place.");
        const ValueId below = i.let({"below", "negatives_below"},
                                    i.either({"jnp.cumsum(1.0 - $0)", "lax.cumsum(1.0 - $0)"}),
                                    {sorted}, Shape{n}, {0, static_cast<double>(n)});
        i.let({"auc"}, "jnp.sum($0 * $1) / jnp.maximum(jnp.sum($0) * $1[-1], 1.0)", {sorted, below},
              Shape{}, {0, 1});
        break;
      }
      case 1: {
        const ValueId wins =
            i.let({"wins", "above"},
                  i.either({"($0[:, None] > $0[None, :]).astype($0.dtype)",
                            "jnp.where($0[:, None] > $0, 1.0, 0.0).astype($0.dtype)"}),
                  {scores}, Shape{n, n}, {0, 1});
        const ValueId won =
            i.let({"won", "correct_pairs"},
                  i.either({"$0 @ $1 @ (1.0 - $0)", "jnp.einsum(\"i,ij,j->\", $0, $1, 1.0 - $0)"}),
                  {truth, wins}, Shape{}, {0, 20});
        i.let({"auc"}, "$1 / " + pairs, {truth, won}, Shape{}, {0, 1});
        break;
      }
      default: {
        const ValueId order = i.let({"order", "descending"}, "jnp.argsort(-$0)", {scores},
                                    Type{i.integer(), {n}}, {0, static_cast<double>(n - 1)});
        const ValueId sorted =
            i.let({"ranked_truth", "hits"}, "$0[$1]", {truth, order}, Shape{n}, {0, 1});
        const ValueId tpr =
            i.let({"tpr", "recall"}, "jnp.cumsum($0) / jnp.maximum(jnp.sum($0), 1.0)", {sorted},
                  Shape{n}, {0, 1});
        const ValueId fpr =
            i.let({"fpr", "fallout"}, "jnp.cumsum(1.0 - $0) / jnp.maximum(jnp.sum(1.0 - $0), 1.0)",
                  {sorted}, Shape{n}, {0, 1});
        i.let(
            {"auc"},
            i.either({"jnp.trapezoid($0, $1)", "jnp.sum(0.5 * ($0[1:] + $0[:-1]) * jnp.diff($1))"}),
            {tpr, fpr}, Shape{}, {0, 1});
      }
    }
  });
}

// Expected calibration error (Guo et al. 2017): confidences in bins against how often they hold.
Op calibration_error() {
  return idiom("calibration_error", kIndexing, 1.0, kSmooth, [](Idiom& i) {
    const ValueId logits = i.anchor({"logits", "scores", "outputs"}, 2, 2, {-3, 3});
    const std::int64_t rows = i.dim(logits, 0), count = i.dim(logits, 1);
    if (half_precision(i) || rows < 6) return i.fail();
    const ValueId labels = class_labels(i, {"labels", "targets"}, rows, count);
    const std::int64_t bins = i.between(3, 6);
    i.called({"expected_calibration_error", "calibration_error", "reliability_gap"});
    i.summary("Gap between confidence and accuracy over bins of confidence.");
    const ValueId probs = i.let({"probs", "softmaxed"}, "jax.nn.softmax($0, axis=-1)", {logits},
                                i.shape(logits), {0, 1});
    const ValueId sure =
        i.let({"confidence", "top_prob"}, i.either({"jnp.max($0, axis=-1)", "$0.max(axis=1)"}),
              {probs}, Shape{rows}, {0.3, 1});
    const ValueId right =
        i.let({"correct", "hits"}, "(jnp.argmax($0, axis=-1) == $1).astype($0.dtype)",
              {probs, labels}, Shape{rows}, {0, 1});
    const bool by_edges = i.chance(0.4);
    const ValueId bin = i.let(
        {"bins", "bucket"},
        by_edges
            ? fmt::format("jnp.digitize($0, jnp.linspace(0.0, 1.0, {})[1:-1])", bins + 1)
            : i.either({fmt::format("jnp.minimum(($0 * {}).astype(int), {})", bins, bins - 1),
                        fmt::format("jnp.floor({} * $0).astype(int).clip(0, {})", bins, bins - 1)}),
        {sure}, Type{i.integer(), {rows}}, {0, static_cast<double>(bins - 1)});
    ValueId gap;
    if (i.chance(0.5)) {
      const std::string sum = fmt::format("jax.ops.segment_sum($0, $1, num_segments={})", bins);
      const ValueId hits =
          i.let({"hits_in_bin", "accuracy_sum"}, sum, {right, bin}, Shape{bins}, {0, 4});
      const ValueId trust =
          i.let({"trust_in_bin", "confidence_sum"}, sum, {sure, bin}, Shape{bins}, {0, 4});
      gap = i.let({"gaps", "bin_gap"}, "jnp.abs($0 - $1)", {hits, trust}, Shape{bins}, {0, 2});
    } else {
      const ValueId excess =
          i.let({"excess", "overconfidence"}, "$0 - $1", {sure, right}, Shape{rows}, {-1, 1});
      gap = i.let(
          {"gaps", "bin_gap"},
          i.either({fmt::format("jnp.abs(jnp.zeros({}, $0.dtype).at[$1].add($0))", bins),
                    fmt::format("jnp.abs(jnp.bincount($1, weights=$0, length={}))", bins),
                    fmt::format("jnp.abs(jax.nn.one_hot($1, {}, dtype=$0.dtype).T @ $0)", bins)}),
          {excess, bin}, Shape{bins}, {0, 2});
    }
    i.let({"ece", "error"}, i.either({"jnp.sum($1) / $0.shape[0]", "jnp.sum($1 / $0.shape[0])"}),
          {logits, gap}, Shape{}, {0, 1});
  });
}

}  // namespace

std::vector<Op> metric_idioms() {
  return {top_k_accuracy(), confusion_matrix(), roc_auc(), calibration_error()};
}

}  // namespace jaxsmith::plan
