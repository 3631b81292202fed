// What training minimises: losses.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// One loss of those of a batch: a mean, a sum, a mean by weights or over what is valid; or they
// stay as they are.
ValueId average(Idiom& i, ValueId per, Words names, Interval range) {
  const auto n = static_cast<double>(i.dim(per, 0));
  const std::int64_t form = i.between(0, 6);
  if (form == 0) {
    const ValueId weights =
        i.input({"weights", "sample_weights", "importance"}, i.shape(per), {0.2, 2});
    return i.let(std::move(names),
                 i.either({"jnp.sum($0 * $1) / jnp.sum($1)", "jnp.average($0, weights=$1)",
                           "jnp.sum($1 * $0) / $1.sum()"}),
                 {per, weights}, Shape{}, range);
  }
  if (form == 1 && n >= 5) {
    const ValueId valid = i.input({"valid", "mask", "keep"}, flags(i.shape(per)), {0, 1});
    return i.let(std::move(names),
                 i.either({"jnp.sum(jnp.where($1, $0, 0.0)) / jnp.maximum(jnp.sum($1), 1)",
                           "jnp.sum($0 * $1) / jnp.maximum($1.sum(), 1)",
                           "jnp.sum($0, where=$1) / jnp.maximum(jnp.sum($1), 1)"}),
                 {per, valid}, Shape{}, range);
  }
  if (form == 2 && n * std::max(std::abs(range.lo), std::abs(range.hi)) < 500)
    return i.let(std::move(names), i.either({"jnp.sum($0)", "$0.sum()"}), {per}, Shape{},
                 {n * range.lo, n * range.hi});
  if (form == 3) return per;
  return i.let(std::move(names), i.either({"jnp.mean($0)", "$0.mean()"}), {per}, Shape{}, range);
}

// Log probabilities along the last axis: by the function, or stably by hand.
ValueId log_probabilities(Idiom& i, ValueId logits, Words names) {
  const Shape row = i.with_last(logits, 1);
  switch (i.between(0, 3)) {
    case 0: {
      i.comment("Without the largest logit the exponentials cannot overflow.");
      const ValueId shifted =
          i.let({"shifted", "centered"}, "$0 - jnp.max($0, axis=-1, keepdims=True)", {logits},
                i.shape(logits), {-8, 0});
      const ValueId log_sum =
          i.let({"log_sum", "log_norm"}, "jnp.log(jnp.sum(jnp.exp($0), axis=-1, keepdims=True))",
                {shifted}, row, {0, 3});
      return i.let(std::move(names), "$0 - $1", {shifted, log_sum}, i.shape(logits), {-9, 0});
    }
    case 1: {
      const ValueId log_norm = i.let({"log_norm", "log_partition", "lse"},
                                     i.either({"jax.nn.logsumexp($0, axis=-1, keepdims=True)",
                                               "jax.nn.logsumexp($0, axis=-1)[..., None]"}),
                                     {logits}, row, {0, 6});
      return i.let(std::move(names), "$0 - $1", {logits, log_norm}, i.shape(logits), {-9, 0});
    }
    default:
      return i.let(std::move(names),
                   i.either({"jax.nn.log_softmax($0)", "jax.nn.log_softmax($0, axis=-1)"}),
                   {logits}, i.shape(logits), {-9, 0});
  }
}

