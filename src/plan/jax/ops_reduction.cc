// Reductions over any axes: sums, means, extremes, spreads, counts.
#include "plan/jax/ops_reduction.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {

using Rule = Stats (*)(const Stats&, double);

enum class ResultType {
  kSame,
  kSum,      // small integers grow to the default one
  kInexact,  // integers and bool become real
  kCount,    // the default integer
};

// What tells reductions apart.
struct Reduction {
  std::string name;
  Traits traits = 0;
  double weight = 1;
  std::uint32_t kinds = kReal;
  Rule rule = nullptr;
  std::vector<std::string> hints;
  std::vector<std::string> spellings;
  Derivative derivative = Derivative::kSmooth;
  ResultType type = ResultType::kSame;
  Interval domain = anywhere();
  double least = 2, most = 4096;  // elements that go into one
  double where_share = 0;         // how often it takes `where=`
  double neutral = 0;             // what masked elements count for
  bool initial = false;           // `where=` needs `initial=`
  bool needs_spread = false;      // elements must differ along the axes
  bool takes_dtype = false;
  std::string lax = {};  // a spelling with $axes, without keepdims
};

DType result_dtype(const Builder& b, ResultType type, DType x) {
  switch (type) {
    case ResultType::kSame:
      return x;
    case ResultType::kInexact:
      return inexact_of(x);
    case ResultType::kCount:
      return b.default_integer();
    case ResultType::kSum:
      break;
  }
  if (tensor::is_inexact(x) || tensor::byte_size(x) >= tensor::byte_size(b.default_integer()))
    return x;
  if (tensor::dtype_class(x) != tensor::DTypeClass::kUnsigned) return b.default_integer();
  return b.settings().x64 ? DType::kU64 : DType::kU32;
}

// A mask for `where=`: one in scope that does not enlarge the operand, or a comparison of the
// operand.
std::optional<ValueId> mask_for(Builder& b, ValueId x) {
  const Type type = b[x].type;
  const auto mask = b.draw([&](const Value& v) {
    return &v != &b[x] && v.type.dtype == DType::kBool && v.type.rank() >= 1 &&
           b.broadcasts(v.type.shape, type.shape) &&
           broadcast_shapes(v.type.shape, type.shape) == type.shape;
  });
  if (mask || half_precision(type.dtype) || !(kind_of(type.dtype) & kNumbers)) return mask;
  return mask_of(b, x);
}

// A mean over nothing is not a number: only a mask that is an argument, over many elements, is
// safe.
bool surely_some(const Builder& b, ValueId mask, double count) {
  const auto& root = b.body_of(b.current()).parameters;
  return b.depth() == 0 && count >= 16 && std::find(root.begin(), root.end(), mask) != root.end();
}

// Where several typical elements share the extreme, it is a limit that something was held to, and a
// constant. So is the largest of many small whole numbers.
bool extreme_is_constant(const Stats& x, bool largest, double count) {
  const auto [low, high] = std::minmax_element(x.probe.begin(), x.probe.end());
  const auto whole =
      std::count_if(x.probe.begin(), x.probe.end(), [](double p) { return p == std::floor(p); });
  if (whole > kProbes / 2) return count > 0.5 * (practical(x).hi - practical(x).lo + 1);
  // Bounds of arguments and of most functions lie outside of what is typical: one that is reached
  // is a limit too.
  const bool reached = largest ? *high == x.hi : *low == x.lo;
  return std::count(x.probe.begin(), x.probe.end(), largest ? *high : *low) >
         (reached && count >= 4 ? 0 : 1);
}

// Shares add up to one, counts to how many there are, what is standardised to nothing.
bool adds_up_to_constant(const Builder& b, ValueId x, const Reduction& r) {
  return (r.traits & kAddsUp) && made_by(b, linear_origin(b, x), kKnownTotal);
}

