// Options of `generate`, all of them from one table, options.def.
//
//   GenerateOptions options;
//   Status status = set_option(options, "max-rank", {"2"});  // a flag's, or a file's
//   status = check_options(options);                         // one line on what makes no sense
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "check/difficulty.h"
#include "levels/levels.h"
#include "plan/planner.h"

namespace jaxsmith::generate {

using Names = std::vector<std::string>;

struct GenerateOptions {
#define OPTION(type, name, value, part, argument, help) type name = value;
#include "generate/options.def"
#undef OPTION
  // What `like` comes to (generate/like.h): weights, and the digest of the profile.
  std::shared_ptr<const plan::Weights> weights = nullptr;
  std::string fitted_to = {};
};

// Whether an option says what the dataset is, or only how a run goes about it.
enum class OptionPart { kDataset, kRun };

struct OptionInfo {
  std::string name;      // "max-rank"
  std::string argument;  // "N"; empty for a switch
  std::string help;      // with the default
  OptionPart part;
  bool is_list;
};

// All options in the table's order.
std::vector<OptionInfo> option_table();

// Sets an option from text; a list from several items, a switch from "true" or "false".
Status set_option(GenerateOptions& options, std::string_view name,
                  std::span<const std::string> values);

// Whether the options make sense together, and puts them into the one form that the manifest has:
// lists in canonical order without repeats, --exact as --redo 100.
Status check_options(GenerateOptions& options);
// The same for what the plans depend on alone: names of categories, idioms, types and levels,
// ranks.
Status check_names(GenerateOptions& options);
// Of options whose names have been checked.
plan::PlanOptions plan_options(const GenerateOptions& options);

// The difficulties that rows may have.
check::DifficultyRange wanted_difficulty(const GenerateOptions& options);

// The levels that a dataset with these options has.
std::vector<level::Level> levels_of(const GenerateOptions& options);

// What the dataset depends on, by name, for the manifest.
nlohmann::ordered_json dataset_options(const GenerateOptions& options);

}  // namespace jaxsmith::generate
