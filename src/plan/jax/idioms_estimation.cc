// Estimation: likelihoods on grids, multivariate normals, regressions, robust locations, tests of
// two samples.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// A model of one or two parameters.
struct Model {
  Words names;      // with two parameters
  Words one_names;  // with one
  Words data, first, second;
  Interval x, p, q;
  std::string spelling;
  std::string one;  // with one parameter
  std::string says;
};

const std::vector<Model>& models() {
  static const std::vector<Model> kModels = {
      {{"normal_loglik"},
       {"normal_loglik"},
       {"samples", "observed"},
       {"means", "mu_grid"},
       {"sigmas", "sigma_grid"},
       {-2, 2},
       {-2, 2},
       {0.5, 2},
       "-0.5 * jnp.sum((($0 - $1) / $2) ** 2) - $0.shape[0] * jnp.log($2)",
       "-0.5 * jnp.sum(($0 - $1) ** 2)",
       "a normal model"},
      {{"gamma_loglik"},
       {"exponential_loglik"},
       {"waits", "durations"},
       {"rates", "rate_grid"},
       {"shapes", "shape_grid"},
       {0.2, 3},
       {0.3, 2},
       {0.8, 3},
       "jnp.sum($2 * jnp.log($1) + ($2 - 1.0) * jnp.log($0) - $1 * $0 - lax.lgamma($2))",
       "jnp.sum(jnp.log($1) - $1 * $0)",
       "a model of waiting times"},
      {{"cauchy_loglik", "robust_loglik"},
       {"cauchy_loglik", "robust_loglik"},
       {"samples", "residuals"},
       {"centers", "loc_grid"},
       {"scales", "scale_grid"},
       {-3, 3},
       {-2, 2},
       {0.4, 2},
       "-jnp.sum(jnp.log1p((($0 - $1) / $2) ** 2) + jnp.log($2))",
       "-jnp.sum(jnp.log1p(($0 - $1) ** 2))",
       "a Cauchy model"},
      {{"growth_loglik", "logistic_loglik"},
       {"growth_loglik", "logistic_loglik"},
       {"measured", "levels"},
       {"rates", "rate_grid"},
       {"offsets", "offset_grid"},
       {0, 1},
       {0.2, 1.5},
       {-2, 1},
       "-2.0 * jnp.sum(($0 - jax.nn.sigmoid($1 * jnp.arange($0.shape[0]) + $2)) ** 2)",
       "-2.0 * jnp.sum(($0 - jax.nn.sigmoid($1 * jnp.arange($0.shape[0]) - 2.0)) ** 2)",
       "a growth curve"}};
  return kModels;
}

// A log likelihood or posterior on a grid of parameters: a helper mapped once or twice.
Op likelihood_grid() {
  return idiom("likelihood_grid", kVectorization, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(3, i.size()),
                       a = std::max<std::int64_t>(2, i.size()),
                       b = std::max<std::int64_t>(2, i.size());
    const bool two = i.chance(0.6), posterior = i.chance(0.4);
    const Model m = i.random().pick(models());
    const ValueId data = i.input(m.data, {n}, m.x);
    const ValueId first = i.input(m.first, {a}, m.p);
    const ValueId second = two ? i.input(m.second, {b}, m.q) : kNoValue;
    i.called({two ? "likelihood_surface" : "likelihood_profile", "grid_log_likelihood",
              "scan_likelihood"});
    i.summary("Evaluate the log likelihood of " + m.says + " on a grid.");
    std::vector<Idiom::Part> parameters = {{{"data", "x"}, {i.real(), {n}}, m.x},
                                           {{"p", "first"}, {i.real(), {}}, m.p}};
    if (two) parameters.push_back({{"q", "second"}, {i.real(), {}}, m.q});
    const BodyId one =
        i.helper(two ? m.names : m.one_names, "Log likelihood of one choice of parameters.",
                 parameters, [&](const Ids& p) {
                   return Ids{i.let({"loglik"}, two ? m.spelling : m.one, p, Shape{}, {-60, 5})};
                 });
    const Shape grid = two ? Shape{a, b} : Shape{a};
    ValueId surface = kNoValue;
    const Type out{i.real(), grid};
    if (!two) {
      surface = i.let({"profile", "logliks"}, "jax.vmap($f0, in_axes=(None, 0))($0, $1)",
                      {data, first}, std::vector<BodyId>{one}, out, {-60, 5});
    } else if (i.chance(0.6)) {
      surface = i.let({"surface", "logliks"},
                      "jax.vmap(jax.vmap($f0, (None, None, 0)), (None, 0, None))($0, $1, $2)",
                      {data, first, second}, std::vector<BodyId>{one}, out, {-60, 5});
    } else {
      const BodyId row = i.function(
          {"over_second", "row"}, {{{"p", "value"}, {i.real(), {}}, m.p}}, [&](const Ids& p) {
            return Ids{i.let({"line"}, "jax.vmap($f0, in_axes=(None, None, 0))($0, $1, $2)",
                             {data, p[0], second}, std::vector<BodyId>{one}, Type{i.real(), {b}},
                             {-60, 5})};
          });
      surface = i.let({"surface", "logliks"}, "jax.vmap($f0)($0)", {first},
                      std::vector<BodyId>{row}, out, {-60, 5});
    }
    if (posterior) {
      i.summary("Normalize a likelihood on a grid of parameters.");
      const ValueId top =
          i.let({"log_norm", "evidence"}, "jax.nn.logsumexp($0)", {surface}, Shape{}, {-50, 8});
      const ValueId weight =
          i.let({"posterior", "weights"}, "jnp.exp($0 - $1)", {surface, top}, grid, {0, 1});
      if (i.chance(0.5) && two)
        i.let({"marginal", "margin"}, i.either({"jnp.sum($0, axis=1)", "$0.sum(axis=1)"}), {weight},
              {a}, {0, 1});
    }
  });
}

