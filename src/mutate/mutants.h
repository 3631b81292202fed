// Mutants of a dataset's texts: each is a text of its language that differs from a row's in one
// place, and of which it is shown by execution that it means something else, or not found that it
// does.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/common/mutation.h"
#include "score/grade.h"
#include "store/dataset_reader.h"

namespace jaxsmith::mutate {

struct MutateOptions {
  std::vector<level::Level> levels;  // none: all that can be changed
  std::uint64_t seed = 0;
  std::int64_t per_row = 1;                              // mutants of each text that are looked for
  tensor::Budget budget = score::ScoreOptions{}.budget;  // of one text
};

// Those that jaxsmith prints and executes.
bool can_be_changed(level::Level level);

// Draws that a mutant may take: as many are dropped at most.
constexpr std::int64_t kMostDraws = 8;

enum class Finding {
  kDifferent,  // on some inputs a result differs by more than is allowed
  kEqual,      // on none that were tried
};
constexpr std::array<std::string_view, 2> words_of(Finding) { return {"different", "equal"}; }

// Why there is no mutant: of a text, then of a draw.
enum class Drop {
  kNotGradable,     // right and wrong texts cannot be told apart on it (score::Reference)
  kNotPrinted,      // it is not printed back as it is
  kNoPlace,         // it has nothing to change
  kTwin,            // the text itself, or an earlier mutant of it
  kNotRead,         // it does not parse
  kNotVerified,     // a type, shape or attribute does not fit
  kOtherTypes,      // it takes or gives something else
  kUnsupported,     // it has what jaxsmith does not execute
  kOverBudget,      // it takes far more steps than the row's text, or too much memory
  kNotRun,          // another error in a run
  kWithinRounding,  // it differs, but rounding may differ as much
};
constexpr std::array<std::string_view, 11> words_of(Drop) {
  return {"text not gradable", "text not printed back", "nothing to change", "drawn before",
          "does not parse",    "does not verify",       "other signature",   "not supported",
          "over the budget",   "does not run",          "may be rounding"};
}
using Drops = std::map<Drop, std::int64_t>;

// What differs between two texts: whole lines.
struct LineChange {
  std::int64_t line = 1, column = 1;  // of the first difference in the original; from 1, in bytes
  std::string before, after;          // the lines from the first to the last that differ
};
LineChange line_change(std::string_view before, std::string_view after);

struct Mutant {
  level::Level level{};
  std::int64_t number = 0;  // among those of its text, from 0
  std::int64_t draw = 0;    // that gave it: level, number and draw name its random numbers
  ir::Mutated change;
  std::string text;
  LineChange lines;
  Finding finding = Finding::kEqual;
  bool canonical = false;           // equal, for its canonical text is the same
  std::int64_t cases = 0;           // inputs that it was run on
  std::optional<score::Miss> miss;  // of one that differs
  std::string difference;           // in words
  // Where further inputs show it: these, as the text takes them; else none.
  std::vector<tensor::Tensor> inputs;
};

struct RowMutants {
  std::vector<Mutant> mutants;  // by level and number
  std::map<level::Level, Drops> drops;
};

// Depends on the row's id and texts, its case, and the options alone.
RowMutants mutants_of(const store::DatasetRow& row, const MutateOptions& options);

}  // namespace jaxsmith::mutate
