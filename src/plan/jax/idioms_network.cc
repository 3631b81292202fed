// Layers of neural networks: normalisation, dense and gated layers, adapters, pooling of tokens.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/idioms_network_parts.h"
#include "plan/stats.h"

namespace jaxsmith::plan {
namespace {
using namespace network;
using enum Derivative;

// x scaled and shifted by learned numbers, each by choice.
ValueId affine(Idiom& i, ValueId x, const Shape& features, const std::string& spread,
               bool shifted) {
  ValueId out = x;
  // Without either the mean of squares is always the same, and derivatives of it are nothing.
  const bool gained = i.chance(0.75);
  if (gained || !shifted) {
    const ValueId gain = i.input({"scale", "gain", "gamma"}, features, {0.5, 1.5});
    out = i.let({"scaled"}, i.either({"$0 * $1" + spread, "$1" + spread + " * $0"}), {out, gain},
                i.shape(x), around(5));
  }
  if (shifted && (!gained || i.chance(0.55))) {
    const ValueId bias = i.input({"bias", "offset", "beta"}, features, around(1));
    out = i.let({"shifted", "normalized"}, "$0 + $1" + spread, {out, bias}, i.shape(x), around(6));
  }
  return out;
}

// Mean and variance, or the mean square alone, along the last axis; the axis may be kept by an
// option or put back by an index; epsilon, gain and bias by choice.
Op layer_norm() {
  return idiom("layer_norm", kReduction, 1.0, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "hidden", "activations", "tokens"}, 2, 3, around(6));
    if (i.dim(x, -1) < 3) return i.fail();
    const Shape row = i.with_last(x, 1);
    const bool centred = i.chance(0.6);
    const std::string eps = i.either({"1e-5", "1e-6", "1e-3"});
    ValueId centre = x;
    if (centred) {
      i.called({"layer_norm", "normalize_features", "standardize_rows"});
      i.summary("Normalize each row to zero mean and unit variance.");
      i.summary("Center and scale the features of each row.");
      const ValueId mean =
          i.let({"mean", "mu"},
                i.either({"jnp.mean($0, axis=-1, keepdims=True)", "$0.mean(axis=-1, keepdims=True)",
                          "jnp.mean($0, axis=-1)[..., None]"}),
                {x}, row, around(2));
      centre = i.let({"centered", "shifted"}, "$0 - $1", {x, mean}, i.shape(x), around(6));
    } else {
      i.called({"rms_norm", "scale_by_rms", "root_mean_square_norm"});
      i.summary("Scale each row to unit root mean square.");
    }
    const ValueId power = i.let({centred ? "variance" : "mean_square", centred ? "var" : "power"},
                                i.either({"jnp.mean(jnp.square($0), axis=-1, keepdims=True)",
                                          "jnp.mean($0**2, axis=-1, keepdims=True)",
                                          "jnp.mean($0 * $0, axis=-1, keepdims=True)"}),
                                {centre}, row, {0.1, 9});
    const ValueId out =
        i.let({"normalized", "normed"},
              i.either({"$0 * lax.rsqrt($1 + " + eps + ")", "$0 / jnp.sqrt($1 + " + eps + ")"}),
              {centre, power}, i.shape(x), around(3));
    affine(i, out, {i.dim(x, -1)}, "", centred);
  });
}