// Cross-entropy of logits with classes: labels smoothed or not, classes weighted or not, the
// normaliser held near zero or not; the last as a perplexity.
Op softmax_cross_entropy() {
  return idiom("softmax_cross_entropy", kReduction, 1.0, kSmooth, [](Idiom& i) {
    const ValueId logits = i.anchor({"logits", "scores", "outputs"}, 2, 2, {-4, 4});
    const std::int64_t rows = i.dim(logits, 0), count = i.dim(logits, 1);
    const ValueId labels = class_labels(i, {"labels", "targets", "classes"}, rows, count);
    i.called({"softmax_cross_entropy", "cross_entropy", "classification_loss"});
    Words said = {"Cross-entropy of logits with integer class labels."};
    const double smoothing = i.number({0.1, 0.05, 0.2});
    const std::string s = Idiom::text(smoothing), rest = Idiom::text(1 - smoothing);
    ValueId loss;
    const std::int64_t form = i.between(0, 3);
    if (form == 0) {
      const ValueId log_norm = i.let({"log_norm", "lse"}, "jax.nn.logsumexp($0, axis=-1)", {logits},
                                     Shape{rows}, {0, 6});
      const ValueId own = picked(i, logits, labels, {"label_logits", "correct"}, {-4, 4});
      loss = i.let({"nll", "losses"}, "$0 - $1", {log_norm, own}, Shape{rows}, {0, 8});
      if (!half_precision(i) && i.chance(0.5)) {
        i.called({"cross_entropy_with_z_loss", "stabilized_cross_entropy", "z_loss"});
        said.push_back("Cross-entropy with a penalty that keeps the normalizer near one.");
        const std::string weight = i.either({"1e-3", "1e-2"});
        loss = i.let({"regularized"}, "$0 + " + weight + " * $1**2", {loss, log_norm}, Shape{rows},
                     {0, 8});
      }
    } else if (form == 1) {
      i.called({"smoothed_cross_entropy", "label_smoothing_loss", "soft_cross_entropy"});
      said.push_back("Cross-entropy with smoothed labels.");
      const ValueId one_hot =
          i.let({"one_hot", "hard"}, "jax.nn.one_hot($1, $0.shape[-1], dtype=$0.dtype)",
                {logits, labels}, i.shape(logits), {0, 1});
      const ValueId soft = i.let({"soft", "smoothed"},
                                 i.either({rest + " * $0 + " + s + " / $0.shape[-1]",
                                           "$0 * (1.0 - " + s + ") + " + s + " / $0.shape[1]"}),
                                 {one_hot}, i.shape(logits), {0, 1});
      const ValueId log_probs = log_probabilities(i, logits, {"log_probs", "logp"});
      loss = i.let({"losses", "nll"},
                   i.either({"-jnp.sum($0 * $1, axis=-1)", "-jnp.einsum(\"nk,nk->n\", $0, $1)",
                             "-($0 * $1).sum(axis=-1)"}),
                   {soft, log_probs}, Shape{rows}, {0, 8});
    } else {
      const ValueId log_probs = log_probabilities(i, logits, {"log_probs", "logp"});
      const ValueId own = picked(i, log_probs, labels, {"label_log_probs", "chosen"}, {-9, 0});
      loss = i.let({"nll", "losses"}, "-$0", {own}, Shape{rows}, {0, 8});
      if (i.chance(0.3)) {
        said.push_back("Cross-entropy in which each class has a weight.");
        const ValueId weights = i.input({"class_weights", "balance"}, Shape{count}, {0.3, 2});
        loss = i.let({"weighted"}, i.either({"$0 * $1[$2]", "$1[$2] * $0"}),
                     {loss, weights, labels}, Shape{rows}, {0, 12});
      } else if (i.chance(0.4)) {
        const ValueId spread = i.let({"uniform_loss", "smooth"}, "-jnp.mean($0, axis=-1)",
                                     {log_probs}, Shape{rows}, {0, 8});
        said.push_back("Cross-entropy with smoothed labels.");
        loss = i.let({"smoothed"}, rest + " * $0 + " + s + " * $1", {loss, spread}, Shape{rows},
                     {0, 8});
      }
    }
    const ValueId total = average(i, loss, {"loss", "cross_entropy"}, {0.2, 5});
    if (i.rank(total) == 0 && i.chance(0.15)) {
      i.called({"perplexity", "token_perplexity", "exp_cross_entropy"});
      said = {"Exponential of the cross-entropy of logits with class labels."};
      i.let({"perplexity"}, "jnp.exp($0)", {total}, Shape{}, {1, 60});
    }
    for (const std::string& line : said) i.summary(line);
  });
}

// Binary cross-entropy from logits in one of its stable forms; positives weighted, or examples
// that are easy weighted down (focal, Lin et al. 2017).
Op binary_cross_entropy() {
  return idiom("binary_cross_entropy", kMath, 1.0, kSmooth, [](Idiom& i) {
    const ValueId logits = i.anchor({"logits", "scores", "z"}, 1, 2, {-4, 4});
    const Shape shape = i.shape(logits);
    const bool hard = i.chance(0.4) && tensor::element_count(shape) >= 5;
    ValueId targets;
    if (hard) {
      const ValueId positive = i.input({"positive", "labels", "is_positive"}, flags(shape), {0, 1});
      targets = i.let({"targets", "y"}, "$0.astype($1.dtype)", {positive, logits}, shape, {0, 1});
    } else {
      targets = i.input({"targets", "labels", "y"}, shape, {0, 1});
    }
    i.called({"binary_cross_entropy", "sigmoid_cross_entropy", "bce_with_logits"});
    i.summary("Binary cross-entropy of logits with their targets.");
    ValueId loss;
    const std::int64_t form = i.between(0, 4);
    if (form == 0) {
      loss = i.let({"losses", "bce"},
                   "jnp.maximum($0, 0.0) - $0 * $1 + jnp.log1p(jnp.exp(-jnp.abs($0)))",
                   {logits, targets}, shape, {0, 5});
    } else if (form == 1) {
      loss = i.let({"losses", "bce"},
                   i.either({"jnp.logaddexp($0, 0.0) - $1 * $0", "jax.nn.softplus($0) - $0 * $1"}),
                   {logits, targets}, shape, {0, 5});
    } else {
      const ValueId yes =
          i.let({"log_p", "log_yes"}, "jax.nn.log_sigmoid($0)", {logits}, shape, {-5, 0});
      const ValueId no =
          i.let({"log_not_p", "log_no"}, "jax.nn.log_sigmoid(-$0)", {logits}, shape, {-5, 0});
      const std::string more = i.either({"2.0", "3.0", "0.5"});
      if (form == 2) i.summary("Binary cross-entropy in which positives have a weight.");
      const std::string first = form == 2 ? more + " * $0 * $1" : "$0 * $1";
      loss = i.let(
          {"losses", "bce"},
          i.either({"-(" + first + " + (1.0 - $0) * $2)", "-" + first + " - (1.0 - $0) * $2"}),
          {targets, yes, no}, shape, {0, 8});
    }
    if (i.chance(0.35)) {
      i.called({"focal_loss", "sigmoid_focal_loss", "binary_focal_loss"});
      i.summary("Binary cross-entropy with less weight on examples that are easy.");
      const std::string gamma = i.either({"2", "1.5", "3"});
      const ValueId prob =
          i.let({"probs", "p"}, "jax.nn.sigmoid($0)", {logits}, shape, {0.02, 0.98});
      const ValueId miss =
          i.let({"miss", "one_minus_pt"},
                i.either({"$0 + $1 - 2.0 * $0 * $1", "$0 * (1.0 - $1) + (1.0 - $0) * $1"}),
                {prob, targets}, shape, {0.02, 0.98});
      loss = i.let({"focal"}, i.either({"$0**" + gamma + " * $1", "$1 * $0**" + gamma}),
                   {miss, loss}, shape, {0, 5});
    }
    if (i.rank(loss) == 1) {
      average(i, loss, {"loss", "bce_loss"}, {0.1, 4});
    } else {
      i.let({"loss"}, i.either({"jnp.mean($0)", "$0.mean()", "jnp.sum($0, axis=-1).mean()"}),
            {loss}, Shape{}, {0.1, 5});
    }
  });
}

