#include "plan/jax/special_kernels.h"

#include <cmath>

#include "base/portable_math.h"
#include "tensor/special_functions.h"

namespace jaxsmith::plan {
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

double trigamma(double x) { return tensor::polygamma(1, x); }

double normal_quantile(double p) { return 1.41421356237 * tensor::erf_inverse(2 * p - 1); }

double normal_cdf(double x) { return 0.5 * portable::erfc(-x * 0.70710678118); }

double log_normal_cdf(double x) {
  if (x > -8) return portable::log(normal_cdf(x));
  return -0.5 * x * x - portable::log(-x) - 0.91893853 + portable::log1p(-1 / (x * x));
}

double bessel_i(int order, double x) {
  return portable::exp(std::abs(x)) * (order ? tensor::bessel_i1e(x) : tensor::bessel_i0e(x));
}

double spence(double x) {
  if (x > 2) {  // the reflection keeps the integrand tame
    const double l = portable::log(x);
    return -0.5 * l * l - spence(1 / x);
  }
  return -integral(
      [](double t) { return std::abs(t - 1) < 1e-9 ? 1.0 : portable::log(t) / (t - 1); }, 1, x);
}

double exponential_integral(double x) {
  if (x > 1) {
    double tail = 0;
    for (int n = 60; n > 0; --n) tail = n / (1 + n / (x + tail));
    return portable::exp(-x) / (x + tail);
  }
  double term = 1, total = -0.57721566490 - portable::log(x);
  for (int n = 1; n < 30; ++n) {
    term *= -x / n;
    total -= term / n;
  }
  return total;
}

double dawson(double x) {
  return integral([x](double t) { return portable::exp(t * t - x * x); }, 0, x);
}

}  // namespace jaxsmith::plan
