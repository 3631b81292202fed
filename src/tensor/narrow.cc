#include "tensor/narrow.h"

#include <array>
#include <cmath>
#include <limits>

namespace jaxsmith::tensor {
namespace {

enum class Edge {
  kIeee,  // the highest exponent is infinities and NaNs
  kFn,    // finite but for one NaN: all ones
  kFnuz,  // finite but for one NaN: the pattern of negative zero
  kFinite,
};

struct Format {
  int bits, exponent, mantissa, bias;
  Edge edge;
};

constexpr Format format_of(DType dtype) {
  switch (dtype) {
    case DType::kF8E3M4:
      return {8, 3, 4, 3, Edge::kIeee};
    case DType::kF8E4M3:
      return {8, 4, 3, 7, Edge::kIeee};
    case DType::kF8E4M3B11FNUZ:
      return {8, 4, 3, 11, Edge::kFnuz};
    case DType::kF8E4M3FN:
      return {8, 4, 3, 7, Edge::kFn};
    case DType::kF8E4M3FNUZ:
      return {8, 4, 3, 8, Edge::kFnuz};
    case DType::kF8E5M2FNUZ:
      return {8, 5, 2, 16, Edge::kFnuz};
    case DType::kF6E2M3FN:
      return {6, 2, 3, 1, Edge::kFinite};
    case DType::kF6E3M2FN:
      return {6, 3, 2, 3, Edge::kFinite};
    case DType::kF4E2M1FN:
      return {4, 2, 1, 1, Edge::kFinite};
    default:
      return {8, 5, 2, 15, Edge::kIeee};  // f8_e5m2
  }
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double exponent_only(std::uint8_t bits) { return bits == 255 ? kNan : std::ldexp(1.0, bits - 127); }

double decode(const Format& f, unsigned bits) {
  const unsigned sign = bits >> (f.bits - 1) & 1, mask = (1u << f.mantissa) - 1;
  const unsigned exponent = bits >> f.mantissa & ((1u << f.exponent) - 1), mantissa = bits & mask;
  const unsigned top = (1u << f.exponent) - 1;
  if (f.edge == Edge::kFnuz && sign && exponent == 0 && mantissa == 0) return kNan;
  if (f.edge == Edge::kFn && exponent == top && mantissa == mask) return kNan;
  if (f.edge == Edge::kIeee && exponent == top) {
    if (mantissa) return kNan;
    return sign ? -std::numeric_limits<double>::infinity()
                : std::numeric_limits<double>::infinity();
  }
  const double value = exponent == 0
                           ? std::ldexp(static_cast<double>(mantissa), 1 - f.bias - f.mantissa)
                           : std::ldexp(static_cast<double>(mantissa + mask + 1),
                                        static_cast<int>(exponent) - f.bias - f.mantissa);
  return sign ? -value : value;
}

std::uint8_t nan_bits(DType dtype, const Format& f, bool negative) {
  if (dtype == DType::kF8E8M0FNU) return 255;
  if (f.edge == Edge::kFnuz) return 0x80;
  // ml_dtypes: where there is no NaN, negative zero it is.
  if (f.edge == Edge::kFinite) return static_cast<std::uint8_t>(1u << (f.bits - 1));
  const unsigned sign = negative ? 1u << (f.bits - 1) : 0;
  if (f.edge == Edge::kFn) return static_cast<std::uint8_t>(sign | 0x7f);
  const unsigned quiet = ((1u << f.exponent) - 1) << f.mantissa | 1u << (f.mantissa - 1);
  return static_cast<std::uint8_t>(sign | quiet);
}

}  // namespace

double narrow_to_double(DType dtype, std::uint8_t bits) {
  if (dtype == DType::kF8E8M0FNU) return exponent_only(bits);
  const Format f = format_of(dtype);
  return decode(f, bits & ((1u << f.bits) - 1));
}

std::uint8_t narrow_from_double(DType dtype, double value) {
  const Format f = format_of(dtype);
  if (std::isnan(value)) return nan_bits(dtype, f, std::signbit(value));
  const bool scale_only = dtype == DType::kF8E8M0FNU;
  const unsigned patterns = scale_only ? 255 : 1u << (f.bits - 1);
  const double magnitude = std::abs(value);
  if (scale_only && value <= 0) return 255;  // it has no zero
  // Patterns without their sign go up with their values: the nearest is one of two neighbours.
  unsigned low = 0, high = patterns;
  while (high - low > 1) {
    const unsigned middle = (low + high) / 2;
    const double at = narrow_to_double(dtype, static_cast<std::uint8_t>(middle));
    (at <= magnitude ? low : high) = middle;  // NaN compares false, and is above
  }
  unsigned chosen = low;
  const double below = narrow_to_double(dtype, static_cast<std::uint8_t>(low));
  double above = high < patterns ? narrow_to_double(dtype, static_cast<std::uint8_t>(high)) : kNan;
  if (!std::isfinite(above))
    above = below + (below - narrow_to_double(dtype, static_cast<std::uint8_t>(low - 1)));
  if (std::isfinite(below)) {
    const double half = below + (above - below) / 2;
    if (magnitude > half || (magnitude == half && ((low & 1) || scale_only)))
      chosen = high;  // where there is no mantissa, ml_dtypes rounds ties up
  }
  const bool beyond =
      chosen >= patterns || std::isnan(narrow_to_double(dtype, static_cast<std::uint8_t>(chosen)));
  if (beyond) {
    if (f.edge == Edge::kFinite && !scale_only)
      chosen = patterns - 1;  // saturates
    else
      return nan_bits(dtype, f, std::signbit(value));
  }
  if (scale_only) return static_cast<std::uint8_t>(chosen);
  const bool negative = std::signbit(value) && !(f.edge == Edge::kFnuz && chosen == 0);
  return static_cast<std::uint8_t>(chosen | (negative ? 1u << (f.bits - 1) : 0));
}

}  // namespace jaxsmith::tensor
