// Inference: clusters, mixtures, Gaussian processes, Markov chains.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/random_keys.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// Keys are no values of the program: nobody else draws them.
ValueId key(Idiom& i, const Words& names, const std::string& spelling, Ids operands, Shape shape) {
  return set_apart(i, i.let(names, spelling, std::move(operands),
                            Type{DType::kU32, std::move(shape)}, {0, 1e9}));
}

// The log density of a chain's target at a point, up to a constant, or its negative: a function of
// the module.
BodyId density(Idiom& i, std::int64_t width, bool energy) {
  struct Target {
    Words names;
    std::string summary, spelling;
    bool wide;  // needs two coordinates
  };
  static const std::vector<Target> kTargets = {
      {{"gaussian", "standard_normal"}, "standard normal", "-0.5 * jnp.sum($0**2)", false},
      {{"banana", "rosenbrock"},
       "banana-shaped",
       "-0.5 * ($0[0] ** 2 + 2.0 * ($0[1] - $0[0] ** 2) ** 2)",
       true},
      {{"double_well", "bimodal"}, "double-well", "-jnp.sum(($0**2 - 1.0) ** 2)", false},
      {{"student", "heavy_tailed"}, "Student", "-2.0 * jnp.sum(jnp.log1p($0**2 / 3.0))", false},
      {{"ring", "annulus"}, "ring-shaped", "-0.5 * (jnp.sum($0**2) - 1.5) ** 2", false},
      {{"two_modes", "mixture"},
       "two-mode",
       "jnp.logaddexp(-0.5 * jnp.sum(($0 - 1.0) ** 2), -0.5 * jnp.sum(($0 + 1.0) ** 2))",
       false},
      {{"logistic", "sech"}, "logistic", "-jnp.sum($0 + 2.0 * jax.nn.softplus(-$0))", false},
      {{"coupled", "correlated"},
       "coupled normal",
       "-0.5 * (jnp.sum($0**2) + 0.8 * jnp.sum($0[1:] * $0[:-1]))",
       true}};
  Target t = i.random().pick(kTargets);
  if (t.wide && width < 2) t = kTargets[0];
  Words names = {energy ? "potential" : "log_density", energy ? "energy" : "log_prob"};
  names.push_back(t.names[0]);
  std::string spelling = t.spelling;
  if (energy) {
    spelling = spelling.starts_with("-") ? spelling.substr(1) : "-" + spelling;
  }
  return i.helper(names,
                  (energy ? "Potential energy of a " : "Log density of a ") + t.summary +
                      " target, up to a constant.",
                  {{{"x", "theta", "q"}, {i.real(), {width}}, {-2, 2}}}, [&](const Ids& p) {
                    return Ids{i.let({energy ? "energy" : "log_p"}, spelling, {p[0]}, Shape{},
                                     energy ? Interval{-1, 12} : Interval{-12, 1})};
                  });
}

