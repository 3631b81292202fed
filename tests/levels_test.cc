// The table of levels.
#include "levels/levels.h"

#include <gtest/gtest.h>

#include <set>

#include "check/program.h"
#include "levels/names.h"

namespace jaxsmith::level {
namespace {

template <class Flag>
std::size_t how_many(Flag flag) {
  std::size_t n = 0;
  for (const Level level : levels()) n += flag(row_of(level)) ? 1 : 0;
  return n;
}

TEST(Levels, HaveNamesOfTheirOwn) {
  const auto names = level_names();
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), levels().size());
  for (const Level level : levels()) EXPECT_EQ(find_level(name_of(level)), level);
  EXPECT_FALSE(find_level("llvm"));
  const auto slip = level_named("stablehl", "--level");
  ASSERT_FALSE(slip.ok());
  EXPECT_EQ(slip.error().message,
            "--level: there is no level 'stablehl'; did you mean 'stablehlo'? (there are " +
                list_of_levels() + ")");
}

TEST(Levels, OneGivesTheStructureAndOneIsRun) {
  EXPECT_EQ(how_many([](const ir::LevelRow& row) { return row.gives_structure; }), 1u);
  EXPECT_EQ(how_many([](const ir::LevelRow& row) { return row.runs_alone; }), 1u);
  EXPECT_EQ(how_many([](const ir::LevelRow& row) { return row.has_constants; }), 1u);
}

TEST(Levels, WhatIsDerivedComesFromALevelFurtherUp) {
  for (const Level level : levels()) {
    if (!row_of(level).derivation.derive) continue;
    ASSERT_TRUE(source_of(level)) << name_of(level);
    EXPECT_LT(*source_of(level), level);
  }
}

TEST(Levels, ProgramsDoWhatTheirRowsSay) {
  const Texts texts = {
      {level::kJaxpr, "{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }"},
      {level::kStablehlo,
       "module @jit_f {\n  func.func public @main(%arg0: tensor<3xf32>) -> tensor<3xf32> {\n"
       "    %0 = stablehlo.sine %arg0 : tensor<3xf32>\n    return %0 : tensor<3xf32>\n  }\n}\n"},
      {level::kHlo,
       "HloModule jit_f\n\nENTRY main {\n  x = f32[3]{0} parameter(0)\n  ROOT y = f32[3]{0} "
       "sine(x)\n}\n"},
      {level::kHloOptimized,
       "HloModule jit_f, is_scheduled=true\n\nENTRY main {\n  x = f32[3]{0} parameter(0)\n  "
       "ROOT y = f32[3]{0} sine(x)\n}\n"}};
  for (const auto& [level, text] : texts) {
    EXPECT_EQ(level_of_text("\n// a comment\n" + text), level) << name_of(level);
    auto program = check::IrProgram::parse(level, text);
    ASSERT_TRUE(program.ok()) << program.error().message;
    EXPECT_TRUE(program.value().verify().ok());
    EXPECT_EQ(program.value().canonical().ok(), row_of(level).has_canonical_form);
    EXPECT_EQ(program.value().signature().ok(), row_of(level).executes);
    EXPECT_EQ(program.value().structure().ok(), row_of(level).gives_structure);
    EXPECT_EQ(program.value().flow().ok(), row_of(level).gives_structure);
    EXPECT_EQ(program.value().glue().ok(), row_of(level).gives_structure);
    EXPECT_EQ(program.value().element_types(), std::set<tensor::DType>{tensor::DType::kF32});
    EXPECT_EQ(!program.value().op_counts().empty(), row_of(level).counts);
    EXPECT_EQ(row_of(level).widened_type != nullptr, row_of(level).runs_alone);
    EXPECT_EQ(std::move(program).value().widened().has_value(), row_of(level).runs_alone);
  }
}

TEST(Levels, TypesOfElementsAreThoseOfValues) {
  using tensor::DType;
  const auto types = [](const std::string& argument) {
    const auto program = check::IrProgram::parse(
        kStablehlo,
        "!unused = tensor<bf16>\nmodule {\n  func.func public @main(%arg0: " + argument +
            ") {\n    %0 = stablehlo.optimization_barrier %arg0 {note = dense<1.0> : "
            "tensor<f16>} : " +
            argument + "\n    return\n  }\n}\n");
    EXPECT_TRUE(program.ok()) << program.error().message;
    return program.ok() ? program.value().element_types() : std::set<DType>();
  };
  EXPECT_EQ(types("tensor<2xf32>"), std::set{DType::kF32});
  EXPECT_EQ(types("tuple<tuple<tensor<f64>>, tensor<i32>>"), (std::set{DType::kF64, DType::kI32}));
  EXPECT_EQ(types("tensor<2x!quant.uniform<i8:f32, 2.0>>"), (std::set{DType::kI8, DType::kF32}));
}

TEST(Levels, FilesAreToldByTheirEndingsWhereTheirWordsSayNothing) {
  EXPECT_FALSE(level_of_text("()"));
  EXPECT_EQ(level_of_text("()", "f.jaxpr"), level::kJaxpr);
  EXPECT_EQ(level_of_text("HloModule f\n", "f.jaxpr"), level::kHlo);
}

}  // namespace
}  // namespace jaxsmith::level
