// Modules that check themselves.
#pragma once

#include <string>

#include "check/program.h"

namespace jaxsmith::check {

struct SelfCheck {
  std::string error;   // why it could not be run
  std::string failed;  // the first check that does not hold
  std::int64_t made = 0, failures = 0;
  std::string how;  // where another arithmetic than the usual one was needed: which, in words
};

// Runs a module without arguments. What it expects comes from one compiler and one processor. Where
// a check fails, the module is run again with what else its language allows: eigenvectors and the
// like that satisfy what defines them may be those expected (tensor/equivalent.h); then with each
// step rounded in the text's order, and with 16-bit steps not rounded (tensor/context.h). It
// holds where all its checks hold in one of these runs; what is told of failures is of the first.
SelfCheck run_own_checks(IrProgram& program, const tensor::Budget& budget);

}  // namespace jaxsmith::check
