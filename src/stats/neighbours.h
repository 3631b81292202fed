// Near-duplicates among functions, by the windows of five operations that they have: which share
// how many with a function of another family, and with one of the training split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jaxsmith::stats {

// Digests of windows, sorted, each once.
using Windows = std::vector<std::uint64_t>;

// The windows of a function's operations; of fewer than five operations one.
Windows windows_of(const std::vector<std::string>& operations);

// How many of all windows of two functions both have: 0 to 1; of two that have none 1.
double jaccard(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b);

// What it refers to outlives it.
struct Function {
  std::span<const std::uint64_t> windows;  // as windows_of gives them
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
