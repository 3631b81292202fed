// Integers: bits and shifts, whole-number division, divisors.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_arithmetic.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using enum Bounds;

std::int64_t whole(double x) { return static_cast<std::int64_t>(x); }

// The smallest number of bits that holds every value of the operand, its sign apart.
double bits_of(const Stats& x) {
  const double top = std::max(x.hi, x.lo < 0 ? -x.lo - 1 : 0.0);
  return std::floor(portable::log2(std::max(top, 1.0))) + 1;
}

// Bounds of `&`, `|`, `^`: the bits of the wider operand, negative where one may be.
bool bitwise_bounds(Builder& b, Draft& draft) {
  const Stats &x = b[draft.operands[0]].stats, &y = b[draft.operands[1]].stats;
  const double range = portable::exp2(std::max(bits_of(x), bits_of(y)));
  Stats& out = draft.results[0].stats;
  out.lo = x.lo < 0 || y.lo < 0 ? -range : 0;
  out.hi = range - 1;
  return spread(out) > 0;
}

bool and_bounds(Builder& b, Draft& draft) {
  if (!bitwise_bounds(b, draft)) return false;
  const Stats &x = b[draft.operands[0]].stats, &y = b[draft.operands[1]].stats;
  Stats& out = draft.results[0].stats;
  if (x.lo >= 0) out.hi = std::min(out.hi, x.hi);
  if (y.lo >= 0) out.hi = std::min(out.hi, y.hi);
  if (x.lo >= 0 || y.lo >= 0) out.lo = 0;
  return true;
}

// A literal that is meant as bits: a mask, a flag.
Op with_bit_literal(Op op, double share, std::vector<double> numbers) {
  op.draw = [=, draw = op.draw, infer = op.infer](Builder& b, Draft& draft) {
    if (!b.random().chance(share)) return draw(b, draft);
    const auto x = b.draw_kind(kIntegers);
    if (!x) return false;
    const DType dtype = b[*x].type.dtype;
    const double number = b.random().pick(numbers);
    if (number > integer_bounds(dtype).hi) return false;
    draft.operands = {*x, b.literal(number, dtype)};
    return infer(b, draft);
  };
  return lossy(std::move(op));
}

Op bitwise(std::string name, double weight, Kernel2 kernel, Refine bounds,
           std::vector<std::string> hints, std::vector<std::string> spellings) {
  Op op = binary(std::move(name), kArithmetic, weight, kIntegers, anywhere(), kernel, 0, kZero,
                 std::move(hints), std::move(spellings));
  return with_bit_literal(refined(std::move(op), std::move(bounds)), 0.55,
                          {1, 2, 3, 4, 5, 6, 7, 8, 12, 15, 31, 85});
}

// Shifts by a few places, or by an array of them.
Op shift(std::string name, double weight, Kernel2 kernel, double most,
         std::vector<std::string> hints, std::vector<std::string> spellings) {
  Op op{std::move(name), kArithmetic, weight, kZero, std::move(hints), std::move(spellings)};
  op.draw = [=](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kIntegers);
    if (!x) return false;
    const double limit =
        std::min(most, 8.0 * static_cast<double>(tensor::byte_size(b[*x].type.dtype)) - 1);
    std::optional<ValueId> y;
    if (b.random().chance(0.3)) {
      y = b.draw_partner(*x);
      if (y && *y != *x) y = b.into(*y, {0, limit});
    }
    if (!y || *y == *x)
      y = b.literal(static_cast<double>(b.random().between(1, 3)), b[*x].type.dtype);
    const Stats& places = b[*y].stats;
    if (places.lo < 0 || places.hi > limit) return false;
    Value result;
    result.type = {b[*x].type.dtype, broadcast_shapes(b[*x].type.shape, b[*y].type.shape)};
    result.stats = map_stats(b[*x].stats, places, kernel);
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return lossy(std::move(op));
}

