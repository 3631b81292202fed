// Numbers that a user gives, and options for them that several commands have.
#pragma once

#include <cstdint>

#include <CLI/CLI.hpp>
#include <string>

#include "tensor/context.h"

namespace jaxsmith::cli {

// For options that are whole numbers: CLI11 takes -1 as the largest one without a sign, and what is
// too large as the largest that there is.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

// --workers: by default as many as the machine has processors. `workers` outlives the parsing.
void add_workers(CLI::App& app, unsigned& workers, const std::string& help = "threads");

// --steps and --memory: what a text may take. `budget` outlives the parsing.
void add_budget_of_text(CLI::App& app, tensor::Budget& budget);

}  // namespace jaxsmith::cli
