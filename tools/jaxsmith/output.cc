#include "jaxsmith/output.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "jaxsmith/command.h"

namespace jaxsmith::cli {
namespace {

int failure = 0;  // errno of the first write that failed

void remember() {
  if (failure == 0) failure = errno ? errno : EIO;
}

}  // namespace

void put(std::string_view text) {
  if (failure == 0 && std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) remember();
}

bool put_at_once(std::string_view text) {
  put(text);
  if (failure == 0 && std::fflush(stdout) != 0) remember();
  return failure == 0;
}

void put_message(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

// Opened the wrong way round, so that writing fails as it would on a closed stream; programs that
// this one starts find them closed.
void open_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
      (void)::open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

int finish_output(int status) {
  if (std::fflush(stdout) != 0) remember();
  if (failure == 0) return status;
  if (failure == EPIPE) {
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
  }
  tell("jaxsmith: standard output cannot be written: {}\n", strerror(failure));
  return status == kDone ? kFailed : status;
}

}  // namespace jaxsmith::cli
