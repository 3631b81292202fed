// Numbers that a user gives.
#pragma once

#include <cstdint>

#include <CLI/CLI.hpp>

namespace jaxsmith::cli {

// For options that are whole numbers: CLI11 takes -1 as the largest one without a sign, and what is
// too large as the largest that there is.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

}  // namespace jaxsmith::cli
