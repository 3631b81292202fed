// Several values become one, one becomes several.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_array.h"
#include "plan/jax/shape_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

// Something of the same type as x that is not x: in scope already, or a simple function of it. Not
// its negative: together they would add up to nothing.
std::optional<ValueId> companion(Builder& b, ValueId x, const std::vector<ValueId>& taken,
                                 const Accept& fits) {
  const auto found = b.draw([&](const Value& v) {
    const bool used =
        std::any_of(taken.begin(), taken.end(), [&](ValueId id) { return &v == &b[id]; });
    return !used && v.type.dtype == b[x].type.dtype && fits(v);
  });
  if (found || taken.size() > 1) return found;
  static const std::vector<std::string> kOfReals = {"tanh",    "sin", "cos", "square",
                                                    "sigmoid", "exp", "abs"};
  static const std::vector<std::string> kWhole = {"abs", "square"};
  const DType dtype = b[x].type.dtype;
  if (!(kind_of(dtype) & (kSignedKind | kReal))) return std::nullopt;
  const auto made = b.apply(b.random().pick(tensor::is_real(dtype) ? kOfReals : kWhole), {x});
  return made && fits(b[*made]) ? made : std::nullopt;
}

std::string operand_list(std::size_t count) {
  std::vector<std::string> holes;
  for (std::size_t i = 0; i < count; ++i) holes.push_back(fmt::format("${}", i));
  return fmt::format("{}", fmt::join(holes, ", "));
}

Op concatenate() {
  Op op{"concatenate", kArray, 1.1, kSmooth, {"joined", "combined", "merged", "features"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1);
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = static_cast<int>(b.random().below(shape.size()));
    const auto fits = [&](const Value& v) {
      if (v.type.rank() != rank) return false;
      for (int i = 0; i < rank; ++i) {
        if (i != axis && size_at(v.type.shape, i) != size_at(b[*x].type.shape, i)) return false;
      }
      return true;
    };
    std::vector<ValueId> parts = {*x};
    const std::size_t count = b.random().chance(0.2) ? 3 : 2;
    while (parts.size() < count) {
      const auto next = companion(b, *x, parts, fits);
      if (!next) break;
      size_at(shape, axis) += size_at(b[*next].type.shape, axis);
      parts.push_back(*next);
    }
    if (parts.size() < 2) return false;
    if (b.random().chance(0.3)) std::swap(parts[0], parts[1]);
    draft.attributes["axis"] =
        axis == 0 && b.random().chance(0.6) ? "" : axis_option(b, axis, rank);
    draft.attributes["dimension"] =
        (b.random().chance(0.5) ? "dimension=" : "") + std::to_string(axis);
    std::vector<std::string> forms = {"jnp.concatenate([{}], $axis)", "jnp.concat([{}], $axis)",
                                      "lax.concatenate([{}], $dimension)"};
    if (axis == (rank == 1 ? 0 : 1)) forms.insert(forms.begin() + 1, "jnp.hstack([{}])");
    if (axis == 0 && rank >= 2) forms.insert(forms.begin() + 1, "jnp.vstack([{}])");
    draft.spelling = fmt::format(fmt::runtime(either(b, forms)), operand_list(parts.size()));
    Value result = with_shape(b[*x], shape);
    result.stats = joined_stats(b, parts);
    draft.operands = parts;
    draft.results = {result};
    return true;
  };
  return op;
}

Op stack() {
  Op op{"stack", kArray, 1.0, kSmooth, {"stacked", "pairs", "channels"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 0, b.settings().max_rank - 1);
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = static_cast<int>(b.random().below(shape.size() + 1));
    std::vector<ValueId> parts = {*x};
    const std::size_t count = b.random().chance(0.25) ? 3 : 2;
    while (parts.size() < count) {
      const auto next = companion(b, *x, parts, [&](const Value& v) {
        return v.type.shape == b[*x].type.shape && !v.weak;
      });
      if (!next) break;
      parts.push_back(*next);
    }
    if (parts.size() < 2 || b[*x].weak) return false;
    shape.insert(shape.begin() + axis, static_cast<std::int64_t>(parts.size()));
    draft.attributes["axis"] =
        axis == 0 && b.random().chance(0.7) ? "" : axis_option(b, axis, rank + 1);
    std::vector<std::string> forms = {"jnp.stack([{}], $axis)"};
    if (rank == 0) forms = {"jnp.array([{}])", "jnp.stack([{}])", "jnp.hstack([{}])"};
    if (rank == 1 && axis == 0) forms.push_back("jnp.vstack([{}])");
    if (rank == 1 && axis == 1) forms.push_back("jnp.column_stack([{}])");
    // Where it fits, which is rare, it is what people write.
    if (rank == 2 && axis == 2) forms.insert(forms.end(), 4, "jnp.dstack([{}])");
    draft.spelling = fmt::format(fmt::runtime(either(b, forms)), operand_list(parts.size()));
    Value result = with_shape(b[*x], shape);
    result.stats = joined_stats(b, parts);
    draft.operands = parts;
    draft.results = {result};
    return true;
  };
  return op;
}

