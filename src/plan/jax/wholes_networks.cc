// Networks of several blocks: what is embedded goes through layers of one kind, each with weights
// of its own, to a head and mostly a loss.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "plan/jax/idioms_network_parts.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using namespace network;
using enum Derivative;
using Parts = std::vector<Idiom::Part>;

Shape stacked(std::int64_t count, Shape shape) {
  shape.insert(shape.begin(), count);
  return shape;
}

// A part of a layer: it gives what it takes, by weights of its own.
struct Sublayer {
  Words names;       // of its function
  std::string says;  // "self-attention", within a sentence
  std::string noun;  // of what a residual adds, and of its norm
  Parts weights = {};
  std::function<ValueId(Idiom&, const Ids&)> apply = {};  // the input, then the weights
  BodyId function = -1;                                   // of the module; none: written out
};

struct Sizes {
  std::int64_t steps, width, heads, layers;
};

// ---- Parts of a layer ----

Sublayer attention(Idiom& i, const Sizes& n, bool causal) {
  const bool fused = i.chance(0.4), normed = n.width / n.heads > 2 && i.chance(0.25);
  const std::int64_t head = n.width / n.heads;
  Sublayer out{
      {causal ? "causal_attention" : "self_attention", "attention", "multi_head_attention"},
      causal ? "causal attention" : "self-attention",
      "attn"};
  const Interval range = weights_for(n.width);
  const Shape square = {n.width, n.width};
  if (fused)
    out.weights.push_back({{"w_qkv", "qkv_kernel"}, {i.real(), {n.width, 3 * n.width}}, range});
  if (!fused)
    for (const char* name : {"wq", "wk", "wv"})
      out.weights.push_back({{name}, {i.real(), square}, range});
  out.weights.push_back({{"wo", "w_out"}, {i.real(), square}, range});
  const bool by_reshape = i.chance(0.8);
  out.apply = [=](Idiom& i, const Ids& p) {
    const Type flat = i.type(p[0]);
    Ids qkv;
    if (fused) {
      const ValueId all = dense(i, {"qkv"}, p[0], p[1]);
      qkv =
          i.unpack("jnp.split($0, 3, axis=-1)", {all}, {},
                   {{{"q"}, flat, around(3)}, {{"k"}, flat, around(3)}, {{"v"}, flat, around(3)}});
    } else {
      qkv = {dense(i, {"q"}, p[0], p[1]), dense(i, {"k"}, p[0], p[2]), dense(i, {"v"}, p[0], p[3])};
    }
    const Shape split = {n.steps, n.heads, head};
    const std::string form =
        by_reshape ? fmt::format("$0.reshape({}, {}, {})", n.steps, n.heads, head)
                   : fmt::format("jnp.reshape($0, ({}, {}, {}))", n.steps, n.heads, head);
    const std::vector<Words> names = {
        {"q_heads", "query"}, {"k_heads", "key"}, {"v_heads", "value"}};
    for (std::size_t k = 0; k < qkv.size(); ++k) {
      qkv[k] = i.let(names[k], form, {qkv[k]}, split, around(3));
      if (normed && k < 2) qkv[k] = normalized_rows(i, {names[k][0] + "_normed"}, qkv[k]);
    }
    const ValueId mixed = attend(i, {"mixed", "attended"}, qkv[0], qkv[1], qkv[2], causal);
    const ValueId merged =
        i.let({"merged", "joined"}, fmt::format("$0.reshape({}, {})", n.steps, n.width), {mixed},
              {n.steps, n.width}, around(3));
    return dense(i, {"attn_out", "projected"}, merged, p.back());
  };
  return out;
}

// Attention without a softmax: what keys and values say together is summed up once.
Sublayer linear_attention(Idiom& i, const Sizes& n) {
  Sublayer out{{"linear_attention", "kernel_attention"}, "linear attention", "attn"};
  const Interval range = weights_for(n.width);
  for (const char* name : {"wq", "wk", "wv", "wo"})
    out.weights.push_back({{name}, {i.real(), {n.width, n.width}}, range});
  const std::string feature =
      i.either({"jax.nn.softplus($0)", "jax.nn.elu($0) + 1.0", "jnp.exp($0)"});
  out.apply = [=](Idiom& i, const Ids& p) {
    const Shape shape = i.shape(p[0]);
    const ValueId q = i.let({"q"}, feature, {dense(i, {"query"}, p[0], p[1])}, shape, {0.1, 3});
    const ValueId k = i.let({"k"}, feature, {dense(i, {"key"}, p[0], p[2])}, shape, {0.1, 3});
    const ValueId v = dense(i, {"v"}, p[0], p[3]);
    const ValueId context =
        i.let({"context", "memory"}, i.either({"$0.T @ $1", "jnp.einsum(\"td,te->de\", $0, $1)"}),
              {k, v}, {n.width, n.width}, around(20));
    const ValueId total = i.let({"total", "mass"}, "$0.sum(axis=0)", {k}, {n.width}, {1, 30});
    const ValueId mixed = i.let({"mixed", "attended"}, "($0 @ $1) / ($0 @ $2)[:, None]",
                                {q, context, total}, shape, around(3));
    return dense(i, {"attn_out", "projected"}, mixed, p[4]);
  };
  return out;
}

