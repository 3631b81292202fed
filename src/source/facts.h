// What is known of a function from its program.
#pragma once

#include <string>
#include <vector>

#include "plan/program.h"

namespace jaxsmith::source {

// Names of the categories of its operations, sorted, without repeats.
std::vector<std::string> tags_of(const plan::Program& program);

// Whether an operation of it keeps derivatives from going through.
bool stops_gradients(const plan::Program& program);

// As comments give them, "(2, 3)"; empty texts unless they are shown.
std::vector<std::string> shapes_of(const plan::Program& program,
                                   const std::vector<plan::ValueId>& ids, bool shown);

}  // namespace jaxsmith::source
