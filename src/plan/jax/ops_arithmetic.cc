// Arithmetic: operators and their functions on reals. Integers and complex numbers have files of
// their own.
#include "plan/jax/ops_arithmetic.h"

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using enum Bounds;

// Limits among typical elements, so that clipping does something and not everything.
Interval limits_for(Builder& b, const Value& v) {
  const bool integral = tensor::is_integer(v.type.dtype);
  const double m = median(v.stats), s = std::max(spread(v.stats), integral ? 4.0 : 0.2);
  const double floor = integral ? integer_bounds(v.type.dtype).lo : -1e9;
  return {b.nice_number(std::max(m - 0.5 * s, floor), std::max(m - 0.2 * s, floor), integral),
          b.nice_number(m + 0.2 * s, m + 0.5 * s, integral)};
}

// Whether a typical element is beyond a limit.
bool reaches(const Stats& x, double lo, double hi) {
  return std::ranges::any_of(x.probe, [=](double p) { return p < lo || p > hi; });
}

Stats clipped(Stats x, double lo, double hi) {
  for (double& p : x.probe) p = std::clamp(p, lo, hi);
  x.lo = std::clamp(x.lo, lo, hi);
  x.hi = std::clamp(x.hi, lo, hi);
  return x;
}

// lax.clamp takes literals only where they have the operand's type on their own.
bool clamp_applies(const Builder& b, DType dtype) {
  return b.settings().x64 ? dtype == DType::kF64 || dtype == DType::kI64
                          : dtype == DType::kF32 || dtype == DType::kI32;
}

Op clip() {
  Op op{"clip", kArithmetic, 0.6, kSmooth, {"clipped", "bounded", "limited"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    if (!x.literal.empty() || !(kind_of(x.type.dtype) & kNumbers)) return false;
    const double lo = b[draft.operands[1]].stats.lo, hi = b[draft.operands[2]].stats.hi;
    if (lo >= hi) return false;
    Value result;
    result.type = x.type;
    result.stats = clipped(x.stats, lo, hi);
    draft.results = {result};
    static const std::vector<std::string> kSpellings = {"jnp.clip($0, $1, $2)", "$0.clip($1, $2)",
                                                        "jnp.clip($0, min=$1, max=$2)",
                                                        "lax.clamp($1, $0, $2)"};
    const bool literals =
        !b[draft.operands[1]].literal.empty() && !b[draft.operands[2]].literal.empty();
    const bool clamp = literals && clamp_applies(b, x.type.dtype);
    draft.spelling = clamp ? b.random().pick(kSpellings) : spelling_without(b, kSpellings, "lax.");
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kNumbers);
    if (!x) return false;
    const Interval limits = limits_for(b, b[*x]);
    const DType dtype = b[*x].type.dtype;
    draft.operands = {*x, b.literal(limits.lo, dtype), b.literal(limits.hi, dtype)};
    // Each limit is one that some elements meet.
    const Stats& stats = b[*x].stats;
    return reaches(stats, limits.lo, stats.hi) && reaches(stats, stats.lo, limits.hi) &&
           infer(b, draft);
  };
  return lossy(std::move(op));
}

// One limit only: x.clip(min=0.1).
Op clip_one_side() {
  Op op{"clip_one_side", kArithmetic, 0.3, kSmooth, {"clipped", "floored", "capped"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kNumbers);
    if (!x) return false;
    const Interval limits = limits_for(b, b[*x]);
    const bool below = b.random().chance(0.6);
    const Stats& stats = b[*x].stats;
    if (limits.lo >= limits.hi) return false;
    if (!reaches(stats, below ? limits.lo : stats.lo, below ? stats.hi : limits.hi)) return false;
    Value result;
    result.type = b[*x].type;
    result.stats = below ? clipped(stats, limits.lo, std::max(stats.hi, limits.lo))
                         : clipped(stats, std::min(stats.lo, limits.hi), limits.hi);
    draft.results = {result};
    draft.operands = {*x, b.literal(below ? limits.lo : limits.hi, b[*x].type.dtype)};
    const std::string limit = below ? "min=$1)" : "max=$1)";
    draft.spelling = (b.random().chance(0.5) ? "$0.clip(" : "jnp.clip($0, ") + limit;
    return true;
  };
  return lossy(std::move(op));
}

