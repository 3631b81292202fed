// Ways to make a program smaller, each of which leaves it a program: a value takes the place of
// another one of its type, or an argument does; results go; a function's steps stand where it was
// called; arguments that come as one come one by one. What nothing needs any more goes with them.
//
//   for (const Move& move : moves_of(program, Agreement::kValues))
//     if (auto smaller = moved(program, move, Agreement::kValues)) use(*smaller);
//
// Values and functions keep their numbers, so that what stays is called as before and a move may be
// tried on a program that others have made smaller since.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "plan/program.h"

namespace jaxsmith::plan {

// In what a value agrees with the one whose place it takes.
enum class Agreement {
  kValues,  // in its type, and its elements lie where those did; what an idiom makes for its own
            // further steps they alone take
  kTypes,   // in its type: traces and compiles, and may divide by zero
};

struct Move {
  enum class Kind {
    kUnpack,       // the packs that begin with the arguments `values` are taken apart
    kUnname,       // what says what the program is for goes: summaries, comments, names
    kDropResults,  // the root's results `values` go
    kReturn,       // the root returns `to` and not `from`
    kReplace,      // `to` takes the place of `from`
    kPromote,      // a new argument does
    kTakeOut,      // the steps of `body` stand where the step that gives `from` was
  };
  Kind kind = Kind::kUnname;
  std::vector<ValueId> values = {};
  ValueId from = kNoValue, to = kNoValue;
  BodyId body = -1;
};

// What a smaller program has less of, the weightiest first.
struct ProgramMeasure {
  std::size_t steps = 0;      // of all functions
  std::size_t functions = 0;  // that are written
  std::size_t results = 0, arguments = 0;
  std::size_t packs = 0;      // of arguments
  std::int64_t elements = 0;  // of arguments and of what steps give
  std::size_t words = 0;      // summaries, comments and names of a purpose

  auto operator<=>(const ProgramMeasure&) const = default;
};
ProgramMeasure program_size(const Program& program);

// All moves that may be tried, in an order that the program alone gives.
std::vector<Move> moves_of(const Program& program, Agreement agreement);

// What a move makes of a program; nothing where it does not apply.
std::optional<Program> moved(const Program& program, const Move& move, Agreement agreement);

// What stays of a program where only what its results need stays: steps, functions, arguments,
// settings; uses are counted anew.
void remove_unneeded(Program& program);

}  // namespace jaxsmith::plan
