// Mathematical functions, element by element: exponentials, logarithms, powers, circular and
// hyperbolic functions. Activations, special functions and functions of whole arrays have files of
// their own.
#include "plan/jax/ops_math.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using enum Bounds;

constexpr double kPi = std::numbers::pi;

// exp, log and their relatives.
std::vector<Op> exponential_ops() {
  const Interval positive = {0.05, 1e6};
  return {
      also_of_integers(
          real_function("exp", 1.0, {-12, 5}, [](double x) { return portable::exp(x); },
                        {"growth", "exponential"}, {"jnp.exp($0)", "lax.exp($0)"}),
          {-12, 5}),
      real_function("exp2", 0.3, {-12, 7}, [](double x) { return portable::exp2(x); },
                    {"doubled", "growth"}, {"jnp.exp2($0)", "lax.exp2($0)"}),
      real_function("expm1", 0.4, {-12, 5}, [](double x) { return portable::expm1(x); },
                    {"growth", "excess"}, {"jnp.expm1($0)", "lax.expm1($0)"}),
      also_of_integers(
          real_function("log", 1.0, positive, [](double x) { return portable::log(x); },
                        {"log_value"}, {"jnp.log($0)", "lax.log($0)"}),
          {1, 1e6}),
      also_of_integers(
          real_function("log2", 0.3, positive, [](double x) { return portable::log2(x); },
                        {"bits", "octaves"}, {"jnp.log2($0)"}),
          {1, 1e6}),
      real_function("log10", 0.3, positive, [](double x) { return portable::log10(x); },
                    {"decades", "decibels"}, {"jnp.log10($0)"}),
      also_of_integers(
          real_function("log1p", 0.6, {-0.9, 1e6}, [](double x) { return portable::log1p(x); },
                        {"log_value", "compressed"}, {"jnp.log1p($0)", "lax.log1p($0)"}),
          {0, 1e6}),
  };
}

std::vector<Op> power_ops() {
  return {
      also_of_integers(
          real_function("sqrt", 0.8, {0.05, 1e6}, [](double x) { return std::sqrt(x); }, {"root"},
                        {"jnp.sqrt($0)", "lax.sqrt($0)"}),
          {1, 1e6}),
      real_function("rsqrt", 0.5, {0.05, 1e6}, [](double x) { return 1 / std::sqrt(x); },
                    {"inverse_root", "precision"}, {"lax.rsqrt($0)", "1.0 / jnp.sqrt($0)"}),
      real_function("cbrt", 0.35, {0.05, 1e6}, [](double x) { return portable::cbrt(x); },
                    {"cube_root"}, {"jnp.cbrt($0)", "lax.cbrt($0)"}),
      unary("square", kMath, 0.8, kReal | kIntegers, {-300, 300}, [](double x) { return x * x; },
            kEnds, kSmooth, {"squared", "energy"}, {"jnp.square($0)", "$0**2", "lax.square($0)"}),
      real_function("cube", 0.4, {-40, 40}, [](double x) { return x * x * x; }, {"cubed"},
                    {"$0**3", "lax.integer_pow($0, 3)", "jnp.power($0, 3)"}),
      real_function("fourth_power", 0.15, {-15, 15}, [](double x) { return x * x * x * x; },
                    {"quartic"}, {"$0**4", "lax.integer_pow($0, 4)"}),
      real_function("three_halves", 0.2, {0.05, 400}, [](double x) { return x * std::sqrt(x); },
                    {"powered"}, {"$0**1.5", "jnp.power($0, 1.5)"}),
      real_function("inverse_square", 0.2, {0.15, 1e4}, [](double x) { return 1 / (x * x); },
                    {"falloff", "inverse_square"},
                    {"$0**-2", "1.0 / jnp.square($0)", "jnp.power($0, -2)"}),
      real_function("root_power", 0.15, {0.05, 1e4},
                    [](double x) { return portable::pow(x, 0.25); }, {"powered", "softened"},
                    {"$0**0.25", "jnp.power($0, 0.25)", "jnp.float_power($0, 0.25)"}),
      with_traits(kInOrder, pairwise("power", kMath, 0.5, kReal, {0.05, 30}, {-2.5, 3},
                                     [](double x, double y) { return portable::pow(x, y); }, 0.25,
                                     kSmooth, {"powered", "gamma_corrected"},
                                     {"$0**$1", "jnp.power($0, $1)", "lax.pow($0, $1)"})),
      pairwise("logaddexp", kMath, 0.45, kReal, {-1e3, 1e3}, {-1e3, 1e3},
               [](double x, double y) {
                 return std::max(x, y) + portable::log1p(portable::exp(-std::abs(x - y)));
               },
               0.15, kSmooth, {"log_sum", "smooth_max"}, {"jnp.logaddexp($0, $1)"}),
      pairwise("logaddexp2", kMath, 0.12, kReal, {-1e3, 1e3}, {-1e3, 1e3},
               [](double x, double y) {
                 return std::max(x, y) + portable::log2(1 + portable::exp2(-std::abs(x - y)));
               },
               0.1, kSmooth, {"log_sum"}, {"jnp.logaddexp2($0, $1)"}),
      pairwise("hypot", kMath, 0.4, kReal, {-300, 300}, {0.05, 300},
               [](double x, double y) { return portable::hypot(x, y); }, 0.3, kSmooth,
               {"distance", "radius"}, {"jnp.hypot($0, $1)"}),
  };
}

