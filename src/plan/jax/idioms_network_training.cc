// What training and serving add to a network: dropout, numbers of low precision,
// estimators that stop gradients, derivatives with respect to inputs.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idioms_network_parts.h"

namespace jaxsmith::plan {
namespace {
using namespace network;
using enum Derivative;

// A mask that is given, on elements, on whole features, rows or weights, with what is kept scaled
// up; alone or between dense layers.
Op dropout() {
  return idiom("dropout", kArithmetic, 1.0, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "hidden", "activations"}, 2, 3, around(3));
    const Shape shape = i.shape(x);
    const std::int64_t kind = i.between(0, 3), width = i.dim(x, -1);
    const double keep = i.number({0.9, 0.8, 0.5, 0.75});
    const std::string rate = Idiom::text(keep);
    i.summary(fmt::format("Zero what a mask drops and divide the rest by {}.", rate));
    if (kind == 3) {
      const std::int64_t outputs = i.size();
      i.called({"drop_connect", "drop_weights", "masked_dense"});
      i.summary("Apply a dense layer with part of its weights dropped.");
      const ValueId kernel =
          i.input({"kernel", "weights", "w"}, {width, outputs}, weights_for(width));
      const ValueId mask = i.input({"mask", "kept"}, flags({width, outputs}), {0, 1});
      const ValueId thinned =
          i.let({"thinned", "masked_kernel"},
                i.either({"jnp.where($0, $1 / " + rate + ", 0.0)", "$0 * $1 / " + rate}),
                {mask, kernel}, {width, outputs}, around(2));
      const ValueId out = dense(i, {"out", "pre"}, x, thinned);
      if (i.chance(0.5)) activation(i, {"activated"}, out);
      return;
    }
    const Shape of_mask = kind == 0 ? shape : kind == 1 ? Shape{width} : Shape{shape[0]};
    if (kind != 0 && of_mask[0] < 4) return i.fail();  // else all may be dropped
    static const std::vector<Words> kCalled = {
        {"dropout", "inverted_dropout", "apply_dropout"},
        {"feature_dropout", "spatial_dropout", "drop_features"},
        {"drop_path", "stochastic_depth", "drop_examples"}};
    i.called(kCalled[static_cast<std::size_t>(kind)]);
    const ValueId mask = i.input({"mask", "keep_mask", "kept"}, flags(of_mask), {0, 1});
    const std::string spread = kind != 2 ? "" : shape.size() == 2 ? "[:, None]" : "[:, None, None]";
    ValueId source = x;
    if (i.chance(0.4)) source = activation(i, {"activated", "h"}, x);
    const ValueId out = i.let({"dropped", "thinned"},
                              i.either({"jnp.where($0" + spread + ", $1 / " + rate + ", 0.0)",
                                        "$0" + spread + " * $1 / " + rate,
                                        "jnp.where($0" + spread + ", $1, 0.0) / " + rate}),
                              {mask, source}, shape, around(6));
    if (kind == 2) {
      const ValueId skip = i.input({"residual", "skip", "shortcut"}, shape, around(3));
      i.let({"summed", "out"}, "$0 + $1", {skip, out}, shape, around(8));
    } else if (i.chance(0.5)) {
      const ValueId kernel =
          i.input({"kernel", "weights", "w_out"}, {width, i.size()}, weights_for(width));
      dense(i, {"out", "logits"}, out, kernel, 5);
    }
  });
}

