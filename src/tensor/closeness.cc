#include "tensor/closeness.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "tensor/elementwise.h"

namespace jaxsmith::tensor {
namespace {

using C128 = std::complex<double>;

constexpr double kUlps = 16, kHalfUlps = 3, kScale = 0.125, kNudges = 8, kNudgeUlps = 4,
                 kNudgeHalfUlps = 2;

std::int64_t rank_of(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  return bits < 0 ? std::numeric_limits<std::int64_t>::min() - bits : bits;
}

std::int64_t rank_of(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  return bits < 0 ? std::int64_t{std::numeric_limits<std::int32_t>::min()} - bits : bits;
}

// The error that an element of a result may have.
class Allowed {
 public:
  Allowed(DType dtype, std::span<const C128> expected, const Tolerance& t) {
    for (const C128& v : expected)
      for (const double part : {v.real(), v.imag()})
        if (std::isfinite(part)) scale_ = std::max(scale_, std::abs(part));
    scale_ *= kScale;
    const double eps = std::max(epsilon(dtype), epsilon(t.least_precise));
    // Of 16 bits few digits would be left if errors were let grow, of 8 and fewer hardly any; sums
    // of such numbers are made in f32.
    const double ulps = eps > 0.1    ? 1
                        : eps > 1e-4 ? kHalfUlps
                                     : kUlps * std::sqrt(std::max(t.depth, 1.0));
    unit_ = eps * ulps;
    unit_ = std::min(unit_, std::max(t.most, eps));
    least_ = is_narrow(dtype)       ? highest(dtype, false) * 1e-3
             : dtype == DType::kF16 ? std::ldexp(1.0, -14)  // below it digits are lost
                                    : std::numeric_limits<float>::min();
  }
  double operator()(double expected) const {
    return unit_ * std::max({std::abs(expected), std::isfinite(expected) ? scale_ : 0, least_});
  }

 private:
  double unit_ = 0, scale_ = 0, least_ = 0;
};

// How far elements of results that differ in rounding lie from those of `found`.
class Spread {
 public:
  Spread(const Array& found, std::span<const Array> others, double most) : most_(most) {
    if (others.empty()) return;
    found_ = convert(found, DType::kC128);
    for (const Array& n : others)
      if (n.same_type(found)) others_.push_back(convert(n, DType::kC128));
  }
  // What is allowed for that; part 1: of the imaginary part.
  double operator()(std::size_t i, std::size_t part) const {
    const auto value = [&](const Array& a) {
      const C128 v = a.data<C128>()[i];
      return part ? v.imag() : v.real();
    };
    double moved = 0;
    for (const Array& n : others_)
      if (const double by = std::abs(value(n) - value(found_)); std::isfinite(by))
        moved = std::max(moved, by);
    return std::min(kNudges * moved, most_);
  }

 private:
  Array found_;
  std::vector<Array> others_;
  double most_;
};

}  // namespace

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
      return is_real(dtype) ? std::ldexp(1.0, -2) : 0;
  }
}

double largest_magnitude(const Array& x) {
  const Array wide = convert(x, DType::kC128);
  double out = 0;
  for (const C128& v : wide.data<C128>())
    for (const double part : {std::abs(v.real()), std::abs(v.imag())})
      if (std::isfinite(part)) out = std::max(out, part);
  return out;
}

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

Closeness compare_results(const Array& found, const Array& expected, const Tolerance& tolerance) {
  if (!found.same_type(expected))
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
  const Allowed allowed(found.dtype(), b, tolerance);
  const double largest = largest_magnitude(expected);
  const double eps = std::max(epsilon(found.dtype()), epsilon(tolerance.least_precise));
  // Of a sum to nothing all digits are noise: what was summed counts. Of 16 bits that would allow
  // anything.
  const double summed = eps * std::max(tolerance.inputs, 1.0) * (eps > 1e-4 ? 1 : tolerance.depth);
  double most = std::max(std::sqrt(eps) * largest, summed);
  const Spread noisy(found, tolerance.noisy, most);
  if (std::isfinite(tolerance.most_for_nudges))
    most = std::min(most, tolerance.most_for_nudges * largest);
  const Spread nudged(found, tolerance.nudged, most);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double pairs[2][2] = {{a[i].real(), b[i].real()}, {a[i].imag(), b[i].imag()}};
    for (const std::size_t part : {0, 1}) {
      const auto [u, v] = pairs[part];
      if (u == v || (std::isnan(u) && std::isnan(v))) continue;
      const double error =
          std::isfinite(u) && std::isfinite(v)
              ? std::abs(u - v) / (allowed(v) + std::max(nudged(i, part), noisy(i, part)))
              : std::numeric_limits<double>::infinity();
      out.worst = std::max(out.worst, error);
      if (error <= 1 || !out.same) continue;
      out.same = false;
      // A NaN's sign is whatever the processor leaves there.
      const auto unsigned_nan = [](double x) { return std::isnan(x) ? std::abs(x) : x; };
      out.difference = fmt::format("element {} is {}, not {}", i, unsigned_nan(u), unsigned_nan(v));
    }
  }
  return out;
}

bool nothing_is_both(const Array& a, const Array& b, const Tolerance& tolerance) {
  if (!a.same_type(b)) return true;
  if (lane_of(a.dtype()) == Lane::kInt)
    return !std::equal(a.ints().begin(), a.ints().end(), b.ints().begin());
  const Array x = convert(a, DType::kC128), y = convert(b, DType::kC128);
  const auto p = x.data<C128>(), q = y.data<C128>();
  const Allowed of_a(a.dtype(), p, tolerance), of_b(a.dtype(), q, tolerance);
  const auto apart = [&](double u, double v) {
    if (!std::isfinite(u) || !std::isfinite(v)) return u != v && !(std::isnan(u) && std::isnan(v));
    return std::abs(u - v) > of_a(u) + of_b(v);
  };
  for (std::size_t i = 0; i < p.size(); ++i)
    if (apart(p[i].real(), q[i].real()) || apart(p[i].imag(), q[i].imag())) return true;
  return false;
}

Array nudge(const Array& x, std::uint64_t seed, double ulps) {
  Array out = x;
  Random random(seed, 0);
  const auto moved = [&](double v) {
    return v * (1 + random.uniform(-1, 1) * ulps * epsilon(x.dtype()));
  };
  with_lane(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>) {
      for (T& v : out.mutate<T>()) v = static_cast<T>(moved(v));
    } else if constexpr (!std::is_same_v<T, std::int64_t>) {
      using P = typename T::value_type;
      for (T& v : out.mutate<T>()) {
        const double real = moved(v.real()), imag = moved(v.imag());
        v = {static_cast<P>(real), static_cast<P>(imag)};
      }
    }
  });
  settle(out);
  return out;
}

Array nudge(const Array& x, std::uint64_t seed) {
  // Of 16 bits one unit is a lot.
  return nudge(x, seed, epsilon(x.dtype()) > 1e-4 ? kNudgeHalfUlps : kNudgeUlps);
}

}  // namespace jaxsmith::tensor