// Log densities or samples of a multivariate normal by the Cholesky factor of its covariance.
Op multivariate_normal() {
  return idiom("multivariate_normal", kLinearAlgebra, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t d = i.between(2, 4), n = std::max<std::int64_t>(2, i.size());
    const Interval range{-2, 2};
    const bool draws = i.chance(0.35), precision = i.chance(0.25), low = i.chance(0.4);
    const std::int64_t k = low ? std::max<std::int64_t>(1, d - 1) : d;
    const ValueId root = i.input({"loadings", "root", "factor"}, {d, k}, {-1, 1});
    const ValueId mean = i.input({"mean", "mu", "loc"}, {d}, range);
    const ValueId x =
        i.input(draws ? Words{"noise", "normals"} : Words{"x", "points", "samples"}, {n, d}, range);
    const std::string jitter = i.either({"0.5", "0.8", "0.3"});
    i.comment("The diagonal keeps the covariance away from singular ones.");
    const ValueId cov = i.let({precision ? "precision" : "covariance", "cov"},
                              "$0 @ $0.T + " + jitter + " * jnp.eye($0.shape[0], dtype=$0.dtype)",
                              {root}, {d, d}, {-2, 4});
    const ValueId factor =
        i.let({"chol", "lower", "scale_tril"},
              i.either({"jnp.linalg.cholesky($0)", "jax.scipy.linalg.cholesky($0, lower=True)"}),
              {cov}, {d, d}, {-2, 2});
    if (draws) {
      i.called({"sample_mvn", "correlated_normals", "draw_states"});
      i.summary("Turn standard normals into draws from a multivariate normal.");
      i.let({"draws", "samples"},
            precision ? "$0 + jax.scipy.linalg.solve_triangular($1.T, $2.T, lower=False).T"
                      : i.either({"$0 + $2 @ $1.T", "$0 + jnp.einsum(\"ij,nj->ni\", $1, $2)"}),
            {mean, factor, x}, {n, d}, {-6, 6});
      return;
    }
    const ValueId delta = i.let({"delta", "centered"}, "$0 - $1", {x, mean}, {n, d}, {-4, 4});
    const ValueId white =
        i.let({"white", "z"},
              precision ? "$1 @ $0"
                        : i.either({"jax.scipy.linalg.solve_triangular($0, $1.T, lower=True).T",
                                    "solve_triangular($0, $1.T, lower=True).T"}),
              {factor, delta}, {n, d}, {-4, 4});
    const ValueId size =
        i.let({"mahalanobis", "quad"},
              i.either({"jnp.sum($0**2, axis=-1)", "jnp.einsum(\"nd,nd->n\", $0, $0)"}), {white},
              {n}, {0, 30});
    const ValueId logdet = i.let({"half_log_det", "log_root_det"},
                                 "jnp.sum(jnp.log(jnp.diagonal($0)))", {factor}, Shape{}, {-2, 4});
    const ValueId logp =
        i.let({"logp", "log_density"},
              fmt::format(fmt::runtime(precision ? "-0.5 * ($0 + {} * jnp.log(2.0 * jnp.pi)) + $1"
                                                 : "-0.5 * ($0 + {} * jnp.log(2.0 * jnp.pi)) - $1"),
                          d),
              {size, logdet}, {n}, {-30, 2});
    if (i.chance(0.4)) {
      i.called({"mvn_nll", "gaussian_nll", "multivariate_normal_loss"});
      i.summary("Compute the mean negative log density of a multivariate normal.");
      i.let({"nll", "loss"}, i.either({"-jnp.mean($0)", "-$0.mean()"}), {logp}, Shape{}, {0, 20});
    } else {
      i.called({"mvn_logpdf", "multivariate_normal_logpdf", "gaussian_log_density"});
      i.summary("Compute log densities of a multivariate normal.");
    }
  });
}

