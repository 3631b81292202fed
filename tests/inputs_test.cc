// Further inputs, of whatever was recorded: numbers at the ends of their types, equal ones, none.
#include "score/inputs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/convert.h"

namespace jaxsmith::tensor {
namespace {

constexpr int kAttempts = 24;
const EvaluationContext& kFree = EvaluationContext::unmetered();
constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min(),
                       kHigh = std::numeric_limits<std::int64_t>::max();

// Calls `see` with what is drawn for one argument, attempt after attempt.
template <class See>
void draw(const Array& recorded, See see) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto drawn = score::draw_inputs({recorded}, Random(5, 7), attempt);
    ASSERT_EQ(drawn.size(), 1u);
    ASSERT_TRUE(drawn[0].same_type(recorded));
    see(drawn[0]);
  }
}

TEST(Inputs, IntegersStayInTheirRangeUpToBothEnds) {
  const std::vector<std::vector<std::int64_t>> ranges = {
      {kLow, 5, kHigh}, {kLow, kHigh}, {kLow, kLow + 1, 0}, {-7, -3, -5}, {0, 1}};
  for (const auto& values : ranges) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    bool moved = false;
    draw(Array::of_ints(kFree, DType::kI64, values), [&](const Array& a) {
      for (const std::int64_t v : a.ints()) EXPECT_TRUE(*low <= v && v <= *high) << v;
      moved |= !std::equal(values.begin(), values.end(), a.ints().begin());
    });
    EXPECT_TRUE(moved);
  }
}

TEST(Inputs, UnsignedOnesToo) {
  const std::vector<std::uint64_t> values = {3, 9, 0x8000000000000005, 0xFFFFFFFFFFFFFFF0};
  std::vector<std::int64_t> bits(values.begin(), values.end());
  draw(Array::of_ints(kFree, DType::kU64, bits), [&](const Array& a) {
    for (const std::int64_t v : a.ints()) {
      EXPECT_GE(static_cast<std::uint64_t>(v), values.front());
      EXPECT_LE(static_cast<std::uint64_t>(v), values.back());
    }
  });
}

TEST(Inputs, EqualOnesKeepTheirSignAndTheirType) {
  for (const DType dtype : {DType::kI4, DType::kI8, DType::kI32, DType::kI64, DType::kU4,
                            DType::kU8, DType::kU32, DType::kU64}) {
    for (const bool lowest : {true, false}) {
      const std::int64_t end = extreme(Array::zeros(kFree, dtype, {}), dtype, lowest).int_at(0);
      for (const std::size_t n : {1u, 4u}) {
        draw(Array::of_ints(kFree, dtype, std::vector<std::int64_t>(n, end)), [&](const Array& a) {
          for (const std::int64_t v : a.ints())
            EXPECT_TRUE(is_unsigned(dtype) || (end < 0 ? v <= 0 : v >= 0)) << jaxpr_name(dtype);
        });
      }
    }
  }
}

TEST(Inputs, NothingIsTooOddToBeDrawnFrom) {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               inf = std::numeric_limits<double>::infinity();
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
    for (const std::vector<double>& values :
         {std::vector{nan, nan, nan, nan}, std::vector{inf, inf, -inf, inf},
          std::vector{1.0, nan, 2.0, 3.0}, std::vector{-inf, 0.0, nan, inf},
          std::vector<double>{}}) {
      const auto n = static_cast<std::int64_t>(values.size());
      for (const Shape& shape : {Shape{n}, Shape{n / 2, 2}, Shape{0, 3, 3}, Shape{2, n / 2}})
        if (element_count(shape) == n)
          draw(Array::from(kFree, tensor_from_doubles(dtype, shape, values)), [](const Array&) {});
    }
    // Many of them with NaNs among sorted ones: an order that is none must not be sorted by.
    std::vector<double> many;
    for (int i = 0; i < 400; ++i) many.push_back(i % 3 ? i : nan);
    draw(Array::from(kFree, tensor_from_doubles(dtype, {400}, many)), [](const Array&) {});
  }
  draw(Array::of_ints(kFree, DType::kBool, std::vector<std::int64_t>(5, 1)), [](const Array& a) {
    for (const std::int64_t v : a.ints()) EXPECT_TRUE(v == 0 || v == 1);
  });
  draw(Array::zeros(kFree, DType::kI32, {0}), [](const Array&) {});
}

TEST(Random, AnyRangeCanBeDrawnFrom) {
  Random random(1, 2);
  bool low = false, high = false;
  for (int i = 0; i < 200; ++i) {
    const std::int64_t v = random.between(kLow, kHigh);
    low |= v < -(1LL << 62);
    high |= v > 1LL << 62;
    EXPECT_EQ(random.between(kHigh, kHigh), kHigh);
    EXPECT_GE(random.between(kLow + 1, kHigh), kLow + 1);
  }
  EXPECT_TRUE(low && high);
}

}  // namespace
}  // namespace jaxsmith::tensor
