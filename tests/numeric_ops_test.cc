// Arithmetic, mathematical functions and reductions: what the planner believes of them is so.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_reduction.h"
#include "plan/jax/special_kernels.h"
#include "plan/planner.h"
#include "tensor/closeness.h"
#include "tensor/special_functions.h"

namespace jaxsmith::plan {
namespace {

// Values of jax.scipy.special in double precision.
TEST(SpecialKernels, AgreeWithJax) {
  const auto near = [](double found, double expected) {
    EXPECT_NEAR(found, expected, 2e-6 * (1 + std::abs(expected)));
  };
  near(tensor::digamma(0.2), -5.2890399);
  near(tensor::digamma(3.7), 1.16715354);
  near(tensor::digamma(40), 3.67632737);
  near(trigamma(0.3), 12.2453645);
  near(trigamma(5.5), 0.199342387);
  near(tensor::erf_inverse(-0.95), -1.38590382);
  near(tensor::erf_inverse(0.02), 0.017726395);
  near(normal_quantile(0.03), -1.88079361);
  near(normal_cdf(-3), 0.00134989803);
  near(log_normal_cdf(-2), -3.78318433);
  EXPECT_NEAR(log_normal_cdf(-12), -75.410673, 1e-3);
  near(spence(0.1), 1.29971472);
  near(spence(0.95), 0.0506392925);
  near(exponential_integral(0.1), 1.82292396);
  near(exponential_integral(1.1), 0.185990905);
  near(bessel_i(0, -2.5), 3.28983914);
  near(bessel_i(1, -2.5), -2.51671625);
  near(bessel_i(1, 5), 24.3356421);
  EXPECT_NEAR(tensor::hurwitz_zeta(1.3, 0.5), 5.7496454, 1e-3);
  near(tensor::hurwitz_zeta(2, 1), 1.64493407);
  near(tensor::gamma_p(2.5, 3), 0.693781082);
  near(tensor::gamma_p(10, 15), 0.930146339);
  EXPECT_NEAR(tensor::incomplete_beta(1.5, 2, 0.3), 0.336849373, 1e-4);
  near(tensor::incomplete_beta(4, 5, 0.9), 0.99956835);
  near(dawson(-2), -0.301340389);
}

Settings settings_for(DType real, DType integer) {
  Settings s;
  s.catalogue = &jax_catalogue();
  s.mix.assign(s.catalogue->categories().size(), 0);
  s.dtypes = {DType::kF32, DType::kF16, DType::kBF16, DType::kI32, DType::kI8,
              DType::kU8,  DType::kU32, DType::kBool, DType::kC64};
  s.real = real;
  s.integer = integer;
  s.sizes = {4, 6, 9};
  return s;
}

Builder::Parameter parameter(Random& random, DType dtype, Shape shape, double lo, double hi,
                             std::uint32_t bit) {
  Builder::Parameter p;
  p.type = {dtype, std::move(shape)};
  p.stats = dtype == DType::kBool ? boolean_stats(random, 0.5)
                                  : uniform_stats(random, lo, hi, tensor::is_integer(dtype));
  p.arguments = p.sure = bit;
  p.grad_arguments = tensor::is_inexact(dtype) ? bit : 0;
  return p;
}

// A body over values of every kind; `fill` gets the builder and says when it has seen what it wants
// to.
void with_builder(std::uint64_t seed, DType real, DType integer,
                  const std::function<void(Builder&, const std::vector<ValueId>&)>& use) {
  Program program;
  const Settings settings = settings_for(real, integer);
  Random random(seed, 0);
  Builder b(program, settings, random.fork("builder"));
  Builder::BodySpec spec;
  spec.placement = Placement::kEntry;
  spec.parameters = {parameter(random, real, {6, 4}, seed % 2 ? -2 : 0.1, 2, 1),
                     parameter(random, real, {4}, 0.5, 3, 2),
                     parameter(random, integer, {6}, 0, 50, 4),
                     parameter(random, DType::kBool, {6, 4}, 0, 1, 8),
                     parameter(random, DType::kC64, {6}, 0, 2, 16),
                     parameter(random, DType::kF32, {9}, -3, 3, 32),
                     parameter(random, integer, {6, 4}, 0, 20, 64)};
  (void)b.body(spec, [&](const std::vector<ValueId>& parameters) {
    use(b, parameters);
    return false;
  });
}

// What is written step by step says ranges that hold in practice.
bool numeric(const Op& op) {
  if (op.has(kWritten)) return false;
  return op.category == kArithmetic || op.category == kMath || op.category == kReduction;
}

TEST(SpecialKernels, EndWhereTheirTermsOverflow) {
  EXPECT_EQ(tensor::gamma_p_derivative(1e308, 400), 0);
  EXPECT_TRUE(std::isfinite(tensor::gamma_p_derivative(1e-300, 499)));
}

TEST(NumericOps, EveryEntryIsDrawnAndGivesSoundStatistics) {
  std::set<std::string> drawn;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const DType integer = seed % 3 ? DType::kI32 : seed % 2 ? DType::kU8 : DType::kI8;
    with_builder(
        seed, seed % 4 == 3 ? DType::kF16 : DType::kF32, integer,
        [&](Builder& b, const std::vector<ValueId>&) {
          for (const Op& op : jax_catalogue().ops()) {
            const auto values = static_cast<ValueId>(b.program().values.size());
            if (!numeric(op) || !b.draw_op(op)) continue;
            drawn.insert(op.name);
            for (ValueId id = values; id < static_cast<ValueId>(b.program().values.size()); ++id) {
              const Value& v = b[id];
              if (!v.literal.empty()) continue;
              EXPECT_LE(v.stats.lo, v.stats.hi) << op.name;
              // Typical elements are rounded to the type, bounds are not.
              for (double p : v.stats.probe) {
                const double slack = (1e-6 + tensor::epsilon(v.type.dtype)) * (1 + std::abs(p));
                EXPECT_TRUE(p >= v.stats.lo - slack && p <= v.stats.hi + slack)
                    << op.name << ": " << p << " outside [" << v.stats.lo << ", " << v.stats.hi
                    << "]";
              }
            }
          }
        });
  }
  for (const Op& op : jax_catalogue().ops()) {
    if (numeric(op) && op.weight > 0) {
      EXPECT_TRUE(drawn.contains(op.name)) << op.name << " is never drawn";
    }
  }
}

TEST(NumericOps, NothingIsPutInBinsTwiceAndWhatWasJoinedIsNotSplitAgain) {
  constexpr std::uint64_t kSeeds = 60;
  constexpr int kTries = 12;
  const auto named = [](std::string_view name) -> const Op& { return jax_catalogue().named(name); };
  const std::vector<std::pair<std::string, std::vector<std::string>>> detours = {
      {"binning", {"binning", "insertion_search"}}, {"split", {"concatenate", "stack"}}};
  for (const auto& [after, makers] : detours) {
    int made = 0, drawn = 0;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed)
      with_builder(seed, DType::kF32, DType::kI32, [&](Builder& b, const std::vector<ValueId>&) {
        std::set<ValueId> others;  // what a maker has given
        for (const std::string& maker : makers) {
          if (!b.draw_op(named(maker))) continue;
          const auto& results = b.body_of(b.current()).nodes.back().results;
          others.insert(results.begin(), results.end());
        }
        made += others.empty() ? 0 : 1;
        for (int tries = 0; tries < kTries; ++tries) {
          if (!b.draw_op(named(after))) continue;
          ++drawn;
          const Node& node = b.body_of(b.current()).nodes.back();
          EXPECT_FALSE(others.contains(node.operands[0])) << after << ", seed " << seed;
          if (std::ranges::find(makers, after) != makers.end())
            others.insert(node.results.begin(), node.results.end());
        }
      });
    EXPECT_GT(made, kSeeds / 2) << after;
    EXPECT_GT(drawn, kSeeds) << after;
  }
}