// x * mask, x + counts: the result has the type of the real operand.
Op mixed(std::string name, double weight, std::uint32_t second, Kernel2 kernel,
         Derivative derivative, std::vector<std::string> hints,
         std::vector<std::string> spellings) {
  Op op{std::move(name), kArithmetic, weight, derivative, std::move(hints), std::move(spellings)};
  op.draw = [=](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(second == kBoolKind ? kReal | kSignedKind : kReal);
    if (!x) return false;
    const Shape shape = b[*x].type.shape;
    const auto y = b.draw([&](const Value& v) {
      return (kind_of(v.type.dtype) & second) && b.broadcasts(v.type.shape, shape) &&
             magnitude(v.stats) <= 200;
    });
    if (!y) return false;
    Value result;
    result.type = {b[*x].type.dtype, broadcast_shapes(shape, b[*y].type.shape)};
    result.stats = map_stats(b[*x].stats, b[*y].stats, kernel);
    draft.operands = {*x, *y};
    draft.results = {result};
    // Small integers are no match for what half precision can hold.
    return !half_precision(b[*x].type.dtype) || magnitude(b[*y].stats) <= 50;
  };
  return op;
}

// 1 - x, 2 / x: the literal comes first.
Op literal_first(std::string name, double weight, Interval domain, Kernel2 kernel,
                 std::vector<double> numbers, std::vector<std::string> hints,
                 std::vector<std::string> spellings) {
  Op op{std::move(name), kArithmetic, weight, kSmooth, std::move(hints), std::move(spellings)};
  op.draw = [=](Builder& b, Draft& draft) {
    auto x = b.draw_kind(kReal);
    if (x && !in_domain(b[*x].stats, domain)) x = b.into(*x, domain);
    if (!x) return false;
    const double number = b.random().pick(numbers);
    Value result;
    result.type = b[*x].type;
    result.stats = map_stats(constant_stats(number), b[*x].stats, kernel);
    draft.operands = {*x, b.literal(number, result.type.dtype)};
    draft.results = {result};
    return true;
  };
  return op;
}

// 2.0 * jnp.pi * x and its like: a factor that has a name.
Op named_factor() {
  Op op{"named_factor",
        kArithmetic,
        0.35,
        kSmooth,
        {"angle", "phase", "scaled"},
        {"$factor * $0", "$0 * $factor"}};
  op.traits = kLinearMap;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal);
    if (!x) return false;
    static const std::vector<std::pair<std::string, double>> kFactors = {
        {"jnp.pi", 3.14159265},
        {"2.0 * jnp.pi", 6.28318531},
        {"0.5 * jnp.pi", 1.57079633},
        {"jnp.e", 2.71828183}};
    const auto& [text, factor] = b.random().pick(kFactors);
    Value result;
    result.type = b[*x].type;
    result.stats = scale_stats(b[*x].stats, factor);
    draft.attributes["factor"] = text;
    // `x * 2.0 * jnp.pi` is another product, rounded another way, and reads worse.
    if (text.find('*') != std::string::npos) draft.spelling = "$factor * $0";
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

