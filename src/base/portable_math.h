// Elementary functions that give the same bits on every machine: each is made of IEEE 754's own
// operations (+ - * / sqrt, and exact ones such as floor), which round in one way everywhere. What
// a C library's exp or sin gives differs in the last bits from one library to the next, and a plan
// that asks whether a bound is above a threshold must not hang on these.
//
//   const double growth = portable::exp(2.5);   // in place of std::exp
//
// They are within a few units in the last place, as planning needs them, not correctly rounded.
// Files that rely on this are compiled with -ffp-contract=off; tools/check_determinism.py holds
// that planning and rendering use no others.
#pragma once

namespace jaxsmith::portable {

double exp(double x);
double exp2(double x);  // exact for whole numbers
double expm1(double x);
double log(double x);
double log2(double x);   // exact for powers of two
double log10(double x);  // exact for powers of ten
double log1p(double x);
double pow(double x, double y);  // by multiplications where y is a small whole number
double cbrt(double x);
double hypot(double x, double y);

double sin(double x);
double cos(double x);
double tan(double x);
double asin(double x);
double acos(double x);
double atan(double x);
double atan2(double y, double x);

double sinh(double x);
double cosh(double x);
double tanh(double x);
double asinh(double x);
double acosh(double x);
double atanh(double x);

double erf(double x);
double erfc(double x);
double lgamma(double x);
double tgamma(double x);

}  // namespace jaxsmith::portable
