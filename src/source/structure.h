// What a plan computes, without what it is called and how large it is: the typed graph of its
// operations.
//
// Names, the values of numbers, sizes of axes and element types are left out, as they are of a
// jaxpr's structure; ranks count. Nor does it hang on what only the source shows: the order of
// steps that do not need one another, an operation's spelling, methods and operators for functions,
// the order of arguments, packs, containers that are returned.
#pragma once

#include <cstdint>

#include "plan/program.h"

namespace jaxsmith::source {

std::uint64_t structure_of(const plan::Program& program);

}  // namespace jaxsmith::source
