#include "tensor/sizes.h"

#include <algorithm>

namespace jaxsmith::tensor {

std::optional<std::int64_t> byte_count(DType dtype, const Shape& shape) {
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t n) { return n < 0; }))
    return std::nullopt;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  auto count = static_cast<std::int64_t>(byte_size(dtype));
  for (const std::int64_t n : shape)
    if (__builtin_mul_overflow(count, n, &count)) return std::nullopt;
  return count;
}

bool same_types(std::span<const Tensor> a, std::span<const Tensor> b) {
  return std::ranges::equal(a, b, [](const Tensor& x, const Tensor& y) {
    return x.dtype == y.dtype && x.shape == y.shape;
  });
}

}  // namespace jaxsmith::tensor