TEST(NumericOps, BoundsOfBitOperationsHoldForAllPairs) {
  const std::pair<double, double> ranges[] = {{0, 10}, {-7, 5}, {-20, -3}, {3, 33}};
  const std::pair<const char*, int (*)(int, int)> ops[] = {
      {"bitwise_and", [](int x, int y) { return x & y; }},
      {"bitwise_or", [](int x, int y) { return x | y; }},
      {"bitwise_xor", [](int x, int y) { return x ^ y; }}};
  for (const auto& [xlo, xhi] : ranges) {
    for (const auto& [ylo, yhi] : ranges) {
      Program program;
      const Settings settings = settings_for(DType::kF32, DType::kI32);
      Random random(1, 1);
      Builder b(program, settings, random);
      Builder::BodySpec spec;
      spec.parameters = {parameter(random, DType::kI32, {8}, xlo, xhi, 1),
                         parameter(random, DType::kI32, {8}, ylo, yhi, 2)};
      (void)b.body(spec, [&](const std::vector<ValueId>& p) {
        for (const auto& [name, kernel] : ops) {
          const auto out = b.apply(name, {p[0], p[1]});
          if (!out) continue;
          for (int x = static_cast<int>(xlo); x <= xhi; ++x) {
            for (int y = static_cast<int>(ylo); y <= yhi; ++y) {
              EXPECT_GE(kernel(x, y), b[*out].stats.lo) << name << " " << x << " " << y;
              EXPECT_LE(kernel(x, y), b[*out].stats.hi) << name << " " << x << " " << y;
            }
          }
        }
        return false;
      });
    }
  }
}

