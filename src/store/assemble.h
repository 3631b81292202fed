// The final files of a dataset out of its journal.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "store/dataset_writer.h"

namespace jaxsmith::store {

struct Assembly {
  std::string out;                    // an empty folder, for the files
  std::string journal;                // the folder of the segments
  std::vector<std::string> segments;  // names, in order
  RunDescription run;
  std::string run_json;
  std::uint64_t redone = 0;
  bool complete = true;
};

// Writes data/SPLIT-00000-of-0000N.parquet, rejects.parquet, README.md and manifest.json.
Status assemble_dataset(const Assembly& assembly);

}  // namespace jaxsmith::store
