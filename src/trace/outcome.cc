#include "trace/outcome.h"

#include <algorithm>

namespace jaxsmith::trace {

void complete_levels(Outcome& outcome, std::span<const level::Level> wanted) {
  level::add_derived(outcome.levels);
  for (const auto& [level, text] : outcome.levels) {
    const auto from = level::source_of(level);
    if (!from || !level::row_of(level).derivation.keeps_lines) continue;
    if (const auto spans = outcome.spans.find(*from); spans != outcome.spans.end())
      outcome.spans.emplace(level, spans->second);
  }
  const auto unwanted = [&](const auto& entry) {
    return std::find(wanted.begin(), wanted.end(), entry.first) == wanted.end();
  };
  std::erase_if(outcome.levels, unwanted);
  std::erase_if(outcome.spans, unwanted);
}

}  // namespace jaxsmith::trace
