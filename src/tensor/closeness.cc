#include "tensor/closeness.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "tensor/elementwise.h"

namespace jaxsmith {
namespace {

using C128 = std::complex<double>;

constexpr double kUlps = 16, kScale = 0.125;

// The distance from 1 to the next number.
double epsilon(DType dtype) {
  switch (dtype) {
    case DType::kF64:
    case DType::kC128:
      return std::ldexp(1.0, -52);
    case DType::kF32:
    case DType::kC64:
      return std::ldexp(1.0, -23);
    case DType::kF16:
      return std::ldexp(1.0, -10);
    case DType::kBF16:
      return std::ldexp(1.0, -7);
    default:
      return std::ldexp(1.0, -2);
  }
}

std::int64_t rank_of(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  return bits < 0 ? std::numeric_limits<std::int64_t>::min() - bits : bits;
}

std::int64_t rank_of(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  return bits < 0 ? std::int64_t{std::numeric_limits<std::int32_t>::min()} - bits : bits;
}

}  // namespace

double ulps_between(double a, double b, DType dtype) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) && std::isnan(b) ? 0 : std::numeric_limits<double>::infinity();
  if (dtype == DType::kF64)
    return std::abs(static_cast<double>(rank_of(a)) - static_cast<double>(rank_of(b)));
  const double in_f32 = std::abs(
      static_cast<double>(rank_of(static_cast<float>(a)) - rank_of(static_cast<float>(b))));
  if (dtype == DType::kF32) return in_f32;
  // Bits of a float that the type does not have.
  return in_f32 * std::ldexp(1.0, -23) / epsilon(dtype);
}

Closeness compare_results(const Array& found, const Array& expected, double depth,
                          DType least_precise) {
  if (found.shape() != expected.shape() || found.dtype() != expected.dtype())
    return {false, fmt::format("it is {}, not {}", found.type_text(), expected.type_text()),
            std::numeric_limits<double>::infinity()};
  Closeness out;
  if (lane_of(found.dtype()) == Lane::kInt) {
    for (std::int64_t i = 0; i < found.size(); ++i)
      if (found.int_at(i) != expected.int_at(i))
        return {false,
                fmt::format("element {} is {}, not {}", i, found.int_at(i), expected.int_at(i)),
                std::numeric_limits<double>::infinity()};
    return out;
  }
  const Array x = convert(found, DType::kC128), y = convert(expected, DType::kC128);
  const auto a = x.data<C128>(), b = y.data<C128>();
  double scale = 0;
  for (const C128& v : b)
    for (const double part : {v.real(), v.imag()})
      if (std::isfinite(part)) scale = std::max(scale, std::abs(part));
  const double eps = std::max(epsilon(found.dtype()), epsilon(least_precise));
  // Of 8 bits and fewer, half the digits would be left to chance otherwise.
  const double unit = eps * (eps > 0.1 ? 1 : kUlps * std::sqrt(std::max(depth, 1.0)));
  const double least = is_narrow(found.dtype()) ? highest(found.dtype(), false) * 1e-3
                                                : std::numeric_limits<float>::min();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double pairs[2][2] = {{a[i].real(), b[i].real()}, {a[i].imag(), b[i].imag()}};
    for (const auto& [u, v] : pairs) {
      if (u == v || (std::isnan(u) && std::isnan(v))) continue;
      const double allowed =
          unit * std::max({std::abs(v), std::isfinite(v) ? scale * kScale : 0, least});
      const double error = std::isfinite(u) && std::isfinite(v)
                               ? std::abs(u - v) / allowed
                               : std::numeric_limits<double>::infinity();
      out.worst = std::max(out.worst, error);
      if (error <= 1 || !out.same) continue;
      out.same = false;
      out.difference = fmt::format("element {} is {}, not {}", i, u, v);
    }
  }
  return out;
}

}  // namespace jaxsmith