// Statistics of each feature over a batch, or their running averages brought up to date.
Op batch_norm() {
  return idiom("batch_norm", kReduction, 1.0, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "batch", "activations"}, 2, 4, around(5));
    const int rank = i.rank(x);
    const std::int64_t features = i.dim(x, -1);
    if (i.dim(x, 0) < 4 && rank == 2) return i.fail();
    const std::string axes = rank == 2 ? "axis=0" : rank == 3 ? "axis=(0, 1)" : "axis=(0, 1, 2)";
    i.called({"batch_norm", "normalize_batch", "standardize_channels"});
    i.summary("Normalize each feature over the batch.");
    const ValueId mean = i.let({"mean", "batch_mean"},
                               i.either({"jnp.mean($0, " + axes + ")", "$0.mean(" + axes + ")"}),
                               {x}, {features}, around(2));
    const ValueId variance =
        i.let({"variance", "batch_var", "var"},
              i.either({"jnp.var($0, " + axes + ")", "jnp.mean(jnp.square($0 - $1), " + axes + ")",
                        "jnp.mean(($0 - $1) ** 2, " + axes + ")"}),
              {x, mean}, {features}, {0.2, 9});
    if (i.chance(0.4)) {
      const double keep = i.number({0.9, 0.99, 0.95});
      i.summary("Normalize a batch and update the running statistics.");
      const ValueId old = i.input({"running_mean", "mean_ema"}, {features}, around(1));
      const std::string update = forgetting(i, keep, "$0", "$1");
      i.let({"new_mean", "mean_next"}, update, {old, mean}, {features}, around(1));
      const ValueId spread = i.input({"running_var", "var_ema"}, {features}, {0.5, 4});
      i.let({"new_var", "var_next"}, update, {spread, variance}, {features}, {0.5, 4});
    }
    const std::string eps = i.either({"1e-5", "1e-3"});
    const ValueId out = i.let({"normalized", "normed"},
                              i.either({"($0 - $1) * lax.rsqrt($2 + " + eps + ")",
                                        "($0 - $1) / jnp.sqrt($2 + " + eps + ")"}),
                              {x, mean, variance}, i.shape(x), around(3));
    affine(i, out, {features}, "", true);
  });
}

// Statistics over groups of channels: each channel (instance) or a few; channels last or first.
Op group_norm() {
  return idiom("group_norm", kArray, 1.0, kSmooth, [](Idiom& i) {
    const bool last = i.chance(0.6);
    const std::int64_t height = i.size(), width = std::min<std::int64_t>(i.size(), 8);
    const std::int64_t groups = i.between(2, 3), each = i.between(1, 3);
    const std::int64_t channels = groups * each;
    const bool instance = each == 1;
    const Shape shape = last ? Shape{height, width, channels} : Shape{channels, height, width};
    if (height * width < 6) return i.fail();
    const ValueId x = i.input({"x", "features", "feature_map", "maps"}, shape, around(4));
    i.called({instance ? "instance_norm" : "group_norm",
              instance ? "normalize_channels" : "normalize_groups", "normalize_maps"});
    i.summary(instance ? "Normalize each channel of a feature map by itself."
                       : "Normalize groups of channels over space.");
    ValueId grouped = x;
    Shape split = shape;
    std::string axes = last ? "(0, 1)" : "(1, 2)";
    if (!instance) {
      split = last ? Shape{height, width, groups, each} : Shape{groups, each, height, width};
      axes = last ? "(0, 1, 3)" : "(1, 2, 3)";
      grouped = i.let({"grouped", "groups"}, "$0.reshape(" + tuple_text(split).substr(1), {x},
                      split, around(4));
    }
    Shape kept = split;
    for (std::size_t a = 0; a < kept.size(); ++a)
      if (axes.find(std::to_string(a)) != std::string::npos) kept[a] = 1;
    const ValueId mean = i.let({"mean", "mu"}, "jnp.mean($0, axis=" + axes + ", keepdims=True)",
                               {grouped}, kept, around(1));
    const ValueId variance =
        i.let({"variance", "var"},
              i.either({"jnp.var($0, axis=" + axes + ", keepdims=True)",
                        "jnp.mean(jnp.square($0 - $1), axis=" + axes + ", keepdims=True)"}),
              {grouped, mean}, kept, {0.5, 6});
    ValueId out =
        i.let({"normed", "normalized"},
              i.either({"($0 - $1) * lax.rsqrt($2 + 1e-5)", "($0 - $1) / jnp.sqrt($2 + 1e-5)"}),
              {grouped, mean, variance}, split, around(3));
    if (!instance)
      out = i.let({"restored", "ungrouped"},
                  i.either({"$0.reshape($1.shape)", "jnp.reshape($0, $1.shape)"}), {out, x}, shape,
                  around(3));
    affine(i, out, {channels}, last ? "" : "[:, None, None]", true);
  });
}

