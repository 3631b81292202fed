// Prints a jaxpr as JAX does (`str(jaxpr)`): for a module read from JAX's text, the same bytes.
#pragma once

#include <string>

#include "ir/jaxpr/module.h"

namespace jaxsmith::jaxpr {

std::string print(const Module& module);

}  // namespace jaxsmith::jaxpr
