// Running sums and extremes, differences, integrals, sliding windows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_reduction.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

using Rule = Stats (*)(const Stats&, double);

struct Line {
  ValueId x;
  int axis;      // not negative
  int written;   // as the source has it
  double count;  // elements along the axis
};

// An operand and one of its axes.
std::optional<Line> draw_line(Builder& b, std::uint32_t kinds, std::int64_t least) {
  const auto x = b.draw([&](const Value& v) {
    return (kind_of(v.type.dtype) & kinds) && v.type.rank() >= 1 &&
           *std::max_element(v.type.shape.begin(), v.type.shape.end()) >= least;
  });
  if (!x) return std::nullopt;
  const Shape& shape = b[*x].type.shape;
  std::vector<int> axes;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= least) axes.push_back(static_cast<int>(i));
  }
  const int axis = b.random().pick(axes);
  const int written = b.random().chance(0.5) ? axis : axis - static_cast<int>(shape.size());
  return Line{*x, axis, written, static_cast<double>(shape[static_cast<std::size_t>(axis)])};
}

Stats running(const Stats& x, Stats whole) {
  Stats out = union_stats(x, whole);
  for (int i = 0; i < kProbes; i += 3) out.probe[i] = 0.5 * (x.probe[i] + whole.probe[i]);
  return out;
}

// From one element to another one.
Stats change_stats(const Stats& x) {
  Stats other = x;
  std::rotate(other.probe.begin(), other.probe.begin() + 5, other.probe.end());
  return map_stats(x, other, [](double u, double v) { return u - v; });
}

// jnp, method and lax forms; the last runs backwards too.
struct Cumulative {
  std::string name;
  double weight;
  std::uint32_t kinds;
  double most;   // elements along the axis
  double reach;  // magnitude of the operand
  Rule rule;
  Derivative derivative;
  std::vector<std::string> hints;
  std::vector<std::string> spellings;  // with $axis
  std::string lax;                     // empty: there is none
};

Op cumulative(const Cumulative& c) {
  Op op{c.name, kReduction, c.weight, c.derivative, c.hints, c.spellings};
  op.draw = [c](Builder& b, Draft& draft) {
    const auto line = draw_line(b, c.kinds, 2);
    if (!line || line->count > c.most || magnitude(b[line->x].stats) > c.reach) return false;
    const Value& x = b[line->x];
    Value result;
    result.type = x.type;
    result.stats = running(x.stats, c.rule(x.stats, line->count));
    if (tensor::is_complex(x.type.dtype))
      result.stats = spread_of_sums(x, result.stats, std::sqrt(line->count));
    const bool lax = !c.lax.empty() && (c.spellings.empty() || b.random().chance(0.3));
    // A line has but one axis, and people leave it out.
    const bool bare = x.type.rank() == 1 && b.random().chance(0.6);
    draft.attributes["axis"] = lax    ? fmt::format("axis={}", line->axis)
                               : bare ? ""
                                      : fmt::format("axis={}", line->written);
    if (lax && bare && line->axis == 0) draft.attributes["axis"] = "";
    if (lax) {
      draft.spelling = c.lax;
      draft.attributes["reverse"] = b.random().chance(0.4) ? "reverse=True" : "";
    }
    draft.operands = {line->x};
    draft.results = {result};
    return true;
  };
  return op;
}

Stats product_stats(const Stats& x, double n) {
  const double top = portable::pow(std::max(magnitude(x), 1.0), n);
  Stats out = x;
  for (double& p : out.probe) p = std::copysign(portable::pow(std::abs(p), 0.5 * n), p);
  out.lo = x.lo < 0 ? -top : 0;
  out.hi = top;
  return out;
}

Stats log_total(const Stats& x, double n) {
  Stats out = x;
  for (double& p : out.probe) p += 0.5 * portable::log(n);
  out.hi += portable::log(n);
  return out;
}

