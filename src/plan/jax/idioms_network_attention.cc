// Attention of transformers: projections, groups of heads, positions, caches, running softmax.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/idioms_network_parts.h"

namespace jaxsmith::plan {
namespace {
using namespace network;
using enum Derivative;

// Which keys a query does not see: by order, by distance, by a mask that is given, or none.
ValueId masked_scores(Idiom& i, ValueId query, ValueId scores, std::int64_t steps) {
  const Shape square = i.shape(scores);
  const std::string floor = masked_score(i);
  const auto at = [&] { return positions(i, {"positions", "steps", "idx"}, query, 0); };
  switch (i.between(0, 3)) {
    case 0: {
      i.called({"causal_attention", "masked_attention", "decode_attention"});
      i.summary("Let each position attend to itself and to what came before.");
      const ValueId mask = causal_mask(i, query, steps);
      return i.let({"masked"}, "jnp.where($0, $1, " + floor + ")", {mask, scores}, square,
                   around(4));
    }
    case 1: {
      const std::int64_t window = i.between(1, std::max<std::int64_t>(1, steps / 2));
      const bool backwards = i.chance(0.4);
      i.called({"local_attention", "sliding_window_attention", "banded_attention"});
      i.summary(backwards ? fmt::format("Attend to the last {} positions and the own.", window)
                          : fmt::format("Attend to {} positions on either side.", window));
      const ValueId here = at();
      const auto reach = static_cast<double>(steps);
      const ValueId distance =
          i.let({"distance", "offset"},
                backwards ? "$0[:, None] - $0[None, :]" : "jnp.abs($0[:, None] - $0[None, :])",
                {here}, counts(i, {steps, steps}), {backwards ? -reach : 0, reach});
      const std::string near = backwards ? fmt::format("($0 >= 0) & ($0 <= {})", window)
                                         : fmt::format("$0 <= {}", window);
      const ValueId seen =
          i.let({"in_window", "visible"}, near, {distance}, flags({steps, steps}), {0, 1});
      return i.let({"local_scores", "masked"}, "jnp.where($0, $1, " + floor + ")", {seen, scores},
                   square, around(4));
    }
    case 2: {
      if (steps < 3) return scores;
      i.called({"masked_attention", "attend_to_allowed", "sparse_attention"});
      i.summary("Attend where a mask allows it; every position sees itself.");
      const ValueId given =
          i.input({"mask", "allowed", "connected"}, flags({steps, steps}), {0, 1});
      const ValueId mask =
          i.let({"visible", "mask_or_self"}, fmt::format("$0 | jnp.eye({}, dtype=bool)", steps),
                {given}, flags({steps, steps}), {0, 1});
      return i.let({"masked"}, "jnp.where($0, $1, " + floor + ")", {mask, scores}, square,
                   around(4));
    }
    default:
      return scores;
  }
}

// Dot-product attention over one sequence: heads as an axis or none; causal, sliding, by a mask
// that is given, or not masked; scaled before or after; capped scores; rows of unit length.
Op attention() {
  return idiom("attention", kLinearAlgebra, 1.2, kSmooth, [](Idiom& i) {
    const bool heads = i.chance(0.5);
    const int rank = heads ? 3 : 2;
    const ValueId query = i.anchor({"query", "q", "queries"}, rank, rank, around(3));
    const ValueId key = i.input({"key", "k", "keys"}, i.shape(query), around(3));
    const ValueId value = i.input({"value", "v", "values"}, i.shape(query), around(3));
    const std::int64_t steps = i.dim(query, 0), width = i.dim(query, -1);
    const Shape square = heads ? Shape{i.dim(query, 1), steps, steps} : Shape{steps, steps};
    const std::string product = similarity(i, heads);
    i.called({heads ? "multi_head_attention" : "attention", "attend", "dot_product_attention"});
    i.summary("Mix the values by the similarity of queries and keys.");
    ValueId scores;
    const double form = i.random().uniform();
    if (form < 0.4) {
      scores = i.let({"scores", "logits"},
                     product + i.either({" / jnp.sqrt($0.shape[-1])", " * $0.shape[-1] ** -0.5"}),
                     {query, key}, square, around(4));
    } else if (form < 0.75 || width < 3) {
      const ValueId scaled =
          i.let({"scaled_query", "q_scaled"},
                fmt::format("$0 / {}", Idiom::text(std::sqrt(static_cast<double>(width)))), {query},
                i.shape(query), around(2));
      scores = i.let({"scores", "similarity"}, product, {scaled, key}, square, around(4));
    } else {
      i.called({"cosine_attention", "qk_norm_attention", "normalized_attention"});
      i.summary("Compare queries and keys by their directions alone.");
      const std::string unit =
          i.either({"$0 / jnp.linalg.norm($0, axis=-1, keepdims=True)",
                    "$0 * lax.rsqrt(jnp.sum(jnp.square($0), axis=-1, keepdims=True) + 1e-6)"});
      const ValueId q = i.let({"query_dir", "q_unit"}, unit, {query}, i.shape(query), around(1));
      const ValueId k = i.let({"key_dir", "k_unit"}, unit, {key}, i.shape(query), around(1));
      const std::string heat = i.either({"5.0 * ", "10.0 * ", "4.0 * "});
      scores = i.let({"scores", "cosines"}, heat + product, {q, k}, square, around(6));
    }
    if (i.chance(0.2)) {
      i.comment("Keep the scores from saturating the softmax.");
      const std::string cap = i.either({"5.0", "10.0", "20.0"});
      scores = i.let({"capped", "soft_capped"}, cap + " * jnp.tanh($0 / " + cap + ")", {scores},
                     square, around(4));
    }
    scores = masked_scores(i, query, scores, steps);
    const ValueId weights = softmax(i, {"weights", "probs", "attention"}, scores, -1);
    i.let({"attended", "context", "mixed"},
          heads ? i.either({"jnp.einsum(\"hqk,khd->qhd\", $0, $1)",
                            "jnp.einsum(\"hts,shd->thd\", $0, $1)"})
                : i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
          {weights, value}, i.shape(query), around(3));
  });
}

// Self-attention with its projections: kernels apart or in one, heads as an axis of the kernel or
// by a reshape; causal or not; out by a kernel; with what came in added or not.
Op projected_attention() {
  return idiom("projected_attention", kLinearAlgebra, 1.2, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "tokens", "hidden"}, 2, 2, around(3));
    const std::int64_t steps = i.dim(x, 0), width = i.dim(x, 1);
    const std::int64_t heads = i.between(2, 4), depth = std::min<std::int64_t>(i.size(), 8);
    const Shape split = {steps, heads, depth};
    const Interval range = weights_for(width);
    i.called({"self_attention", "multi_head_self_attention", "attention_layer"});
    i.summary("Attend over a sequence with several heads and project the result.");
    i.summary("Multi-head self-attention with learned projections.");
    ValueId source = x;
    if (width > 2 && i.chance(0.3)) source = normalized_rows(i, {"normed", "normalized"}, x);
    Ids parts(3, kNoValue);
    const std::int64_t form = i.between(0, 2);
    if (form == 0) {  // one kernel for all three
      const ValueId kernel =
          i.input({"w_qkv", "qkv_kernel", "in_proj"}, {width, 3 * heads * depth}, range);
      const ValueId joint = dense(i, {"qkv", "projected"}, source, kernel);
      const Idiom::Part part = {{}, {i.real(), {steps, heads * depth}}, around(3)};
      const Ids flat = i.unpack("jnp.split($0, 3, axis=-1)", {joint}, {},
                                {{{"q", "query"}, part.type, part.range},
                                 {{"k", "key"}, part.type, part.range},
                                 {{"v", "value"}, part.type, part.range}});
      const std::string fold = i.either({fmt::format("$0.reshape({}, {}, {})", steps, heads, depth),
                                         fmt::format("$0.reshape(-1, {}, {})", heads, depth)});
      for (std::size_t p = 0; p < 3; ++p)
        parts[p] = i.let({p == 0   ? "q_heads"
                          : p == 1 ? "k_heads"
                                   : "v_heads"},
                         fold, {flat[p]}, split, around(3));
    } else {
      static const std::vector<Words> kKernels = {{"w_query", "wq", "query_kernel"},
                                                  {"w_key", "wk", "key_kernel"},
                                                  {"w_value", "wv", "value_kernel"}};
      static const std::vector<Words> kNames = {
          {"q", "query", "queries"}, {"k", "key", "keys"}, {"v", "value", "values"}};
      const std::string projected =
          form == 1
              ? i.either({"jnp.einsum(\"td,dhk->thk\", $0, $1)",
                          "jnp.einsum(\"td,dhe->the\", $0, $1)", "jnp.tensordot($0, $1, axes=1)"})
              : fmt::format("($0 @ $1).reshape(-1, {}, {})", heads, depth);
      const Shape kernel = form == 1 ? Shape{width, heads, depth} : Shape{width, heads * depth};
      for (std::size_t p = 0; p < 3; ++p) {
        const ValueId w = i.input(kKernels[p], kernel, range);
        parts[p] = i.let(kNames[p], projected, {source, w}, split, around(3));
      }
    }
    const bool causal = i.chance(0.4);
    if (causal) i.called({"causal_self_attention", "decoder_attention", "attention_layer"});
    const ValueId mixed = attend(i, {"context", "attended"}, parts[0], parts[1], parts[2], causal);
    const bool merged = i.chance(0.5);
    const ValueId out_kernel =
        i.input({"w_out", "wo", "out_kernel"},
                merged ? Shape{heads * depth, width} : Shape{heads, depth, width},
                weights_for(heads * depth));
    const ValueId out = merged ? i.let({"out", "projected_out"},
                                       i.either({fmt::format("$0.reshape({}, -1) @ $1", steps),
                                                 "$0.reshape($0.shape[0], -1) @ $1"}),
                                       {mixed, out_kernel}, i.shape(x), around(3))
                               : i.let({"out", "merged_heads"},
                                       i.either({"jnp.einsum(\"thk,hkd->td\", $0, $1)",
                                                 "jnp.tensordot($0, $1, axes=2)"}),
                                       {mixed, out_kernel}, i.shape(x), around(3));
    if (i.chance(0.4)) i.let({"residual", "updated"}, "$0 + $1", {x, out}, i.shape(x), around(5));
  });
}