Sublayer token_mixing(Idiom& i, const Sizes& n) {
  const std::int64_t units = i.between(3, 8);
  Sublayer out{{"token_mixing", "mix_tokens"}, "a mixing of positions", "mix"};
  out.weights = {{{"w_mix_in", "mix_up"}, {i.real(), {n.steps, units}}, weights_for(n.steps)},
                 {{"w_mix_out", "mix_down"}, {i.real(), {units, n.steps}}, weights_for(units)}};
  out.apply = [=](Idiom& i, const Ids& p) {
    const ValueId across =
        i.let({"across", "by_channel"}, "$0.T @ $1", {p[0], p[1]}, {n.width, units}, around(3));
    const ValueId active = activation(i, {"active"}, across);
    return i.let({"mixed"}, "($0 @ $1).T", {active, p[2]}, i.shape(p[0]), around(3));
  };
  return out;
}

Sublayer convolution(Idiom& i, const Sizes& n) {
  const std::int64_t taps = i.between(2, 4);
  Sublayer out{{"causal_conv", "short_conv", "depthwise_conv"}, "a causal convolution", "conv"};
  out.weights = {{{"taps", "conv_kernel"}, {i.real(), {taps, n.width}}, around(0.8)},
                 {{"w_point", "pointwise"}, {i.real(), {n.width, n.width}}, weights_for(n.width)}};
  out.apply = [=](Idiom& i, const Ids& p) {
    const ValueId padded =
        i.let({"padded"}, fmt::format("jnp.pad($0, (({}, 0), (0, 0)))", taps - 1), {p[0]},
              {n.steps + taps - 1, n.width}, around(3));
    std::string sum;
    for (std::int64_t k = 0; k < taps; ++k)
      sum += fmt::format("{}$0[{}:{}] * $1[{}]", k ? " + " : "", k, k + n.steps, k);
    const ValueId local =
        i.let({"local", "convolved"}, sum, {padded, p[1]}, i.shape(p[0]), around(4));
    return dense(i, {"mixed"}, activation(i, {"active"}, local), p[2]);
  };
  return out;
}

// A state for each channel that forgets by a gate of the input.
Sublayer recurrence(Idiom& i, const Sizes& n) {
  Sublayer out{
      {"gated_recurrence", "recurrent_mixing", "linear_recurrence"}, "a gated recurrence", "rec"};
  const Interval range = weights_for(n.width);
  for (const char* name : {"w_gate_rec", "w_value", "w_read"})
    out.weights.push_back({{name}, {i.real(), {n.width, n.width}}, range});
  out.apply = [=](Idiom& i, const Ids& p) {
    const Shape shape = i.shape(p[0]);
    const ValueId keep =
        i.let({"keep", "forget"},
              i.either({"jax.nn.sigmoid($0 @ $1)", "jax.nn.sigmoid(jnp.dot($0, $1))"}),
              {p[0], p[1]}, shape, {0, 1});
    const ValueId value = dense(i, {"candidate", "value"}, p[0], p[2]);
    const ValueId start = i.let({"start"}, "jnp.zeros_like($0[0])", {value}, {n.width}, around(3));
    const ValueId states =
        i.scan({"advance", "recur"}, {{{"h", "state"}, start, around(3)}},
               {{{"a", "keep_t"}, keep}, {{"v", "value_t"}, value}}, {{"states", "memory"}},
               [&](const Ids& q) {
                 const ValueId next = i.let({"h_next"}, "$0 * $1 + (1.0 - $0) * $2",
                                            {q[1], q[0], q[2]}, {n.width}, around(3));
                 return Ids{next, next};
               })
            .stacked[0];
    return dense(i, {"read"}, states, p[3]);
  };
  return out;
}