// Weights, and inputs by choice, as 8-bit whole numbers with a scale for all, for each column or
// row; the product in whole numbers or after the scale is back.
Op quantized_dense() {
  return idiom("quantized_dense", kArithmetic, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId x = i.anchor({"x", "inputs", "activations"}, 2, 2, around(3));
    const std::int64_t rows = i.dim(x, 0), width = i.dim(x, 1), outputs = i.size();
    const ValueId kernel =
        i.input({"kernel", "weights", "w"}, {width, outputs}, weights_for(width));
    const bool columns = i.chance(0.65), both = i.chance(0.5);
    i.called({both ? "int8_matmul" : "quantized_dense", "quantized_matmul", "dense_int8"});
    i.summary(both ? "Multiply in 8-bit integers and scale the result back."
                   : "Apply a dense layer whose weights are 8-bit integers.");
    if (columns) i.summary("Quantize weights with a scale for each column and multiply.");
    const Shape scales = columns ? Shape{outputs} : Shape{};
    const std::string top =
        columns
            ? i.either({"jnp.max(jnp.abs($0), axis=0) / 127.0", "jnp.abs($0).max(axis=0) / 127.0"})
            : i.either({"jnp.max(jnp.abs($0)) / 127.0", "jnp.abs($0).max() / 127.0"});
    const ValueId scale = i.let({"scale", "w_scale"}, top, {kernel}, scales, {0.002, 0.02});
    const std::string rounded =
        i.either({"jnp.round($0 / $1).astype(jnp.int8)", "jnp.rint($0 / $1).astype(jnp.int8)",
                  "lax.round($0 / $1).astype(jnp.int8)"});
    const ValueId q = i.let({"q_kernel", "w_int8"}, rounded, {kernel, scale},
                            Type{DType::kI8, {width, outputs}}, {-127, 127});
    const Shape result = {rows, outputs};
    if (!both) {
      i.let({"out", "product"},
            i.either({"$0 @ ($1 * $2)", "$0 @ $1.astype($0.dtype) * $2",
                      "jnp.dot($0, $1.astype($0.dtype)) * $2"}),
            {x, q, scale}, result, around(4));
      if (!i.chance(0.5)) return;
      i.summary("Apply a dense layer with 8-bit weights, and give what rounding has changed them.");
      i.let({"error", "rounding_error"},
            i.either({"jnp.mean(jnp.square($0 - $1 * $2))", "jnp.max(jnp.abs($0 - $1 * $2))"}),
            {kernel, q, scale}, Shape{}, {0, 0.02});
      return;
    }
    const bool each = i.chance(0.6);
    const ValueId x_scale = i.let({"x_scale", "act_scale"},
                                  each ? "jnp.max(jnp.abs($0), axis=1, keepdims=True) / 127.0"
                                       : "jnp.max(jnp.abs($0)) / 127.0",
                                  {x}, each ? Shape{rows, 1} : Shape{}, {0.005, 0.03});
    const ValueId qx = i.let({"q_x", "x_int8"}, rounded, {x, x_scale},
                             Type{DType::kI8, {rows, width}}, {-127, 127});
    const ValueId product = i.let({"acc", "product"},
                                  i.either({"jnp.matmul($0, $1, preferred_element_type=jnp.int32)",
                                            "jnp.dot($0, $1, preferred_element_type=jnp.int32)",
                                            "lax.dot($0, $1, preferred_element_type=jnp.int32)",
                                            "$0.astype(jnp.int32) @ $1.astype(jnp.int32)"}),
                                  {qx, q}, Type{DType::kI32, result}, {-30000, 30000});
    i.let({"out", "dequantized"}, i.either({"$0 * $1 * $2", "$0.astype($1.dtype) * ($1 * $2)"}),
          {product, x_scale, scale}, result, around(4));
  });
}

