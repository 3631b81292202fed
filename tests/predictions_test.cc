// Files of predictions: what is taken, and what a line that is not taken is told.
#include "score/predictions.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace jaxsmith::score {
namespace {

class Predictions : public testing::Test {
 protected:
  void SetUp() override {
    // Tests run side by side.
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "jaxsmith-" + test->name() + ".jsonl";
  }
  void TearDown() override { std::filesystem::remove(path_); }

  Result<std::vector<Prediction>> read(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_predictions(path_);
  }
  // Behind the name of the file.
  std::string why_not(const std::string& text) {
    const auto out = read(text);
    if (out.ok()) return "";
    EXPECT_TRUE(out.error().message.starts_with(path_)) << out.error().message;
    return out.error().message.substr(path_.size());
  }

  std::string path_;
};

std::string line(const std::string& more, const std::string& text = "x") {
  return R"({"id": "a", "level": "jaxpr", "text": ")" + text + R"(", "more": )" + more + "}\n";
}

TEST_F(Predictions, NumbersThatNobodyReadsMayBeOfAnySize) {
  for (const std::string& number :
       {std::string("1e99999999999"), std::string("-1E+400"), std::string(1'000'000, '7'),
        "[1, " + std::string(400, '9') + ", {\"b\": \"1e999\"}]"}) {
    const auto found = read(line(number, "1e999 \\\" 1e999"));
    ASSERT_TRUE(found.ok()) << found.error().message;
    ASSERT_EQ(found.value().size(), 1u);
    EXPECT_EQ(found.value()[0].text, "1e999 \" 1e999");
    EXPECT_EQ(found.value()[0].place, path_ + ":1");
  }
  EXPECT_EQ(why_not(R"({"id": 1e999, "level": "jaxpr", "text": ""})"),
            ":1: 'id' is no string (id, level and text are wanted, all strings)");
}

TEST_F(Predictions, LinesThatAreNoJsonAreToldWhy) {
  const std::string good = line("0");
  EXPECT_EQ(why_not(good + line("NaN")),
            ":2: it is no JSON: 'NaN' at byte 52 is not expected, since JSON has no such number");
  EXPECT_EQ(why_not(line("-Infinity")).find(":1: it is no JSON: '-Infinity' at byte "), 0u);
  EXPECT_EQ(why_not(line("1e999, \"b\": nan")).find(":1: it is no JSON: 'nan' at byte "), 0u);
  EXPECT_EQ(why_not(good + "\n" + line("0", "\\ud800 b")),
            ":3: it is no JSON: at byte 46 half of a surrogate pair stands alone");
  EXPECT_EQ(why_not(line("0", "\xff")), ":1: it is no JSON: byte 40 is not UTF-8");
  EXPECT_EQ(why_not(line("0", "a\tb")),
            ":1: it is no JSON: byte 41 is a control character, which needs an escape");
  EXPECT_EQ(why_not(R"({"id": "a", "level")"), ":1: it is no JSON: it ends too early");
  EXPECT_EQ(why_not(R"({"id" "a"})"), ":1: it is no JSON: '\"' at byte 9 is not expected");
}

TEST_F(Predictions, FilesOfOtherKindsAreToldWhatIsWanted) {
  const std::string wanted =
      "; predictions are Parquet, or JSONL: an object with id, level and text in each line";
  EXPECT_EQ(why_not("id,level,text\na,hlo,b\n"),
            ":1: it is no JSON: 'id' at byte 1 is not expected" + wanted);
  EXPECT_EQ(why_not("[{\"id\": \"a\"}]"), ":1: it is no JSON object" + wanted);
  EXPECT_EQ(why_not("[\n"), ":1: it is no JSON: it ends too early" + wanted);
}

TEST_F(Predictions, WhatCannotBeReadIsToldApart) {
  const auto missing = read_predictions(path_ + ".none");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message, path_ + ".none: there is no such file");
  const auto folder = read_predictions(testing::TempDir());
  ASSERT_FALSE(folder.ok());
  EXPECT_EQ(folder.error().message, testing::TempDir() + ": it is a folder; name a file");
}

}  // namespace
}  // namespace jaxsmith::score