TEST(NumericOps, WhatIsRepeatedDoesNotVary) {
  with_builder(1, DType::kF32, DType::kI32, [](Builder& b, const std::vector<ValueId>& p) {
    const auto wide = b.apply("broadcast_to", {p[1]}, {{"shape", {6, 4}}});
    ASSERT_TRUE(wide);
    EXPECT_FALSE(varies_along(b, *wide, {0}));
    EXPECT_TRUE(varies_along(b, *wide, {1}));
    const auto bent = b.apply("tanh", {*wide});
    ASSERT_TRUE(bent);
    EXPECT_FALSE(varies_along(b, *bent, {0}));
    const auto mixed = b.apply("add", {*bent, p[0]});
    ASSERT_TRUE(mixed);
    EXPECT_TRUE(varies_along(b, *mixed, {0}));
  });
}

TEST(NumericOps, NothingIsAddedAndTakenBack) {
  with_builder(5, DType::kF32, DType::kI32, [](Builder& b, const std::vector<ValueId>& p) {
    const auto less = b.apply("subtract", {p[0], p[1]});
    ASSERT_TRUE(less);
    EXPECT_FALSE(b.apply("add", {*less, p[1]}));
    EXPECT_FALSE(b.apply("add", {p[1], *less}));
    EXPECT_FALSE(b.apply("subtract", {p[0], *less}));
    EXPECT_TRUE(b.apply("add", {*less, p[0]}));
    EXPECT_TRUE(b.apply("subtract", {*less, p[1]}));
  });
}

TEST(NumericOps, AxesOfReductions) {
  const auto all = reduced_axes({2, 3, 4}, {});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->shape, Shape{});
  EXPECT_EQ(all->count, 24);
  const auto kept = reduced_axes({2, 3, 4}, {{"axis", {-1, 0}}, {"keepdims", {1}}});
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->shape, (Shape{1, 3, 1}));
  EXPECT_EQ(kept->axes, (std::vector<std::int64_t>{0, 2}));
  EXPECT_FALSE(reduced_axes({1, 5}, {{"axis", {0}}}));
}

// Sums of small integers take the type that JAX gives them, by whether 64 bits are there.
TEST(NumericOps, SumsOfSmallIntegersGrow) {
  with_builder(2, DType::kF32, DType::kU8, [](Builder& b, const std::vector<ValueId>& p) {
    const auto total = b.apply("sum", {p[2]});
    ASSERT_TRUE(total);
    EXPECT_EQ(b[*total].type.dtype, DType::kU32);
  });
  with_builder(3, DType::kF32, DType::kI8, [](Builder& b, const std::vector<ValueId>& p) {
    const auto total = b.apply("sum", {p[2]});
    ASSERT_TRUE(total);
    EXPECT_EQ(b[*total].type.dtype, DType::kI32);
  });
}

}  // namespace
}  // namespace jaxsmith::plan
