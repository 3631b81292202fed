// What half or more of the elements are one value of, told by how a step is written.
#include "plan/telling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "backend/backend.h"
#include "plan/planner.h"

namespace jaxsmith::plan {
namespace {

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

TEST(Telling, SummariesSayWhatBecomesOfAMask) {
  constexpr std::uint64_t kSeed = 5, kFamilies = 1200;
  // Comparisons are arithmetic.
  PlanOptions options{&backend::backend_named("jax")->catalogue()};
  options.categories = {options.catalogue->named("bitwise_and").category};
  int said = 0;
  for (std::uint64_t family = 0; family < kFamilies; ++family) {
    const auto root = plan_root(options, family_settings(options, kSeed, family), kSeed, family);
    if (!root) continue;
    const Body& body = root->bodies[static_cast<std::size_t>(root->root)];
    for (const std::string& summary : body.summaries) {
      const bool counts = summary.find("Count the entries that are true") != std::string::npos;
      const bool share = summary.find("Return the share that is true") != std::string::npos;
      if (!counts && !share) continue;
      ++said;
      EXPECT_TRUE(std::ranges::any_of(body.nodes, [&](const Node& node) {
        return node.op == (counts ? "count_true" : "fraction_true");
      })) << summary;
    }
  }
  EXPECT_GT(said, 0);
}

}  // namespace
}  // namespace jaxsmith::plan
