// A function as it comes from the Python side, which has it from the user: docs/records.md.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "base/words.h"
#include "check/sample.h"
#include "source/function.h"
#include "trace/outcome.h"

namespace jaxsmith::extract {

// What a record may lack, as the check that then has failed.
struct Part {
  check::CheckKind check = check::CheckKind::kCase;
  std::optional<level::Level> level;  // of its text, or of its alignment
};
// The part that is the function's text in Python.
inline constexpr std::string_view kSource = "source";
// Of a level's name, "spans_LEVEL", "case" or "source"; nothing of what is no part.
std::optional<Part> part_of(std::string_view name);

struct Record {
  source::Function function;  // inputs are there where a case was recorded, all in set 0
  trace::Outcome outcome;     // levels, spans, constants, cost; outputs of the recorded case
  trace::Versions versions;
  std::string name;       // what JAX calls the computation: "jit(f)"
  std::string bound;      // why its texts alone cannot run; empty where they can
  bool has_case = false;  // inputs and outputs are those of a real call
  // What was wanted and is not there, by the names that part_of() knows: the stage that failed, and
  // why; of the source why alone.
  std::map<std::string, std::string> missing;
  // Source and levels as JAX gave them, for the eye.
  std::string shown_source;
  level::Texts shown;
};

// Something that was compiled and could not be recorded.
struct Problem {
  std::string name, message;
};

// Whose fault it is: of the user's command, of the function, of the Python that it runs in.
enum class FailureKind { kUsage, kFunction, kEnvironment };
constexpr std::array<std::string_view, 3> words_of(FailureKind) {
  return {"usage", "function", "environment"};
}

// What the Python side could not do.
struct Failure {
  FailureKind kind = FailureKind::kFunction;
  std::string message;
};

// What a process that finishes records is about to do, which may end it: `stage` of the record with
// this number in this file.
struct Announcement {
  std::size_t file = 0, number = 0;
  std::string stage;
};

using RecordLine = std::variant<Record, Problem, Failure, Announcement>;

// One line of JSON. An error where it is none, or where what it holds cannot be what it says:
// arrays whose bytes are not those of their shapes, a case of other arguments than the function's.
Result<RecordLine> parse_record(std::string_view line);

// Whether these are all the lines of a record that comes part by part.
bool is_complete(const std::vector<std::string>& lines);
// The record that they make. `ended` says how the process ended that did not send all of them: what
// it was at is missing for that reason, and so is what would have come after.
Result<RecordLine> join_record(const std::vector<std::string>& lines, const std::string& ended);

}  // namespace jaxsmith::extract
