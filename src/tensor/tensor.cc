#include "tensor/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace jaxsmith::tensor {

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (std::int64_t dim : shape) count *= dim;
  return count;
}

std::string aval_text(DType dtype, const Shape& shape) {
  return fmt::format("{}[{}]", jaxpr_name(dtype), fmt::join(shape, ","));
}

}  // namespace jaxsmith::tensor
