#include <fmt/format.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "jaxsmith/command.h"
#include "jaxsmith/output.h"
#include "trace/starting_signals.h"

namespace jaxsmith::cli {
namespace {

struct Command {
  std::string_view name, summary;
  CommandMain main;
};

constexpr Command kCommands[] = {
    {"generate", "make a verified Python→IR dataset out of real JAX", generate_main},
    {"extract", "the IR of one function of yours, at every level", extract_main},
    {"capture", "run a program and make a dataset of what it compiles", capture_main},
    {"eval", "run a text of IR without JAX", eval_main},
    {"check", "read and execute texts of IR, or a whole dataset", check_main},
    {"score", "grade the IR that a model wrote against a dataset", score_main},
    {"mutate", "make a dataset of IR that says nearly the same as another's", mutate_main},
    {"plan", "print the functions of a family without running them", plan_main},
    {"shrink", "the smallest program that a stage still refuses", shrink_main},
    {"coverage", "what of JAX and of the IRs a dataset has, and what not", coverage_main},
    {"stats", "measure a dataset, alone or beside another", stats_main},
    {"split", "split a dataset by clusters, and say what leaks", split_main},
    {"calibrate", "fit what planning takes to datasets: tables of the sources", calibrate_main},
    {"schema", "describe the columns of a dataset", schema_main},
};

void print_help() {
  say("usage: jaxsmith COMMAND …\n\nPython→IR training data out of JAX.\n\ncommands:\n");
  for (const Command& command : kCommands) say("  {:<12}{}\n", command.name, command.summary);
  say("\njaxsmith COMMAND --help says more; jaxsmith --version names the version.\n");
}

int dispatch(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h" || name == "help") {
    print_help();
    return kDone;
  }
  if (name == "--version") {
    say("jaxsmith {}\n", JAXSMITH_VERSION);
    return kDone;
  }
  std::vector<std::string_view> names;
  for (const Command& command : kCommands) {
    if (command.name == name) return command.main(argc - 1, argv + 1);
    names.push_back(command.name);
  }
  if (name.empty()) {
    tell("jaxsmith: say what to do, for example: jaxsmith generate --out dataset\n");
  } else {
    tell("jaxsmith: there is no command '{}'{} (jaxsmith --help lists them)\n", name,
         did_you_mean(name, names));
  }
  return kMisuse;
}

// What the environment says, else what lies where it lay from the program's folder on when the
// program was built, else where it lay at all: the project may have been moved since.
std::string part(const char* variable, std::string_view from_here, const char* built) {
  const char* named = std::getenv(variable);
  if (named && *named) return named;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error || from_here.empty()) return built;
  const auto found = (program.parent_path() / from_here).lexically_normal();
  return std::filesystem::exists(found, error) ? found.string() : built;
}

}  // namespace

trace::Installation installation(const std::string& python) {
  return {
      python.empty() ? part("JAXSMITH_PYTHON", JAXSMITH_PYTHON_FROM_HERE, JAXSMITH_PYTHON) : python,
      part("JAXSMITH_PYTHON_PATH", JAXSMITH_PYTHON_PATH_FROM_HERE, JAXSMITH_PYTHON_PATH),
      JAXSMITH_VERSION, JAXSMITH_ALLOCATOR};
}

int report(const char* command, const Error& error) {
  tell("jaxsmith {}: {}\n", command, error.message);
  return error.kind == ErrorKind::kUsage ? kMisuse : kFailed;
}

}  // namespace jaxsmith::cli

int main(int argc, char** argv) {
  jaxsmith::trace::starting_signals();
  signal(SIGCHLD, SIG_DFL);  // where it is ignored, nobody learns how a child ended
  jaxsmith::cli::open_standard_streams();
  try {
    return jaxsmith::cli::finish_output(jaxsmith::cli::dispatch(argc, argv));
  } catch (const std::exception& error) {  // out of memory, say; the library itself throws nothing
    jaxsmith::cli::tell("jaxsmith: {}\n", error.what());
    return jaxsmith::cli::kFailed;
  }
}
