// Runs of a program in which the result of one operation is another than it would be.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/status.h"
#include "ir/common/datum.h"

namespace jaxsmith::ir {

// What an array becomes where it is the result of the operation that is changed: another of its
// type.
using ChangeArray = std::function<tensor::Array(const tensor::Array&)>;
// Whether that, in the place of result i of the run without a change, is another result.
using DiffersFrom =
    std::function<bool(std::size_t i, const tensor::Array& expected, const tensor::Array& found)>;

class ChangedRuns {
 public:
  virtual ~ChangedRuns() = default;
  // How many operations the program has, in the order in which they are done: those of a loop's
  // body once, those of all branches, those of a function wherever it is called. What only calls a
  // function is none.
  virtual std::int64_t operations() const = 0;
  // Whether a result differs where the results of that operation, each time that it is done, are
  // changed. A run that comes to no end or fails by the change differs. Errors: the budget.
  virtual Result<bool> shows(std::int64_t operation, const DiffersFrom& differs) = 0;
};

}  // namespace jaxsmith::ir