// Elements of two values in turn.
Op interleave() {
  Op op{"interleave", kArray, 0.3, kSmooth, {"interleaved", "woven", "zipped"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 2);
    if (!x) return false;
    const auto y =
        companion(b, *x, {*x}, [&](const Value& v) { return v.type.shape == b[*x].type.shape; });
    if (!y || b[*x].type.rank() + 1 > 4) return false;
    Shape shape = b[*x].type.shape;
    if (shape.size() == 1) {
      draft.spelling =
          either(b, {"jnp.stack([$0, $1], axis=1).reshape(-1)",
                     "jnp.stack([$0, $1], axis=-1).ravel()", "jnp.stack([$0, $1]).T.ravel()"});
      shape[0] *= 2;
    } else if (b.random().chance(0.5)) {
      draft.attributes["dims"] = fmt::format("{}, -1", shape[0]);
      draft.spelling = "jnp.stack([$0, $1], axis=-1).reshape($dims)";
      shape[1] *= 2;
    } else {
      draft.attributes["dims"] = fmt::format("-1, {}", shape[1]);
      draft.spelling = "jnp.stack([$0, $1], axis=1).reshape($dims)";
      shape[0] *= 2;
    }
    Value result = with_shape(b[*x], shape);
    result.stats = joined_stats(b, {*x, *y});
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

Op append() {
  Op op{"append", kArray, 0.3, kSmooth, {"extended", "series", "appended"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 1);
    if (!x) return false;
    const auto y = b.draw([&](const Value& v) {
      return v.type.dtype == b[*x].type.dtype && v.type.rank() <= 1 && &v != &b[*x];
    });
    if (!y) return false;
    const bool scalar = b[*y].type.rank() == 0;
    std::vector<std::string> forms = {"jnp.append($0, $1)"};
    if (scalar && !b[*y].weak) forms.push_back("jnp.concatenate([$0, $1[None]])");
    if (scalar) forms.push_back("jnp.hstack([$0, $1])");
    draft.spelling = either(b, forms);
    Value result =
        with_shape(b[*x], {b[*x].type.shape[0] + tensor::element_count(b[*y].type.shape)});
    result.stats = joined_stats(b, {*x, *y});
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

// A value with a part of itself beside it: periodic halos, mirrored ends.
Op extended() {
  Op op{"self_extension", kArray, 0.45, kSmooth, {"extended", "periodic", "doubled"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1);
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = draw_axis(b, shape, 3);
    if (axis < 0) return false;
    const auto n = size_at(shape, axis),
               k = b.random().chance(0.6) ? 1 : b.random().between(1, n - 1);
    bool mirrored = false;
    draft.attributes["index_head"] = at_axis(axis, fmt::format(":{}", k));
    draft.attributes["index_tail"] = at_axis(axis, fmt::format("-{}:", k));
    draft.attributes["index_back"] = at_axis(axis, "::-1");
    draft.attributes["axis"] = axis == 0 ? "" : axis_option(b, axis, rank);
    switch (b.random().below(4)) {
      case 0:
        draft.spelling = "jnp.concatenate([$0, $0[$index_head]], $axis)", size_at(shape, axis) += k;
        break;
      case 1:
        draft.spelling = "jnp.concatenate([$0[$index_tail], $0], $axis)", size_at(shape, axis) += k;
        break;
      case 2:
        draft.spelling = "jnp.concatenate([$0[$index_tail], $0, $0[$index_head]], $axis)",
        size_at(shape, axis) += 2 * k;
        break;
      default:
        draft.spelling = "jnp.concatenate([$0, $0[$index_back]], $axis)", size_at(shape, axis) += n;
        mirrored = true;
        break;
    }
    draft.operands = {*x};
    Value result = rearranged(b[*x], shape, 1);
    if (mirrored) result.hint = "palindrome";
    draft.results = {result};
    return true;
  };
  return op;
}

// ---- Into parts ----

Value part_of_value(const Builder& b, ValueId x, Shape shape, std::int64_t place,
                    const std::string& hint) {
  Value part = rearranged(b[x], std::move(shape), 3 * place);
  part.hint = hint;
  return part;
}

std::vector<std::string> part_names(Builder& b, std::size_t count) {
  static const std::vector<std::vector<std::string>> kTwo = {
      {"left", "right"},     {"first", "second"}, {"head", "tail"},   {"upper", "lower"},
      {"gate", "candidate"}, {"lo", "hi"},        {"content", "gate"}};
  static const std::vector<std::vector<std::string>> kThree = {{"query", "key", "values"},
                                                               {"first", "second", "third"},
                                                               {"left", "center", "right"},
                                                               {"reset", "update", "candidate"},
                                                               {"red", "green", "blue"}};
  static const std::vector<std::string> kFour = {"input_gate", "forget_gate", "cell",
                                                 "output_gate"};
  return count == 2 ? b.random().pick(kTwo) : count == 3 ? b.random().pick(kThree) : kFour;
}

Op split() {
  Op op{"split", kArray, 1.0, kSmooth, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"concatenate", "stack"});
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = draw_axis(b, shape, 2);
    if (axis < 0) return false;
    const auto n = size_at(shape, axis);
    const std::int64_t count = n < 3 || b.random().chance(0.65)       ? 2
                               : n % 4 == 0 && b.random().chance(0.3) ? 4
                                                                      : 3;
    std::vector<std::int64_t> sizes;
    draft.attributes["axis"] =
        axis == 0 && b.random().chance(0.7) ? "" : axis_option(b, axis, rank);
    draft.attributes["count"] = std::to_string(count);
    const bool even = n % count == 0;
    if (even && b.random().chance(0.65)) {
      sizes.assign(static_cast<std::size_t>(count), n / count);
      std::vector<std::string> forms = {"jnp.split($0, $count, $axis)",
                                        "jnp.split($0, $count, $axis)"};
      if (axis == 0 && rank >= 2) forms.push_back("jnp.vsplit($0, $count)");
      if (axis == (rank == 1 ? 0 : 1)) forms.push_back("jnp.hsplit($0, $count)");
      draft.spelling = either(b, forms);
    } else if (!even && b.random().chance(0.45)) {  // the first ones get what is left over
      for (std::int64_t i = 0; i < count; ++i) sizes.push_back(n / count + (i < n % count));
      draft.spelling = "jnp.array_split($0, $count, $axis)";
    } else {
      std::vector<std::int64_t> cuts = draw_places(b, n - 1, count - 1, true);
      std::sort(cuts.begin(), cuts.end());
      std::int64_t last = 0;
      for (auto& cut : cuts) {
        sizes.push_back(++cut - last);
        last = cut;
      }
      sizes.push_back(n - last);
      draft.attributes["cuts"] = fmt::format("[{}]", fmt::join(cuts, ", "));
      draft.attributes["sizes"] = tuple_text(sizes);
      draft.attributes["lax_axis"] = axis == 0 ? "" : fmt::format("axis={}", axis);
      draft.spelling = b.random().chance(0.7) ? "jnp.split($0, $cuts, $axis)"
                                              : "lax.split($0, $sizes, $lax_axis)";
    }
    const auto names = part_names(b, sizes.size());
    draft.operands = {*x};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      Shape part = shape;
      size_at(part, axis) = sizes[i];
      draft.results.push_back(part_of_value(b, *x, part, static_cast<std::int64_t>(i), names[i]));
    }
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

// The slices of one axis, each under its own name.
Op unstack() {
  Op op{"unstack", kArray, 0.5, kSmooth, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return v.type.rank() >= 1 && std::any_of(v.type.shape.begin(), v.type.shape.end(),
                                               [](auto n) { return n >= 2 && n <= 4; });
    });
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    std::vector<int> axes;
    for (int i = 0; i < b[*x].type.rank(); ++i) {
      if (size_at(shape, i) >= 2 && size_at(shape, i) <= 4) axes.push_back(i);
    }
    const int axis = b.random().pick(axes);
    const auto count = size_at(shape, axis);
    draft.attributes["axis"] = axis == 0 ? "" : axis_option(b, axis, b[*x].type.rank());
    draft.spelling = axis == 0 && b.random().chance(0.5) ? "$0" : "jnp.unstack($0, $axis)";
    if (axis == 1 && b[*x].type.rank() == 2 && b.random().chance(0.5)) draft.spelling = "$0.T";
    Shape part = shape;
    part.erase(part.begin() + axis);
    const auto names = part_names(b, static_cast<std::size_t>(count));
    draft.operands = {*x};
    for (std::int64_t i = 0; i < count; ++i)
      draft.results.push_back(part_of_value(b, *x, part, i, names[static_cast<std::size_t>(i)]));
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

// ---- Blocks ----

Op block() {
  Op op{"block", kArray, 0.35, kSmooth, {"assembled", "blocks", "system"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 2, 2);
    if (!x) return false;
    const auto y =
        companion(b, *x, {*x}, [&](const Value& v) { return v.type.shape == b[*x].type.shape; });
    if (!y) return false;
    Shape shape = b[*x].type.shape;
    shape[0] *= 2;
    shape[1] *= 2;
    const bool padded = b.random().chance(0.35);
    draft.spelling =
        padded ? either(b, {"jnp.block([[$0, jnp.zeros_like($0)], [jnp.zeros_like($0), $1]])",
                            "jnp.block([[$0, $1], [jnp.zeros_like($0), $0]])"})
               : either(b, {"jnp.block([[$0, $1], [$1, $0]])", "jnp.block([[$0, -$1], [$1, $0]])",
                            "jnp.block([[$0, $1], [$0 + $1, $0]])"});
    Value result = with_shape(b[*x], shape);
    result.stats = joined_stats(b, {*x, *y});
    if (padded) result.stats = with_constant(result.stats, 0, 0.35);
    if (draft.spelling.find('-') != std::string::npos ||
        draft.spelling.find('+') != std::string::npos) {
      if (!tensor::is_real(b[*x].type.dtype)) return false;
      const double reach = magnitude(b[*x].stats) + magnitude(b[*y].stats);
      result.stats.lo = -reach;
      result.stats.hi = reach;
    }
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

Op block_diag() {
  Op op{"block_diag", kArray, 0.2, kSmooth, {"assembled", "block_matrix"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 2, 2);
    if (!x) return false;
    const auto y = companion(b, *x, {*x}, [](const Value& v) { return v.type.rank() == 2; });
    if (!y) return false;
    const Shape &p = b[*x].type.shape, &q = b[*y].type.shape;
    Value result = with_shape(b[*x], {p[0] + q[0], p[1] + q[1]});
    result.stats = with_constant(joined_stats(b, {*x, *y}), 0, 0.5);
    draft.spelling =
        either(b, {"jax.scipy.linalg.block_diag($0, $1)", "jsp.linalg.block_diag($0, $1)"});
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

// Two values of one shape after all, for a stack of both.
Op broadcast_arrays() {
  Op op{"broadcast_arrays",
        kArray,
        0,
        kSmooth,
        {"left", "right", "expanded"},
        {"jnp.broadcast_arrays($0, $1)"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value &x = b[draft.operands[0]], &y = b[draft.operands[1]];
    const Shape shape = broadcast_shapes(x.type.shape, y.type.shape);
    draft.results = {with_shape(x, shape), with_shape(y, shape)};
    for (std::size_t i = 0; i < 2; ++i) draft.results[i].sure = b[draft.operands[i]].sure;
    draft.sure_given = true;
    return true;
  };
  return op;
}

Op broadcast_stack() {
  Op op{"broadcast_stack",
        kArray,
        0.25,
        kSmooth,
        {"pairs", "features", "stacked"},
        {"jnp.stack([$0, $1], $axis)"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, b.settings().max_rank - 1);
    if (!x) return false;
    const auto y =
        b.draw_partner(*x, [&](const Value& v) { return v.type.shape != b[*x].type.shape; });
    if (!y || static_cast<int>(broadcast_shapes(b[*x].type.shape, b[*y].type.shape).size()) >=
                  b.settings().max_rank)
      return false;
    const Stats stats = joined_stats(b, {*x, *y});
    const auto left = b.apply("broadcast_arrays", {*x, *y});
    if (!left) return false;
    Shape shape = b[*left].type.shape;
    const bool last = b.random().chance(0.6);
    shape.insert(last ? shape.end() : shape.begin(), 2);
    draft.attributes["axis"] = last ? "axis=-1" : "";
    draft.operands = {*left, *left + 1};
    Value result = with_shape(b[*left], shape);
    result.stats = stats;
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> join_ops() {
  return {concatenate(), stack(), interleave(), append(),           extended(),       split(),
          unstack(),     block(), block_diag(), broadcast_arrays(), broadcast_stack()};
}

}  // namespace jaxsmith::plan
