#include "generate/options.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace jaxsmith::generate {
namespace {

Status set(GenerateOptions& options, const std::string& name,
           const std::vector<std::string>& values) {
  return set_option(options, name, values);
}

GenerateOptions with_out() {
  GenerateOptions options;
  options.out = "somewhere";
  return options;
}

// What the message says, or "" where all is well.
std::string complaint(GenerateOptions options) {
  const Status status = check_options(options);
  if (status.ok()) return "";
  EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(status.error().message.find('\n'), std::string::npos);
  return status.error().message;
}

TEST(Options, DefaultsMakeSense) {
  GenerateOptions options = with_out();
  EXPECT_EQ(complaint(options), "");
  ASSERT_TRUE(check_options(options).ok());
  EXPECT_EQ(options.categories.size(), 10u);
  EXPECT_EQ(options.levels.size(), level::levels().size());
}

TEST(Options, EveryRowOfTheTableCanBeSetByItsFlag) {
  std::set<std::string> names;
  for (const OptionInfo& info : option_table()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    GenerateOptions options;
    const std::string value = info.argument.empty() ? "true" : "3";
    EXPECT_TRUE(set(options, info.name, {value}).ok()) << info.name;
    EXPECT_FALSE(info.help.empty());
  }
}

TEST(Options, TheManifestHasWhatTheDatasetDependsOnAndNothingElse) {
  GenerateOptions a = with_out(), b = with_out();
  b.out = "elsewhere";
  b.workers = 7;
  b.resume = true;
  b.python = "python3";
  EXPECT_EQ(dataset_options(a).dump(), dataset_options(b).dump());
  // The first back end goes without saying, as it did before there was a choice.
  EXPECT_FALSE(dataset_options(a).contains("backend"));
  GenerateOptions other = with_out();
  other.backend = "another";
  for (const OptionInfo& info : option_table()) {
    if (info.part != OptionPart::kDataset) continue;
    std::string key = info.name;
    std::replace(key.begin(), key.end(), '-', '_');
    EXPECT_TRUE(dataset_options(other).contains(key)) << key;
  }
  b.seed = 1;
  EXPECT_NE(dataset_options(a).dump(), dataset_options(b).dump());
}

TEST(Options, TheSameMeaningHasTheSameManifest) {
  GenerateOptions a = with_out(), b = with_out();
  ASSERT_TRUE(set(a, "categories", {"loop,math", "loop"}).ok());
  ASSERT_TRUE(set(b, "categories", {"math", "loop"}).ok());
  ASSERT_TRUE(set(a, "levels", {"hlo"}).ok());
  ASSERT_TRUE(set(b, "levels", {"hlo,jaxpr"}).ok());
  ASSERT_TRUE(set(a, "difficulty", {"3-3"}).ok());
  ASSERT_TRUE(set(b, "difficulty", {"3"}).ok());
  ASSERT_TRUE(set(a, "exact", {"true"}).ok());
  ASSERT_TRUE(set(b, "redo", {"100"}).ok());
  ASSERT_TRUE(check_options(a).ok());
  ASSERT_TRUE(check_options(b).ok());
  EXPECT_EQ(dataset_options(a).dump(), dataset_options(b).dump());
}

TEST(Options, ValuesThatAreNone) {
  GenerateOptions options;
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"count", "many"},
                                                        {"count", "-1"},
                                                        {"count", "1e3"},
                                                        {"count", ""},
                                                        {"count", "7x"},
                                                        {"count", "99999999999999999999"},
                                                        {"redo", "two"},
                                                        {"redo", "nan"},
                                                        {"redo", "inf"},
                                                        {"exact", "maybe"},
                                                        {"out", ""},
                                                        {"categories", ""},
                                                        {"levels", " , "}}) {
    const Status status = set(options, name, {value});
    ASSERT_FALSE(status.ok()) << name << " " << value;
    EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
    EXPECT_TRUE(status.error().message.starts_with("--" + name)) << status.error().message;
  }
  EXPECT_EQ(dataset_options(options).dump(), dataset_options(GenerateOptions()).dump());
  EXPECT_FALSE(set(options, "color", {"red"}).ok());
}

TEST(Options, MisuseIsNamedWithTheWayOut) {
  EXPECT_NE(complaint(GenerateOptions()).find("--out"), std::string::npos);
  GenerateOptions options = with_out();
  options.count = 0;
  EXPECT_NE(complaint(options).find("--count"), std::string::npos);
  options = with_out();
  options.categories = {"loops"};
  const std::string text = complaint(options);
  EXPECT_NE(text.find("did you mean 'loop'"), std::string::npos) << text;
  EXPECT_NE(text.find("arithmetic, "), std::string::npos) << text;
  options = with_out();
  options.max_rank = 5;
  EXPECT_NE(complaint(options).find("--max-rank 5"), std::string::npos);
  options = with_out();
  options.redo = 101;
  EXPECT_NE(complaint(options).find("--redo"), std::string::npos);
  options = with_out();
  options.max_inert = 1.5;
  EXPECT_NE(complaint(options).find("--max-inert"), std::string::npos);
  options = with_out();
  options.size = "larg";
  EXPECT_NE(complaint(options).find("did you mean 'large'"), std::string::npos);
  for (const char* range : {"0", "6", "4-2", "all", "1-"}) {
    options = with_out();
    options.difficulty = range;
    EXPECT_TRUE(complaint(options).starts_with("--difficulty: ")) << range;
  }
  options = with_out();
  options.dtypes = {"f32", "f23"};
  EXPECT_NE(complaint(options).find("did you mean 'f32'"), std::string::npos);
}

TEST(Options, ElementTypesMayBeNamedAsNumpyNamesThem) {
  GenerateOptions numpy = with_out(), jax = with_out();
  numpy.dtypes = {"int32", "float32", "bfloat16", "f32", "bool"};
  jax.dtypes = {"f32", "bf16", "i32", "bool"};
  ASSERT_TRUE(check_options(numpy).ok());
  ASSERT_TRUE(check_options(jax).ok());
  EXPECT_EQ(dataset_options(numpy).dump(), dataset_options(jax).dump());
}

TEST(Options, OfManyIdiomsTheNearestAreNamed) {
  GenerateOptions options = with_out();
  options.idioms = {"atention"};
  const std::string text = complaint(options);
  EXPECT_NE(text.find("did you mean 'attention'? (the nearest of "), std::string::npos) << text;
  EXPECT_LT(text.size(), 300u);
}

}  // namespace
}  // namespace jaxsmith::generate
