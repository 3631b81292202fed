// What the evaluator of jaxprs refuses, and where; what it makes of edge cases; and that canonical
// texts do not depend on names.
#include "ir/jaxpr/evaluator.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "ir/jaxpr/canonical.h"
#include "ir/jaxpr/parser.h"
#include "tensor/convert.h"

namespace jaxsmith::jaxpr {
namespace {

using ErrorOf = tensor::EvaluationError::Kind;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Module parsed(const std::string& text) {
  auto module = parse(text);
  EXPECT_TRUE(module.ok()) << module.error().message;
  return module.ok() ? std::move(module).value() : Module();
}

// The message of the error, or "" where there is none.
std::string refusal(const std::string& text, ErrorOf kind = ErrorOf::kInvalid) {
  const Module module = parsed(text);
  Evaluator evaluator(module, text);
  const Status status = evaluator.verify();
  if (status.ok()) return "";
  EXPECT_EQ(evaluator.error().kind, kind) << status.error().message;
  return status.error().message;
}

Datum floats(std::vector<double> numbers, DType dtype = DType::kF32) {
  const Shape shape{static_cast<std::int64_t>(numbers.size())};
  return Array::from(tensor::EvaluationContext::unmetered(),
                     tensor::tensor_from_doubles(dtype, shape, numbers));
}

Datum ints(std::vector<std::int64_t> numbers, DType dtype = DType::kI32) {
  return Array::of_ints(tensor::EvaluationContext::unmetered(), dtype, numbers);
}

std::vector<Datum> run(const std::string& text, std::vector<Datum> arguments) {
  const Module module = parsed(text);
  Evaluator evaluator(module, text);
  auto results = evaluator.run(std::move(arguments));
  EXPECT_TRUE(results.ok()) << results.error().message;
  return results.ok() ? std::move(results).value() : std::vector<Datum>();
}

std::vector<double> numbers(const Datum& datum) {
  const Array wide = tensor::convert(datum.as_array(), DType::kF64);
  const auto data = wide.data<double>();
  return {data.begin(), data.end()};
}

std::vector<double> result(const std::string& text, std::vector<Datum> arguments) {
  const auto results = run(text, std::move(arguments));
  return results.empty() ? std::vector<double>() : numbers(results[0]);
}

// ---- What is refused

TEST(JaxprVerifier, AcceptsWhatIsRight) {
  EXPECT_EQ(
      refusal("{ lambda ; a:f32[3]. let b:f32[3] = sin a; c:f32[3] = mul 2.0:f32[] b in (c,) }"),
      "");
}

TEST(JaxprVerifier, NamesTheOperationThatIsNotKnown) {
  const auto message = refusal("{ lambda ; a:f32[3]. let\n    b:f32[3] = frobnicate a\n  in (b,) }",
                               ErrorOf::kUnsupported);
  EXPECT_NE(message.find("operation frobnicate is not known"), std::string::npos) << message;
  EXPECT_NE(message.find("jaxpr:2:5:"), std::string::npos) << message;
  EXPECT_NE(message.find("    ^"), std::string::npos) << message;
}

struct Broken {
  const char* name;
  const char* text;
  const char* place;  // line and column
  const char* reason;
};

class JaxprVerifierRefuses : public testing::TestWithParam<Broken> {};

TEST_P(JaxprVerifierRefuses, WithThePlace) {
  const Broken& broken = GetParam();
  const std::string message = refusal(broken.text);
  EXPECT_NE(message.find(fmt::format("jaxpr:{}: ", broken.place)), std::string::npos) << message;
  EXPECT_NE(message.find(broken.reason), std::string::npos) << message;
}

constexpr Broken kBroken[] = {
    {"UndefinedVariable", "{ lambda ; a:f32[3]. let\n    b:f32[3] = add a z\n  in (b,) }", "2:5",
     "variable z is not defined"},
    {"UndefinedResult", "{ lambda ; a:f32[3]. let\n    b:f32[3] = sin a\n  in (z,) }", "3:3",
     "variable z is not defined"},
    {"OuterVariable",
     "{ lambda ; a:f32[3]. let\n    b:f32[3] = jit[\n      jaxpr={ lambda ; c:f32[3]. let\n"
     "          d:f32[3] = add a c\n        in (d,) }\n    ] a\n  in (b,) }",
     "4:11", "variable a is not defined"},
    {"UsedBeforeItIsBound",
     "{ lambda ; a:f32[3]. let\n    b:f32[3] = sin c\n    c:f32[3] = sin a\n  in (b,) }", "2:5",
     "variable c is not defined"},
    {"BoundTwice", "{ lambda ; a:f32[3]. let\n    a:f32[3] = sin a\n  in (a,) }", "2:5",
     "variable a is bound twice"},
    {"WrongShape", "{ lambda ; a:f32[3]. let\n    b:f32[4] = sin a\n  in (b,) }", "2:5",
     "result 0 of sin is f32[3], not f32[4]"},
    {"WrongElements", "{ lambda ; a:f32[3]. let\n    b:i32[3] = sin a\n  in (b,) }", "2:5",
     "result 0 of sin is f32[3], not i32[3]"},
    {"MixedElements", "{ lambda ; a:f32[3] b:i32[3]. let\n    c:f32[3] = add a b\n  in (c,) }",
     "2:5", "operands of different types"},
    {"TooFewOperands", "{ lambda ; a:f32[3]. let\n    b:f32[3] = add a\n  in (b,) }", "2:5",
     "add takes 2 operands, not 1"},
    {"TooManyResults", "{ lambda ; a:f32[3]. let\n    b:f32[3] c:f32[3] = sin a\n  in (b,) }",
     "2:5", "sin gives 1 results, not 2"},
    {"MissingParameter", "{ lambda ; a:f32[3]. let\n    b:f32[3] = integer_pow a\n  in (b,) }",
     "2:5", "integer_pow has no parameter y"},
    {"WrongAxis", "{ lambda ; a:f32[3]. let\n    b:f32[] = reduce_sum[axes=(1,)] a\n  in (b,) }",
     "2:5", "dimensions"},
    {"WrongArgument",
     "{ lambda ; a:f32[3]. let\n    b:f32[4] = jit[jaxpr={ lambda ; c:f32[4]. let in (c,) }] a\n"
     "  in (b,) }",
     "2:5", "argument 0 of the jaxpr is f32[4], not f32[3]"},
    {"BranchesOfDifferentTypes",
     "{ lambda ; a:i32[] b:f32[3]. let\n    c:f32[3] = cond[\n      branches=(\n"
     "        { lambda ; d:f32[3]. let in (d,) }\n"
     "        { lambda ; e:f32[3]. let f:f32[] = reduce_sum[axes=(0,)] e in (f,) }\n      )\n"
     "    ] a b\n  in (c,) }",
     "2:5", "branch 1 gives f32[] as value 0, not f32[3]"},
    {"CarriedOfAnotherType",
     "{ lambda ; a:f32[3]. let\n    b:i32[3] = scan[\n      jaxpr={ lambda ; c:f32[3]. let\n"
     "          d:i32[3] = convert_element_type[new_dtype=int32 weak_type=False] c\n"
     "        in (d,) }\n      length=2\n      num_carry=1\n      num_consts=0\n"
     "      reverse=False\n    ] a\n  in (b,) }",
     "2:5", "the body gives i32[3] as value 0, not f32[3]"},
    {"ConditionIsNoBool",
     "{ lambda ; a:i32[]. let\n    b:i32[] = while[\n"
     "      body_jaxpr={ lambda ; c:i32[]. let in (c,) }\n      body_nconsts=0\n"
     "      cond_jaxpr={ lambda ; d:i32[]. let in (d,) }\n      cond_nconsts=0\n    ] a\n  in (b,) "
     "}",
     "2:5", "the condition gives no bool"},
    {"JaxprWithinItself",
     "let f = { lambda ; a:f32[]. let\n    b:f32[] = jit[jaxpr=f] a\n  in (b,) } in\n"
     "{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr=f] a in (b,) }",
     "2:5", "within itself"},
    {"UnknownJaxpr", "{ lambda ; a:f32[]. let\n    b:f32[] = jit[jaxpr=f] a\n  in (b,) }", "2:5",
     "there is no shared jaxpr f"},
    {"WrongLiteral", "{ lambda ; a:i32[]. let\n    b:i32[] = add a 1.5:i32[]\n  in (b,) }", "2:5",
     "1.5 is no literal of type i32"},
    {"WrongFillValue",
     "{ lambda ; a:u8[3] b:i32[1]. let\n    c:u8[] = gather[dimension_numbers="
     "GatherDimensionNumbers(offset_dims=(), collapsed_slice_dims=(0,), start_index_map=(0,)) "
     "fill_value=x mode=GatherScatterMode.FILL_OR_DROP slice_sizes=(1,)] a b\n  in (c,) }",
     "2:5", "x is no literal of type u8"},
    {"WrongFlag",
     "{ lambda ; a:f32[3]. let\n    b:f32[3] = cumsum[axis=0 reverse=2] a\n  in (b,) }", "2:5",
     "parameter reverse is neither True nor False"},
    {"LiteralOutOfRange", "{ lambda ; a:u8[]. let\n    b:u8[] = add a 256:u8[]\n  in (b,) }", "2:5",
     "256 is no literal of type u8"},
};
INSTANTIATE_TEST_SUITE_P(Broken, JaxprVerifierRefuses, testing::ValuesIn(kBroken),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(JaxprVerifier, RefusesJaxprsThatAreNestedTooDeeply) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += fmt::format("let f{} = {{ lambda ; a:f32[]. let b:f32[] = {} a in (b,) }} in\n", i,
                        i + 1 < 5000 ? fmt::format("jit[jaxpr=f{}]", i + 1) : "sin");
  text += "{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr=f0] a in (b,) }";
  EXPECT_NE(refusal(text, ErrorOf::kUnsupported).find("nested too deeply"), std::string::npos);
}

TEST(JaxprVerifier, TakesTimeThatGrowsWithTheTextAlone) {
  // Each jaxpr calls the one before twice: 2^60 calls, each type rule once.
  std::string text = "let f0 = { lambda ; a:f32[]. let b:f32[] = sin a in (b,) } in\n";
  for (int i = 1; i < 60; ++i)
    text += fmt::format(
        "let f{0} = {{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr=f{1}] a; c:f32[] = "
        "jit[jaxpr=f{1}] "
        "b in (c,) }} in\n",
        i, i - 1);
  text += "{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr=f59] a in (b,) }";
  EXPECT_EQ(refusal(text), "");
  const Module module = parsed(text);
  Evaluator evaluator(module, text);
  tensor::Budget budget;
  budget.steps = 1'000'000;
  EXPECT_FALSE(
      evaluator.run({Array::scalar(tensor::EvaluationContext::unmetered(), DType::kF32, 1)}, budget)
          .ok());
  EXPECT_EQ(evaluator.error().kind, ErrorOf::kBudget);
}

TEST(JaxprVerifier, RefusesValuesOfTooManyElements) {
  EXPECT_NE(
      refusal("{ lambda ; . let a:f32[1000000,1000000] = broadcast_in_dim 1.0:f32[] in (a,) }",
              ErrorOf::kUnsupported)
          .find("so many elements"),
      std::string::npos);
}

// ---- Execution

TEST(JaxprEvaluator, StopsALoopWithoutEndByItsBudget) {
  const std::string text =
      "{ lambda ; a:i32[]. let b:i32[] = while[body_jaxpr={ lambda ; c:i32[]. let d:i32[] = add c "
      "1:i32[] in (d,) } body_nconsts=0 cond_jaxpr={ lambda ; e:i32[]. let in (True:bool[],) } "
      "cond_nconsts=0] a in (b,) }";
  const Module module = parsed(text);
  Evaluator evaluator(module, text);
  tensor::Budget budget;
  budget.steps = 10'000'000;
  const auto results = evaluator.run(
      {Array::scalar_int(tensor::EvaluationContext::unmetered(), DType::kI32, 0)}, budget);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(evaluator.error().kind, ErrorOf::kBudget);
}

TEST(JaxprEvaluator, TakesConstantsBeforeArguments) {
  const std::string text =
      "{ lambda a:f32[2]; b:i32[2]. let c:f32[2] = convert_element_type[new_dtype=float32 "
      "weak_type=False] b; d:f32[2] = sub a c in (d,) }";
  const Module module = parsed(text);
  Evaluator evaluator(module, text);
  EXPECT_EQ(evaluator.constant_count(), 1U);
  const auto signature = evaluator.signature();
  ASSERT_TRUE(signature.ok());
  ASSERT_EQ(signature.value().arguments.size(), 2U);
  EXPECT_EQ(signature.value().arguments[0].array.type_text(), "f32[2]");
  EXPECT_EQ(result(text, {floats({5, 7}), ints({1, 2})}), (std::vector<double>{4, 5}));
  EXPECT_FALSE(evaluator.run({floats({5, 7})}).ok());
  EXPECT_FALSE(evaluator.run({ints({1, 2}), floats({5, 7})}).ok());
}

TEST(JaxprEvaluator, ComparesAndSortsNanAsJaxDoes) {
  const std::vector<Datum> x = {floats({2, kNan, -kInfinity, 7})};
  EXPECT_EQ(
      result("{ lambda ; a:f32[4]. let b:i32[] = argmax[axes=(0,) index_dtype=int32] a in (b,) }",
             x),
      std::vector<double>{1});
  const auto sorted = result(
      "{ lambda ; a:f32[4]. let b:f32[4] = sort[dimension=0 is_stable=True num_keys=1] a in (b,) }",
      x);
  ASSERT_EQ(sorted.size(), 4U);
  EXPECT_EQ(sorted[0], -kInfinity);
  EXPECT_TRUE(std::isnan(sorted[3]));
  EXPECT_TRUE(std::isnan(
      result("{ lambda ; a:f32[4]. let b:f32[] = reduce_max[axes=(0,)] a in (b,) }", x)[0]));
}

TEST(JaxprEvaluator, SortsZerosStably) {
  // -0 and 0 are the same key, so that the second column keeps its order.
  const auto results =
      run("{ lambda ; a:f32[3] b:i32[3]. let c:f32[3] d:i32[3] = sort[dimension=0 is_stable=True "
          "num_keys=1] a b in (c, d) }",
          {floats({0.0, -0.0, -1}), ints({1, 2, 3})});
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(numbers(results[1]), (std::vector<double>{3, 1, 2}));
}

TEST(JaxprEvaluator, IntegersByZeroAndShiftsBeyondTheWidth) {
  EXPECT_EQ(result("{ lambda ; a:i32[2]. let b:i32[2] = div a 0:i32[] in (b,) }", {ints({5, -5})}),
            (std::vector<double>{-1, -1}));
  EXPECT_EQ(result("{ lambda ; a:i32[2]. let b:i32[2] = rem a 0:i32[] in (b,) }", {ints({5, -5})}),
            (std::vector<double>{5, -5}));
  EXPECT_EQ(
      result("{ lambda ; a:i32[2]. let b:i32[2] = shift_right_arithmetic a 40:i32[] in (b,) }",
             {ints({5, -5})}),
      (std::vector<double>{0, -1}));
  EXPECT_EQ(result("{ lambda ; a:i32[2]. let b:i32[2] = shift_left a 32:i32[] in (b,) }",
                   {ints({5, -5})}),
            (std::vector<double>{0, 0}));
}

std::string gather_text(const char* mode, const char* fill) {
  return fmt::format(
      "{{ lambda ; a:f32[3] b:i32[4,1]. let c:f32[4] = "
      "gather[dimension_numbers=GatherDimensionNumbers("
      "offset_dims=(), collapsed_slice_dims=(0,), start_index_map=(0,), operand_batching_dims=(), "
      "start_indices_batching_dims=()) fill_value={} indices_are_sorted=False "
      "mode=GatherScatterMode.{} slice_sizes=(1,) unique_indices=False] a b in (c,) }}",
      fill, mode);
}

// I_x(1, b) = 1 - (1 - x)^b; axes of one element stand for the others' size.
TEST(JaxprEvaluator, SpreadsParametersOfAnIncompleteBeta) {
  const auto found = result(
      "{ lambda ; a:f32[2]. let b:f32[2,1] = reshape[dimensions=None new_sizes=(2, 1) "
      "sharding=None] a; c:f32[1,2] = reshape[dimensions=None new_sizes=(1, 2) sharding=None] a; "
      "d:f32[1,1] = broadcast_in_dim[broadcast_dimensions=() shape=(1, 1) sharding=None] "
      "1.0:f32[]; e:f32[2,2] = regularized_incomplete_beta d b c; f:f32[4] = "
      "reshape[dimensions=None new_sizes=(4,) sharding=None] e in (f,) }",
      {floats({0.25, 0.5})});
  std::vector<double> wanted;
  for (const double b : {0.25, 0.5})
    for (const double x : {0.25, 0.5}) wanted.push_back(1 - std::pow(1 - x, b));
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-6);
}

TEST(JaxprEvaluator, GathersOutOfBoundsByTheMode) {
  const auto indices = [] { return Datum(ints({-1, 0, 2, 3}).array.reshaped({4, 1})); };
  const Datum x = floats({10, 20, 30});
  EXPECT_EQ(result(gather_text("CLIP", "None"), {x, indices()}),
            (std::vector<double>{10, 10, 30, 30}));
  const auto filled = result(gather_text("FILL_OR_DROP", "None"), {x, indices()});
  ASSERT_EQ(filled.size(), 4U);
  EXPECT_TRUE(std::isnan(filled[0]) && std::isnan(filled[3]));
  EXPECT_EQ(filled[2], 30);
  EXPECT_EQ(result(gather_text("FILL_OR_DROP", "0.5"), {x, indices()}),
            (std::vector<double>{0.5, 10, 30, 0.5}));
}

TEST(JaxprEvaluator, ScattersOutOfBoundsByTheMode) {
  for (const bool clip : {false, true}) {
    const std::string text = fmt::format(
        "{{ lambda ; a:f32[3] b:i32[2,1] c:f32[2]. let d:f32[3] = scatter-add[dimension_numbers="
        "ScatterDimensionNumbers(update_window_dims=(), inserted_window_dims=(0,), "
        "scatter_dims_to_operand_dims=(0,), operand_batching_dims=(), "
        "scatter_indices_batching_dims=()) indices_are_sorted=False mode=GatherScatterMode.{} "
        "unique_indices=False update_consts=() update_jaxpr=None] a b c in (d,) }}",
        clip ? "CLIP" : "FILL_OR_DROP");
    const auto found = result(
        text, {floats({1, 2, 3}), Datum(ints({5, 0}).array.reshaped({2, 1})), floats({10, 20})});
    EXPECT_EQ(found, clip ? (std::vector<double>{21, 2, 13}) : (std::vector<double>{21, 2, 3}));
  }
}

TEST(JaxprEvaluator, ClampsTheIndexOfABranch) {
  const std::string text =
      "{ lambda ; a:i32[1]. let b:i32[] = reshape[new_sizes=()] a; c:f32[] = cond[branches=({ "
      "lambda ; . "
      "let in (1.0:f32[],) } { lambda ; . let in (2.0:f32[],) })] b in (c,) }";
  EXPECT_EQ(result(text, {ints({-7})}), std::vector<double>{1});
  EXPECT_EQ(result(text, {ints({7})}), std::vector<double>{2});
}

TEST(JaxprEvaluator, RunsALoopBackwards) {
  const std::string text =
      "{ lambda ; a:f32[3]. let b:f32[] c:f32[3] = scan[jaxpr={ lambda ; d:f32[] e:f32[]. let "
      "f:f32[] = add d e in (f, f) } length=3 num_carry=1 num_consts=0 reverse=True unroll=1] "
      "0.0:f32[] a in (c, b) }";
  EXPECT_EQ(result(text, {floats({1, 2, 4})}), (std::vector<double>{7, 6, 4}));
}

TEST(JaxprEvaluator, GoesOnWithABatchOfLoopsWhileAnyDoes) {
  const std::string text =
      "{ lambda ; a:i32[3]. let b:i32[3] = while[body_jaxpr={ lambda ; c:i32[3]. let d:i32[3] = "
      "add c "
      "3:i32[] in (d,) } body_nconsts=0 cond_jaxpr={ lambda ; e:i32[3]. let f:bool[3] = lt e "
      "5:i32[] "
      "in (f,) } cond_nconsts=0] a in (b,) }";
  EXPECT_EQ(result(text, {ints({0, 4, 9})}), (std::vector<double>{6, 7, 9}));
}

TEST(JaxprEvaluator, WritesThroughReferences) {
  const std::string text =
      "{ lambda ; a:f32[3] i:i32[1]. let j:i32[] = reshape[new_sizes=()] i; r:Ref{f32[3]} = "
      "new_ref a\n"
      "    r[0] <- 5.0:f32[]\n    r[j] += 1.5:f32[]\n    b:f32[2] <- r[1:3]\n"
      "    c:f32[3] = freeze r\n  in (c, b) }";
  const auto results = run(text, {floats({1, 2, 3}), ints({2})});
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(numbers(results[0]), (std::vector<double>{5, 2, 4.5}));
  EXPECT_EQ(numbers(results[1]), (std::vector<double>{2, 4.5}));
}

TEST(JaxprEvaluator, GivesWhatReferencesHoldAtTheEnd) {
  const std::string text =
      "{ lambda ; a:f32[2]. let b:f32[2] = run_state[jaxpr={ lambda ; r:Ref{f32[2]}. let r[...] += "
      "2.0:f32[] in () } which_linear=(False,)] a in (b,) }";
  EXPECT_NE(refusal(text).find("f32[] is written where the reference holds f32[2]"),
            std::string::npos);
  const std::string right =
      "{ lambda ; a:f32[2]. let b:f32[2] = run_state[jaxpr={ lambda ; r:Ref{f32[2]}. let r[1] += "
      "2.0:f32[] in () } which_linear=(False,)] a in (b,) }";
  EXPECT_EQ(result(right, {floats({1, 2})}), (std::vector<double>{1, 4}));
}

// jax.random.bits(jax.random.key(0), (2,)) and jax.random.key_data(jax.random.split(key)).
TEST(JaxprEvaluator, MakesTheRandomBitsOfJax) {
  const auto results =
      run("{ lambda ; . let a:key<fry>[] = random_seed[impl=fry] 0:i32[]; b:u32[2] = "
          "random_bits[bit_width=32 "
          "shape=(2,)] a; c:key<fry>[2] = random_split[shape=(2,)] a in (b, c) }",
          {});
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1].array.type_text(), "u32[2,2]");
  EXPECT_EQ(numbers(results[1]),
            (std::vector<double>{1797259609, 2579123966, 928981903, 3453687069}));
}

