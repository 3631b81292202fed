// What arguments people hand over as one: a batch with its labels, an optimiser's memory, the ends
// of an interval. It takes words that say so of each, and types that go with them; sizes that agree
// by themselves say nothing.
#pragma once

#include <string>
#include <vector>

#include "plan/program.h"

namespace jaxsmith::plan {

struct Bundle {
  std::vector<std::string> names;    // what the whole is called, the likeliest first
  std::vector<std::size_t> members;  // positions of the root's parameters, ascending
  double weight = 1;
  std::vector<double> containers;  // weights, in the order of Container
};

// Of a complete root function, without what a loop carries (`state`, positions): no argument is in
// two, and each has two or more.
std::vector<Bundle> bundles_of(const Program& program, const std::vector<std::size_t>& state);

}  // namespace jaxsmith::plan
