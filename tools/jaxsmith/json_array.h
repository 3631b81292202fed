// Arrays that a user writes on the command line.
#pragma once

#include <string>

#include "base/status.h"
#include "tensor/tensor.h"

namespace jaxsmith::cli {

// Whether it is meant as JSON rather than as a file's name.
bool looks_like_json(const std::string& text);

// Numbers in JSON, nested lists for more dimensions, in row-major order: 2.5, [[1, 2], [3, 4]],
// [true, false]; "nan", "inf", "-inf" and complex numbers as JSON's strings: "1+2j". Errors are the
// user's: text that is no JSON, lists of different lengths, what is no number of the type.
Result<tensor::Tensor> array_from_json(const std::string& text, tensor::DType dtype);

}  // namespace jaxsmith::cli