TEST(JaxprEvaluator, MovesKeysLikeOtherElements) {
  const std::string text =
      "{ lambda ; a:key<fry>[3]. let b:key<fry>[1] = slice[limit_indices=(2,) start_indices=(1,) "
      "strides=None] a; c:key<fry>[] = squeeze[dimensions=(0,)] b; d:u32[2] = random_unwrap c in "
      "(d,) }";
  const Datum keys =
      Array::of_ints(tensor::EvaluationContext::unmetered(), DType::kU32, Ints{1, 2, 3, 4, 5, 6})
          .reshaped({3, 2});
  EXPECT_EQ(result(text, {keys}), (std::vector<double>{3, 4}));
}

TEST(JaxprEvaluator, SaysThatAConstantIsNotInTheText) {
  const std::string text =
      "let f = { lambda a:f32[3]; b:f32[3]. let c:f32[3] = add a b in (c,) } in\n"
      "{ lambda ; a:f32[3]. let b:f32[3] = jit[jaxpr=f] a in (b,) }";
  EXPECT_EQ(refusal(text), "");
  const Module module = parsed(text);
  Evaluator evaluator(module, text);
  EXPECT_FALSE(evaluator.run({floats({1, 2, 3})}).ok());
  EXPECT_EQ(evaluator.error().kind, ErrorOf::kInvalid);
}

