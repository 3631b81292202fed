// Further cases of a row: which are chosen, and that each is executed, graded by and redone.
#include <gtest/gtest.h>

#include <cmath>

#include <string>
#include <vector>

#include "backend/backend.h"
#include "check/reading.h"
#include "check/redo.h"
#include "check/relevance.h"
#include "score/grade.h"
#include "score/reference.h"
#include "source/render.h"
#include "tensor/convert.h"

namespace jaxsmith::check {
namespace {

using Numbers = std::vector<std::int64_t>;
using Positions = std::vector<std::size_t>;
using tensor::DType;
using tensor::Tensor;

Tensor floats(const std::vector<double>& numbers) {
  return tensor::tensor_from_doubles(DType::kF32, {static_cast<std::int64_t>(numbers.size())},
                                     numbers);
}

Tensor whole(double number) {
  return tensor::tensor_from_doubles(DType::kI32, {}, std::vector<double>{number});
}

const Tensor kThree = floats({0.5, -1, 2});

// Sine, cosine, or what is below 5 in any input that is drawn.
constexpr const char* kBranches =
    "{ lambda ; a:i32[] b:f32[3]. let\n"
    "    c:f32[3] = cond[\n      branches=(\n"
    "        { lambda ; d:f32[3]. let e:f32[3] = sin d in (e,) }\n"
    "        { lambda ; d:f32[3]. let e:f32[3] = cos d; f:f32[3] = exp e in (f,) }\n"
    "        { lambda ; d:f32[3]. let e:f32[3] = tanh d in (e,) }\n"
    "      )\n    ] a b\n  in (c,) }";

Programs branches() { return read_texts({{level::structure_level(), kBranches}}); }

ExecutionCase recorded(double index, Tensor output) {
  ExecutionCase out;
  out.inputs = {whole(index), kThree};
  out.outputs = {std::move(output)};
  out.kept = {0, 1};
  return out;
}

Case taking(double index) { return {{whole(index), kThree}, {}}; }

const Tensor kSines = floats({0.47942555, -0.84147096, 0.9092974});
// exp(cos(x))
const Tensor kSecond =
    floats({std::exp(std::cos(0.5)), std::exp(std::cos(-1.0)), std::exp(std::cos(2.0))});
const Tensor kTanhs = floats({0.46211717, -0.7615942, 0.9640276});

TEST(CaseChoice, TakesTheBranchesThatTheFirstCaseDoesNot) {
  Programs programs = branches();
  const std::vector<Case> candidates = {taking(0), taking(2), taking(0), taking(1), taking(1)};
  const CaseChoice choice = choose_cases(programs, recorded(0, kSines), candidates, 1);
  EXPECT_EQ(choice.chosen, (Positions{1, 3}));
  ASSERT_TRUE(choice.inert);
  EXPECT_EQ(*choice.inert, 0);
}

TEST(CaseChoice, TheShareIsThatOfTheRowThatComesOfIt) {
  const std::vector<Case> candidates = {taking(0), taking(1)};
  Programs programs = branches();
  ExecutionCase row = recorded(0, kSines);
  const CaseChoice choice = choose_cases(programs, row, candidates, 1);
  for (const std::size_t i : choice.chosen) row.further.push_back(candidates[i]);
  ASSERT_EQ(row.further.size(), 1u);
  // The cond itself, and one, one and two operations within: that of the third branch is left.
  EXPECT_EQ(choice.inert, 1.0 / 5);
  EXPECT_EQ(inert_share(programs, &row, 1), choice.inert);
}

TEST(CaseChoice, NoneIsTakenThatAddsNothing) {
  Programs programs = branches();
  const std::vector<Case> candidates = {taking(0), taking(0)};
  const CaseChoice choice = choose_cases(programs, recorded(0, kSines), candidates, 1);
  EXPECT_EQ(choice.chosen, Positions{});
  EXPECT_EQ(choice.inert, 3.0 / 5);
}

TEST(CaseChoice, NoneIsTakenWhereFewOperationsAreInert) {
  // One in eleven.
  std::string text = "{ lambda ; a:f32[3]. let v0:f32[3] = sin a; w:f32[3] = cos a";
  for (int i = 1; i < 10; ++i)
    text += "; v" + std::to_string(i) + ":f32[3] = sin v" + std::to_string(i - 1);
  Programs programs = read_texts({{level::structure_level(), text + " in (v9,) }"}});
  ExecutionCase first;
  first.inputs = {kThree};
  const std::vector<Case> candidates = {{{floats({1, 2, 3})}, {}}};
  const CaseChoice choice = choose_cases(programs, first, candidates, 1);
  EXPECT_EQ(choice.chosen, Positions{});
  EXPECT_EQ(choice.inert, 1.0 / 11);
}

TEST(CaseChoice, NothingIsMeasuredOnSeveralDevices) {
  Programs programs = branches();
  const std::vector<Case> candidates = {taking(1)};
  const CaseChoice choice = choose_cases(programs, recorded(0, kSines), candidates, 2);
  EXPECT_EQ(choice.chosen, Positions{});
  EXPECT_FALSE(choice.inert);
}

using Left = std::optional<Numbers>;

TEST(GreedyChoice, TakesWhatMakesMostCountFirst) {
  const std::vector<Left> left = {Numbers{1, 2, 3}, Numbers{0, 1}, Numbers{2, 3}, Left()};
  EXPECT_EQ(choose_greedily({0, 1, 2, 3}, left, 1), (Positions{1, 2}));
  EXPECT_EQ(choose_greedily({0, 1, 2, 3}, left, 3), Positions{});
  EXPECT_EQ(choose_greedily({}, left, 1), Positions{});
  EXPECT_EQ(choose_greedily({0}, {}, 0), Positions{});
}

TEST(GreedyChoice, OfEqualOnesTheFirstAndNoMoreThanARowHolds) {
  std::vector<Left> left;
  Numbers all;
  for (std::int64_t i = 0; i < 6; ++i) all.push_back(i);
  for (std::int64_t i = 0; i < 6; ++i) {
    Numbers others = all;
    std::erase(others, i);
    left.emplace_back(others);
    left.emplace_back(others);
  }
  EXPECT_EQ(choose_greedily(all, left, 1), (Positions{0, 2, 4}));
  static_assert(kMostFurtherCases == 3);
}

TEST(FurtherCases, ATextHasToAgreeOnEach) {
  ExecutionCase row = recorded(0, kSines);
  row.further = {{{whole(1), kThree}, {kSecond}}, {{whole(2), kThree}, {kTanhs}}};
  const auto read = [&] { return read_text(level::structure_level(), kBranches, &row); };
  EXPECT_TRUE(read().agrees) << read().reason;
  // A branch that the recorded case does not take.
  row.further[1].outputs = {kSecond};
  const Reading wrong = read();
  EXPECT_TRUE(wrong.executed);
  EXPECT_FALSE(wrong.agrees);
  EXPECT_TRUE(wrong.reason.starts_with("case 2: ")) << wrong.reason;
  Programs programs = branches();
  const auto checks = reading_checks(programs, &row);
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_EQ(checks[1].check, CheckKind::kExecute);
  EXPECT_EQ(checks[1].status, CheckStatus::kFailed);
}

TEST(FurtherCases, APredictionHasToAgreeOnEach) {
  store::DatasetRow row;
  row.id = "row";
  row.levels[level::structure_level()] = kBranches;
  row.inputs = {whole(0), kThree};
  row.outputs = {kSines};
  row.equations = 5;
  row.kept_arguments = {0, 1};
  std::string other = kBranches;
  other.replace(other.find("tanh"), 4, "sinh");
  const auto graded = [&] {
    const auto reference = score::Reference::make(row, level::structure_level(), {});
    EXPECT_TRUE(reference.not_gradable().empty()) << reference.not_gradable();
    return score::grade({"row", level::structure_level(), other, 0}, reference, {});
  };
  EXPECT_TRUE(graded().recorded);
  row.further_cases = {{{whole(2), kThree}, {kTanhs}}};
  const score::Verdict verdict = graded();
  EXPECT_TRUE(verdict.runs);
  EXPECT_FALSE(verdict.recorded);
  EXPECT_FALSE(verdict.agrees);
  EXPECT_EQ(verdict.cases_passed, 0);
  EXPECT_NE(verdict.reason.find("case 1"), std::string::npos) << verdict.reason;
}

TEST(FurtherCases, RedoComparesThoseThatBothRoutesHave) {
  source::Function f;
  f.arguments = {{"x", DType::kF32, {3}}};
  trace::Outcome chunk;
  chunk.ok = true;
  chunk.outputs = {kSines};
  chunk.cases = {{1, {kSecond}}, {3, {kTanhs}}};
  trace::Outcome plain = chunk;
  EXPECT_FALSE(compare_redo(f, chunk, plain));
  plain.cases[1].outputs = {kSines};
  const auto refusal = compare_redo(f, chunk, plain);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, word(trace::Reason::kOutputs));
  plain.cases.pop_back();  // not stable by that route
  EXPECT_FALSE(compare_redo(f, chunk, plain));
}

TEST(FurtherCases, AreDrawnByTheIndexAlone) {
  const plan::PlanOptions options{&backend::backend_named("jax")->catalogue()};
  std::size_t differ = 0, all = 0;
  const auto functions = source::chunk_functions(options, 3, 1),
             again = source::chunk_functions(options, 3, 1);
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const source::Function& f = functions[i];
    EXPECT_EQ(f.inputs, again[i].inputs);
    EXPECT_EQ(f.inputs.size(),
              f.cases.empty() ? std::size_t{source::kInputSets} : 1 + f.cases.size());
    for (const std::size_t set : f.cases) {
      ++all;
      differ += f.inputs[set] != f.inputs[0];
    }
  }
  EXPECT_GT(all, functions.size());
  EXPECT_GT(differ, all * 9 / 10);
}

}  // namespace
}  // namespace jaxsmith::check