// Margins: of two classes, hinged or squared; of many, the worst offender or all of them.
Op margin_loss() {
  return idiom("margin_loss", kIndexing, 1.0, kSmooth, [](Idiom& i) {
    const ValueId scores = i.anchor({"scores", "logits", "outputs"}, 2, 2, {-3, 3});
    const std::int64_t rows = i.dim(scores, 0), count = i.dim(scores, 1);
    const ValueId labels = class_labels(i, {"labels", "targets", "y"}, rows, count);
    const std::string margin = i.either({"1.0", "0.5", "2.0"});
    const ValueId own = i.let({"correct", "own"},
                              i.either({"$0[jnp.arange($0.shape[0]), $1]",
                                        "jnp.take_along_axis($0, $1[:, None], axis=1)[:, 0]"}),
                              {scores, labels}, Shape{rows}, {-3, 3});
    ValueId loss;
    if (i.chance(0.5)) {
      i.called({"multiclass_hinge", "crammer_singer_loss", "max_margin_loss"});
      i.summary("Hinge loss against the best of the other classes.");
      const std::string out = half_precision(i) ? "-1e4" : i.either({"-jnp.inf", "-1e9"});
      i.comment("The class itself is no rival.");
      const ValueId rivals =
          i.let({"rivals", "others"}, "$0.at[jnp.arange($0.shape[0]), $1].set(" + out + ")",
                {scores, labels}, i.shape(scores), {-3, 3});
      const ValueId best =
          i.let({"runner_up", "best_other"}, i.either({"jnp.max($0, axis=1)", "$0.max(axis=-1)"}),
                {rivals}, Shape{rows}, {-2, 3});
      loss = i.let({"losses", "hinge"},
                   i.either({"jax.nn.relu(" + margin + " + $0 - $1)",
                             "jnp.maximum(0.0, " + margin + " - ($1 - $0))"}),
                   {best, own}, Shape{rows}, {0, 6});
    } else {
      i.called({"multiclass_hinge", "weston_watkins_loss", "all_rivals_hinge"});
      i.summary("Penalize all other classes that come within the margin.");
      const ValueId hinges = i.let({"hinges", "violations"},
                                   i.either({"jnp.maximum($0 - $1[:, None] + " + margin + ", 0.0)",
                                             "jax.nn.relu(" + margin + " + $0 - $1[:, None])"}),
                                   {scores, own}, i.shape(scores), {0, 6});
      i.comment("The class itself adds the margin and nothing else.");
      loss = i.let({"losses"},
                   i.either({"jnp.sum($0, axis=-1) - " + margin, "$0.sum(axis=1) - " + margin}),
                   {hinges}, Shape{rows}, {0, 12});
    }
    if (i.chance(0.4))
      loss = i.let({"squared"}, i.either({"$0**2", "jnp.square($0)", "0.5 * $0**2"}), {loss},
                   Shape{rows}, {0, 60});
    average(i, loss, {"loss", "margin_loss"}, {0.1, 20});
  });
}

// Two ways of scoring a batch, between which the largest error decides.
void switching_loss(Idiom& i, ValueId error) {
  const Shape shape = i.shape(error);
  i.called({"switching_loss", "outlier_aware_loss", "adaptive_regression_loss"});
  i.summary("Squared error, or a robust one where a batch has an outlier.");
  const ValueId worst =
      i.let({"worst", "largest"}, "jnp.max(jnp.abs($0))", {error}, Shape{}, {0.5, 6});
  const std::string limit = i.either({"4.0", "4.5", "5.0"});
  const ValueId outlier =
      i.let({"has_outlier", "spiky"}, "$0 > " + limit, {worst}, flags({}), {0, 1});
  i.cond(
      outlier, {error}, {{{"e", "r"}, i.type(error), {-5, 5}}}, {"robust", "damped"},
      [&](const Ids& p) {
        const ValueId grown = i.let({"grown"},
                                    i.either({"jnp.sqrt(1.0 + $0**2) - 1.0",
                                              "jnp.log1p(0.5 * $0**2)", "jnp.log(jnp.cosh($0))"}),
                                    {p[0]}, shape, {0, 4});
        return Ids{i.let({"total"}, "jnp.mean($0)", {grown}, Shape{}, {0, 4})};
      },
      {"squared", "plain"},
      [&](const Ids& p) {
        return Ids{i.let({"total"}, i.either({"jnp.mean($0**2)", "0.5 * jnp.mean($0**2)"}), {p[0]},
                         Shape{}, {0, 9})};
      },
      {{{"loss"}, Type{i.real(), {}}, {0, 8}}});
}

