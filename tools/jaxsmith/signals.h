// Signals of a person at the terminal, for commands that run long.
#pragma once

#include <atomic>

namespace jaxsmith::cli {

// Set by the first Ctrl-C or SIGTERM after catch_signals; the second ends the process at once.
extern std::atomic<bool> cancelled;

// `message` is what the first signal prints on standard error.
void catch_signals(const char* message);

}  // namespace jaxsmith::cli
