// Changes of one place: what they leave as it is, at each level, and what is found of them.
#include "mutate/mutants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "check/reading.h"
#include "ir/common/mutation_parts.h"
#include "levels/names.h"
#include "tensor/convert.h"

namespace jaxsmith::mutate {
namespace {

using check::IrProgram;
using ir::MutationKind;
using level::Level;
using tensor::DType;

constexpr std::string_view kJaxprText = R"({ lambda ; a:f32[2,3] b:f32[2,3]. let
    c:f32[2,3] = sub a b
    d:f32[2,3] = mul c 2.0:f32[]
    e:f32[2,3] = sin d
    f:bool[2,3] = gt a e
    g:f32[2,3] = select_n f e d
    h:f32[3,2] = transpose[permutation=(1, 0)] g
    i:f32[3] = reduce_sum[axes=(1,) out_sharding=None] h
    j:f32[3] = cumsum[axis=0 reverse=False] i
    k:f32[3] = jit[name=half jaxpr={ lambda ; j:f32[3]. let k:f32[3] = mul j 0.5:f32[] in (k,) }] j
    l:f32[3] m:i32[] = while[
      body_jaxpr={ lambda ; n:f32[3] o:i32[]. let
          p:f32[3] = add n 1.5:f32[]
          q:i32[] = add o 1:i32[]
        in (p, q) }
      body_nconsts=0
      cond_jaxpr={ lambda ; n:f32[3] o:i32[]. let r:bool[] = lt o 3:i32[] in (r,) }
      cond_nconsts=0
    ] k 0:i32[]
  in (l, e) })";

constexpr std::string_view kStablehloText = R"(module @m {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> (tensor<3xf32>, tensor<2x3xf32>) {
    %cst = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.subtract %arg0, %arg1 : tensor<2x3xf32>
    %2 = stablehlo.multiply %1, %0 : tensor<2x3xf32>
    %3 = stablehlo.sine %2 : tensor<2x3xf32>
    %4 = stablehlo.compare GT, %arg0, %3, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %5 = stablehlo.select %4, %3, %2 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %6 = stablehlo.reduce(%5 init: %cst_0) applies stablehlo.add across dimensions = [0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<3xf32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %7:2 = stablehlo.while(%iterArg = %6, %iterArg_1 = %c) : tensor<3xf32>, tensor<i32>
     cond {
      %c_2 = stablehlo.constant dense<3> : tensor<i32>
      %8 = stablehlo.compare LT, %iterArg_1, %c_2, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %8 : tensor<i1>
    } do {
      %8 = stablehlo.cosine %iterArg : tensor<3xf32>
      %c_2 = stablehlo.constant dense<1> : tensor<i32>
      %9 = stablehlo.add %iterArg_1, %c_2 : tensor<i32>
      stablehlo.return %8, %9 : tensor<3xf32>, tensor<i32>
    }
    return %7#0, %3 : tensor<3xf32>, tensor<2x3xf32>
  }
}
)";

constexpr std::string_view kHloText =
    R"(HloModule m, entry_computation_layout={(f32[2,3]{1,0}, f32[2,3]{1,0})->(f32[3]{0}, f32[2,3]{1,0})}

region_0.1 {
  a.1 = f32[] parameter(0)
  b.1 = f32[] parameter(1)
  ROOT c.1 = f32[] add(a.1, b.1)
}

fused_computation {
  p.0 = f32[2,3]{1,0} parameter(0)
  p.1 = f32[2,3]{1,0} parameter(1)
  sub.1 = f32[2,3]{1,0} subtract(p.0, p.1)
  constant.1 = f32[] constant(2)
  two.1 = f32[2,3]{1,0} broadcast(constant.1), dimensions={}
  mul.1 = f32[2,3]{1,0} multiply(sub.1, two.1)
  ROOT sin.1 = f32[2,3]{1,0} sine(mul.1)
}

ENTRY main.1 {
  x.1 = f32[2,3]{1,0} parameter(0)
  y.1 = f32[2,3]{1,0} parameter(1)
  fused.1 = f32[2,3]{1,0} fusion(x.1, y.1), kind=kLoop, calls=fused_computation
  gt.1 = pred[2,3]{1,0} compare(x.1, fused.1), direction=GT
  select.1 = f32[2,3]{1,0} select(gt.1, fused.1, y.1)
  zero.1 = f32[] constant(0)
  sum.1 = f32[3]{0} reduce(select.1, zero.1), dimensions={0}, to_apply=region_0.1
  ROOT tuple.1 = (f32[3]{0}, f32[2,3]{1,0}) tuple(sum.1, fused.1)
}

)";

struct Text {
  Level level;
  std::string_view text;
};
const Text kTexts[] = {{level::kJaxpr, kJaxprText},
                       {level::kStablehlo, kStablehloText},
                       {level::kHlo, kHloText},
                       {level::kHloOptimized, kHloText}};

