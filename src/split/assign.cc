#include "split/assign.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "base/disjoint_sets.h"
#include "base/hash.h"
#include "check/sample.h"
#include "select/select.h"
#include "stats/neighbours.h"

namespace jaxsmith::split {
namespace {

using check::Split;

constexpr std::uint32_t kNone = UINT32_MAX;
// A pair or a shape takes at most this part of what its split may have: it is to have several.
constexpr std::uint64_t kPart = 4;

// Cluster by cluster, under the number of its first row.
struct Clusters {
  std::vector<std::uint32_t> of;    // of each row; kNone of one that takes no part
  std::vector<std::uint64_t> size;  // 0 where no cluster has this number
  std::vector<bool> large;
  std::vector<std::optional<Split>> side;
};

bool takes_part(const Corpus& corpus, const Assignment& a, std::size_t i) {
  return !a.places[i].left && !corpus.rows[i].real;
}

// Rows that may stay or go, with what neighbours_of says of them: groups[i] is the number of a row
// of the same group, kNone where i was not measured.
std::vector<std::uint32_t> measure(const Corpus& corpus, double link, Assignment& a) {
  std::vector<std::string> families;
  std::vector<std::uint32_t> rows;
  std::vector<stats::Function> functions;
  for (std::uint32_t i = 0; i < corpus.rows.size(); ++i) {
    const CorpusRow& row = corpus.rows[i];
    if (row.left) continue;
    rows.push_back(i);
    functions.push_back({row.windows, corpus.families[row.family], row.real});
  }
  const stats::Neighbours found = stats::neighbours_of(functions, link);
  std::vector<std::uint32_t> groups(corpus.rows.size(), kNone);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    groups[rows[k]] = rows[found.cluster[k]];
    if (!corpus.rows[rows[k]].real && found.nearest[k].training >= link)
      a.places[rows[k]].left = trace::Reason::kNearReal;
  }
  return groups;
}

// How many near-duplicates may stay beside so many other rows.
std::uint64_t duplicates_beside(std::uint64_t others, double share) {
  if (share >= 1) return UINT64_MAX;
  const auto n = static_cast<double>(others);
  auto out = static_cast<std::uint64_t>(share * n / (1 - share));
  while (out > 0 && static_cast<double>(out) > share * (n + static_cast<double>(out))) --out;
  return out;
}

void thin(const Corpus& corpus, const std::vector<std::uint32_t>& groups, double share,
          Assignment& a) {
  const auto rank = [&](std::uint32_t i) { return std::pair(corpus.rows[i].rank, i); };
  std::map<std::uint32_t, std::uint32_t> first;  // of each group, by rank
  std::uint64_t rows = 0;
  for (std::uint32_t i = 0; i < corpus.rows.size(); ++i) {
    if (!takes_part(corpus, a, i)) continue;
    ++rows;
    const auto [at, added] = first.emplace(groups[i], i);
    if (!added && rank(i) < rank(at->second)) at->second = i;
  }
  std::vector<std::uint32_t> duplicates;
  for (std::uint32_t i = 0; i < corpus.rows.size(); ++i)
    if (takes_part(corpus, a, i) &&
        corpus.rows[first.at(groups[i])].family != corpus.rows[i].family)
      duplicates.push_back(i);
  std::sort(duplicates.begin(), duplicates.end(),
            [&](std::uint32_t x, std::uint32_t y) { return rank(x) < rank(y); });
  const std::uint64_t stay = duplicates_beside(rows - duplicates.size(), share);
  for (std::size_t k = stay; k < duplicates.size(); ++k)
    a.places[duplicates[k]].left = trace::Reason::kNearDuplicate;
}

Clusters clusters_of(const Corpus& corpus, const std::vector<std::uint32_t>& groups,
                     Assignment& a) {
  const std::size_t n = corpus.rows.size();
  DisjointSets sets(n);
  std::vector<std::uint32_t> group(n, kNone), family(corpus.families.size(), kNone),
      structure(corpus.structures.size(), kNone);
  const auto meet = [&](std::uint32_t& first, std::uint32_t i) {
    if (first == kNone) first = i;
    sets.join(first, i);
  };
  std::uint64_t rows = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (!takes_part(corpus, a, i)) continue;
    ++rows;
    meet(group[groups[i]], i);
    meet(family[corpus.rows[i].family], i);
    meet(structure[corpus.rows[i].structure], i);
  }
  Clusters out{std::vector<std::uint32_t>(n, kNone), std::vector<std::uint64_t>(n, 0),
               std::vector<bool>(n, false), std::vector<std::optional<Split>>(n)};
  for (std::uint32_t i = 0; i < n; ++i) {
    if (!takes_part(corpus, a, i)) continue;
    out.of[i] = static_cast<std::uint32_t>(sets.root(i));
    ++out.size[out.of[i]];
  }
  const std::uint64_t most = std::max<std::uint64_t>(10, rows / 100);
  for (std::uint32_t c = 0; c < n; ++c) {
    out.large[c] = out.size[c] > most;
    if (out.large[c]) out.side[c] = Split::kTrain;
    a.clusters += out.size[c] > 0;
    a.largest = std::max(a.largest, out.size[c]);
  }
  return out;
}