std::vector<Op> running_ops() {
  const auto forms = [](const std::string& name) {
    return std::vector<std::string>{"jnp." + name + "($0, $axis)", "$0." + name + "($axis)"};
  };
  return {
      cumulative({"cumsum",
                  0.9,
                  kReal | kIntegers | kComplexKind,
                  4096,
                  1e4,
                  sum_stats,
                  kSmooth,
                  {"running", "cumulative", "progress"},
                  forms("cumsum"),
                  "lax.cumsum($0, $axis, $reverse)"}),
      cumulative({"cumprod",
                  0.5,
                  kReal,
                  16,
                  1.8,
                  product_stats,
                  kSmooth,
                  {"compounded", "running_product"},
                  forms("cumprod"),
                  "lax.cumprod($0, $axis, $reverse)"}),
      with_traits(kUnsteadyDerivative, cumulative({"cummax",
                                                   0.5,
                                                   kNumbers,
                                                   4096,
                                                   1e9,
                                                   max_stats,
                                                   kSmooth,
                                                   {"running_max", "envelope"},
                                                   {},
                                                   "lax.cummax($0, $axis, $reverse)"})),
      with_traits(kUnsteadyDerivative, cumulative({"cummin",
                                                   0.4,
                                                   kNumbers,
                                                   4096,
                                                   1e9,
                                                   min_stats,
                                                   kSmooth,
                                                   {"running_min"},
                                                   {},
                                                   "lax.cummin($0, $axis, $reverse)"})),
      cumulative({"cumlogsumexp",
                  0.4,
                  kReal,
                  4096,
                  80,
                  log_total,
                  kSmooth,
                  {"running_log_total"},
                  {},
                  "lax.cumlogsumexp($0, $axis, $reverse)"}),
  };
}

