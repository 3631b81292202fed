// Arrays out of what a file, another process or a caller says of them. There is no other way from
// such an element type, shape and bytes to a Tensor: kernels go by the shape and look at no length.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "tensor/tensor.h"

namespace jaxsmith::tensor {

// Errors, without the place, which is the caller's to say: there is no such element type; a size is
// negative, or the shape is none that an array may have; the bytes are not those of the shape; an
// element is none of its type.
Result<Tensor> tensor_from_bytes(DType dtype, Shape shape, std::string bytes);
// `dtype` as a jaxpr names it: "f32".
Result<Tensor> tensor_from_bytes(std::string_view dtype, Shape shape, std::string bytes);

}  // namespace jaxsmith::tensor
