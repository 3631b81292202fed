#include "plan/jax/idioms_network_parts.h"

#include <fmt/format.h>

#include <cmath>

namespace jaxsmith::plan::network {

DType default_real(Idiom& i) { return i.builder().default_real(); }

Interval weights_for(std::int64_t fan_in) {
  const double reach = std::sqrt(3.0 / static_cast<double>(std::max<std::int64_t>(fan_in, 1)));
  return around(std::max(0.1, std::round(reach * 20) / 20));
}

ValueId activation(Idiom& i, Words names, ValueId x) {
  const std::string spelling = i.either(
      {"jax.nn.relu($0)", "jax.nn.gelu($0)", "jax.nn.silu($0)", "jnp.tanh($0)", "jax.nn.elu($0)",
       "jnp.maximum($0, 0)", "$0 * jax.nn.sigmoid($0)", "jax.nn.softplus($0)",
       "jnp.square(jax.nn.relu($0))", "jax.nn.leaky_relu($0, 0.1)", "jax.nn.swish($0)"});
  const double top = spelling.starts_with("jnp.square") ? 9 : 3;
  return i.let(std::move(names), spelling, {x}, i.shape(x), {-1, top});
}

ValueId softmax(Idiom& i, Words names, ValueId scores, int axis) {
  const Shape shape = i.shape(scores);
  if (i.chance(0.65)) {
    const std::string spelling =
        i.either({"jax.nn.softmax($0, axis={})", "jax.nn.softmax($0, {})"});
    return i.let(std::move(names), fmt::format(fmt::runtime(spelling), axis), {scores}, shape,
                 {0, 1});
  }
  Shape kept = shape;
  kept[static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.size()) : axis)] = 1;
  const std::string largest =
      i.either({"jnp.max($0, axis={}, keepdims=True)", "$0.max(axis={}, keepdims=True)"});
  const ValueId top = i.let({"peak", "largest"}, fmt::format(fmt::runtime(largest), axis), {scores},
                            kept, around(4));
  const ValueId raised =
      i.let({"unnormalized", "exps"}, "jnp.exp($0 - $1)", {scores, top}, shape, {0, 1});
  const std::string total =
      i.either({"$0 / jnp.sum($0, axis={}, keepdims=True)", "$0 / $0.sum(axis={}, keepdims=True)"});
  return i.let(std::move(names), fmt::format(fmt::runtime(total), axis), {raised}, shape, {0, 1});
}

ValueId normalized_rows(Idiom& i, Words names, ValueId x) {
  const Shape kept = i.with_last(x, 1);
  if (i.dim(x, -1) < 3) i.fail();  // two that are normalised are always the same two
  if (i.chance(0.4)) {
    const ValueId power = i.let({"mean_square", "power"},
                                i.either({"jnp.mean(jnp.square($0), axis=-1, keepdims=True)",
                                          "jnp.mean($0**2, axis=-1, keepdims=True)"}),
                                {x}, kept, {0.1, 9});
    return i.let(std::move(names),
                 i.either({"$0 * lax.rsqrt($1 + 1e-6)", "$0 / jnp.sqrt($1 + 1e-5)"}), {x, power},
                 i.shape(x), around(3));
  }
  const ValueId mean =
      i.let({"mean", "mu"},
            i.either({"jnp.mean($0, axis=-1, keepdims=True)", "$0.mean(axis=-1, keepdims=True)"}),
            {x}, kept, around(2));
  const ValueId variance =
      i.let({"variance", "var"},
            i.either({"jnp.var($0, axis=-1, keepdims=True)", "$0.var(axis=-1, keepdims=True)"}),
            {x}, kept, {0.1, 9});
  return i.let(std::move(names),
               i.either({"($0 - $1) * lax.rsqrt($2 + 1e-5)", "($0 - $1) / jnp.sqrt($2 + 1e-5)",
                         "($0 - $1) / jnp.sqrt($2 + 1e-3)"}),
               {x, mean, variance}, i.shape(x), around(3));
}

ValueId gained_norm(Idiom& i, ValueId x) {
  const ValueId rows = normalized_rows(i, {"normed", "normalized"}, x);
  const ValueId gain = i.input({"gain", "scale", "gamma"}, {i.dim(x, -1)}, {0.5, 1.5});
  return i.let({"scaled", "out"}, i.either({"$0 * $1", "$1 * $0"}), {rows, gain}, i.shape(x),
               around(5));
}

