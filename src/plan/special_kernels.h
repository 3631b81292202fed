// Special functions on doubles, as exact as bounds and typical elements need them to be (some six
// digits).
#pragma once

namespace jaxsmith {

double digamma(double x);          // x > 0
double trigamma(double x);         // x > 0
double erf_inverse(double x);      // -1 < x < 1
double normal_quantile(double p);  // 0 < p < 1
double normal_cdf(double x);
double log_normal_cdf(double x);
double bessel_i(int order, double x);                  // order 0 or 1, any sign of x
double hurwitz_zeta(double s, double q);               // s > 1, q > 0
double spence(double x);                               // x > 0; log-like integral from 1
double lower_gamma(double a, double x);                // regularised, a > 0, x >= 0
double incomplete_beta(double a, double b, double x);  // regularised, a, b >= 1, 0 <= x <= 1
double exponential_integral(double x);                 // E1, x > 0
double dawson(double x);

}  // namespace jaxsmith
