// Makes the arrays of operations that have no operand to make them beside.
#pragma once

#include "tensor/movement.h"

namespace jaxsmith::ir {

// Types only, where `abstract`.
struct Maker {
  const tensor::EvaluationContext& context;
  bool abstract = false;

  tensor::Array zeros(tensor::DType dtype, tensor::Shape shape) const {
    return abstract ? tensor::Array::typed(dtype, std::move(shape))
                    : tensor::Array::zeros(context, dtype, std::move(shape));
  }
  tensor::Array scalar_int(tensor::DType dtype, std::int64_t value) const {
    return abstract ? tensor::Array::typed(dtype, {})
                    : tensor::Array::scalar_int(context, dtype, value);
  }
  tensor::Array iota(tensor::DType dtype, const tensor::Shape& shape, std::int64_t dim) const {
    return abstract ? tensor::iota_type(dtype, shape, dim)
                    : tensor::iota(context, dtype, shape, dim);
  }
};

}  // namespace jaxsmith::ir
