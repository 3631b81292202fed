// A child process with two streams of its own besides the standard ones.
//
//   JAXSMITH_TRY(child, Process::spawn({{"python", "-m", "jaxsmith.worker"}, environment}));
//   child.send(frame);                      // to descriptor 3 of the child
//   child.wait_for_output(0.1);             // from descriptor 4, and whatever it prints
//
// The child leads a process group that is killed as a whole, and dies with its parent, also where
// that is killed: the kernel ends it when the thread that spawned it ends, so this thread must
// outlive it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace jaxsmith::trace {

// The exit status of a child whose program could not be executed.
inline constexpr int kNotStarted = 127;

struct SpawnOptions {
  std::vector<std::string> arguments;    // the first is the program, looked up in PATH
  std::vector<std::string> environment;  // "NAME=value", complete
  bool show_output = false;              // what the child prints goes to our standard error
  bool starting_signals = false;         // it takes signals as we were told to (starting_signals.h)
};

// Starts a user's program in the place of this one: it takes signals as this one was told to, and
// has its descriptors, group, limits and folder. Signals to this process wait until it is there.
// Gives errno where the program does not start.
Result<pid_t> start_program(const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment);

// Of a Python that was named or found, and why it will not do: "does not start".
Error unusable_python(const std::string& python, const std::string& why);

class Process {
 public:
  static Result<std::unique_ptr<Process>> spawn(const SpawnOptions& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Writes what the child's pipe takes now; gives the number of bytes, or an error where the child
  // no longer reads.
  Result<std::size_t> send_some(std::string_view bytes);
  // Waits at most so long for output; appends what came on descriptor 4 to `received`. Standard
  // output is thrown away, the end of standard error kept. With `also_writable`, returns too when
  // bytes can be sent. False when the child has closed descriptor 4.
  bool wait_for_output(double seconds, bool also_writable, std::string& received);
  // The same while a request goes out: sends of `unsent` what the pipe takes, and shortens it. A
  // child that no longer reads is told by how it ends.
  bool exchange(double seconds, std::string_view& unsent, std::string& received);

  // Kills the whole group and reaps the child.
  void kill();
  // How the child ended: "SIGSEGV", "exit status 1"; reaps it, kills what is left of its group. A
  // child that has closed its stream is given so many seconds to end by itself, which tells more
  // than our killing it.
  std::string ending(double patience_seconds = 0.2);
  // Of a child whose ending was asked for: the status or the signal that it ended with by itself.
  std::optional<int> exit_status() const;
  std::optional<int> end_signal() const;
  // Resident memory of the child, or of its whole group, in bytes.
  std::int64_t memory_bytes(bool group) const;
  // User and system time so far, in seconds.
  double cpu_seconds() const;
  // The last line that it wrote to standard error; empty where there is none.
  std::string last_error_line() const;

 private:
  Process() = default;
  void drain(int fd, std::string* kept);
  void reap(bool block);

  pid_t pid_ = -1;
  int requests_ = -1, results_ = -1, output_ = -1, error_ = -1;
  bool reaped_ = false, gave_up_ = false;
  int status_ = 0;
  double cpu_ = 0;
  std::string errors_;
};

}  // namespace jaxsmith::trace
