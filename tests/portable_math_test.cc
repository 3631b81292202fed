// The functions that planning computes with, held against the C library's, and at values where
// plans rely on exactness.
#include "base/portable_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace jaxsmith {
namespace {

struct Case {
  const char* name;
  double (*ours)(double);
  double (*theirs)(double);
  double from, to;
  double tolerance = 4e-15;  // relative, or absolute below 1
};

class PortableMath : public testing::TestWithParam<Case> {};

TEST_P(PortableMath, AgreesWithTheLibrary) {
  const Case& c = GetParam();
  Random random(5, 6);
  double worst = 0, at = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double x = random.uniform(c.from, c.to);
    const double expected = c.theirs(x);
    const double error = std::abs(c.ours(x) - expected) / std::max(1.0, std::abs(expected));
    if (!(error <= worst)) {
      worst = error;
      at = x;
    }
  }
  EXPECT_LE(worst, c.tolerance) << c.name << "(" << at << ")";
}

// Where a function is small its relative error counts too.
TEST_P(PortableMath, AgreesNearZero) {
  const Case& c = GetParam();
  if (c.theirs(0) != 0) return;
  for (double x = 1; x > 1e-300; x *= 0.37) {
    for (double signed_x : {x, -x}) {
      if (signed_x * 0.5 < c.from || signed_x * 0.5 > c.to) continue;
      const double expected = c.theirs(signed_x * 0.5);
      EXPECT_NEAR(c.ours(signed_x * 0.5) / expected, 1, 1e-14) << c.name << "(" << signed_x << ")";
    }
  }
}

constexpr Case kCases[] = {
    {"exp", portable::exp, std::exp, -700, 700},
    {"exp2", portable::exp2, std::exp2, -1000, 1000},
    {"expm1", portable::expm1, std::expm1, -30, 30},
    {"log", portable::log, std::log, 1e-9, 1e9},
    {"log_near_one", portable::log, std::log, 0.5, 2},
    {"log2", portable::log2, std::log2, 1e-9, 10},
    {"log10", portable::log10, std::log10, 1e-9, 1e4},
    {"log1p", portable::log1p, std::log1p, -0.999, 10},
    {"cbrt", portable::cbrt, std::cbrt, -1e3, 1e3},
    {"sin", portable::sin, std::sin, -1e4, 1e4},
    {"cos", portable::cos, std::cos, -1e4, 1e4},
    {"sin_far", portable::sin, std::sin, 1e6, 1e8, 1e-7},
    {"tan", portable::tan, std::tan, -1.5, 1.5, 1e-13},
    {"asin", portable::asin, std::asin, -1, 1},
    {"acos", portable::acos, std::acos, -1, 1},
    {"atan", portable::atan, std::atan, -30, 30},
    {"sinh", portable::sinh, std::sinh, -50, 50, 2e-14},
    {"cosh", portable::cosh, std::cosh, -50, 50, 2e-14},
    {"tanh", portable::tanh, std::tanh, -30, 30},
    {"asinh", portable::asinh, std::asinh, -1e4, 1e4},
    {"acosh", portable::acosh, std::acosh, 1, 1e4},
    {"atanh", portable::atanh, std::atanh, -0.999, 0.999},
    {"erf", portable::erf, std::erf, -6, 6},
    {"erfc", portable::erfc, std::erfc, -6, 20},
    {"lgamma", portable::lgamma, std::lgamma, 0.01, 200, 1e-14},
    {"lgamma_below_zero", portable::lgamma, std::lgamma, -3.9, -3.1, 1e-13},
    {"tgamma", portable::tgamma, std::tgamma, 0.1, 20, 1e-13},
    {"tgamma_below_zero", portable::tgamma, std::tgamma, -3.9, -3.1, 1e-12},
};
INSTANTIATE_TEST_SUITE_P(Functions, PortableMath, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(PortableMathOfTwo, AgreesWithTheLibrary) {
  Random random(7, 8);
  for (int i = 0; i < 20'000; ++i) {
    const double x = random.uniform(0.01, 30);
    const double y = random.uniform(-5, 5);
    EXPECT_NEAR(portable::pow(x, y) / std::pow(x, y), 1, 1e-14) << x << " " << y;
    EXPECT_NEAR(portable::hypot(x, y), std::hypot(x, y), 1e-13);
    EXPECT_NEAR(portable::atan2(x, y), std::atan2(x, y), 2e-15);
    EXPECT_NEAR(portable::atan2(-y, -x), std::atan2(-y, -x), 2e-15);
  }
}

TEST(PortableMath, IsExactWherePlansRelyOnIt) {
  EXPECT_EQ(portable::exp(0), 1);
  EXPECT_EQ(portable::log(1), 0);
  EXPECT_EQ(portable::cos(0), 1);
  EXPECT_EQ(portable::tgamma(6), 120);
  EXPECT_EQ(portable::tanh(40), 1);
  EXPECT_EQ(portable::erf(8), 1);
  EXPECT_EQ(portable::pow(3, 4), 81);
  EXPECT_EQ(portable::pow(-2, 3), -8);
  EXPECT_EQ(portable::pow(2, -2), 0.25);
  EXPECT_EQ(portable::hypot(3, 4), 5);
  EXPECT_EQ(portable::cbrt(27), 3);
  for (int n = -1074; n <= 1023; ++n) {
    EXPECT_EQ(portable::exp2(n), std::ldexp(1, n)) << n;
    EXPECT_EQ(portable::log2(std::ldexp(1, n)), n);
  }
  double power = 1;
  for (int n = 0; n <= 22; ++n, power *= 10) {
    EXPECT_EQ(portable::pow(10, n), power);
    EXPECT_EQ(portable::pow(10, -n), 1 / power);
    EXPECT_EQ(portable::log10(power), n);
    EXPECT_EQ(portable::log10(1 / power), -n);
  }
}

TEST(PortableMath, KnowsItsEdges) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(portable::exp(1000), inf);
  EXPECT_EQ(portable::exp(-inf), 0);
  EXPECT_EQ(portable::log(0), -inf);
  EXPECT_EQ(portable::log(inf), inf);
  EXPECT_TRUE(std::isnan(portable::log(-1)));
  EXPECT_TRUE(std::isnan(portable::sin(inf)));
  EXPECT_TRUE(std::isnan(portable::pow(-1, 0.3)));
  EXPECT_TRUE(std::isnan(portable::asin(2)));
  EXPECT_TRUE(std::isnan(portable::acosh(0.5)));
  EXPECT_EQ(portable::log1p(-1), -inf);
  EXPECT_EQ(portable::atanh(1), inf);
  EXPECT_EQ(portable::atan(inf), std::atan(inf));
  EXPECT_EQ(portable::lgamma(-2), inf);
  EXPECT_EQ(portable::hypot(inf, 1), inf);
  EXPECT_EQ(portable::erfc(40), 0);
}

}  // namespace
}  // namespace jaxsmith
