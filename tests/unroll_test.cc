// Loops that Python repeats: which they are, and how they are written.
#include "plan/unroll.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "plan/catalogue.h"
#include "plan/holes.h"
#include "plan/planner.h"
#include "source/render.h"

namespace jaxsmith::plan {
namespace {

constexpr std::uint64_t kSeed = 20261129;

const Catalogue& catalogue() { return backend::backend_named("jax")->catalogue(); }

std::vector<const Node*> loops_of(const Program& program) {
  std::vector<const Node*> out;
  for (const Body& body : program.bodies)
    for (const Node& node : body.nodes)
      if (node.loop) out.push_back(&node);
  return out;
}

TEST(Unrolling, PlacesInArraysAreSubscriptsAlone) {
  for (const char* text : {"$0[$1]", "$0[$1, 0]", "$0[:, $1]", "$0.at[$1].set($2)", "f($0)[$1]"})
    EXPECT_TRUE(only_indexes(text, 1)) << text;
  for (const char* text :
       {"$0[$1 + 1]", "[$1, $2]", "$0 * $1", "f($1)", "$0[f($1)]", "$0[$1] + $1", "x = [$1]"})
    EXPECT_FALSE(only_indexes(text, 1)) << text;
  EXPECT_TRUE(only_indexes("$0 + $11", 1));  // it is not there
}

TEST(Unrolling, IsOfShortLoopsOfArraysOnly) {
  int unrolled = 0, loops = 0;
  std::set<bool> counted, stacked;
  for (std::uint64_t family = 0; family < 1200; ++family) {
    const auto members = plan_family({.catalogue = &catalogue()}, kSeed, family);
    if (members.empty()) continue;
    const Program& program = members[0].program;
    for (const Node* node : loops_of(program)) {
      const Loop& loop = *node->loop;
      ++loops;
      if (!loop.unrolled) continue;
      ++unrolled;
      EXPECT_NE(program.category, "loop");
      EXPECT_GE(loop.last - loop.first, 2);
      EXPECT_LE(loop.last - loop.first, 12);
      ASSERT_EQ(node->bodies.size(), 1U);
      for (std::size_t i = 0; i < loop.carries; ++i) {
        const Value& start = program.values[static_cast<std::size_t>(node->operands[i])];
        EXPECT_TRUE(start.literal.empty() && !start.weak);
      }
      EXPECT_TRUE(node->packed_operands.empty() && node->packed_results.empty());
      counted.insert(loop.counts);
      stacked.insert(node->results.size() > loop.carries);
    }
  }
  EXPECT_GT(unrolled, 20);
  EXPECT_GT(loops, 3 * unrolled);
  for (const auto& kinds : {counted, stacked}) EXPECT_EQ(kinds.size(), 2U);
}

// A carry goes by one name, before, in and after its loop.
TEST(Unrolling, WritesLoopsAsPeopleDo) {
  int loops = 0;
  for (std::uint64_t family = 0; family < 700; ++family)
    for (const Member& member : plan_family({.catalogue = &catalogue()}, kSeed, family)) {
      const auto all = loops_of(member.program);
      const auto unrolled =
          std::ranges::count_if(all, [](const Node* n) { return n->loop->unrolled; });
      const std::string source = source::render(member, {kSeed, family, 0}).source;
      int found = 0;
      for (auto at = source.find(" in "); at != source.npos; at = source.find(" in ", at + 1)) {
        const auto begin = source.rfind('\n', at) + 1;
        const std::string_view before = std::string_view(source).substr(begin, at - begin);
        found += before.find("for ") != std::string_view::npos &&
                 before.find('#') == std::string_view::npos &&
                 before.find('"') == std::string_view::npos;
      }
      EXPECT_GE(found, unrolled) << source;
      loops += static_cast<int>(unrolled);
    }
  EXPECT_GT(loops, 20);
}

}  // namespace
}  // namespace jaxsmith::plan
