// How much of the other splits training has seen, measured anew on what was assigned.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "check/sample.h"
#include "split/assign.h"
#include "split/corpus.h"

namespace jaxsmith::split {

// Jaccard's indices from which rows with a neighbour in train are counted.
inline constexpr std::array<double, 3> kLeakageFrom = {0.5, 0.8, 0.9};

struct Leakage {
  std::uint64_t rows = 0;
  std::array<std::uint64_t, kLeakageFrom.size()> near{};
  std::uint64_t structure = 0;  // of these rows train has the very structure

  bool operator==(const Leakage&) const = default;
};

// Of each split but train, also of those without rows.
std::map<check::Split, Leakage> leakage_of(const Corpus& corpus, const Assignment& assignment);

}  // namespace jaxsmith::split
