// Arrays in files of NumPy's .npy format (NumPy Enhancement Proposal 1).
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "tensor/tensor.h"

namespace jaxsmith::tensor {

// `expected`: what the array is for. Types that NumPy does not have are saved as bytes (|V2) and
// become this type if it is such a one of as many bytes. Row-major or column-major, little-endian.
Result<Tensor> read_npy(const std::string& path, std::optional<DType> expected = std::nullopt);
// A whole file. Types that NumPy does not have are written as their bytes.
std::string npy_bytes(const Tensor& tensor);

}  // namespace jaxsmith::tensor
