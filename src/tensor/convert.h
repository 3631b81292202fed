// Between a tensor's bytes and numbers.
#pragma once

#include <complex>
#include <span>

#include "tensor/tensor.h"

namespace jaxsmith::tensor {

// Rounds to nearest even where the type is narrower than a double; integers are truncated. For
// complex types the numbers are pairs of real and imaginary part.
Tensor tensor_from_doubles(DType dtype, Shape shape, std::span<const double> numbers);

// Element i in row-major order.
std::complex<double> element(const Tensor& tensor, std::int64_t i);

}  // namespace jaxsmith::tensor
