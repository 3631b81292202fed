// Special functions on doubles beyond tensor/special_functions.h, as exact as bounds and typical
// elements need them to be (some six digits).
#pragma once

namespace jaxsmith::plan {

double trigamma(double x);         // x > 0
double normal_quantile(double p);  // 0 < p < 1
double normal_cdf(double x);
double log_normal_cdf(double x);
double bessel_i(int order, double x);   // order 0 or 1, any sign of x
double spence(double x);                // x > 0; log-like integral from 1
double exponential_integral(double x);  // E1, x > 0
double dawson(double x);

}  // namespace jaxsmith::plan