bool infer_reduction(Builder& b, Draft& draft, const Reduction& r) {
  const Value& x = b[draft.operands[0]];
  if (!(kind_of(x.type.dtype) & r.kinds) || x.type.rank() == 0) return false;
  if (x.stats.lo < r.domain.lo || x.stats.hi > r.domain.hi) return false;
  const auto reduced = reduced_axes(x.type.shape, b.numbers());
  if (!reduced || reduced->count < r.least || reduced->count > r.most) return false;
  if (r.needs_spread && !varies_along(b, draft.operands[0], reduced->axes)) return false;
  if (adds_up_to_constant(b, draft.operands[0], r)) return false;
  if (r.initial && extreme_is_constant(x.stats, r.traits & kLargest, reduced->count)) return false;
  Value result;
  result.type = {result_dtype(b, r.type, x.type.dtype), reduced->shape};
  result.stats = r.rule(x.stats, reduced->count);
  if (tensor::is_complex(x.type.dtype)) {
    const double n = reduced->count;
    result.stats = spread_of_sums(x, result.stats,
                                  r.type == ResultType::kInexact ? 1 / std::sqrt(n) : std::sqrt(n));
  }
  if (r.initial && reduced->count > 4) {
    // The largest of many whole numbers is the same for other ones too; where arguments meet, one
    // may decide it.
    result.sure = x.sure & inexact_arguments(b);
    const bool few = tensor::element_count(result.type.shape) < 8;
    if (few && std::popcount(x.arguments) > 1) result.sure = 0;
    draft.sure_given = true;
  }
  draft.attributes["axes"] = tuple_text(reduced->axes);
  draft.attributes["options"] =
      arguments_text({axis_text(b.numbers()), keepdims_text(b.numbers())});
  draft.results = {result};
  return true;
}

// Adds `where=$1` to an application that is inferred already.
void add_where(Builder& b, Draft& draft, const Reduction& r, double count) {
  const ValueId x = draft.operands[0];
  const auto mask = mask_for(b, x);
  if (!mask) return;
  const bool mean = r.type == ResultType::kInexact;
  if (mean && !surely_some(b, *mask, count)) return;
  std::string initial;
  Stats& stats = draft.results[0].stats;
  const Stats from = b[x].stats;
  if (r.initial) {
    // What an empty selection gives: something that the others are not far from.
    const bool integral = tensor::is_integer(b[x].type.dtype);
    const bool largest = r.traits & kLargest;
    const double value = largest ? std::floor(practical(from).lo) : std::ceil(practical(from).hi);
    initial = fmt::format("initial={}", number_text(value, integral));
    stats = union_stats(stats, constant_stats(value));
  } else if (!mean) {
    Stats selected = union_stats(from, constant_stats(r.neutral));
    stats = r.rule(selected, count);
  }
  draft.operands.push_back(*mask);
  draft.attributes["options"] = arguments_text({draft.attributes["options"], "where=$1", initial});
}

Op reduction(const Reduction& r) {
  Op op{r.name, kReduction, r.weight, r.derivative, r.hints, r.spellings};
  op.traits = r.traits;
  op.infer = [r](Builder& b, Draft& draft) { return infer_reduction(b, draft, r); };
  op.draw = [r](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) {
      return (kind_of(v.type.dtype) & r.kinds) && v.type.rank() >= 1 && v.stats.lo >= r.domain.lo &&
             v.stats.hi <= r.domain.hi;
    });
    if (!x) return false;
    draft.operands = {*x};
    b.set_numbers(draw_axes(b, b[*x].type.rank(), false, true));
    if (!infer_reduction(b, draft, r)) return false;
    const double count = reduced_axes(b[*x].type.shape, b.numbers())->count;
    const bool keep = b.numbers().contains("keepdims");
    if (b.random().chance(r.where_share) && !tensor::is_complex(b[*x].type.dtype))
      add_where(b, draft, r, count);
    if (r.takes_dtype && half_precision(b[*x].type.dtype) && b.random().chance(0.3) &&
        b.allowed(DType::kF32)) {
      draft.results[0].type.dtype = DType::kF32;
      draft.attributes["options"] =
          arguments_text({draft.attributes["options"], "dtype=jnp.float32"});
    } else if (!r.lax.empty() && !keep && draft.operands.size() == 1 && b.random().chance(0.1) &&
               draft.results[0].type.dtype == b[*x].type.dtype) {
      draft.spelling = r.lax;
    }
    return true;
  };
  return op;
}

// ---- Rules ----

Stats same(const Stats& x, double) { return x; }

