// Conditionals: comparisons and logic, selection by element, branches.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/builder.h"

namespace jaxsmith {
namespace {

Op where() {
  Op op{"where", Category::kConditional, 1.5, Derivative::kSmooth, {"selected", "masked"}, {"jnp.where($0, $1, $2)"}, {}, {}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& mask = b[draft.operands[0]];
    const Value& x = b[draft.operands[1]];
    const Value& y = b[draft.operands[2]];
    if (mask.type.dtype != DType::kBool || !x.literal.empty()) return false;
    if (y.literal.empty() && y.type.dtype != x.type.dtype) return false;
    if (!b.broadcasts(x.type.shape, y.type.shape)) return false;
    const Shape both = broadcast_shapes(x.type.shape, y.type.shape);
    if (!b.broadcasts(both, mask.type.shape)) return false;
    Value result;
    result.type = {x.type.dtype, broadcast_shapes(both, mask.type.shape)};
    result.stats = union_stats(x.stats, y.stats);
    draft.results = {result};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kNumbers);
    if (!x) return false;
    const Type type = b[*x].type;
    auto mask = b.draw([&](const Value& v) { return v.type.dtype == DType::kBool && b.broadcasts(v.type.shape, type.shape); });
    if (!mask) {
      static const std::vector<std::string> kComparisons = {"greater", "less", "greater_equal", "less_equal"};
      const double m = median(b[*x].stats);
      const auto partner = b.random().chance(0.5) ? b.draw_partner(*x) : std::nullopt;
      const ValueId other = partner && *partner != *x ? *partner : b.literal(is_integer(type.dtype) ? std::floor(m) : std::round(m * 10) / 10, type.dtype);
      mask = b.apply(b.random().pick(kComparisons), {*x, other});
    }
    if (!mask) return false;
    std::optional<ValueId> y;
    if (b.random().chance(0.6)) y = b.draw_partner(*x);
    if (!y || *y == *x) y = b.literal(b.nice_number(0, 2, is_integer(type.dtype)), type.dtype);
    draft.operands = {*mask, *x, *y};
    return infer(b, draft);
  };
  return op;
}

// A scalar bool in scope, or one made from a value.
std::optional<ValueId> predicate(Builder& b) {
  if (const auto p = b.draw([](const Value& v) { return v.type.dtype == DType::kBool && v.type.rank() == 0; })) return p;
  const auto x = b.draw_kind(kNumbers);
  if (!x) return std::nullopt;
  std::optional<ValueId> scalar = x;
  static const std::vector<std::string> kReductions = {"mean", "sum", "max", "min"};
  if (b[*x].type.rank() > 0) scalar = b.apply(b.random().pick(kReductions), {*x});
  if (!scalar) return std::nullopt;
  const DType dtype = b[*scalar].type.dtype;
  const double m = median(b[*scalar].stats);
  return b.apply(b.random().chance(0.5) ? "greater" : "less",
                 {*scalar, b.literal(is_integer(dtype) ? std::floor(m) : std::round(m * 10) / 10, dtype)});
}

std::optional<BodyId> branch(Builder& b, const std::vector<ValueId>& operands, const Type& type, Interval interval) {
  Builder::BodySpec spec;
  spec.hint = "branch";
  for (ValueId id : operands) spec.parameters.push_back(parameter_of(b[id]));
  return b.body(spec, [&](const std::vector<ValueId>&) {
    b.grow(static_cast<int>(b.random().between(1, 4)));
    const auto out = b.fold(type, interval);
    if (!out) return false;
    b.set_results({*out});
    return true;
  });
}

Op cond() {
  Op op{"cond", Category::kConditional, 1.5, Derivative::kSmooth, {"chosen", "branched"}, {}, {}, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal | kIntegers);
    if (!x) return false;
    const auto p = predicate(b);
    if (!p) return false;
    draft.operands = {*p, *x};
    if (b.random().chance(0.4)) {
      if (const auto y = b.draw_partner(*x); y && *y != *x) draft.operands.push_back(*y);
    }
    const std::vector<ValueId> passed(draft.operands.begin() + 1, draft.operands.end());
    const Type type = b[*x].type;
    const double reach = is_integer(type.dtype) ? std::min(1000.0, integer_bounds(type.dtype).hi) : 1000;
    Value result;
    result.type = type;
    for (int i = 0; i < 2; ++i) {
      const auto body = branch(b, passed, type, {is_signed_integer(type.dtype) || is_real(type.dtype) ? -reach : 0, reach});
      if (!body) return false;
      draft.bodies.push_back(*body);
      const Value& out = b[b.body_of(*body).results[0]];
      result.stats = i == 0 ? out.stats : union_stats(result.stats, out.stats);
      result.grad_arguments |= out.grad_arguments;
    }
    draft.results = {result};
    draft.spelling = passed.size() == 1 ? "lax.cond($0, $f0, $f1, $1)" : "lax.cond($0, $f0, $f1, $1, $2)";
    return true;
  };
  return op;
}

Op logical(std::string name, double weight, Kernel2 kernel, std::vector<std::string> spellings) {
  return binary(std::move(name), Category::kConditional, weight, kBoolKind, anywhere(), kernel, 0, Derivative::kZero, {"both", "mask"},
                std::move(spellings));
}

}  // namespace

std::vector<Op> conditional_ops() {
  using enum Category;
  return {
      comparison("greater", kConditional, 0.6, kNumbers, [](double x, double y) { return x > y ? 1.0 : 0.0; }, {"above", "mask"}, {"$0 > $1", "jnp.greater($0, $1)"}),
      comparison("less", kConditional, 0.6, kNumbers, [](double x, double y) { return x < y ? 1.0 : 0.0; }, {"below", "mask"}, {"$0 < $1", "jnp.less($0, $1)"}),
      comparison("greater_equal", kConditional, 0.4, kNumbers, [](double x, double y) { return x >= y ? 1.0 : 0.0; }, {"reached"}, {"$0 >= $1"}),
      comparison("less_equal", kConditional, 0.4, kNumbers, [](double x, double y) { return x <= y ? 1.0 : 0.0; }, {"within"}, {"$0 <= $1"}),
      logical("logical_and", 0.4, [](double x, double y) { return x != 0 && y != 0 ? 1.0 : 0.0; }, {"$0 & $1", "jnp.logical_and($0, $1)"}),
      logical("logical_or", 0.4, [](double x, double y) { return x != 0 || y != 0 ? 1.0 : 0.0; }, {"$0 | $1", "jnp.logical_or($0, $1)"}),
      logical("logical_xor", 0.3, [](double x, double y) { return (x != 0) != (y != 0) ? 1.0 : 0.0; }, {"$0 ^ $1", "jnp.logical_xor($0, $1)"}),
      where(),
      cond(),
  };
}

}  // namespace jaxsmith
