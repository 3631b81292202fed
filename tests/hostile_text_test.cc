// Small texts that ask for the impossible: numbers whose sums and products wrap, counts of which
// each is work, lists that are empty or name one thing again and again, forms that lack their
// parts. Each is refused, or runs out of its budget; none ends or hangs the process.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "check/program.h"
#include "ir/common/mutation_parts.h"
#include "ir/common/sharding.h"
#include "ir/hlo/evaluator.h"
#include "ir/hlo/parser.h"
#include "levels/names.h"

namespace jaxsmith {
namespace {

using check::IrProgram;
using tensor::Array;
using tensor::DType;
using tensor::EvaluationContext;
using tensor::EvaluationError;

constexpr tensor::Budget kBudget{.steps = 2'000'000, .bytes = 64LL << 20};

std::string repeated(std::string_view item, int times, std::string_view between = ", ") {
  std::string out(item);
  for (int i = 1; i < times; ++i) (out += between) += item;
  return out;
}

std::string main_of(const std::string& arguments, const std::string& result,
                    const std::string& body, const std::string& before = "") {
  return fmt::format("module {{\n{}  func.func public @main({}) -> {} {{\n{}\n  }}\n}}\n", before,
                     arguments, result, body);
}

std::string entry_of(const std::string& lines, const std::string& header = "") {
  return "HloModule m" + header +
         "\n\nadd {\n  a = f32[] parameter(0)\n  b = f32[] parameter(1)\n  ROOT c = f32[] add(a, "
         "b)\n}\n\nENTRY e {\n" +
         lines + "\n}\n";
}

// Nothing for types of which no array is made here.
std::optional<std::vector<ir::Datum>> zeros_for(const ir::Signature& signature) {
  constexpr std::int64_t kMost = 10'000'000;
  std::vector<ir::Datum> out;
  for (const ir::Datum& d : signature.arguments) {
    const Array& type = d.as_array();
    if (type.size() > kMost) return std::nullopt;
    out.emplace_back(Array::zeros(EvaluationContext::unmetered(), type.dtype(), type.shape()));
  }
  return out;
}

// What is said of a text by whoever refuses it first; everything else is asked of it as well.
// Nothing where it runs to its end.
std::optional<std::string> refusal(level::Level level, const std::string& text) {
  auto parsed = IrProgram::parse(level, text);
  if (!parsed.ok()) return parsed.error().message;
  IrProgram& program = parsed.value();
  program.print();
  program.op_counts();
  EXPECT_TRUE(program.canonical().ok());
  program.devices();
  std::optional<std::string> out;
  const Status verified = program.verify(EvaluationContext({.budget = kBudget}));
  if (!verified.ok()) out = verified.error().message;
  const auto signature = program.signature();
  if (!signature.ok()) return out ? out : signature.error().message;
  auto arguments = zeros_for(signature.value());
  if (!arguments) return out;
  const auto results = program.run(std::move(*arguments), EvaluationContext({.budget = kBudget}));
  if (!results.ok() && !out) out = results.error().message;
  return out;
}

// ---- Refused

struct Case {
  std::string name;
  level::Level level;
  std::string text;
  std::string says;  // part of the refusal
};

std::vector<Case> of_stablehlo() {
  const std::string mesh = "  sdy.mesh @mesh = <[\"x\"=2]>\n";
  const auto manual = [](const std::string& type, const std::string& in, const std::string& out) {
    return fmt::format(
        "    %0 = sdy.manual_computation(%arg0) in_shardings=[<@mesh, [{{{0}}}]>] "
        "out_shardings=[<@mesh, [{{{1}}}]>] manual_axes={{\"x\"}} (%arg1: {2}) {{\n"
        "      sdy.return %arg1 : {2}\n    }} : ({2}) -> {2}\n    return %0 : {2}",
        in, out, type);
  };
  const std::string row = "tensor<8xf32>", long_row = "tensor<281474976710656xi1>";
  const std::string x64 = repeated("\"x\"", 64);
  return {
      {"ResultsThatAddUpToTheirNumber", level::kStablehlo,
       "%a:9223372036854775807, %b:9223372036854775807, %c:3 = \"x\"() : () -> tensor<f32>",
       "more results are named"},
      {"ResultsThatAreMore", level::kStablehlo,
       "%a:9223372036854775807 = \"x\"() : () -> tensor<f32>", "are named"},
      {"DimensionThatAnAxisDividesAgainAndAgain", level::kStablehlo,
       main_of("%arg0: " + row, row, manual(row, x64, ""), mesh), "axis \"x\" comes twice"},
      {"PartsThatAnAxisPutsTogetherAgainAndAgain", level::kStablehlo,
       main_of("%arg0: " + row, row, manual(row, "", x64), mesh), "axis \"x\" comes twice"},
      {"PartsThatAreMoreThanCanBeCounted", level::kStablehlo,
       main_of("%arg0: " + long_row, long_row, manual(long_row, "", "\"x\""),
               "  sdy.mesh @mesh = <[\"x\"=1048576]>\n"),
       "more elements than can be counted"},
      {"MeshWithAnAxisTwice", level::kStablehlo,
       main_of("%arg0: " + row, row, manual(row, "", ""),
               "  sdy.mesh @mesh = <[\"x\"=2, \"x\"=2]>\n"),
       "the mesh has two axes \"x\""},
      {"TheLargestOfNoCount", level::kStablehlo,
       main_of("%arg0: tensor<4xf32>, %arg1: tensor<0xi32>", "tensor<2xf32>",
               "    %0:2 = stablehlo.custom_call @stablehlo.dynamic_top_k(%arg0, %arg1) : "
               "(tensor<4xf32>, tensor<0xi32>) -> (tensor<2xf32>, tensor<2xi32>)\n"
               "    return %0#0 : tensor<2xf32>"),
       "takes one k"},
      {"AssertionOfNoNumber", level::kStablehlo,
       main_of("%arg0: tensor<1xi1>, %arg1: tensor<0xi64>", "tensor<1xi1>",
               "    stablehlo.custom_call @shape_assertion(%arg0, %arg1) {error_message = \"{0}\"} "
               ": (tensor<1xi1>, tensor<0xi64>) -> ()\n    return %arg0 : tensor<1xi1>"),
       "takes scalars"},
      {"ScanOfOperandsThatAddUpToTheirNumber", level::kStablehlo,
       main_of("%arg0: tensor<2xf32>", "tensor<2xf32>",
               "    %0 = \"chlo.scan\"(%arg0) <{dimension = 0 : i64, operandSegmentSizes = "
               "array<i32: 9223372036854775807, 9223372036854775807>}> ({\n    ^bb0(%p: "
               "tensor<f32>):\n      stablehlo.return %p : tensor<f32>\n    }) : (tensor<2xf32>) "
               "-> tensor<2xf32>\n    return %0 : tensor<2xf32>"),
       "9223372036854775807 is no i32"},
      {"ArrayOfAComplexNumbersBits", level::kStablehlo,
       main_of("%arg0: tensor<complex<f64>>", "tensor<complex<f64>>",
               "    %0 = \"chlo.constant_like\"(%arg0) <{value = 0x12 : complex<f64>}> : "
               "(tensor<complex<f64>>) -> tensor<complex<f64>>\n"
               "    return %0 : tensor<complex<f64>>"),
       "no number"},
      {"BitsThatTheirTypeHasNot", level::kStablehlo,
       main_of("", "tensor<f16>",
               "    %0 = stablehlo.constant dense<0x12345> : tensor<f16>\n"
               "    return %0 : tensor<f16>"),
       "the bits of a float"},
  };
}

std::vector<Case> of_hlo() {
  const auto reduced = [](const std::string& groups) {
    return entry_of("  a = f32[] parameter(0)\n  ROOT r = f32[] all-reduce(a), replica_groups=" +
                    groups + ", to_apply=add");
  };
  const auto sharded = [](const std::string& mesh, const std::string& axes) {
    return entry_of(
        "  a = f32[8] parameter(0)\n  ROOT r = f32[8] custom-call(a), "
        "custom_call_target=\"xla.sdy.GlobalToLocalShape\", "
        "frontend_attributes={xla.sdy.in_shardings=\"[<@mesh, [{" +
            axes + "}]>]\"}",
        ", frontend_attributes={xla.sdy.meshes=\"{mesh = #sdy.mesh<[" + mesh + "]>}\"}");
  };
  return {
      {"GroupsOfNothing", level::kHlo, reduced("[1000000000000,0]<=[0]"), "groups of one size"},
      {"GroupsWhoseCountWraps", level::kHlo, reduced("[2305843009213693952,8]<=[0]"),
       "not understood"},
      {"NoGroups", level::kHlo, reduced("[0,0]<=[0]"), "not understood"},
      {"GroupsOfAMillionDevices", level::kHlo, reduced("mesh['x'=1048576] {}"),
       "a mesh of 1048576 devices, there are 1"},
      {"GroupsOfAMeshWithAnAxisTwice", level::kHlo, reduced("mesh['x'=1,'x'=1] {'x'}"), "two axes"},
      {"GroupsAlongAnAxisTwice", level::kHlo, reduced("mesh['x'=1] {'x','x'}"),
       "axis \"x\" comes twice"},
      {"DimensionThatAnAxisDividesAgainAndAgain", level::kHlo,
       sharded("\\\"x\\\"=2", repeated("\\\"x\\\"", 64, ",")), "axis \"x\" comes twice"},
      {"MeshThatIsNamedAgainAndAgain", level::kHlo,
       entry_of("  ROOT a = f32[] parameter(0)", ", frontend_attributes={xla.sdy.meshes=\"" +
                                                     repeated("mesh", 200'000, " ") +
                                                     "\"}, num_partitions=0"),
       "at least one device"},
      {"ShardingsOfNoOperand", level::kHlo,
       entry_of("  ROOT r = f32[] custom-call(), "
                "custom_call_target=\"xla.sdy.GlobalToLocalShape\", "
                "frontend_attributes={xla.sdy.in_shardings=\"[]\"}"),
       "without an operand"},
      {"DevicesWhoseCountWraps", level::kHlo,
       entry_of("  ROOT a = f32[] parameter(0)",
                ", replica_count=4611686018427387904, num_partitions=4"),
       "more than 64"},
      {"ConstantOfARealAndAPair", level::kHlo, entry_of("  ROOT c = constant({1, (2,3)})"),
       "a real among complex numbers"},
  };
}

std::vector<Case> of_jaxpr() {
  const auto mapped = [](const std::string& mesh, const std::string& in, const std::string& lines,
                         const std::string& result) {
    return fmt::format(
        "{{ lambda ; a:f32[8]. let\n    b:f32[8] = shard_map[\n      check_vma=False\n      "
        "in_specs=({},)\n      jaxpr={{ lambda ; c:f32[8]. let {} in ({},) }}\n      mesh={}\n     "
        " "
        "out_specs=(P(None,),)\n    ] a\n  in (b,) }}",
        in, lines, result, mesh);
  };
  const std::string x64 = "(" + repeated("'x'", 64) + ")", whole = "P(None,)";
  const auto along = [&](const std::string& primitive, const std::string& dims) {
    return mapped("Mesh('x': 2)", whole,
                  "d:f32[8] = " + primitive + "[axis_index_groups=None axis_name=" + x64 + " " +
                      dims + " tiled=True] c",
                  "d");
  };
  return {
      {"DimensionThatAnAxisDividesAgainAndAgain", level::kJaxpr,
       mapped("Mesh('x': 2)", "P(" + x64 + ",)", "", "c"), "axis \"x\" comes twice"},
      {"GatheredAlongAnAxisAgainAndAgain", level::kJaxpr,
       along("all_gather", "all_gather_dimension=0 axis_size=1"), "axis \"x\" comes twice"},
      {"ScatteredAlongAnAxisAgainAndAgain", level::kJaxpr,
       along("reduce_scatter", "axis_size=1 scatter_dimension=0"), "axis \"x\" comes twice"},
      {"ExchangedAlongAnAxisAgainAndAgain", level::kJaxpr,
       along("all_to_all", "concat_axis=0 split_axis=0"), "axis \"x\" comes twice"},
      {"PlaceAlongAnAxisTwice", level::kJaxpr,
       mapped("Mesh('x': 2)", whole, "d:i32[] = axis_index[axis_name=('x', 'x')] ", "c"),
       "axis \"x\" comes twice"},
      {"MeshOfMoreDevicesThanThereAre", level::kJaxpr,
       mapped("Mesh('x': 1048576, 'y': 1048576)", whole, "", "c"), "1 to 1048576 devices"},
      {"MeshWithAnAxisTwice", level::kJaxpr, mapped("Mesh('x': 2, 'x': 2)", whole, "", "c"),
       "the mesh has two axes \"x\""},
      {"GroupsWhoseSizesWrap", level::kJaxpr,
       "{ lambda ; a:f32[2,2] b:f32[2,2,2]. let\n    c:f32[2,2] = ragged_dot_general[\n      "
       "group_offset=None\n      precision=None\n      preferred_element_type=float32\n      "
       "ragged_dot_dimension_numbers=RaggedDotDimensionNumbers(dot_dimension_numbers=(((1,), "
       "(1,)), ((), ())), lhs_ragged_dimensions=(0,), rhs_group_dimensions=(0,))\n    ] a b "
       "[9223372036854775807 9223372036854775807]:i64[2]\n  in (c,) }",
       "cannot be added up"},
  };
}

class HostileTextOf : public testing::TestWithParam<Case> {};

TEST_P(HostileTextOf, IsRefused) {
  const auto said = refusal(GetParam().level, GetParam().text);
  ASSERT_TRUE(said.has_value());
  EXPECT_NE(said->find(GetParam().says), std::string::npos) << *said;
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(StableHlo, HostileTextOf, testing::ValuesIn(of_stablehlo()), name_of);
INSTANTIATE_TEST_SUITE_P(Hlo, HostileTextOf, testing::ValuesIn(of_hlo()), name_of);
INSTANTIATE_TEST_SUITE_P(Jaxpr, HostileTextOf, testing::ValuesIn(of_jaxpr()), name_of);

TEST(HostileText, AsksForNoPartOfNothing) {
  const auto module = hlo::parse(
      "HloModule m, num_partitions=2\n\nENTRY e {\n  ROOT a = f32[1,1] parameter(0)\n}\n", "");
  ASSERT_TRUE(module.ok()) << module.error().message;
  for (const tensor::Shape& shape : {tensor::Shape{0, 1}, tensor::Shape{1LL << 40, 0}}) {
    hlo::Evaluator evaluator(module.value());
    const auto results =
        evaluator.run({Array::zeros(EvaluationContext::unmetered(), DType::kF32, shape)});
    ASSERT_FALSE(results.ok());
    EXPECT_EQ(evaluator.error().kind, EvaluationError::Kind::kInvalid);
  }
}

TEST(HostileText, AliasesNestNoDeeperThanTypes) {
  const auto nested = [](int levels) {
    std::string out = "// " + std::string(100'000, '.') + "\n!a0 = tuple<tensor<f32>>\n";
    for (int i = 1; i < levels; ++i) out += fmt::format("!a{} = tuple<!a{}>\n", i, i - 1);
    return out + fmt::format("module {{\n  func.func private @f() -> !a{}\n}}\n", levels - 1);
  };
  const auto fine = IrProgram::parse(level::kStablehlo, nested(100));
  EXPECT_TRUE(fine.ok()) << fine.error().message;
  const auto deep = IrProgram::parse(level::kStablehlo, nested(300));
  ASSERT_FALSE(deep.ok());
  EXPECT_NE(deep.error().message.find("nested too deeply"), std::string::npos);
}

// An element's text that an alias stands for counts each time.
TEST(HostileText, AliasesOfElementsAreNoLargerThanTheText) {
  std::string out = "!q = !other<\"" + std::string(100'000, 'q') + "\">\nmodule {\n";
  for (int i = 0; i < 2000; ++i)
    out += fmt::format("  func.func private @f{}(tensor<{}x!q>)\n", i, i + 1);
  const auto read = IrProgram::parse(level::kStablehlo, out + "}\n");
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().message.find("aliases stand for much more"), std::string::npos);
}

// ---- Read, whatever else becomes of it

TEST(HostileText, OfManyPartsOfASymbolIsRead) {
  const std::string symbol = repeated("@a", 200'000, "::");
  const auto read = IrProgram::parse(level::kStablehlo, "\"x\"() {s = " + symbol + "} : () -> ()");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_NE(read.value().print().find(symbol), std::string::npos);
}

TEST(HostileText, OfManyFunctionsIsReadAndNamedAnew) {
  std::string out = "module {\n";
  for (int i = 0; i < 20'000; ++i) out += fmt::format("  func.func private @f{}()\n", i);
  const auto read = IrProgram::parse(level::kStablehlo, out + "}\n");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(read.value().canonical().ok());
  for (const char* second : {"  func.func private @f7()\n}\n",
                             "  \"func.func\"() <{function_type = () -> (), sym_name = \"f7\"}> "
                             "({\n  }) : () -> ()\n}\n"}) {
    const auto twice = IrProgram::parse(level::kStablehlo, out + second);
    ASSERT_FALSE(twice.ok());
    EXPECT_NE(twice.error().message.find("function @f7 is defined already"), std::string::npos);
  }
}

// What lacks the parts of its own form is printed in the generic one, and read again.
TEST(HostileText, OfFormsWithoutTheirPartsIsPrinted) {
  const std::string lines[] = {
      "\"stablehlo.reduce\"(%arg0, %arg0) <{dimensions = array<i64>}> ({\n      "
      "\"stablehlo.return\"(%arg0) : (tensor<f32>) -> ()\n    }) : (tensor<f32>, tensor<f32>) -> "
      "tensor<f32>",
      "\"stablehlo.while\"(%arg0) ({\n    }, {\n    }) : (tensor<f32>) -> tensor<f32>",
      "\"stablehlo.select\"(%arg0, %arg0, %arg0) : (tensor<f32>, tensor<f32>, tensor<f32>) -> ()",
      "\"stablehlo.select\"(%arg0) : (tensor<f32>) -> tensor<f32>",
      "\"stablehlo.reduce_precision\"(%arg0) : (tensor<f32>) -> tensor<f32>",
      "\"sdy.manual_computation\"(%arg0) : (tensor<f32>) -> tensor<f32>",
      "\"func.call\"(%arg0) <{callee = \"\"}> : (tensor<f32>) -> tensor<f32>",
      "\"stablehlo.abs\"() : () -> tensor<f32>",
      "\"stablehlo.cholesky\"(%arg0, %arg0) <{lower = true}> : (tensor<f32>, tensor<f32>) -> "
      "tensor<f32>",
      "\"stablehlo.cholesky\"(%arg0) <{lower}> : (tensor<f32>) -> tensor<f32>",
      "\"stablehlo.compare\"(%arg0, %arg0) <{comparison_direction = \"LT\"}> : (tensor<f32>, "
      "tensor<f32>) -> tensor<i1>",
      "\"stablehlo.compare\"(%arg0, %arg0) <{compare_type = 1 : i64, comparison_direction = "
      "#stablehlo<comparison_direction LT>}> : (tensor<f32>, tensor<f32>) -> tensor<i1>",
      "\"stablehlo.dot_general\"(%arg0) <{dot_dimension_numbers = #stablehlo.dot<>}> : "
      "(tensor<f32>) -> tensor<f32>",
      "\"stablehlo.dynamic_slice\"() <{slice_sizes = array<i64>}> : () -> tensor<f32>",
      "\"stablehlo.iota\"() <{iota_dimension = dense<0> : tensor<1xi64>}> : () -> tensor<f32>",
      "\"stablehlo.iota\"(%arg0) <{iota_dimension = 0 : i64}> : (tensor<f32>) -> tensor<f32>",
      "\"stablehlo.optimization_barrier\"(%arg0) : (tensor<f32>) -> ()",
      "\"stablehlo.slice\"(%arg0) : (tensor<f32>) -> tensor<f32>",
      "\"stablehlo.trace\"(%arg0) <{tag = @x}> : (tensor<f32>) -> ()",
      "\"stablehlo.transpose\"(%arg0) <{permutation = dense<1.0> : tensor<1xf32>}> : "
      "(tensor<f32>) -> tensor<f32>",
      "\"stablehlo.transpose\"(%arg0) <{permutation = 1 : i64}> : (tensor<f32>) -> tensor<f32>",
  };
  for (const std::string& line : lines) {
    const std::string text = main_of("%arg0: tensor<f32>", "tensor<f32>",
                                     "    " + line + "\n    return %arg0 : tensor<f32>");
    const auto read = IrProgram::parse(level::kStablehlo, text);
    ASSERT_TRUE(read.ok()) << read.error().message;
    const std::string printed = read.value().print();
    EXPECT_NE(printed.find(line.substr(0, line.find(')') + 1)), std::string::npos) << printed;
    const auto again = IrProgram::parse(level::kStablehlo, printed);
    ASSERT_TRUE(again.ok()) << again.error().message << printed;
    EXPECT_EQ(again.value().print(), printed);
    EXPECT_TRUE(read.value().canonical().ok());
  }
}

TEST(HostileText, OfListsThatAreNoPairsOrNoIntegersIsPrinted) {
  const auto printed = [](const std::string& padding) {
    const auto read = IrProgram::parse(
        level::kStablehlo,
        main_of("%arg0: tensor<1x1x1xf32>", "tensor<1x1x1xf32>",
                "    %0 = \"stablehlo.convolution\"(%arg0, %arg0) <{dimension_numbers = "
                "#stablehlo.conv<[b, 0, f]x[0, i, o]->[b, 0, f]>, padding = " +
                    padding +
                    "}> : (tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<1x1x1xf32>\n    return "
                    "%0 : tensor<1x1x1xf32>"));
    EXPECT_TRUE(read.ok()) << read.error().message;
    return read.ok() ? read.value().print() : "";
  };
  EXPECT_NE(printed("dense<[[1, 2]]> : tensor<1x2xi64>").find("pad = [[1, 2]]"), std::string::npos);
  EXPECT_NE(printed("dense<[[1], [2]]> : tensor<2x1xi64>").find("pad = [1, 2]"), std::string::npos);
  EXPECT_NE(printed("dense<[[1.0, 2.0]]> : tensor<1x2xf32>").find("dense<"), std::string::npos);
}

// Jaxprs within jaxprs that need others in which there are more.
std::string deep_jaxprs(const std::string& name, int shared, int nested) {
  std::string out;
  for (int i = 0; i < shared; ++i) {
    std::string inner =
        i == 0 ? "{ lambda ; a:f32[]. let in (a,) }"
               : fmt::format("{{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr={}{}] a in (b,) }}",
                             name, i - 1);
    for (int k = 0; k < nested; ++k)
      inner = "{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr=" + inner + "] a in (b,) }";
    out += fmt::format("let {}{} = {} in\n", name, i, inner);
  }
  return out + fmt::format("{{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr={}{}] a in (b,) }}", name,
                           shared - 1);
}

std::string canonical_of(const std::string& jaxpr) {
  const auto read = IrProgram::parse(level::kJaxpr, jaxpr);
  EXPECT_TRUE(read.ok()) << read.error().message;
  return read.ok() ? read.value().canonical().value() : "";
}

TEST(HostileText, OfJaxprsDeepInOneAnotherHasACanonicalForm) {
  constexpr std::pair<int, int> kSizes[] = {{150, 150}, {5000, 0}};
  for (const auto& [shared, nested] : kSizes) {
    const std::string text = canonical_of(deep_jaxprs("f", shared, nested));
    EXPECT_EQ(canonical_of(deep_jaxprs("some", shared, nested)), text);
    EXPECT_EQ(canonical_of(text), text);
  }
}

// What cannot be found by its name is not taken for another that is called so afterwards.
TEST(HostileText, OfJaxprsThatAreNotDefinedOrNeedThemselvesHasACanonicalForm) {
  const auto calling = [](const std::string& defined, const std::string& called) {
    return fmt::format(
        "let {0} = {{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr={1}] a in (b,) }} in\n"
        "{{ lambda ; a:f32[]. let b:f32[] = jit[jaxpr={0}] a in (b,) }}",
        defined, called);
  };
  const std::string itself = canonical_of(calling("g", "g"));
  EXPECT_EQ(canonical_of(calling("f0", "f0")), itself);
  EXPECT_EQ(canonical_of(itself), itself);
  const std::string nothing = canonical_of(calling("g", "f0"));
  EXPECT_EQ(canonical_of(nothing), nothing);
  EXPECT_EQ(nothing.find("jaxpr=f0"), nothing.rfind("jaxpr=f0"));
}

// ---- Work by numbers of the text is charged

std::int64_t steps_of(level::Level level, const std::string& text) {
  auto parsed = IrProgram::parse(level, text);
  if (!parsed.ok()) {
    ADD_FAILURE() << parsed.error().message;
    return 0;
  }
  IrProgram& program = parsed.value();
  const Status verified = program.verify();
  EXPECT_TRUE(verified.ok()) << (verified.ok() ? "" : verified.error().message);
  const EvaluationContext context{tensor::EvaluationOptions()};
  const auto results = program.run(*zeros_for(program.signature().value()), context);
  EXPECT_TRUE(results.ok()) << (results.ok() ? "" : results.error().message);
  return context.steps_used();
}

TEST(HostileText, PaysForComparingElements) {
  const std::string type = "tensor<1000000xi32>";
  EXPECT_GE(steps_of(level::kStablehlo, "module {\n  func.func public @main(%arg0: " + type +
                                            ") {\n    check.expect_eq %arg0, %arg0 : " + type +
                                            "\n    return\n  }\n}\n"),
            1'000'000);
}

TEST(HostileText, PaysForTuplesThatAreHandedOn) {
  constexpr int kParts = 10'000;
  const std::string type = "tuple<" + repeated("tensor<f32>", kParts) + ">";
  const auto steps = [&](int times) {
    std::string out = "    %0 = stablehlo.tuple " + repeated("%arg0", kParts) + " : " + type + "\n";
    for (int i = 0; i < times; ++i)
      out += fmt::format("    %{} = stablehlo.optimization_barrier %{} : {}\n", i + 1, i, type);
    return steps_of(level::kStablehlo, main_of("%arg0: tensor<f32>", "tensor<f32>",
                                               out + "    return %arg0 : tensor<f32>"));
  };
  EXPECT_GE(steps(2) - steps(1), 2 * kParts);
}

TEST(HostileText, PaysForAttributesThatAreReadEachTime) {
  constexpr int kItems = 50'000;
  EXPECT_GE(
      steps_of(level::kHlo, entry_of("  a = f32[] parameter(0)\n  ROOT r = f32[] all-reduce(a), "
                                     "replica_groups={{0},{" +
                                     repeated("1", kItems, ",") + "}}, to_apply=add")),
      kItems);
  EXPECT_GE(steps_of(level::kStablehlo,
                     main_of("%arg0: tensor<f32>", "tensor<f32>",
                             "    %0 = stablehlo.abs %arg0 {note = [" + repeated("1", kItems) +
                                 "]} : tensor<f32>\n    return %0 : tensor<f32>")),
            kItems);
  EXPECT_GE(steps_of(level::kJaxpr, "{ lambda ; a:f32[]. let b:f32[] = sin[accuracy=(" +
                                        repeated("1", kItems) + ")] a in (b,) }"),
            kItems);
}

// ---- Parts of meshes and lists

TEST(HostileText, MeshesHaveOneLimit) {
  ir::Mesh mesh;
  mesh.add_axis("x", ir::Mesh::kMostDevices);
  EXPECT_THROW(mesh.add_axis("y", 2), EvaluationError);
  EXPECT_THROW(mesh.add_axis("x", 1), EvaluationError);
  EXPECT_THROW(mesh.add_axis("y", 0), EvaluationError);
  for (std::size_t i = 1; i < ir::Mesh::kMostAxes; ++i) mesh.add_axis(fmt::format("y{}", i), 1);
  EXPECT_THROW(mesh.add_axis("z", 1), EvaluationError);
  EXPECT_EQ(mesh.count_along({"y1", "x"}), ir::Mesh::kMostDevices);
  EXPECT_THROW(mesh.count_along({"x", "y1", "x"}), EvaluationError);
  EXPECT_THROW(mesh.index_along(0, {"x", "x"}), EvaluationError);
  EXPECT_THROW(mesh.count_along({"w"}), EvaluationError);
  EXPECT_EQ(ir::whole_size(3, 4), 12);
  EXPECT_THROW(ir::whole_size(1LL << 48, 1LL << 20), EvaluationError);
}

// A list is changed as if all pairs of unlike numbers stood side by side, however long it is.
TEST(HostileText, ChangesListsOfAnyLength) {
  const auto by_pairs = [](std::vector<std::int64_t> numbers, Random& random) {
    std::vector<std::pair<std::size_t, std::size_t>> unlike;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      for (std::size_t j = i + 1; j < numbers.size(); ++j)
        if (numbers[i] != numbers[j]) unlike.emplace_back(i, j);
    if (unlike.empty() || !random.chance(0.4)) return std::vector<std::int64_t>();
    const auto [i, j] = random.pick(unlike);
    std::swap(numbers[i], numbers[j]);
    return numbers;
  };
  int exchanged = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Random values(seed, 1);
    std::vector<std::int64_t> numbers(1 + values.below(9));
    for (std::int64_t& n : numbers) n = static_cast<std::int64_t>(values.below(4));
    Random one(seed, 2), other(seed, 2);
    const std::vector<std::int64_t> expected = by_pairs(numbers, one);
    EXPECT_TRUE(ir::change_integers(numbers, other));
    if (expected.empty()) continue;
    EXPECT_EQ(numbers, expected);
    ++exchanged;
  }
  EXPECT_GT(exchanged, 50);
  std::vector<std::int64_t> many(200'000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::int64_t>(i);
  Random random(1, 1);
  EXPECT_TRUE(ir::change_integers(many, random));
}

}  // namespace
}  // namespace jaxsmith