// Lloyd's algorithm: labels by the nearest centroid, centroids by the mean of what they own.
Op lloyd() {
  return idiom("lloyd", kVectorization, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(5, i.size()), width = i.between(2, 3),
                       k = i.between(2, 4);
    const Interval range{-3, 3};
    const ValueId points = i.input({"points", "samples", "x"}, {n, width}, range);
    const bool given = i.chance(0.6);
    // Many rounds forget where the centroids began.
    const std::int64_t rounds = given ? 1 : i.between(1, 6);
    const ValueId start = given ? i.input({"centroids", "centers", "means"}, {k, width}, range)
                                : i.let({"centroids", "centers"}, fmt::format("$0[:{}]", k),
                                        {points}, {k, width}, range);
    i.called(rounds == 1 ? Words{"kmeans_step", "lloyd_step", "update_clusters"}
                         : Words{"kmeans", "lloyd", "cluster_points"});
    i.summary("Assign points to their nearest centroid and move the centroids.");
    const BodyId nearest = i.helper(
        {"nearest", "closest"}, "Index of the centroid that is nearest to a point.",
        {{{"p", "point"}, {i.real(), {width}}, range},
         {{"c", "centers"}, {i.real(), {k, width}}, range}},
        [&](const Ids& p) {
          const ValueId d = i.let(
              {"dist", "distances"},
              i.either({"jnp.sum(($1 - $0) ** 2, axis=-1)", "jnp.sum(jnp.square($1 - $0), axis=-1)",
                        "jnp.linalg.norm($1 - $0, axis=-1)"}),
              {p[0], p[1]}, {k}, {0, 30});
          return Ids{i.let({"label"}, "jnp.argmin($0)", {d}, counts(i, {}),
                           {0, static_cast<double>(k - 1)})};
        });
    const bool hot = i.chance(0.5);
    const auto assign = [&](ValueId c) {
      return i.let({"labels", "owner"}, "jax.vmap($f0, in_axes=(0, None))($0, $1)", {points, c},
                   std::vector<BodyId>{nearest}, counts(i, {n}), {0, static_cast<double>(k - 1)});
    };
    const auto step = [&](ValueId c) {
      const ValueId labels = assign(c);
      ValueId sums = kNoValue, sizes = kNoValue;
      if (hot) {
        const ValueId member =
            i.let({"member", "one_hot"}, fmt::format("jax.nn.one_hot($0, {}, dtype=$1.dtype)", k),
                  {labels, points}, {n, k}, {0, 1});
        sums =
            i.let({"sums", "totals"}, i.either({"$0.T @ $1", "jnp.einsum(\"nk,nd->kd\", $0, $1)"}),
                  {member, points}, {k, width}, {-12, 12});
        sizes = i.let({"sizes", "owned"}, "jnp.sum($0, axis=0)", {member}, {k}, {0, 8});
      } else {
        sums = i.let({"sums", "totals"},
                     fmt::format("jax.ops.segment_sum($0, $1, num_segments={})", k),
                     {points, labels}, {k, width}, {-12, 12});
        sizes = i.let({"sizes", "owned"}, fmt::format("jnp.zeros({}, $1.dtype).at[$0].add(1.0)", k),
                      {labels, points}, {k}, {0, 8});
      }
      const ValueId means = i.let({"moved", "means"}, "$0 / jnp.maximum($1, 1.0)[:, None]",
                                  {sums, sizes}, {k, width}, range);
      i.comment("A centroid that owns nothing stays where it is.");
      return i.let({"kept", "centers_next"}, "jnp.where($0[:, None] > 0, $1, $2)",
                   {sizes, means, c}, {k, width}, range);
    };
    ValueId out = kNoValue;
    if (rounds == 1) {
      out = step(start);
    } else {
      out = i.fori(0, rounds, {"update", "move_centroids"},
                   {{{"c", "centers"}, start, range, {"centroids", "final"}}},
                   [&](const Ids& p) { return Ids{step(p[1])}; })[0];
    }
    if (given || i.chance(0.5)) return;
    i.summary("Measure how far points are from the centroids they are assigned to.");
    const ValueId labels = assign(out);
    i.let({"inertia", "distortion"},
          i.either({"jnp.mean(($0 - $1[$2]) ** 2)", "jnp.sum(jnp.square($0 - $1[$2]))"}),
          {points, out, labels}, Shape{}, {0, 60});
  });
}

// Of each point under each component, by its offset; with a scale for each axis, a variance or unit
// variance.
ValueId component_log_density(Idiom& i, ValueId delta, std::int64_t spread) {
  const std::int64_t n = i.dim(delta, 0), k = i.dim(delta, 1), d = i.dim(delta, 2);
  const Shape grid = {n, k};
  if (spread == 0) {
    const ValueId scale = i.input({"log_scale", "log_std"}, {k, d}, {-0.5, 0.8});
    const ValueId z =
        i.let({"z", "standardized"}, i.either({"$0 / jnp.exp($1)", "$0 * jnp.exp(-$1)"}),
              {delta, scale}, {n, k, d}, {-5, 5});
    return i.let({"log_likelihood", "log_prob"},
                 "-0.5 * jnp.sum($0**2, axis=-1) - jnp.sum($1, axis=-1)", {z, scale}, grid,
                 {-30, 1});
  }
  if (spread == 1) {
    const ValueId variance = i.input({"variances", "var"}, {k}, {0.4, 2});
    return i.let({"log_likelihood", "log_prob"},
                 fmt::format("-0.5 * (jnp.sum($0**2, axis=-1) / $1 + {} * jnp.log($1))", d),
                 {delta, variance}, grid, {-30, 1});
  }
  return i.let({"log_likelihood", "log_prob"},
               i.either({"-0.5 * jnp.sum($0**2, axis=-1)", "-jnp.sum($0**2, axis=-1) / 2.0"}),
               {delta}, grid, {-20, 0});
}