// Some sampling noise around a central value, as estimates from few elements have it.
Stats noisy(double value, double relative, double lo, double hi) {
  Stats out;
  for (int i = 0; i < kProbes; ++i) {
    const double noise = (2.0 * (i * 5 % kProbes) / (kProbes - 1) - 1) * relative;
    out.probe[i] = std::clamp(value * (1 + noise), lo, hi);
  }
  out.lo = lo;
  out.hi = hi;
  return out;
}

double variance(const Stats& x) {
  double mean = 0, total = 0;
  for (double p : x.probe) mean += p / kProbes;
  for (double p : x.probe) total += (p - mean) * (p - mean) / kProbes;
  return total;
}

Stats variance_stats(const Stats& x, double n) {
  const double range = x.hi - x.lo;
  return noisy(variance(x), std::min(0.9, 1.2 / std::sqrt(n)), 0,
               range * range * 0.25 * n / (n - 1));
}

Stats deviation_stats(const Stats& x, double n) {
  return map_stats(variance_stats(x, n), [](double v) { return std::sqrt(v); }, Bounds::kEnds);
}

Stats range_stats(const Stats& x, double n) {
  const double share = (n - 1) / (n + 1);
  return noisy(spread(x) * share, std::min(0.6, 1 / n), 0, x.hi - x.lo);
}

Stats product_stats(const Stats& x, double n) {
  Stats out = x;
  double log_mean = 0;
  for (double p : x.probe) log_mean += portable::log(std::max(std::abs(p), 1e-3)) / kProbes;
  for (double& p : out.probe) {
    const double typical =
        portable::exp(n * log_mean +
                      std::sqrt(n) * 0.5 * (portable::log(std::max(std::abs(p), 1e-3)) - log_mean));
    p = x.lo < 0 && p < 0 ? -typical : typical;
  }
  const double top = portable::pow(std::max(magnitude(x), 1.0), n);
  out.lo = x.lo < 0 ? -top : 0;
  out.hi = top;
  for (double& p : out.probe) p = std::clamp(p, out.lo, out.hi);
  return out;
}

Stats logsumexp_stats(const Stats& x, double n) {
  double total = 0;
  for (double p : x.probe) total += portable::exp(std::min(p, 80.0)) / kProbes;
  Stats out = x;
  for (double& p : out.probe) p = portable::log(n * total) + (p - median(x)) / n;
  out.lo = x.lo + portable::log(n);
  out.hi = x.hi + portable::log(n);
  for (double& p : out.probe) p = std::clamp(p, out.lo, out.hi);
  return out;
}

Stats logmeanexp_stats(const Stats& x, double n) {
  Stats out = logsumexp_stats(x, n);
  for (double& p : out.probe) p = std::clamp(p - portable::log(n), x.lo, x.hi);
  out.lo = x.lo;
  out.hi = x.hi;
  return out;
}

Stats middle_stats(const Stats& x, double n) {
  const double m = median(x);
  Stats out = x;
  for (double& p : out.probe) p = m + (p - m) / std::sqrt(n);
  return out;
}

Stats count_stats(const Stats& x, double n) {
  double share = 0;
  for (double p : x.probe) share += (p != 0) / static_cast<double>(kProbes);
  Stats out = noisy(n * share, 1 / std::sqrt(n), 0, n);
  for (double& p : out.probe) p = std::round(p);
  return out;
}

Stats fraction_stats(const Stats& x, double n) { return scale_stats(count_stats(x, n), 1 / n); }

// ---- The table ----

