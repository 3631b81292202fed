// Arithmetic: operators and their functions, on reals and integers.
#include <algorithm>
#include <cmath>

#include "plan/builder.h"

namespace jaxsmith {
namespace {

// clip(x, lo, hi): the limits stand among typical elements, so that it does something and not everything.
Op clip() {
  Op op{"clip", Category::kArithmetic, 0.6, Derivative::kSmooth, {"clipped", "bounded"}, {"jnp.clip($0, $1, $2)", "$0.clip($1, $2)"}, {}, {}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    if (!x.literal.empty() || !(kind_of(x.type.dtype) & kNumbers)) return false;
    const double lo = b[draft.operands[1]].stats.lo, hi = b[draft.operands[2]].stats.hi;
    if (lo >= hi) return false;
    Value result;
    result.type = x.type;
    result.stats = x.stats;
    for (double& p : result.stats.probe) p = std::clamp(p, lo, hi);
    result.stats.lo = std::clamp(x.stats.lo, lo, hi);
    result.stats.hi = std::clamp(x.stats.hi, lo, hi);
    draft.results = {result};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kNumbers);
    if (!x) return false;
    const Value& v = b[*x];
    const bool integral = is_integer(v.type.dtype);
    const double m = median(v.stats), s = std::max(spread(v.stats), integral ? 4.0 : 0.2);
    const double floor = integral ? integer_bounds(v.type.dtype).lo : -1e9;
    const double lo = b.nice_number(std::max(m - 0.5 * s, floor), std::max(m - 0.2 * s, floor), integral);
    const double hi = b.nice_number(m + 0.2 * s, m + 0.5 * s, integral);
    const DType dtype = v.type.dtype;
    draft.operands = {*x, b.literal(lo, dtype), b.literal(hi, dtype)};
    return infer(b, draft);
  };
  return op;
}

}  // namespace

std::vector<Op> arithmetic_ops() {
  using enum Category;
  using enum Derivative;
  using enum Bounds;
  return {
      binary("add", kArithmetic, 2.0, kNumbers | kComplexKind, anywhere(), [](double x, double y) { return x + y; }, 0.3, kSmooth,
             {"shifted", "total", "combined"}, {"$0 + $1", "jnp.add($0, $1)", "lax.add($0, $1)"}),
      binary("subtract", kArithmetic, 1.8, kReal | kSignedKind | kComplexKind, anywhere(), [](double x, double y) { return x - y; }, 0.2,
             kSmooth, {"delta", "centered", "residual"}, {"$0 - $1", "jnp.subtract($0, $1)", "lax.sub($0, $1)"}),
      binary("multiply", kArithmetic, 2.0, kNumbers | kComplexKind, anywhere(), [](double x, double y) { return x * y; }, 0.4, kSmooth,
             {"scaled", "weighted", "product"}, {"$0 * $1", "jnp.multiply($0, $1)", "lax.mul($0, $1)"}),
      binary("divide", kArithmetic, 1.0, kReal, {0.05, 1e6}, [](double x, double y) { return x / y; }, 0.3, kSmooth,
             {"ratio", "normalized"}, {"$0 / $1", "jnp.divide($0, $1)", "lax.div($0, $1)"}),
      binary("maximum", kArithmetic, 0.8, kNumbers, anywhere(), [](double x, double y) { return std::max(x, y); }, 0.3, kSmooth,
             {"upper", "larger"}, {"jnp.maximum($0, $1)", "lax.max($0, $1)"}),
      binary("minimum", kArithmetic, 0.8, kNumbers, anywhere(), [](double x, double y) { return std::min(x, y); }, 0.3, kSmooth,
             {"lower", "smaller"}, {"jnp.minimum($0, $1)", "lax.min($0, $1)"}),
      binary("remainder", kArithmetic, 0.6, kIntegers, {1, 1e9}, [](double x, double y) { return x - y * std::floor(x / y); }, 0.7, kZero,
             {"remainder", "wrapped"}, {"$0 % $1", "jnp.mod($0, $1)"}),
      unary("negative", kArithmetic, 0.5, kReal | kSignedKind, anywhere(), [](double x) { return -x; }, kEnds, kSmooth, {"negated"},
            {"-$0", "jnp.negative($0)", "lax.neg($0)"}),
      unary("abs", kArithmetic, 0.7, kReal | kSignedKind, anywhere(), [](double x) { return std::abs(x); }, kEnds, kSmooth,
            {"magnitude", "strength"}, {"jnp.abs($0)", "lax.abs($0)"}),
      clip(),
  };
}

}  // namespace jaxsmith
