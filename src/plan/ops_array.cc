// Array operations: shapes and element types change, values do not.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plan/builder.h"

namespace jaxsmith {
namespace {

Value like(const Value& x, Shape shape) {
  Value result;
  result.type = {x.type.dtype, std::move(shape)};
  result.stats = x.stats;
  return result;
}

Op astype() {
  Op op{"astype", Category::kArray, 0.4, Derivative::kSmooth, {"cast"}, {"$0.astype($dtype)"}, {}, {}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    std::string name = draft.attributes["dtype"];
    if (name.starts_with("jnp.")) name = name.substr(4);
    const auto dtype = dtype_from_numpy_name(name);
    if (!dtype || !x.literal.empty() || *dtype == x.type.dtype) return false;
    if (is_complex(x.type.dtype) && !is_complex(*dtype)) return false;
    Value result = like(x, x.type.shape);
    result.type.dtype = *dtype;
    if (is_integer(*dtype)) {
      const Interval bounds = integer_bounds(*dtype);
      if (x.stats.lo < bounds.lo || x.stats.hi > bounds.hi) return false;
      result.stats = map_stats(x.stats, [](double v) { return v < 0 ? -std::floor(-v) : std::floor(v); }, Bounds::kEnds);
    }
    draft.results = {result};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kNumbers | kBoolKind);
    if (!x) return false;
    const DType target = b.random().chance(0.7) || b.differentiable() ? b.settings().real : b.random().pick(b.settings().dtypes);
    if (is_complex(target) || target == DType::kBool) return false;
    draft.operands = {*x};
    draft.attributes["dtype"] = dtype_text(target);
    return infer(b, draft);
  };
  return op;
}

Op reshape() {
  Op op{"reshape", Category::kArray, 1.0, Derivative::kSmooth, {"tiles", "grouped"}, {"$0.reshape($shape)", "jnp.reshape($0, $shape)"}, {}, {}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    const auto& shape = b.numbers().at("shape");
    if (shape == x.type.shape || element_count(shape) != element_count(x.type.shape)) return false;
    draft.attributes["shape"] = tuple_text(shape);
    draft.results = {like(x, shape)};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(~0u, 1);
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    if (shape.size() >= 2 && b.random().chance(0.6)) {  // join two neighbouring axes
      const auto axis = b.random().below(shape.size() - 1);
      shape[axis] *= shape[axis + 1];
      shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1);
    } else {  // split an axis
      const auto axis = b.random().below(shape.size());
      std::vector<std::int64_t> divisors;
      for (std::int64_t d = 2; d < shape[axis]; ++d) {
        if (shape[axis] % d == 0) divisors.push_back(d);
      }
      if (divisors.empty()) return false;
      const std::int64_t d = b.random().pick(divisors);
      shape[axis] /= d;
      shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, d);
    }
    draft.operands = {*x};
    b.set_numbers({{"shape", shape}});
    return infer(b, draft);
  };
  return op;
}

Op broadcast_to() {
  Op op{"broadcast_to", Category::kArray, 0.4, Derivative::kSmooth, {"expanded"}, {"jnp.broadcast_to($0, $shape)"}, {}, {}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    const auto& shape = b.numbers().at("shape");
    if (shape == x.type.shape || !b.broadcasts(x.type.shape, shape) || broadcast_shapes(x.type.shape, shape) != shape) return false;
    draft.attributes["shape"] = tuple_text(shape);
    draft.results = {like(x, shape)};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(~0u, 0, b.settings().max_rank - 1);
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    shape.insert(shape.begin(), b.size());
    draft.operands = {*x};
    b.set_numbers({{"shape", shape}});
    return infer(b, draft);
  };
  return op;
}

Op transpose() {
  Op op{"transpose", Category::kArray, 0.8, Derivative::kSmooth, {"swapped"}, {"jnp.transpose($0, $axes)", "$0.transpose($axes)"}, {}, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(~0u, 2);
    if (!x) return false;
    std::vector<std::int64_t> axes(b[*x].type.shape.size());
    std::iota(axes.begin(), axes.end(), 0);
    const auto original = axes;
    b.random().shuffle(axes);
    if (axes == original) return false;
    Shape shape;
    for (auto a : axes) shape.push_back(b[*x].type.shape[static_cast<std::size_t>(a)]);
    draft.operands = {*x};
    draft.attributes["axes"] = tuple_text(axes);
    if (axes.size() == 2) draft.spelling = b.random().chance(0.7) ? "$0.T" : "jnp.transpose($0)";
    draft.results = {like(b[*x], shape)};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> array_ops() { return {astype(), reshape(), broadcast_to(), transpose()}; }

}  // namespace jaxsmith