// Residuals that are counted less than squared where they are large; or more on one side.
Op robust_loss() {
  return idiom("robust_loss", kConditional, 1.0, kSmooth, [](Idiom& i) {
    const ValueId predictions = i.anchor({"predictions", "estimates", "y_pred"}, 1, 2, {-3, 3});
    const Shape shape = i.shape(predictions);
    const ValueId targets = i.input({"targets", "y", "y_true"}, shape, {-3, 3});
    const std::string gap = i.either({"$0 - $1", "$1 - $0"});
    const ValueId error =
        i.let({"error", "residual", "diff"}, gap, {predictions, targets}, shape, {-5, 5});
    const std::string d = i.either({"1.0", "0.5", "2.0", "1.5"});
    const std::string reduce = i.either({"jnp.mean($0)", "jnp.sum($0, axis=-1)", "$0.mean()"});
    ValueId loss;
    switch (i.between(0, 4)) {
      case 0: {
        i.called({"huber_loss", "huber", "smooth_l1"});
        i.summary("Huber loss: squares near zero, absolute values beyond.");
        const ValueId size =
            i.let({"magnitude", "abs_error"}, "jnp.abs($0)", {error}, shape, {0, 5});
        const ValueId inner =
            i.let({"quadratic", "near"}, i.either({"0.5 * $0**2", "0.5 * jnp.square($0)"}), {error},
                  shape, {0, 12});
        const ValueId outer =
            i.let({"linear", "far"}, d + " * ($0 - 0.5 * " + d + ")", {size}, shape, {0, 8});
        loss = i.let(
            {"losses", "huber"},
            i.either({"jnp.where($0 <= " + d + ", $1, $2)", "lax.select($0 <= " + d + ", $1, $2)",
                      "jnp.where($0 > " + d + ", $2, $1)"}),
            {size, inner, outer}, shape, {0, 8});
        break;
      }
      case 1: {
        const double q = i.number({0.1, 0.25, 0.75, 0.9, 0.95});
        i.called({"pinball_loss", "quantile_loss", "quantile_regression_loss"});
        // Errors of targets against predictions have the quantile's own share above zero.
        i.summary(fmt::format("Pinball loss of the {} quantile.",
                              Idiom::text(gap == "$1 - $0" ? q : 1 - q)));
        const std::string up = Idiom::text(q), down = Idiom::text(q - 1);
        loss = i.let({"losses", "pinball"},
                     i.either({"jnp.maximum(" + up + " * $0, " + down + " * $0)",
                               "jnp.where($0 > 0, " + up + " * $0, " + down + " * $0)"}),
                     {error}, shape, {0, 5});
        break;
      }
      case 2: {
        const std::string c = i.either({"2.0", "3.0", "2.5"});
        i.called({"tukey_biweight", "bisquare_loss", "redescending_loss"});
        i.summary("Tukey's biweight: residuals beyond the cutoff cost the same.");
        const ValueId scaled =
            i.let({"ratio", "u"}, i.either({"($0 / " + c + ") ** 2", "jnp.square($0 / " + c + ")"}),
                  {error}, shape, {0, 4});
        const ValueId inside =
            i.let({"inside", "core"}, "1.0 - (1.0 - $0) ** 3", {scaled}, shape, {-8, 8});
        loss = i.let({"losses", "biweight"}, "jnp.where($0 < 1.0, $1, 1.0)", {scaled, inside},
                     shape, {0, 1});
        break;
      }
      case 3: {
        i.called({"epsilon_insensitive_loss", "svr_loss", "tube_loss"});
        i.summary("Absolute error beyond a tube in which errors cost nothing.");
        const std::string tube = i.either({"0.5", "0.25", "1.0"});
        const ValueId beyond = i.let(
            {"beyond", "excess"},
            i.either({"jnp.maximum(jnp.abs($0) - " + tube + ", 0.0)",
                      "jax.nn.relu(jnp.abs($0) - " + tube + ")",
                      "jnp.where(jnp.abs($0) > " + tube + ", jnp.abs($0) - " + tube + ", 0.0)"}),
            {error}, shape, {0, 5});
        loss = i.chance(0.5) ? beyond : i.let({"losses"}, "$0**2", {beyond}, shape, {0, 25});
        break;
      }
      default: {
        switching_loss(i, error);
        return;
      }
    }
    const bool whole = reduce.find("axis") == std::string::npos;
    i.let({"loss"}, reduce, {loss}, whole ? Shape{} : i.without_axis(loss, -1), {0, 20});
  });
}

