// Why people call a function, or give it an argument, as a comment may say (source/remarks.h): in
// several wordings each, lines of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/calls.h"

namespace jaxsmith::plan {

// Where a call stands in its step.
enum class CallPlace : std::uint8_t {
  kAnywhere,
  kAlone,  // it is the whole step
  kTerm    // that, or an operand of an operator
};

// Why a function is called, and when that is so.
struct CallReason {
  std::vector<std::string> wordings;
  std::string about = {};  // the same reason is given once in a function; empty: the call's name
  // Further wordings, before the others, of programs that map no function.
  std::vector<std::string> unmapped = {};
  std::size_t arguments = 0;               // it has so many at least
  std::optional<std::size_t> number = {};  // this argument is a number
  CallPlace place = CallPlace::kAnywhere;
  bool of_random = false;  // of the module of random numbers
  bool of_update = false;  // of elements: x.at[i].add(…)
};

// Why a call has an argument by name.
struct ArgumentReason {
  std::string argument;
  std::string about;
  std::vector<std::string> wordings;     // `{}` is the call's first argument, which then has a name
  std::vector<std::string> values = {};  // its text is one of these; none: whatever it is
  std::string within = {};               // its text has this in it
  CallNames functions = {}, others = {};  // of these alone; of all but these
};

}  // namespace jaxsmith::plan
