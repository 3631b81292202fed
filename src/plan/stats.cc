#include "plan/stats.h"

#include "base/portable_math.h"
#include "tensor/closeness.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace jaxsmith::plan {
namespace {

Stats bounded(double lo, double hi, const Stats& probes) {
  Stats out = probes;
  out.lo = std::min(lo, hi);
  out.hi = std::max(lo, hi);
  for (double& p : out.probe) p = std::clamp(p, out.lo, out.hi);
  return out;
}

// Ends of an interval, and zero where it is inside.
int corners(const Stats& x, double (&out)[3]) {
  out[0] = x.lo;
  out[1] = x.hi;
  out[2] = 0;
  return x.lo < 0 && x.hi > 0 ? 3 : 2;
}

double mean_of(const Stats& x) {
  double total = 0;
  for (double p : x.probe) total += p;
  return total / kProbes;
}

}  // namespace

Stats constant_stats(double value) {
  Stats out;
  out.lo = out.hi = value;
  out.probe.fill(value);
  return out;
}

Stats uniform_stats(Random& random, double lo, double hi, bool integral) {
  Stats out;
  out.lo = lo;
  out.hi = hi;
  for (double& p : out.probe) {
    p = integral ? std::floor(random.uniform(lo, hi + 1)) : random.uniform(lo, hi);
    p = std::clamp(p, lo, hi);
  }
  return out;
}

Stats boolean_stats(Random& random, double probability) {
  Stats out;
  out.hi = 1;
  for (double& p : out.probe) p = random.chance(probability) ? 1 : 0;
  out.probe[0] = 0;
  out.probe[1] = 1;
  return out;
}

Stats map_stats(const Stats& x, Kernel1 kernel, Bounds bounds) {
  Stats out;
  for (int i = 0; i < kProbes; ++i) out.probe[i] = kernel(x.probe[i]);
  if (bounds == Bounds::kUnit) {
    out.lo = -1;
    out.hi = 1;
    return out;
  }
  double ends[3];
  const int n = corners(x, ends);
  out.lo = std::numeric_limits<double>::infinity();
  out.hi = -out.lo;
  for (int i = 0; i < n; ++i) {
    const double y = kernel(ends[i]);
    if (std::isnan(y)) return constant_stats(y);
    out.lo = std::min(out.lo, y);
    out.hi = std::max(out.hi, y);
  }
  for (double p : out.probe) {
    out.lo = std::min(out.lo, p);
    out.hi = std::max(out.hi, p);
  }
  return out;
}

Stats map_stats(const Stats& x, const Stats& y, Kernel2 kernel) {
  Stats out;
  // Probe by probe, so that values of one source keep their relation: -x + x is nothing.
  for (int i = 0; i < kProbes; ++i) out.probe[i] = kernel(x.probe[i], y.probe[i]);
  double xs[3], ys[3];
  const int n = corners(x, xs), m = corners(y, ys);
  out.lo = std::numeric_limits<double>::infinity();
  out.hi = -out.lo;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < m; ++j) {
      const double z = kernel(xs[i], ys[j]);
      if (std::isnan(z)) return constant_stats(z);
      out.lo = std::min(out.lo, z);
      out.hi = std::max(out.hi, z);
    }
  }
  for (double p : out.probe) {
    out.lo = std::min(out.lo, p);
    out.hi = std::max(out.hi, p);
  }
  return out;
}

Stats union_stats(const Stats& x, const Stats& y) {
  Stats out = x;
  out.lo = std::min(x.lo, y.lo);
  out.hi = std::max(x.hi, y.hi);
  for (int i = 1; i < kProbes; i += 2) out.probe[i] = y.probe[i];
  return out;
}

Stats sum_stats(const Stats& x, double n) {
  const double mean = mean_of(x);
  Stats out = x;
  for (double& p : out.probe) p = n * mean + std::sqrt(n) * (p - mean);
  return bounded(n * x.lo, n * x.hi, out);
}

Stats mean_stats(const Stats& x, double n) {
  return n > 0 ? scale_stats(sum_stats(x, n), 1 / n) : x;
}

Stats max_stats(const Stats& x, double n) {
  const double top = *std::max_element(x.probe.begin(), x.probe.end());
  Stats out = x;
  const bool whole =
      std::all_of(x.probe.begin(), x.probe.end(), [](double p) { return p == std::floor(p); });
  if (whole && std::isfinite(x.lo) && std::isfinite(x.hi)) {
    // Among many whole numbers of few the largest is always the same: quantiles of the largest of
    // n.
    for (int i = 0; i < kProbes; ++i) {
      const double u = portable::pow((((i * 5) % kProbes) + 0.5) / kProbes, 1 / std::max(n, 1.0));
      out.probe[i] = std::min(x.hi, x.lo + std::floor((x.hi - x.lo + 1) * u));
    }
    return out;
  }
  // A limit that several elements are at is the largest of many.
  const bool limit = n > 3 && std::count(x.probe.begin(), x.probe.end(), top) > 1;
  for (double& p : out.probe) p = limit ? top : top - (top - p) / std::max(n, 1.0);
  return bounded(x.lo, x.hi, out);
}

