// Special functions: error functions, gamma and its relatives, Bessel functions, entropies.
#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_math.h"
#include "plan/jax/special_kernels.h"
#include "tensor/special_functions.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

// Both ways in which people reach jax.scipy.special.
std::vector<std::string> special(const std::string& call) {
  return {"jax.scipy.special." + call, "special." + call};
}

std::vector<std::string> with(std::vector<std::string> spellings, std::vector<std::string> more) {
  spellings.insert(spellings.end(), more.begin(), more.end());
  return spellings;
}

// JAX has these in single and double precision only.
Op single_precision(Op op) {
  return refined(std::move(op), [](Builder& b, Draft& draft) {
    return !half_precision(b[draft.operands[0]].type.dtype);
  });
}

// norm.ppf gives JAX's default type of floats, whatever it takes.
Op quantile_function() {
  return refined(single_precision(with_traits(
                     kManyInstructions, real_function("ndtri", 0.25, {0.03, 0.97}, normal_quantile,
                                                      {"quantile"}, special("ndtri($0)")))),
                 [](Builder& b, Draft& draft) {
                   const bool same = b[draft.operands[0]].type.dtype == b.default_real();
                   if (same && b.random().chance(0.33))
                     draft.spelling = "jax.scipy.stats.norm.ppf($0)";
                   return true;
                 });
}

std::vector<Op> error_functions() {
  return {
      real_function(
          "erf", 0.5, {-1e3, 1e3}, [](double x) { return portable::erf(x); },
          {"error_term", "squashed"}, with(special("erf($0)"), {"lax.erf($0)", "lax.erf($0)"})),
      with_traits(kManyInstructions,
                  real_function(
                      "erfc", 0.35, {-6, 6}, [](double x) { return portable::erfc(x); }, {"tail"},
                      with(special("erfc($0)"), {"lax.erfc($0)"}))),
      real_function("erfinv", 0.3, {-0.97, 0.97}, tensor::erf_inverse, {"quantile"},
                    with(special("erfinv($0)"), {"lax.erf_inv($0)"})),
      single_precision(
          with_traits(kManyInstructions,
                      real_function("ndtr", 0.3, {-8, 8}, normal_cdf, {"probability", "cdf"},
                                    with(special("ndtr($0)"), {"jax.scipy.stats.norm.cdf($0)"})))),
      quantile_function(),
      single_precision(
          with_traits(kManyInstructions, real_function("log_ndtr", 0.25, {-15, 6}, log_normal_cdf,
                                                       {"log_prob"}, special("log_ndtr($0)")))),
      real_function("normal_pdf", 0.25, {-6, 6},
                    [](double x) { return 0.39894228 * portable::exp(-0.5 * x * x); }, {"density"},
                    {"jax.scipy.stats.norm.pdf($0)"}),
      real_function("normal_logpdf", 0.2, {-50, 50},
                    [](double x) { return -0.91893853 - 0.5 * x * x; }, {"log_density"},
                    {"jax.scipy.stats.norm.logpdf($0)"}),
      with_traits(kManyInstructions, real_function("dawsn", 0.08, {-5, 5}, dawson, {"dawson"},
                                                   special("dawsn($0)"), {-0.924, 0.924})),
  };
}

// The regularised incomplete gamma function of a shape that is a literal.
Op gamma_cdf(std::string name, bool upper, std::vector<std::string> hints,
             std::vector<std::string> spellings) {
  Op op{std::move(name), kMath, 0.12, kSmooth, std::move(hints), std::move(spellings)};
  op.draw = [upper](Builder& b, Draft& draft) {
    auto x = b.draw_kind(kReal);
    if (x && !in_domain(b[*x].stats, {0.05, 15})) x = b.into(*x, {0.05, 15});
    if (!x) return false;
    static const std::vector<double> kShapes = {1.5, 2.0, 2.5, 3.0, 0.5, 1.2};
    const double shape = b.random().pick(kShapes);
    Value result;
    result.type = b[*x].type;
    result.stats = map_stats(constant_stats(shape), b[*x].stats, tensor::gamma_p);
    if (upper)
      result.stats = map_stats(result.stats, [](double p) { return 1 - p; }, Bounds::kEnds);
    result.stats.lo = std::max(result.stats.lo, 0.0);
    draft.operands = {*x, b.literal(shape, result.type.dtype)};
    draft.results = {result};
    return true;
  };
  return op;
}

