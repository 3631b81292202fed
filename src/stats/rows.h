// Goes through the rows of a dataset: what is computed of each row by itself, on several threads,
// and what is done with that, in the rows' order.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "store/dataset_reader.h"

namespace jaxsmith::stats {

// `read(row)` gives some Facts; `take(facts)` gets them.
template <class Facts, class Read, class Take>
Status for_rows(const std::string& path, unsigned workers, Read read, Take take) {
  constexpr std::size_t kAtOnce = 512;
  JAXSMITH_TRY(reader, store::DatasetReader::open(path, /*described=*/true));
  for (auto rows = reader.next(kAtOnce); !rows.empty(); rows = reader.next(kAtOnce)) {
    std::vector<Facts> facts(rows.size());
    JAXSMITH_CHECK(parallel_for(rows.size(), workers, [&](std::size_t i) -> Status {
      facts[i] = read(rows[i]);
      return {};
    }));
    for (Facts& each : facts) take(std::move(each));
  }
  return {};
}

}  // namespace jaxsmith::stats
