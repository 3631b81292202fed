// Rows of a dataset, read back for whoever checks or grades texts.
//
//   JAXSMITH_TRY(rows, DatasetReader::open("dataset"));
//   while (auto row = rows.next()) { if (!row->problem.empty()) …; … }
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "check/sample.h"
#include "ir/common/program.h"
#include "levels/levels.h"
#include "tensor/tensor.h"

namespace jaxsmith::store {

// What a row says of its function besides its texts and its case. Of what a dataset has no column,
// or a row null, nothing.
struct Description {
  std::string source, entry, callable, family, transformation, split, structure;
  std::int64_t member = 0;
  std::map<level::Level, ir::OpCounts> op_counts;
};

struct DatasetRow {
  std::string place;    // "dataset/data/train-00000-of-00001.parquet: row 3", from 0
  std::string problem;  // why there is no more of it than perhaps the id; empty where all is well
  std::string id, origin, category;
  level::Texts levels;  // those that it has
  std::vector<tensor::Tensor> constants, inputs, outputs;
  std::vector<check::Case> further_cases;    // none in a dataset older than these
  std::vector<std::int64_t> kept_arguments;  // those that StableHLO and HLO have
  std::int64_t equations = 0, devices = 1;
  bool x64 = false;
  Description description;  // where it was asked for
};

class DatasetReader {
 public:
  // A dataset's folder, or a Parquet file of a dataset. Of a folder with a manifest the files that
  // that names, otherwise data/*.parquet. An error where nothing of it can be read.
  static Result<DatasetReader> open(const std::string& path, bool described = false);
  std::int64_t rows() const { return rows_; }
  const std::vector<std::string>& files() const { return files_; }  // in the order of the rows
  // In the order of the files; nothing after the last one. What cannot be read, a row, or all of a
  // file or of a row group, comes as a row with a `problem`. An array's bytes are as many as its
  // type and shape have.
  std::optional<DatasetRow> next();
  // The next rows, so many at most; none after the last one.
  std::vector<DatasetRow> next(std::size_t most);

 private:
  void read_group();

  std::vector<std::string> files_;
  std::int64_t rows_ = 0;
  std::size_t file_ = 0;
  std::vector<DatasetRow> waiting_;  // of the row group being read, the last one first
  bool described_ = false;
  int group_ = 0;
  std::int64_t row_ = 0;  // of the file, with which the row group begins
};

}  // namespace jaxsmith::store
