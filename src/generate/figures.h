// What a run counts, for people: by category, what was kept and what was refused.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "check/difficulty.h"
#include "check/relevance.h"

namespace jaxsmith::generate {

struct CategoryFigures {
  std::uint64_t rows = 0;
  std::array<std::uint64_t, 3> splits{};         // in the order of kSplits (select/select.h)
  std::map<std::string, std::uint64_t> rejects;  // "trace: TypeError" → how many
};

struct Figures {
  std::map<std::string, CategoryFigures> categories;
  std::uint64_t rows = 0, rejects = 0, redone = 0;
  check::InertFigures inert;
  check::DifficultyCounts difficulty;
  std::uint64_t left_out = 0;  // of the rejects, for their difficulty
  // Checks of rows that could not be done, by check and reason: "execute:hlo: operation … is not
  // known".
  std::map<std::string, std::uint64_t> not_done;
};

// Processor seconds by part of the pipeline; on screen only, never in a dataset.
struct CpuSeconds {
  double plan = 0, check = 0, store = 0, workers = 0, total = 0;
};

}  // namespace jaxsmith::generate
