// Rows of a dataset, read back for whoever checks or grades texts.
//
//   JAXSMITH_TRY(rows, DatasetReader::open("dataset"));
//   while (true) { JAXSMITH_TRY(row, rows.next()); if (!row) break; … }
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "tensor/tensor.h"

namespace jaxsmith {

struct DatasetRow {
  std::string id, origin, category;
  std::map<std::string, std::string> levels;  // those that it has
  std::vector<Tensor> constants, inputs, outputs;
  std::vector<std::int64_t> kept_arguments;  // those that StableHLO and HLO have
  std::int64_t equations = 0, devices = 1;
  bool x64 = false;
};

class DatasetReader {
 public:
  // A folder with data/*.parquet, or a Parquet file of a dataset.
  static Result<DatasetReader> open(const std::string& path);
  std::int64_t rows() const { return rows_; }
  // In the order of the files; nothing after the last one.
  Result<std::optional<DatasetRow>> next();

 private:
  std::vector<std::string> files_;
  std::int64_t rows_ = 0;
  std::size_t file_ = 0;
  std::vector<DatasetRow> waiting_;  // of the row group being read, the last one first
  int group_ = 0;
};

}  // namespace jaxsmith
