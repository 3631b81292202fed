// Recorded outputs that say little.
#pragma once

#include <span>

#include "tensor/tensor.h"

namespace jaxsmith::stats {

// Whether some output of four elements and more is so.
struct Results {
  bool large = false;     // there is such an output
  bool constant = false;  // one value everywhere
  bool half = false;      // half or more is one value
  bool copy = false;      // an input's elements, or these negated
};

Results results_of(std::span<const tensor::Tensor> inputs, std::span<const tensor::Tensor> outputs);

}  // namespace jaxsmith::stats