// Several query heads share the keys and values of a group: keys repeated, queries regrouped, or
// one group for all; causal or not.
Op grouped_query_attention() {
  return idiom("grouped_query_attention", kArray, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t form = i.between(0, 2);  // repeat, regroup, a single group
    const std::int64_t groups = form == 2 ? 1 : i.between(2, 3), each = i.between(2, 3);
    const std::int64_t heads = groups * each, depth = i.size(), from = i.size();
    const bool causal = i.chance(0.4);
    const std::int64_t to = causal ? from : i.size();
    const Shape keys = form == 2 ? Shape{to, depth} : Shape{to, groups, depth};
    const ValueId query = i.input({"query", "q", "queries"}, {from, heads, depth}, around(3));
    const ValueId key = i.input({"key", "k", "keys"}, keys, around(3));
    const ValueId value = i.input({"value", "v", "values"}, keys, around(3));
    i.called({form == 2 ? "multi_query_attention" : "grouped_query_attention", "grouped_attention",
              "shared_key_attention"});
    i.summary(form == 2 ? "Let all heads share one set of keys and values."
                        : "Let groups of query heads share keys and values.");
    const std::string scaled = Idiom::text(std::sqrt(static_cast<double>(depth)));
    if (form == 0) {
      const std::string again = fmt::format("jnp.repeat($0, {}, axis=1)", each);
      const ValueId k =
          i.let({"k_full", "keys_repeated"}, again, {key}, {to, heads, depth}, around(3));
      const ValueId v =
          i.let({"v_full", "values_repeated"}, again, {value}, {to, heads, depth}, around(3));
      attend(i, {"attended", "context"}, query, k, v, causal);
      return;
    }
    const Shape grid = form == 1 ? Shape{groups, each, from, to} : Shape{heads, from, to};
    const std::string floor = masked_score(i);
    ValueId q = query;
    if (form == 1)
      q = i.let({"q_grouped", "grouped"},
                fmt::format("$0.reshape({}, {}, {}, {})", from, groups, each, depth), {query},
                {from, groups, each, depth}, around(3));
    ValueId scores = i.let({"scores", "logits"},
                           form == 1 ? "jnp.einsum(\"tgpd,sgd->gpts\", $0, $1) / " + scaled
                                     : "jnp.einsum(\"thd,sd->hts\", $0, $1) / " + scaled,
                           {q, key}, grid, around(4));
    if (causal) {
      const ValueId mask = causal_mask(i, query, from);
      scores =
          i.let({"masked"}, "jnp.where($0, $1, " + floor + ")", {mask, scores}, grid, around(4));
    }
    const ValueId weights = softmax(i, {"weights", "probs"}, scores, -1);
    if (form == 2) {
      i.let({"attended", "context"}, "jnp.einsum(\"hts,sd->thd\", $0, $1)", {weights, value},
            i.shape(query), around(3));
      return;
    }
    const ValueId mixed = i.let({"mixed", "by_group"}, "jnp.einsum(\"gpts,sgd->tgpd\", $0, $1)",
                                {weights, value}, {from, groups, each, depth}, around(3));
    i.let({"attended", "context"}, fmt::format("$0.reshape({}, {}, {})", from, heads, depth),
          {mixed}, i.shape(query), around(3));
  });
}

