// HLO: what the verifier refuses and where, what the evaluator computes, what canonical texts say.
#include "ir/hlo/evaluator.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ir/hlo/canonical.h"
#include "ir/hlo/parser.h"

namespace jaxsmith::hlo {
namespace {

Module parsed(std::string_view text) {
  auto module = parse(text);
  EXPECT_TRUE(module.ok()) << (module.ok() ? "" : module.error().message) << "\n" << text;
  return module.ok() ? std::move(module).value() : Module();
}

// A module whose entry has these lines.
std::string entry(std::string_view lines) {
  return "HloModule m\n\nENTRY e {\n" + std::string(lines) + "\n}\n";
}

struct Outcome {
  bool ok = false;
  std::string error;
  tensor::EvaluationError::Kind kind = tensor::EvaluationError::Kind::kInvalid;
  std::vector<Array> results;
};

Outcome run(std::string_view text, std::vector<Datum> arguments = {},
            const tensor::Budget& budget = {}) {
  const Module module = parsed(text);
  Evaluator evaluator(module, text);
  auto results = evaluator.run(std::move(arguments), budget);
  Outcome out;
  out.ok = results.ok();
  out.kind = evaluator.error().kind;
  if (!results.ok()) {
    out.error = results.error().message;
    return out;
  }
  for (const Datum& d : results.value()) out.results.push_back(d.as_array());
  return out;
}

std::vector<std::int64_t> ints(std::string_view lines) {
  const Outcome r = run(entry(lines));
  EXPECT_TRUE(r.ok) << r.error;
  if (!r.ok || r.results.empty()) return {};
  const auto values = r.results[0].ints();
  return {values.begin(), values.end()};
}

std::vector<float> floats(std::string_view lines) {
  const Outcome r = run(entry(lines));
  EXPECT_TRUE(r.ok) << r.error;
  if (!r.ok || r.results.empty()) return {};
  const auto values = r.results[0].data<float>();
  return {values.begin(), values.end()};
}

using I = std::vector<std::int64_t>;
using F = std::vector<float>;

// ---- What is computed ----

TEST(HloEvaluator, IntegersWrapAndDivideAsXlaDoes) {
  EXPECT_EQ(ints("a = s32[4] constant({7, -7, 0, -2147483648})\n"
                 "b = s32[4] constant({0, 0, 0, -1})\n"
                 "ROOT c = s32[4] divide(a, b)"),
            (I{-1, -1, -1, -2147483648}));
  EXPECT_EQ(ints("a = s32[3] constant({7, -7, -2147483648})\n"
                 "b = s32[3] constant({0, 0, -1})\n"
                 "ROOT c = s32[3] remainder(a, b)"),
            (I{7, -7, 0}));
  EXPECT_EQ(ints("a = u8[2] constant({250, 7})\n"
                 "b = u8[2] constant({10, 0})\n"
                 "s = u8[2] add(a, b)\n"
                 "ROOT c = u8[2] divide(s, b)"),
            (I{0, 255}));
  EXPECT_EQ(ints("a = s8[2] constant({1, -1})\n"
                 "b = s8[2] constant({8, 8})\n"
                 "l = s8[2] shift-left(a, b)\n"
                 "r = s8[2] shift-right-arithmetic(a, b)\n"
                 "ROOT c = s8[2] or(l, r)"),
            (I{0, -1}));
}

TEST(HloEvaluator, UpperHalvesOfProducts) {
  EXPECT_EQ(ints("a = s8[3] constant({100, -100, -128})\n"
                 "b = s8[3] constant({100, 100, -128})\n"
                 "ROOT c = s8[3] mulhi(a, b)"),
            (I{39, -40, 64}));
  EXPECT_EQ(ints("a = u8[2] constant({250, 3})\n"
                 "b = u8[2] constant({250, 3})\n"
                 "ROOT c = u8[2] mulhi(a, b)"),
            (I{244, 0}));
  EXPECT_FALSE(run(entry("a = f32[] constant(2)\nROOT c = f32[] mulhi(a, a)")).ok);
}

TEST(HloEvaluator, NanGoesThroughMaximumAndZerosKeepTheirSign) {
  const F m = floats(
      "a = f32[3] constant({nan, 1, -inf})\n"
      "b = f32[3] constant({2, -nan, 3})\n"
      "ROOT c = f32[3] maximum(a, b)");
  ASSERT_EQ(m.size(), 3U);
  EXPECT_TRUE(std::isnan(m[0]) && std::isnan(m[1]));
  EXPECT_EQ(m[2], 3);
  const F z = floats(
      "a = f32[2] constant({-0, 0})\n"
      "ROOT c = f32[2] negate(a)");
  ASSERT_EQ(z.size(), 2U);
  EXPECT_FALSE(std::signbit(z[0]));
  EXPECT_TRUE(std::signbit(z[1]));
  EXPECT_EQ(ints("a = f32[2] constant({-0, nan})\n"
                 "b = f32[2] constant({0, inf})\n"
                 "ROOT c = pred[2] compare(a, b), direction=LT, type=TOTALORDER"),
            (I{1, 0}));
  EXPECT_EQ(ints("a = f32[2] constant({-0, nan})\n"
                 "ROOT c = pred[2] compare(a, a), direction=EQ"),
            (I{1, 0}));
}

TEST(HloEvaluator, ConstantsKeepTheirBits) {
  EXPECT_EQ(ints("a = f32[4] constant({nan(0x400123), -nan, 1e-45, -inf})\n"
                 "ROOT b = u32[4] bitcast-convert(a)"),
            (I{0x7fc00123, 0xffc00000, 1, 0xff800000}));
  EXPECT_EQ(ints("ROOT a = u64[] constant(18446744073709551615)"), (I{-1}));
}

// f32[2,3]{0,1} lies in memory column by column.
TEST(HloEvaluator, BitcastsGoByLayout) {
  EXPECT_EQ(ints("a = s32[2,3]{0,1} constant({{1, 2, 3}, {4, 5, 6}})\n"
                 "ROOT b = s32[6]{0} bitcast(a)"),
            (I{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(ints("a = s32[2,3]{1,0} constant({{1, 2, 3}, {4, 5, 6}})\n"
                 "ROOT b = s32[3,2]{0,1} bitcast(a)"),
            (I{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(ints("a = s32[2,2]{0,1} constant({{1, 2}, {3, 4}})\n"
                 "c = s32[2,2]{1,0} copy(a)\n"
                 "ROOT b = s32[4]{0} bitcast(c)"),
            (I{1, 2, 3, 4}));
  EXPECT_EQ(ints("a = u32[2] constant({1, 2})\n"
                 "ROOT b = u16[4] bitcast(a)"),
            (I{1, 0, 2, 0}));
  EXPECT_EQ(ints("a = f32[] constant(1)\n"
                 "ROOT b = s32[] bitcast(a)"),
            (I{0x3f800000}));
}

TEST(HloEvaluator, ScalarsAndEmptyArrays) {
  constexpr std::string_view kSum =
      "HloModule m\n\nadd {\n  x = f32[] parameter(0)\n  y = f32[] parameter(1)\n"
      "  ROOT z = f32[] add(x, y)\n}\n\n";
  const auto with_sum = [&](std::string_view lines) {
    return run(std::string(kSum) + "ENTRY e {\n" + std::string(lines) + "\n}\n");
  };
  Outcome r = with_sum(
      "a = f32[0,3] constant({})\nb = f32[] constant(5)\n"
      "ROOT c = f32[3] reduce(a, b), dimensions={0}, to_apply=add");
  ASSERT_TRUE(r.ok) << r.error;
  EXPECT_EQ(r.results[0].data<float>()[2], 5);
  r = with_sum(
      "a = f32[] constant(2)\nb = f32[] constant(5)\n"
      "ROOT c = f32[] reduce(a, b), dimensions={}, to_apply=add");
  ASSERT_TRUE(r.ok) << r.error;
  EXPECT_EQ(r.results[0].data<float>()[0], 7);
  r = with_sum(
      "a = f32[0] constant({})\n"
      "ROOT c = (f32[0], f32[0]) tuple(a, a)");
  ASSERT_TRUE(r.ok) << r.error;
  EXPECT_EQ(r.results.size(), 2U);
  r = with_sum("ROOT c = () tuple()");
  ASSERT_TRUE(r.ok) << r.error;
  EXPECT_TRUE(r.results.empty());
}

TEST(HloEvaluator, ConditionalsClampTheirIndex) {
  const std::string text =
      "HloModule m\n\na {\n  x = s32[] parameter(0)\n  o = s32[] constant(1)\n"
      "  ROOT r = s32[] add(x, o)\n}\n\nb {\n  x = s32[] parameter(0)\n"
      "  ROOT r = s32[] negate(x)\n}\n\nENTRY e {\n  i = s32[] parameter(0)\n"
      "  v = s32[] constant(10)\n"
      "  ROOT c = s32[] conditional(i, v, v), branch_computations={a, b}\n}\n";
  for (const auto& [index, expected] : {std::pair{0, 11}, {1, -10}, {2, -10}, {-1, -10}}) {
    const Outcome r =
        run(text, {Array::scalar_int(tensor::EvaluationContext::unmetered(), DType::kI32, index)});
    ASSERT_TRUE(r.ok) << r.error;
    EXPECT_EQ(r.results[0].int_at(0), expected);
  }
  std::string by_predicate = text;
  by_predicate.replace(by_predicate.find("s32[] parameter(0)\n  v"), 3, "pred");
  const Outcome r = run(
      by_predicate, {Array::scalar_int(tensor::EvaluationContext::unmetered(), DType::kBool, 1)});
  ASSERT_TRUE(r.ok) << r.error;
  EXPECT_EQ(r.results[0].int_at(0), 11);
}

TEST(HloEvaluator, TakesShortFormsWithoutTypes) {
  EXPECT_EQ(ints("a = s32[2] constant({1, 2})\n"
                 "b = add(a, a)\n"
                 "t = tuple(a, b)\n"
                 "ROOT c = get-tuple-element(t), index=1"),
            (I{2, 4}));
}

// ---- What is refused ----

// The error begins with the place, says `reason`, and its caret stands below `at`.
void expect_refused(const std::string& text, std::string_view at, std::string_view reason) {
  const Module module = parsed(text);
  Evaluator evaluator(module, text, "t");
  const Status verified = evaluator.verify();
  ASSERT_FALSE(verified.ok()) << text;
  const std::string& message = verified.error().message;
  EXPECT_NE(message.find(reason), std::string::npos) << message;
  const std::size_t offset = text.find(at);
  ASSERT_NE(offset, std::string::npos);
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(offset), '\n');
  const std::size_t column = offset - text.rfind('\n', offset);
  const std::string place = "t:" + std::to_string(line) + ":" + std::to_string(column) + ":";
  EXPECT_TRUE(message.starts_with(place)) << message << "\nexpected " << place;
}

TEST(HloVerifier, SaysWhatIsWrongAndWhere) {
  const auto refused = [](std::string_view lines, std::string_view at, std::string_view reason) {
    expect_refused(entry("  a = f32[2,3]{1,0} constant({{1, 2, 3}, {4, 5, 6}})\n"
                         "  n = s32[] constant(1)\n  z = f32[] constant(0)\n" +
                         std::string(lines)),
                   at, reason);
  };
  refused("  ROOT r = f32[2,3] add(a)", "r =", "add takes 2 operands, not 1");
  refused("  ROOT r = f32[3,2] add(a, a)", "r =", "the result of add is f32[2,3], not f32[3,2]");
  refused("  ROOT r = f32[2,3] add(a, z)", "r =", "operands of different shapes");
  refused("  ROOT r = f32[2,3] frobnicate(a)", "r =", "operation frobnicate is not known");
  refused("  ROOT r = f32[2,3] negate(a), dimensions={0}", "dimensions",
          "negate has no attribute dimensions");
  refused("  ROOT r = f32[3,2] transpose(a), dimensions={1,1}", "r =", "dimension 1 stands twice");
  refused("  ROOT r = f32[3,2] transpose(a), dimensions={1,0}, dimensions={1,0}",
          "dimensions={1,0}\n", "attribute dimensions stands twice");
  refused("  ROOT r = f32[5] reshape(a)", "r =", "6 elements cannot have the shape");
  refused("  ROOT r = pred[2,3] compare(a, a), direction=XX", "r =", "direction is none of");
  refused("  ROOT r = f32[1,3] slice(a), slice={[0:1], [0:4]}", "r =", "slice [0:4:1]");
  refused("  ROOT r = f32[2,3] custom-call(a), custom_call_target=\"f\"",
          "r =", "custom call f is not known");
  refused("  ROOT r = f32[2,3] negate(f32[3,2] a)", "r =", "as is said");
  refused("  ROOT r = f32[2,3]{0} negate(a)", "r =", "the layout of f32[2,3]{0} has 1 dimensions");
  refused("  ROOT r = f32[2,3]{1,1} negate(a)", "r =", "the layout: dimension 1 stands twice");
  refused("  ROOT r = f32[2,6] broadcast(a), dimensions={0,1}",
          "r =", "does not become dimension 1");
  refused("  ROOT r = f32[] get-tuple-element(a), index=0", "r =", "f32[2,3] has no part 0");
  refused("  ROOT r = s8[] constant(200)", "r =", "200 is no s8");
  refused("  ROOT r = f32[] constant(1e99)", "r =", "1e99 is no f32");
  refused(
      "  m = f32[2,2] constant({{1, 0}, {0, 1}})\n"
      "  ROOT r = (f32[2,2], s32[]) custom-call(m), custom_call_target=\"lapack_spotrf_ffi\", "
      "backend_config={lower = 1 : ui8}",
      "r =", "lapack_spotrf_ffi has no integer uplo in its backend_config");
  refused("  ROOT r = f32[7] bitcast(a)", "r =", "has not as many bytes");
}

TEST(HloVerifier, ChecksWhatComputationsTakeAndGive) {
  const auto module = [](std::string_view callee, std::string_view use) {
    return "HloModule m\n\n" + std::string(callee) + "\n\nENTRY e {\n  a = f32[2] parameter(0)\n" +
           std::string(use) + "\n}\n";
  };
  const std::string negate = "f {\n  x = f32[] parameter(0)\n  ROOT y = f32[] negate(x)\n}";
  expect_refused(module(negate, "  ROOT r = f32[2] call(a), to_apply=f"),
                 "r =", "argument 0 of f is f32[], not f32[2]");
  expect_refused(module(negate, "  ROOT r = f32[2] call(a, a), to_apply=f"),
                 "r =", "f takes 1 arguments, not 2");
  expect_refused(module("f (x: s32[]) -> f32[] {\n  x = f32[] parameter(0)\n  ROOT y = f32[] "
                        "negate(x)\n}",
                        "  ROOT r = f32[2] negate(a)"),
                 "x = f32[] p", "not s32[] as is said");
  expect_refused(module("f (x: f32[]) -> s32[] {\n  x = f32[] parameter(0)\n  ROOT y = f32[] "
                        "negate(x)\n}",
                        "  ROOT r = f32[2] negate(a)"),
                 "y = f32[]", "f gives f32[], not s32[] as is said");
  expect_refused(
      "HloModule m, entry_computation_layout={(f32[3]{0})->f32[2]{0}}\n\nENTRY e {\n"
      "  a = f32[2] parameter(0)\n  ROOT r = f32[2] negate(a)\n}\n",
      "entry_computation_layout", "parameter 0 of the entry is f32[2], not f32[3]{0}");
  expect_refused(module(negate, "  ROOT r = f32[2] while(a), condition=f, body=f"),
                 "r =", "argument 0 of f is f32[], not f32[2]");
}

TEST(HloVerifier, RefusesCyclesAndDeepCalls) {
  expect_refused(
      "HloModule m\n\nf {\n  x = f32[] parameter(0)\n"
      "  ROOT y = f32[] call(x), to_apply=f\n}\n\n"
      "ENTRY e {\n  a = f32[] parameter(0)\n  ROOT r = f32[] call(a), to_apply=f\n}\n",
      "y =", "f calls itself");
  expect_refused(
      "HloModule m\n\nf {\n  x = f32[] parameter(0)\n"
      "  ROOT y = f32[] call(x), to_apply=g\n}\n\n"
      "g {\n  x = f32[] parameter(0)\n  ROOT w = f32[] call(x), to_apply=f\n}\n\n"
      "ENTRY e {\n  a = f32[] parameter(0)\n  ROOT r = f32[] call(a), to_apply=f\n}\n",
      "w =", "calls itself");
  expect_refused(
      "HloModule m\n\nENTRY e {\n  a = f32[] parameter(0)\n"
      "  ROOT r = f32[] call(a), to_apply=f\n}\n\n"
      "f {\n  x = f32[] parameter(0)\n  ROOT y = f32[] negate(x)\n}\n",
      "r =", "f is not defined further up");
  std::string text = "HloModule m\n\nf0 {\n  ROOT x = f32[] parameter(0)\n}\n\n";
  for (int i = 1; i < 20000; ++i)
    text += "f" + std::to_string(i) + " {\n  x = f32[] parameter(0)\n  ROOT y = f32[] call(x), " +
            "to_apply=f" + std::to_string(i - 1) + "\n}\n\n";
  text += "ENTRY e {\n  a = f32[] parameter(0)\n  ROOT r = f32[] call(a), to_apply=f19999\n}\n";
  const Module module = parsed(text);
  const Status verified = Evaluator(module, text).verify();
  ASSERT_FALSE(verified.ok());
  EXPECT_NE(verified.error().message.find("nested too deeply"), std::string::npos);
  EXPECT_FALSE(canonical(module).empty());
}

// As deep as is allowed, each level within a body that is applied to an element.
TEST(HloEvaluator, RunsNestedBodies) {
  std::string text =
      "HloModule m\n\nf0 {\n  x = s32[] parameter(0)\n  ROOT y = s32[] negate(x)\n}\n\n";
  const auto level = [](const std::string& before) {
    return "  u = s32[1] reshape(x)\n  v = s32[1] map(u), dimensions={0}, to_apply=" + before +
           "\n  ROOT y = s32[] reshape(v)\n}\n\n";
  };
  for (int i = 1; i < 199; ++i)
    text += "f" + std::to_string(i) + " {\n  x = s32[] parameter(0)\n" +
            level("f" + std::to_string(i - 1));
  text += "ENTRY e {\n  x = s32[] constant(5)\n" + level("f198");
  const Outcome r = run(text);
  ASSERT_TRUE(r.ok) << r.error;
  EXPECT_EQ(r.results[0].int_at(0), -5);
}

TEST(HloEvaluator, BudgetsEndWhatDoesNotEnd) {
  const std::string endless =
      "HloModule m\n\nc {\n  x = s32[] parameter(0)\n  ROOT t = pred[] constant(true)\n}\n\n"
      "b {\n  x = s32[] parameter(0)\n  o = s32[] constant(1)\n  ROOT y = s32[] add(x, o)\n}\n\n"
      "ENTRY e {\n  a = s32[] constant(0)\n  ROOT w = s32[] while(a), condition=c, body=b\n}\n";
  tensor::Budget budget;
  budget.steps = 100'000;
  const Outcome r = run(endless, {}, budget);
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.kind, tensor::EvaluationError::Kind::kBudget);
  EXPECT_NE(r.error.find("steps allowed"), std::string::npos) << r.error;

  // Each computation calls the one before it twice.
  std::string twice = "HloModule m\n\nf0 {\n  ROOT x = f32[] parameter(0)\n}\n\n";
  for (int i = 1; i < 100; ++i) {
    const std::string before = std::to_string(i - 1);
    twice += "f" + std::to_string(i) + " {\n  x = f32[] parameter(0)\n  y = f32[] call(x), " +
             "to_apply=f" + before + "\n  ROOT z = f32[] call(y), to_apply=f" + before + "\n}\n\n";
  }
  twice += "ENTRY e {\n  a = f32[] constant(0)\n  ROOT r = f32[] call(a), to_apply=f99\n}\n";
  EXPECT_EQ(run(twice, {}, budget).kind, tensor::EvaluationError::Kind::kBudget);

  const Outcome large =
      run(entry("a = f32[] constant(0)\n"
                "ROOT b = f32[1000000,1000000] broadcast(a), dimensions={}"));
  EXPECT_EQ(large.kind, tensor::EvaluationError::Kind::kBudget) << large.error;
}

TEST(HloEvaluator, ChecksItsArguments) {
  const std::string text = entry("a = f32[2] parameter(0)\nROOT b = f32[2] negate(a)");
  EXPECT_NE(run(text).error.find("the entry takes 1 arguments, not 0"), std::string::npos);
  EXPECT_NE(run(text, {Array::zeros(tensor::EvaluationContext::unmetered(), DType::kF32, {3})})
                .error.find("is f32[2], not f32[3]"),
            std::string::npos);
}

// ---- Canonical texts ----

constexpr std::string_view kPlain =
    R"(HloModule jit_f, entry_computation_layout={(f32[4]{0}, f32[4]{0})->f32[]}

add.1 {
  x.2 = f32[] parameter(0)
  y.2 = f32[] parameter(1)
  ROOT s.2 = f32[] add(x.2, y.2)
}

ENTRY main.7 {
  a.1 = f32[4]{0} parameter(0)
  b.1 = f32[4]{0} parameter(1)
  c.1 = f32[] constant(2.5)
  d.1 = f32[4]{0} broadcast(c.1), dimensions={}
  unused.1 = f32[4]{0} subtract(a.1, b.1)
  unused.2 = f32[4]{0} divide(a.1, b.1)
  e.1 = f32[4]{0} multiply(a.1, d.1)
  f.1 = f32[4]{0} add(e.1, b.1)
  z.1 = f32[] constant(0)
  ROOT r.1 = f32[] reduce(f.1, z.1), dimensions={0}, to_apply=add.1
}
)";
// Other names, order, attributes and notes.
constexpr std::string_view kOther = R"(HloModule other, is_scheduled=true

%plus (l: f32[], r: f32[]) -> f32[] {
  %l = f32[] parameter(0)
  %r = f32[] parameter(1)
  ROOT %s = f32[] add(%l, %r)
}

ENTRY %start (one: f32[4], two: f32[4]) -> f32[] {
  %zero = f32[] constant(0), metadata={op_name="zero"}
  %two = f32[4] parameter(1)
  %one = f32[4] parameter(0)
  %never = f32[4] divide(%one, %two)
  %factor = f32[] constant(2.5)  // a comment
  %factors = f32[4] broadcast(f32[] %factor), dimensions={}
  %product = f32[4]{0} multiply(%one, %factors), frontend_attributes={k="v"}
  %neither = f32[4] subtract(%one, %two)
  %sum = f32[4]{0} add(%product, %two), backend_config={"a":"b"}
  ROOT %total = f32[] reduce(%sum, /* here */ %zero), to_apply=%plus, dimensions={0}
}
)";

TEST(HloCanonical, IsTheSameForModulesThatSayTheSame) {
  const std::string text = canonical(parsed(kPlain));
  EXPECT_EQ(text, canonical(parsed(kOther)));
  EXPECT_EQ(structural_hash(parsed(kPlain)), structural_hash(parsed(kOther)));
  EXPECT_EQ(canonical(parsed(text)), text);
  for (const std::string_view noise : {"main", "metadata", "entry_computation", "[4]{0}"})
    EXPECT_EQ(text.find(noise), std::string::npos) << text;
  const std::vector<Datum> arguments = {Array::from(tensor::EvaluationContext::unmetered(),
                                                    {DType::kF32, {4}, std::string(16, '\x3f')}),
                                        Array::from(tensor::EvaluationContext::unmetered(),
                                                    {DType::kF32, {4}, std::string(16, '\x40')})};
  const Outcome before = run(kPlain, arguments), after = run(text, arguments);
  ASSERT_TRUE(before.ok && after.ok) << before.error << after.error;
  EXPECT_EQ(before.results[0].data<float>()[0], after.results[0].data<float>()[0]);
}

TEST(HloCanonical, DiffersWhereTheProgramDoes) {
  const std::string text = canonical(parsed(kPlain));
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string other(kPlain);
    const std::size_t at = other.find(from);
    EXPECT_NE(at, std::string::npos);
    other.replace(at, from.size(), to);
    return canonical(parsed(other));
  };
  EXPECT_NE(changed("constant(2.5)", "constant(2)"), text);
  EXPECT_NE(changed("multiply(a.1, d.1)", "multiply(d.1, a.1)"), text);
  EXPECT_NE(changed("add(x.2, y.2)", "maximum(x.2, y.2)"), text);
  EXPECT_NE(changed("subtract(a.1, b.1)", "subtract(b.1, a.1)"), text);
}

// Where parts of arrays lie decides what a manual computation gives.
TEST(HloCanonical, KeepsShardingsOfManualComputations) {
  const auto text = [](std::string_view rows, std::string_view mesh, std::string_view noise) {
    return canonical(parsed(fmt::format(
        R"(HloModule m, frontend_attributes={{xla.sdy.meshes={{mesh = #sdy.mesh<["{1}"=2, "y"=2]>}}}}
ENTRY e {{
  a = f32[4,4] parameter(0)
  ROOT b = f32[2,2] custom-call(a), custom_call_target="xla.sdy.GlobalToLocalShape", frontend_attributes={{{2}xla.sdy.in_shardings="#sdy.sharding_per_value<[<@mesh, [{{\"{0}\"}}, {{\"y\"}}]>]>"}}
}}
)",
        rows, mesh, noise)));
  };
  const std::string own = text("x", "x", "");
  EXPECT_EQ(own, text("x", "x", "note=\"of a tool\","));
  EXPECT_NE(own, text("z", "x", ""));
  EXPECT_NE(own, text("x", "z", ""));
  EXPECT_EQ(canonical(parsed(own)), own);
}

TEST(HloCanonical, KeepsLayoutsThatAreNotPlainAndConfigurationsOfCalls) {
  const std::string text = canonical(parsed(entry(
      "a = f32[2,2]{0,1} parameter(0)\n"
      "ROOT c = (f32[2,2]{0,1}, s32[]) custom-call(a), custom_call_target=\"lapack_spotrf_ffi\", "
      "api_version=API_VERSION_TYPED_FFI, backend_config={uplo = 76 : ui8}, "
      "metadata={op_name=\"c\"}")));
  EXPECT_NE(text.find("{0,1}"), std::string::npos) << text;
  EXPECT_NE(text.find("uplo = 76"), std::string::npos) << text;
  EXPECT_EQ(text.find("metadata"), std::string::npos) << text;
  EXPECT_EQ(canonical(parsed(text)), text);
}

// ---- Several devices

// What each of four devices has after `line`, of its number times ten and one.
std::vector<std::int64_t> by_device(const std::string& line) {
  const Module module = parsed(
      "HloModule m, num_partitions=4\n\n"
      "add {\n  a = u32[] parameter(0)\n  b = u32[] parameter(1)\n  ROOT c = u32[] add(a, b)\n}\n\n"
      "ENTRY e {\n  d = u32[] partition-id()\n  t = u32[] constant(10)\n  m = u32[] multiply(d, "
      "t)\n"
      "  r = u32[1] reshape(m)\n  i = u32[1] iota(), iota_dimension=0\n"
      "  x = u32[2] concatenate(r, i), dimensions={0}\n" +
      line + "\n}\n");
  Evaluator evaluator(module);
  const auto results = evaluator.run({});
  EXPECT_TRUE(results.ok()) << results.error().message;
  std::vector<std::int64_t> out;
  if (!results.ok()) return out;
  for (const Datum& part : results.value()[0].parts)
    for (const std::int64_t v : part.as_array().ints()) out.push_back(v);
  return out;
}

TEST(HloEvaluator, GroupsByMeshByCountAndByListAreTheSame) {
  const std::vector<std::string> forms = {"mesh['a'=2,'b'=2] {'b'}", "[2,2]<=[4]", "{{0,1},{2,3}}"};
  const std::vector<std::string> across = {"mesh['a'=2,'b'=2] {'a'}", "[2,2]<=[2,2]T(1,0)",
                                           "{{0,2},{1,3}}"};
  for (const auto& groups : {forms, across}) {
    const std::string end = ", channel_id=1, replica_groups=";
    const std::string reduce = "  ROOT s = u32[2] all-reduce(x)" + end,
                      gather = "  ROOT s = u32[4] all-gather(x), dimensions={0}" + end,
                      swap = "  ROOT s = u32[2] all-to-all(x), dimensions={0}" + end;
    const std::string global = ", use_global_device_ids=true", body = global + ", to_apply=add";
    for (const std::string& form : groups) {
      EXPECT_EQ(by_device(reduce + form + body), by_device(reduce + groups[2] + body)) << form;
      EXPECT_EQ(by_device(gather + form + global), by_device(gather + groups[2] + global)) << form;
      EXPECT_EQ(by_device(swap + form), by_device(swap + groups[2])) << form;
    }
  }
  EXPECT_EQ(by_device("  ROOT s = u32[2] all-reduce(x), channel_id=1, replica_groups="
                      "mesh['a'=2,'b'=2] {'a'}, use_global_device_ids=true, to_apply=add"),
            (std::vector<std::int64_t>{20, 0, 40, 0, 20, 0, 40, 0}));
}

}  // namespace
}  // namespace jaxsmith::hlo
