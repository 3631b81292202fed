// The dialects of JAX programs: plan/dialect.h.
#pragma once

#include <vector>

#include "plan/dialect.h"

namespace jaxsmith::plan {

std::vector<Dialect> dialects();

}  // namespace jaxsmith::plan
