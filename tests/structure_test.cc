// A structure hangs on what is computed, not on names, sizes and types.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "backend/backend.h"
#include "plan/planner.h"
#include "source/structure.h"

namespace jaxsmith::source {
namespace {

const plan::PlanOptions kOptions{&backend::backend_named("jax")->catalogue()};
constexpr std::uint64_t kFamilies = 40;

TEST(Structure, IsThatOfAnyNamesSizesAndTypes) {
  for (std::uint64_t family = 0; family < kFamilies; ++family)
    for (const plan::Member& member : plan::plan_family(kOptions, 5, family)) {
      plan::Program other = member.program;
      for (plan::Value& v : other.values) {
        v.hint = "other", v.names = {"another"};
        for (std::int64_t& n : v.type.shape) n += 2;
        if (tensor::is_real(v.type.dtype)) v.type.dtype = tensor::DType::kF64;
      }
      EXPECT_EQ(structure_of(member.program), structure_of(other)) << family;
    }
}

TEST(Structure, DiffersWithWhatIsComputed) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t family = 0; family < kFamilies; ++family) {
    const auto members = plan::plan_family(kOptions, 5, family);
    ASSERT_FALSE(members.empty());
    plan::Program shorter = members[0].program;
    auto& root = shorter.bodies[static_cast<std::size_t>(shorter.root)];
    ASSERT_FALSE(root.results.empty());
    root.results.pop_back();
    EXPECT_NE(structure_of(members[0].program), structure_of(shorter)) << family;
    seen.insert(structure_of(members[0].program));
  }
  EXPECT_GT(seen.size(), kFamilies * 9 / 10);
}

// `make bench-structures` counts as many as there is time for.
TEST(Structure, IsThePlansOwn) {
  constexpr std::uint64_t kPlans = 4000;
  std::map<std::uint64_t, int> times;
  for (std::uint64_t family = 0; family < kPlans; ++family) {
    const auto root =
        plan::plan_root(kOptions, plan::family_settings(kOptions, 11, family), 11, family);
    if (root) ++times[structure_of(*root)];
  }
  const auto own = std::ranges::count_if(times, [](const auto& each) { return each.second == 1; });
  EXPECT_GT(own, static_cast<std::ptrdiff_t>(kPlans * 88 / 100));
}

}  // namespace
}  // namespace jaxsmith::source
