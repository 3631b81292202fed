// Blocks of neural networks: experts and routing, activations by cases, embeddings, heads with
// their losses.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idioms_network_parts.h"

namespace jaxsmith::plan {
namespace {
using namespace network;
using enum Derivative;

// The most likely experts of each token, their outputs weighed by the router (Shazeer et al. 2017):
// kernels gathered, outputs picked, or a dense sum with zeros for the rest.
Op top_k_experts() {
  return idiom("top_k_experts", kIndexing, 1.1, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();  // which experts are best hangs on the last bits
    const std::int64_t tokens = i.size(), width = std::min<std::int64_t>(i.size(), 8);
    const std::int64_t experts = i.between(3, 5), k = i.between(1, 2), outputs = i.between(3, 6);
    const ValueId x = i.input({"x", "tokens", "hidden"}, {tokens, width}, around(3));
    const ValueId router =
        i.input({"router", "w_router", "gate_kernel"}, {width, experts}, weights_for(width));
    const ValueId kernels = i.input({"experts", "expert_kernels", "w_experts"},
                                    {experts, width, outputs}, weights_for(width));
    i.called({k == 1 ? "switch_layer" : "mixture_of_experts", "top_k_experts", "sparse_experts"});
    i.summary(k == 1
                  ? "Send each token to its likeliest expert."
                  : fmt::format("Mix the outputs of the {} likeliest experts of each token.", k));
    const ValueId logits = dense(i, {"logits", "router_logits"}, x, router);
    const ValueId probs = softmax(i, {"probs", "gates"}, logits, -1);
    const Shape chosen = {tokens, k};
    const Ids top = i.unpack(
        fmt::format("lax.top_k($0, {})", k), {probs}, {},
        {{{"gate", "top_probs", "weights"}, {i.real(), chosen}, {0, 1}},
         {{"expert", "top_idx", "chosen"}, counts(i, chosen), {0, static_cast<double>(experts)}}});
    ValueId weights = top[0];
    // Of one expert alone the probability stays, or the router would have no gradient.
    if (k > 1 && i.chance(0.6))
      weights = i.let({"renormalized", "mix"},
                      i.either({"$0 / jnp.sum($0, axis=-1, keepdims=True)",
                                "$0 / $0.sum(axis=-1, keepdims=True)"}),
                      {weights}, chosen, {0.1, 0.9});
    const Shape result = {tokens, outputs}, each = {tokens, k, outputs};
    const double form = i.random().uniform();
    if (form < 0.35) {
      const ValueId own =
          i.let({"kernels", "picked"}, i.either({"$0[$1]", "jnp.take($0, $1, axis=0)"}),
                {kernels, top[1]}, {tokens, k, width, outputs}, around(1));
      const ValueId outs = i.let({"outs", "expert_out"}, "jnp.einsum(\"nd,nkdm->nkm\", $0, $1)",
                                 {x, own}, each, around(3));
      i.let({"mixed", "combined"},
            i.either({"jnp.sum($0[..., None] * $1, axis=1)", "jnp.einsum(\"nk,nkm->nm\", $0, $1)"}),
            {weights, outs}, result, around(3));
    } else if (form < 0.7) {
      const ValueId all = i.let(
          {"all_out", "outs"},
          i.either({"jnp.einsum(\"nd,edm->nem\", $0, $1)", "jnp.tensordot($0, $1, ((1,), (1,)))"}),
          {x, kernels}, {tokens, experts, outputs}, around(3));
      const ValueId outs =
          i.let({"picked", "selected"}, "jnp.take_along_axis($0, $1[:, :, None], axis=1)",
                {all, top[1]}, each, around(3));
      i.let({"mixed", "combined"},
            i.either({"($0[..., None] * $1).sum(axis=1)", "jnp.einsum(\"nk,nkm->nm\", $0, $1)"}),
            {weights, outs}, result, around(3));
    } else {
      const ValueId table = i.let(
          {"combine", "dispatch"},
          i.either({fmt::format(
                        "jnp.sum(jax.nn.one_hot($0, {}, dtype=$1.dtype) * $1[..., None], axis=1)",
                        experts),
                    "jnp.zeros_like($2).at[jnp.arange($2.shape[0])[:, None], $0].set($1)"}),
          {top[1], weights, probs}, {tokens, experts}, {0, 1});
      i.let({"mixed", "combined"}, "jnp.einsum(\"ne,nd,edm->nm\", $0, $1, $2)", {table, x, kernels},
            result, around(3));
    }
    if (i.chance(0.3)) {
      i.comment("Fraction of the probability that each expert gets.");
      i.let({"load", "importance"}, "jnp.mean($0, axis=0)", {probs}, {experts}, {0.05, 0.6});
    }
  });
}

// All experts mapped over their kernels, mixed by a soft gate, by a gate of the whole batch, or
// their mean with the spread between them (an ensemble).
Op soft_experts() {
  return idiom("soft_experts", kVectorization, 1.1, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "inputs", "features"}, 2, 2, around(3));
    const std::int64_t rows = i.dim(x, 0), width = i.dim(x, 1), experts = i.between(3, 5),
                       outputs = std::min<std::int64_t>(i.size(), 8);
    const bool ensemble = i.chance(0.35), biased = i.chance(0.4);
    const ValueId kernels = i.input({"kernels", "expert_kernels", "members"},
                                    {experts, width, outputs}, weights_for(width));
    const ValueId biases =
        biased ? i.input({"biases", "expert_biases"}, {experts, outputs}, around(0.5)) : kNoValue;
    i.called({ensemble ? "ensemble_forward" : "soft_experts",
              ensemble ? "ensemble_mean_and_std" : "dense_mixture", "apply_all"});
    i.summary(ensemble ? "Predict with every member and measure how they differ."
                       : "Apply every expert and mix them by a soft gate.");
    const Shape one = {rows, outputs}, all = {experts, rows, outputs};
    std::vector<Idiom::Part> parameters = {
        {{"kernel", "w"}, {i.real(), {width, outputs}}, around(1)}};
    if (biased) parameters.push_back({{"bias", "b"}, {i.real(), {outputs}}, around(0.5)});
    const bool passes = i.chance(0.4);  // the inputs as an argument, not mapped
    const BodyId expert = i.function(
        {"expert", "member", "apply_one"},
        [&] {
          auto all_parameters = parameters;
          if (passes) all_parameters.push_back({{"h", "v"}, i.type(x), around(3)});
          return all_parameters;
        }(),
        [&](const Ids& p) {
          const ValueId source = passes ? p.back() : x;
          ValueId out = dense(i, {"pre", "mixed"}, source, p[0]);
          if (biased) out = i.let({"shifted"}, "$0 + $1", {out, p[1]}, one, around(3));
          return Ids{activation(i, {"out"}, out)};
        });
    std::string axes = biased ? "0, 0" : "0";
    std::string operands = biased ? "$0, $1" : "$0";
    Ids mapped = {kernels};
    if (biased) mapped.push_back(biases);
    if (passes) {
      operands += fmt::format(", ${}", mapped.size());
      mapped.push_back(x);
      axes = ", in_axes=(" + axes + ", None)";
    } else {
      axes.clear();
    }
    const ValueId outs =
        i.let({"outs", "predictions", "by_expert"}, "jax.vmap($f0" + axes + ")(" + operands + ")",
              mapped, {expert}, Type{i.real(), all}, {-1, 3});
    if (ensemble) {
      i.let({"mean", "prediction"}, i.either({"jnp.mean($0, axis=0)", "$0.mean(axis=0)"}), {outs},
            one, {-1, 3});
      i.let({"spread", "disagreement"}, i.either({"jnp.std($0, axis=0)", "jnp.var($0, axis=0)"}),
            {outs}, one, {0, 2});
      return;
    }
    const bool global = i.chance(0.35);
    const ValueId router =
        i.input({"router", "gate_kernel", "w_gate"}, {width, experts}, weights_for(width));
    const ValueId source =
        global ? i.let({"context", "pooled"}, "jnp.mean($0, axis=0)", {x}, {width}, around(1.5))
               : x;
    const ValueId gates = softmax(i, {"gates", "mix"}, dense(i, {"logits"}, source, router), -1);
    i.let({"mixed", "combined"},
          global ? i.either({"jnp.tensordot($0, $1, axes=1)", "jnp.einsum(\"e,enm->nm\", $0, $1)"})
                 : i.either({"jnp.einsum(\"ne,enm->nm\", $0, $1)",
                             "jnp.sum($0.T[:, :, None] * $1, axis=0)"}),
          {gates, outs}, one, {-1, 3});
  });
}

