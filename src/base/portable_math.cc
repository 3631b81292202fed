#include "base/portable_math.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

namespace jaxsmith::portable {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kPi = 3.14159265358979323846;
constexpr double kHalfPi = 1.57079632679489661923;
constexpr double kQuarterPi = 0.785398163397448309616;
constexpr double kSqrtPi = 1.77245385090551602730;
// Logarithm of 2 in two parts, the first with so few bits that small multiples of it are exact.
constexpr double kLog2High = 6.93147180369123816490e-01, kLog2Low = 1.90821492927058770002e-10;
constexpr double kLog2 = 0.693147180559945309417;
// Half of pi in the same way.
constexpr double kHalfPiHigh = 1.57079632673412561417e+00, kHalfPiLow = 6.07710050650619224932e-11;

// c[0] + c[1] x + c[2] x² …
constexpr double polynomial(double x, std::span<const double> c) {
  double out = 0;
  for (std::size_t i = c.size(); i-- > 0;) out = out * x + c[i];
  return out;
}

// x times two to the power of n.
double scaled(double x, int n) {
  const auto power = [](int k) {
    return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
  };
  while (n > 1000) {
    x *= power(1000);
    n -= 1000;
  }
  while (n < -1000) {
    x *= power(-1000);
    n += 1000;
  }
  return x * power(n);
}

// x = mantissa * 2^exponent, the mantissa around 1: from sqrt(1/2) to sqrt(2). For x > 0.
struct Parts {
  double mantissa;
  int exponent;
};
Parts parts(double x) {
  constexpr double kSqrt2 = 1.41421356237309504880;
  int exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    exponent = -54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  exponent += static_cast<int>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0x000fffffffffffffu) | 0x3ff0000000000000u);
  if (mantissa > kSqrt2) {
    mantissa *= 0.5;
    ++exponent;
  }
  return {mantissa, exponent};
}

// log(1 + f) for f from sqrt(1/2) - 1 to sqrt(2) - 1, by s = f / (2 + f).
double log_near_one(double f) {
  constexpr double kSeries[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11, 2.0 / 13,
                                2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23};
  const double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  return f - (half - s * (half + z * polynomial(z, kSeries)));
}

// (e^x - 1) / x for |x| at most 0.5.
double exp_slope(double x) {
  constexpr double kSeries[] = {1.0,
                                1.0 / 2,
                                1.0 / 6,
                                1.0 / 24,
                                1.0 / 120,
                                1.0 / 720,
                                1.0 / 5040,
                                1.0 / 40320,
                                1.0 / 362880,
                                1.0 / 3628800,
                                1.0 / 39916800,
                                1.0 / 479001600,
                                1.0 / 6227020800.0,
                                1.0 / 87178291200.0,
                                1.0 / 1307674368000.0};
  return polynomial(x, kSeries);
}

// Sine and cosine for |x| at most a quarter of pi.
double small_sin(double x) {
  constexpr double kSeries[] = {-1.0 / 6,
                                1.0 / 120,
                                -1.0 / 5040,
                                1.0 / 362880,
                                -1.0 / 39916800,
                                1.0 / 6227020800.0,
                                -1.0 / 1307674368000.0,
                                1.0 / 355687428096000.0};
  return x + x * (x * x) * polynomial(x * x, kSeries);
}
double small_cos(double x) {
  constexpr double kSeries[] = {
      1.0 / 24,        -1.0 / 720,           1.0 / 40320,           -1.0 / 3628800,
      1.0 / 479001600, -1.0 / 87178291200.0, 1.0 / 20922789888000.0};
  const double z = x * x;
  return 1 - (0.5 * z - z * z * polynomial(z, kSeries));
}

// The rest after multiples of half of pi, and in which quarter of the circle.
struct Turned {
  double rest;
  int quarter;
};
Turned turned(double x) {
  constexpr double kMost = 1e6;  // multiples of kHalfPiHigh are exact below
  if (std::abs(x) > kMost) x = std::fmod(x, 2 * kPi);
  const double n = std::floor(x / kHalfPi + 0.5);
  return {(x - n * kHalfPiHigh) - n * kHalfPiLow,
          static_cast<int>(static_cast<std::int64_t>(n) & 3)};
}

double power_of_whole(double x, std::uint64_t n) {
  double out = 1;
  for (; n; n >>= 1) {
    if (n & 1) out *= x;
    x *= x;
  }
  return out;
}