// One step of expectation and maximisation for a mixture of Gaussians with diagonal, shared or
// fixed variances.
Op mixture_em() {
  return idiom("mixture_em", kReduction, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(5, i.size()), d = i.between(2, 3),
                       k = i.between(2, 4);
    const Interval range{-2, 2};
    const ValueId x = i.input({"points", "samples", "x"}, {n, d}, range);
    const ValueId means = i.input({"means", "centers", "mu"}, {k, d}, range);
    i.called({"em_step", "mixture_em", "fit_mixture_step"});
    i.summary("Run one step of expectation maximization for a Gaussian mixture.");
    const auto spread = i.between(0, 2);
    const Shape grid = {n, k};
    const ValueId delta = i.let({"delta", "offsets"}, "$0[:, None, :] - $1[None, :, :]", {x, means},
                                {n, k, d}, {-4, 4});
    ValueId logp = component_log_density(i, delta, spread);
    if (i.chance(0.6)) {
      const ValueId logits = i.input({"logits", "weight_logits"}, {k}, {-1, 1});
      logp = i.let({"joint", "weighted"},
                   i.either({"$0 + jax.nn.log_softmax($1)", "jax.nn.log_softmax($1) + $0"}),
                   {logp, logits}, grid, {-30, 1});
    }
    const bool evidence = i.chance(0.4);
    ValueId resp = kNoValue;
    if (evidence) {
      const ValueId norm = i.let(
          {"evidence", "log_norm"},
          i.either({"jax.nn.logsumexp($0, axis=1)", "jax.scipy.special.logsumexp($0, axis=1)"}),
          {logp}, {n}, {-12, 2});
      resp = i.let({"resp", "responsibilities"}, "jnp.exp($0 - $1[:, None])", {logp, norm}, grid,
                   {0, 1});
      i.let({"mean_log_likelihood", "objective"}, i.either({"jnp.mean($0)", "$0.mean()"}), {norm},
            Shape{}, {-8, 1});
    } else {
      resp = i.let({"resp", "responsibilities"},
                   i.either({"jax.nn.softmax($0, axis=1)", "jax.nn.softmax($0, axis=-1)"}), {logp},
                   grid, {0, 1});
    }
    const ValueId mass =
        i.let({"mass", "counts"}, i.either({"jnp.sum($0, axis=0)", "$0.sum(axis=0)"}), {resp}, {k},
              {0.2, 8});
    const ValueId moved =
        i.let({"new_means", "updated_means"},
              i.either({"($0.T @ $1) / ($2[:, None] + 1e-6)",
                        "jnp.einsum(\"nk,nd->kd\", $0, $1) / ($2[:, None] + 1e-6)"}),
              {resp, x, mass}, {k, d}, range);
    switch (i.between(0, 2)) {
      case 0:
        i.let({"new_weights", "mixing"}, fmt::format("$0 / {}", n), {mass}, {k}, {0, 1});
        break;
      case 1: {
        i.keep(moved);
        const ValueId away =
            i.let({"residuals", "centered"}, "$0[:, None, :] - $1", {x, moved}, {n, k, d}, {-4, 4});
        i.let({"new_variances", "updated_var"},
              i.either({"jnp.einsum(\"nk,nkd->kd\", $0, $1**2) / ($2[:, None] + 1e-6)",
                        "jnp.sum($0[..., None] * $1**2, axis=0) / ($2[:, None] + 1e-6)"}),
              {resp, away, mass}, {k, d}, {0, 4});
        break;
      }
      default:
        break;
    }
  });
}

