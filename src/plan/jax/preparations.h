// Preparations of arguments of JAX programs (plan/preparation.h).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "plan/op.h"
#include "plan/preparation.h"

namespace jaxsmith::plan {

std::vector<Preparation> preparations();
std::string_view preparations_table();  // preparations_table.cc: a row each
std::vector<Op> preparation_ops();      // their entries

// Numbers of what is wanted, as tables call them: L and H are the ends of its range, D its width, W
// how far it reaches to both sides of 0, M one more than the largest whole number in it; d0, d1 …
// its sizes, N how many elements it has. None for other names.
std::optional<double> symbol_of(const Wanted& wanted, std::string_view name);

}  // namespace jaxsmith::plan
