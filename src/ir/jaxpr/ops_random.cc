// Random keys and bits, as jax/_src/random makes them: jax_threefry_partitionable is on, which is
// JAX's default.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "ir/jaxpr/op_table.h"
#include "tensor/closeness.h"
#include "tensor/elementwise.h"
#include "tensor/movement.h"
#include "tensor/random_bits.h"

namespace jaxsmith::jaxpr {
namespace {

using U32 = std::uint32_t;

const Value& key_at(const Call& c, std::size_t i) {
  const Value& v = c.value(i);
  if (v.kind != Value::Kind::kKey) invalid(fmt::format("keys are wanted, not {}", type_text(v)));
  return v;
}

Shape joined(Shape outer, const Shape& inner) {
  outer.insert(outer.end(), inner.begin(), inner.end());
  return outer;
}

Array word_type(const Shape& shape) { return Array::typed(DType::kU32, shape); }

// A hash of two counters by a key, element by element.
std::pair<Array, Array> hashed(const Array& key0, const Array& key1, const Array& x0,
                               const Array& x1) {
  const Array* all[] = {&key0, &key1, &x0, &x1};
  const Array* shaped = all[0];
  for (const Array* a : all) {
    if (a->dtype() != DType::kU32)
      invalid(fmt::format("threefry takes u32, not {}", a->type_text()));
    if (a->rank() != 0) shaped = a;
  }
  for (const Array* a : all)
    if (a->rank() != 0 && a->shape() != shaped->shape()) invalid("operands of different shapes");
  Array first = Array::result({&key0, &key1, &x0, &x1}, DType::kU32, shaped->shape()),
        second = first;
  if (first.abstract()) return {first, second};
  first.context().spend({first.size(), 40});
  auto a = first.mutate<std::int64_t>();
  auto b = second.mutate<std::int64_t>();
  const auto at = [](const Array& x, std::size_t i) {
    return static_cast<U32>(x.ints()[x.rank() == 0 ? 0 : i]);
  };
  for (std::size_t i = 0; i < a.size(); ++i)
    std::tie(a[i], b[i]) = tensor::threefry_2x32(at(key0, i), at(key1, i), at(x0, i), at(x1, i));
  return {first, second};
}

Values threefry_rule(const Call& c) {
  c.want(4);
  auto [first, second] = hashed(c.array(0), c.array(1), c.array(2), c.array(3));
  return {first, second};
}

// The places of a shape's elements in row-major order, as two words.
std::pair<Array, Array> counters(const ir::Maker& make, const Shape& shape) {
  Array high = make.zeros(DType::kU32, shape), low = high;
  if (make.abstract) return {high, low};
  auto to = low.mutate<std::int64_t>();
  auto upper = high.mutate<std::int64_t>();
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = static_cast<U32>(i);
    upper[i] = static_cast<U32>(static_cast<std::uint64_t>(i) >> 32);
  }
  make.context.spend(low.size());
  return {high, low};
}

Values counters_rule(const Call& c) {
  c.want(0);
  auto [high, low] = counters(c.make(), c.ints("shape"));
  return {high, low};
}

// Two words for each element of `shape` by each of the keys.
std::pair<Array, Array> hashed_counters(const Array& key0, const Array& key1, const Shape& shape) {
  const Shape all = joined(key0.shape(), shape);
  if (key0.abstract()) return {word_type(all), word_type(all)};
  Ints outer, inner;
  for (std::size_t d = 0; d < all.size(); ++d)
    (d < key0.shape().size() ? outer : inner).push_back(static_cast<std::int64_t>(d));
  const auto [high, low] = counters({key0.context()}, shape);
  return hashed(
      tensor::broadcast_in_dim(key0, all, outer), tensor::broadcast_in_dim(key1, all, outer),
      tensor::broadcast_in_dim(high, all, inner), tensor::broadcast_in_dim(low, all, inner));
}

// ---- Philox, which has one key at a time

// For each key, by its words, an array of `shape`; the arrays one after another.
Array for_each_key(const Value& keys, DType dtype, const Shape& shape,
                   const std::function<Array(const Array& words)>& make) {
  const Shape all = joined(keys.words[0].shape(), shape);
  Array out = keys.words[0].zeros(dtype, all);
  if (out.abstract()) return out;
  const std::int64_t n = tensor::element_count(shape);
  const Ints own = tensor::row_major_strides(shape);
  const tensor::Rounds rounds(out.context());
  for (std::int64_t i = 0; i < keys.words[0].size(); ++i, rounds.next()) {
    Ints words;
    for (const Array& w : keys.words) words.push_back(w.int_at(i));
    tensor::copy_box(shape, make(Array::of_ints(out.context(), DType::kU32, words)), 0, own, out,
                     i * n, own);
  }
  return out;
}

Array philox_bits(const Array& words, DType dtype, const Shape& shape) {
  return tensor::random_bits(tensor::RandomAlgorithm::kPhilox, words, dtype, shape).second;
}

// ---- The primitives

// From an integer, its two words; those of rbg twice.
Value seeded(KeyKind kind, const Array& seed) {
  if (!tensor::is_integer(seed.dtype()))
    invalid(fmt::format("a seed is no integer: {}", seed.type_text()));
  const Array shift = seed.scalar_int(DType::kU64, 32);
  // The words of the pattern in its own width: the upper one of 32 bits and fewer is 0.
  const DType unsigned_type = tensor::bit_width(seed.dtype()) == 64 ? DType::kU64 : DType::kU32;
  const Array wide = tensor::convert(tensor::convert(seed, unsigned_type), DType::kU64);
  const Array high = tensor::convert(tensor::binary(Binary::shift_right_logical, wide, shift),
                                     DType::kU32),
              low = tensor::convert(wide, DType::kU32);
  if (kind == KeyKind::kThreefry) return Value::keys(kind, {high, low});
  return Value::keys(kind, {high, low, high, low});
}

KeyKind kind_named(const Call& c) {
  std::string_view name = c.word("impl");
  if (name.empty() && c.result_type().kind == Type::Kind::kKey) return c.result_type().key;
  const auto kind = from_word<KeyKind>(name);
  if (!kind) unsupported(fmt::format("keys of {}", name));
  return *kind;
}

Values random_seed_rule(const Call& c) {
  c.want(1);
  return {seeded(kind_named(c), c.array(0))};
}

Values random_wrap_rule(const Call& c) {
  c.want(1);
  return {keys_from_words(kind_named(c), c.array(0))};
}

Values random_unwrap_rule(const Call& c) {
  c.want(1);
  return {key_words(key_at(c, 0))};
}

Value split(const Value& keys, const Shape& shape) {
  if (keys.key == KeyKind::kUnsafeRbg) {
    const std::int64_t n = word_type(shape).size();
    Shape four = shape;
    four.push_back(4);
    return keys_from_words(
        keys.key, for_each_key(keys, DType::kU32, four, [&](const Array& words) {
          const Array bits = philox_bits(words, DType::kU32, {10 * n, 4});
          return tensor::slice(bits, {0, 0}, {10 * n, 4}, {10, 1}).reshaped(four);
        }));
  }
  std::vector<Array> out;
  for (std::size_t half = 0; half < keys.words.size(); half += 2) {
    auto [first, second] = hashed_counters(keys.words[half], keys.words[half + 1], shape);
    out.push_back(first);
    out.push_back(second);
  }
  return Value::keys(keys.key, std::move(out));
}

Values random_split_rule(const Call& c) {
  c.want(1);
  return {split(key_at(c, 0), c.ints("shape"))};
}

Values random_fold_in_rule(const Call& c) {
  c.want(2);
  Value keys = key_at(c, 0);
  if (!tensor::is_integer(c.array(1).dtype())) invalid("what is folded in is no integer");
  Array data = tensor::convert(c.array(1), DType::kU32);
  // One key goes with many numbers, as one number with many keys.
  if (keys.words[0].shape().empty()) {
    for (Array& words : keys.words) words = tensor::broadcast_in_dim(words, data.shape(), {});
  } else if (data.shape().empty()) {
    data = tensor::broadcast_in_dim(data, keys.words[0].shape(), {});
  }
  if (data.shape() != keys.words[0].shape())
    invalid(fmt::format("{} is folded into {}", data.type_text(), type_text(keys)));
  const Value seed = seeded(keys.key, data);
  std::vector<Array> out;
  if (keys.key == KeyKind::kUnsafeRbg) {
    const Value mixed = keys_from_words(
        keys.key, for_each_key(seed, DType::kU32, {4}, [](const Array& words) {
          return tensor::slice(philox_bits(words, DType::kU32, {10, 4}), {9, 0}, {10, 4}, {1, 1})
              .reshaped({4});
        }));
    for (std::size_t w = 0; w < keys.words.size(); ++w)
      out.push_back(tensor::binary(Binary::xor_, keys.words[w], mixed.words[w]));
    return {Value::keys(keys.key, std::move(out))};
  }
  for (std::size_t half = 0; half < keys.words.size(); half += 2) {
    auto [first, second] =
        hashed(keys.words[half], keys.words[half + 1], seed.words[0], seed.words[1]);
    out.push_back(first);
    out.push_back(second);
  }
  return {Value::keys(keys.key, std::move(out))};
}

DType bits_type(std::int64_t width) {
  switch (width) {
    case 8:
      return DType::kU8;
    case 16:
      return DType::kU16;
    case 32:
      return DType::kU32;
    case 64:
      return DType::kU64;
    default:
      invalid(fmt::format("bit_width is none of 8, 16, 32, 64: {}", width));
  }
}

Array bits_of(const Value& keys, DType dtype, const Shape& shape) {
  if (keys.key != KeyKind::kThreefry)
    return for_each_key(keys, dtype, shape,
                        [&](const Array& words) { return philox_bits(words, dtype, shape); });
  const auto [first, second] = hashed_counters(keys.words[0], keys.words[1], shape);
  if (dtype != DType::kU64)
    return tensor::convert(tensor::binary(Binary::xor_, first, second), dtype);
  const Array shift = first.scalar_int(DType::kU64, 32);
  return tensor::binary(Binary::or_,
                        tensor::binary(Binary::shift_left, tensor::convert(first, dtype), shift),
                        tensor::convert(second, dtype));
}

Values random_bits_rule(const Call& c) {
  c.want(1);
  return {bits_of(key_at(c, 0), bits_type(c.integer("bit_width")), c.ints("shape"))};
}

// ---- Gamma variates

// Scalars in the variates' type, every step rounded to it as JAX's are.
struct Scalars {
  const tensor::EvaluationContext& context;
  DType dtype;

