// Which computation calls which.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "ir/hlo/module.h"

namespace jaxsmith::hlo {

struct CallGraph {
  std::vector<std::int32_t> callees_first;  // all computations
  // Per computation: how many calls are under way at most when it calls the last, itself included.
  std::vector<std::int32_t> depth;
  // An instruction (computation, instruction) that calls what it is called by, if there is one. The
  // order is then one without that call.
  std::optional<std::pair<std::int32_t, std::int32_t>> cycle;
};

// The computations that an instruction names, in the order of its attributes.
std::vector<std::int32_t> callees(const Instruction& op);
CallGraph call_graph(const Module& module);

}  // namespace jaxsmith::hlo
