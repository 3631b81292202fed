#include "store/assemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "select/select.h"
#include "store/card.h"
#include "store/files.h"
#include "store/schema.h"

namespace jaxsmith::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using TablePtr = std::shared_ptr<arrow::Table>;

Error broken(const arrow::Status& status) {
  return Error::internal("cannot assemble the dataset: " + status.message());
}

// Gathers rows of a split and cuts them into files of equal size.
class Shards {
 public:
  Shards(const Assembly& assembly, std::string split, std::uint64_t rows)
      : a_(assembly), split_(std::move(split)), left_(rows) {
    count_ = (rows + a_.run.rows_per_shard - 1) / a_.run.rows_per_shard;
  }

  Status add(const TablePtr& rows) {
    if (rows->num_rows() == 0) return {};
    waiting_.push_back(rows);
    waiting_rows_ += static_cast<std::uint64_t>(rows->num_rows());
    while (waiting_rows_ >= a_.run.rows_per_shard ||
           (waiting_rows_ > 0 && waiting_rows_ == left_)) {
      JAXSMITH_CHECK(write(std::min(waiting_rows_, a_.run.rows_per_shard)));
    }
    return {};
  }

 private:
  Status write(std::uint64_t rows) {
    auto all = arrow::ConcatenateTables(waiting_);
    if (!all.ok()) return broken(all.status());
    const auto n = static_cast<std::int64_t>(rows);
    const std::string path =
        fmt::format("{}/data/{}-{:05}-of-{:05}.parquet", a_.out, split_, next_++, count_);
    JAXSMITH_CHECK(write_parquet(path, *(*all)->Slice(0, n), sample_columns()));
    waiting_ = {(*all)->Slice(n)};
    waiting_rows_ -= rows;
    left_ -= rows;
    return {};
  }

  const Assembly& a_;
  std::string split_;
  std::uint64_t left_, count_ = 0, next_ = 0, waiting_rows_ = 0;
  std::vector<TablePtr> waiting_;
};

// Runs of rows that stand in the split, put together.
Result<TablePtr> rows_of_split(const TablePtr& table, const std::vector<std::string>& splits,
                               std::string_view split) {
  std::vector<TablePtr> runs = {table->Slice(0, 0)};
  for (std::size_t i = 0; i < splits.size();) {
    std::size_t end = i;
    while (end < splits.size() && splits[end] == split) ++end;
    if (end > i)
      runs.push_back(
          table->Slice(static_cast<std::int64_t>(i), static_cast<std::int64_t>(end - i)));
    i = std::max(end, i + 1);
  }
  const auto all = arrow::ConcatenateTables(runs);
  if (!all.ok()) return broken(all.status());
  return *all;
}

std::string text_at(const arrow::Table& table, const char* column, std::int64_t row) {
  const auto scalar = table.GetColumnByName(column)->GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : std::string();
}

Result<CardFigures> count_rows(const Assembly& a) {
  CardFigures f;
  f.redone = a.redone;
  f.complete = a.complete;
  for (const std::string& name : a.segments) {
    JAXSMITH_TRY(rows, read_parquet(a.journal + "/segment-" + name + ".parquet",
                                    {"category", "transformation", "split", "inert"}));
    JAXSMITH_TRY(inert, numbers_or_null(*rows, "inert"));
    for (const auto& share : inert) f.inert.add(share);
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
  std::vector<Shards> shards;
  for (std::string_view split : select::kSplits) {
    const auto found = figures.splits.find(std::string(split));
    shards.emplace_back(a, std::string(split), found == figures.splits.end() ? 0 : found->second);
  }
  for (const std::string& name : a.segments) {
    JAXSMITH_TRY(rows, read_parquet(a.journal + "/segment-" + name + ".parquet"));
    std::vector<std::string> splits;
    for (std::int64_t i = 0; i < rows->num_rows(); ++i)
      splits.push_back(text_at(*rows, "split", i));
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
  const auto all = arrow::ConcatenateTables(tables);
  if (!all.ok()) return broken(all.status());
  return write_parquet(a.out + "/rejects.parquet", **all, reject_columns());
}

Result<Json> file_entry(const Assembly& a, const std::string& name, std::uint64_t& bytes) {
  JAXSMITH_TRY(content, read_file(a.out + "/" + name));
  bytes += content.size();
  return Json{{"path", name}, {"bytes", content.size()}, {"xxh3_128", hash128_hex(content)}};
}

}  // namespace

Status assemble_dataset(const Assembly& a) {
  JAXSMITH_TRY(figures, count_rows(a));
  JAXSMITH_CHECK(write_shards(a, figures));
  JAXSMITH_CHECK(write_rejects(a, figures));
  std::vector<std::string> names = {"rejects.parquet"};
  for (const auto& entry : fs::directory_iterator(a.out + "/data"))
    names.push_back("data/" + entry.path().filename().string());
  std::sort(names.begin(), names.end());
  Json files = Json::array();
  for (const std::string& name : names) {
    JAXSMITH_TRY(entry, file_entry(a, name, figures.bytes));
    files.push_back(std::move(entry));
  }
  JAXSMITH_CHECK(write_file(a.out + "/README.md", dataset_card(a.run, figures)));
  Json manifest;
  manifest["complete"] = a.complete;
  manifest["rows"] = figures.rows;
  for (std::string_view split : select::kSplits)
    manifest["splits"][std::string(split)] = figures.splits[std::string(split)];
  for (const auto& [category, splits] : figures.categories) {
    std::uint64_t rows = 0;
    for (const auto& [split, n] : splits) rows += n;
    manifest["categories"][category] = rows;
  }
  manifest["inert"] = {{"rows", figures.inert.rows},
                       {"mean", figures.inert.mean()},
                       {"rows_over_half", figures.inert.share_over_half()}};
  manifest["rejects"] = figures.rejects;
  manifest["redone"] = figures.redone;
  manifest["run"] = Json::parse(a.run_json);
  manifest["files"] = std::move(files);
  return write_file(a.out + "/manifest.json",
                    manifest.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace jaxsmith::store
