// What members map over a batch: functions that look beyond one element.
#include "plan/jax/mapping.h"

#include <gtest/gtest.h>

#include "backend/backend.h"
#include "plan/planner.h"

namespace jaxsmith::plan {
namespace {

// A function of one step, as idioms write them.
Program step(const std::string& spelling, std::vector<Shape> operands, Shape result) {
  Program program;
  program.catalogue = &backend::jax().catalogue();
  program.bodies.emplace_back();
  Node node;
  node.op = "standardize_columns";  // of none
  node.spelling = spelling;
  const auto value = [&](Shape shape) {
    Value out;
    out.type = {DType::kF32, std::move(shape)};
    program.values.push_back(std::move(out));
    return static_cast<ValueId>(program.values.size()) - 1;
  };
  for (Shape& shape : operands) node.operands.push_back(value(std::move(shape)));
  node.results = {value(std::move(result))};
  program.bodies[0].nodes = {node};
  return program;
}

bool looks_beyond(const std::string& spelling, std::vector<Shape> operands, Shape result) {
  return looks_beyond_elements(step(spelling, std::move(operands), std::move(result)), 0);
}

TEST(Mapping, WhatWorksElementByElementIsNotMapped) {
  const Shape row = {8};
  EXPECT_FALSE(looks_beyond("jnp.tanh($0)", {row}, row));
  EXPECT_FALSE(looks_beyond("2.0 * jnp.pi * $0 + $1", {row, {}}, row));
  EXPECT_FALSE(looks_beyond("jnp.where($0 > 0.0, jnp.exp($0), $1)", {row, row}, row));
  EXPECT_FALSE(looks_beyond("$0.astype(jnp.float32)", {row}, row));
}

TEST(Mapping, WhatLooksBeyondAnElementIs) {
  const Shape row = {8}, table = {8, 8};
  EXPECT_TRUE(looks_beyond("jnp.sum($0)", {row}, {}));
  EXPECT_TRUE(looks_beyond("$0 - $0.mean()", {row}, row));
  EXPECT_TRUE(looks_beyond("jnp.sort($0)", {row}, row));
  EXPECT_TRUE(looks_beyond("$0[::-1]", {row}, row));
  EXPECT_TRUE(looks_beyond("$0 @ $1", {table, table}, table));
  EXPECT_TRUE(looks_beyond("$0.T", {table}, table));
  EXPECT_TRUE(looks_beyond("jax.random.normal(jax.random.key($0), (8,))", {{}}, row));
}

// Who looks at what entries do says so in the settings; it shows nowhere else.
TEST(Mapping, AnyFunctionIsMappedWhereSettingsSaySo) {
  Settings settings;
  settings.catalogue = &backend::jax().catalogue();
  settings.dtypes = {DType::kF32}, settings.sizes = {3, 4, 5};
  const auto worth = [&] {
    Program program;
    program.catalogue = settings.catalogue;
    Builder b(program, settings, Random(1, 1));
    bool out = false;
    Builder::BodySpec spec;
    spec.parameters = {{{DType::kF32, {4}}, uniform_stats(b.random(), -1, 1, false), "x", 1, 1}};
    (void)b.body(spec, [&](const std::vector<ValueId>& given) {
      EXPECT_TRUE(b.apply("tanh", {given[0]}));
      out = worth_mapping(b, b.current());
      return false;
    });
    return out;
  };
  EXPECT_FALSE(worth());
  settings.maps_anything = true;
  EXPECT_TRUE(worth());
  EXPECT_FALSE(looks_beyond("jnp.tanh($0)", {{8}}, {8}));
}

TEST(Mapping, NamesOfMany) {
  EXPECT_EQ(names_of_many({"seed", "k"}), std::vector<std::string>{"seeds"});
  EXPECT_EQ(names_of_many({"velocity", "key", "box"}),
            (std::vector<std::string>{"velocities", "keys", "boxes"}));
  EXPECT_TRUE(names_of_many({"weights"}).empty());
}

// Of every function that a member maps.
TEST(Mapping, MembersMapWhatLooksBeyondAnElement) {
  const PlanOptions options{&backend::jax().catalogue()};
  int mapped = 0;
  for (std::uint64_t family = 0; family < 300; ++family) {
    const auto members = plan_family(options, 5, family);
    for (const Member& member : members) {
      if (member.transformation != "vmap") continue;
      ++mapped;
      const Program& root = members[0].program;
      EXPECT_TRUE(looks_beyond_elements(root, root.root)) << family;
    }
  }
  EXPECT_GT(mapped, 20);
}

}  // namespace
}  // namespace jaxsmith::plan