// What a ridge regression gives: its coefficients, its residuals or what it says of new rows.
void ridge_results(Idiom& i, ValueId x, ValueId y, ValueId coef, bool centers) {
  const std::int64_t n = i.shape(x)[0], d = i.shape(x)[1];
  // New rows would have to be centred by the means of the old ones.
  switch (centers ? i.random().pick(std::vector<int>{0, 2}) : static_cast<int>(i.between(0, 3))) {
    case 0: {
      i.called({"ridge_residuals", "residuals_of_ridge"});
      i.summary("Give the residuals of a ridge regression.");
      const ValueId fitted =
          i.let({"fitted", "predicted"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {x, coef}, {n},
                {-4, 4});
      i.let({"residuals", "errors"}, "$0 - $1", {y, fitted}, {n}, {-4, 4});
      break;
    }
    case 1: {
      const std::int64_t m = i.size();
      i.called({"ridge_predict", "fit_and_predict"});
      i.summary("Predict new rows by ridge regression.");
      const ValueId test = i.input({"x_test", "queries"}, {m, d}, {-2, 2});
      i.let({"predictions", "predicted"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {test, coef},
            {m}, {-4, 4});
      break;
    }
    default:
      break;
  }
}

// Least squares with a penalty: by the normal equations or by the dual; with data centred or rows
// weighted; residuals or predictions.
Op ridge_regression() {
  return idiom("ridge_regression", kLinearAlgebra, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(4, i.size()), d = i.between(2, 4);
    const bool centers = i.chance(0.35), weighted = !centers && i.chance(0.35),
               dual = !weighted && i.chance(0.3);
    ValueId x = i.input({"features", "design", "x"}, {n, d}, {-2, 2});
    ValueId y = i.input({"targets", "responses", "y"}, {n}, {-2, 2});
    const std::string lam = i.either({"0.1", "0.5", "0.3"});
    const ValueId given =
        i.chance(0.4) ? i.input({"penalty", "ridge", "lam"}, Shape{}, {0.2, 2}) : kNoValue;
    i.called({"ridge_regression", "fit_ridge", "regularized_least_squares"});
    i.summary("Fit a linear model by penalized least squares.");
    if (centers) {
      x = i.let({"x_centered", "xc"},
                i.either({"$0 - $0.mean(axis=0)", "$0 - jnp.mean($0, axis=0)"}), {x}, {n, d},
                {-3, 3});
      y = i.let({"y_centered", "yc"}, i.either({"$0 - $0.mean()", "$0 - jnp.mean($0)"}), {y}, {n},
                {-3, 3});
    }
    ValueId left = x;
    if (weighted) {
      const ValueId w = i.input({"weights", "importance"}, {n}, {0.2, 2});
      i.summary("Fit a weighted ridge regression.");
      left = i.let({"weighted", "xw"}, i.either({"$0 * $1[:, None]", "$1[:, None] * $0"}), {x, w},
                   {n, d}, {-4, 4});
    }
    const auto penalty = [&](const std::string& gram, Ids of, std::int64_t size) {
      const std::string eye = fmt::format("jnp.eye({}, dtype=$0.dtype)", size);
      if (given != kNoValue) of.push_back(given);
      return i.let({"regularized", "normal_matrix"},
                   gram + " + " + (given == kNoValue ? lam : fmt::format("${}", of.size() - 1)) +
                       " * " + eye,
                   of, {size, size}, {-10, 30});
    };
    const auto solve = [&](const Words& names, ValueId a, ValueId b, std::int64_t size) {
      return i.let(
          names,
          i.either({"jnp.linalg.solve($0, $1)", "jax.scipy.linalg.solve($0, $1, assume_a=\"pos\")",
                    "jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor($0), $1)"}),
          {a, b}, {size}, {-4, 4});
    };
    ValueId coef = kNoValue;
    if (dual) {
      i.comment("The dual system has one unknown a row.");
      const ValueId gram = penalty("$0 @ $0.T", {x}, n);
      const ValueId alpha = solve({"alpha", "dual"}, gram, y, n);
      coef = i.let({"coefficients", "weights"}, i.either({"$0.T @ $1", "$1 @ $0"}), {x, alpha}, {d},
                   {-2, 2});
    } else {
      const ValueId gram =
          weighted ? penalty("$0.T @ $1", {left, x}, d) : penalty("$0.T @ $0", {x}, d);
      const ValueId moment =
          i.let({"moment", "xty"}, i.either({"$0.T @ $1", "$1 @ $0"}), {left, y}, {d}, {-12, 12});
      coef = solve({"coefficients", "beta"}, gram, moment, d);
    }
    ridge_results(i, x, y, coef, centers);
  });
}

// The mean loss of a logistic or softmax model; with a penalty on its weights where `lam` says so.
BodyId logistic_loss(Idiom& i, const Type& inputs, const Type& labels, const Shape& weights,
                     const std::string& lam) {
  const bool many = weights.size() == 2, penal = !lam.empty();
  const std::int64_t n = inputs.shape[0], d = inputs.shape[1], classes = many ? weights[1] : 1;
  const Interval range{-1, 1};
  return i.helper(
      {"loss", "objective", "neg_log_likelihood"}, "Mean loss of the model on a batch.",
      {{{"w", "theta"}, {i.real(), weights}, range},
       {{"x", "inputs"}, {i.real(), {n, d}}, {-2, 2}},
       {{"y", "labels"}, labels, {0, 2}}},
      [&](const Ids& p) {
        const Shape out = many ? Shape{n, classes} : Shape{n};
        const ValueId logits = i.let({"logits", "scores"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                                     {p[1], p[0]}, out, {-5, 5});
        ValueId each = kNoValue;
        if (many) {
          const ValueId logp = i.let({"logp", "log_probs"}, "jax.nn.log_softmax($0, axis=-1)",
                                     {logits}, out, {-6, 0});
          each = i.let(
              {"nll", "losses"},
              fmt::format(fmt::runtime(i.either(
                              {"-jnp.take_along_axis($0, $1[:, None], axis=1)[:, 0]",
                               "-jnp.sum($0 * jax.nn.one_hot($1, {}, dtype=$0.dtype), axis=-1)"})),
                          classes),
              {logp, p[2]}, {n}, {0, 6});
        } else {
          each = i.let(
              {"nll", "losses"},
              i.either({"jax.nn.softplus($0) - $1 * $0", "jnp.logaddexp(0.0, $0) - $1 * $0",
                        "-($1 * jax.nn.log_sigmoid($0) + (1.0 - $1) * jax.nn.log_sigmoid(-$0))"}),
              {logits, p[2]}, {n}, {0, 6});
        }
        const ValueId mean = i.let({"mean_loss", "risk"}, i.either({"jnp.mean($0)", "$0.mean()"}),
                                   {each}, Shape{}, {0.2, 3});
        return Ids{penal ? i.let({"total"}, "$0 + " + lam + " * jnp.sum($1**2)", {mean, p[0]},
                                 Shape{}, {0.2, 4})
                         : mean};
      });
}

// Descent on the loss of a logistic model, whose gradient JAX takes; one step or several, plain or
// with momentum, with two classes or more.
Op logistic_descent() {
  return idiom("logistic_descent", kGradient, 1.2, kSmooth, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(4, i.size()), d = i.between(2, 5);
    const bool many = i.chance(0.3), penal = i.chance(0.5), momentum = i.chance(0.3);
    const std::int64_t classes = i.between(3, 4), steps = i.chance(0.4) ? 1 : i.between(2, 8);
    const Shape weights = many ? Shape{d, classes} : Shape{d};
    const Interval range{-1, 1};
    const ValueId w = i.input({"weights", "theta", "params"}, weights, range);
    const ValueId x = i.input({"features", "inputs", "x"}, {n, d}, {-2, 2});
    const ValueId y =
        many ? i.input({"labels", "targets"}, counts(i, {n}), {0, static_cast<double>(classes - 1)})
             : i.input({"labels", "targets"}, {n}, {0, 1});
    i.called(steps == 1 ? Words{"logistic_step", "classifier_step"}
                        : Words{"fit_logistic", "train_classifier"});
    i.summary((steps == 1 ? "One step down the loss of a "
                          : fmt::format("{} steps down the loss of a ", steps)) +
              (many ? "softmax classifier." : "logistic regression."));
    const std::string lam = i.either({"0.01", "0.1", "0.05"});
    const std::string rate = i.either({"0.1", "0.5", "0.05", "0.2"});
    const BodyId loss = logistic_loss(i, i.type(x), i.type(y), weights, penal ? lam : "");
    const auto grad = [&](ValueId at) {
      return i.let({"grads", "slope"}, "jax.grad($f0)($0, $1, $2)", {at, x, y},
                   std::vector<BodyId>{loss}, i.type(w), {-2, 2});
    };
    const auto descend = [&](ValueId at, ValueId by) {
      return i.let({"w_next", "updated"}, "$0 - " + rate + " * $1", {at, by}, weights, {-2, 2});
    };
    if (steps == 1) {
      if (i.chance(0.5)) {
        const Ids both = i.unpack("jax.value_and_grad($f0)($0, $1, $2)", {w, x, y}, {loss},
                                  {{{"loss_value", "value"}, {i.real(), {}}, {0.2, 4}},
                                   {{"grads", "slope"}, i.type(w), {-2, 2}}});
        descend(w, both[1]);
      } else {
        descend(w, grad(w));
      }
      return;
    }
    if (momentum) {
      const std::string keep = i.either({"0.9", "0.8", "0.5"});
      const ValueId zero =
          i.let({"velocity", "momentum"}, "jnp.zeros_like($0)", {w}, weights, range);
      i.fori(0, steps, {"descend", "update"},
             {{{"w", "theta"}, w, {-2, 2}, {"trained", "weights"}},
              {{"v", "velocity"}, zero, range, {}}},
             [&](const Ids& p) {
               const ValueId v =
                   i.let({"v_next"}, keep + " * $0 + $1", {p[2], grad(p[1])}, weights, range);
               return Ids{descend(p[1], v), v};
             });
      return;
    }
    i.fori(0, steps, {"descend", "update"}, {{{"w", "theta"}, w, {-2, 2}, {"trained", "weights"}}},
           [&](const Ids& p) { return Ids{descend(p[1], grad(p[1]))}; });
  });
}

// Residuals of a curve with few parameters, as a helper (theta, x, y).
BodyId curve(Idiom& i, std::int64_t rows) {
  const std::string model = i.either(
      {"$0[0] * jnp.exp(-jnp.abs($0[1]) * $1) + $0[2]", "$0[0] * jnp.tanh($0[1] * $1) + $0[2]",
       "$0[0] + $0[1] * jnp.sin($0[2] * $1)", "$0[0] / (1.0 + jnp.exp(-$0[1] * ($1 - $0[2])))",
       "$0[0] * $1 / (1.0 + jnp.square($0[1] * $1)) + $0[2]"});
  return i.helper({"residuals", "curve_errors", "misfit"},
                  "Errors of a curve with three parameters.",
                  {{{"theta", "params"}, Type{i.real(), {3}}, {0.3, 1.5}},
                   {{"x", "t"}, Type{i.real(), {rows}}, {-2, 2}},
                   {{"y", "observed"}, Type{i.real(), {rows}}, {-2, 2}}},
                  [&](const Ids& p) {
                    const ValueId fit =
                        i.let({"fitted", "predicted"}, model, {p[0], p[1]}, Shape{rows}, {-2, 2});
                    return Ids{i.let({"errors"}, "$0 - $1", {fit, p[2]}, Shape{rows}, {-3, 3})};
                  });
}

// Levenberg-Marquardt and Gauss-Newton: a step by the Jacobian of residuals.
Op gauss_newton_step() {
  return idiom("gauss_newton_step", kGradient, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId x = i.anchor({"times", "x", "doses"}, 1, 1, {-2, 2});
    const std::int64_t rows = i.dim(x, 0);
    if (rows < 4) return i.fail();
    const ValueId y = i.argument({"observed", "y", "responses"}, i.type(x), {-2, 2});
    const ValueId theta = i.argument({"theta", "params", "guess"}, Type{i.real(), {3}}, {0.3, 1.5});
    const BodyId errors = curve(i, rows);
    i.called({"gauss_newton_step", "levenberg_marquardt_step", "fit_step"});
    i.summary("Refine the parameters of a curve by its Jacobian.");
    const ValueId jacobian =
        i.let({"jacobian", "jac"},
              i.either({"jax.jacfwd($f0)($0, $1, $2)", "jax.jacrev($f0)($0, $1, $2)",
                        "jax.jacobian($f0)($0, $1, $2)"}),
              {theta, x, y}, {errors}, Type{i.real(), {rows, 3}}, {-3, 3});
    const ValueId r = i.let({"errors", "r"}, "$f0($0, $1, $2)", {theta, x, y}, {errors},
                            Type{i.real(), {rows}}, {-3, 3});
    const ValueId normal =
        i.let({"normal", "gram"}, i.either({"$0.T @ $0", "jnp.einsum(\"ni,nj->ij\", $0, $0)"}),
              {jacobian}, Shape{3, 3}, {-5, 20});
    const ValueId slope = i.let({"slope", "rhs"}, i.either({"$0.T @ $1", "$1 @ $0"}), {jacobian, r},
                                Shape{3}, {-9, 9});
    const std::string damping = i.either({"0.1", "0.01", "1.0"});
    const bool scaled = i.chance(0.35);
    i.comment(scaled ? "Damped by the curvature of each parameter."
                     : "Damping keeps the system well conditioned.");
    const ValueId damped = i.let(
        {"damped", "system"},
        scaled ? "$0 + " + damping + " * (jnp.diag(jnp.diag($0)) + jnp.eye(3, dtype=$0.dtype))"
               : "$0 + " + damping + " * jnp.eye(3, dtype=$0.dtype)",
        {normal}, Shape{3, 3}, {-5, 20});
    const ValueId step =
        i.let({"delta", "step"},
              i.either({"jnp.linalg.solve($0, $1)",
                        "jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor($0), $1)",
                        "jax.scipy.linalg.solve($0, $1, assume_a=\"pos\")"}),
              {damped, slope}, Shape{3}, {-2, 2});
    const ValueId next =
        i.let({"refined", "new_theta"}, "$0 - $1", {theta, step}, Shape{3}, {-2, 3});
    if (i.chance(0.35)) {
      i.called({"accept_or_reject", "guarded_fit_step", "trust_step"});
      i.summary("Refine the parameters of a curve where that lowers the error.");
      const ValueId after = i.let({"new_errors", "r_new"}, "$f0($0, $1, $2)", {next, x, y},
                                  {errors}, Type{i.real(), {rows}}, {-3, 3});
      const ValueId better = i.let(
          {"improved", "better"},
          i.either({"jnp.sum($0**2) < jnp.sum($1**2)", "jnp.vdot($0, $0) < jnp.vdot($1, $1)"}),
          {after, r}, Type{DType::kBool, {}}, {0, 1});
      i.let({"accepted"}, "jnp.where($0, $1, $2)", {better, next, theta}, Shape{3}, {-2, 3});
    }
  });
}