std::vector<Op> gamma_functions() {
  return {
      with_traits(kManyInstructions,
                  real_function("lgamma", 0.45, {0.1, 1e3},
                                [](double x) { return portable::lgamma(x); }, {"log_gamma"},
                                with(special("gammaln($0)"), {"lax.lgamma($0)"}), {1.46163})),
      with_traits(kManyInstructions,
                  real_function("digamma", 0.4, {0.15, 1e3}, tensor::digamma, {"digamma"},
                                with(special("digamma($0)"), {"lax.digamma($0)"}))),
      with_traits(kManyInstructions, real_function("trigamma", 0.15, {0.3, 1e3}, trigamma,
                                                   {"trigamma"}, special("polygamma(1, $0)"))),
      with_traits(
          kManyInstructions,
          real_function("gamma", 0.15, {0.2, 6}, [](double x) { return portable::tgamma(x); },
                        {"gamma_value"}, special("gamma($0)"), {1.46163})),
      with_traits(
          kManyInstructions,
          real_function("factorial", 0.12, {0, 5}, [](double x) { return portable::tgamma(x + 1); },
                        {"factorial_of"}, special("factorial($0)"), {0.46163})),
      with_traits(kManyInstructions, pairwise(
                                         "betaln", kMath, 0.2, kReal, {0.2, 100}, {0.2, 100},
                                         [](double x, double y) {
                                           return portable::lgamma(x) + portable::lgamma(y) -
                                                  portable::lgamma(x + y);
                                         },
                                         0.3, kSmooth, {"log_beta"}, special("betaln($0, $1)"))),
      with_traits(kManyInstructions, pairwise(
                                         "beta", kMath, 0.1, kReal, {0.3, 8}, {0.3, 8},
                                         [](double x, double y) {
                                           return portable::exp(portable::lgamma(x) +
                                                                portable::lgamma(y) -
                                                                portable::lgamma(x + y));
                                         },
                                         0.3, kSmooth, {"beta_value"}, special("beta($0, $1)"))),
      // Of the derivative in the first operand there is no derivative.
      with_traits(
          kManyInstructions,
          pairwise("gammainc", kMath, 0.12, kReal, {0.3, 10}, {0.05, 15}, tensor::gamma_p, 0, kNone,
                   {"probability"}, with(special("gammainc($0, $1)"), {"lax.igamma($0, $1)"}))),
      with_traits(
          kManyInstructions,
          pairwise("gammaincc", kMath, 0.1, kReal, {0.3, 10}, {0.05, 15}, tensor::gamma_q, 0, kNone,
                   {"survival"}, with(special("gammaincc($0, $1)"), {"lax.igammac($0, $1)"}))),
      with_traits(kManyInstructions, gamma_cdf("gamma_cdf", false, {"probability", "cdf"},
                                               special("gammainc($1, $0)"))),
      with_traits(kManyInstructions,
                  gamma_cdf("gamma_survival", true, {"survival"}, special("gammaincc($1, $0)"))),
      single_precision(with_traits(
          kManyInstructions,
          pairwise("zeta", kMath, 0.15, kReal, {1.3, 8}, {0.5, 10}, tensor::hurwitz_zeta, 0.5,
                   kNone, {"zeta_value"}, with(special("zeta($0, $1)"), {"lax.zeta($0, $1)"})))),
  };
}