// InfoNCE between two views of a batch: cosine similarities, one way or both.
Op contrastive_loss() {
  return idiom("contrastive_loss", kLinearAlgebra, 1.2, kSmooth, [](Idiom& i) {
    const ValueId first = i.anchor({"anchors", "image_features", "view_a"}, 2, 2, {-2, 2});
    const std::int64_t rows = i.dim(first, 0);
    const ValueId second =
        i.input({"positives", "text_features", "view_b"}, i.shape(first), {-2, 2});
    i.called({"contrastive_loss", "info_nce", "in_batch_contrast"});
    i.summary("Contrast matching rows of two views with all the others.");
    const bool unit = i.chance(0.75);
    const std::string norm =
        i.either({"$0 / jnp.linalg.norm($0, axis=-1, keepdims=True)",
                  "$0 * lax.rsqrt(jnp.sum($0**2, axis=-1, keepdims=True))",
                  "$0 / jnp.sqrt(jnp.sum(jnp.square($0), axis=1, keepdims=True) + 1e-6)"});
    ValueId a = first, b = second;
    if (unit) {
      a = i.let({"unit_a", "a"}, norm, {first}, i.shape(first), {-1, 1});
      b = i.let({"unit_b", "b"}, norm, {second}, i.shape(first), {-1, 1});
    }
    const std::string product = i.either({"$0 @ $1.T", "jnp.einsum(\"id,jd->ij\", $0, $1)",
                                          "jnp.inner($0, $1)", "jnp.matmul($0, $1.T)"});
    ValueId logits;
    if (unit && i.chance(0.4)) {
      const ValueId log_scale = i.input({"log_scale", "logit_scale"}, Shape{}, {0.5, 2});
      logits = i.let({"logits", "similarity"}, "(" + product + ") * jnp.exp($2)", {a, b, log_scale},
                     {rows, rows}, {-6, 6});
    } else {
      const std::string t =
          unit ? i.either({"0.1", "0.2", "0.5", "0.07"}) : i.either({"2.0", "4.0"});
      logits = i.let({"logits", "similarity"}, "(" + product + ") / " + t, {a, b}, {rows, rows},
                     {-6, 6});
    }
    const auto direction = [&](const std::string& axis, Words names) {
      const std::string form =
          i.either({"-jnp.mean(jnp.diagonal(jax.nn.log_softmax($0, axis=" + axis + ")))",
                    "jnp.mean(jax.nn.logsumexp($0, axis=" + axis + ") - jnp.diag($0))",
                    "-jnp.trace(jax.nn.log_softmax($0, axis=" + axis + ")) / $0.shape[0]"});
      return i.let(std::move(names), form, {logits}, Shape{}, {0.1, 5});
    };
    const std::int64_t judged = i.between(0, 2);
    if (unit && judged != 1) i.summary("InfoNCE loss over cosine similarities.");
    switch (judged) {
      case 0: {
        i.called({"symmetric_contrastive_loss", "clip_loss", "two_way_info_nce"});
        i.summary("Contrastive loss in both directions.");
        const ValueId rows_loss = direction("1", {"row_loss", "loss_ab"});
        const ValueId columns_loss = direction("0", {"column_loss", "loss_ba"});
        i.let({"loss"}, i.either({"0.5 * ($0 + $1)", "($0 + $1) / 2"}), {rows_loss, columns_loss},
              Shape{}, {0.1, 5});
        break;
      }
      case 1: {
        i.called({"sigmoid_contrastive_loss", "siglip_loss", "pairwise_sigmoid_loss"});
        i.summary("Judge each pair on its own whether it belongs together.");
        const ValueId signs =
            i.let({"signs", "pair_labels"}, "2.0 * jnp.eye($0.shape[0], dtype=$0.dtype) - 1.0",
                  {logits}, {rows, rows}, {-1, 1});
        i.let({"loss"},
              i.either({"-jnp.mean(jnp.sum(jax.nn.log_sigmoid($0 * $1), axis=-1))",
                        "jnp.mean(jax.nn.softplus(-$0 * $1))"}),
              {signs, logits}, Shape{}, {0.1, 20});
        break;
      }
      default:
        direction(i.chance(0.7) ? "-1" : "0", {"loss", "nce"});
    }
  });
}

