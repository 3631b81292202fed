#include "split/leakage.h"

#include <vector>

#include "stats/neighbours.h"

namespace jaxsmith::split {

using check::Split;

std::map<Split, Leakage> leakage_of(const Corpus& corpus, const Assignment& assignment) {
  std::map<Split, Leakage> out;
  for (std::size_t s = 1; s < kWords<Split>.size(); ++s) out[static_cast<Split>(s)] = {};
  std::vector<std::size_t> rows;
  std::vector<stats::Function> functions;
  std::vector<bool> trained(corpus.structures.size(), false);
  for (std::size_t i = 0; i < corpus.rows.size(); ++i) {
    const auto& split = assignment.places[i].split;
    if (!split) continue;
    const CorpusRow& row = corpus.rows[i];
    const bool trains = split == Split::kTrain;
    rows.push_back(i);
    functions.push_back({row.windows, corpus.families[row.family], trains});
    if (trains) trained[row.structure] = true;
  }
  const stats::Neighbours found = stats::neighbours_of(functions);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const Split split = *assignment.places[rows[k]].split;
    if (split == Split::kTrain) continue;
    Leakage& of = out[split];
    ++of.rows;
    of.structure += trained[corpus.rows[rows[k]].structure];
    for (std::size_t from = 0; from < kLeakageFrom.size(); ++from)
      of.near[from] += found.nearest[k].training >= kLeakageFrom[from];
  }
  return out;
}

}  // namespace jaxsmith::split
