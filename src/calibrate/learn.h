// Learns what an application of each entry brings into the functions of its family, from
// generated datasets: plans are made again from the rows' families, and what the rows' jaxprs have
// is explained by what the plans apply.
#pragma once

#include <span>
#include <string>

#include "base/status.h"
#include "plan/planner.h"

namespace jaxsmith::calibrate {

// The lines of brought.def (plan/brought.h), with figures in its head. An error where the rows are
// not those that these options plan.
Result<std::string> learn(std::span<const std::string> datasets, const plan::PlanOptions& options,
                          unsigned workers);

}  // namespace jaxsmith::calibrate
