// Functions of CHLO by their formulas, beside the accurate ones.
#include "tensor/expansions.h"

#include <gtest/gtest.h>

#include <cmath>

namespace jaxsmith::tensor {
namespace {

struct Case {
  const char* name;
  double low, high;
  double worst;  // the error in units in the last place of the result, or of 1 where it is less
};

constexpr Case kCases[] = {
    {"lgamma", -3.8, 20, 60},  {"digamma", 0.1, 20, 30},    {"erf_inv", -0.98, 0.98, 20},
    {"erfc", -5, 9, 40},       {"bessel_i1e", -60, 60, 16}, {"sinh", -9, 9, 12},
    {"cosh", -9, 9, 12},       {"asinh", -20, 20, 6},       {"acosh", 1, 20, 6},
    {"atanh", -0.99, 0.99, 6}, {"tan", -1.5, 1.5, 6},       {"logistic", -20, 20, 6}};

template <class T>
double worst_error(const Case& c, DType dtype) {
  const Unary op = *unary_named(c.name);
  const RealExpansion<T> expansion = expansion_of<T>(op);
  double worst = 0;
  for (int i = 0; expansion && i <= 1000; ++i) {
    const T x = static_cast<T>(c.low + (c.high - c.low) * i / 1000);
    const auto exact = static_cast<double>(
        unary(op, Array::scalar(EvaluationContext::unmetered(), dtype, static_cast<double>(x)))
            .template data<T>()[0]);
    const double error = std::abs(static_cast<double>(expansion(x)) - exact);
    if (std::isfinite(exact)) worst = std::max(worst, error / std::max(std::abs(exact), 1.0));
  }
  return expansion ? worst / std::numeric_limits<T>::epsilon() : 1e300;
}

TEST(Expansions, AreNearTheFunctions) {
  for (const Case& c : kCases) {
    EXPECT_LE(worst_error<double>(c, DType::kF64), c.worst) << c.name;
    EXPECT_LE(worst_error<float>(c, DType::kF32), c.worst) << c.name;
  }
  EXPECT_EQ(expansion_of<float>(Unary::sqrt), nullptr);
}

TEST(Expansions, AtTheEdges) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(std::isnan(expansion_of<double>(Unary::digamma)(-2)));
  EXPECT_TRUE(std::isnan(expansion_of<double>(Unary::acosh)(-2)));
  EXPECT_TRUE(std::isnan(expansion_of<double>(Unary::atanh)(1.5)));
  EXPECT_EQ(expansion_of<double>(Unary::lgamma)(-infinity), infinity);
  EXPECT_EQ(expansion_of<double>(Unary::erf_inv)(-1), -infinity);
  EXPECT_EQ(expansion_of<double>(Unary::erfc)(40), 0);
  EXPECT_EQ(expansion_of<double>(Unary::erfc)(-40), 2);
}

TEST(Arithmetic, IsThatOfTheEvaluation) {
  const auto sinh = [](Arithmetic how) {
    const EvaluationContext context({.arithmetic = how});
    return unary(Unary::sinh, Array::scalar(context, DType::kF32, 9.3)).data<float>()[0];
  };
  EXPECT_EQ(sinh({.stepwise = true}), expansion_of<float>(Unary::sinh)(9.3f));
  EXPECT_NE(sinh({.stepwise = true}), sinh({}));
}

}  // namespace
}  // namespace jaxsmith::tensor