// Two dense layers: biases, a norm before, what came in added, probabilities at the end; the hidden
// nonlinearity by choice.
Op mlp() {
  return idiom("mlp", kLinearAlgebra, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "inputs", "features"}, 1, 2, around(3));
    const std::int64_t width = i.dim(x, -1), hidden = i.size();
    const bool residual = i.chance(0.3);
    const std::int64_t outputs = residual ? width : i.size();
    i.called({"mlp", "feed_forward", "two_layer_network"});
    i.summary("Apply two dense layers with a nonlinearity between them.");
    if (residual) i.summary("Add the output of a small network to its input.");
    ValueId source = x;
    if (residual && width > 2 && i.chance(0.5)) source = normalized_rows(i, {"normed"}, x);
    const ValueId first = i.input({"w1", "w_in", "kernel_in"}, {width, hidden}, weights_for(width));
    const ValueId second =
        i.input({"w2", "w_out", "kernel_out"}, {hidden, outputs}, weights_for(hidden));
    const bool biased = i.chance(0.6);
    ValueId out;
    if (biased) {
      const ValueId b1 = i.input({"b1", "b_in", "bias_in"}, {hidden}, around(0.5));
      const ValueId b2 = i.input({"b2", "b_out", "bias_out"}, {outputs}, around(0.5));
      const std::string layer = i.either({"$0 @ $1 + $2", "jnp.dot($0, $1) + $2"});
      ValueId inner = i.let({"hidden", "pre", "z1"}, layer, {source, first, b1},
                            i.with_last(x, hidden), around(3));
      inner = activation(i, {"activated", "h"}, inner);
      out = i.let({"out", "logits", "z2"}, layer, {inner, second, b2}, i.with_last(x, outputs),
                  around(3));
    } else {
      const ValueId inner = dense(i, {"hidden", "pre"}, source, first);
      out = dense(i, {"out", "logits"}, activation(i, {"activated", "h"}, inner), second);
    }
    if (residual) {
      i.let({"updated", "residual"}, i.either({"$0 + $1", "$0 + 0.5 * $1"}), {x, out}, i.shape(x),
            around(5));
      return;
    }
    const double draw = i.random().uniform();
    if (outputs > 1 && draw < 0.25) {
      i.called({"classify", "mlp_classifier", "predict_probs"});
      i.summary("Give class probabilities by a small network.");
      softmax(i, {"probs", "class_probs"}, out, -1);
    } else if (outputs > 1 && draw < 0.4) {
      i.called({"classify", "mlp_classifier", "class_log_probs"});
      i.summary("Give log-probabilities of classes by a small network.");
      i.let({"log_probs", "log_p"}, "jax.nn.log_softmax($0)", {out}, i.shape(out), {-6, 0});
    }
  });
}

