#include "trace/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "trace/starting_signals.h"

namespace jaxsmith::trace {
namespace {

constexpr std::size_t kErrorBytes = 4096;
// At a time: a child that floods must not keep its supervisor here, nor fill its memory.
constexpr int kMostReads = 16;

struct Pipe {
  int read = -1, write = -1;
};

bool open_pipe(Pipe& p) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return false;
  p = {fds[0], fds[1]};
  return true;
}

void close_if(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

// Between fork and exec only what is safe after a fork of a threaded program: no allocation, no
// locks.
[[noreturn]] void become(const std::array<int, 5>& fds, char* const* argv, char* const* envp,
                         pid_t parent, bool with_starting_signals) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kNotStarted);
  // Out of the way first, so that no source is overwritten before it is copied.
  int moved[5];
  for (int i = 0; i < 5; ++i) moved[i] = fcntl(fds[static_cast<std::size_t>(i)], F_DUPFD, 16);
  for (int i = 0; i < 5; ++i) {
    dup2(moved[i], i);
    ::close(moved[i]);
  }
  if (with_starting_signals) {
    restore_starting_signals();
  } else {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
  }
  execvpe(argv[0], argv, envp);
  _exit(kNotStarted);
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
}

// Fields of /proc/PID/stat from the third on; the second, the name, may hold spaces.
std::vector<std::string> stat_fields(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const std::size_t end = text.rfind(')');
  std::vector<std::string> fields;
  if (end == std::string::npos) return fields;
  std::istringstream rest(text.substr(end + 1));
  for (std::string f; rest >> f;) fields.push_back(f);
  return fields;
}

std::int64_t resident(const std::vector<std::string>& fields) {
  return fields.size() > 21 ? std::stoll(fields[21]) * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace

Result<std::unique_ptr<Process>> Process::spawn(const SpawnOptions& options) {
  Pipe requests, results, output, error;
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool kept = !options.show_output;
  if (null < 0 || !open_pipe(requests) || !open_pipe(results) ||
      (kept && (!open_pipe(output) || !open_pipe(error)))) {
    return Error::environment(fmt::format("cannot open pipes for a worker: {}", strerror(errno)));
  }
  auto argv = pointers(options.arguments), envp = pointers(options.environment);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0)
    become({null, kept ? output.write : STDERR_FILENO, kept ? error.write : STDERR_FILENO,
            requests.read, results.write},
           argv.data(), envp.data(), parent, options.starting_signals);
  for (int fd : {null, requests.read, results.write, output.write, error.write})
    if (fd >= 0) ::close(fd);
  if (pid < 0) {
    for (int fd : {requests.write, results.read, output.read, error.read})
      if (fd >= 0) ::close(fd);
    return Error::environment(fmt::format("cannot start a worker: {}", strerror(errno)));
  }
  setpgid(pid, pid);  // also here: whichever of the two runs first
  std::unique_ptr<Process> p(new Process());
  p->pid_ = pid;
  p->requests_ = requests.write;
  p->results_ = results.read;
  p->output_ = output.read;
  p->error_ = error.read;
  for (int fd : {p->requests_, p->results_, p->output_, p->error_})
    if (fd >= 0) fcntl(fd, F_SETFL, O_NONBLOCK);
  return p;
}

Error unusable_python(const std::string& python, const std::string& why) {
  return Error::usage(fmt::format("'{}' {}; name a Python that has JAX by --python", python, why));
}

Result<pid_t> start_program(const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment) {
  auto argv = pointers(arguments), envp = pointers(environment);
  Pipe failure;  // closed by exec, or tells why there was none
  if (!open_pipe(failure))
    return Error::environment(fmt::format("cannot open a pipe: {}", strerror(errno)));
  starting_signals();
  // A signal before the child has put its own in order would meet our handlers in it.
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    restore_starting_signals();
    execvpe(argv[0], argv.data(), envp.data());
    const int why = errno;
    [[maybe_unused]] const auto written = ::write(failure.write, &why, sizeof why);
    _exit(kNotStarted);
  }
  int why = pid < 0 ? errno : 0;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  ::close(failure.write);
  while (pid > 0 && ::read(failure.read, &why, sizeof why) < 0 && errno == EINTR) {
  }
  ::close(failure.read);
  if (why == 0) return pid;
  if (pid > 0) waitpid(pid, nullptr, 0);
  return Error::usage(fmt::format("{}: {}", arguments[0], strerror(why)));
}

Process::~Process() {
  kill();
  for (int* fd : {&requests_, &results_, &output_, &error_}) close_if(*fd);
}

