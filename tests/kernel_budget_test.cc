// What kernels take is what they are charged for, by all of their operands, dimensions and batches,
// and sizes whose product nothing bounds go through none unchecked.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor/contraction.h"
#include "tensor/lapack.h"
#include "tensor/linear_algebra.h"
#include "tensor/movement.h"
#include "tensor/random_bits.h"
#include "tensor/reduction.h"

namespace jaxsmith::tensor {
namespace {

constexpr std::int64_t kHuge = std::int64_t{1} << 40, kLargestDim = std::int64_t{1} << 48;
constexpr Budget kBudget{.steps = 20'000'000, .bytes = 64LL << 20};

using Kind = EvaluationError::Kind;

// Why it ends, or nothing.
std::optional<Kind> why_it_ends(const std::function<void()>& work) {
  try {
    work();
  } catch (const EvaluationError& e) {
    return e.kind;
  }
  return std::nullopt;
}

Array numbers(const EvaluationContext& context, DType dtype, Shape shape,
              const std::function<double(std::int64_t)>& at) {
  Array out = Array::zeros(context, DType::kF64, std::move(shape));
  auto to = out.mutate<double>();
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = at(static_cast<std::int64_t>(i));
  return convert(out, dtype);
}

std::vector<Array> called(
    std::string_view target, const std::vector<Array>& operands, const std::vector<Array>& results,
    const LapackAttribute& attribute = [](std::string_view) { return 0; }) {
  return lapack_call(target, operands, attribute, results).value();
}

std::vector<Array> types_of(const std::vector<Array>& arrays) {
  std::vector<Array> out;
  for (const Array& a : arrays) out.push_back(Array::typed(a.dtype(), a.shape()));
  return out;
}

// ---- Counts

TEST(KernelBudget, ElementsAreCountedOrAreTooMany) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 3, 4}), 24);
  EXPECT_EQ(element_count({kHuge, kHuge, 0}), 0);
  EXPECT_EQ(element_count({0, kHuge, kHuge, kHuge}), 0);
  EXPECT_EQ(element_count({kHuge, kHuge, 3}), std::numeric_limits<std::int64_t>::max());
}

TEST(KernelBudget, NothingHasNoSteps) {
  EXPECT_EQ(row_major_strides({2, 3, 4}), (Ints{12, 4, 1}));
  EXPECT_EQ(row_major_strides({0, kLargestDim, kLargestDim}), (Ints{0, 0, 0}));
}

TEST(KernelBudget, AWalkPassesEveryIndexOnce) {
  const EvaluationContext context({.budget = kBudget});
  std::vector<Ints> found;
  for (IndexWalk at(context, {1, 2, 1, 2, 1}); at; at.next()) found.push_back(at.index());
  const std::vector<Ints> expected = {
      {0, 0, 0, 0, 0}, {0, 0, 0, 1, 0}, {0, 1, 0, 0, 0}, {0, 1, 0, 1, 0}};
  EXPECT_EQ(found, expected);
  const auto offsets = offsets_of(context, {1, 2, 1, 3}, {100, 10, 1000, 1});
  EXPECT_EQ(Ints(offsets.begin(), offsets.end()), (Ints{0, 1, 2, 10, 11, 12}));
}

// ---- What has no elements

TEST(KernelBudget, PartsOfNothingAreNothing) {
  const EvaluationContext context({.budget = kBudget});
  const Array x = Array::zeros(context, DType::kF32, {0, kLargestDim, kLargestDim});
  const Array part = slice(x, {0, 7, kLargestDim - 1}, {0, kLargestDim, kLargestDim}, {1, 2, 1});
  EXPECT_EQ(part.shape(), (Shape{0, kLargestDim / 2 - 3, 1}));
  EXPECT_EQ(reverse(x, {1, 2}).shape(), x.shape());
  const Array zero = Array::zeros(context, DType::kF32, {});
  EXPECT_EQ(pad(x, zero, {0, 5, 0}, {0, -5, 0}, {0, 0, 0}).shape(), x.shape());
  const Array line = Array::zeros(context, DType::kF32, {0, 3});
  EXPECT_EQ(pad(line, zero, {2, 0}, {0, 1}, {0, 0}).size(), 8);
}

