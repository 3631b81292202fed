// The dataset's README.md: a card as Hugging Face reads it, with the figures of this very run.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/difficulty.h"
#include "check/relevance.h"
#include "store/dataset_writer.h"

namespace jaxsmith::store {

using Counts = std::map<std::string, std::uint64_t>;

using Levels = std::set<level::Level>;

struct CardFigures {
  Counts splits, transformations;
  std::map<std::string, Counts> categories;  // category → split → rows
  std::map<std::string, Counts> rejects;     // stage → reason → number
  std::uint64_t rows = 0, redone = 0, bytes = 0;
  check::InertFigures inert;
  check::DifficultyCounts difficulty;
  Levels levels;  // of which rows have texts
  bool complete = true;
};

// train, validation and test, and of the others those that have rows.
std::vector<std::string_view> splits_of(const CardFigures& figures);
// What `load_dataset` takes by one name: FOLDER/SPLIT-*.parquet.
struct CardConfig {
  std::string name, folder;
  std::vector<std::string> splits;  // with rows: others have no file to name
};
// What a card begins with, for machines. `levels`: those of its texts.
std::string card_header(std::string_view name, std::uint64_t rows, const Levels& levels,
                        std::span<const CardConfig> configs);

std::string dataset_card(const RunDescription& run, const CardFigures& figures);

// Parts of a card that every dataset's has.
std::string card_header(const CardFigures& figures);     // YAML, with the files of each split
std::string loading_section(const Levels& levels);       // how to read it, and a text of these
std::string category_table(const CardFigures& figures);  // rows by category and split
std::string count_table(std::string_view what, const Counts& counts);
// `what`: "were planned and left out".
std::string reject_section(const CardFigures& figures, std::string_view what);

}  // namespace jaxsmith::store
