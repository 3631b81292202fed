#include <gtest/gtest.h>

#include <algorithm>

#include <cmath>

#include "backend/backend.h"
#include "calibrate/explain.h"
#include "calibrate/fit.h"
#include "calibrate/parts.h"
#include "calibrate/profile.h"
#include "calibrate/table.h"
#include "generate/options.h"

namespace jaxsmith::calibrate {
namespace {

stats::RowMeasures row_of(std::vector<std::string> operations, std::string callable = "") {
  stats::RowMeasures row;
  row.read = true;
  row.operations = std::move(operations);
  for (std::size_t i = 1; i < row.operations.size(); ++i)
    ++row.pairs[row.operations[i - 1] + " > " + row.operations[i]];
  row.dtypes["f32"] = static_cast<double>(row.operations.size());
  row.ranks["2"] = static_cast<double>(row.operations.size());
  row.callable = std::move(callable);
  return row;
}

// Functions that are little but waves.
Profile waves() {
  const std::vector<stats::RowMeasures> rows = {row_of({"mul", "sin", "add"}),
                                                row_of({"cos", "mul", "sin", "reduce_sum"})};
  return profile_of(rows);
}

plan::PlanOptions options() { return {&backend::jax().catalogue()}; }

Fitted fitted_to(const Profile& profile, unsigned workers = 2, std::size_t families = 80) {
  auto out = fit(options(), backend::jax().brought(), profile, workers,
                 {.families = families, .rounds = 4});
  EXPECT_TRUE(out.ok());
  return std::move(out).value();
}

TEST(Profile, SharesAddUpToOne) {
  const Profile profile = waves();
  EXPECT_EQ(profile.functions, 2);
  EXPECT_DOUBLE_EQ(profile.operations.at("mul"), 2.0 / 7);
  EXPECT_DOUBLE_EQ(profile.pairs.at("mul > sin"), 2.0 / 5);
  EXPECT_DOUBLE_EQ(profile.dtypes.at("f32"), 1);
  EXPECT_DOUBLE_EQ(profile.sizes.at("2"), 0.5);
  EXPECT_DOUBLE_EQ(profile.sizes.at("4"), 0.5);
}

TEST(Profile, LongFunctionsAreNotAllOfIt) {
  const std::vector<stats::RowMeasures> rows = {row_of(std::vector<std::string>(100'000, "add")),
                                                row_of(std::vector<std::string>(256, "mul"))};
  EXPECT_NEAR(profile_of(rows).operations.at("add"), 0.5, 1e-9);
}

TEST(Profile, ItsDigestIsOfItsFigures) {
  EXPECT_EQ(waves().digest(), waves().digest());
  Profile other = waves();
  other.operations["tanh"] = 0.1;
  EXPECT_NE(other.digest(), waves().digest());
}

TEST(Explain, FindsWhatUsesBring) {
  // Of three functions: entry 0 brings two sines, entry 1 one sum.
  const std::vector<Explained> all = {{{{0, 1.0}}, {{"sin", 2}}},
                                      {{{0, 1.0}, {1, 1.0}}, {{"sin", 2}, {"add", 1}}},
                                      {{{1, 4.0}}, {{"add", 4}}}};
  std::vector<Explained> often;
  for (int i = 0; i < 40; ++i) often.insert(often.end(), all.begin(), all.end());
  const Explanation found = explain(often);
  EXPECT_NEAR(found.of.at(0).at("sin"), 2, 0.1);
  EXPECT_NEAR(found.of.at(1).at("add"), 1, 0.1);
  EXPECT_LT(found.of.at(0).at("add"), 0.1);
  EXPECT_LT(found.left, found.left_before);
}

// Of three functions: entry 0 becomes four operations, entry 1 forty, of which thirty are hidden.
TEST(Parts, FindsWhatEntriesHide) {
  const plan::Catalogue& catalogue = backend::jax().catalogue();
  const plan::Applied few{&catalogue.ops()[0]}, many{&catalogue.ops()[1]};
  std::vector<Traced> functions;
  for (int i = 0; i < 40; ++i) {
    functions.push_back({{few, few}, 8, 0});
    functions.push_back({{few, many}, 44, 30.0 / 44});
    functions.push_back({{many, many}, 0, 0.75});  // refused
  }
  const Parts parts = explain_parts(functions, catalogue);
  EXPECT_NEAR(parts.at(0).plain.shown, 4, 0.5);
  EXPECT_LT(parts.at(0).plain.hidden, 0.5);
  EXPECT_NEAR(parts.at(1).plain.hidden, 30, 2);
  EXPECT_NEAR(parts.at(1).plain.shown, 10, 2);
  EXPECT_NEAR(expected_inert(functions[1], parts, catalogue), 30.0 / 44, 0.05);
}

// A step that nothing shows says nothing of its entry.
TEST(Parts, WhatNothingShowsIsNotTheEntrys) {
  const plan::Catalogue& catalogue = backend::jax().catalogue();
  const plan::Applied seen{&catalogue.ops()[0]}, unseen{&catalogue.ops()[1], 1, false, false};
  const plan::Applied other{&catalogue.ops()[1]};
  std::vector<Traced> functions;
  for (int i = 0; i < 40; ++i) {
    functions.push_back({{seen, unseen}, 10, 0.5});
    functions.push_back({{seen, other}, 10, 0});
  }
  const Parts parts = explain_parts(functions, catalogue);
  EXPECT_LT(parts.at(0).plain.hidden + parts.at(1).plain.hidden, 1);
}

TEST(Fit, BringsPlansNearer) {
  const Fitted fitted = fitted_to(waves(), 2, 480);  // of few, chance would be most of it
  EXPECT_LT(fitted.after.operations, fitted.before.operations - 0.01);
  const auto ops = backend::jax().catalogue().ops();
  const auto factor = [&](std::string_view name) {
    for (std::size_t i = 0; i < ops.size(); ++i)
      if (ops[i].name == name) return fitted.weights.entry(i);
    return 0.0;
  };
  EXPECT_GT(factor("sin"), 2);
  EXPECT_LT(std::ranges::min(fitted.weights.entries), 0.7);  // what brings none of these
}

TEST(Fit, FactorsAreBounded) {
  const plan::Weights weights = fitted_to(waves()).weights;
  std::vector<double> all = {weights.long_axes};
  for (const auto* factors : {&weights.entries, &weights.categories, &weights.ranks})
    all.insert(all.end(), factors->begin(), factors->end());
  all.insert(all.end(), weights.sizes.begin(), weights.sizes.end());
  for (const auto& [dtype, factor] : weights.dtypes) all.push_back(factor);
  EXPECT_GT(all.size(), 500u);
  for (const double factor : all) {
    EXPECT_GE(factor, plan::kLeastFactor);
    EXPECT_LE(factor, plan::kMostFactor);
  }
}

TEST(Fit, TheSameInputGivesTheSameWeights) {
  const plan::Weights one = fitted_to(waves(), 1).weights, two = fitted_to(waves(), 3).weights;
  EXPECT_EQ(one.entries, two.entries);
  EXPECT_EQ(one.categories, two.categories);
  EXPECT_EQ(one.dtypes, two.dtypes);
  EXPECT_EQ(one.sizes, two.sizes);
  EXPECT_EQ(one.ranks, two.ranks);
}

TEST(Fit, PlansFollowTheWeights) {
  plan::PlanOptions usual = options(), fitted = options();
  usual.weights = std::make_shared<plan::Weights>();
  auto weights = std::make_shared<plan::Weights>();
  weights->dtypes = {{tensor::DType::kF32, 1.0 / 8}, {tensor::DType::kBF16, 8}};
  fitted.weights = weights;
  int before = 0, after = 0;
  for (std::uint64_t family = 0; family < 200; ++family) {
    before += plan::family_settings(usual, 0, family).real == tensor::DType::kBF16;
    after += plan::family_settings(fitted, 0, family).real == tensor::DType::kBF16;
  }
  EXPECT_GT(after, 3 * before);
}

TEST(Fit, AFactorOfOneIsNone) {
  plan::PlanOptions one = options(), none = options();
  one.weights = std::make_shared<plan::Weights>();
  auto weights = std::make_shared<plan::Weights>();
  weights->entries.assign(backend::jax().catalogue().ops().size(), 1);
  weights->categories.assign(backend::jax().catalogue().categories().size(), 1);
  none.weights = weights;
  for (std::uint64_t family = 0; family < 10; ++family) {
    const auto a = plan::plan_root(one, plan::family_settings(one, 0, family), 0, family);
    const auto b = plan::plan_root(none, plan::family_settings(none, 0, family), 0, family);
    ASSERT_EQ(a.has_value(), b.has_value());
    if (a.has_value()) {
      EXPECT_EQ(plan::operations_of(*a), plan::operations_of(*b));
    }
  }
}

TEST(Calibrate, AThirdOfTheLibrariesIsHeldOut) {
  std::vector<stats::RowMeasures> rows;
  for (const char* name : {"optax.adam:update", "haiku:apply", "jax.nn:relu", "flax.linen:Dense",
                           "numpyro:logp", "blackjax.mcmc:step"})
    for (int i = 0; i < 3; ++i) rows.push_back(row_of({"add"}, name));
  EXPECT_EQ(held_out(rows).size(), 2u);
  EXPECT_EQ(held_out(rows), held_out(rows));
  EXPECT_TRUE(held_out(std::span(rows).first(3)).empty());
}

TEST(Calibrate, DefaultsKeepWhatEveryDatasetPromises) {
  plan::Weights fitted;
  fitted.entries = {8, 1.5, 1.0 / 8};
  fitted.categories = {3}, fitted.sizes = {8, 1, 1}, fitted.wide_chunks = 5;
  const plan::Weights tamed = for_defaults(fitted);
  EXPECT_EQ(tamed.entries, (std::vector<double>{2, 1.5, 0.5}));
  EXPECT_TRUE(tamed.categories.empty());
  EXPECT_EQ(tamed.sizes, plan::Weights{}.sizes);
  EXPECT_EQ(tamed.wide_chunks, 1);
}

}  // namespace
}  // namespace jaxsmith::calibrate
