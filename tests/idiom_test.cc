// The worked example of docs/adding-an-operation.md, and what idioms promise.
#include "plan/idiom.h"

#include <gtest/gtest.h>

#include <set>

#include "plan/jax/catalogue.h"
#include "plan/planner.h"
#include "source/render.h"

namespace jaxsmith::plan {
namespace {

Op standardize() {
  return idiom("standardize", kReduction, 1.0, Derivative::kSmooth, [](Idiom& i) {
    i.called({"standardize", "z_scores", "whiten_columns"});
    i.summary("Bring each column to zero mean and unit deviation.");
    const ValueId x = i.anchor({"table", "features", "x"}, 2, 2, {-4, 4});
    const std::string eps = i.setting({"eps", "epsilon"}, {"1e-5", "1e-6"});
    const Shape columns = {i.dim(x, 1)};
    const ValueId mean = i.let({"mean", "center"}, "jnp.mean($0, axis=0)", {x}, columns, {-1, 1});
    const ValueId std =
        i.let({"std", "deviation"}, i.either({"jnp.std($0, axis=0)", "$0.std(axis=0)"}), {x},
              columns, {0.5, 3});
    i.let({"scores", "standardized"}, "($0 - $1) / ($2 + " + eps + ")", {x, mean, std}, i.shape(x),
          {-3, 3});
  });
}

Op hopeless() {
  return idiom("hopeless", kReduction, 1.0, Derivative::kSmooth, [](Idiom& i) {
    i.called({"never"});
    i.let({"x"}, "$0 + 1", {i.anchor({"x"}, 1, 1, {0, 1})}, Shape{99999}, {0, 1});
  });
}

const Catalogue& toy() {
  static const Catalogue kToy(jax_catalogue().vocabulary(), {standardize(), hopeless()});
  return kToy;
}

TEST(Idiom, ProgramsBeginWithOneThatIsAskedFor) {
  const PlanOptions options{
      .catalogue = &toy(), .categories = {kReduction}, .idioms = {"standardize"}};
  std::set<std::string> sources;
  for (std::uint64_t family = 0; family < 40; ++family) {
    const auto members = plan_family(options, 3, family);
    ASSERT_FALSE(members.empty());
    const source::Function f = source::render(members[0], {3, family, 0});
    EXPECT_NE(f.source.find("mean("), std::string::npos) << f.source;
    EXPECT_NE(f.source.find("std("), std::string::npos) << f.source;
    ASSERT_EQ(f.arguments.size(), 1u);
    EXPECT_EQ(f.arguments[0].shape, f.results[0].shape);
    sources.insert(f.source);
  }
  EXPECT_GT(sources.size(), 20u);
}

TEST(Idiom, WhatStopsGradientsPassesOnNone) {
  const PlanOptions options{.catalogue = &jax_catalogue(), .idioms = {"distillation_loss"}};
  int stopped = 0;
  for (std::uint64_t family = 0; family < 300; ++family)
    for (const Member& member : plan_family(options, 4, family))
      for (const Body& body : member.program.bodies)
        for (const Node& node : body.nodes) {
          const bool stops = node.operands.size() == 1 &&
                             node.spelling.find("lax.stop_gradient($0)") != std::string::npos;
          if (!stops) continue;
          ++stopped;
          for (const ValueId id : node.results)
            EXPECT_EQ(member.program.values[static_cast<std::size_t>(id)].grad_arguments, 0U)
                << node.spelling;
        }
  EXPECT_GT(stopped, 5);
}

TEST(Idiom, OneThatFailsLeavesNothing) {
  PlanOptions options{.catalogue = &toy(), .categories = {kReduction}, .idioms = {"hopeless"}};
  EXPECT_TRUE(plan_family(options, 3, 0).empty());
  options.idioms = {"hopeless", "standardize"};
  for (std::uint64_t family = 0; family < 20; ++family) {
    const auto members = plan_family(options, 5, family);
    ASSERT_FALSE(members.empty());
    EXPECT_EQ(source::render(members[0], {5, family, 0}).source.find("never"), std::string::npos);
  }
}

TEST(Idiom, ThereAreManyAndTheirNamesAreTheirOwn) {
  std::set<std::string> names;
  std::set<int> categories;
  for (const Op& op : jax_catalogue().ops()) {
    EXPECT_TRUE(names.insert(op.name).second) << op.name;
    if (op.has(kIdiom)) categories.insert(static_cast<int>(op.category));
  }
  EXPECT_EQ(categories.size(), jax_catalogue().categories().size());
}

}  // namespace
}  // namespace jaxsmith::plan
