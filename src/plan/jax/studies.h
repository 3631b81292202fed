// What people go on with once a formula or a step is a function: how it answers one of its
// arguments, a table over values of one, another scenario, a fit to what was observed.
//
// A study is a written entry that finds the last call of a helper in the open root and calls, maps
// or differentiates that helper again. No program draws one by its weight: plan/composition.h does,
// after an idiom that stands alone.
#pragma once

#include <vector>

#include "plan/op.h"

namespace jaxsmith::plan {

std::vector<Op> study_ops();

}  // namespace jaxsmith::plan
