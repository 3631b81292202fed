// Where an HLO module can be changed (ir/common/mutation.h), as lowered or as compiled.
#pragma once

#include "ir/common/mutation.h"
#include "ir/hlo/module.h"

namespace jaxsmith::hlo {

// They point into the module; once one has been made the others no longer hold. Values are of one
// type where their layouts are the same as well. Custom calls, collective operations and what goes
// on beside others stay as they are. Of a reducer the operation is changed where it has but one, or
// another computation of the module takes its place; of a comparator the direction.
ir::Mutations mutations(Module& module);

}  // namespace jaxsmith::hlo