// Huber's estimate and its like: means again and again, with weights that fall with the distance.
void reweighted_mean(Idiom& i, ValueId x, const std::string& axis, const Shape& out) {
  const Shape shape = i.shape(x);
  const std::string c = i.either({"1.345", "1.5", "2.0"});
  const auto kind = i.between(0, 2);
  i.called({kind == 0 ? "huber_location" : "reweighted_mean", "m_estimate"});
  i.summary("Estimate a center by iteratively reweighted means.");
  const bool median = i.chance(0.6);
  const ValueId start = i.let(
      {"center", "start"}, std::string("jnp.") + (median ? "median" : "mean") + "($0" + axis + ")",
      {x}, out, {-2, 2});
  i.fori(0, i.between(2, 6), {"reweight", "improve"},
         {{{"m", "mu"}, start, {-2, 2}, {"location", "center"}}}, [&](const Ids& p) {
           const ValueId r = i.let({"residuals", "away"}, "$0 - $1", {x, p[1]}, shape, {-6, 6});
           const ValueId w =
               i.let({"weights", "trust"},
                     kind == 0   ? "jnp.minimum(1.0, " + c + " / jnp.maximum(jnp.abs($0), 1e-6))"
                     : kind == 1 ? "1.0 / (1.0 + ($0 / " + c + ") ** 2)"
                                 : "jnp.exp(-0.5 * ($0 / " + c + ") ** 2)",
                     {r}, shape, {0, 1});
           return Ids{i.let({"m_next"}, "jnp.sum($0 * $1" + axis + ") / jnp.sum($0" + axis + ")",
                            {w, x}, out, {-2, 2})};
         });
}

