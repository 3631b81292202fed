// Statistics: densities, divergences, normal tails, kernels, resampling, neighbours.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// What is made of a log density in the end.
enum class Ending { kLikelihood, kLoss, kDensity, kLogDensity };

// What log densities are written with: shapes of the values and of a parameter, the name of the log
// gamma function.
struct Writing {
  Shape shape, parameter;
  std::string lgamma;
  Ending ending;
};

void density_of(Idiom& i, const Writing& w, const std::string& of, const std::string& says) {
  switch (w.ending) {
    case Ending::kLikelihood:
      i.called({of + "_log_likelihood", of + "_loglik", "log_likelihood"});
      i.summary("Log likelihood under " + says + ".");
      return;
    case Ending::kLoss:
      i.called({of + "_nll", of + "_loss", "negative_log_likelihood"});
      i.summary("Mean negative log likelihood under " + says + ".");
      return;
    case Ending::kDensity:
      i.called({of + "_density", of + "_pdf", "likelihood"});
      i.summary("Density of " + says + ".");
      return;
    case Ending::kLogDensity:
      i.called({of + "_log_density", of + "_logpdf", "log_density"});
      i.summary("Log density of " + says + ".");
  }
}

ValueId normal_density(Idiom& i, const Writing& w) {
  density_of(i, w, "normal", "a normal distribution");
  const ValueId x = i.input({"x", "observed", "samples"}, w.shape, {-3, 3});
  const ValueId mean = i.input({"mean", "mu", "loc"}, w.parameter, {-1, 1});
  const ValueId scale = i.input({"scale", "sigma"}, w.parameter, {0.5, 2});
  const ValueId z =
      i.let({"z", "standardized"}, "($0 - $1) / $2", {x, mean, scale}, w.shape, {-5, 5});
  return i.let({"logp", "log_prob"},
               i.either({"-0.5 * $0**2 - jnp.log($1) - 0.5 * jnp.log(2.0 * jnp.pi)",
                         "-0.5 * ($0**2 + jnp.log(2.0 * jnp.pi)) - jnp.log($1)"}),
               {z, scale}, w.shape, {-14, 0});
}

ValueId student_t_density(Idiom& i, const Writing& w) {
  const auto& [shape, parameter, lgamma, ending] = w;
  density_of(i, w, "student_t", "Student's t distribution");
  const ValueId x = i.input({"x", "residuals", "returns"}, shape, {-4, 4});
  const ValueId df = i.input({"df", "nu", "dof"}, parameter, {2, 10});
  const ValueId tail = i.let({"tails", "kernel"},
                             i.either({"0.5 * ($1 + 1.0) * jnp.log1p($0**2 / $1)",
                                       "($1 + 1.0) / 2.0 * jnp.log1p($0**2 / $1)"}),
                             {x, df}, shape, {0, 8});
  const ValueId norm =
      i.let({"log_norm", "normalizer"},
            lgamma + "(0.5 * ($0 + 1.0)) - " + lgamma + "(0.5 * $0) - 0.5 * jnp.log(jnp.pi * $0)",
            {df}, parameter, {-1.2, -0.8});
  return i.let({"logp", "log_prob"}, "$0 - $1", {norm, tail}, shape, {-9, -0.8});
}

ValueId poisson_density(Idiom& i, const Writing& w) {
  if (i.builder().settings().x64) i.fail();  // gammaln of integers is f64 there
  density_of(i, w, "poisson", "Poisson counts");
  const ValueId k = i.input({"counts", "k", "events"}, counts(i, w.shape), {0, 12});
  const ValueId rate = i.input({"log_rate", "eta"}, w.parameter, {-0.5, 2});
  return i.let({"logp", "log_prob"}, "$0 * $1 - jnp.exp($1) - jax.scipy.special.gammaln($0 + 1.0)",
               {k, rate}, w.shape, {-30, 0});
}

ValueId beta_density(Idiom& i, const Writing& w) {
  const auto& [shape, parameter, lgamma, ending] = w;
  density_of(i, w, "beta", "a beta distribution");
  const ValueId x = i.input({"x", "proportions", "rates"}, shape, {0.05, 0.95});
  const ValueId a = i.input({"a", "alpha"}, parameter, {0.8, 5});
  const ValueId b = i.input({"b", "beta"}, parameter, {0.8, 5});
  const ValueId norm =
      i.let({"log_beta", "log_norm"},
            i.chance(0.4) ? "jax.scipy.special.betaln($0, $1)"
                          : lgamma + "($0) + " + lgamma + "($1) - " + lgamma + "($0 + $1)",
            {a, b}, parameter, {-6, 1});
  return i.let({"logp", "log_prob"},
               i.either({"($1 - 1.0) * jnp.log($0) + ($2 - 1.0) * jnp.log1p(-$0) - $3",
                         "jax.scipy.special.xlogy($1 - 1.0, $0) + "
                         "jax.scipy.special.xlog1py($2 - 1.0, -$0) - $3"}),
               {x, a, b, norm}, shape, {-10, 2});
}

