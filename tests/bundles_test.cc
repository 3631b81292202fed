// Which arguments come as one: words and types say it, sizes that agree do not.
#include "plan/bundles.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backend/backend.h"
#include "plan/argument_roles.h"

namespace jaxsmith::plan {
namespace {

struct Given {
  std::string name;
  Shape shape;
  bool elsewhere = false;  // whether another step takes it
  DType dtype = DType::kF32;
};

Program program_of(const std::vector<Given>& arguments) {
  Program out;
  out.catalogue = &backend::backend_named("jax")->catalogue();
  out.bodies.emplace_back();
  Body& root = out.bodies[0];
  root.nodes.resize(2);
  for (const Given& each : arguments) {
    Value value;
    value.type = {each.dtype, each.shape};
    if (!each.name.empty()) value.names = {each.name};
    const auto id = static_cast<ValueId>(out.values.size());
    out.values.push_back(value);
    root.parameters.push_back(id);
    Node& node = each.elsewhere ? root.nodes[1] : root.nodes[0];
    node.operands.push_back(id);
  }
  return out;
}

// "batch 0 1; params 2 3"
std::string bundled(const std::vector<Given>& arguments) {
  std::string out;
  for (const Bundle& each : bundles_of(program_of(arguments), {})) {
    out += (out.empty() ? "" : "; ") + each.names[0];
    for (const std::size_t member : each.members) out += " " + std::to_string(member);
  }
  return out;
}

TEST(Bundles, ABatchIsExamplesWithWhatIsSaidOfThemBesideAModel) {
  EXPECT_EQ(bundled({{"weights", {4}}, {"features", {8, 4}}, {"labels", {8}}}), "batch 1 2");
  EXPECT_EQ(bundled({{"times", {8}}, {"observed", {8}}, {"theta", {3}}}), "data 0 1");
  // Nothing is learnt: these are two arrays.
  EXPECT_EQ(bundled({{"x", {8}}, {"y", {8}}}), "");
  // Other rows, other roles, no name.
  EXPECT_EQ(bundled({{"weights", {4}}, {"features", {8, 4}}, {"labels", {7}}}), "");
  EXPECT_EQ(bundled({{"weights", {4}}, {"probs", {8}}, {"rates", {8}}}), "");
  EXPECT_EQ(bundled({{"weights", {4}}, {"", {8, 4}}, {"", {8}}}), "");
}

TEST(Bundles, WhatIsLearntIsParamsAndWhatAnOptimizerMovesIsNot) {
  EXPECT_EQ(bundled({{"x", {4}}, {"w1", {4, 8}}, {"b1", {8}}, {"w2", {8, 2}}}), "params 1 2 3");
  EXPECT_EQ(bundled({{"weights", {4}}, {"grads", {4}}, {"m", {4}}, {"v", {4}}, {"count", {}}}),
            "opt_state 2 3 4");
  EXPECT_EQ(bundled({{"x", {4}}, {"class_weights", {4}}, {"kernel", {4, 2}}}), "");
}

TEST(Bundles, NumbersGoTogetherWhereOneFormulaTakesThem) {
  EXPECT_EQ(bundled({{"samples", {9}}, {"center", {}}, {"width", {}}}), "params 1 2");
  EXPECT_EQ(bundled({{"samples", {9}}, {"center", {}}, {"width", {}, true}}), "");
  EXPECT_EQ(bundled({{"samples", {9}}, {"center", {}}, {"sigma_center", {}}}), "");
  EXPECT_EQ(bundled({{"center", {}}, {"width", {}}}), "");
}

TEST(Bundles, OtherThingsThatHaveANameTogether) {
  EXPECT_EQ(bundled({{"level", {9}}, {"lower", {9}}, {"upper", {9}}}), "bounds 1 2");
  EXPECT_EQ(bundled({{"level", {9}}, {"lower", {9}}, {"upper", {9}, true}}), "");
  const DType kInt = DType::kI32;
  EXPECT_EQ(
      bundled({{"year", {}, false, kInt}, {"month", {}, false, kInt}, {"day", {}, false, kInt}}),
      "date 0 1 2");
  EXPECT_EQ(bundled({{"positions", {8, 3}}, {"velocities", {8, 3}}, {"masses", {8}}}),
            "system 0 1 2");
}

}  // namespace
}  // namespace jaxsmith::plan
