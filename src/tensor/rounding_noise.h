// Which results hang on rounding: arithmetic whose results are moved in their last bits, at random
// (D. Stott Parker, "Monte Carlo Arithmetic", 1997). Another compiler of the same program orders
// sums otherwise and rounds at other places; results of noisy runs differ by about as much.
//
// An evaluation is noisy by its options (EvaluationOptions::noise); sums are then rounded at each
// step as well.
#pragma once

#include "tensor/array.h"

namespace jaxsmith::tensor {

// For what an operation has rounded, and for the operands of one that rounds many times within:
// in an evaluation without noise the array itself, else its floats moved by up to so many units in
// the last place (of 16 bits kHalfUlps: what is hard to compute is computed in 32). Zeros stay, and
// what is not finite.
Array with_noise(Array x, double ulps = 1);

}  // namespace jaxsmith::tensor
