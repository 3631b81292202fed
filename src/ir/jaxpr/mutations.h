// Where a jaxpr can be changed (ir/common/mutation.h): equations and results at any depth that are
// executed.
#pragma once

#include "ir/common/mutation.h"
#include "ir/jaxpr/module.h"

namespace jaxsmith::jaxpr {

// They point into the module; once one has been made the others no longer hold. References, and
// what reads and writes them, stay as they are.
ir::Mutations mutations(Module& module);

}  // namespace jaxsmith::jaxpr
