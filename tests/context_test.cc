// An evaluation's settings reach all that is computed for it, on devices too, and what it found out
// comes back.
#include "tensor/context.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "check/reading.h"
#include "levels/names.h"
#include "tensor/convert.h"

namespace jaxsmith::tensor {
namespace {

// Equal keys, sorted in no order that the language says.
std::string sort_text(const std::string& header) {
  return "HloModule m" + header +
         "\n\nlt {\n  p0 = f32[] parameter(0)\n  p1 = f32[] parameter(1)\n  p2 = s32[] "
         "parameter(2)\n  p3 = s32[] parameter(3)\n  ROOT c = pred[] compare(p0, p1), "
         "direction=LT\n}\n\nENTRY e {\n  x = f32[4]{0} parameter(0)\n  i = s32[4]{0} iota(), "
         "iota_dimension=0\n  ROOT s = (f32[4]{0}, s32[4]{0}) sort(x, i), dimensions={0}, "
         "to_apply=lt\n}\n";
}

Tensor tensor(DType dtype, std::vector<double> numbers) {
  return tensor_from_doubles(dtype, {static_cast<std::int64_t>(numbers.size())}, numbers);
}

TEST(Context, WhatIsExpectedReachesDevices) {
  check::ExecutionCase recorded;
  recorded.inputs = {tensor(DType::kF32, {1, 1, 1, 1})};
  recorded.outputs = {recorded.inputs[0], tensor(DType::kI32, {3, 1, 0, 2})};
  recorded.kept = {0};
  for (const char* header : {"", ", replica_count=2", ", num_partitions=4"}) {
    const check::Reading reading = check::read_text(level::kHlo, sort_text(header), &recorded);
    EXPECT_TRUE(reading.agrees) << header << ": " << reading.reason;
  }
  // The order may be any, but not any numbers.
  recorded.outputs[1] = tensor(DType::kI32, {3, 1, 0, 0});
  EXPECT_FALSE(check::read_text(level::kHlo, sort_text(", replica_count=2"), &recorded).agrees);
}

// A sum of 16-bit numbers that stops growing where each step is rounded.
TEST(Context, ArithmeticReachesDevices) {
  for (const char* header : {"", ", replica_count=2"}) {
    const std::string text = fmt::format(
        "HloModule m{}\n\nf {{\n  a = bf16[] parameter(0)\n  b = bf16[] "
        "parameter(1)\n  ROOT c = bf16[] add(a, b)\n}}\n\nENTRY e {{\n  x = bf16[600]"
        "{{0}} parameter(0)\n  z = bf16[] constant(0)\n  ROOT s = bf16[] reduce(x, "
        "z), dimensions={{0}}, to_apply=f\n}}\n",
        header);
    auto parsed = check::IrProgram::parse(level::kHlo, text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    ASSERT_TRUE(parsed.value().verify().ok());
    const auto sum = [&](Arithmetic how) {
      const Array ones = Array::from(EvaluationContext::unmetered(),
                                     tensor(DType::kBF16, std::vector<double>(600, 1)));
      auto results = parsed.value().run({ones}, EvaluationContext({.arithmetic = how}));
      EXPECT_TRUE(results.ok());
      return results.ok() ? results.value()[0].as_array().data<float>()[0] : 0;
    };
    EXPECT_EQ(sum({}), 600) << header;
    EXPECT_EQ(sum({.stepwise = true}), 256) << header;
  }
}

TEST(Context, CountsOperationsWhoseResultsAreNotUnique) {
  for (const auto& [header, expected] : {std::pair("", 1), std::pair(", replica_count=2", 2)}) {
    const EvaluationContext context(EvaluationOptions{});
    auto parsed = check::IrProgram::parse(level::kHlo, sort_text(header));
    ASSERT_TRUE(parsed.ok() && parsed.value().verify().ok());
    const Array ones =
        Array::from(EvaluationContext::unmetered(), tensor(DType::kF32, {1, 1, 1, 1}));
    ASSERT_TRUE(parsed.value().run({ones}, context).ok());
    EXPECT_EQ(context.ambiguous_operations(), expected);
    EXPECT_GT(context.steps_used(), 0);
  }
}

TEST(Context, NamesTheOperationThatIsNotKnown) {
  const std::pair<const char*, const char*> texts[] = {
      {"jaxpr", "{ lambda ; a:f32[]. let b:f32[] = frobnicate a in (b,) }"},
      {"hlo",
       "HloModule m\n\nENTRY e {\n  a = f32[] parameter(0)\n  ROOT b = f32[] "
       "frobnicate(a)\n}\n"},
      {"hlo",
       "HloModule m\n\nENTRY e {\n  a = f32[] parameter(0)\n  ROOT b = f32[] "
       "custom-call(a), custom_call_target=\"frobnicate\"\n}\n"}};
  for (const auto& [level, text] : texts) {
    const check::Reading reading = check::read_text(*level::find_level(level), text, nullptr);
    EXPECT_FALSE(reading.verified);
    EXPECT_EQ(reading.unknown, "frobnicate") << reading.reason;
  }
}

// What a run gives does not count to it: its budget may be used up by then.
TEST(Context, ResultsLeaveTheEvaluation) {
  auto parsed =
      check::IrProgram::parse(level::kJaxpr, "{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }");
  ASSERT_TRUE(parsed.ok() && parsed.value().verify().ok());
  const Array x = Array::from(EvaluationContext::unmetered(), tensor(DType::kF32, {1, 2}));
  const auto results = parsed.value().run({x}, Budget{.steps = 1000});
  ASSERT_TRUE(results.ok());
  EXPECT_FALSE(results.value()[0].as_array().context().metered());
}

}  // namespace
}  // namespace jaxsmith::tensor