ValueId gamma_density(Idiom& i, const Writing& w) {
  const auto& [shape, parameter, lgamma, ending] = w;
  density_of(i, w, "gamma", "a gamma distribution");
  const ValueId x = i.input({"x", "waits", "amounts"}, shape, {0.1, 5});
  const ValueId a = i.input({"shape_param", "a", "concentration"}, parameter, {0.8, 4});
  const ValueId rate = i.input({"rate", "beta"}, parameter, {0.4, 2});
  return i.let({"logp", "log_prob"},
               "$1 * jnp.log($2) + ($1 - 1.0) * jnp.log($0) - $2 * $0 - " + lgamma + "($1)",
               {x, a, rate}, shape, {-10, 1});
}

ValueId dirichlet_density(Idiom& i, const Writing& w) {
  i.called({"dirichlet_log_density", "dirichlet_logpdf", "log_dirichlet"});
  i.summary("Log density of a Dirichlet distribution.");
  const ValueId logits = i.input({"logits", "scores"}, w.shape, {-1.5, 1.5});
  const ValueId alpha = i.input({"alpha", "concentration"}, {w.shape.back()}, {0.5, 4});
  const ValueId logx =
      i.let({"log_x", "log_shares"},
            i.either({"jax.nn.log_softmax($0)", "jax.nn.log_softmax($0, axis=-1)"}), {logits},
            w.shape, {-5, 0});
  const ValueId norm = i.let({"log_norm", "log_beta"},
                             "jnp.sum(" + w.lgamma + "($0)) - " + w.lgamma + "(jnp.sum($0))",
                             {alpha}, Shape{}, {-60, 2});
  const Shape rows(w.shape.begin(), w.shape.end() - 1);
  return i.let({"logp", "log_prob"},
               i.either({"jnp.sum(($1 - 1.0) * $0, axis=-1) - $2", "$0 @ ($1 - 1.0) - $2"}),
               {logx, alpha, norm}, rows, {-20, 40});
}

ValueId negative_binomial_density(Idiom& i, const Writing& w) {
  const auto& [shape, parameter, lgamma, ending] = w;
  density_of(i, w, "negative_binomial", "overdispersed counts");
  const ValueId k = i.input({"counts", "k"}, shape, {0.5, 9});
  const ValueId r = i.input({"r", "dispersion"}, parameter, {0.8, 5});
  const ValueId logit = i.input({"logits", "log_odds"}, parameter, {-1, 1});
  const ValueId norm = i.let({"log_choose", "log_norm"},
                             lgamma + "($0 + $1) - " + lgamma + "($0 + 1.0) - " + lgamma + "($1)",
                             {k, r}, shape, {-3, 8});
  return i.let({"logp", "log_prob"},
               "$0 + $1 * jax.nn.log_sigmoid($3) + $2 * jax.nn.log_sigmoid(-$3)",
               {norm, k, r, logit}, shape, {-15, 0});
}

ValueId location_scale_density(Idiom& i, const Writing& w) {
  const bool laplace = i.chance(0.5);
  density_of(i, w, laplace ? "laplace" : "logistic",
             laplace ? "a Laplace distribution" : "a logistic distribution");
  const ValueId x = i.input({"x", "residuals"}, w.shape, {-3, 3});
  const ValueId loc = i.input({"loc", "center"}, w.parameter, {-1, 1});
  const ValueId scale = i.input({"scale", "b"}, w.parameter, {0.5, 2});
  const ValueId z = i.let({"z", "scaled"}, "($0 - $1) / $2", {x, loc, scale}, w.shape, {-6, 6});
  return i.let({"logp", "log_prob"},
               laplace ? "-jnp.abs($0) - jnp.log(2.0 * $1)"
                       : "-$0 - 2.0 * jax.nn.softplus(-$0) - jnp.log($1)",
               {z, scale}, w.shape, {-8, 0});
}

