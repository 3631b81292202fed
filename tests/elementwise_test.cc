// The table of operations on each element for itself: levels know each by its names and nothing
// else by them, and compute what the kernel computes, from texts of theirs, written and printed.
#include "ir/common/elementwise.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ir/hlo/evaluator.h"
#include "ir/hlo/parser.h"
#include "ir/hlo/printer.h"
#include "ir/jaxpr/evaluator.h"
#include "ir/jaxpr/parser.h"
#include "ir/jaxpr/printer.h"
#include "ir/stablehlo/evaluator.h"
#include "ir/stablehlo/parser.h"
#include "ir/stablehlo/printer.h"
#include "tensor/convert.h"

namespace jaxsmith::tensor {
namespace {

using ir::Datum;
using ir::ElementwiseNames;
using ir::Gives;

constexpr DType kTypes[] = {DType::kBool, DType::kI8,  DType::kI32,  DType::kI64,
                            DType::kU8,   DType::kU32, DType::kBF16, DType::kF16,
                            DType::kF32,  DType::kF64, DType::kC64,  DType::kC128};
constexpr std::int64_t kCount = 16;

// A kernel on as many operands as it takes.
struct Operation {
  std::string kernel;
  Gives gives;
  ElementwiseNames names;
  std::size_t operands;
  std::function<Array(const std::vector<Array>&)> apply;
};

std::vector<Operation> operations() {
  std::vector<Operation> out;
  for (const auto& row : ir::kUnaryRows)
    out.push_back({std::string(name_of(row.kernel)), row.gives, row.names, 1,
                   [row](const auto& a) { return unary(row.kernel, a[0]); }});
  for (const auto& row : ir::kBinaryRows)
    out.push_back({std::string(name_of(row.kernel)), row.gives, row.names, 2,
                   [row](const auto& a) { return binary(row.kernel, a[0], a[1]); }});
  return out;
}

std::vector<std::string_view> names_of(const Operation& op, ir::Language language) {
  std::vector<std::string_view> out;
  ir::each_elementwise(language, [&](const auto& row, std::string_view name) {
    if (name_of(row.kernel) == op.kernel) out.push_back(name);
  });
  return out;
}

// Numbers of a type, those where functions are special among them.
Array random_array(std::mt19937& random, DType dtype) {
  std::uniform_real_distribution<double> small(-3, 3);
  std::vector<double> numbers = {0, 1, -1, 2.5};
  const bool complex = is_complex(dtype);
  while (numbers.size() < static_cast<std::size_t>(complex ? 2 * kCount : kCount))
    numbers.push_back(is_inexact(dtype) ? small(random) : std::round(20 * small(random)));
  if (is_unsigned(dtype) || dtype == DType::kBool)
    for (double& n : numbers) n = dtype == DType::kBool ? n > 0 : std::abs(std::round(n));
  return Array::from(EvaluationContext::unmetered(), tensor_from_doubles(dtype, {kCount}, numbers));
}

// What the kernel makes of the operands; nothing where it does not take their type.
std::optional<Array> expected(const Operation& op, const std::vector<Array>& operands) {
  try {
    return op.apply(operands);
  } catch (const EvaluationError&) {
    return std::nullopt;
  }
}

// ---- A program of the one operation, in each language

std::string jaxpr_text(std::string_view name, std::size_t operands, DType from, DType to) {
  const auto type = [](DType dtype) { return fmt::format("{}[{}]", jaxpr_name(dtype), kCount); };
  return fmt::format("{{ lambda ; a:{0}{1}. let z:{2} = {3} a{4} in (z,) }}", type(from),
                     operands == 2 ? " b:" + type(from) : "", type(to), name,
                     operands == 2 ? " b" : "");
}

std::string stablehlo_text(std::string_view name, std::size_t operands, DType from, DType to) {
  const auto type = [](DType dtype) {
    return fmt::format("tensor<{}x{}>", kCount, stablehlo::mlir_name(dtype));
  };
  const std::string in = type(from), out = type(to);
  const bool two = operands == 2;
  return fmt::format(
      "module @m {{\nfunc.func public @main(%arg0: {0}{1}) -> {2} {{\n"
      "%0 = \"{3}\"(%arg0{4}) : ({0}{5}) -> {2}\nreturn %0 : {2}\n}}\n}}\n",
      in, two ? ", %arg1: " + in : "", out, name, two ? ", %arg1" : "", two ? ", " + in : "");
}

std::string hlo_text(std::string_view name, std::size_t operands, DType from, DType to) {
  const auto type = [](DType dtype) { return fmt::format("{}[{}]", hlo::hlo_name(dtype), kCount); };
  const bool two = operands == 2;
  return fmt::format(
      "HloModule m\n\nENTRY e {{\n  a = {0} parameter(0)\n{1}  ROOT z = {2} {3}(a{4})\n}}\n",
      type(from), two ? fmt::format("  b = {} parameter(1)\n", type(from)) : "", type(to), name,
      two ? ", b" : "");
}

struct Outcome {
  std::string printed, error;
  std::optional<Array> result;
};

template <class Evaluator, class Module>
Outcome executed(const Module& module, const std::string& text,
                 const std::vector<Array>& operands) {
  Outcome out;
  Evaluator evaluator(module, text);
  auto results = evaluator.run({operands.begin(), operands.end()});
  if (results.ok())
    out.result = results.value().at(0).as_array();
  else
    out.error = results.error().message;
  return out;
}

struct Level {
  const char* name;
  ir::Language language;
  std::string (*text)(std::string_view name, std::size_t operands, DType from, DType to);
  std::function<Outcome(const std::string& text, const std::vector<Array>& operands)> run;
  bool (*knows)(std::string_view name);
};

template <class Evaluator, class Parse, class Print>
auto reader(Parse parse, Print print) {
  return [=](const std::string& text, const std::vector<Array>& operands) {
    auto parsed = parse(text);
    if (!parsed.ok()) return Outcome{.printed = "", .error = parsed.error().message, .result = {}};
    const auto& module = [&]() -> const auto& {
      if constexpr (requires { parsed.value()[0]; })
        return parsed.value()[0];
      else
        return parsed.value();
    }();
    Outcome out = executed<Evaluator>(module, text, operands);
    out.printed = print(module);
    return out;
  };
}

const std::vector<Level>& levels() {
  static const auto* all = new std::vector<Level>{
      {"jaxpr", &ElementwiseNames::jaxpr, jaxpr_text,
       reader<jaxpr::Evaluator>([](const std::string& text) { return jaxpr::parse(text); },
                                [](const auto& module) { return jaxpr::print(module); }),
       [](std::string_view name) { return jaxpr::op_rule(name) != nullptr; }},
      {"stablehlo", &ElementwiseNames::stablehlo, stablehlo_text,
       reader<stablehlo::Evaluator>([](const std::string& text) { return stablehlo::parse(text); },
                                    [](const auto& module) { return stablehlo::print(module); }),
       [](std::string_view name) { return stablehlo::op_rule(name) != nullptr; }},
      {"hlo", &ElementwiseNames::hlo, hlo_text,
       reader<hlo::Evaluator>([](const std::string& text) { return hlo::parse(text); },
                              [](const auto& module) { return hlo::print(module); }),
       [](std::string_view name) { return hlo::op_rule(name) != nullptr; }}};
  return *all;
}

// ---- Properties

TEST(ElementwiseTable, HasEachKernelAndItsNamesOnce) {
  std::set<std::string> kernels;
  for (const Operation& op : operations()) {
    EXPECT_TRUE(kernels.insert(op.kernel).second) << op.kernel;
    EXPECT_FALSE(op.names.jaxpr.empty() && op.names.stablehlo.empty() && op.names.hlo.empty())
        << op.kernel;
  }
  for (const Level& level : levels()) {
    std::set<std::string_view> names;
    ir::each_elementwise(level.language, [&](const auto& row, std::string_view name) {
      EXPECT_TRUE(names.insert(name).second) << level.name << " " << name;
      EXPECT_EQ(name.find(' '), name.npos);
      EXPECT_TRUE(level.knows(name)) << level.name << " " << name;
      EXPECT_NE((row.names.*level.language).find(name), name.npos);
    });
    EXPECT_GT(names.size(), 40u);
  }
}

TEST(ElementwiseTable, LevelsComputeWhatTheKernelComputes) {
  std::mt19937 random(7);
  for (const Operation& op : operations())
    for (const DType from : kTypes) {
      std::vector<Array> operands;
      for (std::size_t i = 0; i < op.operands; ++i) operands.push_back(random_array(random, from));
      const auto wanted = expected(op, operands);
      for (const Level& level : levels())
        for (const std::string_view name : names_of(op, level.language)) {
          const DType to = wanted ? wanted->dtype() : from;
          const std::string text = level.text(name, op.operands, from, to);
          const Outcome got = level.run(text, operands);
          EXPECT_EQ(got.result.has_value(), wanted.has_value()) << text << got.error;
          if (!wanted || !got.result) continue;
          EXPECT_TRUE(got.result->tensor() == wanted->tensor()) << text;
          const Outcome again = level.run(got.printed, operands);
          ASSERT_TRUE(again.result) << got.printed << again.error;
          EXPECT_TRUE(again.result->tensor() == wanted->tensor()) << got.printed;
        }
    }
}

TEST(ElementwiseTable, SaysWhatElementsAResultHas) {
  std::mt19937 random(7);
  for (const Operation& op : operations())
    for (const DType from : kTypes) {
      const std::vector<Array> operands(op.operands, random_array(random, from));
      const auto result = expected(op, operands);
      if (!result) continue;
      const bool narrower = is_complex(from) && !is_complex(result->dtype());
      const Gives gives = result->dtype() == from           ? Gives::kSame
                          : result->dtype() == DType::kBool ? Gives::kBool
                          : is_complex(result->dtype())     ? Gives::kComplex
                          : narrower                        ? Gives::kReal
                                                            : op.gives;
      const bool as_said = gives == op.gives ||
                           (gives == Gives::kSame && op.gives == Gives::kReal) ||
                           (from == DType::kBool && op.gives == Gives::kBool);
      EXPECT_TRUE(as_said) << op.kernel << " of " << jaxpr_name(from) << " gives "
                           << jaxpr_name(result->dtype());
    }
}

// Whether op(x, y) and op(y, x) are the same, to the bit; so where it takes neither.
bool commutes_on(Binary op, const Array& x, const Array& y) {
  try {
    return binary(op, x, y).tensor() == binary(op, y, x).tensor();
  } catch (const EvaluationError&) {
    return true;
  }
}

TEST(ElementwiseTable, SaysWhichOperationsCommute) {
  std::mt19937 random(7);
  for (const auto& row : ir::kBinaryRows) {
    bool always = true;
    for (int i = 0; i < 20; ++i)
      for (const DType dtype : kTypes) {
        const Array x = random_array(random, dtype), y = random_array(random, dtype);
        always = commutes_on(row.kernel, x, y) && always;
      }
    EXPECT_EQ(always, commutes(row.kernel)) << name_of(row.kernel);
  }
}

}  // namespace
}  // namespace jaxsmith::tensor