IrProgram parsed(Level level, const std::string& text) {
  auto program = IrProgram::parse(level, text);
  EXPECT_TRUE(program.ok()) << (program.ok() ? "" : program.error().message);
  return std::move(program).value();
}

// As it is printed: so a mutant differs where it was changed and nowhere else.
std::string printed(Level level, std::string_view text) {
  return parsed(level, std::string(text)).print();
}

struct Change {
  std::optional<ir::Mutated> made;
  std::string text;
};

Change changed(const IrProgram& program, std::uint64_t seed) {
  Random random(seed, 0);
  auto mutated = program.mutated(random);
  if (!mutated) return {};
  return {std::move(mutated->change), std::move(mutated->text)};
}

Change changed(Level level, const std::string& text, std::uint64_t seed) {
  return changed(parsed(level, text), seed);
}

constexpr std::uint64_t kSeeds = 300;

TEST(Mutations, AChangedTextIsReadAndPrintedAsItIs) {
  for (const Text& t : kTexts) {
    const std::string text = printed(t.level, t.text);
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Change change = changed(t.level, text, seed);
      ASSERT_TRUE(change.made);
      EXPECT_EQ(printed(t.level, change.text), change.text);
    }
  }
}

// Draws share one program: whatever one changes, the next finds the text as it was.
TEST(Mutations, AProgramStaysAsItIs) {
  for (const Text& t : kTexts) {
    const std::string text = printed(t.level, t.text);
    IrProgram program = parsed(t.level, text);
    ASSERT_TRUE(program.verify().ok()) << program.error().message;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      EXPECT_EQ(changed(program, seed).text, changed(t.level, text, seed).text);
      ASSERT_EQ(program.print(), text);
    }
    EXPECT_TRUE(program.verify().ok()) << program.error().message;
  }
}

// Without the layout, which may be another where a line has become longer.
std::string dense(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == ';'; });
  return text;
}

TEST(Mutations, OnePlaceChanges) {
  constexpr std::ptrdiff_t kLongest = 100;  // between two operands that are exchanged
  for (const Text& t : kTexts) {
    const std::string text = printed(t.level, t.text), before = dense(text);
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Change change = changed(t.level, text, seed);
      const std::string after = dense(change.text);
      const auto begin = std::ranges::mismatch(before, after).in1 - before.begin();
      const auto end = std::mismatch(before.rbegin(), before.rend(), after.rbegin(), after.rend());
      const auto span = end.first.base() - before.begin() - begin;
      // Another root of a computation moves a mark from one line to another.
      const bool marks = change.made->kind == MutationKind::kResult && t.text == kHloText;
      EXPECT_LE(span, marks ? 4 * kLongest : kLongest) << text << "\n->\n" << change.text;
    }
  }
}

TEST(Mutations, EveryKindGivesTextsThatVerifyAndRun) {
  for (const Text& t : kTexts) {
    const std::string text = printed(t.level, t.text);
    std::map<MutationKind, int> verified, drawn;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Change change = changed(t.level, text, seed);
      ++drawn[change.made->kind];
      verified[change.made->kind] += parsed(t.level, change.text).verify().ok();
    }
    for (std::size_t k = 0; k < kWords<MutationKind>.size(); ++k) {
      const auto kind = static_cast<MutationKind>(k);
      EXPECT_GT(drawn[kind], 0) << level::name_of(t.level) << " " << word(kind);
      EXPECT_GT(verified[kind], 0) << level::name_of(t.level) << " " << word(kind);
    }
    // Types are kept, but by attributes.
    for (const MutationKind kind : {MutationKind::kOperation, MutationKind::kOperand,
                                    MutationKind::kConstant, MutationKind::kResult})
      EXPECT_EQ(verified[kind], drawn[kind]) << level::name_of(t.level) << " " << word(kind);
  }
}

TEST(Mutations, TheSameSeedGivesTheSameText) {
  for (const Text& t : kTexts) {
    const std::string text = printed(t.level, t.text);
    std::set<std::string> texts;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Change change = changed(t.level, text, seed);
      EXPECT_EQ(changed(t.level, text, seed).text, change.text);
      texts.insert(change.text);
    }
    EXPECT_GT(texts.size(), 20u) << level::name_of(t.level);
  }
}

// What is left to a compiler, in which order it adds up, must not become part of what a text says.
TEST(Mutations, ReducersStayThoseThatAnyOrderGives) {
  const std::string text = printed(level::kHlo, kHloText);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Change change = changed(level::kHlo, text, seed);
    for (const std::string_view wrong : {"subtract(a.1", "divide(a.1", "power(a.1", "atan2(a.1"})
      EXPECT_EQ(change.text.find(wrong), std::string::npos) << change.text;
  }
}

