// The numbers that a function is run on.
#pragma once

#include <vector>

#include "plan/program.h"
#include "source/function.h"

namespace jaxsmith::source {

// So many sets, [set][argument], within the bounds that the program was planned for: the first
// uniform, further ones also in parts of them. The same for the same family, set and argument.
std::vector<std::vector<tensor::Tensor>> draw_inputs(const plan::Program& program, int sets);

// Gives a function such sets, and says which of them may be recorded. `order`: the parameters, as
// the function has them.
void draw_cases(const plan::Program& program, const std::vector<std::size_t>& order, Function& f);

}  // namespace jaxsmith::source