// Log densities as the textbooks have them, with gammaln where a norm is needed; summed, averaged
// or kept.
Op log_density() {
  return idiom("log_density", kMath, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Shape shape =
        i.chance(0.7) ? Shape{std::max<std::int64_t>(2, i.size())} : Shape{i.size(), i.size()};
    const Shape parameter = i.chance(0.5) ? Shape{} : Shape{shape.back()};
    const std::string lgamma =
        i.either({"jax.scipy.special.gammaln", "special.gammaln", "lax.lgamma"});
    static const std::vector<ValueId (*)(Idiom&, const Writing&)> kDensities = {
        normal_density, student_t_density, poisson_density,           beta_density,
        gamma_density,  dirichlet_density, negative_binomial_density, location_scale_density};
    const auto ending = static_cast<Ending>(i.between(0, 3));
    const ValueId logp = i.random().pick(kDensities)(i, {shape, parameter, lgamma, ending});
    if (i.shape(logp) != shape) return;  // summed already
    switch (ending) {
      case Ending::kLikelihood:
        i.let({"log_likelihood", "total"}, i.either({"jnp.sum($0)", "$0.sum()"}), {logp}, Shape{},
              {-80, 0});
        break;
      case Ending::kLoss:
        i.let({"loss", "nll"}, i.either({"-jnp.mean($0)", "-$0.mean()"}), {logp}, Shape{}, {0, 10});
        break;
      case Ending::kDensity:
        i.let({"density", "likelihood"}, "jnp.exp($0)", {logp}, shape, {0, 1});
        break;
      case Ending::kLogDensity:
        break;
    }
  });
}

// Of two categorical distributions, by their logits.
void categorical_divergence(Idiom& i, const Shape& shape, const Shape& out) {
  const ValueId a = i.input({"logits", "p_logits", "student_logits"}, shape, {-2, 2});
  const ValueId b = i.input({"target_logits", "q_logits", "teacher_logits"}, shape, {-2, 2});
  const auto normed = [&](ValueId x, const Words& names, const std::string& f, Interval r) {
    return i.let(names, "jax.nn." + f + "($0, axis=-1)", {x}, shape, r);
  };
  switch (i.between(0, 3)) {
    case 0: {
      i.called({"kl_divergence", "categorical_kl", "distillation_kl"});
      i.summary("Compute the KL divergence of two categorical distributions.");
      const ValueId logp = normed(a, {"log_p", "logp"}, "log_softmax", {-5, 0});
      const ValueId logq = normed(b, {"log_q", "logq"}, "log_softmax", {-5, 0});
      const bool swapped = i.chance(0.4);
      i.let({"kl", "divergence"}, "jnp.sum(jnp.exp($0) * ($0 - $1), axis=-1)",
            swapped ? Ids{logq, logp} : Ids{logp, logq}, out, {0, 3});
      break;
    }
    case 1: {
      i.called({"js_divergence", "jensen_shannon", "symmetric_divergence"});
      i.summary("Compute the Jensen-Shannon divergence of two distributions.");
      const ValueId p = normed(a, {"p"}, "softmax", {0, 1});
      const ValueId q = normed(b, {"q"}, "softmax", {0, 1});
      const ValueId m = i.let({"m", "middle"}, "0.5 * ($0 + $1)", {p, q}, shape, {0, 1});
      const std::string term = i.either({"jnp.sum($0 * jnp.log($0 / $1), axis=-1)",
                                         "jnp.sum(jax.scipy.special.rel_entr($0, $1), axis=-1)"});
      const ValueId left = i.let({"kl_pm", "left"}, term, {p, m}, out, {0, 1});
      const ValueId right = i.let({"kl_qm", "right"}, term, {q, m}, out, {0, 1});
      i.let({"js", "divergence"}, i.either({"0.5 * ($0 + $1)", "($0 + $1) / 2.0"}), {left, right},
            out, {0, 0.7});
      break;
    }
    case 2: {
      const bool logs = i.chance(0.5);
      i.called(logs ? Words{"bhattacharyya_distance", "overlap_distance"}
                    : Words{"squared_hellinger", "overlap_distance"});
      i.summary("Measure how far two categorical distributions are apart by their overlap.");
      const ValueId p = normed(a, {"p"}, "softmax", {0, 1});
      const ValueId q = normed(b, {"q"}, "softmax", {0, 1});
      const ValueId overlap = i.let({"overlap", "affinity"}, "jnp.sum(jnp.sqrt($0 * $1), axis=-1)",
                                    {p, q}, out, {0.4, 1});
      i.let({"distance", "divergence"}, logs ? "-jnp.log($0)" : "1.0 - $0", {overlap}, out, {0, 1});
      break;
    }
    default: {
      const std::string t = i.either({"2.0", "0.5", "3.0"});
      i.called({"renyi_divergence", "alpha_divergence"});
      i.summary("Compute a Renyi divergence of two categorical distributions.");
      const ValueId logp = normed(a, {"log_p"}, "log_softmax", {-5, 0});
      const ValueId logq = normed(b, {"log_q"}, "log_softmax", {-5, 0});
      i.let(
          {"divergence", "renyi"},
          "jax.nn.logsumexp(" + t + " * $0 + (1.0 - " + t + ") * $1, axis=-1) / (" + t + " - 1.0)",
          {logp, logq}, out, {0, 4});
    }
  }
}

