// What half or more of the elements are one value of, told by how a step is written.
#include "plan/telling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "backend/backend.h"
#include "plan/builder.h"
#include "plan/catalogue.h"
#include "plan/planner.h"

namespace jaxsmith::plan {
namespace {

// Whether a value of typical elements that differ is told to be level by the step that made it.
bool levels_off(const std::string& spelling) {
  Settings settings;
  settings.catalogue = &backend::backend_named("jax")->catalogue();
  Program program;
  program.catalogue = settings.catalogue;
  Builder b(program, settings, Random(1, 1));
  Random random(2, 2);
  const Type type{DType::kF32, {4, 8}};
  Builder::BodySpec spec;
  for (int k = 0; k < 3; ++k)
    spec.parameters.push_back({type, uniform_stats(random, -2, 2, false), ""});
  bool out = false;
  (void)b.body(spec, [&](const std::vector<ValueId>& given) {
    Node node;
    node.spelling = spelling, node.operands = given;
    node.results = {static_cast<ValueId>(program.values.size())};
    Value made;
    made.type = type, made.stats = uniform_stats(random, -2, 2, false), made.body = b.current();
    program.values.push_back(made);
    b.open_body().nodes.push_back(node);
    out = says_little(b, node.results[0]);
    return false;
  });
  return out;
}

TEST(Telling, LimitsAndChoicesOfANumberLevelOff) {
  EXPECT_TRUE(levels_off("jnp.maximum($0, 0.0)"));
  EXPECT_TRUE(levels_off("jax.nn.relu($0 @ $1)"));
  EXPECT_TRUE(levels_off("jnp.where($0, $1, 0.0) / 0.8"));
  EXPECT_TRUE(levels_off("jnp.maximum($0, 0) * $1"));
  EXPECT_TRUE(levels_off("jnp.where($0 > 0, jnp.zeros_like($1), $1).astype(int)"));
}

TEST(Telling, WhatGoesOnDoesNot) {
  EXPECT_FALSE(levels_off("jnp.where($0, $1, $2)"));
  EXPECT_FALSE(levels_off("jnp.maximum($0, $1)"));
  EXPECT_FALSE(levels_off("jnp.maximum($0, 1e-6)"));  // keeps a divisor from zero
  EXPECT_FALSE(levels_off("jnp.maximum($0, 0.0) + $1"));
  EXPECT_FALSE(levels_off("jnp.maximum($0, 0.0) @ $1"));
  EXPECT_FALSE(levels_off("jnp.sum(jnp.maximum($0, 0.0), axis=-1)"));
}

// Flags are gone on with: what becomes of them is said of every function that gives them.
TEST(Telling, SummariesSayWhatBecomesOfAMask) {
  constexpr std::uint64_t kSeed = 5, kFamilies = 300;
  const PlanOptions options{&backend::backend_named("jax")->catalogue()};
  int said = 0;
  for (std::uint64_t family = 0; family < kFamilies; ++family) {
    Settings settings = family_settings(options, kSeed, family);
    settings.devices = 1;
    Program program;
    program.catalogue = settings.catalogue;
    program.x64 = settings.x64;
    Builder b(program, settings, Random(kSeed, family));
    Random random(kSeed, family);
    Builder::BodySpec spec;
    spec.placement = Placement::kEntry;
    const Type type{settings.real, {4, 8}};
    for (const std::uint32_t bit : {1U, 2U})
      spec.parameters.push_back({type, uniform_stats(random, -2, 2, false), "", bit, bit, 0, bit});
    (void)b.body(spec, [&](const std::vector<ValueId>&) {
      const Body& root = b.body_of(b.current());
      for (const Op& op : options.catalogue->ops()) {
        if (op.category != options.catalogue->named("bitwise_and").category) continue;
        if (op.weight == 0 || !b.draw_op(op)) continue;
        const ValueId made = root.nodes.back().results.front();
        if (made == kNoValue || b[made].type.dtype != DType::kBool) continue;
        b.program().bodies[static_cast<std::size_t>(b.current())].summaries = {"Compare."};
        make_telling(b, {made});
        const std::string summary = root.summaries.front();
        const bool counts = summary.find("Count the entries that are true") != std::string::npos;
        const bool share = summary.find("Return the share that is true") != std::string::npos;
        if (!counts && !share) continue;
        ++said;
        EXPECT_EQ(root.nodes.back().op, counts ? "count_true" : "fraction_true") << summary;
      }
      return false;
    });
  }
  EXPECT_GT(said, 20);
}

}  // namespace
}  // namespace jaxsmith::plan
