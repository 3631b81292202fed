#include "base/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace jaxsmith {
namespace {

// First block of Philox4x32-10 for key and counter zero: the known-answer test of Random123.
TEST(Random, GivesThePublishedNumbers) {
  Random random(0, 0);
  EXPECT_EQ(random.next(), 0x6627e8d5u);
  EXPECT_EQ(random.next(), 0xe169c58du);
  EXPECT_EQ(random.next(), 0xbc57ac4cu);
  EXPECT_EQ(random.next(), 0x9b00dbd8u);
}

TEST(Random, ForksDoNotDependOnWhatWasDrawn) {
  Random a(7, 9), b(7, 9);
  (void)a.next();
  EXPECT_EQ(a.fork("x").next(), b.fork("x").next());
  EXPECT_NE(b.fork("x").next(), b.fork("y").next());
}

TEST(Random, BelowIsUniform) {
  Random random(1, 2);
  int counts[7] = {};
  constexpr int kDraws = 70000;
  for (int i = 0; i < kDraws; ++i) ++counts[random.below(7)];
  for (int c : counts) EXPECT_NEAR(c, kDraws / 7.0, 5 * std::sqrt(kDraws / 7.0));
}

TEST(Random, BetweenHoldsBothEnds) {
  Random random(3, 4);
  bool low = false, high = false;
  for (int i = 0; i < 1000; ++i) {
    const auto v = random.between(-2, 2);
    ASSERT_GE(v, -2);
    ASSERT_LE(v, 2);
    low = low || v == -2;
    high = high || v == 2;
  }
  EXPECT_TRUE(low && high);
}

}  // namespace
}  // namespace jaxsmith
