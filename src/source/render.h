// Program → Python source, as a good engineer would write it.
//
//   Function f = render(member, FunctionKey{42, 7, 0});
//   puts(f.source.c_str());
//
// The style (how steps are named and nested, where helpers stand, annotations, docstrings) is drawn
// from the family's seed, so that a family shares its names.
#pragma once

#include <vector>

#include "plan/planner.h"
#include "source/function.h"

namespace jaxsmith::source {

Function render(const plan::Member& member, const FunctionKey& key);

// All functions of a chunk, in the order of family and member.
std::vector<Function> chunk_functions(const plan::PlanOptions& options, std::uint64_t seed,
                                      std::uint64_t chunk);

}  // namespace jaxsmith::source
