// What families feature in their turn, and that steps call the functions whose turn it is.
#include "plan/turns.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "backend/backend.h"
#include "plan/family.h"
#include "plan/planner.h"

namespace jaxsmith::plan {
namespace {

const Catalogue& catalogue() { return backend::jax().catalogue(); }

Op entry(std::string name) { return {.name = std::move(name), .spellings = {"$0"}}; }

TEST(Turns, FunctionsHaveTheMoreOfThemTheRarerTheyAre) {
  const std::vector<Op> ops = {entry("flip"), entry("rev"), entry("plain")};
  const std::vector<FunctionUse> uses = {{"lib.flip", 0, "flip:1.00"},
                                         {"lib.rev", 12, "rev:0.30, unknown:1.00"},
                                         {"lib.sum", 400, "plain:1.00"}};
  const Turns turns(ops, uses);
  std::map<std::string, int> met;
  for (std::uint64_t k = 1000; k < 1200; ++k) {
    const Turn turn = turns.at(7, k);
    ++met[turn.function.empty() ? turn.op->name : std::string(turn.function)];
  }
  EXPECT_NEAR(met["lib.flip"], 2 * met["lib.rev"], 12);
  EXPECT_EQ(met["lib.sum"], 0) << "is met anyway";
  EXPECT_GT(met["plain"], 0) << "no function brings it up";
}

TEST(Turns, WhatIsCalledBesideAnotherHasFewerTurnsOfItsOwn) {
  const std::vector<Op> ops = {entry("pair"), entry("alone")};
  const std::vector<FunctionUse> uses = {
      {"lib.low", 0, "pair:1.00"}, {"lib.high", 0, "pair:1.00"}, {"lib.alone", 0, "alone:1.00"}};
  const Turns turns(ops, uses);
  std::map<std::string, int> met;
  for (std::uint64_t k = 0; k < 400; ++k) ++met[turns.at(3, k).op->name];
  EXPECT_NEAR(met["pair"], met["alone"], 20) << "one call of the pair serves both functions";
}

TEST(Turns, WhatIsCalledInPlaceOfAnotherHasTurnsOfItsOwn) {
  const std::vector<Op> ops = {entry("either"), entry("alone")};
  const std::vector<FunctionUse> uses = {{"lib.low", 0, "either:0.50"},
                                         {"lib.high", 0, "either:0.50"},
                                         {"lib.alone", 0, "alone:1.00"}};
  const Turns turns(ops, uses);
  std::map<std::string, int> met;
  for (std::uint64_t k = 0; k < 300; ++k) ++met[turns.at(3, k).op->name];
  EXPECT_NEAR(met["either"], 2 * met["alone"], 20) << "a call of one serves that one alone";
}

TEST(Turns, AmongEntriesTheRarerIsTheLikelier) {
  const std::vector<Op> ops = {entry("flip"), entry("rev"), entry("plain")};
  const std::vector<FunctionUse> uses = {{"lib.flip", 0, "flip:1.00"}, {"lib.rev", 14, "rev:1.00"}};
  const Turns turns(ops, uses);
  Random random(5, 0);
  std::map<std::string, int> met;
  for (int k = 0; k < 600; ++k) {
    const Turn turn = turns.among({&ops[0], &ops[1], &ops[2]}, random);
    ++met[turn.op->name];
    EXPECT_EQ(turn.function, turn.op == &ops[0] ? "lib.flip" : turn.op == &ops[1] ? "lib.rev" : "");
  }
  EXPECT_GT(met["flip"], 2 * met["rev"]);
  EXPECT_GT(met["rev"], met["plain"] / 2);
  EXPECT_GT(met["plain"], 0);
}

TEST(Turns, FamiliesFeatureWhatIsOfTheirCategory) {
  const PlanOptions options{&catalogue()};
  std::uint64_t features = 0;
  for (std::uint64_t family = 0; family < 8 * kRound; ++family) {
    const Family own = family_of(options, 3, family);
    ASSERT_TRUE(own.featured);
    if (!own.features) continue;
    ++features;
    // A map, a loop or a branch may be of a function that has its turn.
    if (!catalogue().profile(own.category).has_bodies) {
      EXPECT_EQ(own.featured->category, own.category) << own.featured->name;
    }
  }
  EXPECT_NEAR(static_cast<double>(features), 8 * kWithoutIdiom, 8 * kWithoutIdiom / 10.0);
}

// Over as many turns as there are functions nearly each function has one; what calls several may
// have the turns of all of them.
TEST(Turns, GoRoundAllFunctions) {
  constexpr std::uint64_t kTurns = 700;
  std::set<std::pair<std::string_view, std::string_view>> had;
  for (std::uint64_t number = 0; number < kTurns; ++number) {
    const Turn turn = catalogue().turns().at(3, number);
    had.emplace(turn.function, turn.function.empty() ? turn.op->name : std::string_view());
  }
  EXPECT_GT(had.size(), 0.7 * kTurns);
}

TEST(Turns, SpellingsNameFunctionsInFull) {
  const Vocabulary& words = catalogue().vocabulary();
  EXPECT_EQ(functions_in("jnp.linalg.norm(lax.rev($0, (0,)), $1.dtype)", words),
            (std::set<std::string, std::less<>>{"jax.numpy.linalg.norm", "jax.lax.rev"}));
  EXPECT_EQ(functions_in("random.normal($0) + special.erf($1)", words),
            (std::set<std::string, std::less<>>{"jax.random.normal", "jax.scipy.special.erf"}));
  EXPECT_TRUE(functions_in("$0.sum() + other.lax", words).empty());
}

// Whose turn it is, and whether a step calls that: over many turns of a run.
TEST(Turns, AStepCallsTheFunctionWhoseTurnItIs) {
  const PlanOptions options{&catalogue()};
  const Vocabulary& words = catalogue().vocabulary();
  int called = 0, turns = 0;
  for (std::uint64_t k = 0; k < 400; ++k) {
    const Turn turn = catalogue().turns().at(3, k);
    const Op op = calling(*turn.op, turn.function, words);
    ++turns;
    bool found = false;
    for (std::uint64_t family = 0; family < 6 && !found; ++family) {
      const Settings settings = family_settings(options, 3, 7 * k + family);
      apply_alone(settings, op, Random(3, k).fork("test"), [&](const Program& program) {
        for (const Body& body : program.bodies)
          for (const Node& node : body.nodes)
            found = found || functions_in(node, words).contains(turn.function);
        EXPECT_TRUE(found || turn.function.empty()) << turn.function << " by " << op.name;
      });
      found = found || turn.function.empty();
    }
    called += found ? 1 : 0;
  }
  EXPECT_GT(called, turns * 95 / 100);
}

}  // namespace
}  // namespace jaxsmith::plan
