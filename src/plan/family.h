// What a family of programs is by its number alone: its category, whether it begins with an idiom,
// and what it features where it does not. Families of a round share that out, so that every part of
// a run holds what a whole one does.
#pragma once

#include <cstdint>
#include <optional>

#include "plan/op.h"
#include "plan/planner.h"

namespace jaxsmith::plan {

// All attempts to plan it keep to that.
struct Family {
  std::uint64_t seed, number;
  Category category;
  bool features;               // begins with no idiom
  std::optional<Op> featured;  // spelled so that it calls the function whose turn it is
};

// Of so many families about so many begin with no idiom; fewer where only categories are asked for
// whose operations hold functions.
inline constexpr std::uint64_t kRound = 160, kWithoutIdiom = 88;

Family family_of(const PlanOptions& options, std::uint64_t seed, std::uint64_t number);

// The run's weights, or its catalogue's.
const Weights& weights_of(const PlanOptions& options);

}  // namespace jaxsmith::plan
