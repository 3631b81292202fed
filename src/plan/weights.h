// How often planning takes what, beside what the catalogue and the planner say: factors that are
// fitted to a dataset (calibrate/fit.h). Those that are left out are 1.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <vector>

#include "plan/op.h"

namespace jaxsmith::plan {

// Nothing vanishes, and nothing takes over.
inline constexpr double kLeastFactor = 1.0 / 8, kMostFactor = 8;

struct Weights {
  std::vector<double> entries = {};      // of a catalogue's, by their places
  std::vector<double> categories = {};   // of how many families each has
  std::map<DType, double> dtypes = {};   // of values
  std::array<double, 3> sizes{1, 1, 1};  // of SizeClass, without the mix
  std::vector<double> ranks = {};        // of arguments; empty: they are drawn as they are
  double long_axes = 1;                  // of how many programs have an axis over 16
  int wide_chunks = 1;                   // of ten chunks run with x64

  double entry(std::size_t place) const { return place < entries.size() ? entries[place] : 1; }
  double category(Category c) const {
    const auto place = static_cast<std::size_t>(c);
    return place < categories.size() ? categories[place] : 1;
  }
  double dtype(DType d) const {
    const auto found = dtypes.find(d);
    return found == dtypes.end() ? 1 : found->second;
  }
  double rank(std::size_t n) const { return n < ranks.size() ? ranks[n] : 1; }
};

}  // namespace jaxsmith::plan