std::vector<Reduction> sums_and_means() {
  return {
      {.name = "sum",
       .traits = kAddsUp,
       .weight = 1.2,
       .kinds = kNumbers | kComplexKind,
       .rule = sum_stats,
       .hints = {"total"},
       .spellings = {"jnp.sum($0, $options)", "$0.sum($options)"},
       .type = ResultType::kSum,
       .where_share = 0.12,
       .takes_dtype = true,
       .lax = "lax.reduce_sum($0, axes=$axes)"},
      {.name = "mean",
       .traits = kAddsUp,
       .weight = 1.2,
       .kinds = kReal | kComplexKind,
       .rule = mean_stats,
       .hints = {"average", "mean"},
       .spellings = {"jnp.mean($0, $options)", "$0.mean($options)"},
       .type = ResultType::kInexact,
       .where_share = 0.1,
       .takes_dtype = true},
      {.name = "integer_mean",
       .traits = kAddsUp,
       .weight = 0.4,
       .kinds = kIntegers,
       .rule = mean_stats,
       .hints = {"average", "mean"},
       .spellings = {"jnp.mean($0, $options)", "$0.mean($options)"},
       .derivative = Derivative::kZero,
       .type = ResultType::kInexact},
      {.name = "prod",
       .weight = 0.5,
       .kinds = kReal,
       .rule = product_stats,
       .hints = {"product"},
       .spellings = {"jnp.prod($0, $options)", "$0.prod($options)"},
       .domain = {-2, 2},
       .most = 24,
       .where_share = 0.1,
       .neutral = 1,
       .lax = "lax.reduce_prod($0, axes=$axes)"},
      {.name = "nansum",
       .traits = kAddsUp,
       .weight = 0.12,
       .kinds = kReal,
       .rule = sum_stats,
       .hints = {"total"},
       .spellings = {"jnp.nansum($0, $options)"}},
      {.name = "nanmean",
       .traits = kAddsUp,
       .weight = 0.12,
       .kinds = kReal,
       .rule = mean_stats,
       .hints = {"average"},
       .spellings = {"jnp.nanmean($0, $options)"}},
      {.name = "logsumexp",
       .traits = kAddsUp,
       .weight = 0.8,
       .kinds = kReal,
       .rule = logsumexp_stats,
       .hints = {"log_total", "log_norm"},
       .spellings = {"jax.nn.logsumexp($0, $options)", "logsumexp($0, $options)",
                     "jax.scipy.special.logsumexp($0, $options)"}},
      {.name = "logmeanexp",
       .traits = kAddsUp,
       .weight = 0.2,
       .kinds = kReal,
       .rule = logmeanexp_stats,
       .hints = {"log_average"},
       .spellings = {"jax.nn.logmeanexp($0, $options)"}},
  };
}

std::vector<Reduction> spreads() {
  return {
      {.name = "var",
       .weight = 0.9,
       .kinds = kReal,
       .rule = variance_stats,
       .hints = {"variance", "spread"},
       .spellings = {"jnp.var($0, $options)", "$0.var($options)", "jnp.var($0, $options, ddof=1)"},
       .least = 3,
       .needs_spread = true},
      {.name = "std",
       .weight = 0.9,
       .kinds = kReal,
       .rule = deviation_stats,
       .hints = {"deviation", "spread"},
       .spellings = {"jnp.std($0, $options)", "$0.std($options)", "jnp.std($0, $options, ddof=1)"},
       .least = 4,
       .needs_spread = true},
      {.name = "ptp",
       .traits = kUnsteadyDerivative,
       .weight = 0.4,
       .kinds = kReal | kIntegers,
       .rule = range_stats,
       .hints = {"range_of", "extent"},
       .spellings = {"jnp.ptp($0, $options)", "$0.ptp($options)"},
       .least = 3,
       .needs_spread = true},
      {.name = "median",
       .weight = 0.5,
       .kinds = kReal,
       .rule = middle_stats,
       .hints = {"middle", "median"},
       .spellings = {"jnp.median($0, $options)"},
       .least = 3},
  };
}

std::vector<Reduction> extremes() {
  return {
      {.name = "max",
       .traits = kLargest | kUnsteadyDerivative,
       .weight = 1.0,
       .kinds = kNumbers,
       .rule = max_stats,
       .hints = {"peak", "highest"},
       .spellings = {"jnp.max($0, $options)", "$0.max($options)", "jnp.amax($0, $options)"},
       .where_share = 0.12,
       .initial = true,
       .lax = "lax.reduce_max($0, axes=$axes)"},
      {.name = "min",
       .traits = kSmallest | kUnsteadyDerivative,
       .weight = 1.0,
       .kinds = kNumbers,
       .rule = min_stats,
       .hints = {"lowest", "floor"},
       .spellings = {"jnp.min($0, $options)", "$0.min($options)", "jnp.amin($0, $options)"},
       .where_share = 0.12,
       .initial = true,
       .lax = "lax.reduce_min($0, axes=$axes)"},
      {.name = "nanmax",
       .traits = kUnsteadyDerivative,
       .weight = 0.1,
       .kinds = kReal,
       .rule = max_stats,
       .hints = {"peak"},
       .spellings = {"jnp.nanmax($0, $options)"}},
  };
}

