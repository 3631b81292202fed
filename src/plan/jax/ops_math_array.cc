// Mathematics on whole arrays: polynomials, interpolation, Fourier transforms, convolution.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_math.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

Interval times(Interval a, Interval b) {
  const double corners[] = {a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi};
  return {*std::min_element(corners, corners + 4), *std::max_element(corners, corners + 4)};
}

std::vector<double> draw_numbers(Builder& b, std::size_t count, double lo, double hi) {
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) {
    const double number = b.nice_number(lo, hi, false);
    out.push_back(lo < 0 && b.random().chance(0.4) ? -std::abs(number) : number);
  }
  return out;
}

// A polynomial with literal coefficients, the highest power first.
Op polyval() {
  Op op{
      "polyval", kMath, 0.35, kSmooth, {"polynomial", "curve"}, {"jnp.polyval($coefficients, $0)"}};
  op.traits = kLoopsWithin;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw(
        [](const Value& v) { return tensor::is_real(v.type.dtype) && magnitude(v.stats) <= 8; });
    if (!x) return false;
    const auto c = draw_numbers(b, static_cast<std::size_t>(b.random().between(3, 5)), -2, 3);
    const Stats& from = b[*x].stats;
    Value result;
    result.type = b[*x].type;
    Interval bounds{0, 0};
    result.stats.probe.fill(0);
    for (double coefficient : c) {
      bounds = times(bounds, {from.lo, from.hi});
      bounds = {bounds.lo + coefficient, bounds.hi + coefficient};
      for (int i = 0; i < kProbes; ++i)
        result.stats.probe[i] = result.stats.probe[i] * from.probe[i] + coefficient;
    }
    result.stats.lo = bounds.lo;
    result.stats.hi = bounds.hi;
    draft.attributes["coefficients"] = array_text(b, c, result.type.dtype);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// Piecewise linear through literal points.
Op interp() {
  Op op{"interp",
        kMath,
        0.2,
        kSmooth,
        {"interpolated", "response"},
        {"jnp.interp($0, $points, $heights)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_real(v.type.dtype) && !half_precision(v.type.dtype);
    });
    if (!x) return false;
    const Stats from = b[*x].stats;
    const auto count = static_cast<std::size_t>(b.random().between(3, 5));
    const auto [low, high] = std::minmax_element(from.probe.begin(), from.probe.end());
    if (*high - *low < 0.2 || *high - *low > 500) return false;
    std::vector<double> points;
    const double step = (*high - *low) / static_cast<double>(count - 1), unit = step < 0.2 ? 0.01
                                                                                : step < 2 ? 0.1
                                                                                           : 1;
    for (std::size_t i = 0; i < count; ++i)
      points.push_back(std::round((*low + step * static_cast<double>(i)) / unit) * unit);
    if (std::adjacent_find(points.begin(), points.end(),
                           [](double p, double q) { return q - p < 0.01; }) != points.end())
      return false;
    const auto heights = draw_numbers(b, count, -2, 2);
    const auto [bottom, top] = std::minmax_element(heights.begin(), heights.end());
    Value result;
    result.type = b[*x].type;
    for (int i = 0; i < kProbes; ++i) {
      const double at = std::clamp(from.probe[i], points.front(), points.back());
      std::size_t k = 1;
      while (k + 1 < count && points[k] < at) ++k;
      const double t = (at - points[k - 1]) / (points[k] - points[k - 1]);
      result.stats.probe[i] = heights[k - 1] + t * (heights[k] - heights[k - 1]);
    }
    result.stats.lo = *bottom;
    result.stats.hi = *top;
    draft.attributes["points"] = array_text(b, points, result.type.dtype);
    draft.attributes["heights"] = array_text(b, heights, result.type.dtype);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return lossy(std::move(op));
}

// A short literal filter over a signal.
Op convolve() {
  Op op{"convolve",
        kMath,
        0.25,
        kSmooth,
        {"smoothed", "filtered"},
        {"jnp.convolve($0, $filter, $mode)"}};
  op.traits = kKnownTotal;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() == 1 && v.type.shape[0] >= 4;
    });
    if (!x) return false;
    static const std::vector<std::vector<double>> kFilters = {
        {0.25, 0.5, 0.25}, {1, -1},         {1, -2, 1},           {0.5, 0.5},
        {1, 0, -1},        {0.2, 0.6, 0.2}, {0.1, 0.3, 0.3, 0.3}, {0.5, 0.3, 0.2}};
    static const std::vector<std::string> kModes = {"same", "valid", "full"};
    const auto& filter = b.random().pick(kFilters);
    const std::string& mode = b.random().pick(kModes);
    const auto n = b[*x].type.shape[0], m = static_cast<std::int64_t>(filter.size());
    double weight = 0;
    for (double f : filter) weight += std::abs(f);
    Value result;
    result.type = {b[*x].type.dtype,
                   {mode == "same"    ? n
                    : mode == "valid" ? n - m + 1
                                      : n + m - 1}};
    result.stats = scale_stats(b[*x].stats, weight);
    const double reach = magnitude(b[*x].stats) * weight;
    result.stats.lo = -reach;
    result.stats.hi = reach;
    draft.attributes["filter"] = array_text(b, filter, result.type.dtype);
    draft.attributes["mode"] = mode == "full" ? "" : fmt::format("mode=\"{}\"", mode);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// ---- Fourier transforms ----