// Many turns away from zero half precision no longer tells where on the circle a value is.
bool few_turns(Builder& b, Draft& draft) {
  const Value& x = b[draft.operands[0]];
  if (!half_precision(x.type.dtype)) return true;
  const Interval reach = practical(x.stats);
  return std::max(std::abs(reach.lo), std::abs(reach.hi)) < (x.type.dtype == DType::kBF16 ? 5 : 20);
}

std::vector<Op> circular_ops() {
  const Interval wide = {-30, 30}, open_unit = {-0.97, 0.97};
  return {
      refined(also_of_integers(
                  unary("sin", kMath, 1.0, kReal, wide, [](double x) { return portable::sin(x); },
                        kUnit, kSmooth, {"wave", "phase", "sine"}, {"jnp.sin($0)", "lax.sin($0)"}),
                  wide),
              few_turns),
      refined(also_of_integers(
                  unary("cos", kMath, 1.0, kReal, wide, [](double x) { return portable::cos(x); },
                        kUnit, kSmooth, {"wave", "cosine"}, {"jnp.cos($0)", "lax.cos($0)"}),
                  wide),
              few_turns),
      real_function("tan", 0.35, {-1.3, 1.3}, [](double x) { return portable::tan(x); },
                    {"slope", "tangent_of"}, {"jnp.tan($0)", "lax.tan($0)"}),
      real_function("arcsin", 0.35, open_unit, [](double x) { return portable::asin(x); },
                    {"angle"}, {"jnp.arcsin($0)", "lax.asin($0)", "jnp.asin($0)"}),
      real_function("arccos", 0.35, open_unit, [](double x) { return portable::acos(x); },
                    {"angle"}, {"jnp.arccos($0)", "lax.acos($0)", "jnp.acos($0)"}),
      real_function("arctan", 0.5, {-1e4, 1e4}, [](double x) { return portable::atan(x); },
                    {"angle", "bent"}, {"jnp.arctan($0)", "lax.atan($0)", "jnp.atan($0)"}),
      with_traits(
          kInReverse,
          refined(pairwise("arctan2", kMath, 0.45, kReal, {-1e4, 1e4}, {0.05, 1e4},
                           [](double x, double y) { return portable::atan2(x, y); }, 0.25, kSmooth,
                           {"angle", "bearing", "heading"},
                           {"jnp.arctan2($0, $1)", "lax.atan2($0, $1)", "jnp.atan2($0, $1)"}),
                  [](Builder& b, Draft& draft) { return b[draft.operands[0]].literal.empty(); })),
      unary("sinc", kMath, 0.3, kReal, {-9, 9},
            [](double x) { return x == 0 ? 1.0 : portable::sin(kPi * x) / (kPi * x); }, kUnit,
            kSmooth, {"ripple"}, {"jnp.sinc($0)"}),
      real_function("radians", 0.2, {-1e4, 1e4}, [](double x) { return x * kPi / 180; }, {"angle"},
                    {"jnp.deg2rad($0)", "jnp.radians($0)"}),
      real_function("degrees", 0.15, {-30, 30}, [](double x) { return x * 180 / kPi; },
                    {"degrees_of"}, {"jnp.rad2deg($0)", "jnp.degrees($0)"}),
  };
}

std::vector<Op> hyperbolic_ops() {
  return {
      real_function("tanh", 1.0, {-30, 30}, [](double x) { return portable::tanh(x); },
                    {"squashed", "activation"}, {"jnp.tanh($0)", "lax.tanh($0)"}),
      real_function("sinh", 0.35, {-5, 5}, [](double x) { return portable::sinh(x); },
                    {"stretched"}, {"jnp.sinh($0)", "lax.sinh($0)"}),
      real_function("cosh", 0.35, {-5, 5}, [](double x) { return portable::cosh(x); }, {"catenary"},
                    {"jnp.cosh($0)", "lax.cosh($0)"}),
      real_function("arcsinh", 0.4, {-1e4, 1e4}, [](double x) { return portable::asinh(x); },
                    {"compressed"}, {"jnp.arcsinh($0)", "lax.asinh($0)", "jnp.asinh($0)"}),
      real_function("arccosh", 0.3, {1.05, 1e4}, [](double x) { return portable::acosh(x); },
                    {"distance"}, {"jnp.arccosh($0)", "lax.acosh($0)", "jnp.acosh($0)"}),
      real_function("arctanh", 0.35, {-0.95, 0.95}, [](double x) { return portable::atanh(x); },
                    {"unsquashed"}, {"jnp.arctanh($0)", "lax.atanh($0)", "jnp.atanh($0)"}),
  };
}

}  // namespace

Op real_function(std::string name, double weight, Interval domain, Kernel1 kernel,
                 std::vector<std::string> hints, std::vector<std::string> spellings,
                 std::vector<double> turning) {
  Op op = unary(std::move(name), kMath, weight, kReal, domain, kernel, kEnds, kSmooth,
                std::move(hints), std::move(spellings));
  return turning.empty() ? op : with_turning_points(std::move(op), kernel, std::move(turning));
}

std::vector<Op> math_ops() {
  std::vector<Op> out = exponential_ops();
  for (auto& part : {power_ops(), circular_ops(), hyperbolic_ops(), activation_ops(),
                     special_math_ops(), array_math_ops()}) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

}  // namespace jaxsmith::plan