std::vector<Reduction> of_masks() {
  using enum Derivative;
  return {
      {.name = "any",
       .weight = 0.8,
       .kinds = kBoolKind,
       .rule = same,
       .hints = {"found", "present"},
       .spellings = {"jnp.any($0, $options)", "$0.any($options)"},
       .derivative = kZero,
       .where_share = 0.1,
       .lax = "lax.reduce_or($0, axes=$axes)"},
      {.name = "all",
       .weight = 0.8,
       .kinds = kBoolKind,
       .rule = same,
       .hints = {"valid", "complete"},
       .spellings = {"jnp.all($0, $options)", "$0.all($options)"},
       .derivative = kZero,
       .where_share = 0.1,
       .neutral = 1,
       .lax = "lax.reduce_and($0, axes=$axes)"},
      {.name = "count_true",
       .weight = 0.7,
       .kinds = kBoolKind,
       .rule = count_stats,
       .hints = {"hits", "count"},
       .spellings = {"jnp.sum($0, $options)", "$0.sum($options)",
                     "jnp.count_nonzero($0, $options)"},
       .derivative = kZero,
       .type = ResultType::kCount},
      {.name = "fraction_true",
       .weight = 0.5,
       .kinds = kBoolKind,
       .rule = fraction_stats,
       .hints = {"fraction", "rate", "share"},
       .spellings = {"jnp.mean($0, $options)", "$0.mean($options)"},
       .derivative = kZero,
       .type = ResultType::kInexact},
      {.name = "count_nonzero",
       .weight = 0.3,
       .kinds = kIntegers,
       .rule = count_stats,
       .hints = {"occupied", "count"},
       .spellings = {"jnp.count_nonzero($0, $options)"},
       .derivative = kZero,
       .type = ResultType::kCount,
       .least = 4},
  };
}