// Layers of equal width in one stack, applied in turn by a scan over it: plain, residual or with
// the norm before.
Op layer_stack() {
  return idiom("layer_stack", kLoop, 0.9, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "hidden", "features"}, 1, 2, around(3));
    const std::int64_t width = i.dim(x, -1), layers = i.between(2, 5);
    if (width < 3) return i.fail();
    const ValueId kernels =
        i.input({"kernels", "weights", "layers"}, {layers, width, width}, weights_for(width));
    const bool biased = i.chance(0.5), residual = i.chance(0.5), norm = i.chance(0.35);
    const ValueId biases =
        biased ? i.input({"biases", "offsets"}, {layers, width}, around(0.5)) : kNoValue;
    i.called({"apply_layers", "layer_stack", "deep_network"});
    i.summary(residual ? "Run a stack of residual layers by a scan."
                       : "Run a stack of layers of equal width by a scan.");
    const bool trace = i.chance(0.3);
    std::vector<Idiom::Slice> over = {{{"kernel", "w"}, kernels}};
    if (biased) over.push_back({{"bias", "b"}, biases});
    std::vector<Words> stacked;
    if (trace) stacked.push_back({"energies", "norms", "layer_norms"});
    i.scan(
        {"layer", "apply_layer", "block"}, {{{"h", "state"}, x, around(4), {"final", "encoded"}}},
        over, stacked, [&](const Ids& p) {
          const ValueId source = norm ? normalized_rows(i, {"normed"}, p[0]) : p[0];
          ValueId pre = dense(i, {"pre", "mixed"}, source, p[1]);
          if (biased) pre = i.let({"shifted"}, "$0 + $1", {pre, p[2]}, i.shape(x), around(3));
          const std::string squash =
              i.either({"jnp.tanh($0)", "jax.nn.gelu($0)", "jax.nn.silu($0)", "jax.nn.relu($0)"});
          ValueId next = i.let({"activated", "h_next"}, squash, {pre}, i.shape(x), {-1, 3});
          if (residual)
            next = i.let({"h_next", "summed"}, "$0 + $1", {p[0], next}, i.shape(x), around(5));
          if (!trace) return Ids{next};
          const ValueId energy =
              i.let({"energy", "size"}, i.either({"jnp.mean($0**2)", "jnp.mean(jnp.abs($0))"}),
                    {next}, Shape{}, {0.1, 4});
          return Ids{next, energy};
        });
  });
}

// A product of two projections, one through a nonlinearity (Shazeer 2020): kernels apart or in one,
// out by a third or not.
Op gated_mlp() {
  return idiom("gated_mlp", kMath, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "hidden", "tokens"}, 1, 2, around(3));
    const std::int64_t width = i.dim(x, -1), inner = i.size();
    const std::int64_t which = i.between(0, 4);
    static const std::vector<Words> kCalled = {{"swiglu", "gated_mlp", "gated_feed_forward"},
                                               {"geglu", "gated_mlp", "gated_feed_forward"},
                                               {"glu", "gated_linear_unit", "gated_mlp"},
                                               {"reglu", "gated_mlp", "rectified_gate"},
                                               {"gated_tanh_unit", "gated_mlp", "tanh_gate"}};
    static const std::vector<Words> kGates = {
        {"jax.nn.silu($0)", "$0 * jax.nn.sigmoid($0)", "jax.nn.swish($0)"},
        {"jax.nn.gelu($0)", "jax.nn.gelu($0, approximate=False)"},
        {"jax.nn.sigmoid($0)", "1.0 / (1.0 + jnp.exp(-$0))"},
        {"jax.nn.relu($0)", "jnp.maximum($0, 0)"},
        {"jnp.tanh($0)", "lax.tanh($0)"}};
    const auto kind = static_cast<std::size_t>(which);
    i.called(kCalled[kind]);
    i.summary("Multiply one projection by the nonlinearity of another.");
    i.summary("Gate a linear projection of the input by a second one.");
    ValueId gate, value;
    const Shape shape = i.with_last(x, inner);
    if (i.chance(0.4)) {
      const ValueId kernel =
          i.input({"w_in", "kernel", "w_joint"}, {width, 2 * inner}, weights_for(width));
      const ValueId joint = dense(i, {"joint", "projected"}, x, kernel);
      if (i.chance(0.5)) {
        const Ids two = i.unpack("jnp.split($0, 2, axis=-1)", {joint}, {},
                                 {{{"gate", "g"}, {i.real(), shape}, around(3)},
                                  {{"value", "up"}, {i.real(), shape}, around(3)}});
        gate = two[0], value = two[1];
      } else {
        gate = i.let({"gate", "g"}, fmt::format("$0[..., :{}]", inner), {joint}, shape, around(3));
        value =
            i.let({"value", "up"}, fmt::format("$0[..., {}:]", inner), {joint}, shape, around(3));
      }
    } else {
      const ValueId w_gate = i.input({"w_gate", "gate_kernel"}, {width, inner}, weights_for(width));
      const ValueId w_up =
          i.input({"w_up", "up_kernel", "w_value"}, {width, inner}, weights_for(width));
      gate = dense(i, {"gate", "g"}, x, w_gate);
      value = dense(i, {"up", "value"}, x, w_up);
    }
    const ValueId opened =
        i.let({"opened", "activated"}, i.either(kGates[kind]), {gate}, shape, {-1, 3});
    const ValueId gated = i.let({"gated", "product"}, i.either({"$0 * $1", "$1 * $0"}),
                                {opened, value}, shape, around(5));
    if (i.chance(0.6)) {
      const ValueId down =
          i.input({"w_down", "w_out", "down_kernel"}, {inner, width}, weights_for(inner));
      const ValueId out = dense(i, {"out", "down"}, gated, down, 4);
      if (i.chance(0.3)) i.let({"residual", "updated"}, "$0 + $1", {x, out}, i.shape(x), around(5));
    }
  });
}