Stats min_stats(const Stats& x, double n) {
  return scale_stats(max_stats(scale_stats(x, -1), n), -1);
}

Stats dot_stats(const Stats& x, const Stats& y, double n) {
  return sum_stats(map_stats(x, y, [](double a, double b) { return a * b; }), n);
}

Stats scale_stats(const Stats& x, double factor) {
  Stats out = x;
  for (double& p : out.probe) p *= factor;
  return bounded(x.lo * factor, x.hi * factor, out);
}

Stats rounded(Stats x, DType dtype) {
  const double e = tensor::epsilon(dtype);
  if (e == 0) return x;
  for (double& p : x.probe) {
    if (p == 0 || !std::isfinite(p)) continue;
    const double step = std::ldexp(e, std::ilogb(p));
    p = std::round(p / step) * step;
  }
  return x;
}

Stats choose_stats(const Stats& mask, const Stats& x, const Stats& y) {
  Stats out = union_stats(x, y);
  for (int i = 0; i < kProbes; ++i) out.probe[i] = mask.probe[i] != 0 ? x.probe[i] : y.probe[i];
  return out;
}

Stats within(Stats x, double lo, double hi) { return bounded(lo, hi, x); }

Interval practical(const Stats& x) {
  const auto [low, high] = std::minmax_element(x.probe.begin(), x.probe.end());
  const double reach = 2 * (*high - *low);
  return {std::max(x.lo, *low - reach), std::min(x.hi, *high + reach)};
}

bool in_domain(const Stats& x, Interval domain) {
  const Interval reach = practical(x);
  const double lo = std::abs(domain.lo) > 1.5 ? reach.lo : x.lo,
               hi = std::abs(domain.hi) > 1.5 ? reach.hi : x.hi;
  return lo >= domain.lo && hi <= domain.hi;
}

double magnitude(const Stats& x) { return std::max(std::abs(x.lo), std::abs(x.hi)); }

double typical_magnitude(const Stats& x) {
  double total = 0;
  for (double p : x.probe) total += std::abs(p);
  return total / kProbes;
}

double median(const Stats& x) {
  auto sorted = x.probe;
  std::sort(sorted.begin(), sorted.end());
  return 0.5 * (sorted[kProbes / 2 - 1] + sorted[kProbes / 2]);
}

double threshold_of(const Value& x) {
  const double m = median(x.stats);
  return tensor::is_integer(x.type.dtype) ? std::floor(m) : std::round(m * 10) / 10;
}

double spread(const Stats& x) {
  const auto [low, high] = std::minmax_element(x.probe.begin(), x.probe.end());
  return *high - *low;
}

int distinct_probes(const Stats& x) {
  auto sorted = x.probe;
  std::sort(sorted.begin(), sorted.end());
  const double least = 1e-3 * (sorted.back() - sorted.front());
  int distinct = 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) distinct += sorted[i] - sorted[i - 1] > least;
  return distinct;
}

Interval integer_bounds(DType dtype) {
  const int bits = 8 * static_cast<int>(tensor::byte_size(dtype));
  if (dtype == DType::kBool) return {0, 1};
  if (tensor::is_signed_integer(dtype))
    return {-std::ldexp(1, bits - 1), std::ldexp(1, bits - 1) - 1};
  return {0, std::ldexp(1, bits) - 1};
}

bool half_precision(DType dtype) { return dtype == DType::kF16 || dtype == DType::kBF16; }

double safe_magnitude(DType dtype) {
  switch (dtype) {
    case DType::kF16:
      return 2e3;
    case DType::kBF16:
    case DType::kF32:
    case DType::kC64:
      return 1e5;
    case DType::kF64:
    case DType::kC128:
      return 1e8;
    default:
      return integer_bounds(dtype).hi;
  }
}

bool acceptable(const Type& type, const Stats& stats) {
  if (!std::isfinite(stats.lo) || !std::isfinite(stats.hi)) return false;
  if (tensor::dtype_class(type.dtype) == tensor::DTypeClass::kBoolean) return spread(stats) > 0;
  if (tensor::is_integer(type.dtype)) {
    const Interval bounds = integer_bounds(type.dtype);
    return stats.lo >= bounds.lo && stats.hi <= bounds.hi && spread(stats) > 0;
  }
  const Interval reach = practical(stats);
  if (std::max(std::abs(reach.lo), std::abs(reach.hi)) > safe_magnitude(type.dtype)) return false;
  // Differences must survive rounding, several operations on.
  return spread(stats) > 64 * tensor::epsilon(type.dtype) * typical_magnitude(stats) &&
         spread(stats) > 1e-4;
}

}  // namespace jaxsmith::plan
