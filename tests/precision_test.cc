// How precise a program is goes by the types of its values, whatever words its text has besides.
#include <gtest/gtest.h>

#include <string>

#include "check/reading.h"
#include "levels/names.h"

namespace jaxsmith::check {
namespace {

using level::Level;
using tensor::DType;

IrProgram parsed(Level level, const std::string& text) {
  auto program = IrProgram::parse(level, text);
  EXPECT_TRUE(program.ok()) << text << (program.ok() ? "" : program.error().message);
  return std::move(program).value();
}

// Identities of a vector; `name` is what a function or a module is called.
std::string jaxpr(const std::string& type, const std::string& name = "f") {
  const std::string t = type + "[3]";
  return "{ lambda ; a:" + t + ". let b:" + t + " = jit[name=" + name + " jaxpr={ lambda ; c:" + t +
         ". let d:" + t + " = copy c in (d,) }] a in (b,) }";
}
std::string stablehlo(const std::string& type, const std::string& name = "f") {
  return "module @" + name + " {\n  // " + name + "\n  func.func public @main(%arg0: tensor<3x" +
         type + ">) -> tensor<3x" + type + "> {\n    return %arg0 : tensor<3x" + type +
         ">\n  }\n}\n";
}
std::string hlo(const std::string& type, const std::string& name = "f") {
  return "HloModule " + name + "\n\nENTRY main {\n  ROOT x = " + type + "[3]{0} parameter(0)\n}\n";
}

TEST(Precision, IsThatOfTheLeastPreciseType) {
  const struct {
    const char *jaxpr, *stablehlo, *hlo;
    DType precision;
  } types[] = {{"f64", "f64", "f64", DType::kF64},
               {"f32", "f32", "f32", DType::kF32},
               {"f16", "f16", "f16", DType::kF16},
               {"bf16", "bf16", "bf16", DType::kBF16},
               {"f8_e5m2", "f8E5M2", "f8e5m2", DType::kF8E4M3FN},
               {"c64", "complex<f32>", "c64", DType::kC64},
               {"c128", "complex<f64>", "c128", DType::kF64},
               {"i32", "i32", "s32", DType::kF64}};
  for (const auto& t : types) {
    EXPECT_EQ(least_precise(parsed(level::kJaxpr, jaxpr(t.jaxpr))), t.precision) << t.jaxpr;
    EXPECT_EQ(least_precise(parsed(level::kStablehlo, stablehlo(t.stablehlo))), t.precision)
        << t.stablehlo;
    EXPECT_EQ(least_precise(parsed(level::kHlo, hlo(t.hlo))), t.precision) << t.hlo;
  }
}

TEST(Precision, DoesNotHangOnNamesAndComments) {
  for (const std::string name : {"bf16", "f16", "f8"}) {
    EXPECT_EQ(least_precise(parsed(level::kJaxpr, jaxpr("f32", name))), DType::kF32) << name;
    EXPECT_EQ(least_precise(parsed(level::kStablehlo, stablehlo("f32", name))), DType::kF32)
        << name;
    EXPECT_EQ(least_precise(parsed(level::kHlo, hlo("f32", name))), DType::kF32) << name;
  }
}

TEST(Precision, TypesWithinBodiesAndLiteralsCount) {
  const std::string inner =
      "{ lambda ; a:f32[3]. let b:f32[3] = jit[name=f jaxpr={ lambda ; c:f32[3]. let d:f16[3] = "
      "convert_element_type[new_dtype=float16 weak_type=False] c; e:f32[3] = "
      "convert_element_type[new_dtype=float32 weak_type=False] d in (e,) }] a in (b,) }";
  EXPECT_EQ(least_precise(parsed(level::kJaxpr, inner)), DType::kF16);
  const std::string literal = "{ lambda ; a:f64[]. let b:f64[] = sin a in (b, 1.0:f32[]) }";
  EXPECT_EQ(least_precise(parsed(level::kJaxpr, literal)), DType::kF32);
}

// A text that has values of a less precise type than the row's others asks for no more tolerance.
TEST(Precision, OfARowIsThatOfItsOtherTexts) {
  const level::Texts texts = {{level::kJaxpr, jaxpr("f32")},
                              {level::kStablehlo, stablehlo("f64")},
                              {level::kHlo, hlo("f16")}};
  const Programs programs = read_texts(texts);
  const std::map<Level, DType> expected = {
      {level::kJaxpr, DType::kF64}, {level::kStablehlo, DType::kF32}, {level::kHlo, DType::kF32}};
  EXPECT_EQ(precisions_of(programs), expected);

  level::Texts damaged = texts;
  damaged[level::kJaxpr] = "{ lambda ; a:f32[3]";
  const std::map<Level, DType> known = {{level::kJaxpr, DType::kF64}};
  EXPECT_EQ(precisions_of(read_texts(damaged)), known);
}

}  // namespace
}  // namespace jaxsmith::check