// What came in plus a branch: scaled by learned numbers, modulated by a condition (adaptive norm,
// FiLM), or mixed by a gate (highway).
Op residual_block() {
  return idiom("residual_block", kArithmetic, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "hidden", "tokens"}, 2, 2, around(3));
    const std::int64_t width = i.dim(x, -1);
    if (width < 3) return i.fail();
    const Shape shape = i.shape(x);
    switch (i.between(0, 2)) {
      case 0: {
        i.called({"residual_block", "scaled_residual", "pre_norm_block"});
        i.summary("Add a scaled branch of the normalized input to the input.");
        const ValueId normed = normalized_rows(i, {"normed", "normalized"}, x);
        const ValueId kernel =
            i.input({"kernel", "weights", "w"}, {width, width}, weights_for(width));
        const ValueId branch =
            activation(i, {"branch", "activated"}, dense(i, {"pre", "mixed"}, normed, kernel));
        const ValueId gain = i.input({"layer_scale", "gamma", "branch_gain"}, {width}, {0.05, 0.6});
        i.let({"out", "updated"}, i.either({"$0 + $1 * $2", "$0 + $2 * $1"}), {x, branch, gain},
              shape, around(5));
        break;
      }
      case 1: {
        const std::int64_t size = i.size();
        const bool gated = i.chance(0.5);
        i.called({"adaptive_norm_block", "modulated_block",
                  gated ? "conditioned_residual" : "conditioned_norm"});
        i.summary("Modulate a normalized input by a condition.");
        const std::int64_t parts = gated ? 3 : 2;
        const ValueId condition = i.input({"condition", "cond", "embedding"}, {size}, around(2));
        const ValueId kernel = i.input({"w_mod", "modulation", "w_cond"}, {size, parts * width},
                                       weights_for(4 * size));
        const ValueId projected =
            i.let({"modulation_params", "mod"}, i.either({"$0 @ $1", "jax.nn.silu($0) @ $1"}),
                  {condition, kernel}, {parts * width}, around(1));
        std::vector<Idiom::Part> pieces = {{{"shift"}, {i.real(), {width}}, around(1)},
                                           {{"scale"}, {i.real(), {width}}, around(1)}};
        if (gated) pieces.push_back({{"gate"}, {i.real(), {width}}, around(1)});
        const Ids mod = i.unpack(fmt::format("jnp.split($0, {})", parts), {projected}, {}, pieces);
        const ValueId normed = normalized_rows(i, {"normed", "normalized"}, x);
        const ValueId moved = i.let({"modulated", "conditioned"},
                                    i.either({"$0 * (1.0 + $1) + $2", "(1 + $1) * $0 + $2"}),
                                    {normed, mod[1], mod[0]}, shape, around(5));
        if (!gated) break;
        const ValueId branch = activation(i, {"branch", "activated"}, moved);
        i.let({"out", "updated"}, "$0 + $1 * $2", {x, mod[2], branch}, shape, around(6));
        break;
      }
      default: {
        i.called({"highway_layer", "gated_residual", "highway"});
        i.summary("Mix a transform of the input with the input by a learned gate.");
        const ValueId w =
            i.input({"w_transform", "w_h", "kernel"}, {width, width}, weights_for(width));
        const ValueId wg =
            i.input({"w_gate", "w_t", "gate_kernel"}, {width, width}, weights_for(width));
        const ValueId transform =
            activation(i, {"transform", "candidate"}, dense(i, {"pre"}, x, w));
        const ValueId gate =
            i.let({"gate", "carry_gate"},
                  i.either({"jax.nn.sigmoid($0 @ $1)", "jax.nn.sigmoid($0 @ $1 - 1.0)"}), {x, wg},
                  shape, {0, 1});
        i.let({"mixed", "out"}, i.either({"$0 * $1 + (1.0 - $0) * $2", "$2 + $0 * ($1 - $2)"}),
              {gate, transform, x}, shape, around(3));
      }
    }
  });
}

