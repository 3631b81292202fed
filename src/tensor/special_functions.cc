#include "tensor/special_functions.h"

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "base/portable_math.h"

namespace jaxsmith::tensor {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kPi = 3.14159265358979323846;
constexpr double kEpsilon = 1e-17;
constexpr int kMostTerms = 2000;
// B(2k) / (2k)!, k = 1, 2 …, of the Euler-Maclaurin formula.
constexpr double kBernoulli[] = {1.0 / 12,
                                 -1.0 / 720,
                                 1.0 / 30240,
                                 -1.0 / 1209600,
                                 1.0 / 47900160,
                                 -691.0 / 1307674368000.0,
                                 1.0 / 74724249600.0,
                                 -3617.0 / 10670622842880000.0};

// Sum over k of (x²/4)^k / (k! (k+order)!), scaled by exp(-x); for moderate x.
double bessel_series(int order, double x) {
  const double quarter = x * x / 4;
  double term = portable::exp(-x), sum = 0;
  if (order == 1) term *= x / 2;
  for (int k = 1; k < kMostTerms; ++k) {
    sum += term;
    term *= quarter / (static_cast<double>(k) * (k + order));
    if (term < sum * kEpsilon) break;
  }
  return sum;
}

// DLMF 10.40.1, for large x.
double bessel_asymptotic(int order, double x) {
  const double mu = 4.0 * order * order;
  double term = 1, sum = 1;
  for (int k = 1; k < 60; ++k) {
    const double odd = 2 * k - 1;
    const double next = -term * (mu - odd * odd) / (k * 8 * x);
    if (std::abs(next) > std::abs(term)) break;
    term = next;
    sum += term;
    if (std::abs(term) < kEpsilon) break;
  }
  return sum / std::sqrt(2 * kPi * x);
}

double bessel(int order, double x) {
  const double size = std::abs(x);
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return 0;
  const double value = size < 30 ? bessel_series(order, size) : bessel_asymptotic(order, size);
  return order == 1 && x < 0 ? -value : value;
}

// DLMF 8.7.1.
double gamma_p_series(double a, double x, std::int64_t& terms) {
  double term = 1 / a, sum = term;
  for (int k = 1; k < 100000; ++k, ++terms) {
    term *= x / (a + k);
    sum += term;
    if (std::abs(term) < std::abs(sum) * kEpsilon) break;
  }
  return sum * portable::exp(-x + a * portable::log(x) - portable::lgamma(a));
}

// DLMF 8.9.2, by Lentz's method.
double gamma_q_fraction(double a, double x, std::int64_t& terms) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, h = d;
  for (int k = 1; k < 100000; ++k, ++terms) {
    const double an = -k * (k - a);
    b += 2;
    d = an * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    const double delta = d * c;
    h *= delta;
    if (std::abs(delta - 1) < 1e-16) break;
  }
  return h * portable::exp(-x + a * portable::log(x) - portable::lgamma(a));
}

double beta_fraction(double a, double b, double x, std::int64_t& terms) {
  constexpr double kTiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (std::abs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < 10000; ++m, ++terms) {
    for (int odd = 0; odd < 2; ++odd) {
      const double numerator = odd == 0
                                   ? m * (b - m) * x / ((a - 1 + 2 * m) * (a + 2 * m))
                                   : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 1 + 2 * m));
      d = 1 + numerator * d;
      if (std::abs(d) < kTiny) d = kTiny;
      c = 1 + numerator / c;
      if (std::abs(c) < kTiny) c = kTiny;
      d = 1 / d;
      h *= d * c;
      if (odd == 1 && std::abs(d * c - 1) < 1e-16) return h;
    }
  }
  return h;
}

}  // namespace

double erf_inverse(double x) {
  if (std::isnan(x) || std::abs(x) > 1) return kNan;
  if (std::abs(x) == 1) return x * kInfinity;
  double w = -portable::log((1 - x) * (1 + x)), p;
  // Giles' single-precision polynomials, then Newton's method.
  if (w < 5) {
    w -= 2.5;
    p = 2.81022636e-08;
    for (double c : {3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
                     -0.00417768164, 0.246640727, 1.50140941})
      p = c + p * w;
  } else {
    w = std::sqrt(w) - 3;
    p = -0.000200214257;
    for (double c : {0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
                     0.00943887047, 1.00167406, 2.83297682})
      p = c + p * w;
  }
  double y = p * x;
  for (int i = 0; i < 2; ++i) {
    // Near 1 the complement keeps the digits.
    const double error = x > 0.5    ? -(portable::erfc(y) - (1 - x))
                         : x < -0.5 ? portable::erfc(-y) - (1 + x)
                                    : portable::erf(y) - x;
    y -= error / (2 / std::sqrt(kPi) * portable::exp(-y * y));
  }
  return y;
}

double digamma(double x) {
  if (x == 0 || std::isnan(x)) return kNan;
  if (std::isinf(x)) return x > 0 ? x : kNan;
  double result = 0;
  if (x < 0) {
    if (x == std::floor(x)) return kNan;
    // DLMF 5.5.4, with the fraction taken first: pi x loses digits.
    const double fraction = x - std::floor(x);
    return digamma(1 - x) - kPi / portable::tan(kPi * fraction);
  }
  for (; x < 12; ++x) result -= 1 / x;
  const double inverse = 1 / (x * x);
  result += portable::log(x) - 0.5 / x;
  // DLMF 5.11.2: B(2k) / (2k x^(2k)).
  constexpr double kTerms[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                               1.0 / 132, -691.0 / 32760, 1.0 / 12};
  double power = inverse;
  for (double term : kTerms) {
    result -= term * power;
    power *= inverse;
  }
  return result;
}