// Of two diagonal normals, or of one from the standard normal.
void normal_divergence(Idiom& i, const Shape& shape, const Shape& out) {
  const ValueId m1 = i.input({"mean", "mu_q"}, shape, {-1.5, 1.5});
  const ValueId s1 = i.input({"log_std", "log_scale"}, shape, {-1, 0.7});
  const bool standard = i.chance(0.45);
  if (standard) {
    i.called({"kl_to_standard_normal", "vae_kl", "latent_kl"});
    i.summary("Compute the KL divergence of a diagonal normal from the standard normal.");
    const ValueId variance = i.let({"variance", "var"}, "jnp.exp(2.0 * $0)", {s1}, shape, {0.1, 4});
    i.let({"kl", "penalty"},
          i.either({"0.5 * jnp.sum($0**2 + $1 - 1.0 - 2.0 * $2, axis=-1)",
                    "-0.5 * jnp.sum(1.0 + 2.0 * $2 - $0**2 - $1, axis=-1)"}),
          {m1, variance, s1}, out, {0, 20});
    return;
  }
  const ValueId m2 = i.input({"prior_mean", "mu_p"}, shape, {-1.5, 1.5});
  const ValueId s2 = i.input({"prior_log_std", "log_std_p"}, shape, {-0.5, 0.7});
  if (i.chance(0.3)) {
    i.called({"wasserstein_normal", "frechet_distance"});
    i.summary("Compute the squared Wasserstein distance of two diagonal normals.");
    i.let({"distance", "squared"},
          "jnp.sum(($0 - $1) ** 2 + (jnp.exp($2) - jnp.exp($3)) ** 2, axis=-1)", {m1, m2, s1, s2},
          out, {0, 40});
    return;
  }
  i.called({"kl_normal", "gaussian_kl", "kl_between_normals"});
  i.summary("Compute the KL divergence of two diagonal normal distributions.");
  const ValueId ratio =
      i.let({"ratio", "var_ratio"}, "jnp.exp(2.0 * ($0 - $1))", {s1, s2}, shape, {0.1, 6});
  const ValueId shift =
      i.let({"shift", "mean_term"},
            i.either({"(($0 - $1) * jnp.exp(-$2)) ** 2", "(($0 - $1) / jnp.exp($2)) ** 2"}),
            {m1, m2, s2}, shape, {0, 12});
  i.let({"kl", "divergence"},
        i.either({"0.5 * jnp.sum($0 + $1 - 1.0 - jnp.log($0), axis=-1)",
                  "jnp.sum($0 + $1 - 1.0 - jnp.log($0), axis=-1) / 2.0"}),
        {ratio, shift}, out, {0, 40});
}

// Divergences between distributions: of categoricals, of normals.
Op divergence() {
  return idiom("divergence", kMath, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool rows = i.chance(0.5);
    const std::int64_t k = std::max<std::int64_t>(3, i.size());
    const Shape shape = rows ? Shape{i.size(), k} : Shape{k};
    const Shape out = rows ? Shape{shape[0]} : Shape{};
    return i.chance(0.6) ? categorical_divergence(i, shape, out) : normal_divergence(i, shape, out);
  });
}

// How a normal distribution function and density are written.
struct Normal {
  std::string cdf, pdf;
};

