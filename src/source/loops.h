// Python loops in the places of steps that are written again and again: a layer that is applied
// several times, on what it gave the last time. What is traced stays the same.
#pragma once

#include "base/random.h"
#include "source/layout.h"

namespace jaxsmith::source {

// Rolls runs of such steps up, in some of the functions that have them.
void roll_loops(Module& module, Random random);

}  // namespace jaxsmith::source
