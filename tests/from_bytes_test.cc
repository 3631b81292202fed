// Arrays out of what files say of them: only those whose bytes are those of their shapes.
#include "tensor/from_bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace jaxsmith::tensor {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

TEST(TensorFromBytes, TakesWhatFits) {
  const auto found = tensor_from_bytes("f32", {2, 3}, std::string(24, 'x'));
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found.value(), (Tensor{DType::kF32, {2, 3}, std::string(24, 'x')}));
  EXPECT_TRUE(tensor_from_bytes("bool", {}, std::string(1, '\1')).ok());
  EXPECT_TRUE(tensor_from_bytes("c128", {0, 5}, "").ok());
  EXPECT_TRUE(tensor_from_bytes(DType::kI4, {2}, "\x0f\x07").ok());
}

struct Wrong {
  std::string dtype;
  Shape shape;
  std::string bytes, says;
};

TEST(TensorFromBytes, NamesWhatDoesNot) {
  const std::string four(4, '\0');
  const Wrong all[] = {
      {"f31", {}, four, "there is no dtype 'f31'"},
      {"f\n3", {}, four, "there is no dtype 'f\\n3'"},
      {"f32", {2}, four, "it has 4 bytes of data; f32[2] has 8"},
      {"f32", {}, four + four, "it has 8 bytes"},
      {"f32", {0}, four, "it has 4 bytes"},
      {"f32", {1}, "", "it has 0 bytes"},
      {"f32", {-1}, four, "negative size"},
      {"f32", {-1, -1}, four, "negative size"},
      {"f32", {kHuge, 4}, four, "more elements than there can be"},
      {"f32",
       {std::int64_t{1} << 32, std::int64_t{1} << 32},
       "",
       "more elements than there can be"},
      {"f32", {(std::int64_t{1} << 61) + 1, 2}, four + four, "more elements than there can be"},
      {"f32", {kHuge, 0}, "", "2^48"},
      {"f32", Shape(2000, 1), four, "more than 1024 dimensions"},
      {"i4", {2}, std::string("\x0f\x10", 2), "element 1 is 16, which is no i4"},
  };
  for (const Wrong& w : all) {
    const auto found = tensor_from_bytes(w.dtype, w.shape, w.bytes);
    ASSERT_FALSE(found.ok()) << w.says;
    EXPECT_NE(found.error().message.find(w.says), std::string::npos) << found.error().message;
    EXPECT_EQ(found.error().message.find('\n'), std::string::npos);
    EXPECT_LT(found.error().message.size(), 400u);
  }
}

}  // namespace
}  // namespace jaxsmith::tensor
