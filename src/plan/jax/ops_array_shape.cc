// Shapes: the same elements under other axes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "plan/jax/catalogue.h"
#include "plan/jax/ops_array.h"
#include "plan/jax/shape_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

std::string list_text(const std::vector<std::int64_t>& items) {
  return fmt::format("{}", fmt::join(items, ", "));
}

// A divisor of n that is neither 1 nor n, or 0.
std::int64_t draw_divisor(Builder& b, std::int64_t n) {
  std::vector<std::int64_t> divisors;
  for (std::int64_t d = 2; d < n; ++d) {
    if (n % d == 0) divisors.push_back(d);
  }
  return divisors.empty() ? 0 : b.random().pick(divisors);
}

std::optional<Shape> draw_target_shape(Builder& b, Shape shape) {
  const auto join = [&] {
    const auto axis = b.random().below(shape.size() - 1);
    shape[axis] *= shape[axis + 1];
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1);
  };
  const auto split = [&] {
    const auto axis = b.random().below(shape.size());
    const std::int64_t d = draw_divisor(b, shape[axis]);
    if (d == 0) return false;
    shape[axis] /= d;
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, d);
    return true;
  };
  const double kind = b.random().uniform();
  if (shape.size() >= 2 && kind < 0.4) {
    join();
  } else if (shape.size() >= 2 && kind < 0.6) {  // two axes become two others
    const auto before = shape;
    join();
    if (!split() || shape == before) return std::nullopt;
  } else if (kind < 0.65) {
    shape.push_back(1);
  } else if (!split()) {
    return std::nullopt;
  }
  return shape;
}

// `shape` with and without parentheses, one size left to JAX now and then; `full` has all of them.
void write_shape(Builder& b, Draft& draft, const Shape& shape) {
  Shape open = shape;
  if (!open.empty() && b.random().chance(0.45)) {
    const bool end = b.random().chance(0.5);
    open[end ? open.size() - 1 : b.random().chance(0.6) ? 0 : b.random().below(open.size())] = -1;
  }
  draft.attributes["full"] = tuple_text(shape);
  draft.attributes["shape"] = tuple_text(open);
  draft.attributes["dims"] = open.empty() ? "()" : list_text(open);
}

Op reshape() {
  Op op{"reshape",
        kArray,
        1.0,
        kSmooth,
        {"tiles", "grouped", "blocks", "folded"},
        {"$0.reshape($dims)", "$0.reshape($shape)", "jnp.reshape($0, $shape)",
         "lax.reshape($0, $full)"}};
  op.traits = kLinearMap;
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    const auto& shape = b.numbers().at("shape");
    if (shape == x.type.shape ||
        tensor::element_count(shape) != tensor::element_count(x.type.shape))
      return false;
    write_shape(b, draft, shape);
    draft.results = {with_shape(x, shape)};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"reshape", "ravel", "collapse", "rearrange"});
    if (!x) return false;
    const auto shape = draw_target_shape(b, b[*x].type.shape);
    if (!shape) return false;
    draft.operands = {*x};
    b.set_numbers({{"shape", *shape}});
    return infer(b, draft);
  };
  return op;
}