Op round_to() {
  Op op{"round",
        kArithmetic,
        0.25,
        kZero,
        {"rounded"},
        {"jnp.round($0, $decimals)", "$0.round($decimals)", "jnp.round($0, decimals=$decimals)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal);
    if (!x) return false;
    const auto decimals = b.random().between(0, 3);
    draft.operands = {*x};
    draft.attributes["decimals"] = std::to_string(decimals);
    static const std::vector<std::string> kWhole = {"jnp.round($0)", "$0.round()", "jnp.rint($0)"};
    if (decimals == 0) {
      if (magnitude(b[*x].stats) < 2) return false;
      draft.spelling = b.random().pick(kWhole);
    }
    const double step = portable::pow(10.0, static_cast<double>(-decimals));
    Value result;
    result.type = b[*x].type;
    result.stats = b[*x].stats;
    for (double& p : result.stats.probe) p = std::round(p / step) * step;
    result.stats.lo = std::floor(result.stats.lo / step) * step;
    result.stats.hi = std::ceil(result.stats.hi / step) * step;
    draft.results = {result};
    return true;
  };
  return full_precision(lossy(std::move(op)));
}

// Two results at once: whole and fractional part, mantissa and exponent.
Op two_parts(std::string name, double weight, bool exponent, std::vector<std::string> spellings) {
  Op op{std::move(name), kArithmetic, weight, exponent ? kNone : kZero, {}, std::move(spellings)};
  op.draw = [=](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) {
      return tensor::is_real(v.type.dtype) &&
             (exponent ? v.stats.lo > 0.01 : magnitude(v.stats) >= 2);
    });
    if (!x) return false;
    Value first, second;
    first.type = second.type = b[*x].type;
    if (exponent) {
      second.type.dtype = DType::kI32;
      first.stats = map_stats(
          b[*x].stats,
          [](double v) {
            int e;
            return std::frexp(v, &e);
          },
          kEnds);
      first.stats.lo = 0.5;
      first.stats.hi = 1;
      second.stats = map_stats(
          b[*x].stats,
          [](double v) {
            int e;
            std::frexp(v, &e);
            return double(e);
          },
          kEnds);
      first.hint = "mantissa";
      second.hint = "exponent";
    } else {
      first.stats = map_stats(b[*x].stats, [](double v) { return v - std::trunc(v); }, kUnit);
      second.stats = map_stats(b[*x].stats, [](double v) { return std::trunc(v); }, kEnds);
      first.hint = "fraction";
      second.hint = "whole";
    }
    draft.operands = {*x};
    draft.results = {first, second};
    return true;
  };
  return full_precision(lossy(std::move(op)));
}

double wrap(double x, double y) { return x - y * std::floor(x / y); }

Refine wrapped_bounds() {
  return [](Builder& b, Draft& draft) {
    const Value &x = b[draft.operands[0]], &y = b[draft.operands[1]];
    draft.results[0].stats.lo = 0;
    draft.results[0].stats.hi = y.stats.hi;
    // The period shows only in what goes beyond it.
    draft.results[0].sure = x.sure | (spread(x.stats) > 2 * y.stats.hi ? y.sure : 0);
    draft.sure_given = true;
    return x.literal.empty() && (x.stats.lo < 0 || x.stats.hi > y.stats.lo);
  };
}

// A threshold at zero divides what has both signs.
Op of_both_signs(Op op) {
  return refined(std::move(op), [](Builder& b, Draft& draft) {
    const Stats& x = b[draft.operands[0]].stats;
    return median(x) != 0 && x.lo < 0 && x.hi > 0;
  });
}

// Nobody takes away what was added a step before.
Op of_new_terms(Op op) {
  const bool subtract = op.has(kSubtraction);
  return refined(std::move(op), [subtract](Builder& b, Draft& draft) {
    return !cancels(b, draft.operands[0], draft.operands[1], subtract);
  });
}

bool same_magnitudes(Builder& b, Draft& draft) {
  const Value& x = b[draft.operands[0]];
  if (tensor::is_complex(x.type.dtype)) draft.results[0].stats = x.stats;
  return true;
}

// Of the second operand only the sign shows, and few elements may all keep theirs.
bool sign_of_second(Builder& b, Draft& draft) {
  const Value &x = b[draft.operands[0]], &y = b[draft.operands[1]];
  const bool many = tensor::element_count(y.type.shape) >= 4;
  draft.results[0].sure = x.sure | (many ? y.sure : 0);
  draft.sure_given = true;
  return median(y.stats) != 0 && y.stats.lo < 0 && y.stats.hi > 0;
}

