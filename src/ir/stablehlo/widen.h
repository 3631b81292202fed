// The same program in double precision, for comparisons that rounding must not disturb.
#pragma once

#include "ir/stablehlo/module.h"

namespace jaxsmith::stablehlo {

// Every float type becomes f64 and every complex one c128, constants keep their values. What takes
// floats apart into bits does not verify afterwards.
void widen(Module& module);
DType widened(DType dtype);

}  // namespace jaxsmith::stablehlo
