#include "tensor/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

namespace jaxsmith::tensor {

std::int64_t element_count(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t count = 1;
  for (const std::int64_t dim : shape)
    if (__builtin_mul_overflow(count, dim, &count)) return std::numeric_limits<std::int64_t>::max();
  return count;
}

std::string aval_text(DType dtype, const Shape& shape) {
  return fmt::format("{}[{}]", jaxpr_name(dtype), fmt::join(shape, ","));
}

}  // namespace jaxsmith::tensor
