// Indexing: slices, gathers, updates.
#include <fmt/format.h>

#include "plan/builder.h"

namespace jaxsmith {
namespace {

// x[a:b] along one axis, other axes whole.
Op basic_slice() {
  Op op{"slice", Category::kIndexing, 1.0, Derivative::kSmooth, {"window", "part"}, {"$0[$index]"}, {}, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(~0u, 1);
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const auto axis = b.random().below(shape.size());
    const auto n = shape[axis];
    if (n < 2) return false;
    const auto start = b.random().between(0, n - 2), stop = b.random().between(start + 1, n);
    if (stop - start == n) return false;
    std::string index;
    for (std::size_t i = 0; i < axis; ++i) index += ":, ";
    index += fmt::format("{}:{}", start ? fmt::format("{}", start) : "", stop < n ? fmt::format("{}", stop) : "");
    shape[axis] = stop - start;
    draft.operands = {*x};
    draft.attributes["index"] = index;
    Value result;
    result.type = {b[*x].type.dtype, shape};
    result.stats = b[*x].stats;
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> indexing_ops() { return {basic_slice()}; }

}  // namespace jaxsmith
