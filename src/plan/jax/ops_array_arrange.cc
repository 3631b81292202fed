// Elements in other places: mirrored, shifted, repeated, padded, masked by triangles, on diagonals.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_array.h"
#include "plan/jax/shape_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

Op flip() {
  Op op{"flip",
        kArray,
        0.9,
        kSmooth,
        {"mirrored", "flipped", "backward"},
        {"jnp.flip($0, $options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"flip"});
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = draw_axis(b, shape, 2);
    if (axis < 0) return false;
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], shape, 3 + axis)};
    draft.attributes["options"] = axis_option(b, axis, rank);
    draft.attributes["axes"] = tuple_text({axis});
    draft.attributes["index"] = at_axis(axis, "::-1");
    std::vector<std::string> forms = {"jnp.flip($0, $options)", "$0[$index]", "lax.rev($0, $axes)"};
    if (rank >= 2 && axis == 0) forms.push_back("jnp.flipud($0)");
    if (rank >= 2 && axis == 1) forms.push_back("jnp.fliplr($0)");
    if (rank == 1) forms.push_back("jnp.flip($0)");
    draft.spelling = either(b, forms);
    if (rank >= 2 && b.random().chance(0.15)) {
      draft.attributes["axes"] = "(0, 1)";
      draft.spelling =
          either(b, {"jnp.flip($0, axis=$axes)", "jnp.flip($0)", "lax.rev($0, $axes)"});
    }
    return true;
  };
  return op;
}

Op roll() {
  Op op{"roll", kArray, 0.9, kSmooth, {"shifted", "rolled", "neighbor"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"roll"});
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = draw_axis(b, shape, 2);
    if (axis < 0) return false;
    const auto n = size_at(shape, axis);
    std::int64_t shift = b.random().chance(0.6) ? 1 : b.random().between(1, n - 1);
    if (b.random().chance(0.5)) shift = -shift;
    draft.attributes["shift"] =
        b.random().chance(0.25) ? fmt::format("shift={}", shift) : std::to_string(shift);
    draft.attributes["axis"] = axis_option(b, axis, rank);
    draft.spelling = "jnp.roll($0, $shift, $axis)";
    if (rank == 1 && b.random().chance(0.5)) {
      draft.spelling = "jnp.roll($0, $shift)";
    } else if (rank >= 2 && b.random().chance(0.15)) {
      draft.attributes["shift"] = tuple_text({shift, b.random().between(1, 2)});
      draft.spelling = "jnp.roll($0, $shift, axis=(0, 1))";
    }
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], shape, shift + 4)};
    return true;
  };
  return op;
}

// A shift that the program computes.
Op roll_by() {
  Op op{"dynamic_roll",
        kArray,
        0.5,
        kSmooth,
        {"shifted", "aligned", "rolled"},
        {"jnp.roll($0, $1, $axis)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_inexact(v.type.dtype) && v.type.rank() >= 1 &&
             tensor::element_count(v.type.shape) >= 3;
    });
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const int axis = draw_axis(b, shape, 3);
    if (axis < 0) return false;
    const auto shift = draw_index(b, size_at(b[*x].type.shape, axis),
                                  [](const Value& v) { return v.type.rank() == 0; });
    if (!shift) return false;
    draft.attributes["axis"] = b[*x].type.rank() == 1 && b.random().chance(0.5)
                                   ? ""
                                   : axis_option(b, axis, b[*x].type.rank());
    draft.operands = {*x, *shift};
    draft.results = {rearranged(b[*x], shape, 2)};
    draft.results[0].sure = b[*x].sure;  // not the shift's: a sum does not know it
    draft.sure_given = true;
    return true;
  };
  return op;
}

Op rot90() {
  Op op{"rot90", kArray, 0.3, kSmooth, {"rotated", "turned"}, {"jnp.rot90($0, $options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 2, 99, {"rot90", "flip"});
    if (!x || tensor::element_count(b[*x].type.shape) < 3) return false;
    Shape shape = b[*x].type.shape;
    const int rank = b[*x].type.rank();
    const auto k = b.random().between(1, 3);
    int one = 0, two = 1;
    std::string axes;
    if (rank > 2 && b.random().chance(0.6)) {
      one = rank - 2, two = rank - 1;
      axes = b.random().chance(0.5) ? "axes=(-2, -1)" : fmt::format("axes=({}, {})", one, two);
    }
    if (k != 2) std::swap(size_at(shape, one), size_at(shape, two));
    draft.attributes["options"] = arguments_text({k == 1 ? "" : fmt::format("k={}", k), axes});
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], shape, 5 + k)};
    return true;
  };
  return op;
}