Sublayer feed_forward(Idiom& i, const Sizes& n) {
  const std::int64_t units = n.width * i.between(1, 3);
  const bool gated = i.chance(0.45), biased = !gated && i.chance(0.4);
  Sublayer out{gated ? Words{"gated_mlp", "glu_mlp", "feed_forward"} : Words{"mlp", "feed_forward"},
               gated ? "a gated MLP" : "an MLP", "mlp"};
  const Interval up = weights_for(n.width);
  if (gated) out.weights.push_back({{"w_gate"}, {i.real(), {n.width, units}}, up});
  out.weights.push_back({{"w_up", "w_in"}, {i.real(), {n.width, units}}, up});
  if (biased) out.weights.push_back({{"b_up", "b_in"}, {i.real(), {units}}, around(0.5)});
  out.weights.push_back({{"w_down"}, {i.real(), {units, n.width}}, weights_for(units)});
  out.apply = [=](Idiom& i, const Ids& p) {
    ValueId hidden = dense(i, {gated ? "gate" : "hidden"}, p[0], p[1]);
    if (biased) hidden = i.let({"hidden"}, "$0 + $1", {hidden, p[2]}, i.shape(hidden), around(3));
    ValueId active = activation(i, {"active", "activated"}, hidden);
    if (gated)
      active = i.let({"gated"}, "$0 * $1", {active, dense(i, {"up"}, p[0], p[2])}, i.shape(active),
                     around(4));
    return dense(i, {"mlp_out", "down"}, active, p.back());
  };
  return out;
}

// ---- A layer ----

// A norm with what it learns, as a function of the module.
struct Norm {
  BodyId function = -1;
  bool biased = false;

  static Norm drawn(Idiom& i, const Sizes& n) {
    const bool rms = i.chance(0.5), biased = !rms && i.chance(0.5);
    const Type rows{i.real(), {n.steps, n.width}}, each{i.real(), {n.width}};
    Parts parts = {{{"x", "h", "rows"}, rows, around(4)}, {{"gain", "scale"}, each, {0.5, 1.5}}};
    if (biased) parts.push_back({{"bias", "offset"}, each, around(0.5)});
    const BodyId function = i.helper(
        rms ? Words{"rms_norm"} : Words{"layer_norm"},
        rms ? "Scale each row to unit root mean square." : "Normalize each row.", parts,
        [&](const Ids& p) {
          const Shape kept = {n.steps, 1}, shape = {n.steps, n.width};
          ValueId normed;
          if (rms) {
            const ValueId power =
                i.let({"mean_square", "power"},
                      i.either({"jnp.mean(jnp.square($0), axis=-1, keepdims=True)",
                                "jnp.mean($0**2, axis=-1, keepdims=True)"}),
                      {p[0]}, kept, {0.1, 9});
            normed = i.let({"normed"},
                           i.either({"$0 * lax.rsqrt($1 + 1e-6)", "$0 / jnp.sqrt($1 + 1e-6)"}),
                           {p[0], power}, shape, around(3));
          } else {
            const ValueId mean = i.let({"mean", "mu"}, "jnp.mean($0, axis=-1, keepdims=True)",
                                       {p[0]}, kept, around(2));
            const ValueId variance = i.let(
                {"variance", "var"}, "jnp.var($0, axis=-1, keepdims=True)", {p[0]}, kept, {0.1, 9});
            normed = i.let(
                {"normed"},
                i.either({"($0 - $1) * lax.rsqrt($2 + 1e-5)", "($0 - $1) / jnp.sqrt($2 + 1e-5)"}),
                {p[0], mean, variance}, shape, around(3));
          }
          return Ids{biased
                         ? i.let({"scaled"}, "$0 * $1 + $2", {normed, p[1], p[2]}, shape, around(4))
                         : i.let({"scaled"}, "$0 * $1", {normed, p[1]}, shape, around(4))};
        });
    return {function, biased};
  }

  // What one of them learns; `where` is said by the names.
  Parts weights(Idiom& i, const Sizes& n, const std::string& where) const {
    const Type each{i.real(), {n.width}};
    Parts out = {{{where + "_gain", where + "_scale"}, each, {0.5, 1.5}}};
    if (biased) out.push_back({{where + "_bias"}, each, around(0.5)});
    return out;
  }

  ValueId apply(Idiom& i, const Words& names, ValueId x, const Ids& weights) const {
    Ids operands = {x};
    operands.insert(operands.end(), weights.begin(), weights.end());
    return i.call(names, function, operands, i.type(x), around(4));
  }
};

struct Layer {
  BodyId function = -1;
  Parts weights;
  std::string kind;  // "transformer", "mixer": of the whole too
};

class LayerMaker {
 public:
  LayerMaker(Idiom& i, const Sizes& n, bool causal) : i_(i), n_(n), causal_(causal) {}

