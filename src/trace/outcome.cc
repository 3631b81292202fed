#include "trace/outcome.h"

#include <algorithm>

namespace jaxsmith {

void complete_levels(Outcome& outcome, std::span<const Level> wanted) {
  add_derived(outcome.levels);
  for (const auto& [level, text] : outcome.levels) {
    const auto from = source_of(level);
    if (!from || !row_of(level).derivation.keeps_lines) continue;
    if (const auto spans = outcome.spans.find(*from); spans != outcome.spans.end())
      outcome.spans.emplace(level, spans->second);
  }
  const auto unwanted = [&](const auto& entry) {
    return std::find(wanted.begin(), wanted.end(), entry.first) == wanted.end();
  };
  std::erase_if(outcome.levels, unwanted);
  std::erase_if(outcome.spans, unwanted);
}

}  // namespace jaxsmith