// jnp.maximum.accumulate and its like: the ufunc's own method.
Op accumulate() {
  Op op{"accumulate", kReduction, 0.25, kSmooth, {"running_max", "envelope"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto line = draw_line(b, kReal, 2);
    if (!line) return false;
    const auto which = b.random().below(3);
    const Stats& x = b[line->x].stats;
    const Stats whole = which == 0   ? max_stats(x, line->count)
                        : which == 1 ? min_stats(x, line->count)
                                     : sum_stats(x, line->count);
    static const std::vector<std::string> kNames = {"maximum", "minimum", "add"};
    static const std::vector<std::string> kHints = {"running_max", "running_min", "running"};
    Value result;
    result.type = b[line->x].type;
    result.stats = running(x, whole);
    result.hint = kHints[which];
    const bool bare = line->axis == 0 && b.random().chance(0.5);
    draft.attributes["axis"] = bare ? "" : fmt::format("axis={}", line->written);
    draft.spelling = fmt::format("jnp.{}.accumulate($0, $axis)", kNames[which]);
    draft.operands = {line->x};
    draft.results = {result};
    return true;
  };
  return op;
}

// A running sum that starts with nothing: one element more.
Op cumulative_sum() {
  Op op{"cumulative_sum",
        kReduction,
        0.2,
        kSmooth,
        {"edges", "offsets", "running"},
        {"jnp.cumulative_sum($0, $options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto line = draw_line(b, kReal, 2);
    if (!line) return false;
    const Value& x = b[line->x];
    const bool initial = b.random().chance(0.6);
    Value result;
    result.type = x.type;
    if (initial) result.type.shape[static_cast<std::size_t>(line->axis)] += 1;
    result.stats = running(x.stats, sum_stats(x.stats, line->count));
    if (initial) result.stats = union_stats(result.stats, constant_stats(0));
    const bool bare = x.type.rank() == 1 && b.random().chance(0.6);
    draft.attributes["options"] = arguments_text(
        {bare ? "" : fmt::format("axis={}", line->written), initial ? "include_initial=True" : ""});
    draft.operands = {line->x};
    draft.results = {result};
    return true;
  };
  return op;
}

// Differences of neighbours, once or twice.
Op diff() {
  Op op{"diff",
        kReduction,
        0.7,
        kSmooth,
        {"steps", "increments", "change"},
        {"jnp.diff($0, $options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto line = draw_line(b, kReal | kSignedKind, 4);
    if (!line || !varies_along(b, line->x, {line->axis})) return false;
    const bool half = half_precision(b[line->x].type.dtype);
    const int order = !half && b.random().chance(0.2) ? 2 : 1;
    Value result;
    result.type = b[line->x].type;
    result.type.shape[static_cast<std::size_t>(line->axis)] -= order;
    result.stats = b[line->x].stats;
    for (int i = 0; i < order; ++i) result.stats = change_stats(result.stats);
    const bool last = line->axis == b[line->x].type.rank() - 1 && b.random().chance(0.6);
    draft.attributes["options"] = arguments_text(
        {order == 2 ? "n=2" : "", last ? "" : fmt::format("axis={}", line->written)});
    draft.operands = {line->x};
    draft.results = {result};
    return true;
  };
  return op;
}

// Central differences along one axis.
Op gradient_of_array() {
  Op op{"array_gradient",           kReduction, 0.25, kSmooth, {"slope", "steepness"},
        {"jnp.gradient($0, $axis)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto line = draw_line(b, kReal, 4);
    if (!line || !varies_along(b, line->x, {line->axis})) return false;
    Value result;
    result.type = b[line->x].type;
    result.stats = change_stats(b[line->x].stats);
    const bool bare = b[line->x].type.rank() == 1 && b.random().chance(0.6);
    draft.attributes["axis"] = bare ? "" : fmt::format("axis={}", line->written);
    draft.operands = {line->x};
    draft.results = {result};
    return true;
  };
  return full_precision(std::move(op));
}

// The integral by the trapezoid rule.
Op trapezoid() {
  Op op{"trapezoid",
        kReduction,
        0.35,
        kSmooth,
        {"area", "integral"},
        {"jnp.trapezoid($0, $options)", "jax.scipy.integrate.trapezoid($0, $options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto line = draw_line(b, kReal, 3);
    if (!line) return false;
    static const std::vector<double> kSteps = {1, 1, 0.1, 0.5, 0.25, 2};
    const double step = b.random().pick(kSteps);
    Value result;
    result.type = b[line->x].type;
    result.type.shape.erase(result.type.shape.begin() + line->axis);
    result.stats = scale_stats(sum_stats(b[line->x].stats, line->count - 1), step);
    const bool last = line->axis == b[line->x].type.rank() - 1 && b.random().chance(0.6);
    draft.attributes["options"] =
        arguments_text({step == 1 ? "" : fmt::format("dx={}", number_text(step, false)),
                        last ? "" : fmt::format("axis={}", line->written)});
    draft.operands = {line->x};
    draft.results = {result};
    return true;
  };
  return op;
}

// Sums or extremes of windows, as pooling has them.
Op reduce_window() {
  Op op{"reduce_window",
        kReduction,
        0.4,
        kSmooth,
        {"pooled", "windows"},
        {"lax.reduce_window($0, $start, $operator, $window, $strides, $padding)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto line = draw_line(b, kReal, 4);
    if (!line) return false;
    const Value& x = b[line->x];
    const auto rank = static_cast<std::size_t>(x.type.rank());
    std::vector<std::int64_t> window(rank, 1), strides(rank, 1);
    const bool same = b.random().chance(0.35);
    Value result;
    result.type = x.type;
    double count = 1;
    for (std::size_t i = 0; i < rank; ++i) {
      if (static_cast<int>(i) != line->axis && (x.type.shape[i] < 4 || b.random().chance(0.5)))
        continue;
      window[i] = b.random().between(2, 3);
      strides[i] = b.random().chance(0.5) ? window[i] : 1;
      count *= static_cast<double>(window[i]);
      auto& size = result.type.shape[i];
      size = same ? (size + strides[i] - 1) / strides[i] : (size - window[i]) / strides[i] + 1;
    }
    const bool largest = b.random().chance(0.55);
    result.stats = largest ? max_stats(x.stats, count) : sum_stats(x.stats, count);
    if (!largest && same) result.stats = union_stats(result.stats, x.stats);
    draft.attributes["start"] = largest ? "-jnp.inf" : "0.0";
    draft.attributes["operator"] = largest ? "lax.max" : "lax.add";
    draft.attributes["window"] = tuple_text(window);
    draft.attributes["strides"] = tuple_text(strides);
    draft.attributes["padding"] = same ? "\"SAME\"" : "\"VALID\"";
    draft.spelling = "lax.reduce_window($0, $start, $operator, $window, $strides, $padding)";
    draft.operands = {line->x};
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> cumulative_ops() {
  std::vector<Op> out = running_ops();
  for (auto& op :
       {accumulate(), cumulative_sum(), diff(), gradient_of_array(), trapezoid(), reduce_window()})
    out.push_back(op);
  return out;
}

}  // namespace jaxsmith::plan