// Numbers on a grid forwards, the identity backwards (Bengio et al. 2013): symmetric, with a zero
// point or with a learned step; then a dense layer by choice.
Op fake_quantization() {
  return with_traits(
      kStopsGradient, idiom("fake_quantization", kGradient, 1.0, kSmooth, [](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const ValueId w = i.anchor({"weights", "w", "kernel"}, 2, 2, around(3));
        const Shape shape = i.shape(w);
        const std::int64_t bits = i.random().pick(std::vector<std::int64_t>{3, 4, 8});
        const std::int64_t top = (std::int64_t{1} << (bits - 1)) - 1, form = i.between(0, 2);
        i.called({"fake_quantize", "straight_through_round", "quantize_aware"});
        i.summary(
            fmt::format("Round weights to {} bits and let gradients pass straight through.", bits));
        ValueId grid;
        if (form == 0) {
          const bool columns = i.chance(0.5);
          const ValueId scale =
              i.let({"scale", "step"},
                    columns ? fmt::format("jnp.max(jnp.abs($0), axis=0) / {}", top)
                            : fmt::format("jnp.max(jnp.abs($0)) / {}", top),
                    {w}, columns ? Shape{shape[1]} : Shape{}, {0.01, 1});
          grid = i.let({"on_grid", "rounded"},
                       i.either({"jnp.round($0 / $1) * $1", "$1 * jnp.round($0 / $1)"}), {w, scale},
                       shape, around(3));
        } else if (form == 1) {
          const ValueId low = i.let({"low", "w_min"}, i.either({"jnp.min($0)", "$0.min()"}), {w},
                                    Shape{}, {-3, -1});
          const ValueId scale =
              i.let({"scale", "step"},
                    fmt::format("(jnp.max($0) - $1) / {}", (std::int64_t{1} << bits) - 1), {w, low},
                    Shape{}, {0.01, 1});
          grid = i.let({"on_grid", "rounded"},
                       i.either({"jnp.round(($0 - $1) / $2) * $2 + $1",
                                 "$1 + $2 * jnp.round(($0 - $1) / $2)"}),
                       {w, low, scale}, shape, around(3));
        } else {
          const double reach = 2.0 / static_cast<double>(top);
          const ValueId step = i.input({"step_size", "learned_scale", "quant_step"}, Shape{},
                                       {0.5 * reach, 1.2 * reach});
          const ValueId held =
              i.let({"clipped", "in_range"}, fmt::format("jnp.clip($0 / $1, -{0}, {0})", top),
                    {w, step}, shape, around(static_cast<double>(top)));
          const ValueId rounded =
              i.let({"rounded", "ste"}, "$0 + lax.stop_gradient(jnp.round($0) - $0)", {held}, shape,
                    around(static_cast<double>(top)));
          grid = i.let({"on_grid", "quantized"}, "$0 * $1", {rounded, step}, shape, around(3));
        }
        i.comment("The identity for derivatives.");
        const ValueId passed = form == 2 ? grid
                                         : i.let({"quantized", "w_q"},
                                                 i.either({"$0 + lax.stop_gradient($1 - $0)",
                                                           "$0 - lax.stop_gradient($0 - $1)"}),
                                                 {w, grid}, shape, around(3));
        if (i.chance(0.7)) {
          const ValueId x =
              i.input({"x", "inputs", "features"},
                      i.chance(0.5) ? Shape{shape[0]} : Shape{i.size(), shape[0]}, around(2));
          const ValueId out = dense(i, {"out", "pre"}, x, passed, 8);
          if (i.chance(0.4)) activation(i, {"activated"}, out);
        }
      }));
}

