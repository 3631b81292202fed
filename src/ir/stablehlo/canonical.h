// One text for all modules that say the same in other words.
#pragma once

#include <string>

#include "ir/stablehlo/module.h"

namespace jaxsmith::stablehlo {

// StableHLO text in JAX's own form, whatever form the module was read in: values are numbered as
// MLIR numbers them, the entry is called main, the functions that it needs f0, f1, … in the order
// of their first mention; attributes stand by name, and those that say nothing of what is computed
// (names of arguments and results, donation, defaults that are written out) are left out, as are
// functions that nothing calls. It parses, and computes the same. The order of operations is part
// of it. Of its own result it is the same.
std::string canonical(const Module& module);

// XXH3-128 of the canonical text, in hexadecimal digits.
std::string structural_hash(const Module& module);

}  // namespace jaxsmith::stablehlo