Op tile() {
  Op op{"tile", kArray, 0.6, kSmooth, {"tiled", "repeated", "copies"}, {"jnp.tile($0, $reps)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"tile", "repeat"});
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = draw_axis(b, shape, 2);
    if (axis < 0) return false;
    const auto n = b.random().between(2, 3);
    std::vector<std::int64_t> reps(shape.size(), 1);
    reps[static_cast<std::size_t>(axis)] = n;
    size_at(shape, axis) *= n;
    if (rank == 1 && rank < b.settings().max_rank && b.random().chance(0.3)) {
      shape = {n, b[*x].type.shape[0]};
      reps = {n, 1};
    }
    draft.attributes["reps"] =
        axis == rank - 1 && reps.size() == shape.size() && reps.back() > 1 && b.random().chance(0.5)
            ? std::to_string(n)
            : tuple_text(reps);
    draft.operands = {*x};
    draft.results = {with_shape(b[*x], shape)};
    return true;
  };
  return op;
}

Op repeat() {
  Op op{"repeat",
        kArray,
        0.6,
        kSmooth,
        {"repeated", "stretched", "upsampled"},
        {"jnp.repeat($0, $counts, $options)", "$0.repeat($counts, $options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"tile", "repeat"});
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = draw_axis(b, shape, 2);
    if (axis < 0) return false;
    const auto n = size_at(shape, axis);
    std::string length;
    if (n <= 6 && b.random().chance(0.2)) {  // each as often as a list says
      std::vector<std::int64_t> counts;
      std::int64_t total = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        counts.push_back(b.random().between(1, 3));
        total += counts.back();
      }
      draft.attributes["counts"] = places_text(counts);
      length = fmt::format("total_repeat_length={}", total);
      size_at(shape, axis) = total;
    } else {
      const auto times = b.random().between(2, 4);
      draft.attributes["counts"] = std::to_string(times);
      size_at(shape, axis) *= times;
    }
    const bool bare = rank == 1 && b.random().chance(0.5);
    draft.attributes["options"] = arguments_text({bare ? "" : axis_option(b, axis, rank), length});
    draft.operands = {*x};
    draft.results = {with_shape(b[*x], shape)};
    return true;
  };
  return op;
}

// ---- Padding ----

struct Widths {
  std::vector<std::pair<std::int64_t, std::int64_t>> of;
  std::string text;
};

// How much goes before and after each axis: the same everywhere, or at some axes only.
std::optional<Widths> draw_widths(Builder& b, const Shape& shape, std::int64_t most_of_axis) {
  Widths w;
  const auto most = [&](std::int64_t n) { return std::min<std::int64_t>(3, n + most_of_axis); };
  const auto least = *std::min_element(shape.begin(), shape.end());
  if (most(least) >= 1 && b.random().chance(0.3)) {
    const auto n = b.random().between(1, std::min<std::int64_t>(2, most(least)));
    w.of.assign(shape.size(), {n, n});
    w.text = std::to_string(n);
    return w;
  }
  const std::size_t main = b.random().below(shape.size());
  bool any = false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto top = most(shape[i]);
    if (top < 1 || (i != main && !b.random().chance(0.25))) {
      w.of.push_back({0, 0});
      continue;
    }
    const bool both = b.random().chance(0.5);
    const auto n = b.random().between(1, top);
    w.of.push_back(both ? std::pair(n, b.random().chance(0.6) ? n : b.random().between(1, top))
                   : b.random().chance(0.5) ? std::pair(n, std::int64_t{0})
                                            : std::pair(std::int64_t{0}, n));
    any = true;
  }
  if (!any) return std::nullopt;
  std::vector<std::string> parts;
  for (const auto& [before, after] : w.of) parts.push_back(fmt::format("({}, {})", before, after));
  w.text = shape.size() == 1 ? parts[0] : fmt::format("({})", fmt::join(parts, ", "));
  return w;
}

Shape padded(const Shape& shape, const Widths& widths) {
  Shape out = shape;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += widths.of[i].first + widths.of[i].second;
  return out;
}

