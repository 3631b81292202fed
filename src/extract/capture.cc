#include "extract/capture.h"

#include <errno.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <utility>

#include "store/files.h"
#include "trace/process.h"

extern char** environ;

namespace jaxsmith::extract {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> environment_of(const CaptureOptions& o, const store::OutputFolder& folder,
                                        const trace::Installation& where) {
  std::vector<std::string> out;
  const std::string bootstrap =
      fs::absolute(where.python_path + "/jaxsmith/watching/bootstrap").string();
  std::string paths = bootstrap;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view e = *entry;
    if (e.starts_with("PYTHONPATH=")) {
      if (e.size() > 11) paths += ":" + std::string(e.substr(11));
    } else {
      out.emplace_back(e);
    }
  }
  out.push_back("PYTHONPATH=" + paths);
  out.push_back("JAXSMITH_CAPTURE=" + fs::absolute(records_folder(folder)).string());
  out.push_back("JAXSMITH_CAPTURE_ALL=" + std::string(o.everything ? "1" : "0"));
  out.push_back("JAXSMITH_CAPTURE_PATH=" + fs::absolute(where.python_path).string());
  return out;
}

// Signals that end a process which does not know them, and that come from elsewhere than the
// terminal, which reaches the program by itself.
constexpr int kPassedOn[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

pid_t program = 0;

void pass_on(int signal_number) {
  if (program > 0) kill(program, signal_number);
}

// While the program runs, signals are its own to handle. Those that come while it is being started
// wait until it is there.
class SignalsToProgram {
 public:
  SignalsToProgram() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &blocked_);
  }
  void begin() {
    struct sigaction ignore{}, forward{};
    ignore.sa_handler = SIG_IGN;
    forward.sa_handler = pass_on;
    forward.sa_flags = SA_RESTART;
    for (const int number : {SIGINT, SIGQUIT}) replace(number, ignore);
    sigset_t open = blocked_;
    for (const int number : kPassedOn) {
      replace(number, forward);
      sigdelset(&open, number);
    }
    sigprocmask(SIG_SETMASK, &open, nullptr);
  }
  ~SignalsToProgram() {
    for (const auto& [number, action] : replaced_) sigaction(number, &action, nullptr);
    sigprocmask(SIG_SETMASK, &blocked_, nullptr);
  }

 private:
  void replace(int number, const struct sigaction& action) {
    replaced_.emplace_back(number, action);
    sigaction(number, &action, &replaced_.back().second);
  }

  sigset_t blocked_;
  std::vector<std::pair<int, struct sigaction>> replaced_;
};

}  // namespace

std::string records_folder(const store::OutputFolder& folder) { return folder.own() + "/records"; }

Result<int> run_captured(const CaptureOptions& options, store::OutputFolder& folder,
                         const trace::Installation& where) {
  JAXSMITH_CHECK(store::make_directories(records_folder(folder)));
  SignalsToProgram signals;
  auto started = trace::start_program(options.command, environment_of(options, folder, where));
  if (!started.ok()) {
    JAXSMITH_CHECK(folder.discard());
    return started.error();
  }
  program = started.value();
  signals.begin();
  int status = 0;
  while (waitpid(program, &status, 0) < 0 && errno == EINTR) {
  }
  program = 0;
  return status;
}

}  // namespace jaxsmith::extract
