// Normalization by the statistics of each feature. Rules: the StableHLO specification's
// batch_norm_inference, batch_norm_training and batch_norm_grad; HLO's operations are the same.
// Errors are EvaluationErrors.
#pragma once

#include <array>

#include "tensor/array.h"

namespace jaxsmith::tensor {

struct BatchNorm {
  double epsilon = 0;        // added to the variance
  std::int64_t feature = 0;  // the dimension of the operand whose positions are the features
};

// Scale, offset, mean and variance: one number for each feature. The result is of the operand's
// shape.
Array batch_norm_inference(const Array& x, const Array& scale, const Array& offset,
                           const Array& mean, const Array& variance, const BatchNorm& options);
// The result, and the mean and variance of each feature, over all that is of the feature.
std::array<Array, 3> batch_norm_training(const Array& x, const Array& scale, const Array& offset,
                                         const BatchNorm& options);
// The gradients of batch_norm_training's operands: of the operand, the scale and the offset.
std::array<Array, 3> batch_norm_grad(const Array& x, const Array& scale, const Array& mean,
                                     const Array& variance, const Array& grad_output,
                                     const BatchNorm& options);

}  // namespace jaxsmith::tensor