ValueId positions(Idiom& i, Words names, ValueId of, int axis) {
  const std::int64_t n = i.dim(of, axis);
  const std::string spelling = i.chance(0.7) ? fmt::format("jnp.arange($0.shape[{}])", axis)
                                             : fmt::format("jnp.arange({})", n);
  const bool by_shape = spelling.find('$') != std::string::npos;
  return i.let(std::move(names), spelling, by_shape ? Ids{of} : Ids{}, counts(i, {n}),
               {0, static_cast<double>(n)});
}

ValueId dense(Idiom& i, Words names, ValueId x, ValueId kernel, double reach) {
  const std::string spelling =
      i.either({"$0 @ $1", "$0 @ $1", "jnp.dot($0, $1)",
                i.rank(x) == 1   ? "jnp.einsum(\"d,dm->m\", $0, $1)"
                : i.rank(x) == 2 ? "jnp.einsum(\"nd,dm->nm\", $0, $1)"
                                 : "jnp.einsum(\"...d,dm->...m\", $0, $1)"});
  return i.let(std::move(names), spelling, {x, kernel}, i.with_last(x, i.dim(kernel, -1)),
               around(reach));
}

std::string masked_score(Idiom& i) {
  return i.real() == DType::kF16 ? "-1e4" : i.either({"-1e9", "-1e30"});
}

ValueId causal_mask(Idiom& i, ValueId of, std::int64_t steps) {
  const Type square = flags({steps, steps});
  if (i.chance(0.4))
    return i.let({"causal", "visible", "mask"},
                 fmt::format(fmt::runtime(i.either({"jnp.tril(jnp.ones(({0}, {0}), dtype=bool))",
                                                    "jnp.tri({0}, dtype=bool)"})),
                             steps),
                 {}, square, {0, 1});
  const ValueId at = positions(i, {"positions", "steps", "idx"}, of, 0);
  return i.let(
      {"causal", "visible", "mask"},
      i.either({"$0[:, None] >= $0[None, :]", "$0[None, :] <= $0[:, None]", "$0[:, None] >= $0"}),
      {at}, square, {0, 1});
}

std::string similarity(Idiom& i, bool heads) {
  return heads ? i.either({"jnp.einsum(\"qhd,khd->hqk\", $0, $1)",
                           "jnp.einsum(\"thd,shd->hts\", $0, $1)"})
               : i.either({"$0 @ $1.T", "jnp.einsum(\"qd,kd->qk\", $0, $1)", "jnp.dot($0, $1.T)"});
}

ValueId maybe_biased(Idiom& i, ValueId out) {
  if (!i.chance(0.5)) return out;
  const ValueId bias = i.input({"bias", "b"}, {i.dim(out, -1)}, around(0.5));
  return i.let({"biased", "shifted"}, "$0 + $1", {out, bias}, i.shape(out), around(4));
}

ValueId attend(Idiom& i, Words names, ValueId query, ValueId key, ValueId value, bool causal) {
  const bool heads = i.rank(query) == 3;
  const std::int64_t from = i.dim(query, 0), to = i.dim(key, 0);
  const Shape grid = heads ? Shape{i.dim(query, 1), from, to} : Shape{from, to};
  const std::string product = similarity(i, heads);
  const std::string scaling =
      i.either({" / jnp.sqrt($0.shape[-1])", " * $0.shape[-1] ** -0.5", ""});
  ValueId scores = i.let({"scores", "logits"}, product + scaling, {query, key}, grid, around(4));
  if (scaling.empty())
    scores = i.let({"scaled", "scores"},
                   "$0 / " + Idiom::text(std::sqrt(static_cast<double>(i.dim(query, -1)))),
                   {scores}, grid, around(4));
  if (causal) {
    const ValueId mask = causal_mask(i, query, from);
    scores = i.let({"masked", "visible_scores"}, "jnp.where($0, $1, " + masked_score(i) + ")",
                   {mask, scores}, grid, around(4));
  }
  const ValueId weights = softmax(i, {"weights", "probs", "attention"}, scores, -1);
  Shape out = i.shape(query);
  out.back() = i.dim(value, -1);
  return i.let(std::move(names),
               heads ? i.either({"jnp.einsum(\"hqk,khd->qhd\", $0, $1)",
                                 "jnp.einsum(\"hts,shd->thd\", $0, $1)"})
                     : i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
               {weights, value}, out, around(3));
}

}  // namespace jaxsmith::plan::network