// Centres that outliers hardly move: medians and deviations, trimmed means, Huber's estimate by
// reweighting.
Op robust_location() {
  return idiom("robust_location", kReduction, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool columns = i.chance(0.4);
    const std::int64_t n = std::max<std::int64_t>(6, i.size());
    const Shape shape = columns ? Shape{n, i.size()} : Shape{n};
    const Shape out = columns ? Shape{shape[1]} : Shape{};
    const Interval range{-4, 4};
    const ValueId x = i.input({"samples", "readings", "x"}, shape, range);
    const std::string axis = columns ? ", axis=0" : "";
    const auto reduce = [&](const std::string& f, const Words& names, ValueId of, Interval r) {
      return i.let(names, "jnp." + f + "($0" + axis + ")", {of}, out, r);
    };
    switch (i.between(0, 2)) {
      case 0: {
        i.called({"mad_scores", "robust_scale", "median_deviation"});
        i.summary("Measure deviations from the median by their own median.");
        const ValueId center = reduce("median", {"median", "center"}, x, {-2, 2});
        const ValueId away =
            i.let({"deviation", "distance"}, "jnp.abs($0 - $1)", {x, center}, shape, {0, 6});
        const ValueId mad = reduce("median", {"mad", "spread"}, away, {0.4, 3});
        if (i.chance(0.5)) {
          i.summary("Standardize samples by the median absolute deviation.");
          i.let({"scores", "robust_z"},
                i.either({"($0 - $1) / (1.4826 * $2 + 1e-6)", "0.6745 * ($0 - $1) / ($2 + 1e-6)"}),
                {x, center, mad}, shape, {-5, 5});
        } else {
          i.let({"sigma", "scale"}, "1.4826 * $0", {mad}, out, {0.5, 5});
        }
        break;
      }
      case 1: {
        const std::int64_t cut = i.between(1, 2);
        const bool clamps = i.chance(0.4);
        i.called({clamps ? "winsorized_mean" : "trimmed_mean", "robust_mean"});
        i.summary(clamps ? "Average samples after pulling in the extremes."
                         : fmt::format("Average samples without the {} on either end.", cut));
        const ValueId sorted = i.let({"ordered", "sorted_x"},
                                     columns ? i.either({"jnp.sort($0, axis=0)", "$0.sort(axis=0)"})
                                             : i.either({"jnp.sort($0)", "$0.sort()"}),
                                     {x}, shape, range);
        if (clamps) {
          const ValueId inside = i.let({"clamped", "winsorized"},
                                       fmt::format("jnp.clip($0, $0[{0}], $0[{1}])", cut, -cut - 1),
                                       {sorted}, shape, range);
          reduce("mean", {"center", "mean"}, inside, {-2, 2});
        } else {
          Shape kept = shape;
          kept[0] = n - 2 * cut;
          const ValueId inside = i.let({"inner", "trimmed"}, fmt::format("$0[{}:{}]", cut, -cut),
                                       {sorted}, kept, range);
          reduce("mean", {"center", "mean"}, inside, {-2, 2});
        }
        break;
      }
      default: {
        reweighted_mean(i, x, axis, out);
      }
    }
  });
}