TEST(Mutations, NumbersStayWithinTheirType) {
  Random random(1, 2);
  for (int i = 0; i < 200; ++i) {
    const auto small = ir::other_integer(127, DType::kI8, random);
    ASSERT_TRUE(small);
    EXPECT_NE(*small, 127);
    EXPECT_TRUE(*small >= -128 && *small <= 126);
    EXPECT_EQ(ir::other_integer(1, DType::kBool, random), 0);
    const auto half = ir::other_real(65504, DType::kF16, random);
    ASSERT_TRUE(half);
    EXPECT_LE(*half, 65504);
    EXPECT_NE(*half, 65504);
  }
}

// A constant that was changed is not told by its digits.
TEST(Mutations, NumbersOfHloHaveTheDigitsThatXlaGives) {
  for (const auto& [number, wanted] : std::map<std::string, std::set<std::string>>{
           {"0.1", {"0.2", "0.05", "-0.1", "1.1", "0", "1"}},
           {"0.676795304",
            {"1.35359061", "0.338397652", "-0.676795304", "1.67679536", "0", "1"}}}) {
    const std::string text =
        printed(level::kHlo,
                "HloModule m, entry_computation_layout={()->f32[]}\n\nENTRY main.1 {\n  ROOT "
                "c.1 = f32[] constant(" +
                    number + ")\n}\n\n");
    std::set<std::string> found;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const std::string after = changed(level::kHlo, text, seed).text;
      const std::size_t begin = after.find("constant(") + 9;
      found.insert(after.substr(begin, after.find(')', begin) - begin));
    }
    EXPECT_EQ(found, wanted);
  }
}

TEST(Mutations, NumbersOfNamesStay) {
  Random random(1, 3);
  for (int i = 0; i < 100; ++i) {
    const auto other = ir::with_other_numbers("f32 bf01 3.5 [4]", false, random);
    ASSERT_TRUE(other);
    EXPECT_TRUE(other->starts_with("f32 bf01 3.5 [")) << *other;
    EXPECT_NE(*other, "f32 bf01 3.5 [4]");
  }
  EXPECT_FALSE(ir::with_other_numbers("f32", false, random));
}

TEST(LineChange, HoldsTheLinesThatDiffer) {
  const LineChange change = line_change("a\nb c\nd\n", "a\nb e\nd\n");
  EXPECT_EQ(change.line, 2);
  EXPECT_EQ(change.column, 3);
  EXPECT_EQ(change.before, "b c");
  EXPECT_EQ(change.after, "b e");
  const LineChange longer = line_change("x\nx\n", "x\nx\nx\n");
  EXPECT_EQ(longer.before, "");
  EXPECT_EQ(longer.after, "x");
}

// ---- What is found of mutants

tensor::Tensor floats(const tensor::Shape& shape, const std::vector<double>& numbers) {
  return tensor::tensor_from_doubles(DType::kF32, shape, numbers);
}

// A row of one text, with the outputs that this gives.
store::DatasetRow row_of(Level level, std::string_view text, std::vector<tensor::Tensor> inputs) {
  store::DatasetRow row;
  row.id = "row";
  row.levels[level] = printed(level, text);
  row.equations = 8;
  std::vector<ir::Datum> arguments;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    arguments.emplace_back(tensor::Array::from(tensor::EvaluationContext::unmetered(), inputs[i]));
    row.kept_arguments.push_back(static_cast<std::int64_t>(i));
  }
  row.inputs = std::move(inputs);
  IrProgram program = parsed(level, row.levels[level]);
  EXPECT_TRUE(program.verify().ok()) << program.error().message;
  const auto results = program.run(std::move(arguments));
  EXPECT_TRUE(results.ok()) << (results.ok() ? "" : results.error().message);
  for (const tensor::Array& a : score::arrays_of(results.value()))
    row.outputs.push_back(a.tensor());
  return row;
}

store::DatasetRow usual_row(const Text& t) {
  return row_of(t.level, t.text,
                {floats({2, 3}, {0.5, -1, 2, 0.25, -0.75, 1.5}),
                 floats({2, 3}, {1.5, 0.125, -0.5, 0.75, 1, -2})});
}

MutateOptions options_of(std::int64_t per_row, std::uint64_t seed = 0) {
  MutateOptions options;
  options.per_row = per_row;
  options.seed = seed;
  return options;
}

