// What splitting promises, over many made-up datasets, held against what can be counted plainly.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/disjoint_sets.h"
#include "base/hash.h"
#include "base/random.h"
#include "ir/common/windows.h"
#include "split/assign.h"
#include "split/leakage.h"
#include "stats/neighbours.h"

namespace jaxsmith::split {

using check::Split;

namespace {

using Words = std::vector<std::string>;

// A function as a chain of operations.
struct MadeUp {
  std::string id, family;
  Words operations;
  std::string shape;
  bool real = false;
};

// Families of up to three members; every second begins as an earlier one with a change, so that
// clusters of many families come about.
std::vector<MadeUp> functions(std::uint64_t seed, std::size_t families) {
  Random random(seed, 1);
  std::vector<MadeUp> out;
  std::vector<Words> roots;
  for (std::size_t f = 0; f < families; ++f) {
    Words root;
    if (f > 0 && random.chance(0.5)) {
      root = roots[random.below(roots.size())];
      const std::size_t at = random.chance(0.5) ? root.size() - 1 : random.below(root.size());
      root[at] = "op" + std::to_string(random.below(60));
    } else {
      const std::size_t length = 4 + random.below(40);
      while (root.size() < length) root.push_back("op" + std::to_string(random.below(60)));
    }
    const std::size_t members = 1 + random.below(3);
    for (std::size_t m = 0; m < members; ++m) {
      MadeUp one{std::to_string(seed) + "-" + std::to_string(f) + "-" + std::to_string(m),
                 "family " + std::to_string(f), root,
                 std::to_string(2 + random.below(20)) + "," + std::to_string(2 + random.below(20)),
                 false};
      if (m == 2)  // a derivative: more of it
        for (std::size_t i = 0; i < 6; ++i)
          one.operations.push_back("op" + std::to_string(random.below(60)));
      out.push_back(std::move(one));
    }
    roots.push_back(std::move(root));
  }
  return out;
}

void add(Corpus& corpus, const MadeUp& f) {
  CorpusRow row;
  row.windows = ir::windows_of(f.operations);
  const auto put = [](Numbers& numbers, std::uint32_t n) {
    const auto at = std::lower_bound(numbers.begin(), numbers.end(), n);
    if (at == numbers.end() || *at != n) numbers.insert(at, n);
  };
  std::string all;
  for (std::size_t i = 0; i < f.operations.size(); ++i) {
    put(row.operations, corpus.operations.number(f.operations[i]));
    if (i > 0) put(row.pairs, corpus.pair(f.operations[i - 1], f.operations[i]));
    all += f.operations[i] + " ";
  }
  put(row.shapes, corpus.shapes.number(f.shape));
  row.family = corpus.families.number(f.family);
  row.structure = corpus.structures.number(hash128_hex(all));
  row.rank = hash64(f.id);
  row.equations = static_cast<std::int64_t>(f.operations.size());
  row.real = f.real;
  corpus.rows.push_back(std::move(row));
}

Corpus corpus_of(const std::vector<MadeUp>& all) {
  Corpus out;
  for (const MadeUp& f : all) add(out, f);
  return out;
}

bool near(const Corpus& c, std::size_t i, std::size_t k, double least) {
  return ir::jaccard(c.rows[i].windows, c.rows[k].windows) >= least;
}

bool has_any(const Numbers& of, const Numbers& wanted) {
  return std::any_of(of.begin(), of.end(), [&](std::uint32_t n) {
    return std::binary_search(wanted.begin(), wanted.end(), n);
  });
}

std::vector<std::size_t> rows_in(const Assignment& a, Split split) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < a.places.size(); ++i)
    if (a.places[i].split == split) out.push_back(i);
  return out;
}

struct Case {
  Corpus corpus;
  SplitOptions options;
  Assignment a;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Case one;
    auto all = functions(seed, 40 + 40 * seed);
    if (seed % 2 == 1)
      for (std::size_t i = 0; i < 10; ++i) {
        MadeUp& real = all[all.size() - 1 - 3 * i];
        real.real = true;
        real.family = "real " + real.id;
      }
    one.corpus = corpus_of(all);
    one.options = {seed % 3 == 0 ? 0.6 : 0.8, seed % 4 == 0 ? 1.0 : 0.05, 0.06};
    one.a = assign(one.corpus, one.options);
    out.push_back(std::move(one));
  }
  return out;
}