// One of several branches by the router's best score, scaled by its probability so that the router
// learns: jax.lax.switch over whole examples.
Op switched_expert() {
  return idiom("switched_expert", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId x = i.anchor({"x", "features", "hidden"}, 1, 1, around(3));
    const std::int64_t width = i.dim(x, 0);
    if (width < 3) return i.fail();
    const std::int64_t kinds = i.between(2, 3);
    const ValueId router = i.input({"router", "w_router"}, {width, kinds}, weights_for(width));
    const ValueId kernel = i.input({"kernel", "weights", "w"}, {width, width}, weights_for(width));
    i.called({"route_to_branch", "switched_layer", "pick_expert"});
    i.summary("Send an input through the branch that its router prefers.");
    const ValueId logits = dense(i, {"logits", "scores"}, x, router);
    const ValueId probs = softmax(i, {"probs", "gates"}, logits, -1);
    const ValueId best =
        i.let({"best", "choice", "expert"}, i.either({"jnp.argmax($0)", "$0.argmax()"}), {logits},
              counts(i, {}), {0, static_cast<double>(kinds)});
    static const std::vector<std::string> kBranches = {
        "jnp.tanh($0 @ $1)", "$0 + jax.nn.relu($0 @ $1)", "jax.nn.gelu($0 @ $1.T)",
        "$0 * jax.nn.sigmoid($0 @ $1)", "jax.nn.softplus($1 @ $0)"};
    static const std::vector<std::string> kNames = {"squash", "rectify", "transposed", "gate",
                                                    "soften"};
    std::vector<std::size_t> order = {0, 1, 2, 3, 4};
    i.random().shuffle(order);
    std::vector<Idiom::Branch> branches;
    for (std::int64_t k = 0; k < kinds; ++k) {
      const std::size_t which = order[static_cast<std::size_t>(k)];
      branches.push_back(
          {{kNames[which]}, [&, which](const Ids& p) {
             return Ids{i.let({"out"}, kBranches[which], {p[0], kernel}, {width}, around(4))};
           }});
    }
    const ValueId out = i.switch_(best, {x}, {{{"v", "h"}, i.type(x), around(3)}}, branches,
                                  {{{"routed", "branch_out"}, i.type(x), around(4)}})[0];
    i.let({"weighted", "out"}, i.either({"$0[$1] * $2", "jnp.max($0) * $2"}), {probs, best, out},
          {width}, around(4));
  });
}