// Triplets: given three rows each, or each row with its proxy and the nearest of the others.
Op triplet_loss() {
  return idiom("triplet_loss", kVectorization, 1.0, kSmooth, [](Idiom& i) {
    const ValueId anchors = i.anchor({"anchors", "embeddings", "queries"}, 2, 2, {-2, 2});
    const std::int64_t rows = i.dim(anchors, 0), width = i.dim(anchors, 1);
    const std::string margin = i.either({"1.0", "0.5", "2.0", "0.2"});
    const bool squared = i.chance(0.5);
    const Type row{i.real(), {width}};
    const auto distance = [&](Words names) {
      return i.function(
          std::move(names), {{{"a", "u"}, row, {-2, 2}}, {{"b", "v"}, row, {-2, 2}}},
          [&](const Ids& p) {
            const std::string form =
                squared ? i.either({"jnp.sum(($0 - $1) ** 2)", "jnp.sum(jnp.square($0 - $1))"})
                        : i.either({"jnp.linalg.norm($0 - $1)",
                                    "jnp.sqrt(jnp.sum(($0 - $1) ** 2) + 1e-6)"});
            return Ids{i.let({"distance"}, form, p, Shape{}, {0.5, 6})};
          });
    };
    i.called({"triplet_loss", "triplet_ranking_loss", "ranking_loss"});
    if (i.chance(0.55)) {
      i.summary("Hold each anchor nearer to its positive than to its negative.");
      const ValueId positives = i.input({"positives", "matches"}, i.shape(anchors), {-2, 2});
      const ValueId negatives = i.input({"negatives", "others"}, i.shape(anchors), {-2, 2});
      const BodyId apart = distance({"distance", "dist", "separation"});
      const ValueId near = i.let({"positive_distance", "d_pos"}, "jax.vmap($f0)($0, $1)",
                                 {anchors, positives}, {apart}, Type{i.real(), {rows}}, {0.5, 6});
      const ValueId far = i.let({"negative_distance", "d_neg"}, "jax.vmap($f0)($0, $1)",
                                {anchors, negatives}, {apart}, Type{i.real(), {rows}}, {0.5, 6});
      const ValueId loss =
          i.let({"losses", "violations"},
                i.either({"jnp.maximum($0 - $1 + " + margin + ", 0.0)",
                          "jax.nn.relu(" + margin + " + $0 - $1)", "jax.nn.softplus($0 - $1)"}),
                {near, far}, Shape{rows}, {0, 5});
      average(i, loss, {"loss"}, {0, 5});
      return;
    }
    i.called({"proxy_ranking_loss", "cross_batch_ranking_loss", "proxy_triplet_loss"});
    i.summary("Hold each row nearer to its own proxy than to the others.");
    const ValueId proxies = i.input({"proxies", "prototypes"}, i.shape(anchors), {-2, 2});
    const BodyId apart = distance({"distance", "gap"});
    const ValueId table =
        i.let({"distances", "pairwise"},
              i.either({"jax.vmap(jax.vmap($f0, in_axes=(None, 0)), in_axes=(0, None))($0, $1)",
                        "jax.vmap(jax.vmap($f0, (None, 0)), (0, None))($0, $1)"}),
              {anchors, proxies}, {apart}, Type{i.real(), {rows, rows}}, {0.5, 6});
    const ValueId own = i.let({"own", "matched"}, i.either({"jnp.diagonal($0)", "jnp.diag($0)"}),
                              {table}, Shape{rows}, {0.5, 6});
    const ValueId same = i.let({"same", "own_pair"}, "jnp.eye($0.shape[0], dtype=bool)", {table},
                               flags({rows, rows}), {0, 1});
    const ValueId nearest = i.let({"nearest_other", "hardest"},
                                  i.either({"jnp.min(jnp.where($0, jnp.inf, $1), axis=1)",
                                            "jnp.min($1, axis=-1, where=~$0, initial=jnp.inf)"}),
                                  {same, table}, Shape{rows}, {0.3, 5});
    const ValueId loss =
        i.let({"losses", "hinge"},
              i.either({"jnp.maximum($0 - $1 + " + margin + ", 0.0)", "jax.nn.softplus($0 - $1)"}),
              {own, nearest}, Shape{rows}, {0, 5});
    average(i, loss, {"loss"}, {0, 5});
  });
}

// A student that follows a teacher's softened outputs (Hinton et al. 2015), and true labels too.
Op distillation_loss() {
  return idiom("distillation_loss", kMath, 1.0, kSmooth, [](Idiom& i) {
    const ValueId student = i.anchor({"student_logits", "student", "logits"}, 2, 2, {-4, 4});
    const std::int64_t rows = i.dim(student, 0), count = i.dim(student, 1);
    const ValueId teacher =
        i.argument({"teacher_logits", "teacher", "reference_logits"}, i.type(student), {-4, 4});
    const std::string t = i.either({"2.0", "4.0", "3.0"});
    i.called({"distillation_loss", "distill", "soft_target_loss"});
    i.summary("Match the softened outputs of a teacher.");
    const Shape shape = i.shape(student);
    const std::int64_t form = i.between(0, 3);
    const ValueId log_q =
        i.let({"student_log_probs", "log_q"}, "jax.nn.log_softmax($0 / " + t + ", axis=-1)",
              {student}, shape, {-5, 0});
    const std::string soften = i.chance(0.3) ? "lax.stop_gradient($0) / " + t : "$0 / " + t;
    ValueId per;
    if (form == 0) {
      const ValueId p = i.let({"teacher_probs", "p"}, "jax.nn.softmax(" + soften + ", axis=-1)",
                              {teacher}, shape, {0, 1});
      per = i.let({"soft_loss", "cross"}, "-jnp.sum($0 * $1, axis=-1)", {p, log_q}, Shape{rows},
                  {0.2, 4});
    } else {
      const ValueId log_p =
          i.let({"teacher_log_probs", "log_p"}, "jax.nn.log_softmax(" + soften + ", axis=-1)",
                {teacher}, shape, {-5, 0});
      static const std::vector<std::string> kSaid = {
          "Kullback-Leibler divergence of a student from its teacher.",
          "Reverse divergence between a student and its teacher.",
          "Symmetric divergence between a student and its teacher."};
      const std::string kl = "jnp.sum(jnp.exp($0) * ($0 - $1), axis=-1)";
      if (form != 2) per = i.let({"kl", "divergence"}, kl, {log_p, log_q}, Shape{rows}, {0, 3});
      if (form != 1) {
        const ValueId back =
            i.let({"reverse_kl", "backward"}, kl, {log_q, log_p}, Shape{rows}, {0, 3});
        per = form == 2 ? back
                        : i.let({"symmetric", "jeffreys"}, i.either({"0.5 * ($0 + $1)", "$0 + $1"}),
                                {per, back}, Shape{rows}, {0, 4});
      }
      i.summary(kSaid[static_cast<std::size_t>(form - 1)]);
    }
    i.comment("Gradients shrink with the square of the temperature.");
    const ValueId soft = i.let({"soft", "scaled"},
                               i.either({t + "**2 * jnp.mean($0)", "jnp.mean($0) * " + t + "**2"}),
                               {per}, Shape{}, {0, 20});
    if (i.chance(0.55)) {
      const ValueId labels = class_labels(i, {"labels", "targets"}, rows, count);
      const ValueId hard_p = log_probabilities(i, student, {"log_probs", "hard_log_probs"});
      const ValueId own = picked(i, hard_p, labels, {"label_log_probs", "chosen"}, {-9, 0});
      const ValueId hard = i.let({"hard", "hard_loss"}, "-jnp.mean($0)", {own}, Shape{}, {0.2, 6});
      const double a = i.number({0.5, 0.9, 0.7, 0.3});
      i.summary("Blend a teacher's soft targets with the true labels.");
      i.let({"loss", "blend"}, fmt::format("{} * $0 + {} * $1", Idiom::text(a), Idiom::text(1 - a)),
            {soft, hard}, Shape{}, {0, 20});
    }
  });
}