TEST(KernelBudget, DimensionsThatAreJoinedDoNotWrap) {
  const EvaluationContext context({.budget = kBudget});
  const std::vector<Array> parts(1 << 16, Array::zeros(context, DType::kF32, {0, kLargestDim}));
  EXPECT_EQ(why_it_ends([&] { concatenate(parts, 1); }), Kind::kInvalid);
}

// A matrix without elements is one of a batch all the same.
TEST(KernelBudget, BatchesOfEmptyMatricesAreCharged) {
  const EvaluationContext context({.budget = kBudget});
  const Array empty = Array::zeros(context, DType::kF32, {kHuge, 0, 0}),
              taus = Array::zeros(context, DType::kF32, {kHuge, 0}),
              info = Array::zeros(context, DType::kI32, {});
  EXPECT_EQ(why_it_ends([&] { cholesky(empty, true); }), Kind::kBudget);
  EXPECT_EQ(why_it_ends([&] { triangular_solve(empty, empty, {}); }), Kind::kBudget);
  EXPECT_EQ(why_it_ends([&] { called("lapack_sgeqrf_ffi", {empty}, types_of({empty, taus})); }),
            Kind::kBudget);
  EXPECT_EQ(why_it_ends([&] { called("lapack_sorgqr_ffi", {empty, taus}, types_of({empty})); }),
            Kind::kBudget);
  const std::vector<Array> system = {taus, taus, taus, empty};
  EXPECT_EQ(why_it_ends([&] {
              called("lapack_sgtsv_ffi", system, types_of({taus, taus, taus, empty, info}));
            }),
            Kind::kBudget);
  const EvaluationContext another({.budget = kBudget});
  EXPECT_EQ(cholesky(Array::zeros(another, DType::kF32, {3, 0, 0}), true).size(), 0);
}

// No features are summed, at however many places.
TEST(KernelBudget, ConvolutionsWithoutFeaturesAreZeros) {
  const EvaluationContext context(
      {.budget = {.steps = 20'000'000, .bytes = 256LL << 20}, .arithmetic = {.stepwise = true}});
  const ConvolutionDims dims{.input_batch = 0,
                             .input_feature = 1,
                             .kernel_input_feature = 1,
                             .kernel_output_feature = 0,
                             .output_batch = 0,
                             .output_feature = 1,
                             .input_spatial = {2},
                             .kernel_spatial = {2},
                             .output_spatial = {2}};
  const Array x = Array::zeros(context, DType::kF32, {3000, 0, 1'000'000}), kernel = x;
  const Array out = convolution(x, kernel, dims, Window::of({1}), 1, 1, DType::kF32);
  EXPECT_EQ(out.shape(), (Shape{3000, 3000, 1}));
  for (const float v : out.data<float>()) ASSERT_EQ(v, 0);
  // 4 features in 2^62 groups are none in 64 bits.
  const Array none = Array::zeros(context, DType::kF32, {0, 4, 1});
  EXPECT_EQ(why_it_ends([&] {
              convolution(Array::zeros(context, DType::kF32, {1, 0, 1}), none, dims,
                          Window::of({1}), std::int64_t{1} << 62, 1, DType::kF32);
            }),
            Kind::kInvalid);
}

// ---- Dimensions

Ints ones(std::size_t n) { return Ints(n, 1); }

// The rank of an ordinary array adds nothing to what an index costs.
TEST(KernelBudget, FewDimensionsCostNothing) {
  const EvaluationContext context({.budget = kBudget});
  for (std::size_t dims = 0; dims <= 8; ++dims) charge_dimensions(context, 1000, dims);
  EXPECT_EQ(context.steps_used(), 0);
  charge_dimensions(context, 1000, 9);
  EXPECT_EQ(context.steps_used(), 1000);
}