// A block for the tokens that need it (Raposo et al. 2024): those with the best scores, or with a
// score above the mean; the others pass unchanged.
Op mixture_of_depths() {
  return idiom("mixture_of_depths", kConditional, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId x = i.anchor({"x", "tokens", "hidden"}, 2, 2, around(3));
    const std::int64_t tokens = i.dim(x, 0), width = i.dim(x, 1);
    if (tokens < 4) return i.fail();
    const Shape shape = i.shape(x);
    const ValueId router = i.input({"router", "w_router", "probe"}, {width}, weights_for(width));
    const ValueId kernel = i.input({"kernel", "weights", "w"}, {width, width}, weights_for(width));
    i.called({"mixture_of_depths", "process_some_tokens", "conditional_layer"});
    const ValueId scores =
        i.let({"scores", "router_scores"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {x, router},
              {tokens}, around(3));
    const std::int64_t capacity = i.between(1, std::max<std::int64_t>(1, tokens / 2));
    const std::int64_t form = i.between(0, 2);
    i.summary(form < 2 ? "Apply a layer to the tokens with the best scores only."
                       : "Apply a layer only to the tokens whose score is above the mean.");
    const ValueId kept = form == 0 ? i.let({"chosen", "selected"},
                                           fmt::format("$0 >= lax.top_k($0, {})[0][-1]", capacity),
                                           {scores}, flags({tokens}), {0, 1})
                         : form == 1 ? i.let({"chosen", "selected"},
                                             fmt::format("$0 >= jnp.sort($0)[-{}]", capacity),
                                             {scores}, flags({tokens}), {0, 1})
                                     : i.let({"chosen", "above_mean"}, "$0 > jnp.mean($0)",
                                             {scores}, flags({tokens}), {0, 1});
    const ValueId branch = activation(i, {"branch", "processed"}, dense(i, {"pre"}, x, kernel));
    i.let({"out", "updated"},
          i.either({"jnp.where($0[:, None], $1 + jax.nn.sigmoid($2)[:, None] * $3, $1)",
                    "$1 + jnp.where($0, jax.nn.sigmoid($2), 0.0)[:, None] * $3",
                    "$1 + jnp.where($0[:, None], jax.nn.sigmoid($2)[:, None] * $3, 0.0)"}),
          {kept, x, scores, branch}, shape, around(5));
  });
}