// Overlap of a soft segmentation with a mask: Dice, Jaccard or Tversky, over all or a class each.
Op overlap_loss() {
  return idiom("overlap_loss", kReduction, 1.0, kSmooth, [](Idiom& i) {
    const ValueId logits = i.anchor({"logits", "mask_logits", "outputs"}, 2, 3, {-3, 3});
    const Shape shape = i.shape(logits);
    if (tensor::element_count(shape) < 6) i.fail();
    const ValueId mask = i.input({"mask", "truth", "segmentation"}, shape, {0, 1});
    const ValueId probs = i.let({"probs", "foreground"},
                                i.either({"jax.nn.sigmoid($0)", "jax.nn.softmax($0, axis=-1)"}),
                                {logits}, shape, {0, 1});
    const bool each = i.chance(0.5);
    std::string axis = "";
    Shape left = {};
    if (each) {
      axis = i.rank(logits) == 2 ? "axis=0" : "axis=(0, 1)";
      left = {shape.back()};
    }
    const auto sum = [&](const std::string& of) {
      return "jnp.sum(" + of + (each ? ", " + axis : "") + ")";
    };
    const ValueId hit = i.let({"intersection", "overlap", "true_positive"}, sum("$0 * $1"),
                              {probs, mask}, left, {0.5, 8});
    const std::string smooth = i.either({"1.0", "1e-3", "0.1"});
    ValueId score;
    const auto which = i.between(0, 2);
    switch (which) {
      case 0: {
        i.called({"dice_loss", "soft_dice", "sorensen_loss"});
        i.summary("Penalize a low soft Dice coefficient.");
        const bool powers = i.chance(0.4);
        const ValueId total =
            i.let({"cardinality", "total"},
                  powers ? sum("$0**2") + " + " + sum("$1**2")
                         : i.either({sum("$0") + " + " + sum("$1"), sum("$0 + $1")}),
                  {probs, mask}, left, {2, 30});
        score = i.let({"dice"}, "(2.0 * $0 + " + smooth + ") / ($1 + " + smooth + ")", {hit, total},
                      left, {0, 1});
        break;
      }
      case 1: {
        i.called({"jaccard_loss", "soft_iou", "iou_loss"});
        i.summary("Penalize a low soft intersection over union.");
        const ValueId joint =
            i.let({"union", "joint"}, sum("$0 + $1 - $0 * $1"), {probs, mask}, left, {2, 30});
        score = i.let({"iou"}, "($0 + " + smooth + ") / ($1 + " + smooth + ")", {hit, joint}, left,
                      {0, 1});
        break;
      }
      default: {
        const double a = i.number({0.3, 0.7, 0.6, 0.4});
        i.called({"tversky_loss", "tversky", "asymmetric_overlap_loss"});
        i.summary("Tversky loss, which weighs misses and false alarms apart.");
        const ValueId extra = i.let({"false_positive", "false_alarm"}, sum("$0 * (1.0 - $1)"),
                                    {probs, mask}, left, {0.5, 10});
        const ValueId miss = i.let({"false_negative", "missed"}, sum("(1.0 - $0) * $1"),
                                   {probs, mask}, left, {0.5, 10});
        const std::string by =
            fmt::format("$0 + {} * $1 + {} * $2", Idiom::text(a), Idiom::text(1 - a));
        score = i.let({"tversky", "index"}, "($0 + " + smooth + ") / (" + by + " + " + smooth + ")",
                      {hit, extra, miss}, left, {0, 1});
        break;
      }
    }
    if (each)
      score = i.let({"mean_score", "average"}, i.either({"jnp.mean($0)", "$0.mean()"}), {score},
                    Shape{}, {0, 1});
    const std::int64_t end = i.between(0, 2);
    if (end == 0)
      i.let({"loss"}, "-jnp.log($0)", {score}, Shape{}, {0, 3});
    else if (end == 1 || which != 2)
      i.let({"loss"}, "1.0 - $0", {score}, Shape{}, {0, 1});
    else {
      i.called({"focal_tversky_loss", "focal_tversky"});
      i.summary("Tversky loss to a power, which dwells on what is segmented badly.");
      i.let({"loss"}, "(1.0 - $0) ** 0.75", {score}, Shape{}, {0, 1});
    }
  });
}