  Layer run(const Norm& norm) {
    Layer out;
    const auto kind =
        i_.random().weighted(std::vector<double>{0.5, 0.1, causal_ ? 0 : 0.14, 0.13, 0.13});
    parts_.push_back(mixer(kind));
    parts_.push_back(feed_forward(i_, n_));
    const std::string& noun = parts_[0].noun;
    out.kind = noun == "attn"   ? "transformer"
               : noun == "mix"  ? "mixer"
               : noun == "conv" ? "convolutional"
                                : "recurrent";
    for (Sublayer& part : parts_)
      if (i_.chance(0.75)) as_function(part);
    norm_ = norm;
    const double form = i_.random().uniform();
    const bool parallel = form < 0.15, post = form > 0.85;
    const bool scaled = !parallel && i_.chance(0.2);
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      if (!parallel || k == 0) add(out.weights, norm_.weights(i_, n_, parts_[k].noun));
      add(out.weights, parts_[k].weights);
      if (scaled)
        out.weights.push_back(
            {{parts_[k].noun + "_layer_scale"}, {i_.real(), {n_.width}}, {0.3, 1}});
    }
    Parts parameters = {{{"x", "h", "hidden"}, rows(), around(4)}};
    add(parameters, out.weights);
    const std::string both = parts_[0].says + " and " + parts_[1].says;
    out.function =
        i_.helper({out.kind + "_block", out.kind + "_layer", "block"},
                  parallel ? fmt::format("Add what {} make of the same normalized input.", both)
                  : post ? fmt::format("Apply {}, each with a residual and then a norm.", both)
                         : fmt::format("Apply {}, each to normalized input with a residual.", both),
                  parameters, [&](const Ids& p) {
                    return Ids{parallel ? in_parallel(p) : one_after_another(p, post, scaled)};
                  });
    return out;
  }

 private:
  Sublayer mixer(std::size_t kind) {
    switch (kind) {
      case 0:
        return attention(i_, n_, causal_);
      case 1:
        return causal_ ? convolution(i_, n_) : linear_attention(i_, n_);
      case 2:
        return token_mixing(i_, n_);
      case 3:
        return convolution(i_, n_);
      default:
        return recurrence(i_, n_);
    }
  }

  Type rows() const { return {i_.real(), {n_.steps, n_.width}}; }

  static void add(Parts& to, const Parts& more) { to.insert(to.end(), more.begin(), more.end()); }

  void as_function(Sublayer& part) {
    Parts parameters = {{{"x", "h", "rows"}, rows(), around(4)}};
    add(parameters, part.weights);
    part.function = i_.helper(part.names, "Apply " + part.says + ".", parameters,
                              [&](const Ids& p) { return Ids{part.apply(i_, p)}; });
  }

  // The next weights of as many parts.
  Ids take(const Ids& p, std::size_t& at, std::size_t count) {
    const Ids out(p.begin() + static_cast<std::ptrdiff_t>(at),
                  p.begin() + static_cast<std::ptrdiff_t>(at + count));
    at += count;
    return out;
  }

  ValueId applied(const Sublayer& part, ValueId x, Ids weights) {
    weights.insert(weights.begin(), x);
    return part.function >= 0
               ? i_.call({part.noun + "_out"}, part.function, weights, rows(), around(3))
               : part.apply(i_, weights);
  }

  ValueId one_after_another(const Ids& p, bool post, bool scaled) {
    std::size_t at = 1;
    ValueId x = p[0];
    for (const Sublayer& part : parts_) {
      const Ids norm = take(p, at, norm_.biased ? 2 : 1), own = take(p, at, part.weights.size());
      const ValueId in = post ? x : norm_.apply(i_, {"normed", part.noun + "_in"}, x, norm);
      const ValueId out = applied(part, in, own);
      x = scaled ? i_.let({"x", "h"}, "$0 + $1 * $2", {x, take(p, at, 1)[0], out}, rows().shape,
                          around(4))
                 : i_.let({"x", "h"}, "$0 + $1", {x, out}, rows().shape, around(4));
      if (post) x = norm_.apply(i_, {"x", "h"}, x, norm);
    }
    return x;
  }

  ValueId in_parallel(const Ids& p) {
    std::size_t at = 1;
    const Ids norm = take(p, at, norm_.biased ? 2 : 1);
    const ValueId in = norm_.apply(i_, {"normed"}, p[0], norm);
    const ValueId one = applied(parts_[0], in, take(p, at, parts_[0].weights.size()));
    const ValueId other = applied(parts_[1], in, take(p, at, parts_[1].weights.size()));
    return i_.let({"x_next", "out"}, "$0 + $1 + $2", {p[0], one, other}, rows().shape, around(4));
  }

  Idiom& i_;
  const Sizes n_;
  const bool causal_;
  Norm norm_;
  std::vector<Sublayer> parts_;
};

// ---- The network ----