double bessel_i0e(double x) { return bessel(0, x); }
double bessel_i1e(double x) { return bessel(1, x); }

double hurwitz_zeta(double s, double q) {
  if (std::isnan(s) || std::isnan(q)) return kNan;
  if (s == 1) return kInfinity;
  if (s < 1) return kNan;
  if (q <= 0) {
    if (q == std::floor(q)) return kInfinity;
    if (s != std::floor(s)) return kNan;
  }
  constexpr int kDirect = 12;
  double sum = 0;
  for (int k = 0; k < kDirect; ++k) sum += portable::pow(q + k, -s);
  const double a = q + kDirect;
  double power = portable::pow(a, -s);
  sum += power * a / (s - 1) + power / 2;
  // Euler-Maclaurin (DLMF 25.11.43).
  double factor = s;
  power /= a;
  for (int k = 0; k < 8; ++k) {
    sum += kBernoulli[k] * factor * power;
    factor *= (s + 2 * k + 1) * (s + 2 * k + 2);
    power /= a * a;
  }
  return sum;
}

double polygamma(double n, double x) {
  if (n == 0) return digamma(x);
  if (n < 0 || n != std::floor(n)) return kNan;
  const double sign = std::fmod(n, 2) == 0 ? -1 : 1;
  return sign * portable::exp(portable::lgamma(n + 1)) * hurwitz_zeta(n + 1, x);
}

namespace counted {

double gamma_p(double a, double x, std::int64_t& terms) {
  if (std::isnan(a) || std::isnan(x) || a <= 0 || x < 0) return a == 0 && x >= 0 ? 1 : kNan;
  if (x == 0) return 0;
  if (std::isinf(x)) return std::isinf(a) ? kNan : 1;
  if (std::isinf(a)) return 0;
  return x > 1 && x > a ? 1 - gamma_q_fraction(a, x, terms) : gamma_p_series(a, x, terms);
}

double gamma_q(double a, double x, std::int64_t& terms) {
  if (std::isnan(a) || std::isnan(x) || a <= 0 || x < 0) return a == 0 && x >= 0 ? 0 : kNan;
  if (x == 0) return 1;
  if (std::isinf(x)) return std::isinf(a) ? kNan : 0;
  if (std::isinf(a)) return 1;
  return x > 1 && x > a ? gamma_q_fraction(a, x, terms) : 1 - gamma_p_series(a, x, terms);
}

// The series of P(a, x), derived term by term: its terms are x^(a+n) exp(-x) / gamma(a+n+1). Where
// that takes too many of them, a difference quotient.
double gamma_p_derivative(double a, double x, std::int64_t& terms) {
  constexpr double kFar = 500, kStep = 1e-5;
  if (std::isnan(a) || std::isnan(x) || a <= 0 || x < 0) return kNan;
  if (x == 0 || std::isinf(x) || std::isinf(a)) return 0;
  if (x > kFar)
    return (gamma_p(a * (1 + kStep), x, terms) - gamma_p(a * (1 - kStep), x, terms)) /
           (2 * a * kStep);
  const double log_x = portable::log(x);
  double log_term = a * log_x - x - portable::lgamma(a + 1), psi = digamma(a + 1), sum = 0;
  if (std::isnan(log_term)) return 0;  // two infinities: P is 0 around such an a
  for (int n = 0; n < kMostTerms; ++n, ++terms) {
    const double term = portable::exp(log_term) * (log_x - psi);
    sum += term;
    if (n + a > x && std::abs(term) <= 1e-17 * std::abs(sum)) return sum;
    if (portable::exp(log_term) == 0 && n + a > x) return sum;
    psi += 1 / (a + n + 1);
    log_term += log_x - portable::log(a + n + 1);
  }
  return sum;
}

double gamma_sample_derivative(double a, double x, std::int64_t& terms) {
  if (x == 0 && a > 0) return 0;
  const double density = portable::exp((a - 1) * portable::log(x) - x - portable::lgamma(a));
  return -gamma_p_derivative(a, x, terms) / density;
}

double incomplete_beta(double a, double b, double x, std::int64_t& terms) {
  if (std::isnan(a) || std::isnan(b) || std::isnan(x) || a <= 0 || b <= 0 || x < 0 || x > 1)
    return kNan;
  if (x == 0 || x == 1) return x;
  const double front =
      portable::exp(portable::lgamma(a + b) - portable::lgamma(a) - portable::lgamma(b) +
                    a * portable::log(x) + b * portable::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x, terms) / a;
  return 1 - front * beta_fraction(b, a, 1 - x, terms) / b;
}

}  // namespace counted

double gamma_p(double a, double x) {
  std::int64_t terms = 0;
  return counted::gamma_p(a, x, terms);
}
double gamma_q(double a, double x) {
  std::int64_t terms = 0;
  return counted::gamma_q(a, x, terms);
}
double gamma_p_derivative(double a, double x) {
  std::int64_t terms = 0;
  return counted::gamma_p_derivative(a, x, terms);
}
double gamma_sample_derivative(double a, double x) {
  std::int64_t terms = 0;
  return counted::gamma_sample_derivative(a, x, terms);
}
double incomplete_beta(double a, double b, double x) {
  std::int64_t terms = 0;
  return counted::incomplete_beta(a, b, x, terms);
}

}  // namespace jaxsmith::tensor
