#include "jaxsmith/signals.h"

#include <signal.h>
#include <unistd.h>

#include "jaxsmith/command.h"
#include "jaxsmith/output.h"
#include "trace/starting_signals.h"

namespace jaxsmith::cli {

std::atomic<bool> cancelled = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler sets it

namespace {

constexpr std::string_view kEnding = "\nending; once more to end at once\n";

// The first signal ends the run cleanly, the second at once; the workers go down with this process.
void on_signal(int) {
  if (cancelled.exchange(true)) _exit(kInterrupted);
  [[maybe_unused]] const auto written = write(STDERR_FILENO, kEnding.data(), kEnding.size());
}

}  // namespace

void catch_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  // Who starts a program in the background has it ignore the terminal's Ctrl-C.
  for (const int number : {SIGINT, SIGTERM})
    if (sigismember(&trace::starting_signals().ignored, number) == 0)
      sigaction(number, &action, nullptr);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);  // a worker that is gone shows when it is written to
}

int report_interrupted(const char* command, std::string_view left) {
  tell("jaxsmith {}: interrupted: {}\n", command, left);
  return kInterrupted;
}

}  // namespace jaxsmith::cli