enum class Front { kTokens, kPatches, kFrames };
enum class Head { kNextToken, kClass, kTags, kNumber, kEmbedding };

class Network {
 public:
  Network(Idiom& i, Category category) : i_(i), category_(category) {
    n_.heads = i.between(2, 3);
    n_.width = n_.heads * i.between(2, 4);
    n_.layers = i.between(3, 8);
    front_ = category == kIndexing ? Front::kTokens
             : category == kArray
                 ? Front::kPatches
                 : static_cast<Front>(i.random().weighted(std::vector<double>{0.5, 0.2, 0.3}));
    draw_front();
    const bool gradient = category == kGradient;
    const bool tokens = front_ == Front::kTokens;
    head_ = static_cast<Head>(i.random().weighted(
        std::vector<double>{tokens ? 0.5 : 0.0, 0.3, 0.2, 0.15, gradient ? 0 : 0.15}));
    causal_ = head_ == Head::kNextToken;
    has_loss_ = gradient || (head_ != Head::kEmbedding && i.chance(0.65));
    drops_ = category == kConditional;
    norm_ = Norm::drawn(i, n_);
    layer_ = LayerMaker(i, n_, causal_).run(norm_);
    for (const Idiom::Part& w : layer_.weights)
      weights_.push_back({w.names, {w.type.dtype, stacked(n_.layers, w.type.shape)}, w.range});
    last_norm_ = weights_.size();
    for (Idiom::Part& w : norm_.weights(i, n_, "final")) weights_.push_back(std::move(w));
    draw_head();
    if (drops_) data_.push_back({{"keep", "active_layers"}, flags({n_.layers}), {0, 1}});
  }

  void write() {
    name();
    if (category_ == kGradient) return train();
    const bool batched = category_ == kVectorization;
    const Ids data = arguments(batched ? batch() : data_), weights = arguments(weights_);
    if (batched) {
      const BodyId one = i_.function({"of_one", "single"}, data_,
                                     [&](const Ids& p) { return Ids{run(p, weights)}; });
      ValueId all =
          i_.let(result_names(true), "jax.vmap($f0)(" + Idiom::holes(0, data.size()) + ")", data,
                 {one}, {i_.real(), stacked(kBatch, result_shape())}, around(4));
      if (has_loss_) i_.let({"loss", "batch_loss"}, "jnp.mean($0)", {all}, Shape{}, {0.1, 5});
      return;
    }
    run(data, weights);
  }

 private:
  static constexpr std::int64_t kBatch = 4;

  Ids arguments(const Parts& parts) {
    Ids out;
    for (const Idiom::Part& part : parts)
      out.push_back(i_.argument(part.names, part.type, part.range));
    return out;
  }

  Parts batch() const {
    Parts out = data_;
    for (Idiom::Part& part : out) part.type.shape = stacked(kBatch, part.type.shape);
    return out;
  }

  void draw_front() {
    const auto weight = [&](Words names, Shape shape, Interval range) {
      weights_.push_back({std::move(names), {i_.real(), std::move(shape)}, range});
    };
    if (front_ == Front::kTokens) {
      n_.steps = std::clamp<std::int64_t>(i_.size(), 4, 16);
      words_ = n_.steps + i_.between(3, 12);
      data_.push_back(
          {{"tokens", "token_ids"}, counts(i_, {n_.steps}), {0, static_cast<double>(words_ - 1)}});
      weight({"embedding", "token_table"}, {words_, n_.width}, around(1));
    } else if (front_ == Front::kPatches) {
      const std::int64_t rows = i_.between(2, 3);
      patch_ = i_.between(2, 3), side_ = rows * patch_, channels_ = i_.between(1, 3);
      n_.steps = rows * rows;
      data_.push_back({{"image", "pixels"}, {i_.real(), {side_, side_, channels_}}, {0, 1}});
      const std::int64_t fan = patch_ * patch_ * channels_;
      weight({"patch_kernel", "w_patch"}, {fan, n_.width}, weights_for(fan));
    } else {
      n_.steps = std::clamp<std::int64_t>(i_.size(), 4, 24);
      const std::int64_t features = i_.between(3, 8);
      data_.push_back({{"frames", "features"}, {i_.real(), {n_.steps, features}}, around(2)});
      weight({"w_input", "input_kernel"}, {features, n_.width}, weights_for(features));
    }
    weight({"position_embedding", "pos_embedding"}, {n_.steps, n_.width}, around(0.5));
    first_layer_ = weights_.size();
  }

