// Options that name what a command writes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace jaxsmith::cli {

// One for a file or a folder. An empty name is refused; `path` stays empty where the option is not
// given, and outlives the parsing.
CLI::Option* add_output(CLI::App& app, const std::string& flag, std::string& path,
                        const std::string& help);

}  // namespace jaxsmith::cli