void expected_improvement(Idiom& i, const Shape& shape, const Normal& w) {
  const std::string& cdf = w.cdf;
  const std::string& pdf = w.pdf;
  const bool largest = i.chance(0.5);
  i.called({"expected_improvement", "improvement", "acquisition"});
  i.summary("Compute the expected improvement over the best value so far.");
  const ValueId mean = i.input({"mean", "mu", "predicted"}, shape, {-1, 1});
  const ValueId sigma = i.input({"sigma", "std", "uncertainty"}, shape, {0.2, 1.5});
  const ValueId best = i.input({"best", "incumbent"}, Shape{}, {-0.5, 1});
  const std::string xi = i.either({"", " - 0.01", " - 0.1"});
  const ValueId gain = i.let({"gain", "improvement"}, (largest ? "$0 - $1" : "$1 - $0") + xi,
                             {mean, best}, shape, {-2, 2});
  const ValueId z = i.let({"z", "scaled"}, "$0 / $1", {gain, sigma}, shape, {-4, 4});
  const ValueId below =
      i.let({"prob", "cdf"}, fmt::format(fmt::runtime(cdf), "$0"), {z}, shape, {0, 1});
  const ValueId dense = i.let({"density", "pdf"}, pdf, {z}, shape, {0, 0.4});
  i.let({"expected", "ei"}, "$0 * $1 + $2 * $3", {gain, below, sigma, dense}, shape, {0, 2});
}

void truncated_mean(Idiom& i, const Shape& shape, const Normal& w) {
  const std::string& cdf = w.cdf;
  const std::string& pdf = w.pdf;
  i.called({"truncated_mean", "mean_above", "mean_beyond"});
  i.summary("Compute the mean of a normal variable above a threshold.");
  const ValueId mean = i.input({"mean", "mu"}, shape, {-1, 1});
  const ValueId scale = i.input({"scale", "sigma"}, i.chance(0.5) ? shape : Shape{}, {0.5, 2});
  const ValueId bound = i.input({"bound", "threshold", "cutoff"}, Shape{}, {-1, 1});
  const ValueId z = i.let({"z", "scaled"}, "($0 - $1) / $2", {bound, mean, scale}, shape, {-3, 3});
  const ValueId dense = i.let({"density", "pdf"}, pdf, {z}, shape, {0, 0.4});
  const ValueId above =
      i.let({"above", "survival"}, "1.0 - " + fmt::format(fmt::runtime(cdf), "$0"), {z}, shape,
            {0.01, 1});
  const ValueId mills = i.let({"mills", "hazard"}, "$0 / $1", {dense, above}, shape, {0, 4});
  i.let({"truncated", "mean_above"}, "$0 + $1 * $2", {mean, scale, mills}, shape, {-1, 5});
}

void probit_likelihood(Idiom& i, const Shape& shape, const Normal&) {
  i.called({"probit_likelihood", "probit_log_likelihood"});
  i.summary("Compute the log likelihood of binary outcomes under a probit model.");
  const std::int64_t features = i.size();
  const ValueId x = i.input({"features", "design", "x"}, {shape[0], features}, {-1, 1});
  const ValueId w = i.input({"weights", "coefficients"}, {features}, {-0.8, 0.8});
  const ValueId y = i.input({"outcomes", "labels", "clicked"}, flags(shape), {0, 1});
  const ValueId score = i.let({"score", "latent"}, "$0 @ $1", {x, w}, shape, {-2, 2});
  const ValueId side =
      i.let({"signed", "margin"}, i.either({"jnp.where($0, $1, -$1)", "(2 * $0 - 1) * $1"}),
            {y, score}, shape, {-2, 2});
  const ValueId logp =
      i.let({"logp", "log_prob"},
            i.either({"jax.scipy.stats.norm.logcdf($0)", "jax.scipy.special.log_ndtr($0)"}), {side},
            shape, {-4, 0});
  i.let({"log_likelihood", "total"}, i.either({"jnp.sum($0)", "$0.sum()"}), {logp}, Shape{},
        {-20, 0});
}

// What normal tails give: truncated means, improvements that are expected, probit likelihoods.
Op normal_tails() {
  return idiom("normal_tails", kMath, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Shape shape = {std::max<std::int64_t>(2, i.size())};
    const std::string cdf = i.either({"jax.scipy.stats.norm.cdf({})", "jax.scipy.special.ndtr({})",
                                      "0.5 * (1.0 + jax.scipy.special.erf({} / jnp.sqrt(2.0)))",
                                      "0.5 * jax.scipy.special.erfc(-{} / jnp.sqrt(2.0))"});
    const std::string pdf = i.either(
        {"jax.scipy.stats.norm.pdf($0)", "jnp.exp(-0.5 * $0**2) / jnp.sqrt(2.0 * jnp.pi)"});
    static const std::vector<void (*)(Idiom&, const Shape&, const Normal&)> kFormulas = {
        expected_improvement, truncated_mean, probit_likelihood};
    i.random().pick(kFormulas)(i, shape, {cdf, pdf});
  });
}

