// What half or more of the elements are one value of, told by how a step is written.
#include "plan/telling.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace jaxsmith::plan
