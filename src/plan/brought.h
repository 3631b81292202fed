// What an application of an entry brings into the functions of its family, on the average: learnt
// from a generated dataset (calibrate/learn.h), a file of the back end's.
#pragma once

#include <span>
#include <string_view>

namespace jaxsmith::plan {

// Lists are texts: "mul:2.1, add:0.4".
struct Brought {
  std::string_view entry;
  std::string_view operations, pairs;  // how many of each
};

// Of the operations that an application becomes itself: those that show in outputs, and those that
// are hidden, may be changed in all cases of a row and no output moves (check/relevance.h),
// although the application's result shows.
struct Operations {
  double shown = 1, hidden = 0;
};
// `differentiated`: within a function whose derivative is taken.
struct Brings {
  Operations plain, differentiated;
};
struct BroughtParts {
  std::string_view entry;  // empty: what is assumed of an entry that was hardly met
  Brings brings;
};

// How the functions of that dataset are distributed: "dtypes", "ranks", and by the name of a size
// how many operations they have.
struct BroughtShares {
  std::string_view what, shares;
};

struct BroughtTable {
  std::span<const Brought> entries = {};
  std::span<const BroughtShares> shares = {};
  std::span<const BroughtParts> parts = {};
};

}  // namespace jaxsmith::plan
