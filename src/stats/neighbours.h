// Near-duplicates among functions, by the windows of five operations that they have: which share
// how many with a function of another family, and with one of the training split.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace jaxsmith::stats {

// The windows of a function's operations as digests, sorted; of fewer than five operations one.
std::vector<std::uint64_t> windows_of(const std::vector<std::string>& operations);

struct Function {
  std::vector<std::uint64_t> windows;
  std::string family;  // its own are no neighbours
  bool trains = false;
};

// Jaccard's index of the nearest neighbour; 0 where there is none of a half.
struct Nearest {
  double any = 0, training = 0;
};

struct Neighbours {
  std::vector<Nearest> nearest;  // of each function
  std::int64_t clusters = 0;     // with 0.8 as a link
};

// MinHash finds those that may be near (of an index of 0.8 all but one in ten million); the index
// itself is exact.
Neighbours neighbours_of(std::span<const Function> functions);

}  // namespace jaxsmith::stats
