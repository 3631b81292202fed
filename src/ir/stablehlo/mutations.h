// Where a StableHLO module can be changed (ir/common/mutation.h).
#pragma once

#include "ir/common/mutation.h"
#include "ir/stablehlo/module.h"

namespace jaxsmith::stablehlo {

// They point into the module; once one has been made the others no longer hold. Custom calls,
// operations of other dialects than StableHLO's, CHLO's and func, and what is quantized stay as
// they are. Of a reducer the operation is changed where it has but one; of a comparator the
// direction.
ir::Mutations mutations(Module& module);

}  // namespace jaxsmith::stablehlo
