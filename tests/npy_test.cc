// .npy files as NumPy writes them, and files that only begin like one.
#include "tensor/npy.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tensor/array.h"

namespace jaxsmith::tensor {
namespace {

class Npy : public testing::Test {
 protected:
  void SetUp() override {
    // Tests run side by side.
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "jaxsmith-" + test->name() + ".npy";
  }
  void TearDown() override { std::filesystem::remove(path_); }

  Result<Tensor> read(const std::string& bytes, std::optional<DType> expected = std::nullopt) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return read_npy(path_, expected);
  }
  std::string why_not(const std::string& bytes) {
    const auto out = read(bytes);
    return out.ok() ? "" : out.error().message;
  }

  std::string path_;
};

std::string header(const std::string& shape, const std::string& descr = "'<f4'",
                   const std::string& order = "False", int version = 1) {
  const std::string text =
      "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  std::string out = "\x93NUMPY";
  out += static_cast<char>(version);
  out += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    out += static_cast<char>(text.size() >> (8 * i) & 0xFF);
  return out + text;
}

const std::string kSix = "abcdefghijklmnopqrstuvwx";  // six numbers of four bytes

TEST_F(Npy, EveryVersionAndOrderIsRead) {
  for (const int version : {1, 2, 3}) {
    const auto found = read(header("(2, 3)", "'<f4'", "False", version) + kSix);
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found.value(), (Tensor{DType::kF32, {2, 3}, kSix}));
  }
  const auto columns = read(header("(2, 3)", "'<i4'", "True") + kSix);
  ASSERT_TRUE(columns.ok());
  EXPECT_EQ(columns.value().bytes, "abcdijklqrstefghmnopuvwx");
  EXPECT_EQ(read(header("()", "'<f8'") + "abcdefgh").value().shape, Shape());
  EXPECT_EQ(read(header("(0, 4398046511103, 4398046511103)")).value().bytes, "");
  EXPECT_EQ(read(header("(3,)", "'|V2'") + "abcdef", DType::kBF16).value().dtype, DType::kBF16);
}

TEST_F(Npy, BytesOfNoTypeAreOnlyWhatNumpyCannotName) {
  const auto void4 = read(header("(2, 3)", "'|V4'") + kSix, DType::kF32);
  ASSERT_FALSE(void4.ok());
  EXPECT_NE(void4.error().message.find("4 bytes of no type, not float32"), std::string::npos)
      << void4.error().message;
  EXPECT_FALSE(read(header("(3,)", "'|V2'") + "abcdef", DType::kF16).ok());
  EXPECT_FALSE(read(header("(3,)", "'|V2'") + "abcdef").ok());
  EXPECT_TRUE(read(header("(3,)", "'|V1'") + std::string("\1\2\3"), DType::kI4).ok());
}

TEST_F(Npy, WrittenOnesAreReadAgain) {
  for (const Shape& shape : {Shape{}, Shape{6}, Shape{3, 2}, Shape{0, 5}}) {
    const Tensor t{DType::kF32, shape,
                   kSix.substr(0, 4 * static_cast<std::size_t>(element_count(shape)))};
    EXPECT_EQ(read(npy_bytes(t)).value(), t);
  }
}

// The product of the sizes may be what the data has only because it is too large for 64 bits.
TEST_F(Npy, SizesThatAreTooManyAreRefused) {
  EXPECT_NE(why_not(header("(1099511627776, 1099511627776)")), "");
  EXPECT_NE(why_not(header("(1099511627776, 16777216, 4)")), "");
  EXPECT_NE(why_not(header("(4294967296, 4294967296)")), "");
  EXPECT_NE(why_not(header("(4611686018427387905, 4)", "'|i1'") + "abcd"), "");
  EXPECT_NE(why_not(header("(1099511627776,)") + kSix), "");  // less is there
  EXPECT_NE(why_not(header("(-2, -3)") + kSix), "");
  EXPECT_NE(why_not(header("(4611686018427387904, 4611686018427387904, 0)")), "");
  EXPECT_NE(why_not(header("(99999999999999999999,)") + kSix), "");
}

