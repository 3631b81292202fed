// Further inputs of a function whose recorded inputs are known.
#pragma once

#include <vector>

#include "base/random.h"
#include "tensor/array.h"

namespace jaxsmith::score {

// How many differently made inputs there are before the ways begin anew with other numbers.
constexpr int kWaysToDraw = 8;

// Inputs like the recorded ones, of other numbers and of another magnitude, which `attempt` names;
// later attempts stray less. What may be the arguments' domain is kept: signs where all agree, the
// interval [0, 1], rows that sum to 1, order, symmetry with its positive definiteness, triangles;
// of integers the range, and that they differ.
std::vector<tensor::Array> draw_inputs(const std::vector<tensor::Array>& recorded, Random random,
                                       int attempt);

}  // namespace jaxsmith::score
