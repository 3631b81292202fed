// Sets of the numbers below n that are joined two by two (union-find).
//
//   DisjointSets sets(4);
//   sets.join(3, 1);
//   sets.root(3) == 1;  // the least number of its set, in whatever order sets were joined
#pragma once

#include <cstddef>
#include <numeric>
#include <vector>

namespace jaxsmith {

class DisjointSets {
 public:
  explicit DisjointSets(std::size_t n) : parent_(n) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  std::size_t root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  void join(std::size_t a, std::size_t b) {
    a = root(a);
    b = root(b);
    a < b ? parent_[b] = a : parent_[a] = b;
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace jaxsmith