// Rectifiers and their kin written out by cases, with slopes that are learned or fixed.
Op piecewise_activation() {
  return idiom("piecewise_activation", kConditional, 1.0, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "pre_activation", "hidden"}, 1, 3, around(4));
    const Shape shape = i.shape(x);
    ValueId z = x;
    if (i.chance(0.5)) {
      const ValueId bias = i.input({"bias", "offset", "shift"}, {i.dim(x, -1)}, around(1));
      z = i.let({"z", "shifted"}, "$0 + $1", {x, bias}, shape, around(5));
    }
    // A slope of negative inputs shows where there are some.
    const auto negative = std::ranges::count_if(i.builder()[x].stats.probe,
                                                [](double probe) { return probe < -0.1; });
    switch (i.between(negative >= kProbes / 4 ? 0 : 2, 4)) {
      case 0: {
        const ValueId slope = i.input({"slope", "alpha", "negative_slope"},
                                      i.chance(0.5) ? Shape{i.dim(x, -1)} : Shape{}, {0.05, 0.5});
        i.called({"prelu", "parametric_relu", "learned_leaky_relu"});
        i.summary("Scale negative inputs by a learned slope.");
        i.let({"activated", "out"},
              i.either({"jnp.where($0 > 0, $0, $1 * $0)",
                        "jnp.maximum($0, 0) + $1 * jnp.minimum($0, 0)",
                        "jnp.where($0 >= 0, 1.0, $1) * $0"}),
              {z, slope}, shape, {-2, 5});
        break;
      }
      case 1: {
        const ValueId alpha = i.input({"alpha", "saturation", "floor_scale"}, Shape{}, {0.5, 2});
        i.called({"elu", "exponential_linear", "scaled_elu"});
        i.summary("Let negative inputs approach a floor exponentially.");
        i.let({"activated", "out"},
              i.either({"jnp.where($0 > 0, $0, $1 * jnp.expm1(jnp.minimum($0, 0)))",
                        "jnp.where($0 > 0, $0, $1 * (jnp.exp($0) - 1.0))",
                        "lax.select($0 > 0, $0, $1 * jnp.expm1($0))"}),
              {z, alpha}, shape, {-2, 5});
        break;
      }
      case 2: {
        const ValueId width = i.input({"threshold", "width", "lam"}, Shape{}, {0.3, 1.5});
        i.called({"soft_shrink", "soft_threshold", "shrink"});
        i.summary("Move inputs toward zero and zero the small ones.");
        i.let({"shrunk", "activated"},
              i.either({"jnp.where(jnp.abs($0) > $1, $0 - $1 * jnp.sign($0), 0.0)",
                        "jnp.sign($0) * jnp.maximum(jnp.abs($0) - $1, 0)",
                        "jnp.where($0 > $1, $0 - $1, jnp.where($0 < -$1, $0 + $1, 0.0))"}),
              {z, width}, shape, around(4));
        break;
      }
      case 3: {
        i.called({"hard_swish", "hard_gated_activation", "hardswish"});
        i.summary("Gate the input by a piecewise linear sigmoid.");
        const ValueId gate =
            i.let({"gate", "hard_gate"},
                  i.either({"jnp.clip($0 / 6.0 + 0.5, 0.0, 1.0)", "jax.nn.hard_sigmoid($0)",
                            "jnp.minimum(jnp.maximum($0 + 3.0, 0), 6) / 6.0"}),
                  {z}, shape, {0, 1});
        i.let({"activated", "out"}, i.either({"$0 * $1", "$1 * $0"}), {z, gate}, shape, {-0.5, 5});
        break;
      }
      default: {
        const ValueId delta = i.input({"delta", "knee", "transition"}, Shape{}, {0.5, 2});
        i.called({"huber_activation", "bounded_square", "smooth_abs"});
        i.summary("Square small inputs and let large ones grow linearly.");
        i.let({"penalty", "out"},
              i.either({"jnp.where(jnp.abs($0) <= $1, 0.5 * $0**2, $1 * (jnp.abs($0) - 0.5 * $1))",
                        "jnp.select([$0 < -$1, $0 > $1], [-$1 * ($0 + 0.5 * $1), $1 * ($0 - 0.5 * "
                        "$1)], 0.5 * $0**2)"}),
              {z, delta}, shape, {0, 8});
      }
    }
  });
}