TEST(DisjointSets, TheLeastOfWhatIsJoinedStandsForAll) {
  Random random(1, 2);
  for (int round = 0; round < 50; ++round) {
    const std::size_t n = 1 + random.below(60);
    DisjointSets sets(n);
    std::vector<std::size_t> least(n);  // by painting over
    for (std::size_t i = 0; i < n; ++i) least[i] = i;
    for (std::size_t step = 0; step < n; ++step) {
      const std::size_t a = random.below(n);
      const std::size_t b = random.below(n);
      sets.join(a, b);
      const auto [low, high] = std::minmax(least[a], least[b]);
      const std::size_t from = high, to = low;
      std::replace(least.begin(), least.end(), from, to);
    }
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(sets.root(i), least[i]);
  }
}

TEST(Neighbours, AreThoseOfAllPairs) {
  for (const double link : {0.5, 0.8, 1.0}) {
    const Corpus c = corpus_of(functions(17, 150));
    std::vector<stats::Function> all;
    for (std::size_t i = 0; i < c.rows.size(); ++i)
      all.push_back({c.rows[i].windows, c.families[c.rows[i].family], i % 3 == 0});
    const stats::Neighbours found = stats::neighbours_of(all, link);
    DisjointSets sets(all.size());
    double nearest_of_all = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      stats::Nearest nearest;
      for (std::size_t k = 0; k < all.size(); ++k) {
        if (all[i].family == all[k].family) continue;
        const double index = ir::jaccard(all[i].windows, all[k].windows);
        if (index >= link) sets.join(i, k);
        if (index < stats::kLeastIndex) continue;
        nearest.any = std::max(nearest.any, index);
        if (all[k].trains) nearest.training = std::max(nearest.training, index);
      }
      EXPECT_EQ(found.nearest[i].any, nearest.any);
      EXPECT_EQ(found.nearest[i].training, nearest.training);
      nearest_of_all = std::max(nearest_of_all, nearest.any);
    }
    EXPECT_GE(nearest_of_all, 0.8);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(found.cluster[i], sets.root(i));
  }
}

TEST(Split, NothingNearStandsOnTwoSides) {
  std::set<Split> used;
  for (const Case& t : cases()) {
    for (std::size_t i = 0; i < t.corpus.rows.size(); ++i) {
      if (!t.a.places[i].split) continue;
      used.insert(*t.a.places[i].split);
      for (std::size_t k = 0; k < i; ++k) {
        if (!t.a.places[k].split || t.a.places[i].split == t.a.places[k].split) continue;
        const CorpusRow &x = t.corpus.rows[i], &y = t.corpus.rows[k];
        EXPECT_NE(x.family, y.family);
        EXPECT_NE(x.structure, y.structure);
        EXPECT_FALSE(near(t.corpus, i, k, t.options.neighbours));
        EXPECT_TRUE(t.a.cluster[i] != t.a.cluster[k] || x.real || y.real);
      }
    }
  }
  EXPECT_EQ(used.size(), kWords<Split>.size());
}

TEST(Split, EveryRowStandsSomewhereOrIsLeftForAReason) {
  for (const Case& t : cases()) {
    for (std::size_t i = 0; i < t.corpus.rows.size(); ++i) {
      EXPECT_NE(t.a.places[i].split.has_value(), t.a.places[i].left.has_value());
      EXPECT_EQ(t.a.places[i].split == Split::kTestReal, t.corpus.rows[i].real);
    }
    EXPECT_GT(rows_in(t.a, Split::kTrain).size(), t.corpus.rows.size() / 3);
  }
}

TEST(Split, TrainingLacksWhatTheSpecialSplitsAreAbout) {
  for (const Case& t : cases()) {
    Numbers operations, pairs, shapes;
    std::int64_t longest = 0;
    for (const std::size_t i : rows_in(t.a, Split::kTrain)) {
      const CorpusRow& row = t.corpus.rows[i];
      operations.insert(operations.end(), row.operations.begin(), row.operations.end());
      pairs.insert(pairs.end(), row.pairs.begin(), row.pairs.end());
      shapes.insert(shapes.end(), row.shapes.begin(), row.shapes.end());
      longest = std::max(longest, row.equations);
    }
    for (Numbers* numbers : {&operations, &pairs, &shapes})
      std::sort(numbers->begin(), numbers->end());
    EXPECT_EQ(t.a.longest, longest);
    EXPECT_FALSE(has_any(t.a.pairs, pairs));
    EXPECT_FALSE(has_any(t.a.shapes, shapes));
    for (const std::uint32_t pair : t.a.pairs) {
      const auto& [from, to] = t.corpus.pair_operations[pair];
      EXPECT_TRUE(has_any({from}, operations) && has_any({to}, operations));
    }
    for (const std::size_t i : rows_in(t.a, Split::kTestUnseenOps))
      EXPECT_TRUE(has_any(t.corpus.rows[i].pairs, t.a.pairs));
    for (const std::size_t i : rows_in(t.a, Split::kTestUnseenShapes))
      EXPECT_TRUE(has_any(t.corpus.rows[i].shapes, t.a.shapes));
    for (const std::size_t i : rows_in(t.a, Split::kTestLonger))
      EXPECT_GT(t.corpus.rows[i].equations, longest);
    for (const Split split : {Split::kTestUnseenOps, Split::kTestLonger, Split::kTestUnseenShapes})
      EXPECT_LE(static_cast<double>(rows_in(t.a, split).size()),
                t.options.held_out * static_cast<double>(t.corpus.rows.size()));
  }
}

