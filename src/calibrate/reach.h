// Counts which functions of a library programs call, by planning alone: which entries call each,
// and how often programs do apart from what they feature, so that each may have as many turns as
// it lacks (plan/turns.h).
#pragma once

#include <set>
#include <string>

#include "base/status.h"
#include "plan/planner.h"

namespace jaxsmith::calibrate {

// The lines of plan/jax/reach.def. `functions`: those that are to be met, by their full names.
Result<std::string> reach_table(const plan::PlanOptions& options,
                                const std::set<std::string>& functions, unsigned workers);

}  // namespace jaxsmith::calibrate