  void draw_head() {
    const bool labels = has_loss_ && head_ != Head::kEmbedding;
    classes_ = head_ == Head::kNumber ? 1 : i_.between(3, 8);
    if (head_ == Head::kClass || head_ == Head::kTags)
      weights_.push_back(
          {{"head_kernel", "w_head"}, {i_.real(), {n_.width, classes_}}, weights_for(n_.width)});
    if (head_ == Head::kNumber)
      weights_.push_back({{"w_head", "readout"}, {i_.real(), {n_.width}}, weights_for(n_.width)});
    if (!labels) return;
    const auto top = [](std::int64_t n) { return Interval{0, static_cast<double>(n - 1)}; };
    if (head_ == Head::kNextToken)
      data_.push_back({{"targets", "next_tokens"}, counts(i_, {n_.steps}), top(words_)});
    else if (head_ == Head::kClass)
      data_.push_back({{"label", "target_class"}, counts(i_, {}), top(classes_)});
    else if (head_ == Head::kTags)
      data_.push_back({{"labels", "tags"}, counts(i_, {n_.steps}), top(classes_)});
    else
      data_.push_back({{"target"}, {i_.real(), {}}, around(2)});
  }

  // ---- What it says of itself ----

  std::string what() const {
    const std::string over = front_ == Front::kTokens    ? "tokens"
                             : front_ == Front::kPatches ? "image patches"
                                                         : "feature frames";
    return fmt::format("{} {}-layer {} network over {}", n_.layers == 8 ? "an" : "a", n_.layers,
                       layer_.kind, over);
  }

