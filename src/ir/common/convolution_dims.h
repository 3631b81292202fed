// What the dimensions of a convolution's operands are, as letters say it.
#pragma once

#include <string_view>

#include "tensor/contraction.h"

namespace jaxsmith::ir {

// "bf01", "oi01", "bf01" or "b, f, 0, 1" …: a letter or the number of a spatial dimension for each
// dimension of input, kernel and output. Errors: other letters, or one twice.
tensor::ConvolutionDims convolution_dims(std::string_view input, std::string_view kernel,
                                         std::string_view output);

}  // namespace jaxsmith::ir
