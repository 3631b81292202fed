// What planning takes: the entries that families of a run apply, the types of their values.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/status.h"
#include "plan/planner.h"

namespace jaxsmith::calibrate {

// How often a program applies each entry, by its place in the catalogue.
using Uses = std::map<std::size_t, double>;
Uses uses_of(const plan::Program& program);

// Of a family's root program.
struct FamilyUsage {
  plan::Category category{};
  Uses uses;
  std::map<tensor::DType, double> dtypes;  // of its values
  std::map<std::size_t, double> ranks;
  double axes = 0, long_axes = 0;
};

// Of families [first, first + count) of a seed.
Result<std::vector<FamilyUsage>> usage_of(const plan::PlanOptions& options, std::uint64_t seed,
                                          std::uint64_t first, std::size_t count, unsigned workers);

}  // namespace jaxsmith::calibrate
