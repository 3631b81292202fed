// How this process was told to take signals when it was started: what a user's program that it
// starts in turn must find, whatever handlers there are by then.
//
//   starting_signals();                  // first thing in main(), before any handler
//   if (fork() == 0) restore_starting_signals(), execvp(…);
#pragma once

#include <signal.h>

namespace jaxsmith::trace {

struct StartingSignals {
  sigset_t ignored, blocked;
};

// As they are at the first call.
const StartingSignals& starting_signals();

// Ignores and blocks what was ignored and blocked then, and takes all other signals by default.
// Allowed between fork and exec once starting_signals() has been called.
void restore_starting_signals();

}  // namespace jaxsmith::trace
