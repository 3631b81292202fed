// What jaxsmith knows of a level of IR. A level's folder gives its row, `src/levels/levels.def`
// names it, and the command line, the schema, the checks, the card and the Python package go by
// that. What is special about a level is a member here; nothing else compares levels' names.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ir/common/program.h"

namespace jaxsmith::ir {

// How texts are coloured for a terminal. Words are of letters, digits and underscores.
struct Highlighting {
  // Which names are operations: those with a point in them, those before a parenthesis, the first
  // behind "= ", the first behind a keyword "def".
  enum class Operations { kNone, kDotted, kCalled, kAssigned, kDefined };
  std::span<const std::string_view> keywords;
  std::string_view comment = "//";
  bool single_quotes = false;   // strings stand between these, too
  bool sigils = true;           // names of values begin with % or @
  bool points_in_names = true;  // within a name
  bool hyphens_in_names = false;
  bool types = true;  // f32, i1, pred … are types
  Operations operations = Operations::kNone;
};

// How far JAX goes for a level.
enum class Reach { kTraced, kLowered, kCompiled };

// What a text takes of a recorded case.
enum class Takes { kKeptInputs, kConstantsAndInputs };

// A level whose text follows from another's.
struct Derivation {
  std::string_view from;  // that level's name
  std::string (*derive)(std::string_view text) = nullptr;
  bool keeps_lines = false;  // a line says what that line of the other said: so do its spans
};

struct LevelRow {
  std::string_view name;   // of the column, in --level, in records and requests
  std::string_view title;  // for people: "StableHLO"
  // What the columns NAME, op_counts_NAME and spans_NAME hold.
  std::string_view text_column, counts_column, spans_column;

  // Of a card of a dataset that has such texts, for who looks for one.
  std::span<const std::string_view> card_tags = {};

  // A worker makes the text (python/jaxsmith) unless `derivation.derive` is there.
  Reach reach = Reach::kLowered;
  Derivation derivation = {};

  // Files: by the beginning of a text, blanks and comments left out, else by the ending of a name.
  bool (*begins)(std::string_view text) = nullptr;
  std::span<const std::string_view> endings = {};
  Highlighting highlighting = {};

  // Whole texts to programs; null where jaxsmith does not read the level. `text` outlives them.
  Result<Programs> (*parse)(std::string_view text, const std::string& file) = nullptr;
  // What those programs can.
  bool prints = false, verifies = false, has_canonical_form = false, counts = false,
       executes = false;
  Takes takes = Takes::kKeptInputs;
  // The type that takes a type's place in a program that is widened (Program::widened); null where
  // there is no such program.
  tensor::DType (*widened_type)(tensor::DType) = nullptr;

  bool gives_structure = false;  // duplicates and splits go by it: one level does
  bool has_constants = false;    // values that the text does not hold; the column `constants`
  bool runs_alone = false;       // a worker compiles and runs it in its function's place: one level
  bool official_parser = false;  // jaxlib has one, which workers call
};

}  // namespace jaxsmith::ir