// Pairs of features turned by an angle that grows with the position: halves or neighbours as
// pairs, heads or none, one array or queries and keys with their scores.
Op rotary_embedding() {
  return idiom("rotary_embedding", kMath, 1.1, kSmooth, [](Idiom& i) {
    const std::int64_t half = std::min<std::int64_t>(i.size(), 6), steps = i.size();
    const bool heads = i.chance(0.4), both = i.chance(0.35), halves = i.chance(0.6);
    const Shape shape = heads ? Shape{steps, i.between(2, 4), 2 * half} : Shape{steps, 2 * half};
    const ValueId x =
        i.input({both ? "query" : "x", both ? "q" : "hidden", "queries"}, shape, around(3));
    const ValueId y = both ? i.input({"key", "k", "keys"}, shape, around(3)) : kNoValue;
    if (both) {
      i.called({"rotary_scores", "rotated_similarity", "position_aware_scores"});
      i.summary("Score queries against keys, both turned by their positions.");
    } else {
      i.called({"rotary_embedding", "apply_rotary", "rotate_by_position"});
      i.summary("Rotary position embedding.");
    }
    i.summary("Rotate pairs of features by angles that grow with the position.");
    const std::string base = i.either({"10000.0", "1000.0", "100.0", "500000.0"});
    const Type of_half = {default_real(i), {half}}, table = {default_real(i), {steps, half}};
    const ValueId rates = i.let(
        {"inv_freq", "freqs", "rates"},
        i.either({fmt::format("{} ** (-jnp.arange({}) / {})", base, half, half),
                  fmt::format("1.0 / {} ** (jnp.arange({}) / {})", base, half, half),
                  fmt::format("jnp.exp(-jnp.log({}) * jnp.arange({}) / {})", base, half, half)}),
        {}, of_half, {0.001, 1});
    const ValueId at = positions(i, {"positions", "steps"}, x, 0);
    const ValueId angles =
        i.let({"angles", "phase"},
              i.either({"$0[:, None] * $1[None, :]", "$0[:, None] * $1", "jnp.outer($0, $1)"}),
              {at, rates}, table, {0, static_cast<double>(steps)});
    const bool cast = default_real(i) != i.real();
    const std::string spread = heads ? "[:, None, :]" : "";
    const std::string tail = cast ? spread + ".astype($1.dtype)" : spread;
    const Shape waves = heads ? Shape{steps, 1, half} : Shape{steps, half};
    const auto wave = [&](const std::string& function) {
      return i.let({function, function + "_angle"}, "jnp." + function + "($0)" + tail,
                   cast ? Ids{angles, x} : Ids{angles}, waves, around(1));
    };
    const ValueId cosine = wave("cos");
    const ValueId sine = wave("sin");
    Shape part = shape;
    part.back() = half;
    const auto turn = [&](ValueId v) {
      ValueId first, second;
      if (halves) {
        const Ids two = i.unpack("jnp.split($0, 2, axis=-1)", {v}, {},
                                 {{{"first", "x1"}, {i.real(), part}, around(3)},
                                  {{"second", "x2"}, {i.real(), part}, around(3)}});
        first = two[0], second = two[1];
      } else {
        first = i.let({"even", "x1"}, "$0[..., ::2]", {v}, part, around(3));
        second = i.let({"odd", "x2"}, "$0[..., 1::2]", {v}, part, around(3));
      }
      const ValueId along = i.let({"turned_first", "real"}, "$0 * $2 - $1 * $3",
                                  {first, second, cosine, sine}, part, around(4));
      const ValueId across = i.let({"turned_second", "imag"}, "$1 * $2 + $0 * $3",
                                   {first, second, cosine, sine}, part, around(4));
      return i.let({"rotated", "turned"},
                   halves ? "jnp.concatenate([$0, $1], axis=-1)"
                          : "jnp.stack([$0, $1], axis=-1).reshape(" + tuple_text(shape) + ")",
                   {along, across}, shape, around(4));
    };
    if (!both) {
      turn(x);
      return;
    }
    const BodyId rotate = i.function({"rotate", "apply_rotation", "turn"},
                                     {{{"v", "u"}, {i.real(), shape}, around(3)}},
                                     [&](const Ids& p) { return Ids{turn(p[0])}; });
    const ValueId q = i.call({"q_rot", "q_turned"}, rotate, {x}, {i.real(), shape}, around(4));
    const ValueId k = i.call({"k_rot", "k_turned"}, rotate, {y}, {i.real(), shape}, around(4));
    const Shape grid = heads ? Shape{shape[1], steps, steps} : Shape{steps, steps};
    i.let({"scores", "logits"},
          heads ? "jnp.einsum(\"qhd,khd->hqk\", $0, $1)"
                : i.either({"$0 @ $1.T", "jnp.inner($0, $1)"}),
          {q, k}, grid, around(20));
  });
}