Op ravel() {
  Op op{"ravel",
        kArray,
        0.7,
        kSmooth,
        {"flat", "flattened"},
        {"$0.ravel()", "$0.reshape(-1)", "jnp.ravel($0)", "jnp.ravel($0)", "$0.flatten()",
         "lax.collapse($0, 0)", "jnp.reshape($0, -1)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 2, 99, {"reshape", "ravel", "collapse", "expand_dims", "squeeze"});
    if (!x) return false;
    draft.operands = {*x};
    draft.results = {with_shape(b[*x], {tensor::element_count(b[*x].type.shape)})};
    return true;
  };
  return op;
}

// Some neighbouring axes become one, by their sizes or by their places.
Op collapse() {
  Op op{"collapse", kArray, 0.4, kSmooth, {"rows", "flat", "merged"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 3, 99, {"reshape", "ravel", "collapse"});
    if (!x) return false;
    const Shape& from = b[*x].type.shape;
    const int rank = b[*x].type.rank();
    const int start = static_cast<int>(b.random().below(static_cast<std::uint64_t>(rank - 1)));
    const int stop = b.random().chance(0.6) ? start + 2 : rank;
    Shape shape(from.begin(), from.begin() + start);
    shape.push_back(std::accumulate(from.begin() + start, from.begin() + stop, std::int64_t{1},
                                    std::multiplies<>()));
    shape.insert(shape.end(), from.begin() + stop, from.end());
    if (start == 0 && stop == rank) return false;
    draft.attributes["range"] =
        stop == rank ? std::to_string(start) : fmt::format("{}, {}", start, stop);
    draft.spelling = "lax.collapse($0, $range)";
    if (start == 0 && stop == rank - 1 && b.random().chance(0.7)) {
      draft.spelling =
          either(b, {"$0.reshape(-1, $0.shape[-1])", "jnp.reshape($0, (-1, $0.shape[-1]))"});
    } else if (start == 1 && stop == rank && b.random().chance(0.7)) {
      draft.spelling =
          either(b, {"$0.reshape($0.shape[0], -1)", "jnp.reshape($0, ($0.shape[0], -1))"});
    }
    draft.operands = {*x};
    draft.results = {with_shape(b[*x], shape)};
    return true;
  };
  return op;
}

Shape permuted(const Shape& shape, const std::vector<std::int64_t>& axes) {
  Shape out;
  for (auto a : axes) out.push_back(shape[static_cast<std::size_t>(a)]);
  return out;
}

// Whether it is the same transposed, by what is known of it and by the step that made it.
bool is_symmetric(const Builder& b, ValueId id) {
  if ((b[id].facts & kPositiveDefinite) != 0) return true;
  for (const Node& node : b.body_of(b[id].body).nodes) {
    if (std::ranges::find(node.results, id) == node.results.end()) continue;
    const std::string& text = node.spelling;
    const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
    return !has("$1") && (has("$0 @ $0.T") || has("$0.T @ $0") || has("$0 + $0.T") ||
                          has("jnp.cov(") || has("jnp.corrcoef("));
  }
  return false;
}

Op transpose() {
  Op op{"transpose",
        kArray,
        1.0,
        kSmooth,
        {"swapped", "transposed", "channels_first"},
        {"$0.transpose($list)", "jnp.transpose($0, $axes)", "$0.transpose($axes)",
         "lax.transpose($0, $axes)", "jnp.permute_dims($0, $axes)"}};
  op.traits = kLinearMap;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 2, 99, {"transpose", "swapaxes", "moveaxis"});
    if (!x) return false;
    std::vector<std::int64_t> axes(b[*x].type.shape.size());
    std::iota(axes.begin(), axes.end(), 0);
    const auto original = axes;
    if (axes.size() == 2) {
      std::swap(axes[0], axes[1]);
    } else {
      b.random().shuffle(axes);
    }
    if (axes == original || (axes.size() == 2 && is_symmetric(b, *x))) return false;
    draft.operands = {*x};
    draft.attributes["axes"] = tuple_text(axes);
    draft.attributes["list"] = list_text(axes);
    draft.results = {rearranged(b[*x], permuted(b[*x].type.shape, axes), 5)};
    if (axes.size() == 2) {
      draft.spelling = b.random().chance(0.7) ? "$0.T"
                                              : either(b, {"jnp.transpose($0)", "$0.transpose()",
                                                           "$0.mT", "lax.transpose($0, (1, 0))"});
    }
    return true;
  };
  return op;
}

Op swapaxes() {
  Op op{"swapaxes",
        kArray,
        0.6,
        kSmooth,
        {"swapped", "turned"},
        {"jnp.swapaxes($0, $pair)", "$0.swapaxes($pair)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 3, 99, {"transpose", "swapaxes", "moveaxis"});
    if (!x) return false;
    const int rank = b[*x].type.rank();
    const int one = static_cast<int>(b.random().below(static_cast<std::uint64_t>(rank)));
    const int two =
        (one + 1 + static_cast<int>(b.random().below(static_cast<std::uint64_t>(rank - 1)))) % rank;
    const auto [low, high] = std::minmax(one, two);
    Shape shape = b[*x].type.shape;
    std::swap(size_at(shape, low), size_at(shape, high));
    const bool matrices = low == rank - 2;
    if (matrices && b.random().chance(0.5)) {
      draft.spelling = either(b, {"$0.mT", "jnp.matrix_transpose($0)"});
    }
    draft.attributes["pair"] = matrices || b.random().chance(0.15)
                                   ? fmt::format("{}, {}", high - rank, low - rank)
                                   : fmt::format("{}, {}", low, high);
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], shape, 5)};
    return true;
  };
  return op;
}

