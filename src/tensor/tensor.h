// A dense array: element type, shape, and the bytes as NumPy's `tobytes()` gives them
// (little-endian, row-major, one byte for a bool).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/dtype.h"

namespace jaxsmith::tensor {

using Shape = std::vector<std::int64_t>;

// The largest number where they are more than an int64 counts.
std::int64_t element_count(const Shape& shape);
// "f32[2,3]", as JAX prints an aval.
std::string aval_text(DType dtype, const Shape& shape);

struct Tensor {
  DType dtype = DType::kF32;
  Shape shape;
  std::string bytes;

  bool operator==(const Tensor&) const = default;
};

}  // namespace jaxsmith::tensor
