// Facts about bodies: those that are found hold of whatever the body does, and the three levels
// find the same of the same body, which they apply as it says.
#include "ir/common/body.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "ir/common/elementwise.h"
#include "ir/hlo/evaluator.h"
#include "ir/hlo/parser.h"
#include "ir/jaxpr/evaluator.h"
#include "ir/jaxpr/parser.h"
#include "ir/stablehlo/evaluator.h"
#include "ir/stablehlo/parser.h"

namespace jaxsmith::tensor {
namespace {

using ir::BodyFacts;
using ir::BodyId;
using ir::BodyOutline;
using Number = BodyOutline::Number;
using Operation = BodyOutline::Operation;

constexpr Binary kReducers[] = {Binary::add,     Binary::subtract, Binary::multiply,
                                Binary::maximum, Binary::minimum,  Binary::and_,
                                Binary::or_,     Binary::xor_};

Array number(std::int64_t n) {
  return Array::scalar_int(EvaluationContext::unmetered(), DType::kI32, n);
}

// ---- Outlines by themselves

// A body of a few operations on two integers, some of which lead nowhere.
BodyOutline random_body(std::mt19937& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::int64_t>(random() % n); };
  BodyOutline body;
  body.arguments = {0, 1};
  const std::int64_t count = below(4);
  for (std::int64_t i = 0; i < count; ++i) {
    Operation op;
    op.pointwise = below(8) != 0;
    op.kernel = kReducers[static_cast<std::size_t>(below(std::size(kReducers)))];
    op.operands = {below(static_cast<std::size_t>(2 + i)), below(static_cast<std::size_t>(2 + i))};
    op.result = 2 + i;
    op.dtype = DType::kI32;
    body.operations.push_back(op);
  }
  body.results = {below(static_cast<std::size_t>(2 + count))};
  return body;
}

Array executed(const BodyOutline& body, const Array& x, const Array& y) {
  std::vector<Array> values = {x, y};
  for (const Operation& op : body.operations)
    values.push_back(binary(*op.kernel, values[static_cast<std::size_t>(op.operands[0])],
                            values[static_cast<std::size_t>(op.operands[1])]));
  return values[static_cast<std::size_t>(body.results[0])];
}

TEST(BodyFacts, HoldOfWhatTheBodyDoes) {
  std::mt19937 random(11);
  int simple = 0, second = 0;
  for (int i = 0; i < 4000; ++i) {
    const BodyOutline body = random_body(random);
    BodyFacts known([&](BodyId) { return body; });
    const Body::Facts& facts = known.of(&body);
    EXPECT_EQ(facts.pointwise, std::ranges::all_of(body.operations, [](const Operation& op) {
                return op.pointwise;
              }));
    const Array x = number(static_cast<std::int32_t>(random())),
                y = number(static_cast<std::int32_t>(random()));
    if (facts.simple) {
      ++simple;
      EXPECT_EQ(executed(body, x, y).int_at(0), binary(*facts.simple, x, y).int_at(0));
    }
    if (facts.gives_second) {
      ++second;
      EXPECT_EQ(executed(body, x, y).int_at(0), y.int_at(0));
    }
  }
  EXPECT_GT(simple, 100);
  EXPECT_GT(second, 100);
}

// Bodies that call bodies: what one gives follows from what it calls, circles and depth give
// nothing.
TEST(BodyFacts, OfCalls) {
  std::map<std::intptr_t, BodyOutline> bodies;
  const auto calling = [](std::intptr_t callee) {
    BodyOutline body;
    body.operations.emplace_back().calls = {reinterpret_cast<BodyId>(callee)};
    return body;
  };
  BodyOutline leaf;
  leaf.operations.emplace_back().pointwise = true;
  constexpr std::intptr_t kLeaf = 1000, kCircle = 2000, kOther = 3000;
  bodies[kLeaf] = leaf;
  bodies[kOther].operations.emplace_back();
  bodies[kCircle] = calling(kCircle + 1);
  bodies[kCircle + 1] = calling(kCircle);
  for (std::intptr_t i = kLeaf - 500; i < kLeaf; ++i) bodies[i] = calling(i + 1);
  int looked = 0;
  BodyFacts known([&](BodyId id) {
    ++looked;
    return bodies.at(reinterpret_cast<std::intptr_t>(id));
  });
  const auto pointwise = [&](std::intptr_t id) {
    return known.of(reinterpret_cast<BodyId>(id)).pointwise;
  };
  EXPECT_FALSE(pointwise(kCircle));
  EXPECT_FALSE(pointwise(kOther));
  EXPECT_TRUE(pointwise(kLeaf - 150));
  const int before = looked;
  EXPECT_TRUE(pointwise(kLeaf - 150));
  EXPECT_EQ(looked, before);
  EXPECT_FALSE(pointwise(kLeaf - 500));  // too deep
}

TEST(BodyFacts, FindRoundedOperations) {
  BodyOutline body;
  body.arguments = {0, 1};
  body.operations = {{.pointwise = true,
                      .calls = {},
                      .kernel = Binary::add,
                      .operands = {1, 0},
                      .result = 2,
                      .dtype = DType::kF32},
                     {.pointwise = true,
                      .calls = {},
                      .kernel = {},
                      .converts = true,
                      .operands = {2},
                      .result = 3,
                      .dtype = DType::kBF16},
                     {.pointwise = true,
                      .calls = {},
                      .kernel = {},
                      .converts = true,
                      .operands = {3},
                      .result = 4,
                      .dtype = DType::kF32}};
  body.results = {4};
  const auto rounded = [&] { return BodyFacts([&](BodyId) { return body; }).of(&body).rounded; };
  ASSERT_TRUE(rounded());
  EXPECT_EQ(rounded()->op, Binary::add);
  EXPECT_EQ(rounded()->to, DType::kBF16);
  body.operations[0].kernel = Binary::subtract;  // its operands stand the other way round
  EXPECT_FALSE(rounded());
  body.operations[0].operands = {0, 1};
  EXPECT_TRUE(rounded());
  body.operations[2].dtype = DType::kF64;
  EXPECT_FALSE(rounded());
}

TEST(BodyFacts, AreForgottenWhereABodyCannotBeRead) {
  bool fails = true;
  BodyFacts known([&](BodyId) -> BodyOutline {
    if (fails) invalid("no");
    return {};
  });
  EXPECT_THROW(known.of(nullptr), EvaluationError);
  fails = false;
  EXPECT_TRUE(known.of(nullptr).pointwise);
}

// ---- The same body in the three languages

// op(a, b), or op(b, a); with an operation beside it whose result nobody takes, or in a function of
// its own.
struct Reducer {
  Binary op;
  bool turned = false, beside = false, within = false;
};

std::string_view name_in(ir::Language language, Binary op) {
  std::string_view out;
  ir::each_elementwise(language, [&](const auto& row, std::string_view name) {
    if (name_of(row.kernel) == name_of(op) && out.empty()) out = name;
  });
  return out;
}

std::string jaxpr_text(const Reducer& r, std::int64_t n) {
  const std::string_view name = name_in(&ir::ElementwiseNames::jaxpr, r.op);
  const std::string operands = r.turned ? "b a" : "a b";
  const std::string body =
      r.within ? fmt::format(
                     "c:i32[] = jit[name=f jaxpr={{ lambda ; p:i32[] q:i32[]. let r:i32[] = "
                     "{} p q in (r,) }}] {}",
                     name, operands)
               : fmt::format("c:i32[] = {} {}", name, operands);
  return fmt::format(
      "{{ lambda ; x:i32[{0}] i:i32[]. let y:i32[] = reduce[dimensions=(0,) jaxpr={{ lambda ; "
      "a:i32[] b:i32[]. let {1}{2} in (c,) }}] x i in (y,) }}",
      n, r.beside ? "d:i32[] = mul a a; " : "", body);
}

std::string stablehlo_text(const Reducer& r, std::int64_t n) {
  const std::string_view name = name_in(&ir::ElementwiseNames::stablehlo, r.op);
  const std::string operands = r.turned ? "(%b, %a)" : "(%a, %b)";
  const std::string type = "(tensor<i32>, tensor<i32>) -> tensor<i32>";
  return fmt::format(
      "module @m {{\nfunc.func public @main(%x: tensor<{0}xi32>, %i: tensor<i32>) -> tensor<i32> "
      "{{\n%y = \"stablehlo.reduce\"(%x, %i) <{{dimensions = array<i64: 0>}}> ({{\n"
      "^bb0(%a: tensor<i32>, %b: tensor<i32>):\n{1}%c = {2}{3} : {4}\n"
      "\"stablehlo.return\"(%c) : (tensor<i32>) -> ()\n}}) : (tensor<{0}xi32>, tensor<i32>) -> "
      "tensor<i32>\nreturn %y : tensor<i32>\n}}\n"
      "func.func private @f(%p: tensor<i32>, %q: tensor<i32>) -> tensor<i32> {{\n"
      "%r = \"{5}\"(%p, %q) : {4}\nreturn %r : tensor<i32>\n}}\n}}\n",
      n, r.beside ? "%d = stablehlo.multiply %a, %a : tensor<i32>\n" : "",
      r.within ? std::string("func.call @f") : fmt::format("\"{}\"", name), operands, type, name);
}

std::string hlo_text(const Reducer& r, std::int64_t n) {
  const std::string_view name = name_in(&ir::ElementwiseNames::hlo, r.op);
  const std::string operands = r.turned ? "b, a" : "a, b";
  return fmt::format(
      "HloModule m\n\nf {{\n  p = s32[] parameter(0)\n  q = s32[] parameter(1)\n"
      "  ROOT r = s32[] {1}(p, q)\n}}\n\nbody {{\n  a = s32[] parameter(0)\n"
      "  b = s32[] parameter(1)\n{2}  ROOT c = s32[] {3}({4}){5}\n}}\n\n"
      "ENTRY e {{\n  x = s32[{0}] parameter(0)\n  i = s32[] parameter(1)\n"
      "  ROOT y = s32[] reduce(x, i), dimensions={{0}}, to_apply=body\n}}\n",
      n, name, r.beside ? "  d = s32[] multiply(a, a)\n" : "", r.within ? "call" : name, operands,
      r.within ? ", to_apply=f" : "");
}

// The result, or nothing where the budget is not enough.
template <class Evaluator, class Module>
std::optional<std::int64_t> executed(const Module& module, const std::string& text,
                                     const std::vector<std::int64_t>& numbers, std::int64_t steps) {
  const Array x = Array::of_ints(EvaluationContext::unmetered(), DType::kI32, numbers);
  Evaluator evaluator(module, text);
  EXPECT_TRUE(evaluator.verify().ok()) << text;
  const auto results = evaluator.run({x, number(3)}, Budget{.steps = steps});
  if (results.ok()) return results.value().at(0).as_array().int_at(0);
  EXPECT_EQ(evaluator.error().kind, EvaluationError::Kind::kBudget)
      << text << results.error().message;
  return std::nullopt;
}

std::vector<std::optional<std::int64_t>> in_each_language(const Reducer& r,
                                                          const std::vector<std::int64_t>& numbers,
                                                          std::int64_t steps) {
  const auto n = static_cast<std::int64_t>(numbers.size());
  const std::string a = jaxpr_text(r, n), b = stablehlo_text(r, n), c = hlo_text(r, n);
  const auto jaxpr = jaxpr::parse(a);
  const auto modules = stablehlo::parse(b);
  const auto hlo = hlo::parse(c);
  EXPECT_TRUE(jaxpr.ok() && modules.ok() && hlo.ok())
      << (jaxpr.ok() ? "" : jaxpr.error().message) << (modules.ok() ? "" : modules.error().message)
      << (hlo.ok() ? "" : hlo.error().message);
  if (!jaxpr.ok() || !modules.ok() || !hlo.ok()) return {};
  return {executed<jaxpr::Evaluator>(jaxpr.value(), a, numbers, steps),
          executed<stablehlo::Evaluator>(modules.value()[0], b, numbers, steps),
          executed<hlo::Evaluator>(hlo.value(), c, numbers, steps)};
}

std::vector<Reducer> reducers() {
  std::vector<Reducer> out;
  for (const Binary op : kReducers)
    for (const int how : {0, 1, 2, 3, 4, 5})
      out.push_back({op, how % 2 == 1, how / 2 == 1, how / 2 == 2});
  return out;
}

TEST(BodiesOfLevels, AreAppliedAsTheySay) {
  std::mt19937 random(5);
  for (const Reducer& r : reducers()) {
    std::vector<std::int64_t> numbers;
    for (int i = 0; i < 7; ++i) numbers.push_back(static_cast<std::int32_t>(random()) % 1000);
    Array expected = number(3);
    for (const std::int64_t n : numbers)
      expected = r.turned ? binary(r.op, number(n), expected) : binary(r.op, expected, number(n));
    for (const auto& result : in_each_language(r, numbers, Budget().steps))
      EXPECT_EQ(result, expected.int_at(0))
          << name_of(r.op) << r.turned << r.beside << r.within << hlo_text(r, 7);
  }
}

// A body that is no more than an operation which commutes costs steps by the elements alone, and so
// does one that is applied to all elements at once: each level has seen what the body is.
TEST(BodiesOfLevels, AreSeenForWhatTheyAre) {
  const std::vector<std::int64_t> numbers(100'000, 1);
  constexpr std::int64_t kStepsOfElement = 16;
  for (const Reducer& r : reducers()) {
    if (!commutes(r.op)) continue;
    const auto results =
        in_each_language(r, numbers, kStepsOfElement * static_cast<std::int64_t>(numbers.size()));
    for (std::size_t i = 0; i < results.size(); ++i)
      EXPECT_TRUE(results[i]) << i << " " << name_of(r.op) << r.turned << r.beside << r.within;
  }
}

}  // namespace
}  // namespace jaxsmith::tensor
