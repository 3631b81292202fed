// Floating-point numbers of 8 bits and fewer, one to a byte.
//
// The formats are those of ml_dtypes: exponent and mantissa bits, bias, and what the patterns at
// the edge stand for ("fn": no infinities, "uz": no negative zero, its pattern is the NaN; e8m0 has
// no sign and no zero). Source: the ml_dtypes README and "FP8 Formats for Deep Learning" (P.
// Micikevicius et al., 2022).
#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace jaxsmith::tensor {

// The number that a byte stands for; `dtype` is a narrow floating-point type.
double narrow_to_double(DType dtype, std::uint8_t bits);

// The byte of the nearest number, to even where two are as near. Beyond the largest one: infinity
// where the type has it, else NaN, as ml_dtypes converts.
std::uint8_t narrow_from_double(DType dtype, double value);

}  // namespace jaxsmith::tensor