Result<std::size_t> Process::send_some(std::string_view bytes) {
  const ssize_t n = ::write(requests_, bytes.data(), bytes.size());
  if (n >= 0) return static_cast<std::size_t>(n);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  return Error::environment(fmt::format("a worker takes no more requests: {}", strerror(errno)));
}

void Process::drain(int fd, std::string* kept) {
  char buffer[65536];
  for (int i = 0; i < kMostReads; ++i) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n <= 0) {
      if (n == 0) close_if(fd == output_ ? output_ : error_);
      return;
    }
    if (!kept) continue;
    kept->append(buffer, static_cast<std::size_t>(n));
    if (kept->size() > 2 * kErrorBytes) kept->erase(0, kept->size() - kErrorBytes);
  }
}

bool Process::exchange(double seconds, std::string_view& unsent, std::string& received) {
  const bool open = wait_for_output(seconds, !unsent.empty(), received);
  if (unsent.empty()) return open;
  if (const auto sent = send_some(unsent); sent.ok()) unsent.remove_prefix(sent.value());
  return open;
}

bool Process::wait_for_output(double seconds, bool also_writable, std::string& received) {
  std::array<pollfd, 4> fds = {pollfd{results_, POLLIN, 0}, pollfd{output_, POLLIN, 0},
                               pollfd{error_, POLLIN, 0},
                               pollfd{also_writable ? requests_ : -1, POLLOUT, 0}};
  if (::poll(fds.data(), fds.size(), static_cast<int>(seconds * 1000)) <= 0) return true;
  if (fds[1].revents) drain(output_, nullptr);
  if (fds[2].revents) drain(error_, &errors_);
  if (!fds[0].revents) return true;
  char buffer[262144];
  for (int i = 0; i < kMostReads; ++i) {
    const ssize_t n = ::read(results_, buffer, sizeof buffer);
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    received.append(buffer, static_cast<std::size_t>(n));
    if (static_cast<std::size_t>(n) < sizeof buffer) return true;
  }
  return true;
}

void Process::reap(bool block) {
  if (reaped_) return;
  rusage usage{};
  pid_t got;
  do {
    got = wait4(pid_, &status_, block ? 0 : WNOHANG, &usage);
  } while (got < 0 && errno == EINTR);
  if (got != pid_) return;
  reaped_ = true;
  cpu_ = seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Process::kill() {
  if (pid_ <= 0) return;
  // The group first: its number stays taken until the child is reaped.
  ::kill(-pid_, SIGKILL);
  reap(true);
}

std::string Process::ending(double patience_seconds) {
  constexpr useconds_t kStepMicroseconds = 5000;
  for (double waited = 0; waited < patience_seconds && !reaped_;
       waited += kStepMicroseconds * 1e-6) {
    reap(false);
    if (!reaped_) usleep(kStepMicroseconds);
  }
  if (!reaped_) {
    kill();
    gave_up_ = true;
    return "closed its results stream";
  }
  ::kill(-pid_, SIGKILL);
  if (WIFSIGNALED(status_)) {
    const char* name = sigabbrev_np(WTERMSIG(status_));
    return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", WTERMSIG(status_));
  }
  return fmt::format("exit status {}", WEXITSTATUS(status_));
}

std::string Process::last_error_line() const {
  std::string_view errors = errors_;
  while (errors.ends_with('\n')) errors.remove_suffix(1);
  return std::string(errors.substr(errors.rfind('\n') + 1));  // npos + 1 is 0
}

std::optional<int> Process::exit_status() const {
  if (!reaped_ || gave_up_ || !WIFEXITED(status_)) return std::nullopt;
  return WEXITSTATUS(status_);
}

std::optional<int> Process::end_signal() const {
  if (!reaped_ || gave_up_ || !WIFSIGNALED(status_)) return std::nullopt;
  return WTERMSIG(status_);
}

std::int64_t Process::memory_bytes(bool group) const {
  if (reaped_) return 0;
  if (!group) return resident(stat_fields(pid_));
  std::int64_t total = 0;
  DIR* proc = opendir("/proc");
  if (!proc) return resident(stat_fields(pid_));
  while (const dirent* entry = readdir(proc)) {
    const int pid = atoi(entry->d_name);
    if (pid <= 0 || getpgid(pid) != pid_) continue;
    total += resident(stat_fields(pid));
  }
  closedir(proc);
  return total;
}

double Process::cpu_seconds() const {
  if (reaped_) return cpu_;
  const auto fields = stat_fields(pid_);
  if (fields.size() < 15) return 0;
  double ticks = 0;
  for (int i : {11, 12, 13, 14}) ticks += std::stod(fields[static_cast<std::size_t>(i)]);
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace jaxsmith::trace
