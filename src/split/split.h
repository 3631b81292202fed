// A dataset made into another with splits by cluster, near-duplicates thinned, test splits of what
// training lacks, and figures on what leaks.
//
//   JAXSMITH_TRY(summary, split_dataset({.dataset = "dataset", .out = "split"}));
//
// The rows' texts and arrays are read twice and never held together; what is held of each row is
// said in split/corpus.h, stats/neighbours.h and split/rewrite.h: about 1.5 kB. The same dataset
// and options give the same bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "check/sample.h"
#include "split/assign.h"
#include "split/leakage.h"
#include "store/card.h"

namespace jaxsmith::split {

struct SplitRequest {
  std::string dataset, out;  // folders
  std::string real = {};     // a captured dataset, for test_real; or empty
  SplitOptions options = {};
  std::uint64_t rows_per_shard = 2500;
  unsigned workers = 1;
  bool resume = false;  // goes on where an interrupted run with the same options ended
};

struct SplitSummary {
  store::CardFigures figures;
  std::map<check::Split, Leakage> leakage;
  std::uint64_t clusters = 0, largest = 0;
  bool was_complete = false;  // nothing was left to do, and there are no figures
};

// Errors: a dataset cannot be read or is not whole; the output folder holds anything else; an
// option makes no sense. Then nothing is left in the output folder.
Result<SplitSummary> split_dataset(const SplitRequest& request);

}  // namespace jaxsmith::split
