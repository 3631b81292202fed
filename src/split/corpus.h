// What splitting goes by, of every row of a dataset, without its texts and arrays.
//
//   JAXSMITH_TRY(corpus, read_corpus("dataset", "captured", 2));  // rows in the order of the files
//
// Memory: a row has 8 bytes for each window of its operations, 4 for each pair, operation and shape
// of it, and 150 besides: some 700 bytes for a row of fifty operations, 700 MB for a million rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ir/common/windows.h"
#include "trace/outcome.h"

namespace jaxsmith::split {

// Words and their numbers, by first use.
class Names {
 public:
  std::uint32_t number(const std::string& name);
  const std::string& operator[](std::uint32_t number) const { return names_[number]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> names_;
};

using Numbers = std::vector<std::uint32_t>;  // sorted, each once

struct CorpusRow {
  ir::Windows windows;
  Numbers operations;  // of its jaxpr, wrappers left out (ir::Flow)
  Numbers pairs;       // of an operation and one that takes its result
  Numbers shapes;      // of what its jaxpr takes and gives anywhere, single numbers left out
  std::uint32_t family = 0, structure = 0;
  std::uint64_t rank = 0;      // a digest of the id: an order that has to do with nothing else
  std::int64_t equations = 0;  // the column
  bool real = false;           // of the captured dataset
  std::optional<trace::Reason> left;  // it takes no part: its jaxpr is not read, nobody wrote it
};

struct Corpus {
  std::vector<CorpusRow> rows;  // the dataset's, then those of the captured one
  Names families, structures, operations, pairs, shapes;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pair_operations;  // of each pair
  std::vector<std::string> files;                                        // of both datasets

  // "add > sin"; "8,3".
  std::uint32_t pair(const std::string& from, const std::string& to);
};

// `real`: a dataset of captured functions, or empty. Of it rows that nobody wrote take no part
// (stats::is_written). Errors: a dataset, or a row of it, cannot be read.
Result<Corpus> read_corpus(const std::string& dataset, const std::string& real, unsigned workers);

}  // namespace jaxsmith::split