// Covariances of `m` and `n` inputs of `d` coordinates, a function of the module; the length scale
// is a parameter where `ell` is empty.
BodyId gp_kernel(Idiom& i, int kind, std::int64_t m, std::int64_t n, std::int64_t d,
                 const std::string& ell) {
  const bool flat = d == 1, given = ell.empty();
  const Interval range{-2, 2};
  const auto at = [&](std::int64_t t) { return flat ? Shape{t} : Shape{t, d}; };
  std::vector<Idiom::Part> parameters = {{{"a", "x1", "left"}, {i.real(), at(m)}, range},
                                         {{"b", "x2", "right"}, {i.real(), at(n)}, range}};
  if (given) parameters.push_back({{"length", "ell"}, {i.real(), {}}, {0.5, 2}});
  static const Words kNames[] = {{"rbf", "kernel", "squared_exponential"},
                                 {"matern32", "kernel", "matern"},
                                 {"rational_quadratic", "kernel"},
                                 {"periodic", "kernel"},
                                 {"matern52", "kernel", "matern"}};
  return i.helper(
      kNames[kind], "Covariances of all pairs of inputs.", parameters, [&](const Ids& p) {
        const Shape grid = {m, n};
        const auto scaled = [&](const std::string& text, ValueId of, const Words& names,
                                Interval r) {
          // $1 is the length scale.
          std::string t = text;
          if (!given)
            for (std::size_t k = t.find("$1"); k != std::string::npos; k = t.find("$1"))
              t.replace(k, 2, ell);
          return i.let(names, t, given ? Ids{of, p[2]} : Ids{of}, grid, r);
        };
        if (kind == 3) {
          const ValueId apart = i.let({"apart", "delta"},
                                      flat ? "$0[:, None] - $1[None, :]"
                                           : "jnp.sum($0[:, None, :] - $1[None, :, :], axis=-1)",
                                      {p[0], p[1]}, grid, {-4, 4});
          return Ids{scaled("jnp.exp(-2.0 * jnp.sin(0.5 * jnp.pi * $0) ** 2 / $1**2)", apart,
                            {"covariance"}, {0, 1})};
        }
        const ValueId sq = i.let({"sq", "sq_dist"},
                                 flat ? "($0[:, None] - $1[None, :]) ** 2"
                                      : i.either({"jnp.sum(($0[:, None, :] - $1[None, :, :]) ** 2, "
                                                  "axis=-1)",
                                                  "jnp.sum(jnp.square($0[:, None] - $1[None]), "
                                                  "axis=-1)"}),
                                 {p[0], p[1]}, grid, {0, 16});
        if (kind == 0) return Ids{scaled("jnp.exp(-0.5 * $0 / $1**2)", sq, {"covariance"}, {0, 1})};
        if (kind == 2)
          return Ids{scaled("1.0 / (1.0 + $0 / (2.0 * $1**2))", sq, {"covariance"}, {0, 1})};
        const ValueId r = scaled(
            kind == 1 ? "jnp.sqrt(3.0 * $0 + 1e-10) / $1" : "jnp.sqrt(5.0 * $0 + 1e-10) / $1", sq,
            {"r", "dist"}, {0, 8});
        return Ids{i.let(
            {"covariance"},
            kind == 1 ? "(1.0 + $0) * jnp.exp(-$0)" : "(1.0 + $0 + $0**2 / 3.0) * jnp.exp(-$0)",
            {r}, grid, {0, 1})};
      });
}