  void name() {
    const std::string subject = head_ == Head::kNextToken ? "language_model"
                                : head_ == Head::kTags    ? "tagger"
                                : head_ == Head::kNumber  ? "regressor"
                                : head_ == Head::kClass   ? "classifier"
                                                          : "encoder";
    const std::string says = head_ == Head::kNextToken ? "next-token cross entropy"
                             : head_ == Head::kTags    ? "mean cross entropy of tags"
                             : head_ == Head::kNumber  ? "squared error"
                                                       : "cross entropy of the class";
    const std::string with = drops_ ? " with layers dropped" : "";
    const std::string of = " of " + what() + with;
    if (category_ == kGradient) {
      i_.called({"train_step", subject + "_train_step", "update"});
      i_.summary("One step of gradient descent on the " + says + of + ".");
    } else if (has_loss_) {
      i_.called({subject + "_loss", layer_.kind + "_" + subject + "_loss", "loss_fn"});
      const bool batched = category_ == kVectorization;
      std::string all = (batched ? "mean " : "") + says;
      if (batched && says.starts_with("mean ")) all = says;
      all[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(all[0])));
      i_.summary(all + of + (batched ? ", over a batch." : "."));
    } else {
      i_.called(
          {subject == "encoder" ? "encode" : subject, layer_.kind + "_" + subject, "forward"});
      const std::string gives = head_ == Head::kNextToken   ? "Next-token logits"
                                : head_ == Head::kTags      ? "Tag logits"
                                : head_ == Head::kNumber    ? "Prediction"
                                : head_ == Head::kEmbedding ? "Unit embedding"
                                                            : "Class logits";
      i_.summary(gives + of + (category_ == kVectorization ? ", for each example." : "."));
    }
  }

  Words result_names(bool many) const {
    if (has_loss_) return many ? Words{"losses", "per_example_loss"} : Words{"loss"};
    if (head_ == Head::kEmbedding) return {many ? "embeddings" : "embedding"};
    if (head_ == Head::kNumber) return {many ? "predictions" : "prediction"};
    return {"logits"};
  }

  Shape result_shape() const {
    if (has_loss_ || head_ == Head::kNumber) return {};
    return head_ == Head::kEmbedding   ? Shape{n_.width}
           : head_ == Head::kClass     ? Shape{classes_}
           : head_ == Head::kNextToken ? Shape{n_.steps, words_}
                                       : Shape{n_.steps, classes_};
  }

  // ---- Steps ----

  ValueId embed(const Ids& data, const Ids& weights) {
    const Shape shape = {n_.steps, n_.width};
    if (front_ == Front::kTokens)
      return i_.let({"x", "embedded"}, i_.either({"$0[$1] + $2", "jnp.take($0, $1, axis=0) + $2"}),
                    {weights[0], data[0], weights[1]}, shape, around(2));
    ValueId rows = data[0];
    if (front_ == Front::kPatches) {
      const std::int64_t at = side_ / patch_, fan = patch_ * patch_ * channels_;
      const std::int64_t line = patch_ * channels_;
      const ValueId split =
          i_.let({"tiles", "grid"}, fmt::format("$0.reshape({}, {}, {}, {})", at, patch_, at, line),
                 {rows}, {at, patch_, at, line}, {0, 1});
      const std::string form = i_.either(
          {"$0.transpose(0, 2, 1, 3).reshape({}, {})", "jnp.swapaxes($0, 1, 2).reshape({}, {})"});
      rows = i_.let({"patches"}, fmt::format(fmt::runtime(form), n_.steps, fan), {split},
                    {n_.steps, fan}, {0, 1});
    }
    return i_.let({"x", "embedded"}, i_.either({"$0 @ $1 + $2", "jnp.dot($0, $1) + $2"}),
                  {rows, weights[0], weights[1]}, shape, around(2));
  }

  ValueId through_layers(ValueId x, const Ids& data, const Ids& weights) {
    const Ids own(weights.begin() + static_cast<std::ptrdiff_t>(first_layer_),
                  weights.begin() + static_cast<std::ptrdiff_t>(last_norm_));
    const Type rows = i_.type(x);
    std::vector<Idiom::Slice> over;
    if (drops_) over.push_back({{"kept", "is_active"}, data.back()});
    for (std::size_t w = 0; w < own.size(); ++w)
      over.push_back({of_layer(layer_.weights[w].names), own[w]});
    const auto out =
        i_.scan({"layer", "apply_layer"}, {{{"x", "h"}, x, around(4), {"hidden", "x"}}}, over, {},
                [&](const Ids& p) { return Ids{drops_ ? dropped(p, rows) : called(p, rows)}; });
    return out.final[0];
  }

  // Names of one layer's weights beside those of all layers.
  static Words of_layer(Words names) {
    names.push_back(names.front() + "_l");
    names.push_back("layer_" + names.front());
    return names;
  }

  ValueId called(const Ids& p, const Type& rows) {
    return i_.call({"x_next", "h_next"}, layer_.function, p, rows, around(4));
  }

  ValueId dropped(const Ids& p, const Type& rows) {
    Ids operands = {p[0]};
    operands.insert(operands.end(), p.begin() + 2, p.end());
    return i_.cond(
        p[1], {p[0]}, {{{"x", "h"}, rows, around(4)}}, {"apply", "run_block"},
        [&](const Ids& q) {
          operands[0] = q[0];
          return Ids{called(operands, rows)};
        },
        {"skip", "pass_through"}, [](const Ids& q) { return q; },
        {{{"x_next", "h_next"}, rows, around(4)}})[0];
  }

  ValueId run(const Ids& data, const Ids& weights) {
    ValueId x = through_layers(embed(data, weights), data, weights);
    const std::size_t learnt = norm_.biased ? 2 : 1;
    const Ids norm(weights.begin() + static_cast<std::ptrdiff_t>(last_norm_),
                   weights.begin() + static_cast<std::ptrdiff_t>(last_norm_ + learnt));
    x = norm_.apply(i_, {"final", "normed"}, x, norm);
    const ValueId target = has_loss_ ? data[drops_ ? data.size() - 2 : data.size() - 1] : kNoValue;
    const Shape shape = result_shape();
    if (head_ == Head::kNextToken || head_ == Head::kTags) {
      const bool tied = head_ == Head::kNextToken;
      const std::int64_t count = tied ? words_ : classes_;
      const ValueId logits =
          i_.let({"logits"}, tied ? "$0 @ $1.T" : "$0 @ $1",
                 {x, tied ? weights[0] : weights.back()}, {n_.steps, count}, around(4));
      return has_loss_ ? cross_entropy(logits, target) : logits;
    }
    const ValueId pooled = i_.let({"pooled", "summary"},
                                  i_.either({"jnp.mean($0, axis=0)", "$0.mean(axis=0)", "$0[-1]"}),
                                  {x}, {n_.width}, around(2));
    if (head_ == Head::kEmbedding)
      return i_.let({"embedding"},
                    i_.either({"$0 / jnp.linalg.norm($0)", "$0 / jnp.sqrt(jnp.sum($0**2) + 1e-6)"}),
                    {pooled}, shape, around(1));
    if (head_ == Head::kNumber) {
      const ValueId prediction =
          i_.let({"prediction", "predicted"}, i_.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                 {pooled, weights.back()}, Shape{}, around(3));
      return has_loss_ ? i_.let({"loss"}, "($0 - $1) ** 2", {prediction, target}, Shape{}, {0, 8})
                       : prediction;
    }
    const ValueId logits = i_.let({"logits"}, i_.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                                  {pooled, weights.back()}, {classes_}, around(4));
    if (!has_loss_) return logits;
    return i_.let({"loss", "nll"},
                  i_.either({"-jax.nn.log_softmax($0)[$1]", "jax.nn.logsumexp($0) - $0[$1]"}),
                  {logits, target}, Shape{}, {0.1, 5});
  }

  ValueId cross_entropy(ValueId logits, ValueId targets) {
    if (i_.chance(0.5)) {
      const ValueId log_probs = i_.let({"log_probs", "logp"}, "jax.nn.log_softmax($0, axis=-1)",
                                       {logits}, i_.shape(logits), {-8, 0});
      const ValueId nll = i_.let({"nll"},
                                 i_.either({"-jnp.take_along_axis($0, $1[:, None], axis=-1)[:, 0]",
                                            "-$0[jnp.arange($0.shape[0]), $1]"}),
                                 {log_probs, targets}, {n_.steps}, {0.1, 8});
      return i_.let({"loss"}, i_.either({"jnp.mean($0)", "$0.mean()"}), {nll}, Shape{}, {0.5, 5});
    }
    const ValueId partition =
        i_.let({"log_z", "lse"}, "jax.nn.logsumexp($0, axis=-1)", {logits}, {n_.steps}, {0, 6});
    const ValueId own =
        i_.let({"target_logit", "own_logit"}, "jnp.take_along_axis($0, $1[:, None], axis=-1)[:, 0]",
               {logits, targets}, {n_.steps}, around(4));
    return i_.let({"loss"}, "jnp.mean($0 - $1)", {partition, own}, Shape{}, {0.5, 5});
  }

  // The loss as a function of the module, its gradient, clipped by its norm, and a step.
  void train() {
    if (half_precision(i_)) i_.fail();  // steps would not show
    Parts parameters = weights_;
    parameters.insert(parameters.end(), data_.begin(), data_.end());
    const BodyId loss =
        i_.helper({"loss_fn", "compute_loss", "objective"}, "Loss of the network on one example.",
                  parameters, [&](const Ids& p) {
                    const auto middle = p.begin() + static_cast<std::ptrdiff_t>(weights_.size());
                    return Ids{run({middle, p.end()}, {p.begin(), middle})};
                  });
    const Ids weights = arguments(weights_), data = arguments(data_);
    Ids all = weights;
    all.insert(all.end(), data.begin(), data.end());
    Parts parts = {{{"loss"}, {i_.real(), {}}, {0.1, 5}}};
    for (const Idiom::Part& w : weights_)
      parts.push_back({{"d_" + w.names.front()}, w.type, around(1)});
    const auto count = static_cast<int>(weights.size());
    const Ids given = i_.unpack(fmt::format("jax.value_and_grad($f0, argnums=tuple(range({})))({})",
                                            count, Idiom::holes(0, all.size())),
                                all, {loss}, parts, {0, count});
    const Ids grads(given.begin() + 1, given.end());
    std::string squares;
    for (std::size_t k = 0; k < grads.size(); ++k)
      squares += fmt::format("{}jnp.sum(${}**2)", k ? " + " : "", k);
    const ValueId norm =
        i_.let({"grad_norm", "global_norm"}, "jnp.sqrt(" + squares + ")", grads, Shape{}, {0.1, 5});
    const std::string limit = i_.setting({"max_norm", "clip_norm"}, {"1.0", "0.5", "5.0"}),
                      rate = i_.setting({"learning_rate", "lr"}, {"0.1", "0.05", "0.2"});
    const ValueId scale =
        i_.let({"scale", "clip_scale"}, "jnp.minimum(1.0, " + limit + " / ($0 + 1e-6))", {norm},
               Shape{}, {0.1, 1});
    for (std::size_t k = 0; k < weights.size(); ++k)
      i_.let({"new_" + weights_[k].names.front()}, "$0 - " + rate + " * $1 * $2",
             {weights[k], scale, grads[k]}, i_.shape(weights[k]), around(2));
  }

  Idiom& i_;
  const Category category_;
  Sizes n_{};
  Front front_{};
  Head head_{};
  bool causal_ = false, has_loss_ = false, drops_ = false;
  std::int64_t words_ = 0, patch_ = 0, side_ = 0, channels_ = 0, classes_ = 0;
  Norm norm_;
  Layer layer_;
  Parts weights_, data_;
  std::size_t first_layer_ = 0, last_norm_ = 0;
};

}  // namespace

std::vector<Op> network_wholes() {
  return wholes_by<Network>({{"deep_network", kLinearAlgebra, 2},
                             {"token_network", kIndexing, 2},
                             {"patch_network", kArray, 1},
                             {"normed_network", kReduction, 1.5},
                             {"active_network", kMath, 1},
                             {"looped_network", kLoop, 1},
                             {"batched_network", kVectorization, 1},
                             {"dropped_network", kConditional, 1},
                             {"trained_network", kGradient, 1}});
}

}  // namespace jaxsmith::plan