// A mean with weights along one axis, or over everything.
Op average() {
  Op op{"average",
        kReduction,
        0.4,
        Derivative::kSmooth,
        {"average", "expected"},
        {"jnp.average($0, $axis, weights=$1)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 1);
    if (!x) return false;
    const Type type = b[*x].type;
    const Numbers numbers = draw_axes(b, type.rank(), true, false);
    const auto reduced = reduced_axes(type.shape, numbers);
    if (!reduced) return false;
    const bool line = reduced->axes.size() == 1;
    auto w = b.draw([&](const Value& v) {
      const bool fits =
          v.type.shape == type.shape ||
          (line && v.type.shape == Shape{type.shape[static_cast<std::size_t>(reduced->axes[0])]});
      return v.type.dtype == type.dtype && fits && !v.weak;
    });
    if (w && *w == *x) return false;
    if (w && b[*w].stats.lo < 0.05) w = b.into(*w, {0.05, 1e4});
    if (!w) return false;
    Value result;
    result.type = {type.dtype, reduced->shape};
    result.stats = mean_stats(b[*x].stats, reduced->count);
    draft.operands = {*x, *w};
    draft.attributes["axis"] = axis_text(numbers);
    draft.results = {result};
    return true;
  };
  return op;
}

// The same in words of lax: an operator and the value it starts from.
Op general_reduce() {
  Op op{"reduce",
        kReduction,
        0.2,
        Derivative::kSmooth,
        {"reduced", "total"},
        {"lax.reduce($0, $start, $operator, $axes)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x =
        b.draw([](const Value& v) { return tensor::is_real(v.type.dtype) && v.type.rank() >= 1; });
    if (!x) return false;
    const auto reduced =
        reduced_axes(b[*x].type.shape, draw_axes(b, b[*x].type.rank(), false, false));
    if (!reduced) return false;
    const auto which = b.random().below(3);
    Value result;
    result.type = {b[*x].type.dtype, reduced->shape};
    const Rule rule = which == 0 ? sum_stats : which == 1 ? max_stats : min_stats;
    result.stats = rule(b[*x].stats, reduced->count);
    draft.attributes["start"] = which == 0 ? "0.0" : which == 1 ? "-jnp.inf" : "jnp.inf";
    draft.attributes["operator"] = which == 0 ? "lax.add" : which == 1 ? "lax.max" : "lax.min";
    draft.attributes["axes"] = tuple_text(reduced->axes);
    // Single operands of `lax.reduce` are passed as they are.
    draft.spelling = "lax.reduce($0, $start, $operator, $axes)";
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::optional<ReducedAxes> reduced_axes(const Shape& shape, const Numbers& numbers) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto given = numbers.find("axis");
  ReducedAxes out;
  for (std::int64_t i = 0; i < rank; ++i) {
    const bool reduced =
        given == numbers.end() || std::any_of(given->second.begin(), given->second.end(),
                                              [&](auto a) { return a == i || a + rank == i; });
    const auto size = shape[static_cast<std::size_t>(i)];
    if (!reduced) {
      out.shape.push_back(size);
      continue;
    }
    out.count *= static_cast<double>(size);
    out.axes.push_back(i);
    if (numbers.contains("keepdims")) out.shape.push_back(1);
  }
  return out.count < 2 ? std::nullopt : std::optional(std::move(out));
}

Numbers draw_axes(Builder& b, int rank, bool one, bool keepdims) {
  Numbers numbers;
  if (!b.random().chance(rank == 1 ? 0.5 : 0.25)) {
    std::vector<std::int64_t> axes;
    for (int i = 0; i < rank && !one; ++i) {
      if (b.random().chance(rank > 2 ? 0.45 : 0.35)) axes.push_back(i);
    }
    if (axes.empty()) axes.push_back(b.random().between(0, rank - 1));
    if (b.random().chance(0.5)) {
      for (auto& a : axes) a -= rank;
    }
    numbers["axis"] = axes;
  }
  if (keepdims && b.random().chance(0.3)) numbers["keepdims"] = {1};
  return numbers;
}

std::string axis_text(const Numbers& numbers) {
  const auto axis = numbers.find("axis");
  if (axis == numbers.end()) return {};
  return axis->second.size() == 1 ? fmt::format("axis={}", axis->second[0])
                                  : fmt::format("axis={}", tuple_text(axis->second));
}

std::string keepdims_text(const Numbers& numbers) {
  return numbers.contains("keepdims") ? "keepdims=True" : "";
}

Stats spread_of_sums(const Value& x, Stats real, double growth) {
  Stats out = real;
  for (int i = 0; i < kProbes; ++i) out.probe[i] = std::abs(x.stats.probe[i]) * growth;
  out.lo = 0;
  out.hi = std::max(std::abs(real.hi), std::abs(real.lo));
  for (double& p : out.probe) p = std::min(p, out.hi);
  return out;
}

Stats position_stats(double count) {
  Stats out;
  for (int i = 0; i < kProbes; ++i) out.probe[i] = std::floor(count * (i * 5 % kProbes) / kProbes);
  out.hi = count - 1;
  return out;
}

bool varies_along(const Builder& b, ValueId id, const std::vector<std::int64_t>& axes) {
  const Shape& shape = b[id].type.shape;
  std::vector<std::int64_t> open;
  for (auto a : axes) {
    if (shape[static_cast<std::size_t>(a)] > 1) open.push_back(a);
  }
  if (open.empty() || !b[id].literal.empty()) return false;
  const Node* made = node_of(b, id);
  if (!made || !made->bodies.empty() || made->operands.empty()) return true;
  // Through what works element by element, or only repeats: some operand must differ there.
  Shape joined;
  for (ValueId operand : made->operands) {
    if (!b.broadcasts(joined, b[operand].type.shape)) return true;
    joined = broadcast_shapes(joined, b[operand].type.shape);
  }
  if (joined != shape && !b.catalogue().named(made->op).has(kRepeats)) return true;
  return std::any_of(made->operands.begin(), made->operands.end(), [&](ValueId operand) {
    const auto missing = static_cast<std::int64_t>(shape.size() - b[operand].type.shape.size());
    std::vector<std::int64_t> inner;
    for (auto a : open) {
      if (a >= missing) inner.push_back(a - missing);
    }
    return !inner.empty() && varies_along(b, operand, inner);
  });
}

std::vector<Op> reduction_ops() {
  std::vector<Op> out;
  for (const auto& part : {sums_and_means(), spreads(), extremes(), of_masks()}) {
    for (const Reduction& r : part) out.push_back(reduction(r));
  }
  out.push_back(average());
  out.push_back(general_reduce());
  for (auto& part : {cumulative_ops(), order_ops()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace jaxsmith::plan
