// The import statements that a module needs, from the names it uses.
#pragma once

#include <string>
#include <vector>

#include "plan/catalogue.h"
#include "source/layout.h"

namespace jaxsmith::source {

std::vector<std::string> imports_of(const Module& module, const plan::Vocabulary& words);

}  // namespace jaxsmith::source