// Densities by kernels around samples, a helper for one query mapped over all.
Op kernel_density() {
  return idiom("kernel_density", kVectorization, 1.2, kSmooth, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(3, i.size()), queries = i.size(),
                       d = i.between(1, 3);
    const bool flat = d == 1, logs = i.chance(0.35), regress = i.chance(0.35),
               given = i.chance(0.5);
    const auto at = [&](std::int64_t t) { return flat ? Shape{t} : Shape{t, d}; };
    const Interval range{-2, 2};
    const ValueId samples = i.input({"samples", "points", "data"}, at(n), range);
    const ValueId query = i.input({"queries", "grid", "targets"}, at(queries), range);
    const ValueId width = given ? i.input({"bandwidth", "width"}, Shape{}, {0.4, 1.5}) : kNoValue;
    const ValueId values = regress ? i.input({"values", "responses"}, {n}, range) : kNoValue;
    const std::string h = i.either({"0.5", "0.8", "1.2"});
    i.called(regress ? Words{"kernel_regression", "nadaraya_watson", "smooth_values"}
             : logs  ? Words{"kernel_log_density", "log_kde", "parzen_log_density"}
                     : Words{"kernel_density", "parzen_density", "kde"});
    i.summary(regress ? "Average values around every query with a smooth kernel."
              : logs  ? "Estimate the log density of samples at every query."
                      : "Estimate the density of samples at every query.");
    const auto kind = flat || regress ? i.between(0, 2) : 0;  // normal, Cauchy, Laplace
    std::vector<Idiom::Part> parameters = {
        {{"q", "query"}, {i.real(), flat ? Shape{} : Shape{d}}, range},
        {{"samples", "points"}, {i.real(), at(n)}, range}};
    Ids operands = {query, samples};
    std::string axes = "0, None";
    if (regress) {
      parameters.push_back({{"values", "y"}, {i.real(), {n}}, range});
      operands.push_back(values);
      axes += ", None";
    }
    if (given) {
      parameters.push_back({{"h", "bandwidth"}, {i.real(), {}}, {0.4, 1.5}});
      operands.push_back(width);
      axes += ", None";
    }
    const BodyId one = i.helper(
        regress ? Words{"smooth_at", "estimate_at"} : Words{"density_at", "kernel_sum"},
        regress ? "Weighted mean of the values near one query." : "Kernel estimate at one query.",
        parameters, [&](const Ids& p) {
          const std::string by = given ? "$2" : h;
          Ids used = {p[0], p[1]};
          if (given) used.push_back(p.back());
          const ValueId z = i.let({"sq", "scaled_sq"},
                                  flat ? "(($0 - $1) / " + by + ") ** 2"
                                       : "jnp.sum((($0 - $1) / " + by + ") ** 2, axis=-1)",
                                  used, {n}, {0, 20});
          const Term width_of{"h", given ? p.back() : kNoValue, given ? "" : h};
          const std::string half = Idiom::text(0.5 * static_cast<double>(d));
          if (logs && !regress)
            return Ids{let(
                i, {"log_density"},
                fmt::format(fmt::runtime(i.either({"jax.nn.logsumexp(-0.5 * {{z}}) - jnp.log({0})",
                                                   "jax.nn.logsumexp(-0.5 * {{z}}, b=1.0 / {0})"})),
                            fmt::format("{}.0", n)) +
                    " - " + half + " * jnp.log(2.0 * jnp.pi * {h}**2)",
                {{"z", z}, width_of}, Shape{}, {-8, 0})};
          const ValueId k = i.let({"weights", "kernel"},
                                  kind == 0   ? "jnp.exp(-0.5 * $0)"
                                  : kind == 1 ? "1.0 / (1.0 + $0)"
                                              : "jnp.exp(-jnp.sqrt($0 + 1e-4))",
                                  {z}, {n}, {0, 1});
          if (regress)
            return Ids{i.let({"mean"},
                             i.either({"jnp.sum($0 * $1) / (jnp.sum($0) + 1e-3)",
                                       "jnp.dot($0, $1) / ($0.sum() + 1e-3)"}),
                             {k, p[2]}, Shape{}, range)};
          const std::string norm = kind == 1   ? "(jnp.pi * {h})"
                                   : kind == 2 ? "(2.0 * {h})"
                                   : d == 1    ? "({h} * jnp.sqrt(2.0 * jnp.pi))"
                                               : "(2.0 * jnp.pi * {h}**2) ** " + half;
          return Ids{let(i, {"density"}, i.either({"jnp.mean({k}) / ", "{k}.mean() / "}) + norm,
                         {{"k", k}, width_of}, Shape{}, {0, 1})};
        });
    i.let({regress ? "smoothed" : "densities", "estimates"},
          "jax.vmap($f0, in_axes=(" + axes + "))(" + Idiom::holes(0, operands.size()) + ")",
          operands, std::vector<BodyId>{one}, Type{i.real(), {queries}},
          regress || logs ? Interval{-6, 2} : Interval{0, 1});
  });
}

