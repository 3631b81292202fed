// Order: sorting, positions of extremes, top values, quantiles, counts by value.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_reduction.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

// Equal elements of half precision change places with the last bit; equal integers keep theirs.
bool has_clear_order(const Value& v) {
  const bool kind = tensor::is_integer(v.type.dtype) ||
                    (tensor::is_real(v.type.dtype) && !half_precision(v.type.dtype));
  return kind && v.type.rank() >= 1;
}

std::optional<ValueId> draw_ordered(Builder& b) {
  return b.draw([](const Value& v) { return has_clear_order(v); });
}

// Where the largest or the smallest element is.
Op arg_extreme(std::string name, std::vector<std::string> hints) {
  Op op{name,
        kReduction,
        0.7,
        kZero,
        std::move(hints),
        {fmt::format("jnp.{}($0, $options)", name), fmt::format("$0.{}($options)", name)}};
  op.draw = [name](Builder& b, Draft& draft) {
    const auto x = draw_ordered(b);
    if (!x) return false;
    const Numbers numbers = draw_axes(b, b[*x].type.rank(), true, true);
    const auto reduced = reduced_axes(b[*x].type.shape, numbers);
    if (!reduced || reduced->count < 3 || !varies_along(b, *x, reduced->axes)) return false;
    Value result;
    result.type = {b.default_integer(), reduced->shape};
    result.stats = position_stats(reduced->count);
    draft.attributes["options"] = arguments_text({axis_text(numbers), keepdims_text(numbers)});
    if (reduced->axes.size() == 1 && !numbers.contains("keepdims") && b.random().chance(0.12)) {
      result.type.dtype = DType::kI32;
      draft.attributes["axis"] = std::to_string(reduced->axes[0]);
      draft.spelling = fmt::format("lax.{}($0, $axis, jnp.int32)", name);
    }
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// The axis that sorting goes along, as options: the last one when nothing is said.
struct Sorted {
  int axis;
  std::string text;
};
Sorted draw_sorted_axis(Builder& b, const Shape& shape) {
  const int rank = static_cast<int>(shape.size());
  const int axis =
      b.random().chance(0.6) ? rank - 1 : static_cast<int>(b.random().below(shape.size()));
  const bool bare = axis == rank - 1 && b.random().chance(0.7);
  return {axis, bare ? "" : fmt::format("axis={}", b.random().chance(0.5) ? axis : axis - rank)};
}

Op sort() {
  Op op{"sort",
        kReduction,
        0.8,
        kSmooth,
        {"ordered", "ranked"},
        {"jnp.sort($0, $options)", "jnp.sort($0, $options)", "$0.sort($options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kNumbers, 1);
    if (!x) return false;
    const auto [axis, text] = draw_sorted_axis(b, b[*x].type.shape);
    if (b[*x].type.shape[static_cast<std::size_t>(axis)] < 3 || !varies_along(b, *x, {axis}))
      return false;
    Value result;
    result.type = b[*x].type;
    result.stats = b[*x].stats;
    result.facts = 0;
    draft.attributes["options"] =
        arguments_text({text, b.random().chance(0.25) ? "descending=True" : ""});
    if (b.random().chance(0.2)) {
      draft.attributes["axis"] =
          axis == b[*x].type.rank() - 1 ? "" : fmt::format("dimension={}", axis);
      draft.spelling = "lax.sort($0, $axis)";
    }
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

Op argsort() {
  Op op{"argsort",
        kReduction,
        0.5,
        kZero,
        {"order", "ranks", "permutation"},
        {"jnp.argsort($0, $options)", "$0.argsort($options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_ordered(b);
    if (!x) return false;
    const auto [axis, text] = draw_sorted_axis(b, b[*x].type.shape);
    const double n = static_cast<double>(b[*x].type.shape[static_cast<std::size_t>(axis)]);
    if (n < 3 || !varies_along(b, *x, {axis})) return false;
    Value result;
    result.type = {b.default_integer(), b[*x].type.shape};
    result.stats = position_stats(n);
    draft.attributes["options"] =
        arguments_text({text, b.random().chance(0.2) ? "descending=True" : ""});
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// The largest elements along the last axis, with or without where they are.
Op top_k() {
  Op op{"top_k", kReduction, 0.6, kSmooth, {"best", "leaders", "top"}, {"lax.top_k($0, $k)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return (kind_of(v.type.dtype) & kNumbers) && v.type.rank() >= 1 && v.type.shape.back() >= 4;
    });
    if (!x) return false;
    const auto n = b[*x].type.shape.back();
    const auto k = b.random().between(2, std::min<std::int64_t>(5, n - 1));
    Value values, places;
    values.type = places.type = b[*x].type;
    values.type.shape.back() = places.type.shape.back() = k;
    values.stats = max_stats(b[*x].stats, 2);
    places.type.dtype = DType::kI32;
    places.stats = position_stats(static_cast<double>(n));
    static const std::vector<std::string> kBest = {"best", "top", "leaders", "largest"};
    values.hint = b.random().pick(kBest);
    places.hint = "places";
    draft.attributes["k"] = b.random().chance(0.25) ? fmt::format("k={}", k) : std::to_string(k);
    draft.operands = {*x};
    draft.results = {values};
    if (!b.differentiable() && has_clear_order(b[*x]) &&
        varies_along(b, *x, {b[*x].type.rank() - 1}) && b.random().chance(0.4)) {
      draft.results.push_back(places);
    } else if (b.random().chance(0.5)) {
      draft.ignored_result = 1;
    } else {
      draft.spelling = "lax.top_k($0, $k)[0]";
    }
    return true;
  };
  return op;
}

// One quantile, or several of them in front.
Op quantile() {
  Op op{"quantile", kReduction, 0.5, kSmooth, {"quantile", "cutoff"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 1);
    if (!x) return false;
    const Numbers numbers = draw_axes(b, b[*x].type.rank(), true, true);
    const auto reduced = reduced_axes(b[*x].type.shape, numbers);
    if (!reduced || reduced->count < 3) return false;
    const bool percent = b.random().chance(0.35);
    static const std::vector<double> kLevels = {0.1, 0.25, 0.5, 0.75, 0.9, 0.05, 0.95, 0.3};
    std::vector<double> levels = {b.random().pick(kLevels)};
    if (b.random().chance(0.25))
      levels = b.random().chance(0.5) ? std::vector<double>{0.25, 0.75}
                                      : std::vector<double>{0.1, 0.5, 0.9};
    Value result;
    result.type = {b[*x].type.dtype, reduced->shape};
    const double m = median(b[*x].stats);
    const double shift = (levels[0] - 0.5) * spread(b[*x].stats);
    result.stats = b[*x].stats;
    for (double& p : result.stats.probe)
      p = std::clamp(m + shift + (p - m) / std::sqrt(reduced->count), result.stats.lo,
                     result.stats.hi);
    if (percent) {
      for (double& q : levels) q *= 100;
    }
    if (levels.size() > 1) {
      result.type.shape.insert(result.type.shape.begin(), static_cast<std::int64_t>(levels.size()));
      draft.attributes["levels"] = array_text(b, levels, result.type.dtype);
    } else {
      draft.attributes["levels"] =
          percent ? fmt::format("{:g}", levels[0]) : number_text(levels[0], false);
    }
    static const std::vector<std::string> kMethods = {"nearest", "lower", "higher", "midpoint"};
    const std::string method =
        b.random().chance(0.12) ? fmt::format("method=\"{}\"", b.random().pick(kMethods)) : "";
    draft.attributes["options"] =
        arguments_text({axis_text(numbers), method, keepdims_text(numbers)});
    draft.spelling =
        percent ? "jnp.percentile($0, $levels, $options)" : "jnp.quantile($0, $levels, $options)";
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

Value counts(DType dtype, std::int64_t bins, double n) {
  Value result;
  result.type = {dtype, {bins}};
  for (int i = 0; i < kProbes; ++i) {
    result.stats.probe[i] =
        std::floor(n / static_cast<double>(bins) * (0.4 + 1.2 * (i * 5 % kProbes) / kProbes));
  }
  if (spread(result.stats) == 0) result.stats.probe[0] += 1;
  result.stats.hi = n;
  return result;
}

// How often each number occurs.
Op bincount() {
  Op op{"bincount",
        kReduction,
        0.5,
        kZero,
        {"histogram", "occurrences", "tally"},
        {"jnp.bincount($0, length=$length)"}};
  op.traits = kKnownTotal;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_integer(v.type.dtype) && v.type.rank() == 1 && v.type.shape[0] >= 4 &&
             v.stats.lo >= 0 && v.stats.hi <= 60;
    });
    if (!x) return false;
    const auto top = static_cast<std::int64_t>(b[*x].stats.hi) + 1;
    const auto length = b.random().chance(0.6)
                            ? top
                            : b.random().between(std::max<std::int64_t>(2, top / 2), top + 4);
    const double n = static_cast<double>(b[*x].type.shape[0]);
    draft.operands = {*x};
    if (b.random().chance(0.35)) {
      const auto w = b.draw([&](const Value& v) {
        return v.type.dtype == DType::kF32 && v.type.shape == b[*x].type.shape;
      });
      if (w) {
        draft.operands.push_back(*w);
        draft.spelling = "jnp.bincount($0, weights=$1, length=$length)";
      }
    }
    if (draft.operands.size() == 1) {
      draft.results = {counts(b.default_integer(), length, n)};
    } else {
      Value result;
      result.type = {DType::kF32, {length}};
      result.stats = union_stats(sum_stats(b[draft.operands[1]].stats, n), constant_stats(0));
      for (int i = 0; i < kProbes; ++i)
        result.stats.probe[i] = b[draft.operands[1]].stats.probe[i] * (i % 3);
      draft.results = {result};
    }
    draft.attributes["length"] = std::to_string(length);
    draft.sure_given = true;  // bins may keep their counts
    return true;
  };
  return op;
}

// Counts in equal bins of a range around typical elements.
Op histogram() {
  Op op{"histogram",
        kReduction,
        0.25,
        kZero,
        {"histogram", "profile"},
        {"jnp.histogram($0, bins=$bins, range=$range)[0]"}};
  op.traits = kKnownTotal;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return v.type.dtype == DType::kF32 && v.type.rank() >= 1 &&
             tensor::element_count(v.type.shape) >= 8;
    });
    if (!x) return false;
    const auto [low, high] =
        std::minmax_element(b[*x].stats.probe.begin(), b[*x].stats.probe.end());
    const double lo = std::floor(*low), hi = std::ceil(*high);
    if (hi - lo > 200 || *high - *low < 0.3) return false;
    const auto bins = b.random().between(3, 8);
    const double n = static_cast<double>(tensor::element_count(b[*x].type.shape));
    draft.attributes["bins"] = std::to_string(bins);
    draft.attributes["range"] =
        fmt::format("({}, {})", number_text(lo, false), number_text(hi, false));
    draft.operands = {*x};
    draft.results = {counts(DType::kF32, bins, n)};
    draft.sure_given = true;
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> order_ops() {
  return {sort(),
          argsort(),
          arg_extreme("argmax", {"winner", "best_index", "peak_at"}),
          arg_extreme("argmin", {"nearest", "lowest_at"}),
          top_k(),
          quantile(),
          bincount(),
          histogram()};
}

}  // namespace jaxsmith::plan
