// What values mean, as far as their names say it: a velocity, a probability, the logits of a model.
// Arrays of one shape and range are not for that of one use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/program.h"

namespace jaxsmith::plan {

// One bit a meaning; several where names leave it open, none where they say nothing of it.
using Meaning = std::uint32_t;

// Of what goes by any of these names: by the last word of each that says it.
Meaning meaning_of(const std::vector<std::string>& names);

// Of a value: of its names, or where they say nothing ("normalized", "updated") of what it was made
// of.
Meaning meaning_of(const Program& program, ValueId id);

// Whether a value may be what a role is for. A role or a value of which nothing is known agrees
// with any.
bool agrees(Meaning value, Meaning role);

}  // namespace jaxsmith::plan