// Statistics of resampled data, one a row of indices; the spread of them is the error.
Op bootstrap() {
  return idiom("bootstrap", kVectorization, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(5, i.size()),
                       draws = std::max<std::int64_t>(4, i.size());
    const bool pairs = i.chance(0.3), seeded = i.chance(0.4);
    const Interval range{0.2, 4};
    const ValueId x = i.input({"data", "samples", "x"}, {n}, range);
    const ValueId y = pairs ? i.input({"other", "y", "responses"}, {n}, range) : kNoValue;
    const Type table = counts(i, {draws, n});
    ValueId index = kNoValue;
    if (seeded) {
      const ValueId seed = i.input({"seed"}, counts(i, {}), {0, 10000});
      index =
          i.let({"index", "resamples"},
                fmt::format("jax.random.randint(jax.random.key($0), ({}, {}), 0, {})", draws, n, n),
                {seed}, table, {0, static_cast<double>(n - 1)});
    } else {
      index = i.input({"index", "resamples", "draws"}, table, {0, static_cast<double>(n - 1)});
    }
    i.called({"bootstrap", "resampled_statistics", "bootstrap_replicates"});
    const auto kind = i.between(0, pairs ? 1 : 3);
    static const Words kSays = {"the mean", "the spread", "a trimmed mean", "the geometric mean"};
    i.summary(pairs ? "Bootstrap a statistic of pairs."
                    : "Bootstrap " + kSays[static_cast<std::size_t>(kind)] + " of a sample.");
    const BodyId one = i.function(
        {"statistic", "replicate", "resampled"},
        {{{"rows", "chosen"}, counts(i, {n}), {0, static_cast<double>(n - 1)}}}, [&](const Ids& p) {
          const ValueId a = i.let({"draw", "sample"}, i.either({"$0[$1]", "jnp.take($0, $1)"}),
                                  {x, p[0]}, {n}, range);
          if (pairs) {
            const ValueId b = i.let({"matched", "partner"}, "$0[$1]", {y, p[0]}, {n}, range);
            return Ids{i.let({"value"},
                             kind == 0 ? "jnp.mean($1) / jnp.mean($0)"
                                       : "jnp.mean(($0 - $0.mean()) * ($1 - $1.mean()))",
                             {a, b}, Shape{}, {-1, 3})};
          }
          if (kind == 0)
            return Ids{
                i.let({"value"}, i.either({"jnp.mean($0)", "$0.mean()"}), {a}, Shape{}, range)};
          if (kind == 1)
            return Ids{i.let({"value"},
                             i.either({"jnp.mean(jnp.abs($0 - $0.mean()))", "jnp.var($0)",
                                       "jnp.var($0, ddof=1)"}),
                             {a}, Shape{}, {0, 2})};
          if (kind == 2)
            return Ids{i.let({"value"}, "jnp.mean(jnp.sort($0)[1:-1])", {a}, Shape{}, range)};
          return Ids{
              i.let({"value"},
                    i.either({"jnp.exp(jnp.mean(jnp.log($0)))", "jnp.exp(jnp.log($0).mean())"}),
                    {a}, Shape{}, range)};
        });
    const ValueId all = i.let({"replicates", "statistics"}, "jax.vmap($f0)($0)", {index},
                              std::vector<BodyId>{one}, Type{i.real(), {draws}}, {0, 4});
    switch (i.between(0, 3)) {
      case 0:
        i.called({"bootstrap_standard_error", "bootstrap_error"});
        i.let({"standard_error", "error"}, i.either({"jnp.std($0, ddof=1)", "$0.std(ddof=1)"}),
              {all}, Shape{}, {0, 1});
        break;
      case 1: {
        const std::string q = i.either({"[0.1, 0.9]", "[0.05, 0.95]", "[0.025, 0.975]"});
        i.called({"bootstrap_interval", "percentile_interval"});
        i.let({"interval", "confidence_interval"},
              "jnp.quantile($0, jnp.array(" + q + ", $0.dtype))", {all}, Shape{2}, {0, 4});
        break;
      }
      default:
        break;
    }
  });
}

