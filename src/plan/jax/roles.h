// What arguments and results are to people who differentiate, by what they are called: nobody takes
// a derivative in labels or times, and a gradient is of a loss, an energy, a price.
#pragma once

#include <string>

#include "plan/argument_roles.h"
#include "plan/program.h"

namespace jaxsmith::plan {

enum class Role {
  kParameter,  // what is learnt, tuned or measured: weights, rates, masses
  kState,      // where a system is: positions, a signal, hidden units
  kData,       // what is observed or given: labels, times, masks, settings of a method
  kUnknown     // called nothing that says it
};

enum class Quantity {
  kLoss,
  kResidual,
  kEnergy,
  kLogDensity,
  kPrice,
  kUtility,
  kLogits,
  kPrediction,  // any other array of which its name says what it is
  kNumber,      // any other number that has a name
  kUnnamed,     // a number that has none
  kMetric  // counts, ranks, choices, what a step has updated, arrays of which nothing is known:
           // nobody differentiates these
};

Role role_of(const Value& argument);
// `function`: a name of what gives it, where the result itself has none.
Quantity quantity_of(const Value& result, const std::string& function);

}  // namespace jaxsmith::plan
