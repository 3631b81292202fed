#include <fmt/format.h>

#include <cstdlib>
#include <iterator>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "jaxsmith/command.h"

namespace jaxsmith {
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
    {"schema", "describe the columns of a dataset", schema_main},
};

void print_help() {
  fmt::print("usage: jaxsmith COMMAND …\n\nPython→IR training data out of JAX.\n\ncommands:\n");
  for (const Command& command : kCommands)
    fmt::print("  {:<12}{}\n", command.name, command.summary);
  fmt::print("\njaxsmith COMMAND --help says more; jaxsmith --version names the version.\n");
}

int dispatch(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h" || name == "help") {
    print_help();
    return kDone;
  }
  if (name == "--version") {
    fmt::print("jaxsmith {}\n", JAXSMITH_VERSION);
    return kDone;
  }
  std::vector<std::string_view> names;
  for (const Command& command : kCommands) {
    if (command.name == name) return command.main(argc - 1, argv + 1);
    names.push_back(command.name);
  }
  if (name.empty()) {
    fmt::print(stderr, "jaxsmith: say what to do, for example: jaxsmith generate --out dataset\n");
  } else {
    fmt::print(stderr, "jaxsmith: there is no command '{}'{} (jaxsmith --help lists them)\n", name,
               did_you_mean(name, names));
  }
  return kMisuse;
}

}  // namespace

Installation installation(const std::string& python) {
  const char* environment = std::getenv("JAXSMITH_PYTHON");
  const char* packages = std::getenv("JAXSMITH_PYTHON_PATH");
  Installation out{python, JAXSMITH_PYTHON_PATH, JAXSMITH_VERSION, JAXSMITH_ALLOCATOR};
  if (out.python.empty()) out.python = environment && *environment ? environment : JAXSMITH_PYTHON;
  if (packages && *packages) out.python_path = packages;
  return out;
}

int report(const char* command, const Error& error) {
  fmt::print(stderr, "jaxsmith {}: {}\n", command, error.message);
  return error.kind == ErrorKind::kUsage ? kMisuse : kFailed;
}

}  // namespace jaxsmith

int main(int argc, char** argv) {
  try {
    return jaxsmith::dispatch(argc, argv);
  } catch (const std::exception& error) {  // out of memory, say; the library itself throws nothing
    fmt::print(stderr, "jaxsmith: {}\n", error.what());
    return jaxsmith::kFailed;
  }
}