// Posterior mean and variance of a Gaussian process by Cholesky, for one of several kernels that is
// a function of the module.
Op gp_posterior() {
  return idiom("gp_posterior", kLinearAlgebra, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(4, std::min<std::int64_t>(10, i.size())),
                       m = std::max<std::int64_t>(2, i.size()), d = i.between(1, 3);
    const bool flat = d == 1;
    const auto at = [&](std::int64_t t) { return flat ? Shape{t} : Shape{t, d}; };
    const Interval range{-2, 2};
    const ValueId x = i.input({"x_train", "inputs", "sites"}, at(n), range);
    const ValueId y = i.input({"y_train", "targets", "observed"}, {n}, range);
    const ValueId q = i.input({"x_test", "queries", "grid"}, at(m), range);
    const bool given = i.chance(0.4);
    const ValueId length = given ? i.input({"length_scale", "scale"}, Shape{}, {0.5, 2}) : kNoValue;
    const std::string ell = i.either({"0.5", "0.8", "1.5"});
    const std::string noise = i.either({"0.1", "0.05", "0.2", "1e-2"});
    const auto kind =
        i.random().pick(flat ? std::vector<int>{0, 1, 2, 3, 4} : std::vector<int>{0, 1, 2, 4});
    i.called({"gp_posterior", "kriging", "gaussian_process"});
    i.summary("Condition a Gaussian process on observations.");
    const BodyId kernel = gp_kernel(i, kind, m, n, d, given ? "" : ell);
    const auto covariance = [&](const Words& names, ValueId a, ValueId b, Shape shape) {
      return i.call(names, kernel, given ? Ids{a, b, length} : Ids{a, b}, Type{i.real(), shape},
                    {0, 1});
    };
    const ValueId prior = covariance({"k_train", "gram", "prior"}, x, x, {n, n});
    i.comment("The noise keeps the matrix well conditioned.");
    const ValueId noisy = i.let({"k_noisy", "covariance"},
                                "$0 + " + noise + " * jnp.eye($0.shape[0], dtype=$0.dtype)",
                                {prior}, {n, n}, {0, 1.2});
    const ValueId cross = covariance({"k_cross", "cross"}, q, x, {m, n});
    const bool variance = i.chance(0.55);
    const ValueId factor =
        i.let({"chol", "factor", "lower"}, "jnp.linalg.cholesky($0)", {noisy}, {n, n}, {0, 1});
    const ValueId alpha = i.let({"alpha", "weights"}, "jax.scipy.linalg.cho_solve(($0, True), $1)",
                                {factor, y}, {n}, {-8, 8});
    i.let({"mean", "posterior_mean"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {cross, alpha}, {m},
          range);
    if (variance) {
      i.summary("Predict mean and variance of a Gaussian process.");
      const ValueId v =
          i.let({"v", "whitened"}, "jax.scipy.linalg.solve_triangular($0, $1.T, lower=True)",
                {factor, cross}, {n, m}, {-1, 1});
      i.let({"variance", "posterior_var"},
            i.either({"1.0 - jnp.sum($0**2, axis=0)", "1.0 - jnp.einsum(\"nm,nm->m\", $0, $0)"}),
            {v}, {m}, {0, 1});
    } else if (i.chance(0.4)) {
      i.summary("Predict the mean of a Gaussian process and give the log evidence of its data.");
      i.let({"log_evidence", "log_marginal"},
            "-0.5 * $0 @ $1 - jnp.sum(jnp.log(jnp.diag($2))) - " +
                Idiom::text(0.5 * static_cast<double>(n)) + " * jnp.log(2.0 * jnp.pi)",
            {y, alpha, factor}, Shape{}, {-40, 5});
    }
  });
}

// The log density at a proposal and where the chain is.
std::pair<ValueId, ValueId> log_densities(Idiom& i, BodyId log_density, ValueId proposal,
                                          ValueId at) {
  const ValueId there =
      i.call({"logp_new", "log_there"}, log_density, {proposal}, {i.real(), {}}, {-12, 1});
  const ValueId here =
      i.call({"logp_old", "log_here"}, log_density, {at}, {i.real(), {}}, {-12, 1});
  return {there, here};
}

// A proposal's log density where moves drift along the slope: corrected by how much likelier the
// move is than the move back.
ValueId corrected_for_drift(Idiom& i, BodyId log_density, ValueId there, ValueId x, ValueId eps,
                            ValueId proposal, double size) {
  const Type point = i.type(x);
  const ValueId slope = i.let({"score_there", "drift_there"}, "jax.grad($f0)($0)", {proposal},
                              std::vector<BodyId>{log_density}, point, {-6, 6});
  i.comment("The noise that would lead back.");
  const ValueId back = i.let(
      {"eps_back", "noise_back"},
      fmt::format("($0 - $1 - {} * $2) / {}", Idiom::text(size * size / 2), Idiom::text(size)),
      {x, proposal, slope}, point, {-6, 6});
  return i.let({"logp_corrected", "log_there_corrected"},
               i.either({"$0 + 0.5 * (jnp.sum($1**2) - jnp.sum($2**2))",
                         "$0 + 0.5 * (jnp.dot($1, $1) - jnp.dot($2, $2))"}),
               {there, eps, back}, Shape{}, {-30, 10});
}

