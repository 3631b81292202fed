// Near-duplicates among functions, by the windows of five operations that they have: which share
// how many with a function of another family, and with one of the training split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace jaxsmith::stats {

// What it refers to outlives it.
struct Function {
  std::span<const std::uint64_t> windows;  // as ir::windows_of gives them
  std::string_view family;                 // its own are no neighbours
  bool trains = false;
};

// Below it no neighbours are looked for.
inline constexpr double kLeastIndex = 0.5;

// Jaccard's index of the nearest neighbour; 0 where there is none of kLeastIndex.
struct Nearest {
  double any = 0, training = 0;
};

struct Neighbours {
  std::vector<Nearest> nearest;  // of each function
  // Of each function the first one of its cluster: those that neighbours lead to.
  std::vector<std::size_t> cluster;
};

// `link`: the index, kLeastIndex to 1, that neighbours of one cluster have. MinHash in bands
// (Broder 1997; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3) finds those
// that may be near: of an index of 0.5 all but seven in 100'000, of 0.8 all but one in 10^22. The
// index itself is exact. Memory: 400 bytes for each distinct set of windows, 16 for each pair of
// these that are near.
Neighbours neighbours_of(std::span<const Function> functions, double link = 0.8);

}  // namespace jaxsmith::stats