// The nearest row of a codebook for each vector (van den Oord et al. 2017), with gradients passed
// through and the losses that tie both together.
Op vector_quantization() {
  return with_traits(
      kStopsGradient, idiom("vector_quantization", kGradient, 0.9, kSmooth, [](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const ValueId x = i.anchor({"encoded", "z", "vectors"}, 2, 2, around(2));
        const std::int64_t rows = i.dim(x, 0), width = i.dim(x, 1),
                           codes = std::min<std::int64_t>(i.size() + 2, 12);
        const ValueId book =
            i.input({"codebook", "codes", "embeddings"}, {codes, width}, around(2));
        const Shape shape = i.shape(x);
        const ValueId distance =
            i.chance(0.5) ? i.let({"distances", "sq_dist"},
                                  i.either({"jnp.sum(jnp.square($0[:, None] - $1[None]), axis=-1)",
                                            "jnp.sum(($0[:, None, :] - $1) ** 2, axis=-1)"}),
                                  {x, book}, {rows, codes}, {0.5, 20})
                          : i.let({"distances", "sq_dist"},
                                  "jnp.sum($0**2, axis=1, keepdims=True) - 2 * $0 @ $1.T + "
                                  "jnp.sum($1**2, axis=1)",
                                  {x, book}, {rows, codes}, {0.5, 20});
        const ValueId index = i.let({"codes_idx", "nearest"},
                                    i.either({"jnp.argmin($0, axis=-1)", "$0.argmin(axis=1)"}),
                                    {distance}, counts(i, {rows}), {0, static_cast<double>(codes)});
        const ValueId chosen =
            i.let({"chosen", "quantized"},
                  i.either({"$0[$1]", "jnp.take($0, $1, axis=0)",
                            fmt::format("jax.nn.one_hot($1, {}, dtype=$0.dtype) @ $0", codes)}),
                  {book, index}, shape, around(2));
        const std::string weight = i.either({"0.25", "0.5", "1.0"});
        const std::string sum = i.either({"jnp.mean(($0 - lax.stop_gradient($1)) ** 2)",
                                          "jnp.mean(jnp.square($0 - lax.stop_gradient($1)))"});
        const ValueId commitment = i.let({"commitment"}, sum, {x, chosen}, Shape{}, {0.1, 2});
        const ValueId pull = i.let({"codebook_loss", "pull"}, sum, {chosen, x}, Shape{}, {0.1, 2});
        i.let({"loss", "vq_loss"}, "$0 + " + weight + " * $1", {pull, commitment}, Shape{},
              {0.1, 4});
        if (i.chance(0.6)) {
          i.called({"vector_quantize", "quantize_to_codebook", "nearest_codes"});
          i.summary("Replace vectors by the nearest rows of a codebook, with the loss of both.");
          i.let({"passed", "straight_through"}, "$0 + lax.stop_gradient($1 - $0)", {x, chosen},
                shape, around(2));
        } else {
          i.called({"codebook_loss", "quantization_loss", "commitment_loss"});
          i.summary("Measure how far vectors lie from the nearest rows of a codebook.");
        }
      }));
}

// A target network that follows the online one slowly, and the loss that compares both (BYOL, Grill
// et al. 2020; EMA teachers).
Op momentum_target() {
  return with_traits(
      kStopsGradient, idiom("momentum_target", kGradient, 0.9, kSmooth, [](Idiom& i) {
        const ValueId x = i.anchor({"view_a", "x", "first_view"}, 2, 2, around(2));
        const std::int64_t width = i.dim(x, 1), outputs = i.size();
        const ValueId y = i.input({"view_b", "augmented", "second_view"}, i.shape(x), around(2));
        const ValueId online =
            i.input({"online", "student_w", "w_online"}, {width, outputs}, weights_for(width));
        const ValueId target =
            i.input({"target", "teacher_w", "w_target"}, {width, outputs}, weights_for(width));
        i.called({"momentum_target_loss", "teacher_student_step", "self_distillation"});
        i.summary("Compare a network with a slow copy of it on another view.");
        i.summary("Give the loss against a slow copy of a network, and let the copy follow.");
        if (outputs < 3) return i.fail();
        const Shape shape = i.with_last(x, outputs);
        const ValueId p = dense(i, {"prediction", "projected"}, x, online);
        const ValueId z =
            i.let({"target_out", "reference"},
                  i.either({"lax.stop_gradient($0 @ $1)", "$0 @ lax.stop_gradient($1)"}),
                  {y, target}, shape, around(3));
        if (i.chance(0.6)) {
          const std::string unit =
              i.either({"$0 / jnp.linalg.norm($0, axis=-1, keepdims=True)",
                        "$0 * lax.rsqrt(jnp.sum($0**2, axis=-1, keepdims=True) + 1e-6)"});
          const ValueId pu = i.let({"prediction_unit", "p"}, unit, {p}, shape, around(1));
          const ValueId zu = i.let({"target_unit", "z"}, unit, {z}, shape, around(1));
          i.let({"loss", "alignment"},
                i.either({"2.0 - 2.0 * jnp.mean(jnp.sum($0 * $1, axis=-1))",
                          "jnp.mean(jnp.sum(($0 - $1) ** 2, axis=-1))",
                          "1.0 - jnp.mean(jnp.einsum(\"nd,nd->n\", $0, $1))"}),
                {pu, zu}, Shape{}, {0, 4});
        } else {
          const ValueId q =
              i.let({"targets", "teacher_probs"},
                    "jax.nn.softmax($0 / " + i.either({"0.5", "0.2", "2.0"}) + ", axis=-1)", {z},
                    shape, {0, 1});
          i.let({"loss", "cross_entropy"},
                i.either({"-jnp.mean(jnp.sum($0 * jax.nn.log_softmax($1), axis=-1))",
                          "-($0 * jax.nn.log_softmax($1)).sum(axis=-1).mean()"}),
                {q, p}, Shape{}, {0.3, 5});
        }
        const double keep = i.number({0.9, 0.75, 0.5});
        i.let({"new_target", "target_next"}, forgetting(i, keep, "$0", "$1"), {target, online},
              {width, outputs}, around(1));
      }));
}