// The noise of a move from x and the uniform number that decides on it, by one key.
std::pair<ValueId, ValueId> move_of_key(Idiom& i, ValueId key, ValueId x) {
  i.builder().reserve(key, true);
  ValueId k1 = key, k2 = key;
  if (i.chance(0.6)) {
    const Ids keys = i.unpack("jax.random.split($0)", {key}, {},
                              {{{"key_move", "k1"}, {DType::kU32, {}}, {0, 1e9}},
                               {{"key_accept", "k2"}, {DType::kU32, {}}, {0, 1e9}}});
    k1 = keys[0];
    k2 = keys[1];
  } else {
    k2 = i.let({"key_accept"}, "jax.random.fold_in($0, 1)", {key}, Type{DType::kU32, {}}, {0, 1e9});
  }
  const ValueId eps = i.let({"noise", "eps"}, "jax.random.normal($0, $1.shape, $1.dtype)", {k1, x},
                            i.shape(x), {-2.5, 2.5});
  const ValueId u =
      i.let({"u", "uniform"}, "jax.random.uniform($0, dtype=$1.dtype)", {k2, x}, Shape{}, {0, 1});
  return {eps, u};
}

// A chain of Metropolis steps over given proposals and uniforms, or with keys from a seed.
Op metropolis_chain() {
  return idiom("metropolis_chain", kLoop, 1.2, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t d = i.between(1, 3), steps = std::max<std::int64_t>(6, i.size());
    const Interval range{-3, 3};
    const ValueId start = i.input({"start", "x0", "initial"}, {d}, {-1.5, 1.5});
    const BodyId log_density = density(i, d, false);
    const double size = i.number({0.3, 0.5, 0.8, 1.0});
    const bool seeded = i.chance(0.5), keep = i.chance(0.7), by_log = i.chance(0.6);
    i.called({"metropolis", "random_walk_sampler", "run_chain"});
    i.summary("Run a random-walk Metropolis chain.");
    std::vector<Idiom::Slice> over;
    if (seeded) {
      const ValueId seed = i.input({"seed"}, counts(i, {}), {0, 10000});
      over = {{{"key"},
               key(i, {"keys"}, fmt::format("jax.random.split(jax.random.key($0), {})", steps),
                   {seed}, {steps})}};
    } else {
      const ValueId noise = i.input({"noise", "increments", "proposals"}, {steps, d}, {-2, 2});
      over = {{{"eps", "move"}, noise},
              {{"u", "uniform"}, i.input({"uniforms", "thresholds"}, {steps}, {0.01, 1})}};
    }
    const std::string move = fmt::format("$0 + {} * $1", Idiom::text(size));
    const auto out = i.scan(
        {"metropolis_step", "step", "transition"},
        {{{"x", "state"}, start, range, {"last", "state"}}}, over,
        keep ? std::vector<Words>{{"samples", "chain"}} : std::vector<Words>{{"accepted", "moves"}},
        [&](const Ids& p) {
          ValueId eps = p[1], u = seeded ? kNoValue : p[2];
          if (seeded) std::tie(eps, u) = move_of_key(i, p[1], p[0]);
          const ValueId proposal = i.let({"proposal", "candidate"}, move, {p[0], eps}, {d}, range);
          const auto [there, here] = log_densities(i, log_density, proposal, p[0]);
          const ValueId accept =
              i.let({"accept", "accepted"},
                    by_log ? i.either({"jnp.log($0) < $1 - $2", "$1 - $2 > jnp.log($0)"})
                           : "$0 < jnp.exp($1 - $2)",
                    {u, there, here}, flags({}), {0, 1});
          const ValueId next = i.let({"x_next", "moved"}, "jnp.where($0, $1, $2)",
                                     {accept, proposal, p[0]}, {d}, range);
          return Ids{next, keep ? next : accept};
        });
    if (keep) {
      switch (i.between(0, 2)) {
        case 0:
          i.let({"mean", "posterior_mean"}, i.either({"jnp.mean($0, axis=0)", "$0.mean(axis=0)"}),
                {out.stacked[0]}, {d}, {-2, 2});
          break;
        case 1:
          i.let({"second_moment", "mean_square"}, "jnp.mean($0**2, axis=0)", {out.stacked[0]}, {d},
                {0, 4});
          break;
        default:
          break;
      }
    } else {
      i.let({"rate", "acceptance"},
            i.either({"jnp.mean($0, dtype=$1.dtype)", "$0.astype($1.dtype).mean()"}),
            {out.stacked[0], start}, Shape{}, {0, 1});
    }
  });
}