// Scores with a bias by distance: looked up in a table (clipped distances, or one row a head), or a
// slope a head (ALiBi, Press et al. 2022).
Op relative_bias() {
  return idiom("relative_bias", kIndexing, 1.0, kSmooth, [](Idiom& i) {
    const std::int64_t steps = i.size(), depth = i.size(), heads = i.between(2, 4);
    const bool many = i.chance(0.5), slopes = many && i.chance(0.3);
    const Shape shape = many ? Shape{steps, heads, depth} : Shape{steps, depth};
    const Shape grid = many ? Shape{heads, steps, steps} : Shape{steps, steps};
    const ValueId query = i.input({"query", "q", "queries"}, shape, around(3));
    const ValueId key = i.input({"key", "k", "keys"}, shape, around(3));
    i.called({slopes ? "alibi_attention" : "relative_attention", "biased_attention",
              "distance_aware_scores"});
    i.summary("Weigh positions by similarity and a bias that depends on the distance.");
    const ValueId here = positions(i, {"positions", "steps", "idx"}, query, 0);
    const auto far = static_cast<double>(steps);
    const ValueId distance =
        i.let({"distance", "relative", "offset"},
              i.either({"$0[None, :] - $0[:, None]", "$0[:, None] - $0[None, :]"}), {here},
              counts(i, {steps, steps}), {-far, far});
    ValueId bias;
    if (slopes) {
      const ValueId slope = i.input({"slopes", "decay", "head_slopes"}, {heads}, {0.05, 0.5});
      bias = i.let({"bias", "penalty"}, "-$0[:, None, None] * jnp.abs($1)", {slope, distance}, grid,
                   {-far / 2, 0});
    } else {
      const std::int64_t reach = i.between(1, std::max<std::int64_t>(1, steps - 1));
      const bool symmetric = i.chance(0.35);
      const std::int64_t rows = symmetric ? reach + 1 : 2 * reach + 1;
      const ValueId table = i.input({"bias_table", "rel_bias", "relative_bias"},
                                    many ? Shape{rows, heads} : Shape{rows}, around(1));
      const ValueId bucket =
          i.let({"bucket", "rows", "index"},
                symmetric ? fmt::format("jnp.minimum(jnp.abs($0), {})", reach)
                          : fmt::format("jnp.clip($0, -{0}, {0}) + {0}", reach),
                {distance}, counts(i, {steps, steps}), {0, static_cast<double>(rows)});
      bias = i.let({"bias", "offsets"},
                   many ? i.either({"$0[$1].transpose(2, 0, 1)", "jnp.moveaxis($0[$1], -1, 0)"})
                        : i.either({"$0[$1]", "jnp.take($0, $1)"}),
                   {table, bucket}, grid, around(1));
    }
    const std::string scaled = Idiom::text(std::sqrt(static_cast<double>(depth)));
    const ValueId raw =
        i.let({"scores", "content"},
              many ? "jnp.einsum(\"qhd,khd->hqk\", $0, $1) / " + scaled
                   : i.either({"$0 @ $1.T / " + scaled, "jnp.inner($0, $1) / " + scaled}),
              {query, key}, grid, around(4));
    const ValueId scores = i.let({"biased", "logits"}, "$0 + $1", {raw, bias}, grid, around(5));
    const ValueId weights = softmax(i, {"weights", "probs", "attention"}, scores, -1);
    if (i.chance(0.6)) {
      const ValueId value = i.input({"value", "v", "values"}, shape, around(3));
      i.let({"attended", "context"},
            many ? "jnp.einsum(\"hqk,khd->qhd\", $0, $1)"
                 : i.either({"$0 @ $1", "jnp.matmul($0, $1)"}),
            {weights, value}, shape, around(3));
    }
  });
}

