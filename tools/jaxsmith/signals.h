// Signals of a person at the terminal, for commands that run long.
#pragma once

#include <atomic>
#include <string_view>

namespace jaxsmith::cli {

// Set by the first Ctrl-C or SIGTERM after catch_signals; the second ends the process at once.
extern std::atomic<bool> cancelled;

// The first signal prints a line on standard error.
void catch_signals();

// What a command says at the end that a signal has brought about, and the status of that: "jaxsmith
// extract: interrupted: LEFT", where `left` is what there is now and what goes on with it.
int report_interrupted(const char* command, std::string_view left);
inline constexpr std::string_view kNothingDone = "nothing was done yet; start again";

}  // namespace jaxsmith::cli