Op moveaxis() {
  Op op{"moveaxis",
        kArray,
        0.5,
        kSmooth,
        {"moved", "leading", "channels_last"},
        {"jnp.moveaxis($0, $from, $to)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 2, 99, {"transpose", "swapaxes", "moveaxis"});
    if (!x) return false;
    const int rank = b[*x].type.rank();
    std::vector<std::int64_t> axes(static_cast<std::size_t>(rank));
    std::iota(axes.begin(), axes.end(), 0);
    const int from = static_cast<int>(b.random().below(axes.size()));
    const int to = from == 0 ? rank - 1 : b.random().chance(0.6) ? 0 : (from + 1) % rank;
    if (from == to) return false;
    axes.erase(axes.begin() + from);
    axes.insert(axes.begin() + to, from);
    draft.attributes["from"] = axis_number(b, from, rank);
    draft.attributes["to"] = to == rank - 1 ? "-1" : std::to_string(to);
    if (rank > 2 && b.random().chance(0.15)) {  // the first two change places with the last ones
      draft.spelling = "jnp.moveaxis($0, (0, 1), (-1, -2))";
      axes.clear();
      for (int i = 2; i < rank; ++i) axes.push_back(i);
      axes.push_back(1);
      axes.push_back(0);
    }
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], permuted(b[*x].type.shape, axes), 5)};
    return true;
  };
  return op;
}

// A new axis of size one, by name or as an index.
Op expand_dims() {
  Op op{"expand_dims",
        kArray,
        0.6,
        kSmooth,
        {"column", "batched", "expanded"},
        {"jnp.expand_dims($0, $axis)", "lax.expand_dims($0, $tuple)", "$0[$index]"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x =
        draw_array(b, 1, b.settings().max_rank - 1, {"squeeze", "expand_dims", "atleast"});
    if (!x) return false;
    const int rank = b[*x].type.rank();
    const int axis = static_cast<int>(b.random().below(static_cast<std::uint64_t>(rank) + 1));
    Shape shape = b[*x].type.shape;
    shape.insert(shape.begin() + axis, 1);
    draft.attributes["axis"] =
        b.random().chance(0.6) ? axis_option(b, axis, rank + 1) : axis_number(b, axis, rank + 1);
    draft.attributes["tuple"] = tuple_text({axis});
    const bool last = axis == rank && b.random().chance(0.5);
    const std::string none = b.random().chance(0.25) ? "jnp.newaxis" : "None";
    draft.attributes["index"] = last ? "..., " + none : at_axis(axis, none);
    if (b.random().chance(0.45)) draft.spelling = "$0[$index]";
    if (rank + 2 <= b.settings().max_rank && b.random().chance(0.1)) {
      draft.spelling = "jnp.expand_dims($0, axis=(0, -1))";
      shape = b[*x].type.shape;
      shape.insert(shape.begin(), 1);
      shape.push_back(1);
    }
    draft.operands = {*x};
    draft.results = {with_shape(b[*x], shape)};
    return true;
  };
  return op;
}

Op squeeze() {
  Op op{"squeeze",
        kArray,
        0.6,
        kSmooth,
        {"squeezed", "flat"},
        {"jnp.squeeze($0, $axis)", "$0.squeeze($axis)", "lax.squeeze($0, $tuple)", "$0[$index]"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) {
      return std::find(v.type.shape.begin(), v.type.shape.end(), 1) != v.type.shape.end() &&
             !follows(b, v, {"expand_dims", "squeeze"});
    });
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    std::vector<int> single;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] == 1) single.push_back(static_cast<int>(i));
    }
    const int axis = b.random().pick(single);
    draft.attributes["axis"] = b.random().chance(0.7) ? axis_option(b, axis, b[*x].type.rank())
                                                      : axis_number(b, axis, b[*x].type.rank());
    draft.attributes["tuple"] = tuple_text({axis});
    draft.attributes["index"] = at_axis(axis, "0");
    shape.erase(shape.begin() + axis);
    if (single.size() == 1 && b.random().chance(0.4))
      draft.spelling = either(b, {"jnp.squeeze($0)", "$0.squeeze()"});
    draft.operands = {*x};
    draft.results = {with_shape(b[*x], shape)};
    return true;
  };
  return op;
}

