// Makes the arrays of operations that have no operand to make them beside.
#pragma once

#include "tensor/movement.h"

namespace jaxsmith::ir {

// Types only, where `abstract`.
struct Maker {
  const EvaluationContext& context;
  bool abstract = false;

  Array zeros(DType dtype, Shape shape) const {
    return abstract ? Array::typed(dtype, std::move(shape))
                    : Array::zeros(context, dtype, std::move(shape));
  }
  Array scalar_int(DType dtype, std::int64_t value) const {
    return abstract ? Array::typed(dtype, {}) : Array::scalar_int(context, dtype, value);
  }
  Array iota(DType dtype, const Shape& shape, std::int64_t dim) const {
    return abstract ? iota_type(dtype, shape, dim) : jaxsmith::iota(context, dtype, shape, dim);
  }
};

}  // namespace jaxsmith::ir
