// The numbers that a function is run on.
#pragma once

#include <array>
#include <vector>

#include "plan/program.h"
#include "source/function.h"

namespace jaxsmith::source {

// Uniform within the bounds that the program was planned for; the same for the same family, set and
// argument.
std::array<std::vector<tensor::Tensor>, kInputSets> draw_inputs(const plan::Program& program);

}  // namespace jaxsmith::source