// One Metropolis step of several chains, each of which takes its proposal or stays by a branch.
Op metropolis_branch() {
  return idiom("metropolis_branch", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t d = i.between(1, 3), chains = std::max<std::int64_t>(10, i.size());
    const Interval range{-3, 3};
    const Type point{i.real(), {d}};
    const ValueId x = i.input({"states", "x", "chains"}, {chains, d}, {-2, 2});
    const ValueId noise = i.input({"noise", "directions", "increments"}, {chains, d}, {-2, 2});
    const ValueId u = i.input({"uniforms", "u", "thresholds"}, {chains}, {0.02, 1});
    const BodyId log_density = density(i, d, false);
    const bool drift = i.chance(0.35), mapped = i.chance(0.5), outside = i.chance(0.5);
    i.called(drift ? Words{"mala_step", "langevin_metropolis_step", "mcmc_step"}
                   : Words{"metropolis_step", "accept_or_keep", "mcmc_step"});
    i.summary(drift ? "Propose a Langevin move for every chain and accept or keep its state."
                    : "Propose a move for every chain and accept or keep its state.");
    const double size = i.number({0.3, 0.5, 0.8});
    const std::string test = i.either({"jnp.log($0) < $1 - $2", "$0 < jnp.exp($1 - $2)"});
    const auto propose = [&](ValueId at, ValueId by, ValueId slope, const Shape& shape) {
      if (!drift)
        return i.let({"proposal", "candidate"}, fmt::format("$0 + {} * $1", Idiom::text(size)),
                     {at, by}, shape, range);
      return i.let(
          {"proposal", "candidate"},
          fmt::format("$0 + {} * $1 + {} * $2", Idiom::text(size * size / 2), Idiom::text(size)),
          {at, slope, by}, shape, range);
    };
    ValueId given = noise;
    const bool early = outside && !drift;
    if (early) given = propose(x, noise, kNoValue, {chains, d});
    const BodyId step = i.function(
        {"transition", "step", "advance"},
        {{{"x", "state"}, point, range},
         {{"move", "eps"}, point, range},
         {{"u", "threshold"}, {i.real(), {}}, {0, 1}}},
        [&](const Ids& p) {
          ValueId proposal = p[1];
          if (!early) {
            const ValueId slope = drift ? i.let({"score", "drift"}, "jax.grad($f0)($0)", {p[0]},
                                                std::vector<BodyId>{log_density}, point, {-6, 6})
                                        : kNoValue;
            proposal = propose(p[0], p[1], slope, {d});
          }
          auto [there, here] = log_densities(i, log_density, proposal, p[0]);
          if (drift) there = corrected_for_drift(i, log_density, there, p[0], p[1], proposal, size);
          const ValueId accept =
              i.let({"accept", "accepted"}, test, {p[2], there, here}, flags({}), {0, 1});
          return i.cond(
              accept, {p[0], proposal},
              {{{"old", "here"}, point, range}, {{"new", "there"}, point, range}}, {"move", "take"},
              [&](const Ids& q) { return Ids{q[1]}; }, {"stay", "keep"},
              [&](const Ids& q) { return Ids{q[0]}; }, {{{"x_next", "moved"}, point, range}});
        },
        mapped ? std::vector<int>{3} : std::vector<int>{});
    const ValueId next =
        i.let({"states_next", "moved"},
              mapped ? "lax.map($f0, ($0, $1, $2))" : "jax.vmap($f0)($0, $1, $2)", {x, given, u},
              std::vector<BodyId>{step}, Type{i.real(), {chains, d}}, range);
    if (i.chance(0.4))
      i.let({"mean", "center"}, i.either({"jnp.mean($0, axis=0)", "$0.mean(axis=0)"}), {next}, {d},
            {-2, 2});
  });
}

}  // namespace

std::vector<Op> probability_idioms() {
  return {lloyd(), mixture_em(), gp_posterior(), metropolis_chain(), metropolis_branch()};
}

}  // namespace jaxsmith::plan
