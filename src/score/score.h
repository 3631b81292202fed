// Grades the predictions of a model against a dataset.
#pragma once

#include <functional>
#include <vector>

#include "score/totals.h"

namespace jaxsmith::score {

// Called now and then, by one thread at a time, with how many predictions are graded.
using ScoreProgress = std::function<void(std::size_t done)>;

// In the order of the predictions; the same for any number of workers. Errors: a prediction's id is
// not in the dataset, or of two rows; its row does not have the level.
Result<std::vector<Graded>> score(std::vector<Prediction> predictions, store::DatasetReader dataset,
                                  const ScoreOptions& options, unsigned workers,
                                  const ScoreProgress& progress = {});

// A row a prediction, as Parquet; there whole or not at all.
Status write_results(const std::string& path, const std::vector<Graded>& graded);

}  // namespace jaxsmith::score
