// The Parquet files of one split, of equal size: OUT/data/SPLIT-00000-of-0000N.parquet.
//
//   ShardWriter shards(out, "train", rows, 2500);           // so many rows are to come
//   JAXSMITH_TRY(part, rows_of_split(table, splits, "train"));
//   JAXSMITH_CHECK(shards.add(part));                       // table by table, in order
//
// The bytes depend on the rows and their order alone. Held in memory: the rows of one file.
#pragma once

#include <arrow/api.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace jaxsmith::store {

class ShardWriter {
 public:
  // OUT/data is there. `rows`: all that will be added.
  ShardWriter(std::string out, std::string split, std::uint64_t rows, std::uint64_t rows_per_shard);
  // Columns as sample_columns() has them.
  Status add(const std::shared_ptr<arrow::Table>& rows);

 private:
  Status write(std::uint64_t rows);

  std::string out_, split_;
  std::uint64_t rows_per_shard_, left_, count_ = 0, next_ = 0, waiting_rows_ = 0;
  std::vector<std::shared_ptr<arrow::Table>> waiting_;
};

// Tables of the same columns, one after another.
Result<std::shared_ptr<arrow::Table>> concatenated(
    const std::vector<std::shared_ptr<arrow::Table>>& tables);

// The rows that stand in the split, by `splits` of each row, put together in memory of their own:
// the table may go.
Result<std::shared_ptr<arrow::Table>> rows_of_split(const std::shared_ptr<arrow::Table>& table,
                                                    const std::vector<std::string_view>& splits,
                                                    std::string_view split);

}  // namespace jaxsmith::store
