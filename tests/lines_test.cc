// Lines of streams and of other processes, however long they are.
#include "base/lines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace jaxsmith {
namespace {

std::vector<std::string> lines_of(std::istream& in) {
  LineReader reader(in, "file");
  std::vector<std::string> out;
  for (std::string line;;) {
    const auto more = reader.next(line);
    EXPECT_TRUE(more.ok()) << more.error().message;
    if (!more.ok() || !more.value()) return out;
    out.push_back(line);
    EXPECT_EQ(reader.number(), static_cast<std::int64_t>(out.size()));
  }
}

TEST(Lines, AreThoseOfGetline) {
  std::vector<std::string> texts = {"",     "a",        "a\n",  "\n",          "\n\n",
                                    "a\nb", "a\n\nb\n", "\r\n", {"a\0b\nc", 5}};
  for (const std::size_t size : {65534, 65535, 65536, 65537, 131070, 131071, 200000})
    for (const char* end : {"", "\n", "\nb", "\n\n"}) texts.push_back(std::string(size, 'x') + end);
  for (const std::string& text : texts) {
    std::istringstream one(text), other(text);
    std::vector<std::string> expected;
    for (std::string line; std::getline(other, line);) expected.push_back(line);
    EXPECT_EQ(lines_of(one), expected) << text.size();
  }
}

TEST(Lines, AreAsLongAsTheyMayBe) {
  for (const std::size_t size : {10, 11}) {
    std::istringstream in("short\n" + std::string(size, 'x') + "\nshort\n");
    LineReader reader(in, "file", 10);
    std::string line;
    ASSERT_TRUE(reader.next(line).ok());
    const auto second = reader.next(line);
    ASSERT_EQ(second.ok(), size == 10);
    if (!second.ok()) {
      EXPECT_EQ(second.error().kind, ErrorKind::kUsage);
      EXPECT_EQ(second.error().message,
                "file:2: the line has more than 10 bytes, the most that one may have");
    }
  }
}

// As /dev/zero has them.
class Zeros : public std::streambuf {
 public:
  std::size_t given = 0;

 protected:
  int_type underflow() override {
    given += sizeof piece_;
    setg(piece_, piece_, piece_ + sizeof piece_);
    return traits_type::to_int_type(piece_[0]);
  }

 private:
  char piece_[4096] = {};
};

TEST(Lines, WithoutAnEndAreNotReadForEver) {
  Zeros zeros;
  std::istream in(&zeros);
  constexpr std::size_t kMost = 1 << 20;
  LineReader reader(in, "/dev/zero", kMost);
  std::string line;
  const auto found = reader.next(line);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().message.find("/dev/zero:1: "), 0u) << found.error().message;
  EXPECT_LT(zeros.given, 2 * kMost);
}

TEST(Lines, ComeInPieces) {
  const std::string text = "first\n\n" + std::string(1000, 'x') + "\nlast";
  for (const std::size_t size : {1, 2, 3, 7, 500, 5000}) {
    LineBuffer buffer;
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size(); at += size) {
      buffer.bytes() += text.substr(at, size);
      for (;;) {
        const auto line = buffer.next();
        ASSERT_TRUE(line.ok());
        if (!line.value()) break;
        out.push_back(*line.value());
      }
    }
    EXPECT_EQ(out, (std::vector<std::string>{"first", "", std::string(1000, 'x')})) << size;
    EXPECT_EQ(buffer.bytes(), "last");
  }
}

TEST(Lines, InPiecesHaveAnEndToo) {
  LineBuffer buffer(10);
  buffer.bytes() = "1234567890\n1234567890";
  EXPECT_EQ(buffer.next().value(), "1234567890");
  ASSERT_TRUE(buffer.next().ok());
  buffer.bytes() += "1";
  EXPECT_FALSE(buffer.next().ok());
}

}  // namespace
}  // namespace jaxsmith