std::vector<Op> basic_ops() {
  return {
      complex_magnitudes(of_new_terms(
          with_traits(kAddition | kLinearMap,
                      binary("add", kArithmetic, 2.0, kNumbers | kComplexKind, anywhere(),
                             [](double x, double y) { return x + y; }, 0.3, kSmooth,
                             {"shifted", "total", "combined"},
                             {"$0 + $1", "jnp.add($0, $1)", "lax.add($0, $1)", "$0 + $1"})))),
      complex_magnitudes(of_new_terms(
          with_traits(kSubtraction | kLinearMap | kInOrder,
                      binary("subtract", kArithmetic, 1.8, kReal | kSignedKind | kComplexKind,
                             anywhere(), [](double x, double y) { return x - y; }, 0.2, kSmooth,
                             {"delta", "centered", "residual"},
                             {"$0 - $1", "jnp.subtract($0, $1)", "lax.sub($0, $1)", "$0 - $1"})))),
      complex_magnitudes(
          with_traits(kProduct | kLinearMap,
                      binary("multiply", kArithmetic, 2.0, kNumbers | kComplexKind, anywhere(),
                             [](double x, double y) { return x * y; }, 0.4, kSmooth,
                             {"scaled", "weighted", "product"},
                             {"$0 * $1", "$1 * $0", "jnp.multiply($0, $1)", "lax.mul($0, $1)"}))),
      with_traits(kLinearMap | kInOrder, binary("divide", kArithmetic, 1.0, kReal, {0.05, 1e6},
                                                [](double x, double y) { return x / y; }, 0.3,
                                                kSmooth, {"ratio", "normalized"},
                                                {"$0 / $1", "jnp.divide($0, $1)", "lax.div($0, $1)",
                                                 "jnp.true_divide($0, $1)", "$0 / $1"})),
      binary("maximum", kArithmetic, 0.8, kNumbers, anywhere(),
             [](double x, double y) { return std::max(x, y); }, 0.3, kSmooth, {"upper", "larger"},
             {"jnp.maximum($0, $1)", "lax.max($0, $1)"}),
      binary("minimum", kArithmetic, 0.8, kNumbers, anywhere(),
             [](double x, double y) { return std::min(x, y); }, 0.3, kSmooth, {"lower", "smaller"},
             {"jnp.minimum($0, $1)", "lax.min($0, $1)"}),
      binary("fmax", kArithmetic, 0.12, kReal, anywhere(),
             [](double x, double y) { return std::max(x, y); }, 0.3, kSmooth, {"upper", "larger"},
             {"jnp.fmax($0, $1)"}),
      binary("fmin", kArithmetic, 0.12, kReal, anywhere(),
             [](double x, double y) { return std::min(x, y); }, 0.3, kSmooth, {"lower", "smaller"},
             {"jnp.fmin($0, $1)"}),
      refined(with_traits(
                  kNegation | kLinearMap,
                  unary("negative", kArithmetic, 0.5, kReal | kSignedKind | kComplexKind,
                        anywhere(), [](double x) { return -x; }, kEnds, kSmooth,
                        {"negated", "flipped"}, {"-$0", "jnp.negative($0)", "lax.neg($0)", "-$0"})),
              same_magnitudes),
      unary("abs", kArithmetic, 0.7, kReal | kSignedKind, anywhere(),
            [](double x) { return std::abs(x); }, kEnds, kSmooth, {"magnitude", "strength"},
            {"jnp.abs($0)", "lax.abs($0)", "abs($0)", "jnp.absolute($0)"}),
      clip(),
      clip_one_side(),
  };
}

