// Mathematical functions, element by element.
#include <cmath>

#include "plan/builder.h"

namespace jaxsmith {

std::vector<Op> math_ops() {
  using enum Category;
  using enum Derivative;
  using enum Bounds;
  return {
      unary("exp", kMath, 1.0, kReal, {-12, 5}, [](double x) { return std::exp(x); }, kEnds, kSmooth, {"growth", "exponential"},
            {"jnp.exp($0)", "lax.exp($0)"}),
      unary("log", kMath, 1.0, kReal, {0.05, 1e6}, [](double x) { return std::log(x); }, kEnds, kSmooth, {"log_value"},
            {"jnp.log($0)", "lax.log($0)"}),
      unary("sin", kMath, 1.0, kReal, {-30, 30}, [](double x) { return std::sin(x); }, kUnit, kSmooth, {"wave", "phase"},
            {"jnp.sin($0)", "lax.sin($0)"}),
      unary("cos", kMath, 1.0, kReal, {-30, 30}, [](double x) { return std::cos(x); }, kUnit, kSmooth, {"wave", "cosine"},
            {"jnp.cos($0)", "lax.cos($0)"}),
      unary("tanh", kMath, 1.0, kReal, {-30, 30}, [](double x) { return std::tanh(x); }, kEnds, kSmooth, {"squashed", "activation"},
            {"jnp.tanh($0)", "lax.tanh($0)"}),
      unary("sqrt", kMath, 0.8, kReal, {0.05, 1e6}, [](double x) { return std::sqrt(x); }, kEnds, kSmooth, {"root"},
            {"jnp.sqrt($0)", "lax.sqrt($0)"}),
      unary("square", kMath, 0.8, kReal | kIntegers, {-300, 300}, [](double x) { return x * x; }, kEnds, kSmooth, {"squared", "energy"},
            {"jnp.square($0)", "$0**2"}),
      unary("sigmoid", kMath, 0.8, kReal, {-30, 30}, [](double x) { return 1 / (1 + std::exp(-x)); }, kEnds, kSmooth, {"gate", "prob"},
            {"jax.nn.sigmoid($0)", "lax.logistic($0)"}),
      unary("softplus", kMath, 0.7, kReal, {-30, 1e4}, [](double x) { return std::log1p(std::exp(-std::abs(x))) + std::fmax(x, 0); }, kEnds,
            kSmooth, {"softened"}, {"jax.nn.softplus($0)"}),
      unary("soft_sign", kMath, 0.5, kReal, anywhere(), [](double x) { return x / (1 + std::abs(x)); }, kEnds, kSmooth, {"soft"},
            {"jax.nn.soft_sign($0)"}),
  };
}

}  // namespace jaxsmith