// A small network's score as a function in place; smooth, so that derivatives of it may be taken
// again.
BodyId score_network(Idiom& i, const Words& names, std::int64_t width, ValueId first,
                     ValueId second, bool helper) {
  const std::int64_t hidden = i.dim(first, 1);
  const std::string squash = i.either({"jnp.tanh($0 @ $1)", "jax.nn.softplus($0 @ $1)",
                                       "jax.nn.silu($0 @ $1)", "jax.nn.gelu($0 @ $1)"});
  const std::string score =
      i.either({"$0 @ $1", "jnp.dot($0, $1)", "jnp.tanh($0 @ $1)", "jnp.sum($0 * $1)"});
  std::vector<Idiom::Part> parameters = {{{"v", "x_in"}, {i.real(), {width}}, around(2)}};
  if (helper) {
    parameters.push_back({{"w1", "kernel"}, i.type(first), around(1)});
    parameters.push_back({{"w2", "readout"}, i.type(second), around(1)});
  }
  const auto fill = [&](const Ids& p) {
    const ValueId inner =
        i.let({"h", "hidden"}, squash, {p[0], helper ? p[1] : first}, {hidden}, around(2));
    return Ids{i.let({"score", "out"}, score, {inner, helper ? p[2] : second}, Shape{}, around(3))};
  };
  return helper ? i.helper(names, "Score one input by a small network.", parameters, fill)
                : i.function(names, parameters, fill);
}

// How a score depends on each input: gradients, gradients times inputs, along a path from nothing
// (Sundararajan et al. 2017) or averaged over shifted inputs.
Op input_attribution() {
  return idiom("input_attribution", kGradient, 1.0, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "features", "example"}, 1, 1, around(2));
    const std::int64_t width = i.dim(x, 0), hidden = i.size();
    const ValueId first = i.input({"w1", "w_in", "kernel"}, {width, hidden}, weights_for(width));
    const ValueId second = i.input({"w2", "w_out", "readout"}, {hidden}, weights_for(hidden));
    const bool helper = i.chance(0.35);
    const BodyId score =
        score_network(i, {"score", "predict", "logit"}, width, first, second, helper);
    const std::int64_t form = i.between(0, 3);
    const Type same = i.type(x);
    const auto grads_at = [&](const Words& names, ValueId at) {
      return i.let(names, helper ? "jax.grad($f0)($0, $1, $2)" : "jax.grad($f0)($0)",
                   helper ? Ids{at, first, second} : Ids{at}, {score}, same, around(2));
    };
    if (form <= 1) {
      i.called({form ? "gradient_times_input" : "saliency", "input_gradient", "attribute"});
      i.summary("Tell how much each input moves the score of a network.");
      const ValueId grads = grads_at({"grads", "sensitivity"}, x);
      if (form)
        i.let({"attribution", "relevance"}, "$0 * $1", {grads, x}, same, around(3));
      else if (i.chance(0.6))
        i.let({"saliency", "normed"},
              i.either({"jnp.abs($0) / jnp.sum(jnp.abs($0))", "$0 / jnp.linalg.norm($0)"}), {grads},
              same, around(1));
      return;
    }
    const std::int64_t points = i.between(3, 6);
    const auto fractions = [&] {
      return i.let({"alphas", "fractions"},
                   fmt::format("(jnp.arange({}) + 0.5).astype($0.dtype) / {}", points, points), {x},
                   {points}, {0, 1});
    };
    if (form == 2) {
      const ValueId along = fractions();
      i.called({"integrated_gradients", "path_attribution", "attribute_along_path"});
      i.summary("Average the gradient along the path from zero to the input.");
      const BodyId at = i.function(
          {"at_fraction", "path_grad"}, {{{"a", "t"}, {i.real(), {}}, {0, 1}}}, [&](const Ids& p) {
            const ValueId here = i.let({"point"}, "$0 * $1", {p[0], x}, same, around(2));
            return Ids{grads_at({"g"}, here)};
          });
      const ValueId all = i.let({"path_grads", "grads"}, "jax.vmap($f0)($0)", {along}, {at},
                                Type{i.real(), {points, width}}, around(2));
      i.let({"attribution", "integrated"},
            i.either({"$0 * jnp.mean($1, axis=0)", "jnp.mean($1, axis=0) * $0"}), {x, all}, same,
            around(3));
      return;
    }
    i.called({"smooth_gradient", "averaged_saliency", "smoothed_attribution"});
    i.summary("Smooth the gradient of a score over shifted inputs.");
    const ValueId noise =
        i.input({"noise", "perturbations", "shifts"}, {points, width}, around(0.5));
    const bool grows = i.chance(0.5);
    const ValueId moved =
        i.let({"noisy", "shifted"}, grows ? "$0[None] + $1 * $2[:, None]" : "$0 + $1",
              grows ? Ids{x, noise, fractions()} : Ids{x, noise}, {points, width}, around(2.5));
    const ValueId all =
        i.let({"grads", "noisy_grads"},
              helper ? "jax.vmap(jax.grad($f0), in_axes=(0, None, None))($0, $1, $2)"
                     : "jax.vmap(jax.grad($f0))($0)",
              helper ? Ids{moved, first, second} : Ids{moved}, {score},
              Type{i.real(), {points, width}}, around(2));
    i.let({"smoothed", "saliency"},
          i.either({"jnp.mean($0, axis=0)", "jnp.sqrt(jnp.mean($0**2, axis=0))"}), {all}, same,
          around(2));
  });
}

