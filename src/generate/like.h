// Fits a run's plans to the dataset that --like names.
#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "calibrate/fit.h"
#include "generate/options.h"

namespace jaxsmith::generate {

struct Likeness {
  std::int64_t functions = 0;  // of the dataset
  calibrate::Distances before, after;
};

// Sets options.weights and options.fitted_to; nothing where `like` is empty. Of options whose names
// have been checked. Pure: the same dataset and options give the same weights.
Result<std::optional<Likeness>> fit_to_dataset(GenerateOptions& options);

}  // namespace jaxsmith::generate