// A dense layer with a low-rank update (Hu et al. 2021): scaled by alpha / rank, beside the product
// or merged into the kernel, with the direction and length of columns apart (DoRA) by choice.
Op low_rank_adapter() {
  return idiom("low_rank_adapter", kLinearAlgebra, 1.0, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "inputs", "hidden"}, 1, 2, around(3));
    const std::int64_t width = i.dim(x, -1), outputs = i.size(), rank = i.between(1, 3);
    const ValueId kernel =
        i.input({"kernel", "weight", "w_frozen"}, {width, outputs}, weights_for(width));
    const ValueId down = i.input({"lora_a", "down", "a"}, {width, rank}, weights_for(width));
    const ValueId up = i.input({"lora_b", "up", "b"}, {rank, outputs}, weights_for(3 * rank));
    i.called({"lora_dense", "low_rank_adapter", "adapted_layer"});
    i.summary("Apply a dense layer with a low-rank update of its kernel.");
    // Alpha over the rank.
    const std::string alpha = Idiom::text(i.number({4, 8, 16})),
                      scale = rank == 1 ? alpha : fmt::format("({} / {})", alpha, rank);
    const double form = i.random().uniform();
    if (form < 0.5) {
      const ValueId frozen = dense(i, {"frozen", "base"}, x, kernel);
      const ValueId update =
          i.let({"update", "delta"}, i.either({"($0 @ $1) @ $2", "jnp.dot(jnp.dot($0, $1), $2)"}),
                {x, down, up}, i.with_last(x, outputs), around(2));
      i.let({"adapted", "out"}, i.either({"$0 + " + scale + " * $1", scale + " * $1 + $0"}),
            {frozen, update}, i.with_last(x, outputs), around(5));
      return;
    }
    const ValueId merged = i.let({"merged", "adapted_kernel"}, "$0 + " + scale + " * ($1 @ $2)",
                                 {kernel, down, up}, {width, outputs}, around(2));
    ValueId used = merged;
    if (form > 0.75) {
      i.called({"dora_dense", "weight_decomposed_adapter", "adapted_layer"});
      i.summary("Apply a kernel with learned column lengths and a low-rank update.");
      const ValueId length = i.input({"magnitude", "column_norms"}, {outputs}, {0.5, 2});
      const ValueId norms =
          i.let({"norms", "lengths"},
                i.either({"jnp.linalg.norm($0, axis=0)", "jnp.sqrt(jnp.sum($0**2, axis=0))"}),
                {merged}, {outputs}, {0.3, 4});
      used = i.let({"decomposed", "rescaled"}, "$0 * ($1 / $2)", {merged, length, norms},
                   {width, outputs}, around(2));
    }
    dense(i, {"adapted", "out"}, x, used, 5);
  });
}