Op pad() {
  Op op{"pad", kArray, 0.9, kSmooth, {"padded", "framed"}, {"jnp.pad($0, $widths, $options)"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"pad", "edge_pad", "dilating_pad", "embed"});
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const auto widths = draw_widths(b, shape, 3);
    if (!widths) return false;
    const DType dtype = b[*x].type.dtype;
    const double fill = tensor::is_complex(dtype) ? 0 : filler(b, b[*x]);
    const bool named = b.random().chance(0.15);
    draft.attributes["widths"] = widths->text;
    draft.attributes["options"] =
        arguments_text({named ? "mode=\"constant\"" : "",
                        fill == 0 ? "" : "constant_values=" + number_of(fill, dtype)});
    Value result = with_shape(b[*x], padded(shape, *widths));
    const double share = 1 - static_cast<double>(tensor::element_count(shape)) /
                                 static_cast<double>(tensor::element_count(result.type.shape));
    result.stats = with_constant(b[*x].stats, fill, share);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

Op pad_mode() {
  Op op{"edge_pad",
        kArray,
        0.7,
        kSmooth,
        {"padded", "extended", "halo"},
        {"jnp.pad($0, $widths, mode=$mode)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"pad", "edge_pad", "dilating_pad"});
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const std::uint32_t kind = kind_of(b[*x].type.dtype);
    std::vector<std::string> modes = {"edge", "reflect", "edge", "wrap", "symmetric", "reflect"};
    if (kind & kNumbers) modes.insert(modes.end(), {"maximum", "minimum"});
    if (kind & kReal) modes.push_back("mean");
    const std::string mode = b.random().pick(modes);
    // A reflection leaves out the edge itself.
    const auto widths = draw_widths(b, shape, mode == "reflect" ? -1 : 0);
    if (!widths || (mode == "mean" && half_precision(b[*x].type.dtype))) return false;
    draft.attributes["widths"] = widths->text;
    draft.attributes["mode"] = fmt::format("\"{}\"", mode);
    draft.operands = {*x};
    draft.results = {with_shape(b[*x], padded(shape, *widths))};
    return true;
  };
  return op;
}

// With gaps between elements, or less than there was.
Op lax_pad() {
  Op op{"dilating_pad",
        kArray,
        0.35,
        kSmooth,
        {"dilated", "spread", "cropped"},
        {"lax.pad($0, $value, $config)"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_numbers(b, 1);
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    std::vector<std::string> config;
    const int main = draw_axis(b, shape, 3);
    if (main < 0) return false;
    for (int i = 0; i < static_cast<int>(shape.size()); ++i) {
      const auto n = size_at(shape, i);
      const auto inside = i == main ? b.random().between(0, 2) : 0;
      const auto before =
          i == main || b.random().chance(0.3) ? b.random().between(inside || n < 4 ? 0 : -1, 2) : 0;
      const auto after = i == main ? b.random().between(inside ? 0 : 1, 2) : 0;
      size_at(shape, i) = n + before + after + (n - 1) * inside;
      config.push_back(fmt::format("({}, {}, {})", before, after, inside));
    }
    if (tensor::element_count(shape) <= tensor::element_count(b[*x].type.shape)) return false;
    const DType dtype = b[*x].type.dtype;
    const double fill = filler(b, b[*x]);
    const bool usual = dtype == b.default_real() || dtype == b.default_integer();
    const std::string text = number_of(fill, dtype);
    draft.attributes["value"] = usual ? text : fmt::format("{}({})", dtype_text(dtype), text);
    draft.attributes["config"] = config.size() == 1 ? fmt::format("({},)", config[0])
                                                    : fmt::format("({})", fmt::join(config, ", "));
    Value result = with_shape(b[*x], shape);
    const double share = 1 - static_cast<double>(tensor::element_count(b[*x].type.shape)) /
                                 static_cast<double>(tensor::element_count(shape));
    result.stats = with_constant(b[*x].stats, fill, share);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// ---- Triangles and diagonals ----

// One triangle of the last two axes, by name or by a mask.
Op triangle() {
  Op op{"triangle", kArray, 0.6, kSmooth, {"triangle", "causal", "lower_part", "masked"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      const Shape& s = v.type.shape;
      return s.size() >= 2 && s[s.size() - 1] >= 2 && s[s.size() - 2] >= 2;
    });
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const DType dtype = b[*x].type.dtype;
    const auto rows = shape[shape.size() - 2], columns = shape.back();
    const bool lower = b.random().chance(0.55);
    // No row or column is empty: k moves the diagonal outwards only.
    const auto k = b.random().chance(0.7) ? 0 : (lower ? 1 : -1);
    if (lower ? columns > rows + k : rows > columns - k) return false;
    if (lower ? k >= columns - 1 : -k >= rows - 1) return false;
    draft.attributes["options"] = k == 0                   ? ""
                                  : b.random().chance(0.7) ? fmt::format("k={}", k)
                                                           : std::to_string(k);
    draft.spelling = lower ? "jnp.tril($0, $options)" : "jnp.triu($0, $options)";
    double fill = 0;
    if (lower && !tensor::is_complex(dtype) && b.random().chance(0.35)) {
      fill = filler(b, b[*x]);
      draft.attributes["fill"] = number_of(fill, dtype);
      if (k != 0) draft.attributes["options"] = fmt::format("k={}", k);
      draft.attributes["shape"] = tuple_text({rows, columns});
      draft.attributes["square"] =
          rows == columns ? std::to_string(rows) : fmt::format("{}, {}", rows, columns);
      draft.spelling =
          either(b, {"jnp.where(jnp.tri($square, $options, dtype=bool), $0, $fill)",
                     "jnp.where(jnp.tril(jnp.ones($shape, dtype=bool), $options), $0, $fill)"});
    }
    Value result = with_shape(b[*x], shape);
    result.stats = with_constant(b[*x].stats, fill, 0.4);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

Op diag() {
  Op op{"diagonal_matrix",
        kArray,
        0.4,
        kSmooth,
        {"diagonal_matrix", "scaling"},
        {"jnp.diag($0, $options)", "jnp.diagflat($0, $options)"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x =
        b.draw([](const Value& v) { return v.type.rank() == 1 && v.type.shape[0] >= 2; });
    if (!x || b.settings().max_rank < 2) return false;
    const auto k = b.random().chance(0.65) ? 0 : b.random().chance(0.5) ? 1 : -1;
    const auto n = b[*x].type.shape[0] + std::abs(k);
    draft.attributes["options"] = k == 0 ? "" : fmt::format("k={}", k);
    Value result = with_shape(b[*x], {n, n});
    result.stats = with_constant(b[*x].stats, 0, 1 - 1.0 / static_cast<double>(n));
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

Op diagonal() {
  Op op{"diagonal",
        kArray,
        0.5,
        kSmooth,
        {"diagonal", "pivots"},
        {"jnp.diagonal($0, $options)", "$0.diagonal($options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 2, 99, {"diagonal_matrix"});
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const int rank = b[*x].type.rank();
    int one = 0, two = 1;
    std::string axes;
    if (rank > 2 && b.random().chance(0.6)) {
      one = rank - 2, two = rank - 1;
      axes = "axis1=-2, axis2=-1";
    }
    const auto k = b.random().chance(0.65) ? 0 : b.random().chance(0.5) ? 1 : -1;
    const auto rows = size_at(shape, one) + std::min<std::int64_t>(k, 0),
               columns = size_at(shape, two) - std::max<std::int64_t>(k, 0);
    const auto n = std::min(rows, columns);
    if (n < 2) return false;
    Shape left;
    for (int i = 0; i < rank; ++i) {
      if (i != one && i != two) left.push_back(size_at(shape, i));
    }
    left.push_back(n);
    draft.attributes["options"] = arguments_text({k == 0 ? "" : fmt::format("offset={}", k), axes});
    draft.attributes["k"] = k == 0 ? "" : fmt::format("k={}", k);
    if (rank == 2 && b.random().chance(0.4)) draft.spelling = "jnp.diag($0, $k)";
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], left, 2 + k)};
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

Op fill_diagonal() {
  Op op{"fill_diagonal", kArray, 0.3, kSmooth, {"off_diagonal", "cleared", "adjusted"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return v.type.rank() == 2 && v.type.shape[0] == v.type.shape[1] && v.type.shape[0] >= 2 &&
             !tensor::is_complex(v.type.dtype);
    });
    if (!x) return false;
    const DType dtype = b[*x].type.dtype;
    const auto n = b[*x].type.shape[0];
    const double fill = filler(b, b[*x]);
    draft.attributes["fill"] = number_of(fill, dtype);
    draft.attributes["n"] = std::to_string(n);
    draft.spelling = either(b, {"jnp.where(jnp.eye($n, dtype=bool), $fill, $0)",
                                "$0.at[jnp.diag_indices($n)].set($fill)",
                                "jnp.fill_diagonal($0, $fill, inplace=False)"});
    Value result = with_shape(b[*x], b[*x].type.shape);
    result.stats = with_constant(b[*x].stats, fill, 1.0 / static_cast<double>(n));
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// As many elements as the new shape has, from the start again where they run out.
Op resize() {
  Op op{"resize", kArray, 0.15, kSmooth, {"resized", "cycled"}, {"jnp.resize($0, $shape)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 2);
    if (!x) return false;
    const Shape shape = {b.size(), b.size()};
    if (b.settings().max_rank < 2 || shape == b[*x].type.shape ||
        tensor::element_count(shape) < tensor::element_count(b[*x].type.shape))
      return false;
    draft.attributes["shape"] = tuple_text(shape);
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], shape, 1)};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> arrangement_ops() {
  return {flip(),     roll(),    roll_by(),  rot90(), tile(),     repeat(),        pad(),
          pad_mode(), lax_pad(), triangle(), diag(),  diagonal(), fill_diagonal(), resize()};
}

}  // namespace jaxsmith::plan
