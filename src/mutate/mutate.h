// A dataset of mutants out of a dataset.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <string>

#include "mutate/writer.h"

namespace jaxsmith::mutate {

// Called by one thread, with how many rows are done, and how many there are to do.
using MutateProgress = std::function<void(std::uint64_t done, std::uint64_t rows)>;

struct MutateRun {
  MutateOptions options;
  std::uint64_t most_rows = std::numeric_limits<std::uint64_t>::max();  // the first ones
  unsigned workers = 1;
  std::string jaxsmith_version;
};

// Of a dataset's folder, or a Parquet file of one, into the folder `out`, which is missing or
// empty. The same for any number of workers. Rows that cannot be read are counted. Nothing of it
// stays after an error, or where `cancel` is set before the end, which is an error as well.
Result<Tally> mutate(const std::string& dataset, const std::string& out, const MutateRun& run,
                     const std::atomic<bool>& cancel, const MutateProgress& progress = {});

}  // namespace jaxsmith::mutate
