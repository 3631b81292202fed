#include "tensor/rounding_noise.h"

#include <utility>

#include "tensor/closeness.h"

namespace jaxsmith {
namespace {
thread_local RoundingNoise* current = nullptr;
}  // namespace

RoundingNoise::RoundingNoise(std::uint64_t seed)
    : random_(seed, 0), outer_(std::exchange(current, this)) {}

RoundingNoise::~RoundingNoise() { current = outer_; }

Array with_noise(Array x) {
  if (!current || x.abstract() || lane_of(x.dtype()) == Lane::kInt) return x;
  return nudge(x, current->random_.next(), 1);
}

bool noise_in_scope() { return current != nullptr; }

}  // namespace jaxsmith
