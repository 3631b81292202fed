// What a plan says of how its operations show.
#include "plan/visibility.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "backend/backend.h"
#include "plan/holes.h"
#include "plan/planner.h"

namespace jaxsmith::plan {
namespace {

const PlanOptions kOptions{&backend::backend_named("jax")->catalogue()};
constexpr std::uint64_t kSeed = 20240607;
constexpr std::uint64_t kFamilies = 200;

Stats between(double lo, double hi) {
  Random random(1, 2);
  return uniform_stats(random, lo, hi, false);
}

TEST(Visibility, AMultipleAnswersInFullAndAConstantNotAtAll) {
  const Stats x = between(0.5, 2);
  EXPECT_DOUBLE_EQ(response(x, false, [](double v, int) { return 3 * v; }), 1);
  EXPECT_DOUBLE_EQ(response(x, false, [](double, int) { return 3.0; }), 0);
  EXPECT_DOUBLE_EQ(response(x, false, [](double v, int) { return v > 0 ? 1.0 : 0.0; }), 0);
}

TEST(Visibility, TheLargerTheOtherSummandTheWeakerTheAnswer) {
  const Stats x = between(0.5, 2);
  double last = 1.1;
  for (const double other : {1.0, 10.0, 100.0, 1000.0}) {
    const double found = response(x, false, [&](double v, int) { return v + other; });
    EXPECT_LT(found, last) << other;
    last = found;
  }
  EXPECT_LT(last, least_response(DType::kF32));
}

TEST(Visibility, WhereAKernelEndsNothingIsHeldAgainstIt) {
  const Stats x = between(0.95, 1);
  EXPECT_DOUBLE_EQ(response(x, false, [](double v, int) { return v > 1 ? std::nan("") : v; }), 1);
}

TEST(Visibility, ASmallTermOfAStepIsHardlySeen) {
  const auto step = term_responses("$0 - 0.01 * $1", {1, 1}, 1);
  ASSERT_EQ(step.size(), 2u);
  EXPECT_DOUBLE_EQ(step[0], 1);
  EXPECT_DOUBLE_EQ(step[1], 0.01);
  EXPECT_TRUE(term_responses("$0 * (1.0 - $1)", {1, 1}, 1).empty());
  // In one term small, in another large: seen.
  EXPECT_DOUBLE_EQ(term_responses("0.01 * $0 + jnp.tanh($0)", {1}, 1)[0], 1);
  // A rate that is a value counts by what it is.
  EXPECT_DOUBLE_EQ(term_responses("$0 - $1 * $2", {1, 0.05, 2}, 1)[2], 0.1);
}

TEST(Visibility, HolesAreToldApartByAllTheirDigits) {
  EXPECT_TRUE(names_operand("$1 + $10", 1));
  EXPECT_TRUE(names_operand("$1 + $10", 10));
  EXPECT_FALSE(names_operand("$10", 1));
}

// A step of which only an order goes on does not show, whatever is made of the order.
TEST(Visibility, AnOrderHardlyShowsWhatItIsOf) {
  const auto shows = [](const std::string& last) {
    Program program;
    program.catalogue = kOptions.catalogue;
    program.values.resize(3);
    program.values[0].type = program.values[1].type = {DType::kF32, {4, 3}};
    Body body;
    body.parameters = {0};
    body.nodes.resize(2);
    body.nodes[0].op = "tanh", body.nodes[0].spelling = "jnp.tanh($0)";
    body.nodes[0].operands = {0}, body.nodes[0].results = {1};
    body.nodes[1].op = "exp", body.nodes[1].spelling = last;
    body.nodes[1].operands = {1}, body.nodes[1].results = {2};
    body.results = {2};
    program.bodies = {body};
    const auto applied = applied_entries(program, 0);
    return applied.size() == 2 && applied[1].shows;
  };
  EXPECT_TRUE(shows("jnp.mean($0)"));
  EXPECT_FALSE(shows("jnp.mean($0.argmax(axis=1) == 2)"));
  EXPECT_FALSE(shows("1.0 * jnp.argmax($0)"));
  EXPECT_TRUE(shows("jnp.max($0) + jnp.argmax($0)"));
}

// What would be refused for what it hides is not planned.
TEST(Visibility, MembersShowMostOfWhatTheyBecome) {
  std::size_t roots = 0, hidden = 0;
  for (std::uint64_t f = 0; f < kFamilies; ++f) {
    const auto members = plan_family(kOptions, kSeed, f);
    for (std::size_t m = 0; m < members.size(); ++m) {
      const Program& program = members[m].program;
      const double share = hidden_share(program, program.root);
      if (m > 0)
        EXPECT_LT(share, 0.5) << "family " << f << ", member " << m;
      else
        ++roots, hidden += share > 0.5;
    }
  }
  EXPECT_LT(hidden, roots / 15);  // what was not learnt counts by its traits
}

// What a loss leaves out its gradient cannot show: it comes along, or there is no such member.
TEST(Visibility, AGradientLeavesNoResultOfItsFunctionOut) {
  std::size_t found = 0;
  for (std::uint64_t f = 0; f < 5 * kFamilies; ++f) {
    const auto members = plan_family(kOptions, kSeed, f);
    for (const Member& m : members) {
      static const std::set<std::string> kGradients = {"grad", "value_and_grad", "hessian"};
      if (!kGradients.contains(m.transformation)) continue;
      const BodyId root = members[0].program.root;
      for (const Body& body : m.program.bodies) {
        if (body.hint != "loss" || body.placement != Placement::kHelper || body.nodes.empty())
          continue;
        const Node& call = body.nodes[0];
        if (call.bodies != std::vector<BodyId>{root}) continue;
        ++found;
        EXPECT_EQ(std::ranges::count(call.results, kNoValue), 0) << "family " << f;
      }
    }
  }
  EXPECT_GT(found, kFamilies / 50);
}

// Some conditional families choose by element, most have a branch.
TEST(Visibility, MostConditionalFamiliesBranch) {
  PlanOptions options = kOptions;
  const Catalogue& catalogue = *options.catalogue;
  for (std::size_t c = 0; c < catalogue.categories().size(); ++c)
    if (catalogue.categories()[c].name == "conditional")
      options.categories = {static_cast<Category>(c)};
  std::size_t branches = 0, all = 0;
  for (std::uint64_t f = 0; f < kFamilies / 2; ++f) {
    const auto members = plan_family(options, kSeed, f);
    if (members.empty()) continue;
    ++all;
    const auto has_branch = [&](const Body& body) {
      return std::ranges::any_of(body.nodes, [&](const Node& node) {
        return !node.bodies.empty() && catalogue.named(node.op).category == options.categories[0];
      });
    };
    branches += std::ranges::any_of(members[0].program.bodies, has_branch) ? 1 : 0;
  }
  EXPECT_GT(branches, all * 6 / 10);
  EXPECT_LT(branches, all);
}

}  // namespace
}  // namespace jaxsmith::plan
