// What tracing has to know of a back end: how its workers are started, and what they may answer.
#pragma once

#include <string>
#include <vector>

#include "levels/levels.h"

namespace jaxsmith::trace {

struct WorkerSpec {
  std::vector<std::string> arguments = {};  // after the interpreter; the descriptors come last
  // Of the user's environment: names that start so do not reach a worker.
  std::vector<std::string> dropped_prefixes = {};
  std::vector<std::string> environment = {};  // "NAME=value", beside what every worker has
  int devices = 1;                            // that every worker has
  std::vector<level::Level> levels = {};      // that there can be of its functions, in order
  level::Level structure_level = {};          // always in an answer: the structure is read from it
};

}  // namespace jaxsmith::trace