  Array of(double value) const { return Array::scalar(context, dtype, value); }
  static Array add(const Array& x, const Array& y) { return tensor::binary(Binary::add, x, y); }
  static Array sub(const Array& x, const Array& y) {
    return tensor::binary(Binary::subtract, x, y);
  }
  static Array mul(const Array& x, const Array& y) {
    return tensor::binary(Binary::multiply, x, y);
  }
  static Array div(const Array& x, const Array& y) { return tensor::binary(Binary::divide, x, y); }
  static Array log(const Array& x) { return tensor::unary(Unary::log, x); }
  static bool holds(Direction direction, const Array& x, const Array& y) {
    return tensor::compare(direction, false, x, y).int_at(0) != 0;
  }

  // jax/_src/random/core.py, _uniform: the mantissa is random, the exponent that of 1.
  Array uniform(const Value& key, double low, double high) const {
    const int width = tensor::bit_width(dtype);
    const int mantissa = static_cast<int>(-std::log2(tensor::epsilon(dtype)));
    const int random = mantissa < 8 ? 8 : width;
    const DType word = bits_type(width);
    const Array bits = tensor::convert(bits_of(key, bits_type(random), {}), word);
    const Array kept =
        tensor::binary(Binary::shift_right_logical, bits, bits.scalar_int(word, random - mantissa));
    const Array one = of(1);
    const Array from_one = tensor::bitcast_convert(
        tensor::binary(Binary::or_, kept, tensor::bitcast_convert(one, word)), dtype);
    return tensor::binary(Binary::maximum, of(low),
                          add(mul(sub(from_one, one), sub(of(high), of(low))), of(low)));
  }