// Each index of a batch is looked up along each dimension of the operand, of which there may be
// more than elements.
TEST(KernelBudget, DimensionsOfEachIndexAreCharged) {
  constexpr std::int64_t kDims = 800, kBatch = 20'000, kLeast = kDims * kBatch / 10;
  const EvaluationContext context({.budget = {.bytes = 1LL << 30}});
  const auto steps = [&](const std::function<void()>& work) {
    const std::int64_t before = context.steps_used();
    work();
    return context.steps_used() - before;
  };
  const Array x = Array::zeros(context, DType::kF32, ones(kDims)),
              indices = Array::zeros(context, DType::kI32, {kBatch, 1}),
              updates = Array::zeros(context, DType::kF32, {kBatch});
  Ints all;
  for (std::int64_t d = 0; d < kDims; ++d) all.push_back(d);
  EXPECT_GE(steps([&] {
              GatherDims dims;
              dims.collapsed_slice_dims = all;
              dims.start_index_map = {0};
              dims.index_vector_dim = 1;
              EXPECT_EQ(gather(x, indices, dims, ones(kDims)).size(), kBatch);
            }),
            kLeast);
  EXPECT_GE(steps([&] {
              ScatterDims dims;
              dims.inserted_window_dims = all;
              dims.scatter_dims_to_operand_dims = {0};
              dims.index_vector_dim = 1;
              scatter({&x, 1}, indices, {&updates, 1}, dims, Body::of(Binary::add));
            }),
            kLeast);
  Shape deep = ones(kDims);
  deep[0] = kBatch;
  EXPECT_GE(steps([&] {
              const Array state = Array::of_ints(context, DType::kU64, Ints{1, 2});
              random_bits(RandomAlgorithm::kThreefry, state, DType::kU32, deep);
            }),
            kLeast);
  EXPECT_GE(steps([&] {
              const Array source = Array::zeros(context, DType::kF32, deep);
              const Body ge{[](std::vector<Array> a) {
                              return std::vector<Array>{compare(Direction::kGe, false, a[0], a[1])};
                            },
                            {.pointwise = true}};
              select_and_scatter(source, source, Array::zeros(context, DType::kF32, {}),
                                 Window::of(ones(kDims)), ge, Body::of(Binary::add));
            }),
            kLeast);
}

// ---- Memory

TEST(KernelBudget, BitsAreChargedWhileTheyBecomeBytes) {
  constexpr std::int64_t kSize = 1'000'000;  // 27 bytes each while they are written
  const auto halved = [](std::int64_t bytes) {
    return why_it_ends([&] {
      const EvaluationContext context({.budget = {.bytes = bytes}});
      const Array x = Array::zeros(context, DType::kU8, {kSize});
      EXPECT_EQ(bitcast_convert(x, DType::kU4).shape(), (Shape{kSize, 2}));
    });
  };
  EXPECT_EQ(halved(26 * kSize), Kind::kBudget);
  EXPECT_EQ(halved(28 * kSize), std::nullopt);
}

TEST(KernelBudget, ComplexProductsAreChargedAsWide) {
  constexpr std::int64_t kSize = 256, kElements = kSize * kSize;
  const auto squared = [](std::int64_t bytes) {
    return why_it_ends([&] {
      const EvaluationContext context({.budget = {.bytes = bytes}});
      const Array a = Array::zeros(context, DType::kC64, {kSize, kSize});
      DotDims dims;
      dims.lhs_contracting = {1};
      dims.rhs_contracting = {0};
      dot_general(a, a, dims, DType::kC64);
    });
  };
  // The operand, its two copies and the result, and three matrices of twice the precision.
  EXPECT_EQ(squared(kElements * (4 * 8 + 3 * 16) - 1), Kind::kBudget);
  EXPECT_EQ(squared(kElements * (4 * 8 + 3 * 16)), std::nullopt);
}

// ---- LAPACK

// Reflectors are applied to any number of columns.
TEST(KernelBudget, WhatReflectorsAreAppliedToIsCharged) {
  const auto applied = [](std::int64_t steps, std::int64_t columns) {
    return why_it_ends([&] {
      const EvaluationContext context({.budget = {.steps = steps, .bytes = 256LL << 20}});
      const Array a = Array::zeros(context, DType::kF32, {64, 64}),
                  tau = Array::zeros(context, DType::kF32, {64}),
                  other = Array::zeros(context, DType::kF32, {64, columns});
      called("lapack_sormqr_ffi", {a, tau, other}, types_of({other}),
             [](std::string_view key) { return key == "left"; });
    });
  };
  constexpr std::int64_t kColumns = 20'000;
  EXPECT_EQ(applied(std::int64_t{64} * 64 * kColumns, kColumns), Kind::kBudget);
  EXPECT_EQ(applied(std::int64_t{64} * 64 * kColumns, 64), std::nullopt);
}

