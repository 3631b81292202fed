#include "trace/starting_signals.h"

namespace jaxsmith::trace {
namespace {

StartingSignals current() {
  StartingSignals out;
  sigemptyset(&out.ignored);
  sigprocmask(SIG_SETMASK, nullptr, &out.blocked);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    struct sigaction action{};
    if (sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
      sigaddset(&out.ignored, number);
  }
  return out;
}

}  // namespace

const StartingSignals& starting_signals() {
  static const StartingSignals kStart = current();
  return kStart;
}

void restore_starting_signals() {
  const StartingSignals& start = starting_signals();
  for (int number = 1; number <= SIGRTMAX; ++number) {
    struct sigaction action{};
    action.sa_handler = sigismember(&start.ignored, number) == 1 ? SIG_IGN : SIG_DFL;
    sigaction(number, &action, nullptr);  // refused for SIGKILL, SIGSTOP and the C library's own
  }
  sigprocmask(SIG_SETMASK, &start.blocked, nullptr);
}

}  // namespace jaxsmith::trace