// 1 - erf(x) for x of at least 2, by a continued fraction.
double erfc_tail(double x) {
  constexpr int kTerms = 100;
  double tail = x;
  for (int n = kTerms; n > 0; --n) tail = x + 0.5 * n / tail;
  return exp(-x * x) / (tail * kSqrtPi);
}

double erf_series(double x) {
  double term = x, sum = x;
  for (int n = 1; n < 200 && term > sum * 1e-18; ++n) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / kSqrtPi * exp(-x * x) * sum;
}

}  // namespace

double exp(double x) {
  if (std::isnan(x)) return x;
  if (x > 709.79) return kInfinity;
  if (x < -745.2) return 0;
  const double n = std::floor(x / kLog2 + 0.5);
  const double rest = (x - n * kLog2High) - n * kLog2Low;
  return scaled(1 + rest * exp_slope(rest), static_cast<int>(n));
}

double exp2(double x) {
  if (std::isnan(x)) return x;
  if (x > 1025) return kInfinity;
  if (x < -1080) return 0;
  const double n = std::floor(x + 0.5);
  const double rest = (x - n) * kLog2;
  return scaled(1 + rest * exp_slope(rest), static_cast<int>(n));
}

double expm1(double x) { return std::abs(x) < 0.5 ? x * exp_slope(x) : exp(x) - 1; }

double log(double x) {
  if (std::isnan(x) || x == kInfinity) return x;
  if (x <= 0) return x == 0 ? -kInfinity : kNan;
  const auto [mantissa, exponent] = parts(x);
  return exponent * kLog2High + (log_near_one(mantissa - 1) + exponent * kLog2Low);
}

double log2(double x) {
  if (!(x > 0) || x == kInfinity) return log(x);
  const auto [mantissa, exponent] = parts(x);
  return exponent + log_near_one(mantissa - 1) / kLog2;
}

double log10(double x) {
  constexpr double kLog10 = 2.30258509299404568402;
  const double out = log(x) / kLog10, whole = std::floor(out + 0.5);
  if (std::abs(out - whole) > 1e-9) return out;
  // 10^-n is no double, but one divided by 10^n is the one that is written so.
  const double power = power_of_whole(10.0, static_cast<std::uint64_t>(std::abs(whole)));
  return x == (whole < 0 ? 1 / power : power) ? whole : out;
}

double log1p(double x) {
  if (x > -0.29 && x < 0.41) return log_near_one(x);
  const double sum = 1 + x;
  return std::isfinite(sum) && sum > 0 ? log(sum) + (x - (sum - 1)) / sum : log(sum);
}

double pow(double x, double y) {
  if (y == 0.5) return std::sqrt(x);
  if (y == std::floor(y) && std::abs(y) <= 1024) {
    const double whole = power_of_whole(x, static_cast<std::uint64_t>(std::abs(y)));
    return y < 0 ? 1 / whole : whole;
  }
  if (std::isnan(x) || std::isnan(y)) return x + y;
  if (x < 0)
    return y == std::floor(y) ? exp(y * log(-x)) : kNan;  // so large a y is even, or nearly
  if (x == 0) return y > 0 ? 0 : kInfinity;
  return exp(y * log(x));
}

double cbrt(double x) {
  if (x == 0 || !std::isfinite(x)) return x;
  const double size = std::abs(x), root = exp(log(size) / 3);
  const double better = root - (root - size / (root * root)) / 3;
  return x < 0 ? -better : better;
}

double hypot(double x, double y) {
  if (std::isinf(x) || std::isinf(y)) return kInfinity;
  const double most = std::fmax(std::abs(x), std::abs(y));
  if (most > 1e-100 && most < 1e100) return std::sqrt(x * x + y * y);
  if (!(most > 0)) return most + x + y;
  return most * std::sqrt((x / most) * (x / most) + (y / most) * (y / most));
}

double sin(double x) {
  if (!std::isfinite(x)) return kNan;
  const auto [rest, quarter] = turned(x);
  const double out = quarter % 2 ? small_cos(rest) : small_sin(rest);
  return quarter >= 2 ? -out : out;
}

double cos(double x) {
  if (!std::isfinite(x)) return kNan;
  const auto [rest, quarter] = turned(x);
  const double out = quarter % 2 ? small_sin(rest) : small_cos(rest);
  return quarter == 1 || quarter == 2 ? -out : out;
}

double tan(double x) { return sin(x) / cos(x); }