// NaN is not zero.
TEST(KernelBudget, NanAsATruthValueIsTrue) {
  const auto& context = EvaluationContext::unmetered();
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64, DType::kC64}) {
    const Array x = convert(numbers(context, DType::kF64, {3},
                                    [](std::int64_t i) {
                                      return i == 0 ? std::numeric_limits<double>::quiet_NaN()
                                                    : static_cast<double>(i) - 1;
                                    }),
                            dtype);
    const Array truth = convert(x, DType::kBool);
    EXPECT_EQ(Ints(truth.ints().begin(), truth.ints().end()), (Ints{1, 0, 1})) << jaxpr_name(dtype);
  }
}

// An element that lies far from its neighbours takes longer than one that is copied with them.
TEST(KernelBudget, TurnedArraysAreChargedByTheElement) {
  constexpr std::int64_t kSide = 300;
  const auto steps = [&](const Ints& permutation) {
    // The fewest for which it does not end.
    for (std::int64_t allowed = 1 << 12;; allowed += 1 << 12) {
      const EvaluationContext context({.budget = {.steps = allowed, .bytes = 64LL << 20}});
      if (!why_it_ends(
              [&] { transpose(Array::zeros(context, DType::kF32, {kSide, kSide}), permutation); }))
        return allowed;
    }
  };
  EXPECT_GT(steps({1, 0}), steps({0, 1}) + 2 * kSide * kSide);
}

TEST(KernelBudget, TurnedArraysAreWhatTheyWere) {
  const auto& context = EvaluationContext::unmetered();
  const Shape shape = {3, 70, 45};
  const Array x =
      numbers(context, DType::kF64, shape, [](std::int64_t i) { return static_cast<double>(i); });
  for (Ints order = {0, 1, 2};;) {
    const Array turned = transpose(x, order);
    const Ints strides = row_major_strides(turned.shape()), own = row_major_strides(shape);
    std::size_t wrong = 0;
    for (std::int64_t i = 0; i < turned.size(); ++i) {
      std::int64_t at = 0;
      for (std::size_t d = 0; d < 3; ++d)
        at += i / strides[d] % turned.shape()[d] * own[static_cast<std::size_t>(order[d])];
      wrong += turned.data<double>()[static_cast<std::size_t>(i)] != static_cast<double>(at);
    }
    EXPECT_EQ(wrong, 0);
    if (!std::next_permutation(order.begin(), order.end())) break;
  }
}

// Neither a matrix with a few long columns nor one with long rows is a square.
TEST(KernelBudget, TallAndWideMatricesAreNoSquares) {
  constexpr std::int64_t kLong = 8'000, kShort = 4;
  const EvaluationContext context({.budget = kBudget});
  const auto element = [](std::int64_t i) { return std::sin(0.7 * static_cast<double>(i)); };
  const auto of = [&](const Shape& shape) { return Array::zeros(context, DType::kF64, shape); };
  const Array tall = numbers(context, DType::kF64, {kLong, kShort}, element),
              wide = numbers(context, DType::kF64, {kShort, kLong}, element), line = of({kShort}),
              square = of({kShort, kShort}), info = Array::zeros(context, DType::kI32, {});
  const auto thin = [](std::string_view) { return 'S'; };
  const std::vector<Array> factored = called("lapack_dgeqrf_ffi", {tall}, types_of({tall, line}));
  const Array q = called("lapack_dorgqr_ffi", factored, types_of({tall}))[0];
  double length = 0;
  for (const double x : q.data<double>()) length += x * x;
  EXPECT_NEAR(length, kShort, 1e-9);
  called("lapack_dgesdd_ffi", {tall}, types_of({tall, line, tall, square, info}), thin);
  called("lapack_dgesdd_ffi", {wide}, types_of({wide, line, square, wide, info}), thin);
  const auto full = [](std::string_view) { return 'A'; };
  const Array huge = Array::typed(DType::kF64, {kLong, kLong});
  EXPECT_EQ(why_it_ends([&] {
              called("lapack_dgesdd_ffi", {tall}, types_of({tall, line, huge, square, info}), full);
            }),
            Kind::kBudget);
}