// Numbers of fewer bits where they do no harm: products in bfloat16 or float16 with sums in
// float32, or statistics in float32 of what is stored in sixteen bits.
Op mixed_precision() {
  return idiom("mixed_precision", kArithmetic, 1.0, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "inputs", "hidden"}, 2, 2, around(3));
    const std::int64_t rows = i.dim(x, 0), width = i.dim(x, 1), outputs = i.size();
    const ValueId kernel =
        i.input({"kernel", "weights", "master_weights"}, {width, outputs}, weights_for(width));
    const Shape result = {rows, outputs};
    if (half_precision(i)) {
      if (width < 3) return i.fail();
      i.called({"norm_in_float32", "stable_half_layer", "upcast_norm"});
      i.summary("Normalize in float32 and multiply in sixteen bits.");
      const Type wide = {DType::kF32, i.shape(x)}, kept = {DType::kF32, {rows, 1}};
      const ValueId up =
          i.let({"x32", "upcast"},
                i.either({"$0.astype(jnp.float32)", "lax.convert_element_type($0, jnp.float32)",
                          "jnp.asarray($0, jnp.float32)"}),
                {x}, wide, around(3));
      const ValueId power = i.let({"mean_square", "power"},
                                  i.either({"jnp.mean($0**2, axis=-1, keepdims=True)",
                                            "jnp.mean(jnp.square($0), axis=-1, keepdims=True)"}),
                                  {up}, kept, {0.2, 6});
      const ValueId normed = i.let(
          {"normed", "scaled"}, i.either({"$0 * lax.rsqrt($1 + 1e-6)", "$0 / jnp.sqrt($1 + 1e-6)"}),
          {up, power}, wide, around(3));
      const ValueId down =
          i.let({"back", "narrow"}, "$0.astype($1.dtype)", {normed, x}, i.shape(x), around(3));
      if (i.chance(0.5)) {
        dense(i, {"out", "product"}, down, kernel);
      } else {
        i.let({"out", "product"},
              i.either({"jnp.dot($0, $1, preferred_element_type=jnp.float32)",
                        "jnp.matmul($0, $1, preferred_element_type=jnp.float32)"}),
              {down, kernel}, Type{DType::kF32, result}, around(3));
      }
      return;
    }
    if (i.real() != DType::kF32) return i.fail();
    const DType low = i.chance(0.65) ? DType::kBF16 : DType::kF16;
    const std::string name = low == DType::kBF16 ? "jnp.bfloat16" : "jnp.float16";
    i.called({"mixed_precision_dense", "half_precision_layer", "low_precision_matmul"});
    const std::string cast =
        i.either({"$0.astype(" + name + ")", "lax.convert_element_type($0, " + name + ")"});
    const ValueId xs = i.let({"x_low", "x_half"}, cast, {x}, Type{low, i.shape(x)}, around(3));
    const ValueId ws =
        i.let({"w_low", "w_half"}, cast, {kernel}, Type{low, {width, outputs}}, around(1));
    ValueId out;
    if (i.chance(0.6)) {
      i.summary("Multiply in sixteen bits and keep the sums in float32.");
      out = i.let({"acc", "product"},
                  i.either({"jnp.dot($0, $1, preferred_element_type=jnp.float32)",
                            "jnp.matmul($0, $1, preferred_element_type=jnp.float32)",
                            "jnp.einsum(\"nd,dm->nm\", $0, $1, preferred_element_type=jnp.float32)",
                            "lax.dot($0, $1, preferred_element_type=jnp.float32)"}),
                  {xs, ws}, result, around(3));
    } else {
      i.summary("Multiply and activate in sixteen bits and go on in float32.");
      const ValueId narrow = i.let({"product", "low_out"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                                   {xs, ws}, Type{low, result}, around(3));
      const ValueId active = i.let({"activated", "low_h"},
                                   i.either({"jax.nn.relu($0)", "jax.nn.gelu($0)", "jnp.tanh($0)"}),
                                   {narrow}, Type{low, result}, {-1, 3});
      out = i.let({"out", "upcast"}, "$0.astype(jnp.float32)", {active}, result, {-1, 3});
    }
    out = maybe_biased(i, out);
    if (i.chance(0.4))
      i.let({"log_probs", "probs"}, i.either({"jax.nn.log_softmax($0)", "jax.nn.softmax($0)"}),
            {out}, result, {-6, 1});
  });
}