// Rows of a table by token, with positions (learned, sinusoidal or none), a scale, segments, and a
// norm by choice; by indexing, take or a one-hot product.
Op token_embedding() {
  return idiom("token_embedding", kIndexing, 1.2, kSmooth, [](Idiom& i) {
    const std::int64_t steps = i.size() + 1, half = std::min<std::int64_t>(i.size(), 5),
                       width = 2 * half;
    const std::int64_t words = i.size() + 4;
    const bool batch = i.chance(0.35);
    const Shape where = batch ? Shape{i.between(2, 3), steps} : Shape{steps};
    const ValueId tokens = i.input({"tokens", "token_ids", "ids"}, counts(i, where),
                                   {0, static_cast<double>(words - 1)});
    const ValueId table = i.input({"table", "embedding", "embeddings"}, {words, width}, around(1));
    Shape shape = where;
    shape.push_back(width);
    i.called({"embed_tokens", "token_embedding", "embed"});
    ValueId out = i.let({"embedded", "vectors", "looked_up"},
                        i.either({"$0[$1]", "jnp.take($0, $1, axis=0)",
                                  fmt::format("jax.nn.one_hot($1, {}, dtype=$0.dtype) @ $0", words),
                                  "$0.at[$1].get()"}),
                        {table, tokens}, shape, around(1));
    if (i.chance(0.35)) {
      i.comment("Positions are not to drown what the tokens say.");
      out = i.let({"scaled"}, i.either({"$0 * jnp.sqrt($0.shape[-1])", "$0 * $0.shape[-1] ** 0.5"}),
                  {out}, shape, around(3));
    }
    const std::int64_t places = i.between(0, 2);
    i.summary(places < 2 ? "Look up the vectors of tokens and add what tells their places."
                         : "Look up the vectors of tokens.");
    if (places == 0) {
      const std::int64_t longest = steps + i.between(0, 4);
      const ValueId position =
          i.input({"positions", "pos_table", "position_embedding"}, {longest, width}, around(1));
      const ValueId first =
          longest == steps ? position
                           : i.let({"places", "first_positions"}, fmt::format("$0[:{}]", steps),
                                   {position}, {steps, width}, around(1));
      out = i.let({"placed", "summed"}, "$0 + $1", {out, first}, shape, around(4));
    } else if (places == 1) {
      i.summary("Look up tokens and add sinusoidal positions.");
      const Type waves = {default_real(i), {steps, half}};
      const std::string base = i.either({"10000.0", "1000.0", "100.0"});
      const ValueId rates =
          i.let({"rates", "freqs"}, fmt::format("{} ** (-jnp.arange({}) / {})", base, half, half),
                {}, Type{default_real(i), {half}}, {0.001, 1});
      const ValueId angles =
          i.let({"angles", "phase"}, fmt::format("jnp.arange({})[:, None] * $0", steps), {rates},
                waves, {0, static_cast<double>(steps)});
      const std::string cast = default_real(i) != i.real() ? ".astype($1.dtype)" : "";
      const ValueId wave = i.let(
          {"waves", "encoding"}, "jnp.concatenate([jnp.sin($0), jnp.cos($0)], axis=-1)" + cast,
          cast.empty() ? Ids{angles} : Ids{angles, table}, {steps, width}, around(1));
      out = i.let({"placed", "summed"}, "$0 + $1", {out, wave}, shape, around(4));
    }
    if (i.chance(0.25)) {
      const std::int64_t kinds = i.between(2, 3);
      const ValueId segments = i.input({"segments", "type_ids", "segment_ids"}, counts(i, where),
                                       {0, static_cast<double>(kinds - 1)});
      const ValueId of_segment =
          i.input({"segment_table", "type_embedding"}, {kinds, width}, around(1));
      out = i.let({"with_segments", "marked"}, "$0 + $1[$2]", {out, of_segment, segments}, shape,
                  around(5));
    }
    if (width > 2 && i.chance(0.3)) gained_norm(i, out);
  });
}

