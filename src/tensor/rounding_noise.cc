#include "tensor/rounding_noise.h"

#include "tensor/closeness.h"

namespace jaxsmith::tensor {
namespace {
constexpr double kHalfUlps = 1.5;
}  // namespace

Array with_noise(Array x, double ulps) {
  if (!x.context().noisy() || lane_of(x.dtype()) == Lane::kInt) return x;
  const bool half = epsilon(x.dtype()) > epsilon(DType::kF32);
  return nudge(x, x.context().next_noise(), half ? kHalfUlps : ulps);
}

}  // namespace jaxsmith::tensor
