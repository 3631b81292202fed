// The command line of a command.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jaxsmith::cli {

// The exit status where the command ends with parsing: help was asked for, which `more` (examples,
// documents) follows, or the line is not understood. Then one line says what is wrong with it, and
// what to do: `remedy`, or that the command's --help says more.
std::optional<int> parse(CLI::App& app, int argc, char** argv, std::string_view more,
                         std::string_view remedy = {});
// The same of words behind the command's name.
std::optional<int> parse(CLI::App& app, const std::string& command, std::vector<std::string> words,
                         std::string_view more, std::string_view remedy = {});

// For options whose values are among these words: "there is no level 'x' (there are …)".
CLI::Validator one_of(std::string noun, std::vector<std::string> words);

}  // namespace jaxsmith::cli
