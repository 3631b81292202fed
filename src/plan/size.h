// How large the programs are that the planner draws.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/words.h"

namespace jaxsmith::plan {

enum class SizeClass { kSmall, kMedium, kLarge, kMix };
constexpr std::array<std::string_view, 4> words_of(SizeClass) {
  return {"small", "medium", "large", "mix"};
}

struct SizeProfile {
  double share;  // of the families of a mix
  // Steps of a program without an idiom: 1 to `steps`, and now and then up to `more_steps` more.
  std::uint64_t steps, more_steps;
  std::vector<double> more_idioms;  // the weight of each number of idioms after the first
  std::size_t most_nodes, most_results, most_arguments;
  // Nodes of a function whose gradient is taken: it is several times as large.
  std::size_t most_differentiated;
};

// Of each size but the mix.
const SizeProfile& profile_of(SizeClass size);

}  // namespace jaxsmith::plan
