#include "store/assemble.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "select/select.h"
#include "store/card.h"
#include "store/files.h"
#include "store/manifest.h"
#include "store/schema.h"
#include "store/shards.h"

namespace jaxsmith::store {
namespace {

using Json = nlohmann::ordered_json;
using TablePtr = std::shared_ptr<arrow::Table>;

std::string text_at(const arrow::Table& table, const char* column, std::int64_t row) {
  const auto scalar = table.GetColumnByName(column)->GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : std::string();
}

Result<CardFigures> count_rows(const Assembly& a) {
  CardFigures f;
  f.redone = a.redone;
  f.complete = a.complete;
  f.levels = {a.run.levels.begin(), a.run.levels.end()};
  for (const std::string& name : a.segments) {
    JAXSMITH_TRY(rows,
                 read_parquet(a.journal + "/segment-" + name + ".parquet",
                              {"category", "transformation", "split", "inert", "difficulty"}));
    JAXSMITH_TRY(inert, numbers_or_null<arrow::DoubleType>(*rows, "inert"));
    JAXSMITH_TRY(difficulty, numbers_or_null<arrow::Int64Type>(*rows, "difficulty"));
    for (const auto& share : inert) f.inert.add(share);
    for (const auto& each : difficulty) f.difficulty.add(each);
    for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
      const std::string split = text_at(*rows, "split", i);
      ++f.splits[split];
      ++f.transformations[text_at(*rows, "transformation", i)];
      ++f.categories[text_at(*rows, "category", i)][split];
      ++f.rows;
    }
  }
  return f;
}

Status write_shards(const Assembly& a, const CardFigures& figures) {
  JAXSMITH_CHECK(make_directories(a.out + "/data"));
  std::vector<ShardWriter> shards;
  for (std::string_view split : select::kSplits) {
    const auto found = figures.splits.find(std::string(split));
    shards.emplace_back(a.out, std::string(split),
                        found == figures.splits.end() ? 0 : found->second, a.run.rows_per_shard);
  }
  for (const std::string& name : a.segments) {
    JAXSMITH_TRY(rows, read_parquet(a.journal + "/segment-" + name + ".parquet"));
    std::vector<std::string> words;
    for (std::int64_t i = 0; i < rows->num_rows(); ++i) words.push_back(text_at(*rows, "split", i));
    const std::vector<std::string_view> splits(words.begin(), words.end());
    for (std::size_t i = 0; i < select::kSplits.size(); ++i) {
      JAXSMITH_TRY(part, rows_of_split(rows, splits, select::kSplits[i]));
      JAXSMITH_CHECK(shards[i].add(part));
    }
  }
  return {};
}

Status write_rejects(const Assembly& a, CardFigures& figures) {
  std::vector<TablePtr> tables;
  for (const std::string& name : a.segments) {
    JAXSMITH_TRY(rejects, read_parquet(a.journal + "/rejects-" + name + ".parquet"));
    for (std::int64_t i = 0; i < rejects->num_rows(); ++i)
      ++figures.rejects[text_at(*rejects, "stage", i)][text_at(*rejects, "reason", i)];
    tables.push_back(rejects);
  }
  JAXSMITH_TRY(all, concatenated(tables));
  return write_parquet(a.out + "/rejects.parquet", *all, reject_columns());
}

}  // namespace

Status assemble_dataset(const Assembly& a) {
  JAXSMITH_TRY(figures, count_rows(a));
  JAXSMITH_CHECK(write_shards(a, figures));
  JAXSMITH_CHECK(write_rejects(a, figures));
  JAXSMITH_TRY(files, file_entries(a.out, figures.bytes));
  JAXSMITH_CHECK(write_file(a.out + "/README.md", dataset_card(a.run, figures)));
  Json manifest = manifest_of(figures);
  manifest["redone"] = figures.redone;
  manifest["run"] = Json::parse(a.run_json);
  manifest["files"] = std::move(files);
  return write_manifest(a.out, manifest);
}

}  // namespace jaxsmith::store
