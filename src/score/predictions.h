// What a model wrote: one text for a row's level; several for the same are its samples.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "levels/levels.h"

namespace jaxsmith::score {

struct Prediction {
  std::string id;
  level::Level level{};
  std::string text;
  std::int64_t sample = 0;  // number among those of the same id and level, in the order of the file
  std::string place = {};   // "predictions.jsonl:3"; empty where it is of no file
};

// Parquet by its first bytes, else JSONL; other fields than id, level and text are passed over.
// Errors name the line or the column.
Result<std::vector<Prediction>> read_predictions(const std::string& path);

}  // namespace jaxsmith::score
