// Writes the rows of a dataset's files again, each into the split that it was assigned.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "split/assign.h"
#include "split/corpus.h"
#include "store/card.h"

namespace jaxsmith::split {

// Writes data/*.parquet and rejects.parquet into the folder `out`, which is empty; gives the
// figures for the card. Held in memory are one file at a time, for each split the rows of one file
// that is not full yet, and the sources of what is left out. Errors: a file lacks a column, or is
// no longer what the corpus was read from.
Result<store::CardFigures> rewrite(const Corpus& corpus, const Assignment& assignment,
                                   std::uint64_t rows_per_shard, const std::string& out);

}  // namespace jaxsmith::split
