// Elements as other types.
#include <bit>
#include <cmath>
#include <limits>

#include "tensor/elementwise.h"
#include "tensor/elementwise_parts.h"

namespace jaxsmith::tensor {

using namespace elementwise;

namespace {

std::int64_t to_integer(double x, DType to) {
  if (to == DType::kBool) return x != 0;  // so is NaN
  if (std::isnan(x)) return 0;
  const int bits = bit_width(to) - (is_unsigned(to) ? 0 : 1);
  const double limit = std::ldexp(1.0, bits), low = is_unsigned(to) ? 0 : -limit;
  if (x <= low) return is_unsigned(to) ? 0 : static_cast<std::int64_t>(low);
  if (x >= limit) {
    if (is_unsigned(to)) return wrap(to, -1);
    return bits == 63 ? std::numeric_limits<std::int64_t>::max()
                      : static_cast<std::int64_t>(limit) - 1;
  }
  if (to == DType::kU64) return static_cast<std::int64_t>(static_cast<U>(x));
  return static_cast<std::int64_t>(x);
}

// To a type of 16 bits or fewer, by way of a float that cannot move the nearest: rounded to odd.
float round_once(double v, DType to) {
  auto f = static_cast<float>(v);
  if (static_cast<double>(f) != v && std::isfinite(f)) {
    auto bits = std::bit_cast<std::uint32_t>(f);
    if (std::abs(static_cast<double>(f)) > std::abs(v)) --bits;
    f = std::bit_cast<float>(bits | 1);
  }
  return round_to(to, f);
}

template <class From, class To>
To converted(From v, DType from, DType to) {
  if constexpr (kComplexLane<From> && kComplexLane<To>) {
    return To(v);
  } else if constexpr (kComplexLane<From>) {
    // The real part, but a bool of both.
    if (to == DType::kBool) {
      if constexpr (kIntLane<To>) return v != From(0);
    }
    return converted<typename From::value_type, To>(v.real(), from, to);
  } else if constexpr (kComplexLane<To>) {
    return To(converted<From, typename To::value_type>(v, from, to));
  } else if constexpr (kIntLane<From> && kIntLane<To>) {
    return to == DType::kBool ? v != 0 : v;
  } else if constexpr (kIntLane<From>) {
    if (from == DType::kU64) return static_cast<To>(static_cast<U>(v));
    return static_cast<To>(v);
  } else if constexpr (kIntLane<To>) {
    return to_integer(static_cast<double>(v), to);
  } else {
    return static_cast<To>(v);
  }
}

}  // namespace

namespace {

template <class From, class To>
Array convert_lanes(const Array& x, DType to) {
  const DType from = x.dtype();
  if constexpr (std::is_same_v<From, double> && std::is_same_v<To, float>) {
    if (to != DType::kF32)
      return map1<To, From>(x, to, [to](double v) { return round_once(v, to); });
  }
  return map1<To, From>(x, to, [from, to](From v) { return converted<From, To>(v, from, to); });
}

}  // namespace

Array convert(const Array& x, DType to) {
  if (x.dtype() == to) return x;
  if (to == DType::kF32)
    if (auto wide = x.before_rounding()) return *std::move(wide);
  constexpr std::int64_t kOfRounding = 2;  // beside what any operation takes
  if (!x.abstract()) x.context().spend({kOfRounding, x.size()});
  return with_lane(x.dtype(), [&]<class From>(From) {
    return with_lane(to, [&]<class To>(To) { return convert_lanes<From, To>(x, to); });
  });
}

Array reduce_precision(const Array& x, int exponent_bits, int mantissa_bits) {
  if (!is_real(x.dtype())) wrong_type("reduce_precision", x);
  require(exponent_bits >= 1, "exponent_bits is less than 1");
  require(mantissa_bits >= 0, "mantissa_bits is negative");
  const int bias = (1 << std::min(exponent_bits - 1, 12)) - 1;
  const int kept = std::min(mantissa_bits, 64);  // more than a double has
  const auto reduced = [=](double v) {
    if (!std::isfinite(v) || v == 0) return v;
    int exponent;
    const double fraction = std::frexp(v, &exponent);  // 0.5 <= |fraction| < 1
    const double rounded =
        std::ldexp(std::nearbyint(std::ldexp(fraction, kept + 1)), exponent - kept - 1);
    const int e = std::ilogb(rounded);
    if (e > bias) return std::copysign(std::numeric_limits<double>::infinity(), v);
    if (e < 1 - bias) return std::copysign(0.0, v);  // XLA: what is denormal there is zero
    return rounded;
  };
  return with_lane(x.dtype(), [&]<class T>(T) -> Array {
    if constexpr (kIntLane<T> || kComplexLane<T>)
      return x;
    else
      return map1<T, T>(x, x.dtype(),
                        [&](T v) { return static_cast<T>(reduced(static_cast<double>(v))); });
  });
}

}  // namespace jaxsmith::tensor
