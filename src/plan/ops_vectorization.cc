// Vectorisation: a function of one element, mapped over an axis.
#include <fmt/format.h>

#include "plan/builder.h"

namespace jaxsmith {
namespace {

Op vmap() {
  Op op{"vmap", Category::kVectorization, 1.5, Derivative::kSmooth, {"batched", "rows"}, {}, {}, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal | kIntegers, 1);
    if (!x) return false;
    const auto n = b[*x].type.shape[0];
    draft.operands = {*x};
    std::string in_axes = "0";
    if (const auto y = b.draw_kind(kReal | kIntegers); y && *y != *x && b.random().chance(0.6)) {
      const bool mapped = b[*y].type.rank() > 0 && b[*y].type.shape[0] == n && b.random().chance(0.6);
      draft.operands.push_back(*y);
      in_axes = mapped ? "0" : "(0, None)";
    }
    Builder::BodySpec spec;
    spec.hint = "single";
    for (std::size_t i = 0; i < draft.operands.size(); ++i) {
      Type type = b[draft.operands[i]].type;
      if (i == 0 || in_axes == "0") type.shape.erase(type.shape.begin());
      spec.parameters.push_back(parameter_of(b[draft.operands[i]], type));
    }
    const auto body = b.body(spec, [&](const std::vector<ValueId>&) {
      b.grow(static_cast<int>(b.random().between(2, 5)));
      const auto out = b.fold();
      if (!out) return false;
      b.set_results({*out});
      return true;
    });
    if (!body) return false;
    Value result = b[b.body_of(*body).results[0]];
    result.type.shape.insert(result.type.shape.begin(), n);
    result.hint.clear();
    result.uses = 0;
    result.facts = 0;
    draft.bodies = {*body};
    draft.attributes["axes"] = in_axes == "0" ? "" : "in_axes=" + in_axes;
    draft.spelling = draft.operands.size() == 1 ? "jax.vmap($f0, $axes)($0)" : "jax.vmap($f0, $axes)($0, $1)";
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> vectorization_ops() { return {vmap()}; }

}  // namespace jaxsmith
