// Which operations are inert, of jaxprs in which that is known.
#include "check/relevance.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "check/check.h"
#include "tensor/convert.h"

namespace jaxsmith::check {
namespace {

using Numbers = std::vector<std::int64_t>;
using tensor::DType;
using tensor::EvaluationContext;
using tensor::Tensor;

Tensor floats(const std::vector<double>& numbers) {
  return tensor::tensor_from_doubles(DType::kF32, {static_cast<std::int64_t>(numbers.size())},
                                     numbers);
}

Tensor scalar(DType dtype, double number) {
  return tensor::tensor_from_doubles(dtype, {}, std::vector<double>{number});
}

Result<Relevance> measure(const std::string& text, std::vector<Tensor> inputs,
                          const tensor::Budget& budget = {}) {
  auto program = IrProgram::parse(level::structure_level(), text);
  EXPECT_TRUE(program.ok()) << program.error().message;
  EXPECT_TRUE(program.value().verify().ok()) << program.value().error().message;
  ExecutionCase recorded;
  recorded.inputs = std::move(inputs);
  return measure_relevance(program.value(), recorded, EvaluationContext({.budget = budget}));
}

// The numbers of the inert operations, where there are so many operations.
Numbers inert(std::int64_t operations, const std::string& text, std::vector<Tensor> inputs) {
  const auto found = measure(text, std::move(inputs));
  EXPECT_TRUE(found.ok()) << found.error().message;
  if (!found.ok()) return {-1};
  EXPECT_EQ(found.value().operations, operations);
  EXPECT_EQ(found.value().changed.size(), static_cast<std::size_t>(operations));
  return found.value().inert;
}

const std::vector<Tensor> kThree = {floats({0.5, -1, 2})};

TEST(Relevance, WhatNothingDependsOnIsInert) {
  EXPECT_EQ(
      inert(2, "{ lambda ; a:f32[3]. let b:f32[3] = sin a; c:f32[3] = cos a in (b,) }", kThree),
      Numbers{1});
  EXPECT_EQ(
      inert(2, "{ lambda ; a:f32[3]. let b:f32[3] = sin a; c:f32[3] = cos b in (c, a) }", kThree),
      Numbers{});
}

TEST(Relevance, WhatIsMultipliedByNothingIsInert) {
  EXPECT_EQ(inert(3,
                  "{ lambda ; a:f32[3]. let b:f32[3] = sin a; c:f32[3] = mul b 0.0:f32[]; "
                  "d:f32[3] = add a c in (d,) }",
                  kThree),
            Numbers{0});
}

TEST(Relevance, ABoundThatNeverBindsIsInert) {
  EXPECT_EQ(inert(3,
                  "{ lambda ; a:f32[3]. let b:f32[3] = abs a; c:f32[3] = add b 9.0:f32[]; "
                  "d:f32[3] = min a c in (d,) }",
                  kThree),
            (Numbers{0, 1}));
}

TEST(Relevance, AMoveWithinTheToleranceIsNone) {
  // 0.05 + 10 % of 1e-6, beside 1000.
  EXPECT_EQ(inert(2,
                  "{ lambda ; a:f32[3]. let b:f32[3] = mul a 1e-06:f32[]; "
                  "c:f32[3] = add b 1000.0:f32[] in (c,) }",
                  kThree),
            Numbers{0});
}

TEST(Relevance, NumbersThatAreNoneStandForThemselves) {
  EXPECT_EQ(inert(2, "{ lambda ; a:f32[3]. let b:f32[3] = log a; c:f32[3] = cos a in (b,) }",
                  {floats({-1, -2, -3})}),
            (Numbers{0, 1}));
}

constexpr const char* kForgetful =
    "{ lambda ; a:f32[] b:f32[4]. let\n"
    "    c:f32[] = scan[\n"
    "      _split_transpose=False\n"
    "      jaxpr={ lambda ; d:f32[] e:f32[]. let\n"
    "          f:f32[] = sin d\n"
    "          g:f32[] = mul f 0.0:f32[]\n"
    "          h:f32[] = add g e\n"
    "        in (h,) }\n"
    "      length=4\n      linear=(False, False)\n      num_carry=1\n      num_consts=0\n"
    "      reverse=False\n      unroll=1\n"
    "    ] a b\n"
    "  in (c,) }";

TEST(Relevance, WhatALoopForgetsIsInert) {
  EXPECT_EQ(inert(4, kForgetful, {scalar(DType::kF32, 1), floats({1, 2, 3, 4})}), Numbers{0});
}

std::string counting(const std::string& until, const std::string& step) {
  return "{ lambda ; a:i32[]. let\n"
         "    b:i32[] = while[\n"
         "      body_jaxpr={ lambda ; c:i32[]. let d:i32[] = add c " +
         step +
         ":i32[] in (d,) }\n"
         "      body_nconsts=0\n"
         "      cond_jaxpr={ lambda ; e:i32[]. let f:bool[] = " +
         until +
         ":i32[] in (f,) }\n"
         "      cond_nconsts=0\n"
         "    ] a\n  in (b,) }";
}

TEST(Relevance, TheConditionOfALoopIsNotCounted) {
  // Changed, the counter goes on by 3: 0, 3, 6, 9, 12, and the loop's result is 12 as well.
  EXPECT_EQ(inert(2, counting("lt e 11", "2"), {scalar(DType::kI32, 0)}), Numbers{0});
}

TEST(Relevance, ALoopThatEndsNoMoreIsAnotherResult) {
  EXPECT_EQ(inert(2, counting("ne e 10", "2"), {scalar(DType::kI32, 0)}), Numbers{});
}

constexpr const char* kBranches =
    "{ lambda ; a:i32[] b:f32[3]. let\n"
    "    c:f32[3] = cond[\n      branches=(\n"
    "        { lambda ; d:f32[3]. let e:f32[3] = sin d in (e,) }\n"
    "        { lambda ; d:f32[3]. let e:f32[3] = cos d; f:f32[3] = exp e in (f,) }\n"
    "      )\n    ] a b\n  in (c,) }";

TEST(Relevance, ABranchThatIsNotTakenIsInert) {
  EXPECT_EQ(inert(4, kBranches, {scalar(DType::kI32, 0), kThree[0]}), (Numbers{1, 2}));
  EXPECT_EQ(inert(4, kBranches, {scalar(DType::kI32, 1), kThree[0]}), Numbers{0});
}

TEST(Relevance, BranchesThatShareAJaxprAreToldApart) {
  EXPECT_EQ(inert(3,
                  "let f = { lambda ; d:f32[3]. let e:f32[3] = sin d in (e,) } in\n"
                  "{ lambda ; a:i32[] b:f32[3]. let\n"
                  "    c:f32[3] = cond[branches=(f f)] a b\n  in (c,) }",
                  {scalar(DType::kI32, 1), kThree[0]}),
            Numbers{0});
}

TEST(Relevance, OperationsOfAFunctionCountWhereItIsCalled) {
  // The first call's result is forgotten.
  EXPECT_EQ(
      inert(5,
            "let f = { lambda ; a:f32[3]. let b:f32[3] = sin a; c:f32[3] = neg b in (c,) } in\n"
            "{ lambda ; a:f32[3]. let\n"
            "    b:f32[3] = jit[name=f jaxpr=f] a\n"
            "    c:f32[3] = mul b 0.0:f32[]\n"
            "    d:f32[3] = jit[name=f jaxpr=f] c\n"
            "  in (d,) }",
            kThree),
      (Numbers{0, 1}));
}

std::string chain(int operations) {
  std::string out = "{ lambda ; v0:f32[3]. let\n";
  for (int i = 0; i < operations; ++i)
    out += "    v" + std::to_string(i + 1) + ":f32[3] = neg v" + std::to_string(i) + "\n";
  return out + "  in (v" + std::to_string(operations / 2) + ",) }";
}

TEST(Relevance, OfManyOperationsTheSameAreDrawnEachTime) {
  const auto a = measure(chain(1000), kThree), b = measure(chain(1000), kThree);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a.value().operations, 1000);
  EXPECT_EQ(a.value().changed.size(), 96U);
  EXPECT_EQ(a.value().changed, b.value().changed);
  EXPECT_EQ(a.value().inert, b.value().inert);
  EXPECT_NEAR(a.value().share(), 0.5, 0.15);
}

TEST(Relevance, KeepsToTheBudgetAroundIt) {
  const auto found = measure(chain(64), kThree, {.steps = 20'000});
  EXPECT_FALSE(found.ok());
  EXPECT_TRUE(measure(chain(64), kThree).ok());
}

TEST(Relevance, WhatWritesToReferencesIsNotMeasured) {
  const auto found = measure(
      "{ lambda ; a:Ref{f32[3]} b:f32[3]. let\n    a[:] <- b\n    c:f32[3] <- a[:]\n  in (c,) }",
      {kThree[0], kThree[0]});
  EXPECT_FALSE(found.ok());
}

TEST(Relevance, RefusesAboveALimit) {
  EXPECT_FALSE(check_inert(std::nullopt, 0));
  EXPECT_FALSE(check_inert(0.5, 0.5));
  const auto refusal = check_inert(0.625, 0.5);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->stage, trace::Stage::kCheck);
  EXPECT_EQ(refusal->reason, "inert");
}

TEST(Relevance, FiguresAreOfTheRowsInWhichItWasMeasured) {
  InertFigures figures;
  for (const std::optional<double> share : {std::optional(0.25), std::optional(0.75), {}})
    figures.add(share);
  EXPECT_EQ(figures.rows, 2U);
  EXPECT_EQ(figures.mean(), 0.5);
  EXPECT_EQ(figures.share_over_half(), 0.5);
}

}  // namespace
}  // namespace jaxsmith::check