// JAX prints results that are used nowhere as _, and the same variables of a jaxpr within.
TEST(JaxprEvaluator, RefusesATextThatDoesNotSayWhichOfSeveralValuesIsMeant) {
  const auto text = [](std::string_view other) {
    return fmt::format(
        "{{ lambda ; a:f32[3]. let _:f32[3] = sin a; {}:f32[3] = cos a; c:f32[3] = neg _ in (c,) "
        "}}",
        other);
  };
  const Module plain = parsed(text("b"));
  EXPECT_TRUE(Evaluator(plain).run({floats({1, 2, 3})}).ok());
  const Module module = parsed(text("_"));
  Evaluator evaluator(module);
  const auto results = evaluator.run({floats({1, 2, 3})});
  ASSERT_FALSE(results.ok());
  EXPECT_NE(results.error().message.find("one of several variables _"), std::string::npos);
  EXPECT_EQ(evaluator.error().kind, ErrorOf::kInvalid);
}

// ---- Canonical texts

const char* const kOne =
    "let relu = { lambda ; x:f32[3]. let y:f32[3] = max x 0.0:f32[] in (y,) } in\n"
    "let unused = { lambda ; x:f32[3]. let  in (x,) } in\n"
    "{ lambda ; p:f32[3] q:f32[3]. let r:f32[3] = jit[name=relu jaxpr=relu] p; s:f32[3] = sin q; "
    "t:f32[3] = integer_pow[y=np.int64(2)] r in (t,) }";