// The bound above which rows are held out: clusters go to test_longer.
std::int64_t hold_out_longer(const Corpus& corpus, std::uint64_t most, Clusters& clusters) {
  std::vector<std::int64_t> longest(clusters.size.size(), INT64_MIN);
  std::map<std::int64_t, std::uint64_t, std::greater<>> cost;  // rows held out or lost by a bound
  for (std::size_t i = 0; i < corpus.rows.size(); ++i) {
    const std::uint32_t c = clusters.of[i];
    if (c == kNone) continue;
    const std::int64_t n = corpus.rows[i].equations;
    if (clusters.large[c]) ++cost[n];
    longest[c] = std::max(longest[c], n);
  }
  for (std::size_t c = 0; c < longest.size(); ++c)
    if (clusters.size[c] > 0 && !clusters.large[c]) cost[longest[c]] += clusters.size[c];
  std::uint64_t taken = 0;
  std::int64_t bound = INT64_MIN;
  for (const auto& [equations, rows] : cost) {
    bound = equations;
    taken += rows;
    if (taken > most) break;
  }
  for (std::size_t c = 0; c < longest.size(); ++c)
    if (clusters.size[c] > 0 && !clusters.large[c] && longest[c] > bound)
      clusters.side[c] = Split::kTestLonger;
  return bound;
}

// What rows have, and the clusters with it that are not held out yet, in order.
std::vector<Numbers> holders_of(const Corpus& corpus, const Clusters& clusters,
                                Numbers CorpusRow::* what, std::size_t names) {
  std::vector<Numbers> out(names);
  for (std::size_t i = 0; i < corpus.rows.size(); ++i) {
    const std::uint32_t c = clusters.of[i];
    if (c == kNone || (clusters.side[c] && clusters.side[c] != Split::kTrain)) continue;
    for (const std::uint32_t item : corpus.rows[i].*what) out[item].push_back(c);
  }
  for (Numbers& holders : out) {
    std::sort(holders.begin(), holders.end());
    holders.erase(std::unique(holders.begin(), holders.end()), holders.end());
  }
  return out;
}

