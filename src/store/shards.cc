#include "store/shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/files.h"
#include "store/schema.h"

namespace jaxsmith::store {
namespace {

using TablePtr = std::shared_ptr<arrow::Table>;

Error broken(const arrow::Status& status) {
  return Error::internal("cannot put rows together: " + status.message());
}

}  // namespace

Result<TablePtr> concatenated(const std::vector<TablePtr>& tables) {
  auto all = arrow::ConcatenateTables(tables);
  if (!all.ok()) return broken(all.status());
  return *std::move(all);
}

ShardWriter::ShardWriter(std::string out, std::string split, std::uint64_t rows,
                         std::uint64_t rows_per_shard)
    : out_(std::move(out)),
      split_(std::move(split)),
      rows_per_shard_(rows_per_shard),
      left_(rows),
      count_((rows + rows_per_shard - 1) / rows_per_shard) {}

Status ShardWriter::add(const TablePtr& rows) {
  if (rows->num_rows() == 0) return {};
  waiting_.push_back(rows);
  waiting_rows_ += static_cast<std::uint64_t>(rows->num_rows());
  while (waiting_rows_ >= rows_per_shard_ || (waiting_rows_ > 0 && waiting_rows_ == left_))
    JAXSMITH_CHECK(write(std::min(waiting_rows_, rows_per_shard_)));
  return {};
}

Status ShardWriter::write(std::uint64_t rows) {
  JAXSMITH_TRY(all, concatenated(waiting_));
  const auto n = static_cast<std::int64_t>(rows);
  const std::string path =
      fmt::format("{}/data/{}-{:05}-of-{:05}.parquet", out_, split_, next_++, count_);
  JAXSMITH_CHECK(write_parquet(path, *all->Slice(0, n), sample_columns()));
  waiting_ = {all->Slice(n)};
  waiting_rows_ -= rows;
  left_ -= rows;
  return {};
}

Result<TablePtr> rows_of_split(const TablePtr& table, const std::vector<std::string_view>& splits,
                               std::string_view split) {
  // Of more than one piece CombineChunks makes a copy: one row must not hold its whole table.
  std::vector<TablePtr> runs = {table->Slice(0, 0)};
  for (std::size_t i = 0; i < splits.size();) {
    std::size_t end = i;
    while (end < splits.size() && splits[end] == split) ++end;
    if (end > i)
      runs.push_back(
          table->Slice(static_cast<std::int64_t>(i), static_cast<std::int64_t>(end - i)));
    i = std::max(end, i + 1);
  }
  JAXSMITH_TRY(all, concatenated(runs));
  if (runs.size() == 1) return all;
  auto combined = all->CombineChunks();
  if (!combined.ok()) return broken(combined.status());
  return *std::move(combined);
}

}  // namespace jaxsmith::store
