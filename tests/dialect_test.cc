// The same in other words: a dialect's word stands where the types of what it takes allow it, and
// nowhere else.
#include "source/dialect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/jax/catalogue.h"
#include "plan/planner.h"
#include "source/render.h"

namespace jaxsmith::source {
namespace {

using plan::DType;

const plan::Catalogue& catalogue() { return plan::jax_catalogue(); }

const plan::Dialect& dialect(const std::string& name) {
  const auto& all = catalogue().vocabulary().dialects;
  return *std::ranges::find(all, name, &plan::Dialect::name);
}

// A step on values of these types, in words of the dialect.
std::string said(const std::string& name, const std::string& spelling,
                 const std::vector<plan::Type>& types, bool x64 = false) {
  plan::Program program;
  program.catalogue = &catalogue();
  program.x64 = x64;
  plan::Node node;
  node.spelling = spelling;
  for (const plan::Type& type : types) {
    node.operands.push_back(static_cast<plan::ValueId>(program.values.size()));
    program.values.emplace_back();
    program.values.back().type = type;
  }
  return print(in_dialect(parse_expression(spelling).value(), dialect(name), program, node));
}

const plan::Type kRow{DType::kF32, {4}}, kMatrix{DType::kF32, {3, 4}}, kNumber{DType::kF32, {}},
    kHalf{DType::kBF16, {4}}, kCounts{DType::kI32, {4}}, kIndex{DType::kI32, {}},
    kMask{DType::kBool, {4}}, kWide{DType::kF64, {4}};

TEST(Dialect, TheLowerModuleTakesWhatIsOfOneType) {
  EXPECT_EQ(said("lax", "jnp.exp(-$0) * $1", {kRow, kRow}), "lax.mul(lax.exp(lax.neg($0)), $1)");
  EXPECT_EQ(said("lax", "0.5 * $0 + $1", {kRow, kNumber}), "lax.add(lax.mul(0.5, $0), $1)");
  EXPECT_EQ(said("lax", "jnp.clip($0, -1.0, 1.0)", {kMatrix}), "lax.clamp(-1.0, $0, 1.0)");
  EXPECT_EQ(said("lax", "jnp.where($0, $1, $2)", {kMask, kRow, kRow}), "lax.select($0, $1, $2)");
  EXPECT_EQ(said("lax", "$0 > 0.0", {kRow}), "lax.gt($0, 0.0)");
  EXPECT_EQ(said("lax", "$0 & 7", {kCounts}), "lax.bitwise_and($0, 7)");
  EXPECT_EQ(said("lax", "2.0 * $0", {kWide}, /*x64=*/true), "lax.mul(2.0, $0)");
}

TEST(Dialect, TheLowerModulePromotesNothing) {
  // Other ranks, other types, numbers of Python's beside half or double precision.
  for (const auto& [spelling, types] : std::vector<std::pair<std::string, std::vector<plan::Type>>>{
           {"$0 + $1", {kMatrix, kRow}},
           {"$0 * $1", {kRow, kCounts}},
           {"0.5 * $0", {kHalf}},
           {"0.5 * $0", {kWide}},
           {"2 * $0", {kRow}},
           {"$0 / $1", {kCounts, kCounts}},
           {"jnp.exp($0)", {kCounts}},
           {"jnp.where($0, $1, 0.0)", {kMask, kRow}},
           {"$0 + 1", {kIndex}},
           {"jnp.clip($0, 0, 9)", {kRow}}})
    EXPECT_EQ(said("lax", spelling, types), print(parse_expression(spelling).value()));
}

// A literal is written as it is, whatever the type of its program.
TEST(Dialect, ALiteralHasPythonsType) {
  plan::Program program;
  program.catalogue = &catalogue();
  plan::Node node;
  node.operands = {0, 1};
  for (const DType dtype : {DType::kBF16, DType::kF32}) {
    program.values.assign(2, {});
    program.values[0].type = {dtype, {4}};
    program.values[1].type = {dtype, {}};
    program.values[1].literal = "0.5";
    const Expr e = parse_expression("$0 * $1").value();
    EXPECT_EQ(print(in_dialect(e, dialect("lax"), program, node)),
              dtype == DType::kF32 ? "lax.mul($0, $1)" : "$0 * $1");
  }
}

TEST(Dialect, LimitsAndVectorsAreAsTheFunctionTakesThem) {
  EXPECT_EQ(said("lax", "jnp.clip($0, $1, $2)", {kNumber, kRow, kRow}), "jnp.clip($0, $1, $2)");
  EXPECT_EQ(said("array_api", "jnp.outer($0, $1)", {kRow, kRow}), "jnp.linalg.outer($0, $1)");
  EXPECT_EQ(said("array_api", "jnp.outer($0, $1)", {kRow, kNumber}), "jnp.outer($0, $1)");
  EXPECT_EQ(said("array_api", "jnp.outer($0 @ $1, $1)", {kMatrix, kRow}), "jnp.outer($0 @ $1, $1)");
}

TEST(Dialect, WhatIsPythonsStaysPythons) {
  EXPECT_EQ(said("functions", "$0[1:] - $0[:-1]", {kRow}), "jnp.subtract($0[1:], $0[:-1])");
  EXPECT_EQ(said("functions", "$0 / ($0.shape[0] - 1)", {kRow}),
            "jnp.true_divide($0, $0.shape[0] - 1)");
  EXPECT_EQ(said("functions", "$0[$1 + 1]", {kRow, kIndex}), "$0[$1 + 1]");
  EXPECT_EQ(said("functions", "jnp.zeros(2 * 3)", {}), "jnp.zeros(2 * 3)");
  EXPECT_EQ(said("functions", "$0 + 1", {kIndex}), "$0 + 1");
}

TEST(Dialect, OneAsksForARank) {
  EXPECT_EQ(said("array_api", "jnp.trace($0)", {kMatrix}), "jnp.linalg.trace($0)");
  EXPECT_EQ(said("array_api", "jnp.trace($0)", {{DType::kF32, {2, 3, 4}}}), "jnp.trace($0)");
  EXPECT_EQ(said("older_names", "jnp.max($0, axis=$axis)", {kMatrix}), "jnp.amax($0, axis=$axis)");
}

TEST(Dialect, FamiliesSpeakEachAsOftenAsItsShareSays) {
  std::map<const plan::Dialect*, double> found;
  constexpr int kFamilies = 20'000;
  for (int family = 0; family < kFamilies; ++family)
    ++found[draw_dialect(catalogue().vocabulary(), Random(3, static_cast<std::uint64_t>(family)))];
  double spoken = 0;
  for (const plan::Dialect& each : catalogue().vocabulary().dialects) {
    EXPECT_NEAR(found[&each] / kFamilies, each.share, 0.01) << each.name;
    spoken += each.share;
  }
  EXPECT_LT(spoken, 0.3);
}

}  // namespace
}  // namespace jaxsmith::source
