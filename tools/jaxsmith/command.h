// The commands of `jaxsmith`: one file each, registered in main.cc.
#pragma once

#include <string>

#include "base/status.h"

namespace jaxsmith {

enum ExitStatus { kDone = 0, kFailed = 1, kMisuse = 2, kInterrupted = 130 };

// `argv[0]` is the command's name.
using CommandMain = int (*)(int argc, char** argv);

int generate_main(int argc, char** argv);
int schema_main(int argc, char** argv);

// Prints "jaxsmith COMMAND: message" and gives the exit status that the error's kind has.
int report(const char* command, const Error& error);

}  // namespace jaxsmith
