// How many bytes an array has, of shapes that come from files.
#pragma once

#include <cstdint>
#include <optional>

#include "tensor/tensor.h"

namespace jaxsmith::tensor {

// Nothing where a size is negative, or where the bytes are more than an int64 holds.
std::optional<std::int64_t> byte_count(DType dtype, const Shape& shape);

}  // namespace jaxsmith::tensor
