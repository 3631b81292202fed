// Linear algebra: products and factorisations.
#include "plan/builder.h"

namespace jaxsmith {
namespace {

Op matmul() {
  Op op{"matmul", Category::kLinearAlgebra, 1.5, Derivative::kSmooth, {"projected", "scores"}, {"$0 @ $1", "jnp.matmul($0, $1)", "jnp.dot($0, $1)"}, {}, {}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    const Value& y = b[draft.operands[1]];
    if (x.type.dtype != y.type.dtype || x.type.rank() < 1 || x.type.rank() > 2 || y.type.rank() < 1 || y.type.rank() > 2) return false;
    const auto n = x.type.shape.back();
    if (y.type.shape[0] != n) return false;
    Value result;
    result.type.dtype = x.type.dtype;
    if (x.type.rank() == 2) result.type.shape.push_back(x.type.shape[0]);
    if (y.type.rank() == 2) result.type.shape.push_back(y.type.shape[1]);
    result.stats = dot_stats(x.stats, y.stats, static_cast<double>(n));
    draft.results = {result};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 1, 2);
    if (!x) return false;
    const Type type = b[*x].type;
    const auto y = b.draw([&](const Value& v) {
      return v.type.dtype == type.dtype && v.type.rank() >= 1 && v.type.rank() <= 2 && v.type.shape[0] == type.shape.back();
    });
    if (!y) return false;
    draft.operands = {*x, *y};
    return infer(b, draft);
  };
  return op;
}

}  // namespace

std::vector<Op> linear_algebra_ops() { return {matmul()}; }

}  // namespace jaxsmith