Op broadcast_to() {
  Op op{"broadcast_to",
        kArray,
        0.5,
        kSmooth,
        {"expanded", "repeated"},
        {"jnp.broadcast_to($0, $shape)"}};
  op.traits = kRepeats;
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    const auto& shape = b.numbers().at("shape");
    if (shape == x.type.shape || !b.broadcasts(x.type.shape, shape) ||
        broadcast_shapes(x.type.shape, shape) != shape)
      return false;
    draft.attributes["shape"] = tuple_text(shape);
    draft.results = {with_shape(x, shape)};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 0, b.settings().max_rank - 1);
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const auto single = std::find(shape.begin(), shape.end(), 1);
    if (single != shape.end() && b.random().chance(0.7)) {
      *single = b.size();
    } else {
      const std::int64_t n = b.size();
      shape.insert(shape.begin(), n);
      draft.attributes["sizes"] = tuple_text({n});
      if (b.random().chance(0.12)) draft.spelling = "lax.broadcast($0, $sizes)";
    }
    draft.operands = {*x};
    b.set_numbers({{"shape", shape}});
    return infer(b, draft);
  };
  return op;
}

// A vector along a chosen axis of another value, by explicit dimensions.
Op broadcast_in_dim() {
  Op op{"broadcast_in_dim", kArray, 0.25, kSmooth, {"weighted", "shifted"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() >= 2 && magnitude(v.stats) < 100;
    });
    if (!x) return false;
    const Shape shape = b[*x].type.shape;
    const auto v = b.draw([&](const Value& u) {
      return u.type.dtype == b[*x].type.dtype && u.type.rank() == 1 && u.type.shape[0] > 1 &&
             magnitude(u.stats) < 100 &&
             std::find(shape.begin(), shape.end(), u.type.shape[0]) != shape.end();
    });
    if (!v) return false;
    const auto axis = std::find(shape.begin(), shape.end(), b[*v].type.shape[0]) - shape.begin();
    static const std::vector<std::string> kSigns = {"*", "+", "-"};
    const auto sign = b.random().below(3);
    draft.attributes["shape"] = tuple_text(shape);
    draft.spelling = fmt::format("$0 {} lax.broadcast_in_dim($1, {}, ({},))", kSigns[sign],
                                 b.random().chance(0.6) ? "$shape" : "$0.shape", axis);
    draft.operands = {*x, *v};
    Value result = with_shape(b[*x], shape);
    static constexpr Kernel2 kKernels[] = {[](double p, double q) { return p * q; },
                                           [](double p, double q) { return p + q; },
                                           [](double p, double q) { return p - q; }};
    result.stats = map_stats(b[*x].stats, rearranged(b[*v], {}, 5).stats, kKernels[sign]);
    draft.results = {result};
    return true;
  };
  return op;
}

Op atleast() {
  Op op{"atleast", kArray, 0.2, kSmooth, {"rows", "padded", "lifted"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 0, std::min(2, b.settings().max_rank - 1));
    if (!x) return false;
    const Shape& from = b[*x].type.shape;
    const int rank = b[*x].type.rank(), to = b.random().chance(0.75) ? rank + 1 : rank + 2;
    if (to > 3 || to > b.settings().max_rank) return false;
    Shape shape = from;
    if (to == 3 && rank == 2)
      shape.push_back(1);
    else if (to == 3 && rank == 1)
      shape = {1, from[0], 1};
    else
      shape.insert(shape.begin(), static_cast<std::size_t>(to - rank), 1);
    draft.spelling = fmt::format("jnp.atleast_{}d($0)", to);
    draft.operands = {*x};
    draft.results = {with_shape(b[*x], shape)};
    return true;
  };
  return op;
}

