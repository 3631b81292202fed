// A module as JAX prints it.
#pragma once

#include <string>

#include "ir/stablehlo/module.h"

namespace jaxsmith::stablehlo {

std::string print(const Module& module);

}  // namespace jaxsmith::stablehlo
