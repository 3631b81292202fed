// StableHLO: what the evaluator computes where it is easy to be wrong, what it refuses, and that it
// takes no more than it may.
#include "ir/stablehlo/evaluator.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "ir/stablehlo/parser.h"

namespace jaxsmith::stablehlo {
namespace {

struct Outcome {
  bool ok = false;
  std::string error;
  tensor::EvaluationError::Kind kind = tensor::EvaluationError::Kind::kInvalid;
  std::vector<Array> results;
};

// Of the entry function, which takes nothing.
Outcome run(const std::string& text, const tensor::Budget& budget = {}) {
  Outcome out;
  const auto modules = parse(text, "m.mlir");
  if (!modules.ok()) {
    out.error = modules.error().message;
    return out;
  }
  Evaluator evaluator(modules.value()[0], text, "m.mlir");
  if (const Status verified = evaluator.verify(); !verified.ok()) {
    out.error = verified.error().message;
    out.kind = evaluator.error().kind;
    return out;
  }
  auto results = evaluator.run({}, EvaluationContext({.budget = budget}));
  out.ok = results.ok();
  out.kind = evaluator.error().kind;
  if (!results.ok()) {
    out.error = results.error().message;
    return out;
  }
  for (const Datum& d : results.value()) out.results.push_back(d.as_array());
  return out;
}

// A module whose function gives %out, of that type.
std::string entry(const std::string& type, const std::string& lines,
                  const std::string& around = "") {
  return fmt::format(
      "module @m {{\n{}func.func public @main() -> {} {{\n{}\nreturn %out : {}\n}}\n}}\n", around,
      type, lines, type);
}

std::vector<std::int64_t> ints(const std::string& type, const std::string& lines,
                               const std::string& around = "") {
  const Outcome r = run(entry(type, lines, around));
  EXPECT_TRUE(r.ok) << r.error;
  if (!r.ok) return {};
  const auto values = r.results[0].ints();
  return {values.begin(), values.end()};
}

std::vector<float> floats(const std::string& type, const std::string& lines,
                          const std::string& around = "") {
  const Outcome r = run(entry(type, lines, around));
  EXPECT_TRUE(r.ok) << r.error;
  if (!r.ok) return {};
  const auto values = r.results[0].data<float>();
  return {values.begin(), values.end()};
}

using I = std::vector<std::int64_t>;
using F = std::vector<float>;

TEST(StablehloEvaluator, IntegersWrapAndDivideAsXlaDoes) {
  const std::string type = "tensor<4xi32>";
  const std::string operands =
      "%a = stablehlo.constant dense<[7, -7, 0, -2147483648]> : tensor<4xi32>\n"
      "%b = stablehlo.constant dense<[0, 0, 0, -1]> : tensor<4xi32>\n";
  EXPECT_EQ(ints(type, operands + "%out = stablehlo.divide %a, %b : tensor<4xi32>"),
            (I{-1, -1, -1, -2147483648}));
  EXPECT_EQ(ints(type, operands + "%out = stablehlo.remainder %a, %b : tensor<4xi32>"),
            (I{7, -7, 0, 0}));
  EXPECT_EQ(ints(type, operands + "%out = stablehlo.add %a, %a : tensor<4xi32>"),
            (I{14, -14, 0, 0}));
  EXPECT_EQ(ints("tensor<2xui8>",
                 "%a = stablehlo.constant dense<[250, 7]> : tensor<2xui8>\n"
                 "%b = stablehlo.constant dense<[10, 8]> : tensor<2xui8>\n"
                 "%out = stablehlo.subtract %b, %a : tensor<2xui8>"),
            (I{16, 1}));
}

TEST(StablehloEvaluator, NanGoesThroughMaximumAndComparesUnequal) {
  const std::string operands =
      "%a = stablehlo.constant dense<[0x7FC00000, 1.0, -0.0]> : tensor<3xf32>\n"
      "%b = stablehlo.constant dense<[2.0, 0x7FC00000, 0.0]> : tensor<3xf32>\n";
  const F m = floats("tensor<3xf32>", operands + "%out = stablehlo.maximum %a, %b : tensor<3xf32>");
  ASSERT_EQ(m.size(), 3U);
  EXPECT_TRUE(std::isnan(m[0]) && std::isnan(m[1]));
  const auto compared = [&](const char* how) {
    return ints("tensor<3xi1>",
                operands + fmt::format("%out = stablehlo.compare {} : (tensor<3xf32>, "
                                       "tensor<3xf32>) -> tensor<3xi1>",
                                       how));
  };
  EXPECT_EQ(compared("NE, %a, %b, FLOAT"), (I{1, 1, 0}));
  EXPECT_EQ(compared("EQ, %a, %a, FLOAT"), (I{0, 1, 1}));
  EXPECT_EQ(compared("LT, %a, %b, TOTALORDER"), (I{0, 1, 1}));
}

TEST(StablehloEvaluator, IndicesThatLieOutsideAreMovedInside) {
  const std::string operand = "%a = stablehlo.constant dense<[10, 11, 12, 13]> : tensor<4xi32>\n";
  for (const auto& [start, first] : {std::pair{-5, 10}, {1, 11}, {3, 12}, {100, 12}})
    EXPECT_EQ(ints("tensor<2xi32>",
                   operand + fmt::format("%i = stablehlo.constant dense<{}> : tensor<i32>\n"
                                         "%out = stablehlo.dynamic_slice %a, %i, sizes = [2] : "
                                         "(tensor<4xi32>, tensor<i32>) -> tensor<2xi32>",
                                         start)),
              (I{first, first + 1}));
  EXPECT_EQ(ints("tensor<4xi32>",
                 operand + "%u = stablehlo.constant dense<[1, 2]> : tensor<2xi32>\n"
                           "%i = stablehlo.constant dense<9> : tensor<i32>\n"
                           "%out = stablehlo.dynamic_update_slice %a, %u, %i : (tensor<4xi32>, "
                           "tensor<2xi32>, tensor<i32>) -> tensor<4xi32>"),
            (I{10, 11, 1, 2}));
  EXPECT_EQ(ints("tensor<3xi32>",
                 operand + "%i = stablehlo.constant dense<[[-1], [2], [7]]> : tensor<3x1xi32>\n"
                           "%out = \"stablehlo.gather\"(%a, %i) <{dimension_numbers = "
                           "#stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], "
                           "index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<4xi32>, "
                           "tensor<3x1xi32>) -> tensor<3xi32>"),
            (I{10, 12, 13}));
}

TEST(StablehloEvaluator, UpdatesThatLieOutsideAreLeftOut) {
  const std::string scatter =
      "%out = \"stablehlo.scatter\"(%a, %i, %u) <{scatter_dimension_numbers = "
      "#stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], "
      "index_vector_dim = 1>}> ({\n^bb0(%x: tensor<i32>, %y: tensor<i32>):\n"
      "%s = stablehlo.add %x, %y : tensor<i32>\nstablehlo.return %s : tensor<i32>\n}) : "
      "(tensor<3xi32>, tensor<4x1xi32>, tensor<4xi32>) -> tensor<3xi32>";
  EXPECT_EQ(ints("tensor<3xi32>",
                 "%a = stablehlo.constant dense<[1, 2, 3]> : tensor<3xi32>\n"
                 "%i = stablehlo.constant dense<[[0], [0], [3], [-1]]> : tensor<4x1xi32>\n"
                 "%u = stablehlo.constant dense<[10, 20, 30, 40]> : tensor<4xi32>\n" +
                     scatter),
            (I{31, 2, 3}));
}

TEST(StablehloEvaluator, BranchesThatAreNotThereAreTheLast) {
  for (const auto& [index, wanted] : {std::pair{0, 1}, {1, 2}, {2, 2}, {-1, 2}}) {
    EXPECT_EQ(ints("tensor<i32>",
                   fmt::format("%i = stablehlo.constant dense<{}> : tensor<i32>\n"
                               "%a = stablehlo.constant dense<1> : tensor<i32>\n"
                               "%b = stablehlo.constant dense<2> : tensor<i32>\n"
                               "%out = \"stablehlo.case\"(%i) ({{\nstablehlo.return %a : "
                               "tensor<i32>\n}}, {{\nstablehlo.return %b : tensor<i32>\n}}) : "
                               "(tensor<i32>) -> tensor<i32>",
                               index)),
              (I{wanted}));
  }
}

TEST(StablehloEvaluator, PaddingMayTakeAway) {
  EXPECT_EQ(ints("tensor<4xi32>",
                 "%a = stablehlo.constant dense<[1, 2, 3]> : tensor<3xi32>\n"
                 "%z = stablehlo.constant dense<0> : tensor<i32>\n"
                 "%out = stablehlo.pad %a, %z, low = [-1], high = [0], interior = [1] : "
                 "(tensor<3xi32>, tensor<i32>) -> tensor<4xi32>"),
            (I{0, 2, 0, 3}));
}

TEST(StablehloEvaluator, LoopsCallsAndReducersComputeWhatTheySay) {
  EXPECT_EQ(ints("tensor<i32>",
                 "%n = stablehlo.constant dense<0> : tensor<i32>\n"
                 "%one = stablehlo.constant dense<1> : tensor<i32>\n"
                 "%i, %out = stablehlo.while(%x = %n, %y = %one) : tensor<i32>, tensor<i32>\n"
                 "cond {\n%c = stablehlo.constant dense<5> : tensor<i32>\n"
                 "%l = stablehlo.compare LT, %x, %c, SIGNED : (tensor<i32>, tensor<i32>) -> "
                 "tensor<i1>\nstablehlo.return %l : tensor<i1>\n} do {\n"
                 "%d = func.call @twice(%y) : (tensor<i32>) -> tensor<i32>\n"
                 "%p = stablehlo.add %x, %one : tensor<i32>\n"
                 "stablehlo.return %p, %d : tensor<i32>, tensor<i32>\n}",
                 "func.func private @twice(%a: tensor<i32>) -> tensor<i32> {\n"
                 "%b = stablehlo.add %a, %a : tensor<i32>\nreturn %b : tensor<i32>\n}\n"),
            (I{32}));
  // A reducer that is none of the usual ones: the first operand counts as often as it is there.
  EXPECT_EQ(floats("tensor<2xf32>",
                   "%a = stablehlo.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : "
                   "tensor<2x3xf32>\n%z = stablehlo.constant dense<1.0> : tensor<f32>\n"
                   "%out = stablehlo.reduce(%a init: %z) across dimensions = [1] : "
                   "(tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>\n"
                   "reducer(%x: tensor<f32>, %y: tensor<f32>) {\n"
                   "%p = stablehlo.multiply %x, %y : tensor<f32>\n"
                   "stablehlo.return %p : tensor<f32>\n}"),
            (F{6, 120}));
}

TEST(StablehloEvaluator, ProductsAndConvolutions) {
  EXPECT_EQ(floats("tensor<2x1xf32>",
                   "%a = stablehlo.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>\n"
                   "%b = stablehlo.constant dense<[[5.0], [6.0]]> : tensor<2x1xf32>\n"
                   "%out = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : "
                   "(tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x1xf32>"),
            (F{17, 39}));
  EXPECT_EQ(floats("tensor<1x3x1xf32>",
                   "%a = stablehlo.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : "
                   "tensor<1x4x1xf32>\n"
                   "%k = stablehlo.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>\n"
                   "%out = stablehlo.convolution(%a, %k) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, "
                   "f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : "
                   "(tensor<1x4x1xf32>, tensor<2x1x1xf32>) -> tensor<1x3x1xf32>"),
            (F{21, 32, 43}));
}

TEST(StablehloEvaluator, SortsSeveralOperandsByOne) {
  EXPECT_EQ(ints("tensor<3xi32>",
                 "%a = stablehlo.constant dense<[3.0, 1.0, 2.0]> : tensor<3xf32>\n"
                 "%b = stablehlo.constant dense<[0, 1, 2]> : tensor<3xi32>\n"
                 "%k, %out = \"stablehlo.sort\"(%a, %b) <{dimension = 0 : i64, is_stable = true}> "
                 "({\n^bb0(%x: tensor<f32>, %y: tensor<f32>, %p: tensor<i32>, %q: tensor<i32>):\n"
                 "%l = stablehlo.compare GT, %x, %y, FLOAT : (tensor<f32>, tensor<f32>) -> "
                 "tensor<i1>\nstablehlo.return %l : tensor<i1>\n}) : (tensor<3xf32>, "
                 "tensor<3xi32>) -> (tensor<3xf32>, tensor<3xi32>)"),
            (I{0, 2, 1}));
}

TEST(StablehloEvaluator, WhatItDoesNotKnowIsNamedAtItsPlace) {
  const Outcome r = run(entry("tensor<f32>",
                              "%a = stablehlo.constant dense<1.0> : tensor<f32>\n"
                              "%out = \"other.operation\"(%a) : (tensor<f32>) -> tensor<f32>"));
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.kind, tensor::EvaluationError::Kind::kUnsupported);
  EXPECT_TRUE(r.error.starts_with("m.mlir:4:8: ")) << r.error;
  EXPECT_NE(r.error.find("other.operation"), std::string::npos) << r.error;
}

TEST(StablehloEvaluator, BudgetsEndLoopsAndGreed) {
  const std::string forever =
      entry("tensor<i32>",
            "%n = stablehlo.constant dense<0> : tensor<i32>\n"
            "%out = stablehlo.while(%x = %n) : tensor<i32>\n"
            "cond {\n%l = stablehlo.constant dense<true> : tensor<i1>\nstablehlo.return %l : "
            "tensor<i1>\n} do {\n%p = stablehlo.add %x, %x : tensor<i32>\nstablehlo.return %p : "
            "tensor<i32>\n}");
  const Outcome loop = run(forever, {.steps = 100'000, .bytes = 1 << 20});
  EXPECT_FALSE(loop.ok);
  EXPECT_EQ(loop.kind, tensor::EvaluationError::Kind::kBudget) << loop.error;
  const Outcome large =
      run(entry("tensor<f32>",
                "%a = stablehlo.constant dense<1.0> : tensor<f32>\n"
                "%b = stablehlo.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> "
                "tensor<4096x4096xf32>\n"
                "%out = stablehlo.reduce(%b init: %a) applies stablehlo.add across dimensions = "
                "[0, 1] : (tensor<4096x4096xf32>, tensor<f32>) -> tensor<f32>"),
          {.steps = 1'000'000'000, .bytes = 1 << 20});
  EXPECT_FALSE(large.ok);
  EXPECT_EQ(large.kind, tensor::EvaluationError::Kind::kBudget) << large.error;
}

TEST(StablehloEvaluator, OtherArgumentsThanItTakesAreRefused) {
  const std::string text =
      "module @m {\nfunc.func public @main(%a: tensor<2xf32>) -> tensor<2xf32> {\nreturn %a : "
      "tensor<2xf32>\n}\n}\n";
  const auto modules = parse(text);
  ASSERT_TRUE(modules.ok());
  Evaluator evaluator(modules.value()[0], text);
  const EvaluationContext context(tensor::EvaluationOptions{});
  const auto takes = [&](DType dtype, std::int64_t size) {
    return evaluator.run({Array::zeros(context, dtype, {size})}, context).ok();
  };
  EXPECT_FALSE(evaluator.run({}, context).ok());
  EXPECT_FALSE(takes(DType::kF32, 3));
  EXPECT_FALSE(takes(DType::kI32, 2));
  EXPECT_TRUE(takes(DType::kF32, 2));
}

// ---- Custom calls that are told sizes by operands, which type rules do not know

TEST(StablehloCustomCalls, TakeSizesAsOperands) {
  EXPECT_EQ(ints("tensor<2xi32>",
                 "%x = stablehlo.constant dense<[1.0, 3.0, 2.0]> : tensor<3xf32>\n"
                 "%k = stablehlo.constant dense<2> : tensor<i32>\n"
                 "%best, %out = stablehlo.custom_call @stablehlo.dynamic_top_k(%x, %k) : "
                 "(tensor<3xf32>, tensor<i32>) -> (tensor<2xf32>, tensor<2xi32>)"),
            (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(ints("tensor<3xui32>",
                 "%s = stablehlo.constant dense<[1, 2]> : tensor<2xui64>\n"
                 "%n = stablehlo.constant dense<[3]> : tensor<1xi32>\n"
                 "%next, %out = stablehlo.custom_call @stablehlo.dynamic_rng_bit_generator(%s, %n) "
                 "{rng_algorithm = #stablehlo<rng_algorithm THREE_FRY>} : (tensor<2xui64>, "
                 "tensor<1xi32>) -> (tensor<2xui64>, tensor<3xui32>)")
                .size(),
            3U);
  EXPECT_EQ(ints("tensor<2xi32>",
                 "%x = stablehlo.constant dense<[1, 2, 3, 4]> : tensor<4xi32>\n"
                 "%zero = stablehlo.constant dense<0> : tensor<i32>\n"
                 "%one = stablehlo.constant dense<1> : tensor<1xi32>\n"
                 "%two = stablehlo.constant dense<2> : tensor<1xi32>\n"
                 "%none = stablehlo.constant dense<0> : tensor<1x2xi32>\n"
                 "%out = stablehlo.custom_call @stablehlo.dynamic_reduce_window(%x, %zero, %two, "
                 "%two, %one, %one, %none) {called_computations = [@sum]} : (tensor<4xi32>, "
                 "tensor<i32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, "
                 "tensor<1x2xi32>) -> tensor<2xi32>",
                 "func.func private @sum(%a: tensor<i32>, %b: tensor<i32>) -> tensor<i32> {\n"
                 "%r = stablehlo.add %a, %b : tensor<i32>\nreturn %r : tensor<i32>\n}\n"),
            (std::vector<std::int64_t>{3, 7}));
}

}  // namespace
}  // namespace jaxsmith::stablehlo