// Two samples that a test compares.
struct Samples {
  ValueId x, y;
  std::int64_t n, m;
};

constexpr Interval kSpread{-3, 3};

void compare_means(Idiom& i, const Samples& samples) {
  const auto& [x, y, n, m] = samples;
  i.called({"welch_t", "t_statistic", "mean_difference_test"});
  const bool pooled = i.chance(0.4);
  i.summary(pooled ? "Compute the t statistic of two samples with pooled variance."
                   : "Compute Welch's t statistic of two samples.");
  const ValueId gap = i.let({"difference", "gap"},
                            i.either({"jnp.mean($0) - jnp.mean($1)", "$0.mean() - $1.mean()"}),
                            {x, y}, Shape{}, {-2, 2});
  const ValueId vx = i.let({"var_x", "vx"}, i.either({"jnp.var($0, ddof=1)", "$0.var(ddof=1)"}),
                           {x}, Shape{}, {1, 6});
  const ValueId vy = i.let({"var_y", "vy"}, i.either({"jnp.var($0, ddof=1)", "$0.var(ddof=1)"}),
                           {y}, Shape{}, {1, 6});
  ValueId error = kNoValue;
  if (pooled) {
    const ValueId both = i.let({"pooled", "shared_var"},
                               fmt::format("({} * $0 + {} * $1) / {}", n - 1, m - 1, n + m - 2),
                               {vx, vy}, Shape{}, {1, 6});
    error = i.let({"error", "std_error"}, fmt::format("jnp.sqrt($0 * (1 / {} + 1 / {}))", n, m),
                  {both}, Shape{}, {0.3, 2});
  } else {
    error = i.let({"error", "std_error"}, fmt::format("jnp.sqrt($0 / {} + $1 / {})", n, m),
                  {vx, vy}, Shape{}, {0.3, 2});
  }
  i.let({"t", "statistic"}, "$0 / $1", {gap, error}, Shape{}, {-3, 3});
}

