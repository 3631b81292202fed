// Explains counts of many things by what has been used: how much of each thing a use brings.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "calibrate/profile.h"
#include "calibrate/usage.h"

namespace jaxsmith::calibrate {

// What counts too little to be listed by its name.
inline constexpr std::string_view kOther = "other";

struct Explained {
  Uses uses;
  Counts counts;
};

struct Explanation {
  std::map<std::size_t, Counts> of;  // a use of each
  // The mean divergence of what is expected from what there is, in bits; before: where each use
  // brings the same.
  double left = 0, left_before = 0;
};

// The least Kullback-Leibler divergence of the counts from those expected, by multiplicative
// updates (Lee and Seung 2001, with the uses given). Of what is used seldom little can be said:
// each has a small part of what uses bring on the average beside its own.
Explanation explain(const std::vector<Explained>& all);

}  // namespace jaxsmith::calibrate