struct System {
  Array low, high, diagonal, right;
};

// Systems whose pivots are on the diagonal, below it, or by turns on both; LAPACK's form, or JAX's,
// in which the lines are as long as the diagonal.
System system_of(const EvaluationContext& context, std::int64_t count, std::int64_t n,
                 std::int64_t right_sides, bool jax) {
  const std::int64_t line = jax ? n : n - 1;
  const auto wave = [](double rate, double least) {
    return [=](std::int64_t i) { return least + std::sin(rate * static_cast<double>(i)); };
  };
  return {numbers(context, DType::kF64, {count, line}, wave(0.7, 1.2)),
          numbers(context, DType::kF64, {count, line}, wave(1.3, -0.4)),
          numbers(context, DType::kF64, {count, n}, wave(0.31, 0.9)),
          numbers(context, DType::kF64, {count, n, right_sides}, wave(0.11, 0))};
}

Array solved(const System& s) {
  const std::vector<Array> operands = {s.low, s.diagonal, s.high, s.right};
  std::vector<Array> results = types_of(operands);
  results.push_back(Array::typed(DType::kI32, {}));
  return called("lapack_dgtsv_ffi", operands, results)[3];
}

// The largest element of A x - b.
double residual(const System& s, const Array& x, std::int64_t count, std::int64_t n,
                std::int64_t right_sides, bool jax) {
  const auto at = [](const Array& a, std::int64_t i) {
    return a.data<double>()[static_cast<std::size_t>(i)];
  };
  const std::int64_t line = jax ? n : n - 1;
  double out = 0;
  for (std::int64_t b = 0; b < count; ++b)
    for (std::int64_t k = 0; k < n; ++k)
      for (std::int64_t c = 0; c < right_sides; ++c) {
        const auto place = [&](std::int64_t row) { return (b * n + row) * right_sides + c; };
        double sum = at(s.diagonal, b * n + k) * at(x, place(k)) - at(s.right, place(k));
        if (k > 0) sum += at(s.low, b * line + (jax ? k : k - 1)) * at(x, place(k - 1));
        if (k + 1 < n) sum += at(s.high, b * line + k) * at(x, place(k + 1));
        out = std::max(out, std::abs(sum));
      }
  return out;
}

TEST(KernelBudget, TridiagonalSystemsAreSolved) {
  const EvaluationContext context({.budget = {.bytes = 1LL << 30}});
  for (const bool jax : {false, true})
    for (const std::int64_t n : {1, 2, 3, 4, 17})
      for (const std::int64_t right_sides : {1, 3}) {
        const System s = system_of(context, 5, n, right_sides, jax);
        EXPECT_LT(residual(s, solved(s), 5, n, right_sides, jax), 1e-10)
            << n << " " << right_sides << " " << jax;
      }
}

// Three lines, no matrix: neither their length squared nor the batch takes memory or steps.
TEST(KernelBudget, TridiagonalSystemsAreLines) {
  constexpr std::pair<std::int64_t, std::int64_t> kSizes[] = {{1, 20'000}, {20'000, 3}};
  for (const auto& [count, n] : kSizes) {
    const EvaluationContext context({.budget = kBudget});
    const System s = system_of(context, count, n, 1, false);
    EXPECT_LT(residual(s, solved(s), count, n, 1, false), 1e-6);
  }
  const EvaluationContext few({.budget = {.steps = 2'000'000, .bytes = 256LL << 20}});
  const System s = system_of(few, 1, 100, 5000, false);
  EXPECT_EQ(why_it_ends([&] { solved(s); }), Kind::kBudget);
}

// ---- Elements

TEST(KernelBudget, MantissasHaveAnyNumberOfBits) {
  const EvaluationContext context({.budget = kBudget});
  const Array x = numbers(context, DType::kF64, {4}, [](std::int64_t i) {
    return std::ldexp(1 + 1e-9 * static_cast<double>(i), static_cast<int>(i));
  });
  for (const int bits : {52, 1100, std::numeric_limits<int>::max()}) {
    const Array out = reduce_precision(x, 11, bits);
    EXPECT_TRUE(std::ranges::equal(out.data<double>(), x.data<double>())) << bits;
  }
}

}  // namespace
}  // namespace jaxsmith::tensor
