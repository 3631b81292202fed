#include "plan/special_kernels.h"

#include <cmath>

namespace jaxsmith {
namespace {

// Simpson's rule over smooth integrands.
template <class F>
double integral(F f, double from, double to, int steps = 256) {
  const double h = (to - from) / steps;
  double total = f(from) + f(to);
  for (int i = 1; i < steps; ++i) total += (i % 2 ? 4 : 2) * f(from + i * h);
  return total * h / 3;
}

}  // namespace

double digamma(double x) {
  double shift = 0;
  for (; x < 8; x += 1) shift -= 1 / x;
  const double y = 1 / (x * x);
  return shift + std::log(x) - 0.5 / x - y * (1.0 / 12 - y * (1.0 / 120 - y / 252));
}

double trigamma(double x) {
  double shift = 0;
  for (; x < 8; x += 1) shift += 1 / (x * x);
  const double y = 1 / (x * x);
  return shift + 1 / x + 0.5 * y + y / x * (1.0 / 6 - y * (1.0 / 30 - y / 42));
}

double erf_inverse(double x) {
  const double l = std::log(1 - x * x), t = 4.3307467508 + 0.5 * l;
  double y = std::copysign(std::sqrt(std::sqrt(t * t - l / 0.147) - t), x);
  for (int i = 0; i < 3; ++i) y -= (std::erf(y) - x) * 0.886226925 * std::exp(y * y);
  return y;
}

double normal_quantile(double p) { return 1.41421356237 * erf_inverse(2 * p - 1); }

double normal_cdf(double x) { return 0.5 * std::erfc(-x * 0.70710678118); }

double log_normal_cdf(double x) {
  if (x > -8) return std::log(normal_cdf(x));
  return -0.5 * x * x - std::log(-x) - 0.91893853 + std::log1p(-1 / (x * x));
}

double bessel_i(int order, double x) {
  const double quarter = 0.25 * x * x;
  double term = order ? 0.5 * x : 1, total = term;
  for (int k = 1; k < 200 && std::abs(term) > 1e-12 * std::abs(total); ++k) {
    term *= quarter / (k * (k + order));
    total += term;
  }
  return total;
}

double hurwitz_zeta(double s, double q) {
  double total = 0;
  constexpr int kTerms = 12;
  for (int k = 0; k < kTerms; ++k) total += std::pow(q + k, -s);
  const double a = q + kTerms;
  return total + std::pow(a, 1 - s) / (s - 1) + 0.5 * std::pow(a, -s) +
         s / 12 * std::pow(a, -s - 1);
}

double spence(double x) {
  if (x > 2) {  // the reflection keeps the integrand tame
    const double l = std::log(x);
    return -0.5 * l * l - spence(1 / x);
  }
  return -integral([](double t) { return std::abs(t - 1) < 1e-9 ? 1.0 : std::log(t) / (t - 1); }, 1,
                   x);
}

double lower_gamma(double a, double x) {
  if (x <= 0) return 0;
  double term = 1 / a, total = term;
  for (int n = 1; n < 400 && term > 1e-14 * total; ++n) {
    term *= x / (a + n);
    total += term;
  }
  return std::fmin(1.0, total * std::exp(a * std::log(x) - x - std::lgamma(a)));
}

double incomplete_beta(double a, double b, double x) {
  const double scale = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b));
  const auto density = [&](double t) { return std::pow(t, a - 1) * std::pow(1 - t, b - 1); };
  return std::fmin(1.0, scale * integral(density, 0, x));
}

double exponential_integral(double x) {
  if (x > 1) {
    double tail = 0;
    for (int n = 60; n > 0; --n) tail = n / (1 + n / (x + tail));
    return std::exp(-x) / (x + tail);
  }
  double term = 1, total = -0.57721566490 - std::log(x);
  for (int n = 1; n < 30; ++n) {
    term *= -x / n;
    total -= term / n;
  }
  return total;
}

double dawson(double x) {
  return integral([x](double t) { return std::exp(t * t - x * x); }, 0, x);
}

}  // namespace jaxsmith