TEST(Mutants, ThoseThatDifferAreRefusedByTheCheckOfTheRow) {
  for (const Text& t : kTexts) {
    const store::DatasetRow row = usual_row(t);
    const RowMutants found = mutants_of(row, options_of(20));
    std::int64_t different = 0;
    std::set<std::string> texts;
    for (const Mutant& m : found.mutants) {
      EXPECT_TRUE(texts.insert(m.text).second);
      EXPECT_NE(m.text, row.levels.at(t.level));
      EXPECT_EQ(m.finding == Finding::kDifferent, m.miss.has_value());
      if (m.finding != Finding::kDifferent) continue;
      ++different;
      EXPECT_GT(m.miss->error, 1);
      EXPECT_EQ(m.inputs.empty(), m.miss->inputs == 0);
      const check::ExecutionCase recorded{row.constants,      row.inputs,    row.outputs,
                                          row.kept_arguments, row.equations, {}};
      const check::Reading reading = check::read_text(t.level, m.text, &recorded);
      EXPECT_TRUE(reading.executed) << reading.reason;
      EXPECT_EQ(reading.agrees, m.miss->inputs > 0) << m.text;
    }
    EXPECT_GE(different, 8) << level::name_of(t.level);
    EXPECT_LE(static_cast<std::int64_t>(found.mutants.size()), 20);
  }
}

TEST(Mutants, AreTheSameForTheSameSeedAndOthersForAnother) {
  const store::DatasetRow row = usual_row(kTexts[1]);
  const auto texts = [&](std::uint64_t seed) {
    std::vector<std::string> out;
    for (const Mutant& m : mutants_of(row, options_of(6, seed)).mutants) out.push_back(m.text);
    return out;
  };
  EXPECT_EQ(texts(3), texts(3));
  EXPECT_NE(texts(3), texts(4));
}

// The other texts of a row say how near results must be, whether they are to be changed or not; one
// that is not read takes nothing from them.
TEST(Mutants, OfOneTextAreTheSameWithoutThoseOfTheOthers) {
  store::DatasetRow row = usual_row(kTexts[1]);
  row.levels[level::kJaxpr] = "{ lambda ; a:bf16[2,3]. let b:bf16[2,3] = sin a in (b,) }";
  row.levels[level::kHlo] = "HloModule m\n\nENTRY";
  const auto texts = [&](std::vector<Level> levels) {
    MutateOptions options = options_of(6);
    options.levels = std::move(levels);
    std::vector<std::string> out;
    for (const Mutant& m : mutants_of(row, options).mutants)
      if (m.level == level::kStablehlo)
        out.push_back(m.text + m.difference +
                      std::string(words_of(m.finding)[static_cast<std::size_t>(m.finding)]));
    return out;
  };
  const auto all = texts({});
  EXPECT_FALSE(all.empty());
  EXPECT_EQ(texts({level::kStablehlo}), all);
}

TEST(Mutants, MoreOfThemBeginWithTheSame) {
  const store::DatasetRow row = usual_row(kTexts[0]);
  const auto few = mutants_of(row, options_of(3)).mutants,
             many = mutants_of(row, options_of(9)).mutants;
  ASSERT_GE(many.size(), few.size());
  for (std::size_t i = 0; i < few.size(); ++i) EXPECT_EQ(many[i].text, few[i].text);
}

TEST(Mutants, WhatNothingDependsOnMayBeChanged) {
  const store::DatasetRow row = row_of(level::kJaxpr,
                                       R"({ lambda ; a:f32[3]. let
    b:f32[3] = sin a
    c:f32[3] = mul a 3.0:f32[]
    d:f32[3] = add c 5.0:f32[]
    e:f32[3] = max d 7.0:f32[]
  in (b,) })",
                                       {floats({3}, {0.5, -1, 2})});
  std::int64_t equal = 0;
  for (const Mutant& m : mutants_of(row, options_of(30)).mutants) {
    if (m.lines.line > 2 && m.lines.line < 6) {
      EXPECT_EQ(m.finding, Finding::kEqual) << m.text;
    }
    equal += m.finding == Finding::kEqual;
    if (m.finding == Finding::kEqual && !m.canonical) {
      EXPECT_GE(m.cases, 5);
    }
  }
  EXPECT_GT(equal, 0);
}

TEST(Mutants, OfATextThatIsNotWhatJaxGaveThereAreNone) {
  store::DatasetRow row = usual_row(kTexts[0]);
  row.outputs[0] = floats({3}, {100, 200, 300});
  const RowMutants found = mutants_of(row, options_of(5));
  EXPECT_TRUE(found.mutants.empty());
  EXPECT_EQ(found.drops.at(level::kJaxpr).at(Drop::kNotGradable), 1);
}

TEST(Mutants, LoopsThatDoNotEndAreDropped) {
  const store::DatasetRow row = usual_row(kTexts[1]);
  const RowMutants found = mutants_of(row, options_of(200));
  const Drops& drops = found.drops.at(level::kStablehlo);
  EXPECT_GT(drops.contains(Drop::kOverBudget) ? drops.at(Drop::kOverBudget) : 0, 0);
}

}  // namespace
}  // namespace jaxsmith::mutate
