// Fits what planning takes to a profile: factors on the weights of entries and categories, on the
// shares of element types, ranks, sizes of programs and long axes.
//
//   JAXSMITH_TRY(fitted, fit(options, backend.brought(), profile, /*workers=*/2));
//   options.weights = std::make_shared<plan::Weights>(fitted.weights);
#pragma once

#include <cstddef>

#include "base/status.h"
#include "calibrate/profile.h"
#include "plan/brought.h"
#include "plan/planner.h"

namespace jaxsmith::calibrate {

// How far what is expected is from a profile: Jensen-Shannon divergences in bits, 0 equal and 1
// disjoint.
struct Distances {
  double operations = 0, pairs = 0, dtypes = 0, ranks = 0, sizes = 0;
};

struct Fitted {
  plan::Weights weights;
  Distances before, after;  // of families that were not fitted to; before: with the options' own
};

struct FitOptions {
  std::size_t families = 400;  // that are planned in each round
  int rounds = 8;
};

// The same input gives the same weights on every machine, whatever the number of workers: families
// are planned, their uses become what is expected, and where that has too little of an operation,
// or too much, the weights of what brings it go up or down; round after round.
Result<Fitted> fit(const plan::PlanOptions& options, const plan::BroughtTable& brought,
                   const Profile& profile, unsigned workers, const FitOptions& how = {});

// What is expected of these options, from the profile.
Result<Distances> distances(const plan::PlanOptions& options, const plan::BroughtTable& brought,
                            const Profile& profile, unsigned workers, std::size_t families);

}  // namespace jaxsmith::calibrate
