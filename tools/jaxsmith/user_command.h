// A command of the user's that says of a function whether it has something.
//
//   JAXSMITH_TRY(folder, TemporaryFolder::make());
//   JAXSMITH_TRY(end, run_user_command("grep -q scan", folder.path() + "/function.py", 60,
//   cancelled)); if (end.status == 0) …
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"

namespace jaxsmith::cli {

// A folder below the system's own for such; goes with the object.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct CommandEnd {
  std::optional<int> status;  // nothing where it did not end by itself
  std::string how;            // "exit status 1", "SIGSEGV", "not done after 60 seconds"
  std::string said;           // the last line that it wrote to standard error
};

// Runs a line of the shell with one more argument, in this process's folder and environment. After
// so many seconds, or when `cancel` is set, it is killed with all that it has started.
Result<CommandEnd> run_user_command(const std::string& line, const std::string& argument,
                                    double seconds, const std::atomic<bool>& cancel);

}  // namespace jaxsmith::cli
