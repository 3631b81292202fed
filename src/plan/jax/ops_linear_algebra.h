// Parts of the linear algebra table.
#pragma once

#include <vector>

#include "plan/op.h"

namespace jaxsmith::plan {

std::vector<Op> solving_ops();  // factorisations, solves, functions of the spectrum

}  // namespace jaxsmith::plan