// 1 << k.
Op power_of_two() {
  Op op{"power_of_two",
        kArithmetic,
        0.15,
        kZero,
        {"bit", "flag", "capacity"},
        {"1 << $0", "jnp.left_shift(1, $0)"}};
  op.draw = [](Builder& b, Draft& draft) {
    auto x = b.draw_kind(kIntegers);
    if (x) x = b.into(*x, {0, 6});
    if (!x) return false;
    Value result;
    result.type = b[*x].type;
    result.stats = map_stats(b[*x].stats, [](double v) { return portable::exp2(v); }, kEnds);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

Op divmod() {
  Op op{"divmod", kArithmetic, 0.25, kZero, {}, {"jnp.divmod($0, $1)", "divmod($0, $1)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kIntegers);
    if (!x || magnitude(b[*x].stats) < 4) return false;
    const double top = std::min(8.0, magnitude(b[*x].stats) / 2);
    const ValueId y = b.literal(b.nice_number(2, top, true), b[*x].type.dtype);
    const double n = b[y].stats.lo;
    Value quotient, rest;
    quotient.type = rest.type = b[*x].type;
    quotient.stats =
        map_stats(b[*x].stats, b[y].stats, [](double u, double v) { return std::floor(u / v); });
    rest.stats = map_stats(b[*x].stats, b[y].stats,
                           [](double u, double v) { return u - v * std::floor(u / v); });
    rest.stats.lo = 0;
    rest.stats.hi = n - 1;
    quotient.hint = b.random().chance(0.5) ? "quotient" : "row";
    rest.hint = b.random().chance(0.5) ? "rest" : "column";
    draft.operands = {*x, y};
    draft.results = {quotient, rest};
    return true;
  };
  return lossy(std::move(op));
}

// The number of set bits as a type of its own.
Op bit_count() {
  Op op{"bitwise_count", kArithmetic, 0.12, kZero, {"bit_count"}, {"jnp.bitwise_count($0)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kIntegers);
    if (!x || !b.allowed(DType::kU8)) return false;
    Value result;
    result.type = {DType::kU8, b[*x].type.shape};
    // Of the magnitude, as NumPy has it.
    result.stats = map_stats(
        b[*x].stats,
        [](double v) {
          return static_cast<double>(
              __builtin_popcountll(static_cast<unsigned long long>(std::abs(v))));
        },
        kEnds);
    result.stats.lo = 0;
    result.stats.hi = std::min(bits_of(b[*x].stats),
                               8.0 * static_cast<double>(tensor::byte_size(b[*x].type.dtype)));
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return lossy(std::move(op));
}

Op bits(std::string name, double weight, double (*count)(double x, double width),
        std::vector<std::string> hints, std::vector<std::string> spellings) {
  Op op{std::move(name), kArithmetic, weight, kZero, std::move(hints), std::move(spellings)};
  op.draw = [=](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kIntegers);
    if (!x) return false;
    const double width = 8.0 * static_cast<double>(tensor::byte_size(b[*x].type.dtype));
    Value result;
    result.type = b[*x].type;
    for (int i = 0; i < kProbes; ++i) result.stats.probe[i] = count(b[*x].stats.probe[i], width);
    result.stats.lo = 0;
    result.stats.hi = width;
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return lossy(std::move(op));
}

double population(double x, double width) {
  const auto mask = width >= 64 ? ~0ull : (1ull << static_cast<unsigned>(width)) - 1;
  return static_cast<double>(
      __builtin_popcountll(static_cast<unsigned long long>(whole(x)) & mask));
}

double leading_zeros(double x, double width) {
  if (x < 0) return 0;
  double length = 0;
  for (auto rest = whole(x); rest > 0; rest /= 2) ++length;
  return width - length;
}

// A small whole power: x**2, x**3.
Op whole_power() {
  Op op{"whole_power",
        kArithmetic,
        0.2,
        kZero,
        {"squared", "cubed", "power"},
        {"$0**$exponent", "jnp.power($0, $exponent)", "lax.integer_pow($0, $exponent)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kIntegers);
    if (!x) return false;
    const bool cube = b.random().chance(0.4);
    Value result;
    result.type = b[*x].type;
    result.stats = cube ? map_stats(
                              b[*x].stats, [](double v) { return v * v * v; }, kEnds)
                        : map_stats(b[*x].stats, [](double v) { return v * v; }, kEnds);
    result.hint = cube ? "cubed" : "squared";
    draft.operands = {*x};
    draft.attributes["exponent"] = cube ? "3" : "2";
    draft.results = {result};
    return true;
  };
  return op;
}

// Where both operands are not negative, `lax` truncation and Python's floor are the same.
Op with_lax_where_positive(Op op, std::string lax_spelling) {
  const auto usual = op.spellings;
  return refined(std::move(op), [=](Builder& b, Draft& draft) {
    const Value &x = b[draft.operands[0]], &y = b[draft.operands[1]];
    const bool same = x.type == y.type && x.literal.empty() && y.literal.empty() && x.stats.lo >= 0;
    draft.spelling = same && b.random().chance(0.3) ? lax_spelling : b.random().pick(usual);
    return x.literal.empty();
  });
}

bool wrapped_bounds(Builder& b, Draft& draft) {
  const Stats &x = b[draft.operands[0]].stats, &y = b[draft.operands[1]].stats;
  draft.results[0].stats.lo = 0;
  draft.results[0].stats.hi = y.hi - 1;
  // Numbers that are all below the divisor stay what they are.
  return y.hi >= 2 && (x.lo < 0 || x.hi >= y.lo);
}

bool divisor_bounds(Builder& b, Draft& draft) {
  draft.results[0].stats.lo = 0;
  draft.results[0].stats.hi =
      std::max(magnitude(b[draft.operands[0]].stats), b[draft.operands[1]].stats.hi);
  return spread(draft.results[0].stats) > 0;
}

bool multiple_bounds(Builder& b, Draft& draft) {
  draft.results[0].stats.lo = 0;
  draft.results[0].stats.hi = magnitude(b[draft.operands[0]].stats) * b[draft.operands[1]].stats.hi;
  return true;
}

double wrap(double x, double y) { return x - y * std::floor(x / y); }
double gcd(double x, double y) { return static_cast<double>(std::gcd(whole(x), whole(y))); }
double lcm(double x, double y) { return static_cast<double>(std::lcm(whole(x), whole(y))); }

Op invert() {
  Op op{"bitwise_not", kArithmetic,
        0.2,           kZero,
        {"inverted"},  {"~$0", "jnp.invert($0)", "lax.bitwise_not($0)", "jnp.bitwise_not($0)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_signed_integer(v.type.dtype) || v.type.dtype == DType::kU8;
    });
    if (!x) return false;
    Value result;
    result.type = b[*x].type;
    const Kernel1 kernel = tensor::is_signed_integer(result.type.dtype)
                               ? Kernel1([](double v) { return -v - 1; })
                               : Kernel1([](double v) { return 255 - v; });
    result.stats = map_stats(b[*x].stats, kernel, kEnds);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

Op integer_sign() {
  Op op = unary("integer_sign", kArithmetic, 0.15, kSignedKind, anywhere(),
                [](double x) { return double(x > 0) - double(x < 0); }, kEnds, kZero,
                {"sign", "direction"}, {"jnp.sign($0)", "lax.sign($0)"});
  return lossy(std::move(op));
}

// The quotient of integers is a real number.
Op true_ratio() {
  Op op =
      pairwise("integer_ratio", kArithmetic, 0.3, kIntegers, anywhere(), {1, 1e6},
               [](double x, double y) { return x / y; }, 0.6, kZero, {"ratio", "share", "fraction"},
               {"$0 / $1", "jnp.divide($0, $1)", "jnp.true_divide($0, $1)"});
  op = refined(std::move(op), [](Builder& b, Draft& draft) {
    Value& result = draft.results[0];
    result.type.dtype = inexact_of(result.type.dtype);
    return b[draft.operands[0]].literal.empty() && !(b[draft.operands[1]].stats.hi < 2);
  });
  return with_traits(kInOrder, std::move(op));
}

}  // namespace

std::vector<Op> integer_arithmetic_ops() {
  const auto both = [](double x, double y) { return double(whole(x) & whole(y)); };
  const auto either = [](double x, double y) { return double(whole(x) | whole(y)); };
  const auto differing = [](double x, double y) { return double(whole(x) ^ whole(y)); };
  return {
      with_traits(kInOrder,
                  with_lax_where_positive(
                      lossy(refined(binary("remainder", kArithmetic, 0.6, kIntegers, {1, 1e9}, wrap,
                                           0.7, kZero, {"remainder", "wrapped"},
                                           {"$0 % $1", "jnp.mod($0, $1)", "jnp.remainder($0, $1)",
                                            "$0 % $1"}),
                                    wrapped_bounds)),
                      "lax.rem($0, $1)")),
      with_traits(kInOrder,
                  with_lax_where_positive(
                      lossy(pairwise("floor_divide", kArithmetic, 0.5, kIntegers, anywhere(),
                                     {1, 1e9}, [](double x, double y) { return std::floor(x / y); },
                                     0.7, kZero, {"quotient", "groups", "blocks"},
                                     {"$0 // $1", "jnp.floor_divide($0, $1)", "$0 // $1"})),
                      "lax.div($0, $1)")),
      divmod(),
      true_ratio(),
      bitwise("bitwise_and", 0.5, both, and_bounds, {"masked", "low_bits", "common"},
              {"$0 & $1", "jnp.bitwise_and($0, $1)", "lax.bitwise_and($0, $1)"}),
      bitwise("bitwise_or", 0.4, either, bitwise_bounds, {"flags", "joined"},
              {"$0 | $1", "jnp.bitwise_or($0, $1)", "lax.bitwise_or($0, $1)"}),
      bitwise("bitwise_xor", 0.5, differing, bitwise_bounds, {"toggled", "scrambled", "difference"},
              {"$0 ^ $1", "jnp.bitwise_xor($0, $1)", "lax.bitwise_xor($0, $1)"}),
      shift("left_shift", 0.35, [](double x, double n) { return x * portable::exp2(n); }, 5,
            {"shifted", "packed"},
            {"$0 << $1", "jnp.left_shift($0, $1)", "lax.shift_left($0, $1)"}),
      shift("right_shift", 0.4,
            [](double x, double n) { return std::floor(x / portable::exp2(n)); }, 5,
            {"shifted", "high_bits", "halved"}, {"$0 >> $1", "jnp.right_shift($0, $1)"}),
      power_of_two(),
      invert(),
      bit_count(),
      bits("population_count", 0.2, population, {"bit_count", "weight"},
           {"lax.population_count($0)"}),
      bits("count_leading_zeros", 0.2, leading_zeros, {"leading_zeros"}, {"lax.clz($0)"}),
      refined(pairwise("gcd", kArithmetic, 0.2, kIntegers, {0, 1e4}, {1, 1e4}, gcd, 0.5, kZero,
                       {"divisor", "common"}, {"jnp.gcd($0, $1)"}),
              divisor_bounds),
      refined(pairwise("lcm", kArithmetic, 0.12, kIntegers, {0, 60}, {1, 60}, lcm, 0.5, kZero,
                       {"multiple", "period"}, {"jnp.lcm($0, $1)"}),
              multiple_bounds),
      whole_power(),
      integer_sign(),
  };
}

}  // namespace jaxsmith::plan