// A kernel divided by its largest singular value, which a few steps of power iteration estimate
// (Miyato et al. 2018).
Op spectral_norm() {
  return idiom("spectral_norm", kLoop, 0.9, kSmooth, [](Idiom& i) {
    const ValueId w = i.anchor({"kernel", "weights", "w"}, 2, 2, around(2));
    const std::int64_t rows = i.dim(w, 0), columns = i.dim(w, 1), steps = i.between(1, 3);
    if (rows < 3 || columns < 3) return i.fail();
    const ValueId start = i.input({"u", "left_vector", "u0"}, {rows}, {0.1, 1});
    i.called({"spectral_norm", "normalize_spectrum", "limit_lipschitz"});
    i.summary("Divide a kernel by an estimate of its largest singular value.");
    const std::string unit =
        i.either({"$0 / jnp.linalg.norm($0)", "$0 * lax.rsqrt(jnp.sum($0**2) + 1e-6)",
                  "$0 / jnp.sqrt(jnp.sum(jnp.square($0)) + 1e-6)"});
    const auto turn = [&](ValueId u) {
      const ValueId raw = i.let({"wv", "right_raw"}, i.either({"$0.T @ $1", "$1 @ $0"}), {w, u},
                                {columns}, around(4));
      const ValueId v = i.let({"v", "right"}, unit, {raw}, {columns}, around(1));
      const ValueId back = i.let({"wu", "left_raw"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                                 {w, v}, {rows}, around(4));
      return i.let({"u_next", "left"}, unit, {back}, {rows}, around(1));
    };
    const ValueId u = iterated(i, steps, {"power_step", "iterate"},
                               {{"u", "left"}, start, around(1), {"u_end", "left_end"}}, turn, 0.5);
    const ValueId sigma =
        i.let({"sigma", "largest"},
              i.either({"jnp.linalg.norm($0.T @ $1)", "jnp.sqrt(jnp.sum(($1 @ $0) ** 2))"}), {w, u},
              Shape{}, {1, 8});
    const ValueId out =
        i.let({"normalized", "bounded"}, "$0 / $1", {w, sigma}, i.shape(w), around(1));
    if (i.chance(0.4)) {
      const ValueId x = i.input({"x", "inputs"}, {i.size(), rows}, around(2));
      dense(i, {"out", "projected"}, x, out);
    }
  });
}

// Angles of many rates for a number (time steps, coordinates): fixed rates or learned ones (Tancik
// et al. 2020), then dense layers.
Op fourier_features() {
  return idiom("fourier_features", kMath, 1.0, kSmooth, [](Idiom& i) {
    const bool coordinates = i.chance(0.5);
    const std::int64_t half = std::min<std::int64_t>(i.size(), 8);
    const ValueId t = coordinates ? i.anchor({"points", "coords", "positions"}, 2, 2, around(1))
                                  : i.anchor({"times", "t", "timesteps"}, 1, 1, {0, 3});
    const std::int64_t rows = i.dim(t, 0);
    const Shape angles_shape = {rows, half}, both = {rows, 2 * half};
    i.called({coordinates ? "fourier_features" : "time_embedding", "sinusoidal_features",
              "encode_by_frequencies"});
    i.summary(coordinates ? "Map points to sines and cosines of their projections."
                          : "Embed times by sines and cosines of many rates.");
    ValueId angles;
    if (coordinates) {
      const ValueId rates =
          i.input({"frequencies", "projection", "b"}, {i.dim(t, 1), half}, around(1));
      angles = i.let({"angles", "phase"},
                     i.either({"2.0 * jnp.pi * $0 @ $1", "2 * jnp.pi * ($0 @ $1)",
                               "jnp.pi * jnp.dot($0, $1)"}),
                     {t, rates}, angles_shape, around(8));
    } else if (i.chance(0.4)) {
      const ValueId rates = i.input({"rates", "frequencies", "omega"}, {half}, {0.1, 3});
      angles = i.let({"angles", "phase"}, i.either({"$0[:, None] * $1", "jnp.outer($0, $1)"}),
                     {t, rates}, angles_shape, {0, 9});
    } else {
      const std::string base = i.either({"100.0", "1000.0", "10000.0"});
      const ValueId rates = i.let(
          {"rates", "freqs"},
          i.either({fmt::format("{} ** (-jnp.arange({}) / {})", base, half, half),
                    fmt::format("jnp.exp(-jnp.log({}) * jnp.arange({}) / {})", base, half, half)}),
          {}, Type{default_real(i), {half}}, {0.001, 1});
      const std::string cast = default_real(i) != i.real() ? ".astype($0.dtype)" : "";
      angles =
          i.let({"angles", "phase"}, "$0[:, None] * $1" + cast, {t, rates}, angles_shape, {0, 3});
    }
    const ValueId waves = i.let({"waves", "features"},
                                i.either({"jnp.concatenate([jnp.sin($0), jnp.cos($0)], axis=-1)",
                                          "jnp.concatenate([jnp.cos($0), jnp.sin($0)], axis=1)",
                                          "jnp.hstack([jnp.sin($0), jnp.cos($0)])"}),
                                {angles}, both, around(1));
    // Squares of sines and cosines alone add up to the same whatever the angles are.
    const std::int64_t hidden = i.size();
    const ValueId kernel = i.input({"w1", "kernel", "w_in"}, {2 * half, hidden}, weights_for(half));
    const ValueId inner =
        activation(i, {"activated", "h"}, dense(i, {"hidden", "pre"}, waves, kernel));
    if (i.chance(0.5)) {
      const ValueId last = i.input({"w2", "w_out"}, {hidden, i.size()}, weights_for(hidden));
      dense(i, {"out", "embedding"}, inner, last);
    }
  });
}

}  // namespace

std::vector<Op> network_training_idioms() {
  return {dropout(),         quantized_dense(),   fake_quantization(), vector_quantization(),
          momentum_target(), input_attribution(), mixed_precision(),   spectral_norm(),
          fourier_features()};
}

}  // namespace jaxsmith::plan
