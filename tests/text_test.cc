#include "base/text.h"

#include <gtest/gtest.h>

namespace jaxsmith {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

TEST(Text, Utf8IsKept) {
  const std::string text = "a→ü\U0001F600\U0010FFFF\u0800z";
  EXPECT_EQ(clean_utf8(text, 100), text);
  EXPECT_EQ(clean_utf8("", 10), "");
}

TEST(Text, WhatIsNoUtf8IsReplaced) {
  for (const char* wrong :
       {"\xFF", "\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
    std::string expected = "x";
    for (std::size_t i = 0; wrong[i]; ++i) expected += kReplacement;
    EXPECT_EQ(clean_utf8(std::string("x") + wrong + "y", 100), expected + "y");
  }
}

TEST(Text, ItIsCutBetweenCharacters) {
  EXPECT_EQ(clean_utf8("ab→", 4), "ab");
  EXPECT_EQ(clean_utf8("ab→", 5), "ab→");
  EXPECT_EQ(clean_utf8("ab\xFF", 4), "ab");
}

TEST(Text, WhatATerminalWouldObeyIsSpeltOut) {
  EXPECT_EQ(visible("a\x1b[2Jb\rc\x07\x7f"), "a\\x1b[2Jb\\rc\\x07\\x7f");
  EXPECT_EQ(visible("\u009b\u0080\u00a0→\tü\n"), "\\u009b\\u0080\u00a0→\tü\n");
  EXPECT_EQ(visible(std::string("\0", 1)), "\\x00");
  EXPECT_EQ(visible("\xFF\xC2"), "\xFF\xC2");
}

TEST(Text, NamesThatThereAreNotComeWithThoseThatThereAre) {
  const std::vector<std::string_view> few = {"small", "medium", "large"};
  EXPECT_EQ(there_is_no("size", "larg", few),
            "there is no size 'larg'; did you mean 'large'? (there are small, medium, large)");
  EXPECT_EQ(there_is_no("size", "x\n", few),
            "there is no size 'x\\n' (there are small, medium, large)");
  std::vector<std::string> names;
  for (int i = 100; i < 200; ++i) names.push_back("number" + std::to_string(i));
  EXPECT_EQ(
      there_is_no("idiom", "number1777", std::vector<std::string_view>(names.begin(), names.end())),
      "there is no idiom 'number1777'; did you mean 'number177'? (the nearest of 100: "
      "number177, number107, number117, number127, number137)");
}

TEST(Text, CountsAgreeWithTheirNouns) {
  EXPECT_EQ(counted(0, "check"), "0 checks");
  EXPECT_EQ(counted(1, "check"), "1 check");
  EXPECT_EQ(counted(2, "check"), "2 checks");
}

TEST(Text, QuotedDataIsOneShortLine) {
  EXPECT_EQ(in_one_line("a\nb\x1b"), "a\\nb\\x1b");
  EXPECT_EQ(in_one_line("abc", 3), "abc");
  EXPECT_EQ(in_one_line("abcd", 3), "abc…");
  EXPECT_LT(in_one_line(std::string(100'000, 'x')).size(), 210u);
}

TEST(Text, LongLinesLackTheirMiddle) {
  EXPECT_EQ(shorter_lines("", 9), "");
  EXPECT_EQ(shorter_lines("a\n\nb\n", 1), "a\n\nb\n");
  EXPECT_EQ(shorter_lines("123456789\n1234567890\n", 9), "123456789\n123456 … 890\n");
  EXPECT_EQ(shorter_lines("→→→→→", 9), "→→ … →");
  EXPECT_EQ(shorter_lines("→→→→b", 9), "→→ … b");
}

}  // namespace
}  // namespace jaxsmith