// Logits by the table of embeddings itself and the loss of the tokens to come: capped, smoothed,
// with the squared log-partition or weights of tokens by choice.
Op tied_head() {
  return idiom("tied_head", kIndexing, 1.0, kSmooth, [](Idiom& i) {
    const ValueId hidden = i.anchor({"hidden", "x", "features"}, 2, 2, around(2));
    const std::int64_t steps = i.dim(hidden, 0), width = i.dim(hidden, 1), words = i.size() + 3;
    const ValueId table =
        i.input({"table", "embedding", "vocab_table"}, {words, width}, weights_for(width));
    const ValueId targets = i.input({"targets", "labels", "next_tokens"}, counts(i, {steps}),
                                    {0, static_cast<double>(words - 1)});
    const Shape grid = {steps, words};
    i.called({"tied_head_loss", "next_token_loss", "language_model_loss"});
    i.summary("Score tokens by their embeddings and take the cross entropy.");
    ValueId logits =
        i.let({"logits", "scores"},
              i.either({"$0 @ $1.T", "jnp.einsum(\"td,vd->tv\", $0, $1)", "jnp.dot($0, $1.T)"}),
              {hidden, table}, grid, around(4));
    if (i.chance(0.25)) {
      const std::string cap = i.either({"10.0", "30.0", "5.0"});
      logits = i.let({"capped"}, cap + " * jnp.tanh($0 / " + cap + ")", {logits}, grid, around(4));
    }
    ValueId losses;
    const std::int64_t form = i.between(0, 2);
    if (form == 0) {
      const ValueId log_probs =
          i.let({"log_probs", "logp"},
                i.either({"jax.nn.log_softmax($0)", "jax.nn.log_softmax($0, axis=-1)"}), {logits},
                grid, {-8, 0});
      losses = i.let({"nll", "losses"},
                     i.either({"-jnp.take_along_axis($0, $1[:, None], axis=-1)[:, 0]",
                               "-$0[jnp.arange($0.shape[0]), $1]"}),
                     {log_probs, targets}, {steps}, {0.1, 8});
    } else if (form == 1) {
      const ValueId partition = i.let(
          {"log_z", "lse"}, i.either({"jax.nn.logsumexp($0, axis=-1)", "logsumexp($0, axis=-1)"}),
          {logits}, {steps}, {0, 5});
      const ValueId own = i.let({"target_logit", "picked"},
                                "jnp.take_along_axis($0, $1[:, None], axis=-1).squeeze(-1)",
                                {logits, targets}, {steps}, around(4));
      losses = i.let({"nll", "losses"}, "$0 - $1", {partition, own}, {steps}, {0.1, 8});
      if (i.chance(0.5)) {
        i.comment("Keep the partition near one.");
        losses =
            i.let({"with_z_loss", "regularized"}, "$0 + " + i.either({"1e-2", "1e-3"}) + " * $1**2",
                  {losses, partition}, {steps}, {0.1, 9});
      }
    } else {
      i.called({"smoothed_loss", "label_smoothing_loss", "tied_head_loss"});
      i.summary("Cross entropy with smoothed labels.");
      const double smoothing = i.number({0.1, 0.05, 0.2});
      const ValueId hot =
          i.let({"one_hot", "hard"}, fmt::format("jax.nn.one_hot($0, {}, dtype=$1.dtype)", words),
                {targets, logits}, grid, {0, 1});
      const ValueId soft = i.let({"soft_targets", "smoothed"},
                                 fmt::format("{} * $0 + {} / {}", Idiom::text(1 - smoothing),
                                             Idiom::text(smoothing), words),
                                 {hot}, grid, {0, 1});
      losses = i.let({"losses", "cross_entropy"},
                     i.either({"-jnp.sum($0 * jax.nn.log_softmax($1), axis=-1)",
                               "-($0 * jax.nn.log_softmax($1)).sum(axis=-1)"}),
                     {soft, logits}, {steps}, {0.1, 8});
    }
    if (i.chance(0.35)) {
      const ValueId weight = i.input({"weights", "token_weights", "importance"}, {steps}, {0.1, 1});
      i.let({"loss"}, "jnp.sum($0 * $1) / jnp.sum($0)", {weight, losses}, Shape{}, {0.5, 5});
    } else if (i.chance(0.7)) {
      i.let({"loss"}, i.either({"jnp.mean($0)", "$0.mean()"}), {losses}, Shape{}, {0.5, 5});
    }
  });
}

}  // namespace

std::vector<Op> network_block_idioms() {
  return {top_k_experts(),        soft_experts(),    switched_expert(), mixture_of_depths(),
          piecewise_activation(), token_embedding(), tied_head()};
}

}  // namespace jaxsmith::plan
