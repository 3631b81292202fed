// Prints HLO as XLA does (HloModule::ToString): for a module read from XLA's text, the same bytes.
#pragma once

#include <string>

#include "ir/hlo/module.h"

namespace jaxsmith::hlo {

std::string print(const Module& module);
std::string print(const Shape& shape);

}  // namespace jaxsmith::hlo
