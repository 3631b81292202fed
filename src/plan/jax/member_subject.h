// What a family's gradient is about: a result, and the arguments that a derivative of it is wanted
// in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "plan/jax/roles.h"
#include "plan/program.h"

namespace jaxsmith::plan {

struct Subject {
  std::size_t result = 0;
  Quantity quantity = Quantity::kUnnamed;
  std::string word;                   // what the result is called; empty: nothing
  std::vector<std::string> values;    // what a variable is called that holds it
  std::vector<std::int64_t> numbers;  // the arguments, by position; of one role
  std::vector<std::string> words;     // what they are called
  Role role = Role::kUnknown;
  std::vector<std::size_t> rest;  // the function's other results
  bool complete = false;          // there is no other argument
  bool may_have_labels = true;    // whole numbers that say the class, as an argument beside it
  bool thin = false;              // the derivative in one of them is likely to be mostly zero

  bool is_array() const {
    return quantity == Quantity::kResidual || quantity == Quantity::kLogits ||
           quantity == Quantity::kPrediction;
  }
};

// Nothing where nobody would differentiate it.
std::optional<Subject> draw_subject(const Program& root, Random& random);

}  // namespace jaxsmith::plan
