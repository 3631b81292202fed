// Sizes of a function and the difficulty that follows from them.
#include "check/difficulty.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "ir/jaxpr/canonical.h"
#include "ir/jaxpr/flow.h"
#include "ir/jaxpr/parser.h"
#include "source/python_tokens.h"

namespace jaxsmith::check {
namespace {

ir::Extent extent(const std::string& text) {
  const auto module = jaxpr::parse(text);
  EXPECT_TRUE(module.ok()) << text;
  const auto flow = jaxpr::flow_of(module.value());
  const auto alone = jaxpr::extent_of(module.value());
  const auto structure = jaxpr::structure_of(module.value(), text);
  EXPECT_TRUE(flow.ok() && alone.ok() && structure.ok()) << text;
  // Whichever way it is asked for, it is the same.
  EXPECT_EQ(flow.value().extent, alone.value());
  EXPECT_EQ(structure.value().extent, alone.value());
  EXPECT_EQ(static_cast<std::int64_t>(flow.value().operations.size()), alone.value().operations);
  return alone.value();
}

std::string around(const std::string& equations, const std::string& results) {
  return "{ lambda ; a:f32[3] b:f32[3]. let\n" + equations + "  in (" + results + ") }";
}

TEST(Extent, TheLongestWayIsOneOfDependence) {
  EXPECT_EQ(extent(around("", "a,")), (ir::Extent{0, 0, 0, 0}));
  EXPECT_EQ(extent(around("    c:f32[3] = sin a\n    d:f32[3] = cos b\n    e:f32[3] = sin b\n",
                          "c, d, e")),
            (ir::Extent{.operations = 3, .distinct_operations = 2, .nesting = 0, .depth = 1}));
  EXPECT_EQ(
      extent(around("    c:f32[3] = sin a\n    d:f32[3] = cos c\n    e:f32[3] = mul d b\n", "e,")),
      (ir::Extent{.operations = 3, .distinct_operations = 3, .nesting = 0, .depth = 3}));
}

constexpr const char* kScan = R"(    c:f32[3] = sin a
    d:f32[3] = scan[
      jaxpr={ lambda ; e:f32[3]. let
          f:f32[3] = mul e 2.0:f32[]
          g:f32[3] = add f 1.0:f32[]
          h:f32[3] = cond[
            branches=(
              { lambda ; i:f32[3]. let j:f32[3] = sin i in (j,) }
              { lambda ; k:f32[3]. let l:f32[3] = sin k; m:f32[3] = exp l in (m,) }
            )
          ] 0:i32[] g
        in (h,) }
      length=4
    ] c
)";

TEST(Extent, ControlFlowIsGoneThrough) {
  // sin, then scan: 1 and its body's mul, add and cond, 1 and its longer branch's sin and exp.
  const ir::Extent found = extent(around(kScan, "d,"));
  EXPECT_EQ(found.operations, 8);
  EXPECT_EQ(found.distinct_operations, 6);
  EXPECT_EQ(found.nesting, 2);
  EXPECT_EQ(found.depth, 1 + 1 + 2 + 1 + 2);
}

TEST(Extent, WrappersCountAsWhatTheyWrapWhereTheyAreCalled) {
  const std::string shared =
      "let f = { lambda ; a:f32[3]. let b:f32[3] = sin a; c:f32[3] = sin b in (c,) } in\n";
  const std::string calls = around(
      "    c:f32[3] = jit[name=f jaxpr=f] a\n    d:f32[3] = jit[name=f jaxpr=f] c\n", "d, b");
  EXPECT_EQ(extent(shared + calls),
            (ir::Extent{.operations = 4, .distinct_operations = 1, .nesting = 0, .depth = 4}));
}

TEST(Tokens, AreThoseOfCodeAlone) {
  const auto count = [](const char* source) {
    return source::count_tokens(source::python_tokens(source));
  };
  EXPECT_EQ(count(""), 0);
  EXPECT_EQ(count("x = f(1, 'a')\n"), 8);
  EXPECT_EQ(count("# why\nx = (  # here\n    f(1,\n      'a'))\n\n"), 10);
  EXPECT_EQ(count("def f(x):\n    return x\n"), 8);
}

Sizes sizes(std::int64_t equations, std::int64_t depth, std::int64_t nesting, std::int64_t distinct,
            std::int64_t tokens) {
  return {equations, ir::Extent{equations, distinct, nesting, depth}, tokens};
}

TEST(Difficulty, GoesFromOneToFiveAndIsUnknownWithoutExtent) {
  EXPECT_EQ(difficulty_of(sizes(0, 0, 0, 0, 0)), kEasiest);
  EXPECT_EQ(difficulty_of(sizes(5000, 900, 4, 80, 3000)), kHardest);
  EXPECT_EQ(difficulty_of(Sizes{10, std::nullopt, 10}), std::nullopt);
  EXPECT_FALSE(sizes_of(nullptr, "x = 1").extent);
  EXPECT_EQ(sizes_of(nullptr, "x = 1").tokens, 3);
}

TEST(Difficulty, RisesWithEachMeasureAndFallsWithNone) {
  Random random(7, 0);
  std::array<int, 5> rises{};
  for (int round = 0; round < 4000; ++round) {
    std::array<std::int64_t, 5> m{};
    constexpr std::array<std::int64_t, 5> kMost = {300, 80, 4, 45, 500};
    for (std::size_t i = 0; i < m.size(); ++i) m[i] = random.between(0, kMost[i]);
    const auto of = [](const std::array<std::int64_t, 5>& x) {
      return difficulty_of(sizes(x[0], x[1], x[2], x[3], x[4])).value();
    };
    const std::size_t which = random.below(m.size());
    auto more = m;
    more[which] += random.between(1, kMost[which]);
    EXPECT_GE(of(more), of(m));
    rises[which] += of(more) > of(m);
  }
  for (const int n : rises) EXPECT_GT(n, 0);
}

TEST(Difficulty, RangesAreOneOrTwoNumbers) {
  const std::vector<std::pair<const char*, DifficultyRange>> kRight = {
      {"1-5", {1, 5}}, {"3", {3, 3}}, {"3-3", {3, 3}}, {"2-4", {2, 4}}};
  for (const auto& [text, range] : kRight) {
    const auto found = difficulty_range(text);
    ASSERT_TRUE(found.ok()) << text;
    EXPECT_EQ(found.value().from, range.from);
    EXPECT_EQ(found.value().to, range.to);
    EXPECT_EQ(difficulty_range(found.value().text()).value().text(), found.value().text());
  }
  for (const char* text : {"", "0", "6", "4-2", "2-", "-2", "2-6", "1-2-3", "two", "3 ", "2.5"}) {
    const auto found = difficulty_range(text);
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_EQ(found.error().kind, ErrorKind::kUsage);
  }
}

TEST(Difficulty, WhatIsOutsideTheRangeIsRefused) {
  const DifficultyRange all, some{2, 3};
  EXPECT_FALSE(check_difficulty(std::nullopt, all));
  EXPECT_FALSE(check_difficulty(5, all));
  EXPECT_FALSE(check_difficulty(2, some));
  EXPECT_FALSE(check_difficulty(3, some));
  for (const std::optional<int> odd :
       {std::optional<int>(1), std::optional<int>(4), std::optional<int>()}) {
    const auto refusal = check_difficulty(odd, some);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->reason, "difficulty");
    EXPECT_NE(refusal->detail.find("2-3"), std::string::npos);
  }
}

TEST(Difficulty, CountsAreOfWhatIsKnown) {
  DifficultyCounts counts;
  for (const std::optional<std::int64_t> each :
       {std::optional<std::int64_t>(1), std::optional<std::int64_t>(5),
        std::optional<std::int64_t>(5), std::optional<std::int64_t>()})
    counts.add(each);
  EXPECT_EQ(counts.of(1), 1u);
  EXPECT_EQ(counts.of(3), 0u);
  EXPECT_EQ(counts.of(5), 2u);
  EXPECT_EQ(counts.rows(), 3u);
}

}  // namespace
}  // namespace jaxsmith::check