// A sequence made one vector by learned weights: a query, or a gated score of each token (Ilse et
// al. 2018); with the weighted spread beside the mean by choice; one sequence or a batch.
Op attention_pooling() {
  return idiom("attention_pooling", kReduction, 1.0, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"tokens", "hidden", "frames", "instances"}, 2, 3, around(3));
    const bool batch = i.rank(x) == 3;
    const std::int64_t width = i.dim(x, -1);
    const Shape times = i.without_axis(x, -1), pooled = i.without_axis(x, -2);
    i.called({"attention_pool", "pool_tokens", "weighted_summary"});
    i.summary(batch ? "Pool each sequence of a batch into one vector by learned weights."
                    : "Pool a sequence into one vector by learned weights.");
    ValueId scores;
    if (i.chance(0.5)) {
      const ValueId query = i.input({"query", "probe", "pool_query"}, {width}, around(2));
      scores = i.let({"scores", "logits"},
                     i.either({"$0 @ $1", "$0 @ $1 / jnp.sqrt($1.shape[0])",
                               "jnp.einsum(\"...d,d->...\", $0, $1)"}),
                     {x, query}, times, around(4));
    } else {
      const std::int64_t inner = i.size();
      const ValueId v =
          i.input({"w_value", "v_kernel", "w_tanh"}, {width, inner}, weights_for(width));
      ValueId hidden = i.let({"features", "tanh_part"}, "jnp.tanh($0 @ $1)", {x, v},
                             i.with_last(x, inner), around(1));
      const bool gated = i.chance(0.6);
      i.called({gated ? "gated_attention_pool" : "scored_attention_pool", "multiple_instance_pool",
                "pool_tokens"});
      i.summary(gated ? "Weigh instances by a gated score and sum them."
                      : "Weigh instances by a learned score and sum them.");
      if (gated) {
        const ValueId u = i.input({"w_gate", "u_kernel"}, {width, inner}, weights_for(width));
        hidden = i.let({"gated", "gated_part"}, "$0 * jax.nn.sigmoid($1 @ $2)", {hidden, x, u},
                       i.with_last(x, inner), around(1));
      }
      const ValueId w = i.input({"w_score", "score_vector"}, {inner}, around(2));
      scores = i.let({"scores", "logits"}, "$0 @ $1", {hidden, w}, times, around(3));
    }
    const ValueId weights = softmax(i, {"weights", "alphas"}, scores, -1);
    const std::string sum = batch ? i.either({"jnp.einsum(\"bt,btd->bd\", $0, $1)",
                                              "jnp.sum($0[..., None] * $1, axis=1)"})
                                  : i.either({"$0 @ $1", "jnp.sum($0[:, None] * $1, axis=0)",
                                              "jnp.einsum(\"t,td->d\", $0, $1)"});
    const ValueId mean = i.let({"pooled", "summary"}, sum, {weights, x}, pooled, around(3));
    if (i.chance(0.3)) {
      i.summary("Pool tokens into a weighted mean and spread.");
      const ValueId centred =
          i.let({"centered", "deviation"}, batch ? "$0 - $1[:, None]" : "$0 - $1", {x, mean},
                i.shape(x), around(4));
      const ValueId squares = i.let({"squares", "squared"}, i.either({"$0**2", "jnp.square($0)"}),
                                    {centred}, i.shape(x), {0, 12});
      const ValueId variance =
          i.let({"spread", "weighted_var"}, sum, {weights, squares}, pooled, {0, 6});
      Shape joint = pooled;
      joint.back() *= 2;
      i.let({"statistics", "pooled_stats"}, "jnp.concatenate([$0, jnp.sqrt($1 + 1e-5)], axis=-1)",
            {mean, variance}, joint, around(3));
    }
  });
}

