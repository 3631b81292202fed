// Elementwise operations that join an array with the one number of a whole reduction, which is a
// way to make shapes meet: x + jnp.mean(y).
#pragma once

#include <cstdint>

#include "base/status.h"
#include "ir/jaxpr/module.h"

namespace jaxsmith::stats {

struct Glue {
  std::int64_t elementwise = 0;  // operations with two operands that give an array
  std::int64_t joining = 0;      // of these with one operand that came of a whole reduction
};

// Within a body of control flow its parameters are nothing's result.
Result<Glue> glue_of(const jaxpr::Module& module);

}  // namespace jaxsmith::stats
