// The parts of the math table, each in a file of its own.
#pragma once

#include <vector>

#include "plan/op.h"

namespace jaxsmith::plan {

std::vector<Op> activation_ops();    // jax.nn, elementwise and along an axis
std::vector<Op> special_math_ops();  // jax.scipy.special
std::vector<Op> array_math_ops();    // polynomials, Fourier transforms, interpolation

// A smooth entry of one real operand; `turning`: where its extremes may lie besides the ends and
// zero.
Op real_function(std::string name, double weight, Interval domain, Kernel1 kernel,
                 std::vector<std::string> hints, std::vector<std::string> spellings,
                 std::vector<double> turning = {});

}  // namespace jaxsmith::plan