// Nothing goes by a shape that no array has; dimensions of one element cost nothing.
TEST_F(Npy, ColumnsOfAnyShapeAreReadOrRefused) {
  const auto columns = [](const std::string& shape) { return header(shape, "'<f4'", "True", 2); };
  EXPECT_NE(why_not(columns("(4611686018427387904, 4, 0)")).find("a dimension is over 2^48"),
            std::string::npos);
  std::string ones;
  for (int i = 0; i < 1022; ++i) ones += " 1,";
  const auto deep = read(columns("(2," + ones + " 3)") + kSix);
  ASSERT_TRUE(deep.ok()) << deep.error().message;
  EXPECT_EQ(deep.value().shape.size(), 1024u);
  EXPECT_EQ(deep.value().bytes, "abcdijklqrstefghmnopuvwx");
  // Refused before an element goes along a dimension.
  std::string deeper = "(100000";
  for (int i = 0; i < 300'000; ++i) deeper += ", 1";
  EXPECT_NE(why_not(columns(deeper + ")") + std::string(400'000, 'x')).find("1024 dimensions"),
            std::string::npos);
}

// Bits above those of a narrow integer are its sign or nothing.
TEST_F(Npy, NarrowIntegersAreWithinTheirTypes) {
  const auto why_not_narrow = [&](DType dtype, const std::string& bytes) {
    const auto out = read(header("(2,)", "'|V1'") + bytes, dtype);
    return out.ok() ? "" : out.error().message;
  };
  for (const std::string bytes : {"\x0f\x07", "\xff\xf8", "\x01\x08"}) {
    EXPECT_EQ(why_not_narrow(DType::kI4, bytes), "");
  }
  EXPECT_NE(why_not_narrow(DType::kI4, "\x01\x10").find("element 1 is 16, which is no i4"),
            std::string::npos);
  EXPECT_NE(why_not_narrow(DType::kI2, "\xf0\x01").find("element 0 is -16, which is no i2"),
            std::string::npos);
  EXPECT_NE(why_not_narrow(DType::kU4, "\x01\xff").find("element 1 is 255, which is no u4"),
            std::string::npos);
  EXPECT_NE(why_not_narrow(DType::kU2, "\x04\x01").find("element 0 is 4, which is no u2"),
            std::string::npos);
}

TEST_F(Npy, BoolsAreTrueWhereTheyAreNotZero) {
  const auto found = read(header("(4,)", "'|b1'") + std::string("\x00\x01\x02\xff", 4));
  ASSERT_TRUE(found.ok()) << found.error().message;
  const Array array = Array::from(EvaluationContext::unmetered(), found.value());
  EXPECT_EQ(Ints(array.ints().begin(), array.ints().end()), (Ints{0, 1, 1, 1}));
}

TEST_F(Npy, WhatIsNoArrayOfNumbersIsRefused) {
  const std::string good = header("(2, 3)") + kSix;
  for (std::size_t n = 0; n < good.size(); ++n)
    EXPECT_NE(why_not(good.substr(0, n)), "") << n << " bytes of " << good.size();
  EXPECT_NE(why_not(good + "y").find("more than"), std::string::npos);
  EXPECT_NE(why_not(header("(6,)", "'>f4'") + kSix).find("big-endian"), std::string::npos);
  EXPECT_NE(why_not(header("(3,)", "'|O'") + kSix).find("Python objects"), std::string::npos);
  EXPECT_NE(why_not(header("(6,)", "[('a', '<f4')]") + kSix).find("records"), std::string::npos);
  EXPECT_NE(why_not(header("(6,)", "'<U1'") + kSix).find("not known"), std::string::npos);
  EXPECT_NE(why_not(header("(6,)", "'<f4'", "False", 4) + kSix).find("version"), std::string::npos);
  EXPECT_NE(why_not("\x93NUMPY\x02" + std::string(1, '\0') + "\xff\xff\xff\xff{"), "");
  EXPECT_NE(why_not("PAR1"), "");
  EXPECT_FALSE(read_npy(path_ + "/missing").ok());
  EXPECT_FALSE(read_npy(testing::TempDir()).ok());
}

}  // namespace
}  // namespace jaxsmith::tensor
