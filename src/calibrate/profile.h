// What functions are like, for planning to be fitted to: the shares of their operations, of the
// pairs of these where one takes the other's result, of types, ranks and sizes.
//
//   JAXSMITH_TRY(profile, profile_of("captured", /*workers=*/2));
//   profile.operations["mul"];  // how many of all operations
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "stats/measures.h"

namespace jaxsmith::calibrate {

using stats::Counts;

struct Profile {
  std::int64_t functions = 0;
  // Shares, which add up to one. `sizes`: of functions with so many operations, as size_of names
  // them. `nesting`: of functions whose control flow is so deep.
  Counts operations, pairs, dtypes, ranks, sizes, nesting;
  double long_axes = 0;  // of the axes of values those over 16

  std::string digest() const;  // the same for the same figures
};

// A function's place among sizes: twofold steps, "0", "1", "2" for 2 and 3, "4" for 4 to 7 …
std::string size_of(std::size_t operations);

// Makes the counts shares.
void normalize(Counts& counts);

Profile profile_of(std::span<const stats::RowMeasures> rows);

// Of a dataset as it was written; an error where it is none, or none of its rows has a jaxpr that
// can be read.
Result<Profile> profile_of(const std::string& dataset, unsigned workers);

// The library that a function is of: what its callable's name begins with; empty of what has none.
std::string_view library_of(const stats::RowMeasures& row);

}  // namespace jaxsmith::calibrate
