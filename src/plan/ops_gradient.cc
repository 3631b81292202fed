// Gradients: functions of scalar results, differentiated.
#include <fmt/format.h>

#include <cmath>

#include "plan/builder.h"

namespace jaxsmith {
namespace {

// Bounds of a derivative are not known; within these almost all of them lie.
Stats derivative_stats(Random& random) {
  Stats stats = uniform_stats(random, -3, 3, false);
  stats.lo = -200;
  stats.hi = 200;
  return stats;
}

// A differentiable body over the given values that ends in one scalar, not linear in any of them.
std::optional<BodyId> loss_body(Builder& b, const std::vector<ValueId>& operands, int steps) {
  Builder::BodySpec spec;
  spec.hint = "loss";
  spec.placement = b.depth() == 0 && b.random().chance(0.6) ? Placement::kHelper : Placement::kNested;
  spec.differentiable = true;
  for (ValueId id : operands) {
    auto p = parameter_of(b[id]);
    p.grad_arguments = p.arguments;
    spec.parameters.push_back(p);
  }
  const DType dtype = b[operands[0]].type.dtype;
  return b.body(spec, [&](const std::vector<ValueId>&) {
    b.grow(steps);
    auto out = b.fold();
    if (!out) return false;
    if ((out = b.into(*out, {-30, 30}))) {
      static const std::vector<std::string> kBends = {"square", "tanh", "softplus", "sin"};
      out = b.apply(b.random().pick(kBends), {*out});
    }
    if (out && b[*out].type.rank() > 0) out = b.apply(b.random().chance(0.5) ? "mean" : "sum", {*out});
    if (out) out = b.convert(*out, dtype);
    if (!out || b[*out].type.rank() != 0) return false;
    b.set_results({*out});
    return true;
  });
}

Op grad() {
  Op op{"grad", Category::kGradient, 1.5, Derivative::kSmooth, {"grads", "slope"}, {}, {}, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) { return v.type.dtype == b.settings().real && v.type.rank() <= 3; });
    if (!x) return false;
    draft.operands = {*x};
    if (b.random().chance(0.7)) {
      if (const auto y = b.draw([&](const Value& v) { return v.type.dtype == b.settings().real; }); y && *y != *x) draft.operands.push_back(*y);
    }
    const auto body = loss_body(b, draft.operands, static_cast<int>(b.random().between(2, 5)));
    if (!body) return false;
    draft.bodies = {*body};
    Value result;
    result.type = b[*x].type;
    result.stats = derivative_stats(b.random());
    for (ValueId id : draft.operands) result.grad_arguments |= b[id].grad_arguments;
    draft.results = {result};
    draft.spelling = draft.operands.size() == 1 ? "jax.grad($f0)($0)" : "jax.grad($f0)($0, $1)";
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> gradient_ops() { return {grad()}; }

}  // namespace jaxsmith