double atan(double x) {
  constexpr double kSeries[] = {-1.0 / 3,  1.0 / 5,  -1.0 / 7,  1.0 / 9,  -1.0 / 11, 1.0 / 13,
                                -1.0 / 15, 1.0 / 17, -1.0 / 19, 1.0 / 21, -1.0 / 23};
  if (std::isnan(x)) return x;
  const double size = std::abs(x);
  double t = size > 1 ? 1 / size : size;
  const bool turned_back = t > 0.41421356237309504880;  // tan(pi / 8)
  if (turned_back) t = (t - 1) / (t + 1);
  t = t / (1 + std::sqrt(1 + t * t));
  double out = 2 * (t + t * (t * t) * polynomial(t * t, kSeries));
  if (turned_back) out += kQuarterPi;
  if (size > 1) out = kHalfPi - out;
  return std::signbit(x) ? -out : out;
}

double atan2(double y, double x) {
  if (std::isnan(x) || std::isnan(y)) return x + y;
  const double side = std::signbit(y) ? -1 : 1;
  if (std::isinf(x) && std::isinf(y)) return side * (x > 0 ? kQuarterPi : kPi - kQuarterPi);
  if (x == 0 && y != 0) return side * kHalfPi;
  if (y == 0) return std::signbit(x) ? side * kPi : y;
  const double angle = atan(y / x);
  return x > 0 ? angle : angle + side * kPi;
}

double asin(double x) { return atan2(x, std::sqrt((1 - x) * (1 + x))); }
double acos(double x) { return atan2(std::sqrt((1 - x) * (1 + x)), x); }

double sinh(double x) {
  const double size = std::abs(x);
  if (size > 40) return x < 0 ? -0.5 * exp(size) : 0.5 * exp(size);
  const double grown = expm1(size), out = 0.5 * (grown + grown / (grown + 1));
  return x < 0 ? -out : out;
}

double cosh(double x) {
  const double grown = exp(std::abs(x));
  return 0.5 * grown + 0.5 / grown;
}

double tanh(double x) {
  const double size = std::abs(x);
  if (size > 22) return x < 0 ? -1 : 1;
  const double grown = expm1(2 * size), out = grown / (grown + 2);
  return x < 0 ? -out : out;
}

double asinh(double x) {
  const double size = std::abs(x);
  const double out =
      size > 1e8 ? log(size) + kLog2 : log1p(size + size * size / (1 + std::sqrt(1 + size * size)));
  return x < 0 ? -out : out;
}

double acosh(double x) {
  const double above = x - 1;
  return x > 1e8 ? log(x) + kLog2 : log1p(above + std::sqrt(above * (2 + above)));
}

double atanh(double x) {
  const double size = std::abs(x), out = 0.5 * log1p(2 * size / (1 - size));
  return x < 0 ? -out : out;
}

double erf(double x) {
  if (std::isnan(x) || x == 0) return x;
  const double size = std::abs(x), out = size < 2 ? erf_series(size) : 1 - erfc_tail(size);
  return x < 0 ? -out : out;
}

double erfc(double x) {
  if (x >= 2) return x < 30 ? erfc_tail(x) : 0;
  return 1 - erf(x);
}

double lgamma(double x) {
  constexpr double kStirling[] = {1.0 / 12,   -1.0 / 360,      1.0 / 1260, -1.0 / 1680,
                                  1.0 / 1188, -691.0 / 360360, 1.0 / 156};
  constexpr double kHalfLogTwoPi = 0.918938533204672741780;
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return kInfinity;
  if (x <= 0) {
    if (x == std::floor(x)) return kInfinity;
    return log(kPi / std::abs(sin(kPi * (x - std::floor(x))))) - lgamma(1 - x);
  }
  double product = 1;
  for (; x < 10; ++x) product *= x;
  const double inverse = 1 / x;
  const double series = inverse * polynomial(inverse * inverse, kStirling);
  return (x - 0.5) * log(x) - x + kHalfLogTwoPi + series - log(product);
}

double tgamma(double x) {
  if (std::isnan(x) || x == kInfinity) return x;
  if (x <= 0) {
    if (x == std::floor(x)) return x == 0 ? 1 / x : kNan;
    const double turns = std::floor(x), sine = sin(kPi * (x - turns));
    const double signed_sine = std::fmod(turns, 2) == 0 ? sine : -sine;
    return kPi / (signed_sine * tgamma(1 - x));
  }
  if (x > 172) return kInfinity;
  double product = 1;
  for (; x >= 2; --x) product *= x - 1;
  return x == 1 ? product : product * exp(lgamma(x));
}

}  // namespace jaxsmith::portable
