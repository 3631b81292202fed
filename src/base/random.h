// Counter-based random numbers: any machine can draw the numbers of any index on its own.
//
//   Random random(seed, index);
//   int axis = random.below(3);
//   Random inputs = random.fork("inputs");   // independent of how much `random` has drawn
//
// Philox4x32-10 of J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
// The distributions are ours because those of <random> differ between standard libraries.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace jaxsmith {

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t index);

  // A stream of its own that depends on (seed, index, label) only, not on what has been drawn.
  Random fork(std::string_view label) const;

  std::uint32_t next();
  // Uniform in [0, n), n > 0, without modulo bias.
  std::uint64_t below(std::uint64_t n);
  // Uniform in [lo, hi], both ends included.
  std::int64_t between(std::int64_t lo, std::int64_t hi);
  // Uniform in [0, 1) with 53 bits.
  double uniform();
  double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }
  bool chance(double probability) { return uniform() < probability; }
  // Index drawn with the given weights (not negative, not all zero).
  std::size_t weighted(std::span<const double> weights);
  template <class T>
  const T& pick(const std::vector<T>& items) {
    return items[below(items.size())];
  }
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
};

}  // namespace jaxsmith
