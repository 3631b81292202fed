// Preparations of arguments of JAX programs (plan/preparation.h).
#pragma once

#include <string_view>
#include <vector>

#include "plan/op.h"
#include "plan/preparation.h"

namespace jaxsmith::plan {

std::vector<Preparation> preparations();
std::string_view preparations_table();  // preparations_table.cc: a row each
std::vector<Op> preparation_ops();      // their entries

}  // namespace jaxsmith::plan
