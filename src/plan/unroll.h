// Loops that Python repeats: `for _ in range(4):` where `lax.fori_loop(0, 4, …)` would do as well.
// JAX traces the steps one after another.
#pragma once

#include "base/random.h"
#include "plan/program.h"

namespace jaxsmith::plan {

// Draws which loops of a complete program are left to Python: short ones, whose counter is needed
// for nothing but places in arrays. Nothing where the back end has no such loops.
void unroll_loops(Program& program, Random random);

}  // namespace jaxsmith::plan
