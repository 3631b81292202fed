// How large and how hard a function is, in figures that its texts give.
//
//   const Sizes sizes = sizes_of(structure, source);
//   const std::optional<int> difficulty = difficulty_of(sizes);   // 1 to 5
//   JAXSMITH_TRY(range, difficulty_range("2-4"));
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "ir/common/program.h"
#include "trace/outcome.h"

namespace jaxsmith::check {

struct Sizes {
  std::int64_t equations = 0;  // of the level that gives the structure, inner ones too
  std::optional<ir::Extent> extent = {};
  std::int64_t tokens = 0;  // of the source, without comments
};

// `structure`: nothing where the function has none.
Sizes sizes_of(const ir::Structure* structure, std::string_view source);

inline constexpr int kEasiest = 1, kHardest = 5;

// Each of five measures gets a grade from 0 to 4: how many of its four thresholds it reaches. The
// difficulty is one more than a quarter of the sum of the grades, 5 at most, so that it rises with
// each measure and falls with none. Thresholds: docs/statistics.md says how they were found.
// Nothing where the extent is not known.
std::optional<int> difficulty_of(const Sizes& sizes);

struct DifficultyRange {
  int from = kEasiest, to = kHardest;

  bool all() const { return from == kEasiest && to == kHardest; }
  bool contains(int difficulty) const { return from <= difficulty && difficulty <= to; }
  std::string text() const;  // "3", "2-4"
};

// Of "3" or "2-4". Errors: it is neither, or goes past the difficulties that there are.
Result<DifficultyRange> difficulty_range(std::string_view text);

// The reason to refuse a function whose difficulty is outside: "difficulty". One of which it is not
// known is in no range but that of all.
std::optional<trace::Refusal> check_difficulty(std::optional<int> difficulty,
                                               const DifficultyRange& wanted);

// How many functions there are of each difficulty.
class DifficultyCounts {
 public:
  void add(std::optional<std::int64_t> difficulty);
  std::uint64_t of(int difficulty) const;
  std::uint64_t rows() const;  // of which it is known

 private:
  std::array<std::uint64_t, kHardest - kEasiest + 1> counts_{};
};

}  // namespace jaxsmith::check
