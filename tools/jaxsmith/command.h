// The commands of `jaxsmith`: one file each, registered in main.cc.
#pragma once

#include <string>

#include "base/status.h"
#include "trace/installation.h"

namespace jaxsmith::cli {

enum ExitStatus { kDone = 0, kFailed = 1, kMisuse = 2, kInterrupted = 130 };

// `argv[0]` is the command's name.
using CommandMain = int (*)(int argc, char** argv);

int calibrate_main(int argc, char** argv);
int capture_main(int argc, char** argv);
int check_main(int argc, char** argv);
int coverage_main(int argc, char** argv);
int eval_main(int argc, char** argv);
int extract_main(int argc, char** argv);
int generate_main(int argc, char** argv);
int mutate_main(int argc, char** argv);
int plan_main(int argc, char** argv);
int schema_main(int argc, char** argv);
int score_main(int argc, char** argv);
int shrink_main(int argc, char** argv);
int split_main(int argc, char** argv);
int stats_main(int argc, char** argv);

// Where the program's parts are. `python`: what the user named, or empty: then JAXSMITH_PYTHON of
// the environment, or the Python that the program was built for.
trace::Installation installation(const std::string& python);

// Prints "jaxsmith COMMAND: message" and gives the exit status that the error's kind has.
int report(const char* command, const Error& error);

}  // namespace jaxsmith::cli
