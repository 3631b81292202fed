// Arguments that are made of others; tests/test_preparations.py runs them in JAX.
#include "plan/preparation.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "backend/backend.h"
#include "plan/jax/formula.h"
#include "plan/planner.h"

namespace jaxsmith::plan {
namespace {

const Catalogue& catalogue() { return backend::backend_named("jax")->catalogue(); }

TEST(Formulas, AreSumsProductsAndFunctionsOfNumbersAndNames) {
  const auto value_of = [](const std::string& name) { return name == "n" ? 3.0 : 0.5; };
  EXPECT_DOUBLE_EQ(formula("n + 2*x/4 - (1 - n)", value_of), 5.25);
  EXPECT_DOUBLE_EQ(formula("-n*x", value_of), -1.5);
  EXPECT_DOUBLE_EQ(formula("floor(sqrt(n*n) + 0.7)", value_of), 3);
  EXPECT_NEAR(formula("log(exp(x))", value_of), 0.5, 1e-12);
  for (const char* wrong : {"", "n +", "sin(n)", "(n", "2 n"})
    EXPECT_THROW(formula(wrong, value_of), std::logic_error) << wrong;
}

TEST(Preparations, AreEntriesThatNothingDraws) {
  for (const Preparation& each : catalogue().vocabulary().preparations) {
    const Op& op = catalogue().named(each.entry);
    EXPECT_TRUE(is_preparation(op)) << each.entry;
    EXPECT_FALSE(has_turns(op)) << each.entry;
  }
}

TEST(Preparations, TakeWhatIsLearntOnlyAsWeightsComeAbout) {
  const Wanted weights{{"weights"}, {DType::kF32, {4, 6}}, {-1, 1}};
  const Wanted readings{{"readings"}, {DType::kF32, {4, 6}}, {-1, 1}};
  std::size_t of_weights = 0, of_readings = 0;
  for (const Preparation& each : catalogue().vocabulary().preparations) {
    of_weights += each.fits(weights), of_readings += each.fits(readings);
    EXPECT_FALSE(each.fits({{"x"}, {DType::kC64, {4}}, {-1, 1}})) << each.entry;
  }
  EXPECT_GT(of_weights, 5U);
  EXPECT_GT(of_readings, 2 * of_weights);
}

TEST(Preparations, PrecedeMostProgramsWithAnIdiom) {
  const PlanOptions options{&catalogue()};
  std::size_t programs = 0, with = 0;
  for (std::uint64_t family = 0; family < 300; ++family) {
    const auto program = plan_root(options, family_settings(options, 7, family), 7, family);
    if (!program || features(options, 7, family)) continue;
    ++programs;
    const auto ops = operations_of(*program);
    with += std::ranges::any_of(ops, [](std::string_view op) {
      const Op* entry = catalogue().find(op);
      return entry != nullptr && is_preparation(*entry);
    });
  }
  ASSERT_GT(programs, 100U);
  EXPECT_GT(with, programs * 6 / 10);
  EXPECT_LT(with, programs);
}

}  // namespace
}  // namespace jaxsmith::plan