// Draws items (of those that `may` be) whose clusters are together at most so many rows, those of
// several clusters first: what one cluster alone has would be unseen anyway. They go to `side`.
template <class May>
Numbers hold_out(const std::vector<Numbers>& holders, const Names& names, May may, Split side,
                 std::uint64_t most, Clusters& clusters) {
  std::vector<std::tuple<bool, std::uint64_t, std::uint32_t>> order;
  for (std::uint32_t item = 0; item < holders.size(); ++item) {
    const Numbers& of = holders[item];
    const auto large = [&](std::uint32_t c) { return clusters.large[c]; };
    if (of.empty() || std::any_of(of.begin(), of.end(), large) || !may(item)) continue;
    order.emplace_back(of.size() == 1, hash64(names[item]), item);
  }
  std::sort(order.begin(), order.end());
  Numbers out;
  std::uint64_t taken = 0;
  for (const auto& [single, rank, item] : order) {
    std::uint64_t rows = 0;
    for (const std::uint32_t c : holders[item])
      if (!clusters.side[c]) rows += clusters.size[c];
    if (taken + rows > most || rows > std::max<std::uint64_t>(1, most / kPart)) continue;
    taken += rows;
    for (const std::uint32_t c : holders[item]) clusters.side[c] = side;
    out.push_back(item);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Clusters without a side, by the least of their windows, as a family by that of its root.
void draw_rest(const Corpus& corpus, Clusters& clusters) {
  std::vector<std::string> least(clusters.size.size());
  for (std::size_t i = 0; i < corpus.rows.size(); ++i) {
    const std::uint32_t c = clusters.of[i];
    if (c == kNone) continue;
    const ir::Windows& windows = corpus.rows[i].windows;
    const std::string kinship =
        windows.empty() ? corpus.structures[corpus.rows[i].structure] : check::kinship_of(windows);
    if (least[c].empty() || kinship < least[c]) least[c] = kinship;
  }
  for (std::size_t c = 0; c < least.size(); ++c)
    if (!least[c].empty() && !clusters.side[c]) clusters.side[c] = select::split_of(least[c]);
}

bool have_common(const Numbers& a, const Numbers& b) {
  for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    if (a[i] == b[k]) return true;
    a[i] < b[k] ? ++i : ++k;
  }
  return false;
}

// Gives rows the sides of their clusters, but for those that do not belong there.
void place(const Corpus& corpus, const Clusters& clusters, std::int64_t bound, Assignment& a) {
  std::vector<bool> trained(corpus.operations.size(), false);
  for (std::size_t i = 0; i < corpus.rows.size(); ++i) {
    const std::uint32_t c = clusters.of[i];
    if (c == kNone || clusters.side[c] != Split::kTrain || corpus.rows[i].equations > bound)
      continue;
    a.longest = std::max(a.longest, corpus.rows[i].equations);
    for (const std::uint32_t op : corpus.rows[i].operations) trained[op] = true;
  }
  std::erase_if(a.pairs, [&](std::uint32_t pair) {
    const auto& [from, to] = corpus.pair_operations[pair];
    return !trained[from] || !trained[to];
  });
  for (std::size_t i = 0; i < corpus.rows.size(); ++i) {
    const CorpusRow& row = corpus.rows[i];
    if (row.real && !row.left) a.places[i].split = Split::kTestReal;
    if (clusters.of[i] == kNone) continue;
    const Split side = *clusters.side[clusters.of[i]];
    const bool belongs = side == Split::kTestLonger         ? row.equations > bound
                         : side == Split::kTestUnseenOps    ? have_common(row.pairs, a.pairs)
                         : side == Split::kTestUnseenShapes ? have_common(row.shapes, a.shapes)
                                                            : row.equations <= bound;
    if (belongs)
      a.places[i].split = side;
    else
      a.places[i].left = trace::Reason::kHeldOut;
  }
}

}  // namespace

Assignment assign(const Corpus& corpus, const SplitOptions& options) {
  Assignment a;
  a.places.resize(corpus.rows.size());
  for (std::size_t i = 0; i < corpus.rows.size(); ++i) a.places[i].left = corpus.rows[i].left;
  const auto groups = measure(corpus, options.neighbours, a);
  thin(corpus, groups, options.share, a);
  Clusters clusters = clusters_of(corpus, groups, a);
  std::uint64_t rows = 0;
  for (const std::uint64_t size : clusters.size) rows += size;
  const auto most = static_cast<std::uint64_t>(options.held_out * static_cast<double>(rows));
  const std::int64_t bound = hold_out_longer(corpus, most, clusters);
  const auto operations =
      holders_of(corpus, clusters, &CorpusRow::operations, corpus.operations.size());
  const auto pairs = holders_of(corpus, clusters, &CorpusRow::pairs, corpus.pairs.size());
  // Training must know the operations from elsewhere.
  const auto known = [&](std::uint32_t pair) {
    const auto& [from, to] = corpus.pair_operations[pair];
    const std::size_t without = pairs[pair].size();
    return operations[from].size() > without && operations[to].size() > without;
  };
  a.pairs = hold_out(pairs, corpus.pairs, known, Split::kTestUnseenOps, most, clusters);
  const auto shapes = holders_of(corpus, clusters, &CorpusRow::shapes, corpus.shapes.size());
  const auto any = [](std::uint32_t) { return true; };
  a.shapes = hold_out(shapes, corpus.shapes, any, Split::kTestUnseenShapes, most, clusters);
  draw_rest(corpus, clusters);
  place(corpus, clusters, bound, a);
  a.cluster = std::move(clusters.of);
  return a;
}

}  // namespace jaxsmith::split
