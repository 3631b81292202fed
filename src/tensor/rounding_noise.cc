#include "tensor/rounding_noise.h"

#include <utility>

#include "tensor/closeness.h"

namespace jaxsmith {
namespace {
constexpr double kHalfUlps = 1.5;
thread_local RoundingNoise* current = nullptr;
}  // namespace

RoundingNoise::RoundingNoise(std::uint64_t seed)
    : random_(seed, 0), outer_(std::exchange(current, this)) {}

RoundingNoise::~RoundingNoise() { current = outer_; }

Array with_noise(Array x, double ulps) {
  if (!current || x.abstract() || lane_of(x.dtype()) == Lane::kInt) return x;
  const bool half = epsilon(x.dtype()) > epsilon(DType::kF32);
  return nudge(x, current->random_.next(), half ? kHalfUlps : ulps);
}

bool noise_in_scope() { return current != nullptr; }

}  // namespace jaxsmith
