// Reads the text of a jaxpr, whatever its blanks and line breaks.
#pragma once

#include <string_view>

#include "base/status.h"
#include "ir/jaxpr/module.h"

namespace jaxsmith::jaxpr {

// Only the text's form is checked: neither that variables are defined nor that shared jaxprs are.
// What only a layout tells is read from the layout: equations without results and parameters
// (`barrier a`) begin a line in the column of the equation before them, or follow a `;`; free text
// with brackets that do not match (`name=a [b`) has a line of its own, as JAX prints it.
Result<Module> parse(std::string_view text, std::string_view file = "jaxpr");

}  // namespace jaxsmith::jaxpr
