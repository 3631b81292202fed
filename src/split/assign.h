// Where each row of a dataset stands: near-duplicates are thinned, then whole clusters go to one
// split each, and what training must not have goes to test splits of its own.
//
//   const Assignment a = assign(corpus, options);
//   a.places[i].split      // nothing where the row is left out, and then a.places[i].left says why
//
// A cluster is what can be reached by steps from a row to another of its family, of its structure,
// or near it (options.neighbours) and of another family. All of a cluster that is kept stands in
// one split. The assignment depends on the rows alone, not on their order.
//
// 1. Rows near one of the captured dataset are left out.
// 2. Groups of near-duplicates of several families are thinned: all but the rows of one family are
//    near-duplicates, of which a drawn part stays, at most options.share of the rows then.
// 3. A cluster of more than a hundredth of the rows (and more than ten) trains.
// 4. Of the others those go to test_longer that have a row of more equations than a bound, those to
//    test_unseen_ops that have a drawn pair of operations, those to test_unseen_shapes that have a
//    drawn shape: each time the bound, pairs or shapes for which these are at most options.held_out
//    of the rows. Pairs and shapes of a cluster that trains are not drawn.
// 5. What is left is drawn by the cluster's least window of operations, with the shares of
// select/select.h.
// 6. Rows of the special splits that do not have what these are about are left out, and so are rows
//    of step 3 that are longer than the bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/sample.h"
#include "split/corpus.h"
#include "trace/outcome.h"

namespace jaxsmith::split {

struct SplitOptions {
  double neighbours = 0.8;  // Jaccard's index from which rows are near: kLeastIndex to 1
  double share = 1;         // of near-duplicates among the rows once they are thinned, at most
  double held_out = 0.02;   // of the rows, for each special test split, at most
};

struct Place {
  std::optional<check::Split> split;
  std::optional<trace::Reason> left;
};

struct Assignment {
  std::vector<Place> places;           // of each row
  std::vector<std::uint32_t> cluster;  // of each row that is kept, the same number for one cluster
  // What training never has, though it has both operations of each pair.
  Numbers pairs, shapes;
  std::int64_t longest = 0;                 // most equations of a row that trains
  std::uint64_t clusters = 0, largest = 0;  // how many, and rows of the largest
};

Assignment assign(const Corpus& corpus, const SplitOptions& options);

}  // namespace jaxsmith::split