  Array normal(const Value& key) const {
    const double above_minus_one = tensor::epsilon(dtype) / 2 - 1;
    return mul(of(std::sqrt(2.0)), tensor::unary(Unary::erf_inv, uniform(key, above_minus_one, 1)));
  }

  Array gamma(const Value& key, const Array& shape, bool log_space) const;
};

// One of several keys, by its place among all of their words.
Value one_of(const Value& keys, std::int64_t i) {
  std::vector<Array> words;
  for (const Array& w : keys.words) words.push_back(w.scalar_int(DType::kU32, w.int_at(i)));
  return Value::keys(keys.key, std::move(words));
}

// G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables" (2000), in the
// steps of jax/_src/random/core.py, _gamma_one. Below 1 the shape is boosted by 1.
Array Scalars::gamma(const Value& key, const Array& shape, bool log_space) const {
  const Array one = of(1), zero = of(0), third = of(1.0 / 3);
  const bool boosted = !holds(Direction::kGe, shape, one);
  const Array d = sub(boosted ? add(shape, one) : shape, third);
  const Array c = div(third, tensor::unary(Unary::sqrt, d));
  const Value first = split(key, {2});
  Value state = one_of(first, 0);
  Array x = zero, v = one, u = of(2);
  const auto refused = [&] {
    const Array squeeze = sub(one, mul(of(0.0331), mul(x, x)));
    const Array bound = add(mul(x, of(0.5)), mul(d, add(sub(one, v), log(v))));
    return holds(Direction::kGe, u, squeeze) && holds(Direction::kGe, log(u), bound);
  };
  for (const tensor::Rounds rounds(context); refused(); rounds.next()) {
    const Value keys = split(state, {3});
    state = one_of(keys, 0);
    Value of_normal = one_of(keys, 1);
    Array normal_value = zero, root = of(-1);
    for (const tensor::Rounds tries(context); holds(Direction::kLe, root, zero); tries.next()) {
      const Value pair = split(of_normal, {2});
      of_normal = one_of(pair, 0);
      normal_value = normal(one_of(pair, 1));
      root = add(one, mul(normal_value, c));
    }
    x = mul(normal_value, normal_value);
    v = mul(mul(root, root), root);
    u = uniform(one_of(keys, 2), 0, 1);
  }
  const Array sample = uniform(one_of(first, 1), 0, 1);
  if (!log_space)
    return mul(mul(d, v),
               boosted ? tensor::binary(Binary::power, sub(one, sample), div(one, shape)) : one);
  const Array logarithm = tensor::unary(Unary::log_plus_one, tensor::unary(Unary::negate, sample));
  const bool none = !boosted || holds(Direction::kEq, logarithm, zero);
  return add(add(log(d), log(v)), none ? zero : mul(logarithm, div(one, shape)));
}

// Each variate has a key of its own, split from that of its place in the keys' shape.
Values random_gamma_rule(const Call& c) {
  c.want(2);
  const Value& keys = key_at(c, 0);
  const Array& shapes = c.array(1);
  const Shape& outer = keys.words[0].shape();
  if (!tensor::is_real(shapes.dtype()) || tensor::is_narrow(shapes.dtype()))
    invalid(fmt::format("gamma variates have no shape parameter {}", shapes.type_text()));
  if (outer.size() > shapes.shape().size() ||
      !std::equal(outer.begin(), outer.end(), shapes.shape().begin()))
    invalid(fmt::format("{} beside {}", type_text(keys), shapes.type_text()));
  Array out = c.make().zeros(shapes.dtype(), shapes.shape());
  if (out.abstract()) return {out};
  const Shape inner(shapes.shape().begin() + static_cast<std::ptrdiff_t>(outer.size()),
                    shapes.shape().end());
  const Value all = split(keys, {tensor::element_count(inner)});
  const Scalars scalars{c.context(), shapes.dtype()};
  const bool log_space = c.flag("log_space");
  const tensor::Rounds rounds(c.context());
  for (std::int64_t i = 0; i < out.size(); ++i, rounds.next()) {
    Array shape = out.zeros(shapes.dtype(), {});
    tensor::copy_box({}, shapes, i, {}, shape, 0, {});
    tensor::copy_box({}, scalars.gamma(one_of(all, i), shape, log_space), 0, {}, out, i, {});
  }
  return {out};
}

Values random_clone_rule(const Call& c) {
  c.want(1);
  return {key_at(c, 0)};
}

// What it gives is left to the compiler.
Values rng_uniform_rule(const Call& c) {
  c.want(2);
  return {tensor::unstated_random("rng_uniform", c.array(0), c.array(1), c.ints("shape"))};
}

Values rng_bit_generator_rule(const Call& c) {
  c.want(1);
  const std::string_view algorithm = c.word("algorithm");
  const auto chosen = algorithm == "RNG_THREE_FRY" ? tensor::RandomAlgorithm::kThreefry
                                                   : tensor::RandomAlgorithm::kPhilox;
  auto [state, bits] = tensor::random_bits(chosen, c.array(0),
                                           c.dtype("dtype").value_or(DType::kU32), c.ints("shape"));
  return {state, bits};
}

}  // namespace

void add_random_rules(OpRules& rules) {
  const OpRules own = {
      {"iota_2x32_shape", counters_rule},  {"random_bits", random_bits_rule},
      {"random_clone", random_clone_rule}, {"random_fold_in", random_fold_in_rule},
      {"random_gamma", random_gamma_rule}, {"random_seed", random_seed_rule},
      {"random_split", random_split_rule}, {"random_unwrap", random_unwrap_rule},
      {"random_wrap", random_wrap_rule},   {"rng_bit_generator", rng_bit_generator_rule},
      {"rng_uniform", rng_uniform_rule},   {"threefry2x32", threefry_rule},
  };
  rules.insert(rules.end(), own.begin(), own.end());
}

}  // namespace jaxsmith::jaxpr
