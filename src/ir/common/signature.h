// What a program takes and gives.
#pragma once

#include <vector>

#include "ir/common/datum.h"

namespace jaxsmith::ir {

// Abstract data: types without elements.
struct Signature {
  std::vector<Datum> arguments, results;
};

}  // namespace jaxsmith::ir
