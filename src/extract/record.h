// A function as it comes from the Python side, which has it from the user: docs/records.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/status.h"
#include "source/function.h"
#include "trace/outcome.h"

namespace jaxsmith {

struct Record {
  Function function;  // inputs are there where a case was recorded, all in set 0
  Outcome outcome;    // levels, spans, constants, cost; outputs of the recorded case
  Versions versions;
  std::string name;       // what JAX calls the computation: "jit(f)"
  std::string bound;      // why its texts alone cannot run; empty where they can
  bool has_case = false;  // inputs and outputs are those of a real call
  // Source and levels as JAX gave them, for the eye.
  std::string shown_source;
  Texts shown;
};

// Something that was compiled and could not be recorded.
struct Problem {
  std::string name, message;
};

// What the Python side could not do: `misuse` where the user's command is wrong.
struct Failure {
  bool misuse = false;
  std::string message;
};

using RecordLine = std::variant<Record, Problem, Failure>;

// One line of JSON.
Result<RecordLine> parse_record(std::string_view line);

}  // namespace jaxsmith