std::vector<Op> other_functions() {
  const auto xlogy = [](double x, double y) { return x == 0 ? 0 : x * portable::log(y); };
  const auto entropy = [](double x) { return x <= 0 ? 0 : -x * portable::log(x); };
  return {
      real_function(
          "logit", 0.35, {0.03, 0.97}, [](double x) { return portable::log(x / (1 - x)); },
          {"logits"}, with(special("logit($0)"), {"jnp.log($0 / (1.0 - $0))"})),
      with_traits(kManyInstructions,
                  real_function("i0e", 0.2, {-30, 30}, tensor::bessel_i0e, {"bessel"},
                                with(special("i0e($0)"), {"lax.bessel_i0e($0)"}))),
      with_traits(
          kManyInstructions,
          real_function("i1e", 0.2, {-30, 30}, tensor::bessel_i1e, {"bessel"},
                        with(special("i1e($0)"), {"lax.bessel_i1e($0)"}), {-1.5451, 1.5451})),
      with_traits(kManyInstructions,
                  real_function(
                      "i0", 0.15, {-5, 5}, [](double x) { return bessel_i(0, x); }, {"bessel"},
                      with(special("i0($0)"), {"jnp.i0($0)"}))),
      with_traits(kManyInstructions,
                  real_function(
                      "i1", 0.1, {-5, 5}, [](double x) { return bessel_i(1, x); }, {"bessel"},
                      special("i1($0)"))),
      real_function("entr", 0.3, {0.02, 1e3}, entropy, {"entropy_terms", "surprise"},
                    special("entr($0)"), {0.36788}),
      pairwise("xlogy", kMath, 0.35, kReal, {-1e3, 1e3}, {0.05, 1e4}, xlogy, 0, kSmooth,
               {"weighted_log"}, special("xlogy($0, $1)")),
      pairwise(
          "xlog1py", kMath, 0.25, kReal, {-1e3, 1e3}, {-0.9, 1e4},
          [](double x, double y) { return x * portable::log1p(y); }, 0, kSmooth, {"weighted_log"},
          special("xlog1py($0, $1)")),
      pairwise(
          "rel_entr", kMath, 0.25, kReal, {0.05, 100}, {0.05, 100},
          [](double x, double y) { return x * portable::log(x / y); }, 0, kSmooth,
          {"relative_entropy", "divergence"}, special("rel_entr($0, $1)")),
      pairwise(
          "kl_div", kMath, 0.25, kReal, {0.05, 100}, {0.05, 100},
          [](double x, double y) { return x * portable::log(x / y) - x + y; }, 0, kSmooth,
          {"divergence"}, special("kl_div($0, $1)")),
      single_precision(
          with_traits(kManyInstructions, real_function("spence", 0.1, {0.1, 0.95}, spence,
                                                       {"dilogarithm"}, special("spence($0)")))),
      single_precision(with_traits(kManyInstructions,
                                   real_function("exp1", 0.1, {0.1, 20}, exponential_integral,
                                                 {"exponential_integral"}, special("exp1($0)")))),
      real_function("log1mexp", 0.15, {0.1, 20},
                    [](double x) { return portable::log(-portable::expm1(-x)); },
                    {"log_complement"}, {"jax.nn.log1mexp($0)"}),
      pairwise(
          "boxcox", kMath, 0.12, kReal, {0.1, 100}, {0.2, 2},
          [](double x, double y) { return (portable::pow(x, y) - 1) / y; }, 0.8, kSmooth,
          {"transformed"}, special("boxcox($0, $1)")),
  };
}

// The regularised incomplete beta function with parameters that are literals.
Op betainc() {
  Op op{"betainc", kMath, 0.15, kSmooth, {"probability", "cdf"}, special("betainc($1, $2, $0)")};
  op.traits = kManyInstructions;
  op.draw = [](Builder& b, Draft& draft) {
    auto x = b.draw_kind(kReal);
    if (x && (b[*x].stats.lo < 0.02 || b[*x].stats.hi > 0.98)) x = b.into(*x, {0.02, 0.98});
    if (!x || half_precision(b[*x].type.dtype)) return false;
    static const std::vector<double> kParameters = {1.5, 2.0, 3.0, 2.5, 4.0, 5.0};
    const double p = b.random().pick(kParameters), q = b.random().pick(kParameters);
    const Stats& from = b[*x].stats;
    Value result;
    result.type = b[*x].type;
    for (int i = 0; i < kProbes; ++i)
      result.stats.probe[i] = tensor::incomplete_beta(p, q, from.probe[i]);
    result.stats.lo = 0;
    result.stats.hi = 1;
    draft.operands = {*x, b.literal(p, result.type.dtype), b.literal(q, result.type.dtype)};
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> special_math_ops() {
  std::vector<Op> out = error_functions();
  for (auto& part : {gamma_functions(), other_functions(), std::vector<Op>{betainc()}}) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

}  // namespace jaxsmith::plan
