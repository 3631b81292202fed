// What a traced function must show: every reason to refuse one is provoked.
#include "check/check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "check/redo.h"
#include "check/sample.h"
#include "levels/names.h"
#include "tensor/convert.h"

namespace jaxsmith::check {

using level::Level;
using source::Function;
using tensor::DType;
using trace::Outcome;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

tensor::Tensor vector_of(DType dtype, const std::vector<double>& numbers) {
  return tensor::tensor_from_doubles(dtype, {static_cast<std::int64_t>(numbers.size())}, numbers);
}

Function planned() {
  Function f;
  f.arguments = {{"x", DType::kF32, {3}}, {"y", DType::kF32, {3}}};
  f.results = {{"out", DType::kF32, {3}}};
  return f;
}

Outcome good() {
  Outcome o;
  o.ok = true;
  o.levels = {{level::kJaxpr, "{ lambda ; a:f32[3] b:f32[3]. let c:f32[3] = add a b in (c,) }"},
              {level::kStablehlo, "module @jit_f {\n}\n"},
              {level::kHlo, "HloModule jit_f\n"},
              {level::kHloOptimized, "HloModule jit_f, is_scheduled=true\n"}};
  o.outputs = {vector_of(DType::kF32, {1, -2, 3.5})};
  o.argument_matters = {true, true};
  o.flops = 3;
  return o;
}

std::string reason(const Outcome& outcome, const Function& function = planned()) {
  const auto refusal = check(function, outcome, level::structure_level());
  if (!refusal) return "";
  EXPECT_EQ(refusal->stage, trace::Stage::kCheck);
  return refusal->reason;
}

TEST(Check, KeepsWhatIsWhole) { EXPECT_EQ(reason(good()), ""); }

TEST(Check, TextsAreCompleteAndTellOfNoMachine) {
  const auto with = [](Level level, const std::string& text) {
    Outcome o = good();
    o.levels[level] += text;
    return reason(o);
  };
  for (const auto& [level, text] : good().levels) {
    EXPECT_EQ(with(level, "<function f at 0x7f12ab34cd56>"), "address") << level::name_of(level);
    EXPECT_EQ(with(level, " \"/usr/lib/python3/site-packages/x.py\""), "path")
        << level::name_of(level);
    EXPECT_EQ(with(level, " constant({...})"), "elided") << level::name_of(level);
    EXPECT_EQ(with(level, " divide /*index=5*/ a / b // a comment"), "") << level::name_of(level);
    Outcome o = good();
    o.levels[level].clear();
    EXPECT_EQ(reason(o), "levels") << level::name_of(level);
  }
  Outcome o = good();
  o.levels.erase(level::structure_level());
  EXPECT_EQ(reason(o), "levels");
  // Which level has to be there its back end says.
  EXPECT_FALSE(check(planned(), o, level::kHlo));
}

TEST(Check, ResultsAreThosePlanned) {
  for (const tensor::Tensor& other :
       {vector_of(DType::kF32, {1, 2}), vector_of(DType::kF16, {1, 2, 3}),
        vector_of(DType::kI32, {1, 2, 3})}) {
    Outcome o = good();
    o.outputs = {other};
    EXPECT_EQ(reason(o), "type");
  }
  Outcome o = good();
  o.outputs.push_back(o.outputs[0]);
  EXPECT_EQ(reason(o), "type");
  Function unplanned = planned();
  unplanned.results.clear();
  EXPECT_EQ(reason(o, unplanned), "");
}

TEST(Check, NumbersAreFiniteInEveryType) {
  for (DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
    for (double odd : {kNan, kInfinity, -kInfinity}) {
      Function f = planned();
      f.results = {{"out", dtype, {3}}};
      Outcome o = good();
      o.outputs = {vector_of(dtype, {1, odd, 2})};
      EXPECT_EQ(reason(o, f), "nonfinite") << tensor::aval_text(dtype, {3}) << odd;
      o.outputs = {vector_of(dtype, {1, -7, 2})};
      EXPECT_EQ(reason(o, f), "");
    }
  }
  Function f = planned();
  f.results = {{"out", DType::kC64, {1}}};
  Outcome o = good();
  const double imaginary[] = {1.0, kNan};
  o.outputs = {tensor::tensor_from_doubles(DType::kC64, {1}, imaginary)};
  EXPECT_EQ(reason(o, f), "nonfinite");
}

TEST(Check, EveryArgumentMatters) {
  Outcome o = good();
  o.argument_matters = {true, false};
  EXPECT_EQ(reason(o), "ignored argument");
  EXPECT_NE(check(planned(), o, level::structure_level())->detail.find("(y)"), std::string::npos);
  o.argument_matters = {false, false};
  EXPECT_EQ(reason(o), "constant");
  o = good();
  o.stable = false;
  EXPECT_EQ(reason(o), "unstable");
}

TEST(Check, AJaxprThatCannotBeReadIsRefused) {
  Outcome o = good();
  const auto candidate = [](const Outcome& outcome) {
    return make_candidate(planned(), outcome, std::nullopt, read_texts(outcome.levels),
                          level::structure_level());
  };
  o.levels[level::structure_level()] = "{ lambda ; a:f32[3]. let";
  const Candidate c = candidate(o);
  ASSERT_TRUE(std::holds_alternative<Reject>(c));
  EXPECT_EQ(std::get<Reject>(c).refusal.reason, "jaxpr");
  EXPECT_TRUE(std::holds_alternative<Sample>(candidate(good())));
}

std::string redo_reason(const Outcome& plain, const Outcome& chunk = good(),
                        const Function& function = planned()) {
  const auto refusal = compare_redo(function, chunk, plain);
  if (!refusal) return "";
  EXPECT_EQ(refusal->stage, trace::Stage::kRedo);
  return refusal->reason;
}

TEST(Redo, AsksForTheSameBytesOfText) {
  EXPECT_EQ(redo_reason(good()), "");
  for (const auto& [level, text] : good().levels) {
    Outcome o = good();
    o.levels[level] += " ";
    EXPECT_EQ(redo_reason(o), fmt::format("text:{}", level::name_of(level)));
    o.levels.erase(level);
    EXPECT_EQ(redo_reason(o), fmt::format("text:{}", level::name_of(level)));
  }
  Outcome o = good();
  o.flops = 4;
  EXPECT_EQ(redo_reason(o), "flops");
  o = good();
  o.constants = {vector_of(DType::kF32, {1})};
  EXPECT_EQ(redo_reason(o), "constants");
  o = Outcome();
  o.refusal = {trace::Stage::kCompile, "XlaRuntimeError", "no"};
  EXPECT_EQ(redo_reason(o), "XlaRuntimeError");
}

TEST(Redo, AsksForEverythingElseThatAWorkerGives) {
  Outcome chunk = good();
  for (const auto& [level, text] : chunk.levels)
    chunk.spans[level] = {{2, trace::SpanKind::kExact, {{3, 4, 3, 20}}, ""}};
  EXPECT_EQ(redo_reason(chunk, chunk), "");
  for (const auto& [level, text] : good().levels) {
    Outcome o = chunk;
    o.spans[level][0].sources[0].end_column = 30;
    EXPECT_EQ(redo_reason(o, chunk), fmt::format("spans:{}", level::name_of(level)));
    o = chunk;
    o.spans.erase(level);
    EXPECT_EQ(redo_reason(o, chunk), fmt::format("spans:{}", level::name_of(level)));
    EXPECT_EQ(redo_reason(chunk, o), "levels");
  }
  Outcome o = chunk;
  o.result_paths = {"['other']"};
  EXPECT_EQ(redo_reason(o, chunk), "result_paths");
  o = chunk;
  o.bytes_accessed += 1;
  EXPECT_EQ(redo_reason(o, chunk), "flops");
  o = chunk;
  o.argument_matters.flip();
  o.stable = false;
  EXPECT_EQ(redo_reason(o, chunk), "");
}

TEST(Redo, OutputsAgreeWithinTheToleranceOfTheirType) {
  for (DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
    Function f = planned();
    f.arguments = {{"x", dtype, {3}}};
    Outcome chunk = good(), plain = good();
    const double tolerance = output_tolerance(dtype);
    ASSERT_GT(tolerance, 0);
    chunk.outputs = {vector_of(dtype, {100, 1, 0})};
    plain.outputs = {vector_of(dtype, {100 * (1 + 0.4 * tolerance), 1, 0})};
    EXPECT_EQ(redo_reason(plain, chunk, f), "");
    plain.outputs = {vector_of(dtype, {100 * (1 + 3 * tolerance), 1, 0})};
    EXPECT_EQ(redo_reason(plain, chunk, f), "outputs");
    plain.outputs = {vector_of(dtype, {kNan, 1, 0})};
    EXPECT_EQ(redo_reason(plain, chunk, f), "outputs");
  }
}

TEST(Redo, WhatIsNotFiniteNeverAgrees) {
  for (double odd : {kNan, kInfinity, -kInfinity}) {
    Outcome chunk = good(), plain = good();
    plain.outputs = {vector_of(DType::kF32, {1, odd, 3.5})};
    EXPECT_EQ(redo_reason(plain, chunk), "outputs") << odd;
    EXPECT_EQ(redo_reason(chunk, plain), "outputs") << odd;
    EXPECT_EQ(redo_reason(plain, plain), "outputs") << odd;
  }
}

TEST(Redo, AsksForTheSameResultsAndCosts) {
  Outcome plain = good();
  plain.outputs.push_back(plain.outputs[0]);
  EXPECT_EQ(redo_reason(plain), "outputs");
  plain = good();
  plain.bytes_accessed = 8;
  EXPECT_EQ(redo_reason(plain), "flops");
  for (DType dtype : {DType::kBool, DType::kU8, DType::kI64}) {
    Outcome chunk = good();
    plain = good();
    chunk.outputs = {vector_of(dtype, {1, 0, 1})};
    plain.outputs = {vector_of(dtype, {1, 1, 1})};
    EXPECT_EQ(redo_reason(plain, chunk), "outputs");
  }
}

TEST(Redo, IntegersAgreeExactly) {
  Function f = planned();
  f.arguments = {{"x", DType::kF32, {3}}};
  Outcome chunk = good(), plain = good();
  chunk.outputs = {vector_of(DType::kI32, {1000000, 2, 3})};
  plain.outputs = {vector_of(DType::kI32, {1000001, 2, 3})};
  EXPECT_EQ(redo_reason(plain, chunk, f), "outputs");
  plain.outputs = chunk.outputs;
  EXPECT_EQ(redo_reason(plain, chunk, f), "");
}

}  // namespace
}  // namespace jaxsmith::check
