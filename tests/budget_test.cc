// Whatever a text asks for, an evaluation ends within its budget: each loop, window, reducer and
// table of a kernel is charged. Without that these tests do not end.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "base/threads.h"
#include "check/program.h"
#include "ir/jaxpr/flow.h"
#include "ir/jaxpr/glue.h"
#include "ir/jaxpr/parser.h"
#include "levels/names.h"

namespace jaxsmith::tensor {
namespace {

using Kind = EvaluationError::Kind;

constexpr Budget kBudget{.steps = 2'000'000, .bytes = 64LL << 20};

struct Case {
  std::string name, level, text;
};

std::string main_of(const std::string& arguments, const std::string& result,
                    const std::string& body) {
  return fmt::format("module {{\n  func.func public @main({}) -> {} {{\n{}\n  }}\n}}\n", arguments,
                     result, body);
}

std::string entry_of(const std::string& computations, const std::string& lines) {
  return "HloModule m\n\n" + computations + "ENTRY e {\n" + lines + "\n}\n";
}

// Each function calls the one before it twice.
std::string twice_stablehlo(int depth) {
  std::string out =
      "module {\n  func.func private @f0(%x: tensor<f32>) -> tensor<f32> {\n    return %x : "
      "tensor<f32>\n  }\n";
  for (int i = 1; i <= depth; ++i)
    out += fmt::format(
        "  func.func {2} @{3}(%x: tensor<f32>) -> tensor<f32> {{\n    %0 = call @f{1}(%x) : "
        "(tensor<f32>) -> tensor<f32>\n    %1 = call @f{1}(%0) : (tensor<f32>) -> tensor<f32>\n    "
        "return %1 : tensor<f32>\n  }}\n",
        i, i - 1, i == depth ? "public" : "private", i == depth ? "main" : fmt::format("f{}", i));
  return out + "}\n";
}

std::vector<Case> cases() {
  const std::string true_ = "    %c = stablehlo.constant dense<true> : tensor<i1>\n";
  const std::string add_region =
      "({\n    ^bb0(%p: tensor<f32>, %q: tensor<f32>):\n      %r = stablehlo.add %p, %q : "
      "tensor<f32>\n      stablehlo.return %r : tensor<f32>\n    })";
  const std::string pick = "{\n  a = f32[] parameter(0)\n  ROOT b = f32[] parameter(1)\n}\n\n";
  std::vector<Case> out = {
      {"StableHloWhileThatReturns", "stablehlo",
       main_of("%arg0: tensor<f32>", "tensor<f32>",
               true_ +
                   "    %0 = stablehlo.while(%iterArg = %arg0) : tensor<f32>\n     cond {\n      "
                   "stablehlo.return %c : tensor<i1>\n    } do {\n      stablehlo.return %iterArg "
                   ": tensor<f32>\n    }\n    return %0 : tensor<f32>")},
      {"StableHloWhileWithoutState", "stablehlo",
       main_of("", "tensor<i1>",
               true_ +
                   "    \"stablehlo.while\"() ({\n      stablehlo.return %c : tensor<i1>\n    }, "
                   "{\n      stablehlo.return\n    }) : () -> ()\n    return %c : tensor<i1>")},
      {"HloWhileThatReturns", "hlo",
       entry_of("c {\n  x = f32[] parameter(0)\n  ROOT t = pred[] constant(true)\n}\n\nb {\n  ROOT "
                "x = f32[] parameter(0)\n}\n\n",
                "  a = f32[] parameter(0)\n  ROOT w = f32[] while(a), condition=c, body=b")},
      {"HloWhileWithAnEmptyTuple", "hlo",
       entry_of("c {\n  x = () parameter(0)\n  ROOT t = pred[] constant(true)\n}\n\nb {\n  ROOT x "
                "= () parameter(0)\n}\n\n",
                "  a = () tuple()\n  ROOT w = () while(a), condition=c, body=b")},
      {"JaxprIncompleteGammaOfManyTerms", "jaxpr",
       "{ lambda ; a:f64[64]. let\n    b:f64[64] = add a 1e10:f64[]\n    c:f64[64] = igamma b b\n  "
       "in "
       "(c,) }"},
      {"JaxprWhileThatReturns", "jaxpr",
       "{ lambda ; a:f32[]. let\n    b:f32[] = while[\n      body_jaxpr={ lambda ; c:f32[]. let  "
       "in (c,) }\n      body_nconsts=0\n      cond_jaxpr={ lambda ; d:f32[]. let  in "
       "(True:bool[],) }\n      cond_nconsts=0\n    ] a\n  in (b,) }"},
      {"JaxprWhileWithoutState", "jaxpr",
       "{ lambda ; a:f32[]. let\n    while[\n      body_jaxpr={ lambda ; . let  in () }\n      "
       "body_nconsts=0\n      cond_jaxpr={ lambda ; . let  in (True:bool[],) }\n      "
       "cond_nconsts=0\n    ] \n  in (a,) }"},
      {"JaxprScanOfGreatLength", "jaxpr",
       "{ lambda ; a:f32[]. let\n    b:f32[] = scan[\n      _split_transpose=False\n      jaxpr={ "
       "lambda ; c:f32[]. let  in (c,) }\n      length=9000000000000000000\n      "
       "linear=(False,)\n      num_carry=1\n      num_consts=0\n      reverse=False\n      "
       "unroll=1\n    ] a\n  in (b,) }"},
      {"JaxprScanThatCarriesNothing", "jaxpr",
       "{ lambda ; a:f32[]. let\n    scan[\n      _split_transpose=False\n      jaxpr={ lambda ; . "
       "let  in () }\n      length=9000000000000000000\n      linear=()\n      num_carry=0\n      "
       "num_consts=0\n      reverse=True\n      unroll=1\n    ] \n  in (a,) }"},
      {"StableHloSelectAndScatter", "stablehlo",
       main_of("%arg0: tensor<1xf32>, %arg1: tensor<1048576xf32>", "tensor<1xf32>",
               "    %z = stablehlo.constant dense<0.0> : tensor<f32>\n    %0 = "
               "\"stablehlo.select_and_scatter\"(%arg0, %arg1, %z) <{padding = dense<1048575> : "
               "tensor<1x2xi64>, window_dimensions = array<i64: 1048576>, window_strides = "
               "array<i64: 1>}> ({\n    ^bb0(%a: tensor<f32>, %b: tensor<f32>):\n      %1 = "
               "stablehlo.compare  GE, %a, %b,  FLOAT : (tensor<f32>, tensor<f32>) -> "
               "tensor<i1>\n      stablehlo.return %1 : tensor<i1>\n    }, " +
                   add_region.substr(1) +
                   " : (tensor<1xf32>, tensor<1048576xf32>, tensor<f32>) -> tensor<1xf32>\n    "
                   "return %0 : tensor<1xf32>")},
      {"HloReduceWindowOfAMillion", "hlo",
       entry_of("f " + pick,
                "  a = f32[1] parameter(0)\n  z = f32[] constant(0)\n  ROOT w = f32[1] "
                "reduce-window(a, z), window={size=1048577 pad=524288_524288}, to_apply=f")},
      {"HloReduceWindowOfNothing", "hlo",
       entry_of("f " + pick,
                "  a = f32[0] parameter(0)\n  z = f32[] constant(0)\n  ROOT w = f32[1] "
                "reduce-window(a, z), window={size=2097152 pad=1048576_1048576}, to_apply=f")},
      {"StableHloConvolution", "stablehlo",
       main_of("%arg0: tensor<1x1x60000xf32>, %arg1: tensor<1x1x30000xf32>",
               "tensor<1x1x30001xf32>",
               "    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, f, 0]x[o, i, "
               "0]->[b, f, 0], window = {stride = [1], pad = [[0, 0]], lhs_dilate = [1], "
               "rhs_dilate = [1], reverse = [false]} {batch_group_count = 1 : i64, "
               "feature_group_count = 1 : i64} : (tensor<1x1x60000xf32>, tensor<1x1x30000xf32>) -> "
               "tensor<1x1x30001xf32>\n    return %0 : tensor<1x1x30001xf32>")},
      {"HloConvolutionWithoutFeatures", "hlo",
       entry_of("",
                "  a = f32[1,0,1] parameter(0)\n  k = f32[1,0,1] parameter(1)\n  ROOT c = "
                "f32[1,1,1073741825] convolution(a, k), window={size=1 "
                "pad=536870912_536870912}, dim_labels=bf0_oi0->bf0")},
      {"HloReduceByCalls", "hlo",
       entry_of("f {\n  a = f32[] parameter(0)\n  b = f32[] parameter(1)\n  t = (f32[], f32[]) "
                "tuple(a, b)\n  ROOT c = f32[] get-tuple-element(t), index=0\n}\n\n",
                "  z = f32[] constant(0)\n  a = f32[4000000] broadcast(z), dimensions={}\n  ROOT r "
                "= f32[] reduce(a, z), dimensions={0}, to_apply=f")},
      {"HloIota", "hlo", entry_of("", "  ROOT i = s32[1048576,1048576] iota(), iota_dimension=0")},
      {"StableHloSplat", "stablehlo",
       main_of("", "tensor<10000x100000xf32>",
               "    %0 = stablehlo.constant dense<1.0> : tensor<10000x100000xf32>\n    return %0 : "
               "tensor<10000x100000xf32>")},
      {"StableHloRandomBits", "stablehlo",
       main_of("%arg0: tensor<2xui64>", "tensor<16777216x1073741824xui32>",
               "    %s, %0 = stablehlo.rng_bit_generator %arg0, algorithm =  THREE_FRY : "
               "(tensor<2xui64>) -> (tensor<2xui64>, tensor<16777216x1073741824xui32>)\n    "
               "return %0 : tensor<16777216x1073741824xui32>")},
      {"StableHloFftOfAPrime", "stablehlo",
       main_of("%arg0: tensor<99991xcomplex<f32>>", "tensor<99991xcomplex<f32>>",
               "    %0 = stablehlo.fft %arg0, type =  FFT, length = [99991] : "
               "(tensor<99991xcomplex<f32>>) -> tensor<99991xcomplex<f32>>\n    return %0 : "
               "tensor<99991xcomplex<f32>>")},
      {"HloCholesky", "hlo",
       entry_of("",
                "  a = f32[1200,1200] parameter(0)\n  ROOT c = f32[1200,1200] cholesky(a), "
                "lower=true")},
      {"HloDot", "hlo",
       entry_of("",
                "  a = f32[1,2000000] parameter(0)\n  ROOT c = f32[1,1] dot(a, a), "
                "lhs_contracting_dims={1}, rhs_contracting_dims={1}")},
      {"StableHloCallsOfCalls", "stablehlo", twice_stablehlo(60)},
  };
  std::string jaxpr = "let f0 = { lambda ; a:f32[]. let  in (a,) } in\n";
  for (int i = 1; i < 60; ++i)
    jaxpr += fmt::format(
        "let f{0} = {{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr=f{1}] a; c:f32[] = "
        "jit[jaxpr=f{1}] "
        "b in (c,) }} in\n",
        i, i - 1);
  out.push_back({"JaxprCallsOfCalls", "jaxpr",
                 jaxpr + "{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr=f59] a in (b,) }"});
  return out;
}

class BudgetOf : public testing::TestWithParam<Case> {};

std::vector<ir::Datum> zeros_for(const ir::Signature& signature) {
  std::vector<ir::Datum> out;
  for (const ir::Datum& d : signature.arguments)
    out.emplace_back(
        Array::zeros(EvaluationContext::unmetered(), d.as_array().dtype(), d.as_array().shape()));
  return out;
}

TEST_P(BudgetOf, EndsWithin) {
  auto parsed = check::IrProgram::parse(*level::find_level(GetParam().level), GetParam().text);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  check::IrProgram& program = parsed.value();
  const EvaluationContext types({.budget = kBudget});
  const Status verified = program.verify(types);
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  auto signature = program.signature();
  ASSERT_TRUE(signature.ok()) << signature.error().message;
  const EvaluationContext context({.budget = kBudget});
  const auto results = program.run(zeros_for(signature.value()), context);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(program.error().kind, Kind::kBudget) << results.error().message;
  EXPECT_LE(context.steps_used(), kBudget.steps);
}

INSTANTIATE_TEST_SUITE_P(All, BudgetOf, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

// An operation costs by its operands, dimensions and parameters, whatever few elements it has.
TEST(Budget, OperandsAndDimensionsCost) {
  const auto times = [](int n, const std::string& each, const std::string& between) {
    std::string out = each;
    for (int i = 1; i < n; ++i) out += between + each;
    return out;
  };
  const std::string hlo_type = "f32[" + times(64, "1", ",") + "]",
                    stablehlo_type = "tensor<" + times(64, "1", "x") + "xf32>";
  const std::tuple<std::string, std::string, std::int64_t> texts[] = {
      {"hlo",
       entry_of("", "  z = f32[0] parameter(0)\n  ROOT k = f32[0] concatenate(" +
                        times(100, "z", ", ") + "), dimensions={0}"),
       5000},
      {"stablehlo",
       main_of("%arg0: tensor<0xf32>", "tensor<0xf32>",
               "    %0 = stablehlo.concatenate " + times(100, "%arg0", ", ") + ", dim = 0 : (" +
                   times(100, "tensor<0xf32>", ", ") +
                   ") -> tensor<0xf32>\n    return %0 : tensor<0xf32>"),
       5000},
      {"jaxpr",
       "{ lambda ; a:f32[0]. let b:f32[0] = concatenate[dimension=0] " + times(100, "a", " ") +
           " in (b,) }",
       5000},
      {"hlo",
       entry_of("", "  a = " + hlo_type + " parameter(0)\n  ROOT b = " + hlo_type + " copy(a)"),
       20 * 128},
      {"stablehlo",
       main_of("%arg0: " + stablehlo_type, stablehlo_type,
               "    %0 = stablehlo.abs %arg0 : " + stablehlo_type +
                   "\n    return %0 : " + stablehlo_type),
       20 * 128},
      {"jaxpr", "{ lambda ; a:f32[]. let b:f32[] = integer_pow[y=2147483647] a in (b,) }",
       200 * 31},
  };
  for (const auto& [level, text, least] : texts) {
    auto parsed = check::IrProgram::parse(*level::find_level(level), text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    const Status verified = parsed.value().verify();
    ASSERT_TRUE(verified.ok()) << verified.error().message;
    const EvaluationContext context({.budget = kBudget});
    const auto results = parsed.value().run(zeros_for(parsed.value().signature().value()), context);
    ASSERT_TRUE(results.ok()) << results.error().message;
    EXPECT_GE(context.steps_used(), least) << text;
  }
}

TEST(Budget, GoingOverNothingCosts) {
  const EvaluationContext context({.budget = kBudget});
  const Shape shape(64, 0);
  const IndexWalk walk(context, shape);
  EXPECT_FALSE(walk);
  EXPECT_GE(context.steps_used(), cost_of_rank(shape));
}

// What is nothing is done at once, however large what it is made of.
TEST(Budget, NothingCostsNothing) {
  const std::string text = entry_of(
      "f {\n  a = f32[] parameter(0)\n  b = f32[] parameter(1)\n  ROOT c = f32[] add(a, b)\n}\n\n",
      "  a = f32[0,1099511627776] parameter(0)\n  z = f32[] constant(0)\n  ROOT r = f32[0] "
      "reduce(a, z), dimensions={1}, to_apply=f");
  auto parsed = check::IrProgram::parse(level::kHlo, text);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  ASSERT_TRUE(parsed.value().verify().ok());
  const auto results = parsed.value().run(zeros_for(parsed.value().signature().value()), kBudget);
  EXPECT_TRUE(results.ok()) << results.error().message;
}

// f0, and `depth` more that call the one before them twice, on `width` operands.
std::string doubled_jaxpr(int depth, int width) {
  std::string names, binders;
  for (int i = 0; i < width; ++i) {
    names += fmt::format(" a{}", i);
    binders += fmt::format("{}a{}:f32[]", i == 0 ? "" : " ", i);
  }
  std::string out = "let f0 = { lambda ; " + binders + ". let z:f32[] = sin a0 in (z,) } in\n";
  for (int i = 1; i <= depth; ++i) {
    const std::string call = fmt::format(":f32[] = jit[jaxpr=f{}]{}", i - 1, names);
    out += fmt::format("let f{} = {{ lambda ; {}. let y{}; z{} in (z,) }} in\n", i, binders, call,
                       call);
  }
  return out + fmt::format("{{ lambda ; {}. let z:f32[] = jit[jaxpr=f{}]{} in (z,) }}", binders,
                           depth, names);
}

// What a shared jaxpr binds and is given counts as often as it is used, not its equations alone.
TEST(Budget, WalksThroughSharedJaxprsCountTheirOperands) {
  constexpr std::tuple<int, int, bool> kCases[] = {
      {15, 600, true}, {15, 2, false}, {5, 600, false}};
  for (const auto& [depth, width, ends] : kCases) {
    const auto module = jaxpr::parse(doubled_jaxpr(depth, width));
    ASSERT_TRUE(module.ok()) << module.error().message;
    const auto flow = jaxpr::flow_of(module.value());
    EXPECT_EQ(flow.ok(), !ends) << depth << " " << width;
    EXPECT_EQ(jaxpr::extent_of(module.value()).ok(), !ends);
    EXPECT_EQ(jaxpr::glue_of(module.value()).ok(), !ends);
    if (ends)
      EXPECT_NE(flow.error().message.find("too many equations"), std::string::npos);
    else
      EXPECT_EQ(flow.value().extent.operations, std::int64_t{1} << depth);
  }
}

// Parameters of usual length are part of what an equation is; longer ones count by their parts.
TEST(Budget, WalksThroughJaxprsCountLongParameters) {
  const auto walked = [](std::size_t items, int times) {
    jaxpr::Equation equation;
    equation.results.resize(1);
    equation.operands.resize(2);
    equation.params.resize(1);
    equation.params[0].value.kind = jaxpr::ParamValue::Kind::kTuple;
    equation.params[0].value.items.resize(items);
    jaxpr::EquationBudget budget;
    for (int i = 0; i < times; ++i)
      if (!budget.take(equation).ok()) return false;
    return true;
  };
  EXPECT_TRUE(walked(40, 2'000'000));
  EXPECT_FALSE(walked(100, 2'000'000));
  EXPECT_FALSE(walked(10'000'000, 1));
}

TEST(Budget, CountsWhatIsWithinAnotherOne) {
  const EvaluationContext outer({.budget = {.steps = 100, .bytes = 1000}});
  {
    const EvaluationContext inner({.budget = {.steps = 1000, .bytes = 10'000}}, outer);
    inner.spend(60);
    EXPECT_EQ(outer.steps_used(), 60);
    EXPECT_THROW(inner.spend(60), EvaluationError);
  }
  EXPECT_THROW(outer.take(2000), EvaluationError);
}

TEST(Budget, ScratchIsGivenBack) {
  const EvaluationContext context({.budget = {.bytes = 1 << 20}});
  for (int i = 0; i < 100; ++i) {
    Scratch<double> line(1 << 16, 0.0, context);
    EXPECT_THROW(Scratch<double>(1 << 17, 0.0, context), EvaluationError);
  }
  EXPECT_THROW(Scratch<double>(std::size_t{1} << 59, context), EvaluationError);
}

// Where nobody has caught it, its message is still there.
TEST(Budget, WhyAnEvaluationStoppedIsToldOfAnyException) {
  const Result<int> done = guarded([]() -> Result<int> { invalid("a dimension is negative"); });
  ASSERT_FALSE(done.ok());
  EXPECT_NE(done.error().message.find("a dimension is negative"), std::string::npos)
      << done.error().message;
}

// What comes from outside counts where it is used.
TEST(Budget, OperandsFromOutsideDoNotEscape) {
  const EvaluationContext context({.budget = {.bytes = 1000}});
  const Array inside = Array::zeros(context, DType::kF32, {4}),
              outside = Array::zeros(EvaluationContext::unmetered(), DType::kF32, {4});
  EXPECT_TRUE(Array::result({&outside, &inside}, DType::kF32, {4}).context().same(context));
  EXPECT_THROW(outside.within(context).zeros(DType::kF32, {1000}), EvaluationError);
}

}  // namespace
}  // namespace jaxsmith::tensor