// Beside the family that has most rows of it, the rows of each group of near rows.
double near_duplicates(const Corpus& c, const Assignment& a, double least) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < c.rows.size(); ++i)
    if (!c.rows[i].real && a.places[i].left != trace::Reason::kNearDuplicate &&
        a.places[i].left != trace::Reason::kNearReal)
      rows.push_back(i);
  DisjointSets sets(c.rows.size());
  for (const std::size_t i : rows)
    for (const std::size_t k : rows)
      if (c.rows[i].family != c.rows[k].family && near(c, i, k, least)) sets.join(i, k);
  std::map<std::size_t, std::map<std::uint32_t, std::size_t>> groups;
  for (const std::size_t i : rows) ++groups[sets.root(i)][c.rows[i].family];
  std::size_t out = 0;
  for (const auto& [root, families] : groups) {
    std::size_t all = 0, most = 0;
    for (const auto& [family, n] : families) {
      all += n;
      most = std::max(most, n);
    }
    out += all - most;
  }
  return static_cast<double>(out) / static_cast<double>(rows.size());
}

TEST(Split, NearDuplicatesStayToTheirShare) {
  const Corpus c = corpus_of(functions(5, 200));
  for (const double share : {0.0, 0.02, 0.1}) {
    SplitOptions options;
    const double before = near_duplicates(c, assign(c, options), options.neighbours);
    options.share = share;
    EXPECT_GT(before, share);
    EXPECT_LE(near_duplicates(c, assign(c, options), options.neighbours), share);
  }
}

TEST(Split, RowsNearARealOneGo) {
  std::size_t gone = 0;
  for (const Case& t : cases()) {
    for (const std::size_t real : rows_in(t.a, Split::kTestReal)) {
      for (std::size_t i = 0; i < t.corpus.rows.size(); ++i) {
        if (t.corpus.rows[i].real || !near(t.corpus, i, real, t.options.neighbours)) continue;
        EXPECT_EQ(t.a.places[i].left, trace::Reason::kNearReal);
        ++gone;
      }
    }
  }
  EXPECT_GT(gone, 0U);
}

TEST(Split, TheOrderOfRowsDoesNotMatter) {
  auto all = functions(3, 120);
  std::map<std::uint64_t, Place> expected;
  Random random(11, 4);
  for (int round = 0; round < 4; ++round) {
    const Corpus c = corpus_of(all);
    const Assignment a = assign(c, {0.8, 0.1, 0.06});
    for (std::size_t i = 0; i < c.rows.size(); ++i) {
      const auto [at, added] = expected.emplace(c.rows[i].rank, a.places[i]);
      EXPECT_EQ(at->second.split, a.places[i].split);
      EXPECT_EQ(at->second.left, a.places[i].left);
    }
    random.shuffle(all);
  }
}

TEST(Split, LeakageIsWhatAllPairsSay) {
  for (const Case& t : cases()) {
    const auto train = rows_in(t.a, Split::kTrain);
    for (const auto& [split, leakage] : leakage_of(t.corpus, t.a)) {
      Leakage expected;
      for (const std::size_t i : rows_in(t.a, split)) {
        ++expected.rows;
        const auto any = [&](auto is) { return std::any_of(train.begin(), train.end(), is); };
        for (std::size_t k = 0; k < kLeakageFrom.size(); ++k)
          expected.near[k] +=
              any([&](std::size_t of) { return near(t.corpus, i, of, kLeakageFrom[k]); });
        expected.structure += any([&](std::size_t of) {
          return t.corpus.rows[i].structure == t.corpus.rows[of].structure;
        });
      }
      EXPECT_EQ(leakage, expected) << word(split);
      EXPECT_EQ(leakage.near[1], 0U);
    }
  }
}

}  // namespace
}  // namespace jaxsmith::split