// One head's attention, mapped over heads or blocks of a sequence by jax.vmap: which axis, within
// blocks or over another sequence, as a helper or in place.
Op mapped_attention() {
  return idiom("mapped_attention", kVectorization, 1.2, kSmooth, [](Idiom& i) {
    const bool blocks = i.chance(0.4), last = !blocks && i.chance(0.5);
    const std::int64_t count = i.between(2, 4), from = i.size(), depth = i.size();
    const bool cross = i.chance(0.5);
    const std::int64_t to = cross ? i.size() : from;
    const auto stacked = [&](std::int64_t n) {
      return blocks ? Shape{count * n, depth}
             : last ? Shape{n, count, depth}
                    : Shape{count, n, depth};
    };
    ValueId query = i.input({"query", "q", "queries"}, stacked(from), around(3));
    ValueId key = i.input({cross ? "memory" : "key", cross ? "context" : "k", "keys"}, stacked(to),
                          around(3));
    const bool shared = i.chance(0.3);  // keys that are values as well
    ValueId value = shared ? key : i.input({"value", "v", "values"}, stacked(to), around(3));
    i.called({blocks  ? "block_attention"
              : cross ? "cross_attention"
                      : "attend_heads",
              "mapped_attention",
              !blocks ? "attend_each_head"
              : cross ? "attend_between_blocks"
                      : "attend_within_blocks"});
    i.summary(blocks && cross ? "Attend from each block of a sequence to a block of another."
              : blocks        ? "Attend within each block of a sequence."
                              : "Attend with each head on its own and stack the results.");
    if (blocks) {
      const auto fold = [&](const Words& names, ValueId v, std::int64_t n) {
        return i.let(names, fmt::format("$0.reshape({}, {}, {})", count, n, depth), {v},
                     {count, n, depth}, around(3));
      };
      const ValueId keys = fold({"key_blocks", "k_blocks"}, key, to);
      value = shared ? keys : fold({"value_blocks", "v_blocks"}, value, to);
      query = fold({"query_blocks", "q_blocks"}, query, from);
      key = keys;
    }
    const Type one = {i.real(), {from, depth}}, other = {i.real(), {to, depth}};
    const bool causal = !cross && i.chance(0.35);
    std::vector<Idiom::Part> parameters = {{{"q", "query_head"}, one, around(3)},
                                           {{"k", "key_head"}, other, around(3)}};
    if (!shared) parameters.push_back({{"v", "value_head"}, other, around(3)});
    const Idiom::Fill fill = [&](const Ids& p) {
      return Ids{attend(i, {"out", "mixed"}, p[0], p[1], p.back(), causal)};
    };
    const Words names = {"attend_one", "single_head", "one_head"};
    const BodyId head = i.chance(0.6) ? i.helper(names, "Attend with one head.", parameters, fill)
                                      : i.function(names, parameters, fill);
    const std::string options = last ? ", in_axes=1, out_axes=1" : "";
    const std::string operands = shared ? "($0, $1)" : "($0, $1, $2)";
    const Shape result = last ? Shape{from, count, depth} : Shape{count, from, depth};
    const ValueId out =
        i.let({"attended", "heads", "context"}, "jax.vmap($f0" + options + ")" + operands,
              shared ? Ids{query, key} : Ids{query, key, value}, {head}, Type{i.real(), result},
              around(3));
    if (blocks)
      i.let({"merged", "joined"}, fmt::format("$0.reshape({}, {})", count * from, depth), {out},
            {count * from, depth}, around(3));
  });
}