std::vector<Op> further_ops() {
  const std::uint32_t ints = kIntegers;
  return {
      unary("reciprocal", kArithmetic, 0.3, kReal, {0.1, 1e4}, [](double x) { return 1 / x; },
            kEnds, kSmooth, {"inverse", "reciprocal"},
            {"jnp.reciprocal($0)", "1.0 / $0", "lax.reciprocal($0)"}),
      with_traits(kLinearMap,
                  literal_first("subtract_from", 0.6, anywhere(),
                                [](double n, double x) { return n - x; }, {1.0, 1.0, 0.5, 2.0},
                                {"remaining", "complement"}, {"$1 - $0", "jnp.subtract($1, $0)"})),
      literal_first("divide_by", 0.35, {0.1, 1e4}, [](double n, double x) { return n / x; },
                    {1.0, 0.5, 2.0, 3.0}, {"inverse", "falloff"},
                    {"$1 / $0", "jnp.divide($1, $0)"}),
      named_factor(),
      mixed("mask_out", 0.3, kBoolKind, [](double x, double y) { return x * y; }, kSmooth,
            {"masked", "kept"}, {"$0 * $1", "$1 * $0", "jnp.multiply($0, $1)"}),
      mixed("scale_by_count", 0.35, ints, [](double x, double y) { return x * y; }, kSmooth,
            {"scaled", "weighted"}, {"$0 * $1", "$1 * $0", "jnp.multiply($0, $1)"}),
      mixed("offset_by_count", 0.35, ints, [](double x, double y) { return x + y; }, kSmooth,
            {"shifted", "moved"}, {"$0 + $1", "$1 + $0", "jnp.add($0, $1)"}),
      mixed("less_count", 0.2, ints, [](double x, double y) { return x - y; }, kSmooth,
            {"offset", "excess"}, {"$0 - $1", "jnp.subtract($0, $1)"}),
      with_traits(kInOrder, full_precision(refined(
                                pairwise("modulo", kArithmetic, 0.3, kReal, {-50, 50}, {0.3, 8},
                                         wrap, 0.8, kSmooth, {"wrapped", "cycle"},
                                         {"$0 % $1", "jnp.mod($0, $1)", "jnp.remainder($0, $1)"}),
                                wrapped_bounds()))),
      with_traits(kInOrder,
                  full_precision(lossy(pairwise(
                      "floor_ratio", kArithmetic, 0.2, kReal, {-50, 50}, {0.2, 4},
                      [](double x, double y) { return std::floor(x / y); }, 0.8, kZero,
                      {"whole_steps", "bucket"}, {"$0 // $1", "jnp.floor_divide($0, $1)"})))),
      with_traits(kInOrder, full_precision(refined(
                                pairwise("fmod", kArithmetic, 0.15, kReal, {0, 50}, {0.3, 8}, wrap,
                                         0.7, kSmooth, {"wrapped", "leftover"},
                                         {"jnp.fmod($0, $1)", "lax.rem($0, $1)"}),
                                wrapped_bounds()))),
      full_precision(lossy(unary("floor", kArithmetic, 0.25, kReal, anywhere(),
                                 [](double x) { return std::floor(x); }, kEnds, kZero, {"floored"},
                                 {"jnp.floor($0)", "lax.floor($0)"}))),
      full_precision(lossy(unary("ceil", kArithmetic, 0.2, kReal, anywhere(),
                                 [](double x) { return std::ceil(x); }, kEnds, kZero, {"ceiling"},
                                 {"jnp.ceil($0)", "lax.ceil($0)"}))),
      full_precision(lossy(unary("trunc", kArithmetic, 0.15, kReal, anywhere(),
                                 [](double x) { return std::trunc(x); }, kEnds, kZero, {"whole"},
                                 {"jnp.trunc($0)"}))),
      round_to(),
      two_parts("modf", 0.15, false, {"jnp.modf($0)"}),
      two_parts("frexp", 0.1, true, {"jnp.frexp($0)"}),
      full_precision(of_both_signs(
          lossy(unary("sign", kArithmetic, 0.25, kReal, anywhere(),
                      [](double x) { return double(x > 0) - double(x < 0); }, kEnds, kZero,
                      {"sign", "direction"}, {"jnp.sign($0)", "lax.sign($0)"})))),
      full_precision(of_both_signs(lossy(
          unary("step", kArithmetic, 0.12, kReal, anywhere(),
                [](double x) { return double(x > 0); }, kEnds, kZero, {"step", "active"},
                {"jnp.heaviside($0, 0.5)", "jnp.heaviside($0, 0.0)", "jnp.heaviside($0, 1.0)"})))),
      with_traits(kInOrder, full_precision(refined(
                                binary("copysign", kArithmetic, 0.15, kReal, anywhere(),
                                       [](double x, double y) { return std::copysign(x, y); }, 0,
                                       kNone, {"signed", "oriented"}, {"jnp.copysign($0, $1)"}),
                                sign_of_second))),
      with_traits(kManyInstructions, unary("ldexp", kArithmetic, 0.1, kReal, anywhere(),
                                           [](double x) { return 4 * x; }, kEnds, kSmooth,
                                           {"scaled"}, {"jnp.ldexp($0, 2)"})),
  };
}

}  // namespace

std::vector<Op> arithmetic_ops() {
  std::vector<Op> out = basic_ops();
  for (auto& part : {further_ops(), integer_arithmetic_ops(), complex_arithmetic_ops()}) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

}  // namespace jaxsmith::plan
