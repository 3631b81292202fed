// Functions of one and two numbers that the standard library lacks, in double precision. Sources:
// M. Giles, "Approximating the erfinv function" (2010); NIST Digital Library of Mathematical
// Functions, chapters 5 (gamma), 8 (incomplete gamma), 10 (Bessel) and 25 (zeta).
#pragma once

#include <cstdint>

namespace jaxsmith::tensor {

double erf_inverse(double x);
double digamma(double x);
double bessel_i0e(double x);  // exp(-|x|) I0(x)
double bessel_i1e(double x);  // exp(-|x|) I1(x)
double hurwitz_zeta(double s, double q);
double polygamma(double n, double x);
double gamma_p(double a, double x);                  // regularized lower incomplete gamma function
double gamma_q(double a, double x);                  // and the upper one
double gamma_p_derivative(double a, double x);       // of gamma_p by a
double gamma_sample_derivative(double a, double x);  // by a of the x with a given gamma_p
double incomplete_beta(double a, double b, double x);  // regularized

// The same, adding to `terms` how many terms were summed: it depends on the operands by orders of
// magnitude, and a kernel charges it.
namespace counted {
double gamma_p(double a, double x, std::int64_t& terms);
double gamma_q(double a, double x, std::int64_t& terms);
double gamma_p_derivative(double a, double x, std::int64_t& terms);
double gamma_sample_derivative(double a, double x, std::int64_t& terms);
double incomplete_beta(double a, double b, double x, std::int64_t& terms);
}  // namespace counted

}  // namespace jaxsmith::tensor
