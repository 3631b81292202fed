#include "score/predictions.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>

#include "base/files.h"
#include "base/json.h"
#include "base/lines.h"
#include "store/cells.h"
#include "store/files.h"

namespace jaxsmith::score {
namespace {

constexpr const char* kFields[] = {"id", "level", "text"};
constexpr const char* kWanted =
    "; predictions are Parquet, or JSONL: an object with id, level and text in each line";

Result<level::Level> graded_level(std::string_view name, const std::string& where) {
  JAXSMITH_TRY(level, level::level_named(name, where));
  if (level::row_of(level).parse) return level;
  return Error::usage(
      fmt::format("{}: nothing is graded at the level {}: jaxsmith does not read it", where, name));
}

// What other members hold is a model's or its reader's own, however deep and however large.
Result<json::Value> parsed(const std::string& line, const std::string& where) {
  try {
    json::Value out = json::parse(
        line, {.depth = std::numeric_limits<std::size_t>::max(), .large_numbers = true});
    if (out.is_object()) return out;
    return Error::usage(fmt::format("{}: it is no JSON object{}", where, kWanted));
  } catch (const std::runtime_error& e) {
    const bool object = line[line.find_first_not_of(" \t\r")] == '{';
    return Error::usage(fmt::format("{}: {}{}", where, e.what(), object ? "" : kWanted));
  }
}

Result<Prediction> prediction_of(const std::string& line, const std::string& where) {
  JAXSMITH_TRY(json, parsed(line, where));
  Prediction out;
  out.place = where;
  std::string level;
  std::string* const fields[] = {&out.id, &level, &out.text};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto found = json.find(kFields[i]);
    if (found == json.end() || !found->is_string())
      return Error::usage(fmt::format("{}: '{}' is {} (id, level and text are wanted, all strings)",
                                      where, kFields[i],
                                      found == json.end() ? "missing" : "no string"));
    *fields[i] = found->get<std::string>();
  }
  JAXSMITH_TRY(known, graded_level(level, where));
  out.level = known;
  return out;
}

Result<std::vector<Prediction>> read_lines(std::istream& in, const std::string& path) {
  std::vector<Prediction> out;
  LineReader lines(in, path);
  for (std::string line;;) {
    JAXSMITH_TRY(more, lines.next(line));
    if (!more) break;
    if (lines.number() == 1 && line.starts_with(store::kParquetBeginning))
      return Error::usage(path + ": it is Parquet, which is read from a file, not from a pipe");
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    JAXSMITH_TRY(prediction, prediction_of(line, fmt::format("{}:{}", path, lines.number())));
    out.push_back(std::move(prediction));
  }
  if (in.bad()) return Error::environment(fmt::format("{}: it cannot be read to its end", path));
  return out;
}

// A column's texts, whatever encoding they have.
Result<std::vector<std::string>> texts_of(const arrow::Table& table, const std::string& name,
                                          const std::string& path) {
  const auto column = table.GetColumnByName(name);
  std::vector<std::string> out;
  for (const auto& chunk : column->chunks()) {
    for (std::int64_t i = 0; i < chunk->length(); ++i) {
      // What a model wrote may be any bytes: whether it is a text is what is graded.
      auto found = name == "text" ? store::bytes_cell({*chunk, i}) : store::text_cell({*chunk, i});
      if (!found.ok() || !found.value())
        return Error::usage(fmt::format("{}: row {}: {}: {}", path, out.size(), name,
                                        found.ok() ? "it is null" : found.error().message));
      out.push_back(std::move(*found.value()));
    }
  }
  return out;
}

Result<std::vector<Prediction>> read_table(const std::string& path) {
  const std::vector<std::string> names(std::begin(kFields), std::end(kFields));
  JAXSMITH_TRY(schema, store::parquet_schema(path));
  for (const std::string& name : names) {
    const std::size_t found = schema->GetAllFieldIndices(name).size();
    if (found != 1)
      return Error::usage(fmt::format("{}: it has {} {} (id, level and text are wanted)", path,
                                      found == 0 ? "no column" : "two columns", name));
  }
  JAXSMITH_TRY(table, store::read_parquet(path, names));
  std::vector<std::vector<std::string>> columns;
  for (const std::string& name : names) {
    JAXSMITH_TRY(texts, texts_of(*table, name, path));
    columns.push_back(std::move(texts));
  }
  std::vector<Prediction> out;
  for (std::size_t i = 0; i < columns[0].size(); ++i) {
    std::string place = fmt::format("{}: row {}", path, i);
    JAXSMITH_TRY(level, graded_level(columns[1][i], place));
    out.push_back({std::move(columns[0][i]), level, std::move(columns[2][i])});
    out.back().place = std::move(place);
  }
  return out;
}

}  // namespace

Result<std::vector<Prediction>> read_predictions(const std::string& path) {
  if (const auto why = why_unreadable(path)) return Error::usage(fmt::format("{}: {}", path, *why));
  std::ifstream in(path, std::ios::binary);
  if (!in || (in.peek(), in.bad())) return Error::usage(fmt::format("{}: it cannot be read", path));
  auto read = store::is_parquet(path) ? read_table(path) : read_lines(in, path);
  if (!read.ok()) return read;
  std::map<std::pair<std::string, level::Level>, std::int64_t> seen;
  for (Prediction& p : read.value()) p.sample = seen[{p.id, p.level}]++;
  if (read.value().empty()) return Error::usage(path + ": it holds no predictions");
  return read;
}

}  // namespace jaxsmith::score
