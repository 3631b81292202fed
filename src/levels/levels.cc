#include "levels/levels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "base/text.h"
#include "levels/names.h"

#define LEVEL(level, folder, row) \
  namespace jaxsmith::folder {    \
  extern const ir::LevelRow row;  \
  }
#include "levels/levels.def"
#undef LEVEL

namespace jaxsmith::level {
namespace {

constexpr std::array kRows = {
#define LEVEL(level, folder, row) &folder::row,
#include "levels/levels.def"
#undef LEVEL
};

constexpr std::array kLevels = {
#define LEVEL(id, folder, row) level::id,
#include "levels/levels.def"
#undef LEVEL
};

Level the_one_that(bool ir::LevelRow::* flag) {
  return *std::find_if(kLevels.begin(), kLevels.end(),
                       [&](Level level) { return row_of(level).*flag; });
}

// A text behind its leading blanks and comments.
std::string_view beginning(std::string_view text) {
  std::size_t at = 0;
  for (;;) {
    at = std::min(text.find_first_not_of(" \n\t\r", at), text.size());
    if (!text.substr(at).starts_with("//")) return text.substr(at);
    at = std::min(text.find('\n', at), text.size());
  }
}

}  // namespace

std::span<const Level> levels() { return kLevels; }

const ir::LevelRow& row_of(Level level) { return *kRows[static_cast<std::size_t>(level)]; }

std::string counts_column(Level level) { return fmt::format("op_counts_{}", name_of(level)); }
std::string spans_column(Level level) { return fmt::format("spans_{}", name_of(level)); }

std::span<const std::string_view> level_names() {
  static const auto kNames = [] {
    std::array<std::string_view, kRows.size()> out;
    std::transform(kRows.begin(), kRows.end(), out.begin(),
                   [](const ir::LevelRow* row) { return row->name; });
    return out;
  }();
  return kNames;
}

std::string list_of_levels() { return fmt::format("{}", fmt::join(level_names(), ", ")); }

std::optional<Level> find_level(std::string_view name) {
  const auto names = level_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return kLevels[static_cast<std::size_t>(found - names.begin())];
}

Result<Level> level_named(std::string_view name, std::string_view where) {
  if (const auto level = find_level(name)) return *level;
  return Error::usage(fmt::format("{}: {}", where, there_is_no("level", name, level_names())));
}

std::optional<Level> level_of_text(std::string_view text, std::string_view file) {
  const std::string_view start = beginning(text);
  for (const Level level : kLevels)
    if (row_of(level).begins && row_of(level).begins(start)) return level;
  for (const Level level : kLevels)
    for (const std::string_view ending : row_of(level).endings)
      if (file.ends_with(ending)) return level;
  return std::nullopt;
}

Level structure_level() {
  static const Level kLevel = the_one_that(&ir::LevelRow::gives_structure);
  return kLevel;
}

Level run_level() {
  static const Level kLevel = the_one_that(&ir::LevelRow::runs_alone);
  return kLevel;
}

std::string kinds_of_text() {
  std::vector<std::string_view> titles;
  for (const Level level : kLevels)
    if (row_of(level).parse) titles.push_back(row_of(level).title);
  return fmt::format("{} or {}", fmt::join(titles.begin(), titles.end() - 1, ", "), titles.back());
}

std::optional<Level> source_of(Level level) {
  const ir::Derivation& derivation = row_of(level).derivation;
  return derivation.derive ? find_level(derivation.from) : std::nullopt;
}

std::vector<Level> made_by_workers(std::span<const Level> wanted) {
  std::set<Level> out;
  for (Level level : wanted) {
    while (const auto from = source_of(level)) level = *from;
    out.insert(level);
  }
  return {out.begin(), out.end()};
}

void add_derived(Texts& texts) {
  for (const Level level : kLevels) {
    const auto from = source_of(level);
    if (!from || texts.contains(level)) continue;
    if (const auto text = texts.find(*from); text != texts.end())
      texts.emplace(level, row_of(level).derivation.derive(text->second));
  }
}

}  // namespace jaxsmith::level
