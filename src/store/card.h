// The dataset's README.md: a card as Hugging Face reads it, with the figures of this very run.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "check/relevance.h"
#include "store/dataset_writer.h"

namespace jaxsmith::store {

using Counts = std::map<std::string, std::uint64_t>;

struct CardFigures {
  Counts splits, transformations;
  std::map<std::string, Counts> categories;  // category → split → rows
  std::map<std::string, Counts> rejects;     // stage → reason → number
  std::uint64_t rows = 0, redone = 0, bytes = 0;
  check::InertFigures inert;
  bool complete = true;
};

std::string dataset_card(const RunDescription& run, const CardFigures& figures);

}  // namespace jaxsmith::store
