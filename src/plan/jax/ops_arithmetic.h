// The parts of the arithmetic table, each in a file of its own.
#pragma once

#include <vector>

#include "plan/op.h"

namespace jaxsmith::plan {

std::vector<Op> integer_arithmetic_ops();  // bits, shifts, whole-number division
std::vector<Op> complex_arithmetic_ops();  // parts, conjugates, polar form

// Statistics of complex values are of their magnitudes: gives an elementwise entry the bounds of
// those.
Op complex_magnitudes(Op op);

}  // namespace jaxsmith::plan