// Causal attention without a softmax: running sums of outer products by a scan, either of feature
// maps with a normaliser, or decaying (retention).
Op linear_attention() {
  return idiom("linear_attention", kLoop, 1.1, kSmooth, [](Idiom& i) {
    const std::int64_t steps = i.size(), depth = std::min<std::int64_t>(i.size(), 8);
    const std::int64_t width = std::min<std::int64_t>(i.size(), 10);
    const ValueId query = i.input({"query", "q", "queries"}, {steps, depth}, around(2));
    const ValueId key = i.input({"key", "k", "keys"}, {steps, depth}, around(2));
    const ValueId value = i.input({"value", "v", "values"}, {steps, width}, around(3));
    const std::string feature = i.either(
        {"jax.nn.elu($0) + 1.0", "jax.nn.softplus($0)", "jnp.exp($0)", "jax.nn.sigmoid($0)"});
    const bool decays = i.chance(0.4), normal = !decays;
    i.called({decays ? "retention" : "linear_attention",
              decays ? "decayed_attention" : "kernel_attention", "recurrent_attention"});
    i.summary(decays ? "Read a decaying sum of outer products of keys and values."
                     : "Causal attention by running sums instead of a softmax.");
    const Interval positive = {0.05, 5};
    ValueId q = query, k = key;
    if (normal) {
      q = i.let({"q_feat", "phi_q"}, feature, {query}, {steps, depth}, positive);
      k = i.let({"k_feat", "phi_k"}, feature, {key}, {steps, depth}, positive);
    }
    const std::string rate = Idiom::text(i.number({0.9, 0.8, 0.95, 0.5}));
    const bool learned = decays && i.chance(0.4);
    const ValueId forget =
        learned ? i.input({"decay", "gamma", "forget"}, {depth}, {0.4, 0.95}) : kNoValue;
    const auto empty = [&](const Words& names, const Shape& shape) {
      const std::string of = shape.size() == 1 ? fmt::format("{}", shape[0]) : tuple_text(shape);
      return i.let(names, "jnp.zeros(" + of + ", $0.dtype)", {key}, shape, around(8));
    };
    std::vector<Idiom::Carry> carries = {
        {{"memory", "state", "kv"}, empty({"empty", "memory0"}, {depth, width}), around(8), {}}};
    if (normal)
      carries.push_back(
          {{"total", "norm", "z"}, empty({"nothing", "total0"}, {depth}), {0.1, 20}, {}});
    if (decays && i.chance(0.4)) carries[0].final = {"final_memory", "last_state"};
    i.scan({"step", "read_write", "advance"}, carries,
           {{{"q_t", "q"}, q}, {{"k_t", "k"}, k}, {{"v_t", "v"}, value}}, {{"outputs", "attended"}},
           [&](const Ids& p) {
             const ValueId qt = p[p.size() - 3], kt = p[p.size() - 2], vt = p[p.size() - 1];
             const ValueId kept = !decays   ? p[0]
                                  : learned ? i.let({"kept", "faded"}, "$0[:, None] * $1",
                                                    {forget, p[0]}, {depth, width}, around(7))
                                            : i.let({"kept", "faded"}, rate + " * $0", {p[0]},
                                                    {depth, width}, around(7));
             const ValueId next =
                 i.let({"memory_next", "updated"},
                       i.either({"$0 + jnp.outer($1, $2)", "$0 + $1[:, None] * $2[None, :]"}),
                       {kept, kt, vt}, {depth, width}, around(8));
             const ValueId read =
                 i.let({"read", "numerator"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {qt, next},
                       {width}, around(20));
             if (!normal) return Ids{next, read};
             const ValueId total =
                 i.let({"total_next", "mass"}, "$0 + $1", {p[1], kt}, {depth}, {0.1, 20});
             const ValueId out =
                 i.let({"out", "attended_t"}, i.either({"$0 / ($1 @ $2)", "$0 / jnp.dot($1, $2)"}),
                       {read, qt, total}, {width}, around(3));
             return Ids{next, total, out};
           });
  });
}

// The exact softmax over keys that arrive one by one or in blocks, with a running maximum (Milakov
// and Gimelshein 2018; Rabe and Staats 2021).
Op running_softmax_attention() {
  return idiom("running_softmax_attention", kLoop, 0.9, kSmooth, [](Idiom& i) {
    const bool blocks = i.chance(0.5);
    const std::int64_t count = i.size(), block = blocks ? i.between(2, 4) : 1;
    const std::int64_t depth = i.size(), width = i.chance(0.5) ? depth : i.size();
    const std::int64_t keys = count * block;
    const ValueId query = i.input({"query", "q"}, {depth}, around(3));
    const ValueId key = i.input({"keys", "key", "k"}, {keys, depth}, around(3));
    const ValueId value = i.input({"values", "value", "v"}, {keys, width}, around(3));
    i.called({"streaming_attention", "online_softmax_attention",
              blocks ? "attend_in_blocks" : "attend_one_by_one"});
    i.summary("Attend to keys in turn with a running maximum.");
    i.summary("Compute softmax attention without holding all scores.");
    ValueId k = key, v = value;
    if (blocks) {
      k = i.let({"key_blocks", "k_blocks"},
                fmt::format("$0.reshape({}, {}, {})", count, block, depth), {key},
                {count, block, depth}, around(3));
      v = i.let({"value_blocks", "v_blocks"},
                fmt::format("$0.reshape({}, {}, {})", count, block, width), {value},
                {count, block, width}, around(3));
    }
    const ValueId scaled =
        i.let({"scaled", "q_scaled"},
              fmt::format("$0 / {}", Idiom::text(std::sqrt(static_cast<double>(depth)))), {query},
              {depth}, around(2));
    const std::string low = masked_score(i);
    const ValueId top = i.let({"peak0", "lowest"}, "jnp.full((), " + low + ", $0.dtype)", {query},
                              Shape{}, around(4));
    const ValueId mass =
        i.let({"mass0", "no_mass"}, "jnp.zeros((), $0.dtype)", {query}, Shape{}, {0, 9});
    const ValueId sums = i.let({"acc0", "no_sum"}, fmt::format("jnp.zeros({}, $0.dtype)", width),
                               {value}, {width}, around(9));
    const auto out = i.scan(
        {"step", "absorb", "visit"},
        {{{"peak", "top"}, top, around(4), {}},
         {{"mass", "denom"}, mass, {0.5, 9}, {"mass_end", "denom_end"}},
         {{"acc", "weighted"}, sums, around(9), {"acc_end", "weighted_end"}}},
        {{{"k_t", "k_block"}, k}, {{"v_t", "v_block"}, v}}, {}, [&](const Ids& p) {
          const Shape scores = blocks ? Shape{block} : Shape{};
          const ValueId score =
              i.let({"score", "scores"}, "$0 @ $1", {p[3], scaled}, scores, around(4));
          const ValueId peak = i.let({"new_peak", "raised"},
                                     blocks ? "jnp.maximum($0, jnp.max($1))"
                                            : i.either({"jnp.maximum($0, $1)", "lax.max($0, $1)"}),
                                     {p[0], score}, Shape{}, around(4));
          i.comment("What was summed so far stood relative to the old maximum.");
          const ValueId shrink =
              i.let({"shrink", "correction"}, "jnp.exp($0 - $1)", {p[0], peak}, Shape{}, {0, 1});
          const ValueId weight =
              i.let({"weight", "w_t"}, "jnp.exp($0 - $1)", {score, peak}, scores, {0, 1});
          const ValueId m = i.let({"mass_next"}, blocks ? "$0 * $1 + jnp.sum($2)" : "$0 * $1 + $2",
                                  {p[1], shrink, weight}, Shape{}, {0.5, 9});
          const ValueId a = i.let({"acc_next"}, blocks ? "$0 * $1 + $2 @ $3" : "$0 * $1 + $2 * $3",
                                  {p[2], shrink, weight, p[4]}, {width}, around(9));
          return Ids{peak, m, a};
        });
    i.let({"attended", "context"}, "$0 / $1", {out.final[2], out.final[1]}, {width}, around(3));
  });
}

// A decoding step: the new key and value go into their slot of a cache (which may wrap around),
// then the query sees the slots that are filled.
Op cache_step() {
  return idiom("cache_step", kIndexing, 1.2, kSmooth, [](Idiom& i) {
    // Few slots, and filled to the half: each shows in what is attended to.
    const std::int64_t slots = std::min<std::int64_t>(i.size(), 10) + 4, depth = i.size();
    const bool ring = i.chance(0.35), joint = i.chance(0.35);
    const ValueId query = i.input({"query", "q"}, {depth}, around(3));
    const ValueId key = i.input({"new_key", "key", "k"}, {depth}, around(3));
    const ValueId value =
        joint ? kNoValue : i.input({"new_value", "value", "v"}, {depth}, around(3));
    const ValueId keys =
        i.input({joint ? "cache" : "key_cache", joint ? "memory" : "cached_keys", "k_cache"},
                {slots, depth}, around(3));
    const ValueId values =
        joint ? kNoValue
              : i.input({"value_cache", "cached_values", "v_cache"}, {slots, depth}, around(3));
    const double last = static_cast<double>(ring ? 3 * slots : slots - 1);
    const ValueId at = i.input({ring ? "position" : "index", "step", "cursor"}, counts(i, {}),
                               {std::ceil(static_cast<double>(slots) / 2), last});
    i.called({"decode_step", "cached_attention", "attend_to_cache"});
    i.summary(joint ? "Write a key that is its own value to the cache and attend to what is filled."
                    : "Write a key and a value to the cache and attend to what is filled.");
    i.summary(ring    ? "One decoding step over a cache that wraps around."
              : joint ? "One decoding step with a cache of past keys."
                      : "One decoding step with a key-value cache.");
    ValueId slot = at;
    if (ring)
      slot = i.let({"slot", "place"}, i.either({"$0 % $1.shape[0]", "jnp.mod($0, $1.shape[0])"}),
                   {at, keys}, counts(i, {}), {0, static_cast<double>(slots)});
    const std::string put =
        i.either({"lax.dynamic_update_slice($0, $1[None, :], ($2, 0))",
                  "lax.dynamic_update_index_in_dim($0, $1, $2, 0)", "$0.at[$2].set($1)",
                  "lax.dynamic_update_slice_in_dim($0, $1[None], $2, axis=0)"});
    const ValueId all_keys =
        i.let({"keys", "key_cache_next"}, put, {keys, key, slot}, {slots, depth}, around(3));
    const ValueId all_values = joint ? all_keys
                                     : i.let({"values", "value_cache_next"}, put,
                                             {values, value, slot}, {slots, depth}, around(3));
    const std::string scale = i.either({" / jnp.sqrt($1.shape[-1])", " * $1.shape[0] ** -0.5"});
    const ValueId scores =
        i.let({"scores", "logits"}, "$0 @ $1" + scale, {all_keys, query}, {slots}, around(4));
    const ValueId filled = i.let({"filled", "visible"}, fmt::format("jnp.arange({}) <= $0", slots),
                                 {at}, flags({slots}), {0, 1});
    const ValueId masked = i.let({"masked"}, "jnp.where($0, $1, " + masked_score(i) + ")",
                                 {filled, scores}, {slots}, around(4));
    const ValueId weights = softmax(i, {"weights", "probs"}, masked, -1);
    i.let({"attended", "context", "out"}, i.either({"$0 @ $1", "jnp.einsum(\"s,sd->d\", $0, $1)"}),
          {weights, all_values}, {depth}, around(3));
    if (i.chance(0.5)) {  // where the next step writes
      i.let({"new_length", "next_index"}, "$0 + 1", {at}, counts(i, {}), {2, last + 1});
    }
  });
}

}  // namespace

std::vector<Op> attention_idioms() {
  return {attention(),
          projected_attention(),
          grouped_query_attention(),
          rotary_embedding(),
          relative_bias(),
          mapped_attention(),
          linear_attention(),
          running_softmax_attention(),
          cache_step()};
}

}  // namespace jaxsmith::plan
