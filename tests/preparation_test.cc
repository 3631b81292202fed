// Arguments that are made of others; tests/test_preparations.py runs them in JAX.
#include "plan/preparation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

#include "backend/backend.h"
#include "plan/jax/formula.h"
#include "plan/planner.h"
#include "plan/turns.h"

namespace jaxsmith::plan {
namespace {

const Catalogue& catalogue() { return backend::backend_named("jax")->catalogue(); }

TEST(Formulas, AreSumsProductsAndFunctionsOfNumbersAndNames) {
  const auto value_of = [](const std::string& name) { return name == "n" ? 3.0 : 0.5; };
  EXPECT_DOUBLE_EQ(formula("n + 2*x/4 - (1 - n)", value_of), 5.25);
  EXPECT_DOUBLE_EQ(formula("-n*x", value_of), -1.5);
  EXPECT_DOUBLE_EQ(formula("floor(sqrt(n*n) + 0.7)", value_of), 3);
  EXPECT_NEAR(formula("log(exp(x))", value_of), 0.5, 1e-12);
  for (const char* wrong : {"", "n +", "sin(n)", "(n", "2 n", "2n", "1e-9"})
    EXPECT_THROW(formula(wrong, value_of), std::logic_error) << wrong;
}

TEST(Preparations, AreEntriesThatNothingDraws) {
  for (const Preparation& each : catalogue().vocabulary().preparations) {
    const Op& op = catalogue().named(each.entry);
    EXPECT_TRUE(is_preparation(op)) << each.entry;
    EXPECT_FALSE(has_turns(op)) << each.entry;
  }
}

TEST(Preparations, AreOfWhatIsCalledSo) {
  const auto fitting = [](const char* name) {
    const Wanted wanted{{name}, {DType::kF32, {4, 6}}, {0.2, 0.8}};
    std::set<std::string> out;
    for (const Preparation& each : catalogue().vocabulary().preparations)
      if (each.fits(wanted)) out.insert(each.entry);
    return out;
  };
  const auto readings = fitting("readings"), probs = fitting("class_probs"), w = fitting("w_out");
  EXPECT_TRUE(readings.contains("prepare calibrated"));
  EXPECT_FALSE(w.contains("prepare calibrated")) << "nobody measures weights";
  EXPECT_TRUE(probs.contains("prepare of_log_odds"));
  EXPECT_FALSE(readings.contains("prepare of_log_odds"));
  EXPECT_TRUE(fitting("something_else").empty());
}

TEST(Preparations, PrecedeManyProgramsWithAnIdiom) {
  const PlanOptions options{&catalogue()};
  std::size_t programs = 0, with = 0;
  for (std::uint64_t family = 0; family < 400; ++family) {
    const Settings settings = family_settings(options, 7, family);
    // Large ones take what they are given as it is.
    if (settings.size == SizeClass::kLarge || features(options, 7, family)) continue;
    const auto program = plan_root(options, settings, 7, family);
    if (!program) continue;
    ++programs;
    const auto ops = operations_of(*program);
    with += std::ranges::any_of(ops, [](std::string_view op) {
      const Op* entry = catalogue().find(op);
      return entry != nullptr && is_preparation(*entry);
    });
  }
  ASSERT_GT(programs, 100U);
  EXPECT_GT(with, programs * 3 / 10);
  EXPECT_LT(with, programs);
}

}  // namespace
}  // namespace jaxsmith::plan