void compare_ranks(Idiom& i, const Samples& samples) {
  const auto& [x, y, n, m] = samples;
  i.called({"mann_whitney_u", "rank_sum", "probability_larger"});
  i.summary("Count how often one sample exceeds the other, and estimate the shift between them.");
  const bool pairs = i.chance(0.6);
  ValueId u = kNoValue;
  if (pairs) {
    u = i.let({"u", "wins"},
              i.either({"jnp.sum($0[:, None] > $1[None, :])", "($0[:, None] > $1).sum()"}), {x, y},
              counts(i, {}), {0, static_cast<double>(n * m)});
  } else {
    const ValueId sorted = i.let({"y_sorted", "ordered"}, "jnp.sort($0)", {y}, {m}, kSpread);
    u = i.let({"u", "wins"}, "jnp.sum(jnp.searchsorted($0, $1)).astype(int)", {sorted, x},
              counts(i, {}), {0, static_cast<double>(n * m)});
  }
  i.let({"share", "effect"}, fmt::format("$0.astype($1.dtype) / {}", n * m), {u, x}, Shape{},
        {0, 1});
  i.comment("Hodges and Lehmann's estimate.");
  i.let({"shift", "median_gap"},
        i.either({"jnp.median($0[:, None] - $1)", "jnp.median(jnp.subtract.outer($0, $1))"}),
        {x, y}, Shape{}, {-2, 2});
}

void compare_distributions(Idiom& i, const Samples& samples) {
  const auto& [x, y, n, m] = samples;
  i.called({"ks_statistic", "kolmogorov_smirnov", "cdf_gap"});
  i.summary("Find the largest gap between two empirical distribution functions, and its place.");
  const ValueId all =
      i.let({"pooled", "all_points"},
            i.either({"jnp.concatenate([$0, $1])", "jnp.sort(jnp.concatenate([$0, $1]))"}), {x, y},
            {n + m}, kSpread);
  const auto cdf = [&](const Words& names, ValueId of) {
    return i.let(names, "jnp.mean($0[None, :] <= $1[:, None], axis=1, dtype=$0.dtype)", {of, all},
                 {n + m}, {0, 1});
  };
  const ValueId fx = cdf({"cdf_x", "fx"}, x);
  const ValueId fy = cdf({"cdf_y", "fy"}, y);
  const ValueId gaps =
      i.let({"gaps", "differences"}, "jnp.abs($0 - $1)", {fx, fy}, {n + m}, {0, 1});
  i.let({"statistic", "largest_gap"}, i.either({"jnp.max($0)", "$0.max()"}), {gaps}, Shape{},
        {0, 1});
  i.let({"place", "where"}, i.either({"$0[jnp.argmax($1)]", "$0[$1.argmax()]"}), {all, gaps},
        Shape{}, kSpread);
}

