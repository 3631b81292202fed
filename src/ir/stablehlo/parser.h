// Text of StableHLO modules to memory. JAX's printed form and MLIR's generic form are read, with or
// without locations, comments and an enclosing module; `// -----` separates modules of one text.
#pragma once

#include "ir/common/diagnostic.h"
#include "ir/stablehlo/module.h"

namespace jaxsmith::stablehlo {

// At least one module, or the place that is wrong. `file` is what errors call the text.
Result<std::vector<Module>> parse(std::string_view text, std::string_view file = "stablehlo");

}  // namespace jaxsmith::stablehlo