struct Transform {
  std::string name;  // in jnp.fft
  bool from_real, to_real, inverse;
};

// A Fourier transform along one axis; DUCC, which runs it, takes single precision and up.
Op fourier(double weight, Transform t, std::vector<std::string> hints) {
  Op op{t.name,           kMath,
        weight,           kSmooth,
        std::move(hints), {fmt::format("jnp.fft.{}($0, $options)", t.name)}};
  op.traits = kSpectrum;
  op.draw = [t](Builder& b, Draft& draft) {
    if (!b.allowed(DType::kC64)) return false;
    const auto x = b.draw([&](const Value& v) {
      const bool fits =
          v.type.dtype == DType::kC64 ? !t.from_real : v.type.dtype == DType::kF32 && !t.to_real;
      return fits && v.type.rank() >= 1;
    });
    if (!x) return false;
    const int rank = b[*x].type.rank();
    const auto axis = b.random().chance(0.7)
                          ? rank - 1
                          : static_cast<int>(b.random().below(static_cast<std::uint64_t>(rank)));
    Value result;
    result.type = b[*x].type;
    auto& size = result.type.shape[static_cast<std::size_t>(axis)];
    if (size < 3) return false;
    if (t.from_real) size = size / 2 + 1;
    if (t.to_real) size = 2 * (size - 1);
    result.type.dtype = t.to_real ? DType::kF32 : DType::kC64;
    const double n =
        static_cast<double>(std::max(size, b[*x].type.shape[static_cast<std::size_t>(axis)]));
    const bool ortho = b.random().chance(0.2);
    const double scale = ortho ? 1 / std::sqrt(n) : t.inverse ? 1 / n : 1;
    const double reach = 2 * n * magnitude(b[*x].stats) * scale;
    result.stats = b[*x].stats;
    for (int i = 0; i < kProbes; ++i) {
      double& p = result.stats.probe[i];
      p = (0.4 + std::abs(p)) * std::sqrt(n) * scale * (t.to_real && i % 2 ? -1 : 1);
      p = std::clamp(p, -reach, reach);
    }
    result.stats.lo = t.to_real ? -reach : 0;
    result.stats.hi = reach;
    const int written = b.random().chance(0.5) ? axis - rank : axis;
    draft.attributes["options"] = arguments_text(
        {axis == rank - 1 && b.random().chance(0.6) ? "" : fmt::format("axis={}", written),
         ortho ? "norm=\"ortho\"" : ""});
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// A transform over the last two axes.
Op fourier_plane() {
  Op op{"fft2",  kMath,        0.12,
        kSmooth, {"spectrum"}, {"jnp.fft.fft2($0)", "jnp.fft.fft2($0, axes=(-2, -1))"}};
  op.traits = kSpectrum;
  op.draw = [](Builder& b, Draft& draft) {
    if (!b.allowed(DType::kC64)) return false;
    const auto x = b.draw([](const Value& v) {
      return (v.type.dtype == DType::kC64 || v.type.dtype == DType::kF32) && v.type.rank() >= 2;
    });
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const double n = static_cast<double>(shape[shape.size() - 1] * shape[shape.size() - 2]);
    if (n < 6) return false;
    Value result;
    result.type = {DType::kC64, shape};
    result.stats = b[*x].stats;
    for (double& p : result.stats.probe) p = (0.4 + std::abs(p)) * std::sqrt(n);
    result.stats.lo = 0;
    result.stats.hi = std::max(n * magnitude(b[*x].stats), magnitude(result.stats));
    for (double& p : result.stats.probe) p = std::min(p, result.stats.hi);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> array_math_ops() {
  return {
      polyval(),
      interp(),
      convolve(),
      fourier(0.25, {"rfft", true, false, false}, {"spectrum", "frequencies"}),
      fourier(0.2, {"fft", false, false, false}, {"spectrum"}),
      fourier(0.2, {"ifft", false, false, true}, {"signal", "restored"}),
      fourier(0.2, {"irfft", false, true, true}, {"signal", "restored"}),
      fourier_plane(),
  };
}

}  // namespace jaxsmith::plan
