// How many bytes an array has, of shapes that come from files; arrays of the same types.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "tensor/tensor.h"

namespace jaxsmith::tensor {

// Nothing where a size is negative, or where the bytes are more than an int64 holds.
std::optional<std::int64_t> byte_count(DType dtype, const Shape& shape);

// Whether these are as many, each with the element type and the shape of its counterpart.
bool same_types(std::span<const Tensor> a, std::span<const Tensor> b);

}  // namespace jaxsmith::tensor
