// The command line of a command.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string_view>

namespace jaxsmith::cli {

// The exit status where the command ends with parsing: help was asked for, which `more` (examples,
// documents) follows, or the line is not understood.
std::optional<int> parse(CLI::App& app, int argc, char** argv, std::string_view more);

}  // namespace jaxsmith::cli
