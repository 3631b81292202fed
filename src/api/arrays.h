// Between the arrays of the public headers and those inside.
#pragma once

#include <vector>

#include "jaxsmith/ir.h"
#include "tensor/array.h"

namespace jaxsmith::api {

// Errors: the element type is not known, or the bytes are not those of the shape.
Result<tensor::Tensor> tensor_of(const HostArray& array);
Result<std::vector<tensor::Tensor>> tensors_of(const std::vector<HostArray>& arrays);
HostArray host_array(const tensor::Tensor& tensor);
tensor::Budget budget_of(const IrLimits& limits);

}  // namespace jaxsmith::api
