// Which results hang on rounding: arithmetic whose results are moved in their last bits, at random
// (D. Stott Parker, "Monte Carlo Arithmetic", 1997). Another compiler of the same program orders
// sums otherwise and rounds at other places; results of noisy runs differ by about as much.
#pragma once

#include <cstdint>
#include <memory>

#include "base/random.h"
#include "tensor/array.h"

namespace jaxsmith {

// While it lives, operations of this thread round with noise.
class RoundingNoise {
 public:
  explicit RoundingNoise(std::uint64_t seed);
  ~RoundingNoise();
  RoundingNoise(const RoundingNoise&) = delete;
  RoundingNoise& operator=(const RoundingNoise&) = delete;

 private:
  friend Array with_noise(Array, double);
  Random random_;
  RoundingNoise* outer_;
};

// For what an operation has rounded, and for the operands of one that rounds many times within:
// without noise in scope the array itself, else its floats moved by up to so many units in the last
// place (of 16 bits kHalfUlps: what is hard to compute is computed in 32). Zeros stay, and what is
// not finite.
Array with_noise(Array x, double ulps = 1);
// Sums are then rounded at each step as well.
bool noise_in_scope();

}  // namespace jaxsmith
