// What selection promises of a dataset, over many made-up families.
#include "select/select.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "base/hash.h"
#include "base/random.h"

namespace jaxsmith::select {

using check::Sample;

namespace {

std::string digest(std::uint64_t n) { return hash128_hex(std::to_string(n)); }

Sample sample(std::uint64_t family, std::uint32_t member, std::uint64_t structure,
              std::uint64_t signature) {
  Sample s;
  s.function.key = {1, family, member};
  s.structure = s.kinship = digest(structure);
  s.signature = digest(1'000'000 + signature);
  return s;
}

struct Kept {
  std::uint64_t family;
  std::string structure, signature;
  check::Split split;
};

// Families of up to four members whose structures and signatures often coincide.
std::vector<check::Candidate> candidates(std::uint64_t families, std::uint64_t structures) {
  std::vector<check::Candidate> out;
  Random random(7, structures);
  for (std::uint64_t family = 0; family < families; ++family) {
    const auto members = 1 + random.below(4);
    for (std::uint32_t m = 0; m < members; ++m) {
      const auto structure = random.below(structures);
      Sample s = sample(family, m, structure, structure * 3 + random.below(3));
      if (random.chance(0.1)) {
        const bool traced = random.chance(0.5);
        check::Reject r;
        r.key = s.function.key;
        r.refusal = {trace::Stage::kCheck, trace::Reason::kNonfinite, ""};
        if (traced) r.kinship = s.kinship;
        out.emplace_back(std::move(r));
      } else {
        out.emplace_back(std::move(s));
      }
    }
  }
  return out;
}

std::vector<Kept> select_all(const std::vector<check::Candidate>& all) {
  Selector selector;
  std::vector<Kept> kept;
  for (const check::Candidate& c : all) {
    const Verdict verdict = selector.offer(c);
    if (!verdict.split) {
      EXPECT_FALSE(verdict.refusal.reason.empty());
      continue;
    }
    const auto& s = std::get<Sample>(c);
    kept.push_back({s.function.key.family, s.structure, s.signature, *verdict.split});
  }
  return kept;
}

TEST(Select, NoFamilyAndNoStructureStandsOnTwoSides) {
  for (std::uint64_t structures : {50, 2000, 100'000}) {
    std::map<std::uint64_t, check::Split> family_side;
    std::map<std::string, check::Split> structure_side;
    std::set<std::string> signatures;
    const auto kept = select_all(candidates(5000, structures));
    ASSERT_GT(kept.size(), 40u);
    for (const Kept& k : kept) {
      EXPECT_EQ(family_side.emplace(k.family, k.split).first->second, k.split);
      EXPECT_EQ(structure_side.emplace(k.structure, k.split).first->second, k.split);
      EXPECT_TRUE(signatures.insert(k.signature).second) << "twice";
    }
  }
}

TEST(Select, SharesAreThoseAskedFor) {
  std::array<double, 3> counts{};
  const auto kept = select_all(candidates(20'000, 10'000'000));
  for (const Kept& k : kept) ++counts[static_cast<std::size_t>(k.split)];
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(counts[i] / static_cast<double>(kept.size()), kSplitShares[i], 0.01) << kSplits[i];
  }
}

TEST(Select, AStructureStandsOnTheSameSideInEveryRun) {
  // Of two runs with different families, what both hold as roots agrees: no leak when they are put
  // together.
  for (std::uint64_t n = 0; n < 300; ++n) {
    Selector one, other;
    other.offer(sample(5, 0, n + 1, n + 1));
    const auto first = one.offer(sample(3, 0, n, n)), second = other.offer(sample(90, 0, n, n));
    ASSERT_TRUE(first.split && second.split);
    EXPECT_EQ(*first.split, *second.split);
    EXPECT_EQ(*first.split, split_of(digest(n)));
  }
}

TEST(Select, ARunThatGoesOnDecidesAsOneThatWasNotInterrupted) {
  const auto all = candidates(2000, 3000);
  const auto whole = select_all(all);
  // Runs are interrupted between families: chunks hold whole ones.
  std::size_t cut = all.size() / 2;
  const auto family = [&](std::size_t i) {
    const auto* s = std::get_if<Sample>(&all[i]);
    return s ? s->function.key.family : std::get<check::Reject>(all[i]).key.family;
  };
  while (family(cut) == family(cut - 1)) ++cut;
  const auto half = select_all({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(cut)});
  Selector selector;
  for (const Kept& k : half) selector.restore(k.structure, k.signature, k.split);
  std::vector<Kept> found = half;
  for (std::size_t i = cut; i < all.size(); ++i) {
    const Verdict verdict = selector.offer(all[i]);
    if (!verdict.split) continue;
    const auto& s = std::get<Sample>(all[i]);
    found.push_back({s.function.key.family, s.structure, s.signature, *verdict.split});
  }
  ASSERT_EQ(found.size(), whole.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].signature, whole[i].signature);
    EXPECT_EQ(found[i].split, whole[i].split);
  }
}

TEST(Select, FunctionsOfTheSameOperationsHaveOneKinship) {
  const auto kinship = [](const std::string& text) {
    const check::Programs programs = check::read_texts({{level::structure_level(), text}});
    EXPECT_TRUE(programs.at(level::structure_level()).ok());
    return check::kinship_of(programs, level::structure_level(), "own");
  };
  const std::string sine = kinship("{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }");
  EXPECT_EQ(sine, kinship("{ lambda ; a:f32[3,4]. let b:f32[3,4] = sin a in (b,) }"));
  EXPECT_NE(sine, kinship("{ lambda ; a:f32[2]. let b:f32[2] = cos a in (b,) }"));
  // Numbers, parameters and what comes behind make a structure of its own, and mostly no kinship.
  EXPECT_EQ(kinship("{ lambda ; a:f32[2]. let b:f32[2] = integer_pow[y=2] a in (b,) }"),
            kinship("{ lambda ; a:f32[2]. let b:f32[2] = integer_pow[y=3] a in (b,) }"));
  EXPECT_EQ(kinship("{ lambda ; a:f32[2]. let  in (a,) }"), "own");
  EXPECT_EQ(check::kinship_of({}, level::structure_level(), "own"), "own");
}

TEST(Select, ReasonsSayWhatIsWrong) {
  Selector selector;
  EXPECT_TRUE(selector.offer(sample(0, 0, 1, 1)).split);
  EXPECT_EQ(selector.offer(sample(0, 1, 1, 1)).refusal.reason, "duplicate");
  EXPECT_TRUE(selector.offer(sample(0, 2, 1, 2)).split);
  check::Reject root;
  root.key = {1, 1, 0};
  root.refusal = {trace::Stage::kTrace, "TypeError", ""};
  EXPECT_EQ(selector.offer(root).refusal.reason, "TypeError");
  EXPECT_EQ(selector.offer(sample(1, 1, 3, 3)).refusal.reason, "family");
  // A member whose structure stands elsewhere.
  std::uint64_t elsewhere = 2;
  while (split_of(digest(elsewhere)) == split_of(digest(1))) ++elsewhere;
  EXPECT_TRUE(selector.offer(sample(2, 0, elsewhere, 50)).split);
  EXPECT_EQ(selector.offer(sample(2, 1, 1, 51)).refusal.reason, "split");
}

}  // namespace
}  // namespace jaxsmith::select
