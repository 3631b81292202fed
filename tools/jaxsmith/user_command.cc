#include "jaxsmith/user_command.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <string.h>

#include <cerrno>
#include <chrono>
#include <filesystem>

#include "trace/process.h"

extern char** environ;

namespace jaxsmith::cli {

Result<TemporaryFolder> TemporaryFolder::make() {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  std::string path = (error ? "/tmp" : parent.string()) + "/jaxsmith-XXXXXX";
  if (mkdtemp(path.data()) == nullptr)
    return Error::environment(fmt::format(
        "{}: cannot make a folder: {}; set TMPDIR to where there is room", path, strerror(errno)));
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<CommandEnd> run_user_command(const std::string& line, const std::string& argument,
                                    double seconds, const std::atomic<bool>& cancel) {
  constexpr double kPollSeconds = 0.05;
  trace::SpawnOptions options;
  options.arguments = {"/bin/sh", "-c", line + " \"$@\"", "sh", argument};
  for (char** entry = environ; *entry; ++entry) options.environment.emplace_back(*entry);
  options.starting_signals = true;
  JAXSMITH_TRY(process, trace::Process::spawn(options));
  const auto begin = std::chrono::steady_clock::now();
  std::string ignored;
  // The command holds the stream of results, of which it knows nothing, until it ends.
  while (process->wait_for_output(kPollSeconds, false, ignored)) {
    ignored.clear();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    if (!cancel && taken.count() < seconds) continue;
    process->kill();
    return CommandEnd{{}, fmt::format("not done after {} seconds", seconds), {}};
  }
  CommandEnd end;
  end.how = process->ending(seconds);
  end.status = process->exit_status();
  end.said = process->last_error_line();
  return end;
}

}  // namespace jaxsmith::cli
