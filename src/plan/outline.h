// Makes a function of its own out of the last steps of a body, as an editor does that extracts a
// function: what the steps take from before become its parameters, what they leave over its
// results, and a call of it stands in their place.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan/program.h"

namespace jaxsmith::plan {

// What the function says of itself: members of Body.
struct Outline {
  std::vector<std::string> names, summaries;
  std::vector<std::pair<std::string, std::string>> defaults;
};

// Nodes of `body` from `first_node` on become a helper of the module; `first_value` is how many
// values the program had before them. The call is the last node of `body` afterwards, under the
// name of the last operation. Ids of values from `first_value` on are others afterwards. The body
// takes nothing from bodies around it, as the root does not.
BodyId outline(Program& program, BodyId body, std::size_t first_node, ValueId first_value,
               Outline about);

}  // namespace jaxsmith::plan
