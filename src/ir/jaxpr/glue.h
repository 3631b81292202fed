// Elementwise operations of a jaxpr that join an array with the one number of a whole reduction.
#pragma once

#include "base/status.h"
#include "ir/common/program.h"
#include "ir/jaxpr/module.h"

namespace jaxsmith::jaxpr {

// Within a body of control flow its parameters are nothing's result. Errors: as flow_of.
Result<ir::Glue> glue_of(const Module& module);

}  // namespace jaxsmith::jaxpr