// Likelihood of a label sequence over all alignments (Graves et al. 2006): the forward recursion
// over labels with blanks between them, in logarithms.
Op ctc_forward() {
  return idiom("ctc_forward", kLoop, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId logits = i.anchor({"logits", "frames", "emissions"}, 2, 2, {-3, 3});
    const std::int64_t steps = i.dim(logits, 0), count = i.dim(logits, 1);
    const std::int64_t length = i.between(2, 4);
    if (steps < 2 * length || count < 4) return i.fail();
    const ValueId labels =
        i.argument({"labels", "transcript", "targets"}, Type{i.integer(), {length}},
                   {1, static_cast<double>(count - 1)});
    i.called({"ctc_loss", "ctc_forward", "alignment_loss"});
    i.summary("Negative log-likelihood of a label sequence over all alignments.");
    i.summary("Forward recursion of connectionist temporal classification.");
    const std::int64_t states = 2 * length + 1;
    const ValueId log_probs = log_probabilities(i, logits, {"log_probs", "logp"});
    i.comment("A blank before, between and after the labels.");
    const ValueId extended =
        i.let({"extended", "with_blanks", "path"},
              i.either({"jnp.zeros(2 * $0.shape[0] + 1, $0.dtype).at[1::2].set($0)",
                        fmt::format("jnp.zeros({}, $0.dtype).at[1::2].set($0)", states)}),
              {labels}, Type{i.integer(), {states}}, {0, static_cast<double>(count - 1)});
    i.comment("A blank may be left out between two labels that differ.");
    const ValueId skip =
        i.let({"may_skip", "skippable"},
              i.either({"($0 != 0) & ($0 != jnp.roll($0, 2)) & (jnp.arange($0.shape[0]) > 1)",
                        "($0 > 0) & ($0 != jnp.roll($0, 2)) & (jnp.arange($0.shape[0]) >= 2)"}),
              {extended}, flags({states}), {0, 1});
    const ValueId emitted = i.let({"emitted", "emissions", "state_log_probs"},
                                  i.either({"$0[:, $1]", "jnp.take($0, $1, axis=1)"}),
                                  {log_probs, extended}, Shape{steps, states}, {-9, 0});
    const std::string never = "-1e5";
    const ValueId start =
        i.let({"alpha0", "start"},
              i.either({"jnp.where(jnp.arange($0.shape[1]) < 2, $0[0], " + never + ")",
                        "jnp.full($0.shape[1], " + never + ", $0.dtype).at[:2].set($0[0, :2])"}),
              {emitted}, Shape{states}, {-9, 0});
    const ValueId later =
        i.let({"later", "remaining"}, "$0[1:]", {emitted}, Shape{steps - 1, states}, {-9, 0});
    const bool by_concatenation = i.chance(0.5);
    const auto shifted = [&](ValueId alpha, int by, Words names) {
      return i.let(std::move(names),
                   by_concatenation
                       ? fmt::format("jnp.concatenate([jnp.full({}, {}, $0.dtype), $0[:-{}]])", by,
                                     never, by)
                       : fmt::format("jnp.roll($0, {}).at[:{}].set({})", by, by, never),
                   {alpha}, Shape{states}, {-40, 0});
    };
    const auto out = i.scan(
        {"advance", "step", "forward"},
        {{{"alpha", "log_alpha"}, start, {-60, 0}, {"final", "last_alpha"}}},
        {{{"emission", "frame"}, later}}, {}, [&](const Ids& p) {
          const ValueId one = shifted(p[0], 1, {"from_previous", "one_back"});
          const ValueId two = shifted(p[0], 2, {"from_two_back", "two_back"});
          const ValueId jump = i.let({"skipped", "jump"}, "jnp.where($0, $1, " + never + ")",
                                     {skip, two}, Shape{states}, {-40, 0});
          const ValueId stay =
              i.let({"reached", "merged"},
                    i.either({"jnp.logaddexp(jnp.logaddexp($0, $1), $2)",
                              "jax.nn.logsumexp(jnp.stack([$0, $1, $2]), axis=0)"}),
                    {p[0], one, jump}, Shape{states}, {-40, 0});
          return Ids{i.let({"next_alpha"}, "$0 + $1", {stay, p[1]}, Shape{states}, {-60, 0})};
        });
    i.let({"loss", "nll"}, "-jnp.logaddexp($0[-1], $0[-2])", {out.final[0]}, Shape{}, {3, 60});
  });
}

}  // namespace

std::vector<Op> loss_idioms() {
  return {softmax_cross_entropy(), binary_cross_entropy(), margin_loss(),
          robust_loss(),           contrastive_loss(),     triplet_loss(),
          distillation_loss(),     overlap_loss(),         ctc_forward()};
}

}  // namespace jaxsmith::plan