// A gradient whose norm is limited: by a branch, by a minimum, or row by row.
Op clip_by_norm() {
  return idiom("clip_by_norm", kConditional, 1.0, kSmooth, [](Idiom& i) {
    const ValueId grads = i.anchor({"grads", "gradient", "update"}, 1, 2, around(5));
    if (i.dim(grads, 0) < 3) return i.fail();
    // Whether the limit is passed is planned by what typical elements are.
    if (i.builder()[grads].claimed) return i.fail();
    const Shape shape = i.shape(grads);
    const bool rows = shape.size() == 2 && i.chance(0.35), given = i.chance(0.4);
    const double count = static_cast<double>(rows ? shape[1] : tensor::element_count(shape));
    const double usual = 1.15 * typical_magnitude(i.builder()[grads].stats) * std::sqrt(count);
    // About half of the gradients are to be too long.
    double limit = 0.25;
    for (const double n :
         {0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0})
      if (std::abs(n - usual) < std::abs(limit - usual)) limit = n;
    const ValueId top =
        given ? i.input({"max_norm", "limit", "threshold"}, Shape{}, {0.4 * usual, usual})
              : kNoValue;
    const std::string bound = given ? "$1" : Idiom::text(limit);
    const auto with_top = [&](Ids operands) {
      if (given) operands.push_back(top);
      return operands;
    };
    i.called({rows ? "clip_rows" : "clip_by_norm", "limit_norm", "clip_gradient"});
    i.summary(rows ? "Shrink the rows whose norm is too large."
                   : "Shrink a gradient whose norm is too large.");
    const Shape lengths = rows ? Shape{shape[0], 1} : Shape{};
    const ValueId norm = i.let({"norm", "grad_norm"},
                               rows ? i.either({"jnp.linalg.norm($0, axis=-1, keepdims=True)",
                                                "jnp.sqrt(jnp.sum($0**2, axis=-1, keepdims=True))"})
                                    : i.either({"jnp.sqrt(jnp.sum($0**2))", "jnp.linalg.norm($0)",
                                                "jnp.sqrt(jnp.sum(jnp.square($0)))"}),
                               {grads}, lengths, {0.5 * usual, 1.5 * usual});
    if (rows || i.chance(0.35)) {
      const ValueId factor =
          i.let({"factor", "shrink"},
                i.either({"jnp.minimum(1.0, " + bound + " / $0)",
                          "jnp.where($0 > " + bound + ", " + bound + " / $0, 1.0)"}),
                with_top({norm}), lengths, {0.4, 1});
      i.let({"clipped", "limited"}, "$0 * $1", {grads, factor}, shape, around(4));
      return;
    }
    const ValueId large =
        i.let({"too_large", "exceeds"}, "$0 > " + bound, with_top({norm}), flags({}), {0, 1});
    const std::vector<Idiom::Part> parameters = {{{"g", "grad"}, i.type(grads), around(5)}};
    i.cond(
        large, {grads}, parameters, {"shrink", "rescale"},
        [&](const Ids& p) {
          const std::string ratio = given ? "$0 * ($1 / $2)" : "$0 * (" + bound + " / $1)";
          return Ids{i.let({"out"}, ratio, given ? Ids{p[0], top, norm} : Ids{p[0], norm}, shape,
                           around(3))};
        },
        {"keep", "leave"}, [&](const Ids& p) { return Ids{p[0]}; },
        {{{"clipped", "limited"}, i.type(grads), around(4)}});
  });
}

}  // namespace

std::vector<Op> network_idioms() {
  return {with_traits(kKnownNorm, layer_norm()),
          with_traits(kKnownNorm, batch_norm()),
          with_traits(kKnownNorm, group_norm()),
          mlp(),
          layer_stack(),
          gated_mlp(),
          residual_block(),
          low_rank_adapter(),
          attention_pooling(),
          with_traits(kKnownNorm, clip_by_norm())};
}

}  // namespace jaxsmith::plan
