// The levels of IR, out of one table: levels.def.
//
//   for (const Level level : levels()) fmt::print("{}\n", row_of(level).title);
//   const auto level = find_level("stablehlo");
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "ir/common/level_row.h"

namespace jaxsmith::level {

// A row of the table, by its number; names.h has the enumerators.
enum class Level : std::uint8_t {};

// A function's texts, as far as it has them.
using Texts = std::map<Level, std::string>;

// In the table's order.
std::span<const Level> levels();
const ir::LevelRow& row_of(Level level);
inline std::string_view name_of(Level level) { return row_of(level).name; }
// A dataset's columns beside that of the texts, which is called as the level: how often each
// operation occurs, and the places of the source that lines come from.
std::string counts_column(Level level);
std::string spans_column(Level level);
std::span<const std::string_view> level_names();
// "jaxpr, stablehlo, …".
std::string list_of_levels();

std::optional<Level> find_level(std::string_view name);
// The level that a user names, or an error that says which there are: "WHERE: there is no level …".
Result<Level> level_named(std::string_view name, std::string_view where);
// Which level a text is by its first words, or else by the ending of its file's name; nothing where
// that cannot be told.
std::optional<Level> level_of_text(std::string_view text, std::string_view file = "");

// The level by which structures go, and the one that is run in a function's place.
Level structure_level();
Level run_level();

// "jaxpr, StableHLO or HLO": what a text may be, for messages.
std::string kinds_of_text();

// The level that a level's text is derived from; nothing of those that workers make.
std::optional<Level> source_of(Level level);
// The levels that a worker is to make so that those wanted can be had.
std::vector<Level> made_by_workers(std::span<const Level> wanted);
// Adds to a function's texts what follows from them (LevelRow::derivation).
void add_derived(Texts& texts);

}  // namespace jaxsmith::level