const char* const kSame =
    "let g = { lambda ; a:f32[3]. let k:f32[3] = max a 0.0:f32[] in (k,) } in\n"
    "{ lambda ; z:f32[3] y:f32[3]. let x:f32[3] = jit[jaxpr=g name=g] z; _:f32[3] = sin y; "
    "v:f32[3] = integer_pow[y=2] x in (v,) }";

TEST(JaxprCanonical, DoesNotDependOnNames) {
  EXPECT_EQ(canonical(parsed(kOne)), canonical(parsed(kSame)));
  EXPECT_EQ(structural_hash(parsed(kOne)), structural_hash(parsed(kSame)));
  EXPECT_EQ(structural_hash(parsed(kOne)).size(), 32U);
}

TEST(JaxprCanonical, IsItsOwnCanonicalTextAndValid) {
  const std::string text = canonical(parsed(kOne));
  EXPECT_EQ(canonical(parsed(text)), text);
  EXPECT_EQ(refusal(text), "");
  EXPECT_EQ(result(text, {floats({-1, 2, 3}), floats({0, 0, 0})}), (std::vector<double>{0, 4, 9}));
}

TEST(JaxprCanonical, KeepsValuesApart) {
  const auto with = [](const char* literal) {
    return structural_hash(parsed(
        fmt::format("{{ lambda ; a:f32[]. let b:f32[] = mul a {}:f32[] in (b,) }}", literal)));
  };
  EXPECT_NE(with("2.0"), with("3.0"));
}

TEST(JaxprCanonical, RefusesVariablesThatAreNotDefined) {
  const char* text = "{ lambda ; a:f32[]. let\n    b:f32[] = sin c\n  in (b,) }";
  const auto found = structure_of(parsed(text), text);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().message, "jaxpr:2:5: variable c is not defined");
}

}  // namespace
}  // namespace jaxsmith::jaxpr
