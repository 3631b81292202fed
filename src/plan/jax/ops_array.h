// The parts of the table of array operations, each in a file of its own.
#pragma once

#include <vector>

#include "plan/op.h"

namespace jaxsmith::plan {

std::vector<Op> shape_ops();         // reshape, transpose, new and dropped axes, broadcasts
std::vector<Op> arrangement_ops();   // flip, roll, tile, repeat, pad, triangles, diagonals
std::vector<Op> join_ops();          // concatenate, stack, split, block
std::vector<Op> construction_ops();  // ramps, identities, grids, constants that meet a value

}  // namespace jaxsmith::plan
