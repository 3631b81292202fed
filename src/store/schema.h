// The columns of a dataset, in one place: the writer, the dataset card and docs/schema.md are made
// from it.
#pragma once

#include <arrow/api.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "check/sample.h"
#include "store/dataset_writer.h"

namespace jaxsmith::store {

struct Column {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  bool dictionary;  // few distinct values: Parquet's dictionary encoding pays
  std::string description;
};

std::span<const Column> sample_columns();
std::span<const Column> reject_columns();
std::shared_ptr<arrow::Schema> schema_of(std::span<const Column> columns);

// Rows in order, one array a column.
Result<std::shared_ptr<arrow::Table>> sample_table(const std::vector<check::Sample>& samples,
                                                   const RunDescription& run);
Result<std::shared_ptr<arrow::Table>> reject_table(const std::vector<check::Reject>& rejects);

// "| column | type | what it holds |" for documentation.
std::string markdown_table(std::span<const Column> columns);

}  // namespace jaxsmith::store
