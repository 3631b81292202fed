// A module as JAX prints it.
#pragma once

#include <string>

#include "ir/stablehlo/module.h"

namespace jaxsmith::stablehlo {

std::string print(const Module& module);
// An attribute by itself, as it stands in a type.
std::string print(const Attr& attribute);

}  // namespace jaxsmith::stablehlo