void compare_by_kernel(Idiom& i, const Samples& samples) {
  const auto& [x, y, n, m] = samples;
  const bool energy = i.chance(0.4);
  i.called(energy ? Words{"energy_distance", "sample_energy_distance"}
                  : Words{"kernel_two_sample", "squared_mmd"});
  i.summary(energy ? "Compute the energy distance of two samples."
                   : "Compute the squared maximum mean discrepancy of two samples.");
  const std::string h = i.either({"0.8", "0.5", "2.0"});
  const BodyId mean = i.function(
      {"mean_kernel", "average_pair"},
      {{{"a", "left"}, {i.real(), {n}}, kSpread}, {{"b", "right"}, {i.real(), {m}}, kSpread}},
      [&](const Ids& p) {
        const ValueId gap =
            i.let({"gap", "delta"}, "$0[:, None] - $1[None, :]", {p[0], p[1]}, {n, m}, {-6, 6});
        return Ids{i.let(
            {"value"},
            energy ? "jnp.mean(jnp.abs($0))" : "jnp.mean(jnp.exp(-0.5 * ($0 / " + h + ") ** 2))",
            {gap}, Shape{}, {0, 3})};
      });
  i.let({energy ? "distance" : "mmd", "discrepancy"},
        energy ? "2.0 * $f0($0, $1) - $f0($0, $0) - $f0($1, $1)"
               : "$f0($0, $0) + $f0($1, $1) - 2.0 * $f0($0, $1)",
        {x, y}, std::vector<BodyId>{mean}, Type{i.real(), {}}, {0, 2});
}

void test_table(Idiom& i) {
  const std::int64_t r = i.between(2, 4), c = i.between(2, 5);
  const bool whole = i.chance(0.5), residuals = i.chance(0.5);
  i.called(residuals ? Words{"pearson_residuals", "independence_residuals"}
                     : Words{"chi_square", "independence_statistic"});
  i.summary(residuals ? "How far counts of a table are from what independence would give."
                      : "Test rows and columns of a table of counts for independence.");
  const ValueId table = whole ? i.input({"table", "counts"}, counts(i, {r, c}), {3, 40})
                              : i.input({"table", "observed"}, {r, c}, {2, 30});
  if (whole && i.builder().settings().x64) return i.fail();  // divisions give f64 there
  if (whole && i.real() != DType::kF32) return i.fail();
  const ValueId expected =
      i.let({"expected", "independent"},
            i.either({"$0.sum(axis=1, keepdims=True) * $0.sum(axis=0) / $0.sum()",
                      "jnp.outer(jnp.sum($0, axis=1), jnp.sum($0, axis=0)) / jnp.sum($0)"}),
            {table}, {r, c}, {3, 40});
  if (residuals) {
    i.let({"residuals", "contributions"}, "($0 - $1) / jnp.sqrt($1)", {table, expected}, {r, c},
          {-5, 5});
    return;
  }
  const bool ratio = i.chance(0.4);
  if (ratio) i.called({"g_statistic", "likelihood_ratio_test", "g_test"});
  i.let({ratio ? "g" : "chi_square", "statistic"},
        ratio ? i.either({"2.0 * jnp.sum($0 * jnp.log($0 / $1))",
                          "2.0 * jnp.sum($0 * (jnp.log($0) - jnp.log($1)))"})
              : i.either({"jnp.sum(($0 - $1) ** 2 / $1)", "jnp.sum(jnp.square($0 - $1) / $1)"}),
        {table, expected}, Shape{}, {1, 60});
}

// Statistics that compare two samples: of means, of ranks, of distribution functions, of tables.
Op two_sample_test() {
  return idiom("two_sample_test", kReduction, 1.2, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    if (i.chance(0.2)) return test_table(i);
    const std::int64_t n = std::max<std::int64_t>(5, i.size());
    const std::int64_t m = std::max<std::int64_t>(5, i.size());
    const ValueId x = i.input({"treated", "first", "x"}, {n}, kSpread);
    const ValueId y = i.input({"control", "second", "y"}, {m}, kSpread);
    static const std::vector<void (*)(Idiom&, const Samples&)> kTests = {
        compare_means, compare_ranks, compare_distributions, compare_by_kernel};
    i.random().pick(kTests)(i, {x, y, n, m});
  });
}

}  // namespace

std::vector<Op> estimation_idioms() {
  return {likelihood_grid(),   multivariate_normal(), ridge_regression(), logistic_descent(),
          gauss_newton_step(), robust_location(),     two_sample_test()};
}

}  // namespace jaxsmith::plan
