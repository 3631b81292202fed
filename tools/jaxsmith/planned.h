// What the commands that plan functions share: the options that plans depend on, and how a function
// is printed.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "generate/like.h"
#include "generate/options.h"
#include "source/function.h"

namespace jaxsmith::cli {

// The names of the options that plans depend on, as `generate` has them.
std::vector<std::string> plan_flags();

// Flags for these of generate's options, which set them. What is wrong with a value is kept in
// `status`, the first of it; all three outlive the parsing.
void add_option_flags(CLI::App& app, generate::GenerateOptions& options,
                      std::span<const std::string> names, Status& status);

// Its id, kind, entry, avals and source.
nlohmann::ordered_json function_json(const source::Function& function);

// Its source under comments: `title`, and the entry with the avals that it takes.
void print_function(const source::Function& function, const std::string& title);

// Says of a family that it has no such member, or none at all, in a line.
std::string no_member_text(const char* command, std::uint64_t family, std::uint64_t seed,
                           std::size_t members);

// How far plans are from a dataset, before and after they were fitted to it.
std::string likeness_text(const generate::Likeness& likeness);

// "0000000000000000-00000012-0 loop grad, another dtype"
std::string function_title(const source::Function& function);

}  // namespace jaxsmith::cli