// One axis in several and an exchange, for the entries below: both shapes and the order are given.
Op axis_exchange() {
  Op op{"axis_exchange",
        kArray,
        0,
        kSmooth,
        {"heads", "patches", "grouped"},
        {"$0.reshape($split).transpose($order)"}};
  op.infer = [](Builder& b, Draft& draft) {
    const auto& split = b.numbers().at("split");
    const auto& order = b.numbers().at("order");
    draft.attributes["split"] = list_text(split);
    draft.attributes["order"] = list_text(order);
    if (split.size() == 2) draft.spelling = "$0.reshape($split).T";
    draft.results = {rearranged(b[draft.operands[0]], permuted(split, order), 7)};
    return true;
  };
  return op;
}

// Ends with the exchange itself, or with two of its axes together again.
bool exchange(Builder& b, Draft& draft, ValueId x, const Shape& split,
              const std::vector<std::int64_t>& order, const Shape& joined) {
  const auto turned = b.apply("axis_exchange", {x}, {{"split", split}, {"order", order}});
  if (!turned) return false;
  draft.operands = {*turned};
  write_shape(b, draft, joined);
  draft.spelling = "$0.reshape($dims)";
  draft.results = {with_shape(b[*turned], joined)};
  return true;
}

// Heads, patches, shuffled channels.
Op rearrange() {
  Op op{"rearrange", kArray, 0.8, kSmooth, {"interleaved", "shuffled", "merged", "regrouped"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) {
      return v.type.rank() >= 1 && v.type.rank() < b.settings().max_rank &&
             tensor::element_count(v.type.shape) >= 8 &&
             !follows(b, v, {"reshape", "ravel", "collapse", "rearrange"});
    });
    if (!x) return false;
    Shape split = b[*x].type.shape;
    const int axis = draw_axis(b, split, 4);
    const std::int64_t d = axis < 0 ? 0 : draw_divisor(b, size_at(split, axis));
    if (d == 0) return false;
    size_at(split, axis) /= d;
    split.insert(split.begin() + axis + 1, d);
    std::vector<std::int64_t> order(split.size());
    std::iota(order.begin(), order.end(), 0);
    // The two halves trade places, or one of them goes elsewhere.
    if (split.size() == 2 || b.random().chance(0.4))
      std::swap(order[static_cast<std::size_t>(axis)], order[static_cast<std::size_t>(axis) + 1]);
    else
      b.random().shuffle(order);
    if (std::is_sorted(order.begin(), order.end())) return false;
    Shape joined = permuted(split, order);
    if (b.random().chance(0.4)) {
      b.set_numbers({{"split", split}, {"order", order}});
      draft.operands = {*x};
      draft.spelling = "$0.reshape($split).transpose($order)";
      return b.catalogue().named("axis_exchange").infer(b, draft);
    }
    const auto at = b.random().below(joined.size() - 1);
    joined[at] *= joined[at + 1];
    joined.erase(joined.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    return exchange(b, draft, *x, split, order, joined);
  };
  return op;
}

// Two by two squares of an image become channels.
Op space_to_depth() {
  Op op{"space_to_depth", kArray, 0.3, kSmooth, {"patches", "downsampled", "pixels"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      const Shape& s = v.type.shape;
      return s.size() == 2 && s[0] % 2 == 0 && s[1] % 2 == 0 && s[0] > 2 && s[1] > 2;
    });
    if (!x || b.settings().max_rank < 4) return false;
    const Shape s = b[*x].type.shape;
    const Shape flat =
        b.random().chance(0.5) ? Shape{s[0] / 2, s[1] / 2, 4} : Shape{s[0] * s[1] / 4, 4};
    return exchange(b, draft, *x, {s[0] / 2, 2, s[1] / 2, 2}, {0, 2, 1, 3}, flat);
  };
  return op;
}

}  // namespace

std::vector<Op> shape_ops() {
  return {reshape(),  ravel(),         collapse(),  transpose(),     swapaxes(),
          moveaxis(), expand_dims(),   squeeze(),   broadcast_to(),  broadcast_in_dim(),
          atleast(),  axis_exchange(), rearrange(), space_to_depth()};
}

}  // namespace jaxsmith::plan