// Means over the nearest neighbours of each query, or a vote of their labels.
Op nearest_neighbors() {
  return idiom("nearest_neighbors", kVectorization, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(6, i.size()),
                       queries = std::max<std::int64_t>(4, i.size()), d = i.between(2, 3),
                       k = i.between(2, 4);
    const Interval range{-3, 3};
    const bool vote = i.chance(0.35), weighted = i.chance(0.4);
    const std::int64_t classes = i.between(3, 4);
    const ValueId x = i.input({"points", "train", "memory"}, {n, d}, range);
    const ValueId q = i.input({"queries", "targets", "test"}, {queries, d}, range);
    const ValueId y =
        vote ? i.input({"labels", "classes"}, counts(i, {n}), {0, static_cast<double>(classes - 1)})
             : i.input({"values", "responses", "y"}, {n}, range);
    i.called({vote ? "knn_votes" : "knn_regress", "nearest_neighbors",
              vote ? "neighbor_votes" : "neighbor_average"});
    i.summary(vote ? "Tally the labels of the nearest neighbors of every query."
                   : "Predict each query by the average of its nearest neighbors' values.");
    const std::string metric =
        i.either({"jnp.sum(($0 - $1) ** 2, axis=-1)", "jnp.sum(jnp.abs($0 - $1), axis=-1)",
                  "jnp.linalg.norm($0 - $1, axis=-1)"});
    const bool top = i.chance(0.6);
    const DType picked = top ? DType::kI32 : i.integer();
    const Shape result = vote ? Shape{queries, classes} : Shape{queries};
    const BodyId one = i.function(
        {"predict_one", "look_around", "near"}, {{{"q", "query"}, {i.real(), {d}}, range}},
        [&](const Ids& p) {
          const ValueId dist = i.let({"dist", "distance"}, metric, {x, p[0]}, {n}, {0, 30});
          ValueId near = kNoValue, away = kNoValue;
          if (top) {
            const Ids both = i.unpack(
                fmt::format("lax.top_k(-$0, {})", k), {dist}, {},
                {{weighted ? Words{"closeness", "neg_dist"} : Words{}, {i.real(), {k}}, {-12, 0}},
                 {{"index", "nearest"}, {picked, {k}}, {0, static_cast<double>(n - 1)}}});
            near = both[1];
            away = both[0];
          } else {
            near = i.let({"index", "nearest"}, fmt::format("jnp.argsort($0)[:{}]", k), {dist},
                         Type{picked, {k}}, {0, static_cast<double>(n - 1)});
            if (weighted) away = i.let({"closeness"}, "-$0[$1]", {dist, near}, {k}, {-12, 0});
          }
          const ValueId w =
              weighted ? i.let({"weights", "share"}, "jax.nn.softmax($0)", {away}, {k}, {0, 1})
                       : kNoValue;
          if (vote) {
            const ValueId hot =
                i.let({"votes", "one_hot"},
                      fmt::format("jax.nn.one_hot($0[$1], {}, dtype=$2.dtype)", classes),
                      {y, near, x}, {k, classes}, {0, 1});
            return Ids{weighted
                           ? i.let({"tally"}, "$0 @ $1", {w, hot}, {classes}, {0, 1})
                           : i.let({"tally"}, i.either({"jnp.mean($0, axis=0)", "$0.sum(axis=0)"}),
                                   {hot}, {classes}, {0, 3})};
          }
          const ValueId values =
              i.let({"neighbors", "near_values"}, "$0[$1]", {y, near}, {k}, range);
          return Ids{weighted ? i.let({"mean"}, i.either({"$0 @ $1", "jnp.sum($0 * $1)"}),
                                      {w, values}, Shape{}, range)
                              : i.let({"mean"}, i.either({"jnp.mean($0)", "$0.mean()"}), {values},
                                      Shape{}, range)};
        });
    i.let({"predictions", "estimates"}, "jax.vmap($f0)($0)", {q}, std::vector<BodyId>{one},
          Type{i.real(), result}, {-3, 3});
  });
}

}  // namespace

std::vector<Op> statistics_idioms() {
  return {log_density(),    divergence(), normal_tails(),
          kernel_density(), bootstrap(),  nearest_neighbors()};
}

}  // namespace jaxsmith::plan
