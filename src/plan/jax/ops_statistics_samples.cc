// jax.scipy.stats: statistics of samples, densities of vectors, kernel density estimates.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/call_forms.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/random_keys.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

std::string stats(Idiom& i, const std::string& call) { return scipy_prefix(i) + "stats." + call; }

// ", axis=1, keepdims=True" and the shape that is left.
std::string reduced(Idiom& i, ValueId x, Shape& left, bool whole) {
  const int rank = i.rank(x);
  left = i.shape(x);
  if (whole && i.chance(0.2)) {
    left = {};
    return ", axis=None";
  }
  const auto axis = i.between(0, rank - 1);
  const bool keep = i.chance(0.3);
  const auto at = left.begin() + axis;
  if (keep)
    *at = 1;
  else
    left.erase(at);
  std::string out;
  if (axis != 0 || i.chance(0.4))
    out = fmt::format(", axis={}", axis == rank - 1 && i.chance(0.6) ? -1 : axis);
  return out + (keep ? ", keepdims=True" : "");
}

// The commonest whole number, or how often it occurs, or both.
Op mode() {
  return written("stats_mode", kReduction, 0.5, kZero, [](Idiom& i) {
    const Shape shape = {4 + i.size(), i.size()};
    const ValueId x = i.input({"labels", "votes", "codes"},
                              Type{i.integer(), i.chance(0.5) ? shape : Shape{shape[0]}}, {0, 4});
    Shape left;
    const std::string call = stats(i, "mode($0" + reduced(i, x, left, true) + ")");
    const Type type{i.integer(), left};
    ValueId y = kNoValue;
    switch (i.between(0, 2)) {
      case 0: {
        const Ids both = i.unpack(call, {x}, {},
                                  {{{"winner", "commonest", "mode"}, type, {0, 4}},
                                   {{"votes_for", "count"}, type, {1, 9}}});
        for (const ValueId id : both) hide_if_few(i, id, 5);
        return;
      }
      case 1:
        y = i.let({"winner", "commonest", "majority"}, call + ".mode", {x}, type, {0, 4});
        break;
      default:
        y = i.let({"most_votes", "frequency"}, call + ".count", {x}, type, {1, 9});
    }
    hide_if_few(i, y, 5);
  });
}

Op rankdata() {
  return written("stats_rankdata", kIndexing, 0.5, kZero, [](Idiom& i) {
    const bool whole_numbers = i.chance(0.5);
    if (!whole_numbers && half_precision(i)) return i.fail();
    const DType out = i.builder().default_real();
    const ValueId x = whole_numbers ? i.input({"scores", "counts", "marks"},
                                              Type{i.integer(), drawn_shape(i, 1, 2)}, {0, 9})
                                    : i.anchor({"scores", "samples", "x"}, 1, 2, {-50, 50});
    if (!i.builder().allowed(out)) return i.fail();
    std::string options;
    const std::string method = i.either({"average", "average", "min", "max", "dense", "ordinal"});
    if (method != "average" || i.chance(0.2))
      options += i.chance(0.5) ? ", method=\"" + method + "\"" : ", \"" + method + "\"";
    Shape shape = {1};
    for (const std::int64_t n : i.shape(x)) shape[0] *= n;
    if (i.chance(0.6)) {
      const int rank = i.rank(x);
      shape = i.shape(x);
      options +=
          fmt::format(", axis={}", i.chance(0.6) ? -1 : static_cast<int>(i.between(0, rank - 1)));
    }
    const double most = static_cast<double>(shape.back());
    const ValueId y = i.let({"ranks", "order", "places"}, stats(i, "rankdata($0" + options + ")"),
                            {x}, Type{out, shape}, {1, most});
    hide_if_few(i, y, 5);
  });
}

Op sem() {
  return written("stats_sem", kReduction, 0.4, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"samples", "measurements", "trials"}, 1, 3, {-4, 4});
    for (const std::int64_t n : i.shape(x))
      if (n < 3) return i.fail();
    Shape left;
    std::string options = reduced(i, x, left, !half_precision(i));
    if (i.chance(0.3)) options += ", ddof=0";
    i.let({"standard_error", "sem", "uncertainty"}, stats(i, "sem($0" + options + ")"), {x}, left,
          {0.1, 1});
  });
}

// A covariance that is one: out of variances or of a factor.
ValueId covariance(Idiom& i, std::int64_t n) {
  if (i.chance(0.4)) {
    const ValueId variances = i.input({"variances", "var"}, {n}, {0.5, 2});
    return i.let({"cov", "covariance"}, "jnp.diag($0)", {variances}, {n, n}, {0, 2});
  }
  const ValueId factor = i.input({"factor", "root", "loadings"}, {n, n}, {-1, 1});
  const std::string ridge = i.either({"0.5", "1.0", "0.25"});
  return with_ridge(i, {"cov", "covariance", "sigma"}, "$0 @ $0.T", ridge, factor);
}

Op multivariate_normal(const std::string& method) {
  return written(
      "stats_multivariate_normal_" + method, kLinearAlgebra, 0.5, kSmooth, [=](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const ValueId x = i.anchor({"x", "samples", "points"}, 1, 2, {-2, 2});
        const std::int64_t n = i.dim(x, -1);
        if (n > 6) return i.fail();
        const ValueId mean = i.input({"mean", "mu", "center"}, {n}, {-1, 1});
        const ValueId cov = covariance(i, n);
        const bool log = method == "logpdf";
        const std::string form = i.either({"$0, $1, $2", "$0, mean=$1, cov=$2", "$0, $1, cov=$2"});
        const double low = -3.0 * static_cast<double>(n);
        i.let(log ? Words{"log_density", "log_prob", "log_likelihood"}
                  : Words{"density", "likelihood"},
              stats(i, "multivariate_normal." + method + "(" + form + ")"), {x, mean, cov},
              i.without_axis(x, -1), log ? Interval{low, -2} : Interval{0.001, 0.1});
      });
}

Op dirichlet(const std::string& method) {
  return written("stats_dirichlet_" + method, kMath, 0.4, kSmooth, [=](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId logits = i.anchor({"logits", "scores"}, 1, 2, {-2, 2});
    const std::int64_t k = i.dim(logits, 0);
    if (k > 7) return i.fail();
    const ValueId x = i.let({"probs", "simplex", "proportions"}, "jax.nn.softmax($0, axis=0)",
                            {logits}, i.shape(logits), {0.02, 0.8});
    const ValueId alpha = i.input({"alpha", "concentration", "prior"}, {k}, {0.8, 3});
    const bool log = method == "logpdf";
    i.let(log ? Words{"log_density", "log_prior"} : Words{"density", "prior"},
          stats(i, "dirichlet." + method + i.either({"($0, $1)", "($0, alpha=$1)"})), {x, alpha},
          i.without_axis(logits, 0), log ? Interval{-4, 8} : Interval{0.02, 40});
  });
}

Op multinomial(const std::string& method) {
  return with_traits(
      kManyInstructions, written("stats_multinomial_" + method, kMath, 0.9, kSmooth, [=](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const std::int64_t k = std::min<std::int64_t>(i.size(), 6);
        const ValueId counts = i.input({"counts", "observed"}, Type{i.integer(), {k}}, {0, 4});
        const ValueId logits = i.input({"logits", "scores"}, {k}, {-1, 1});
        const ValueId p = i.let({"probs", "p"}, "jax.nn.softmax($0)", {logits}, {k}, {0.05, 0.6});
        const ValueId n = i.let({"total", "n"}, i.either({"jnp.sum($0)", "$0.sum()"}), {counts},
                                Type{i.integer(), {}}, {1, 24});
        const bool log = method == "logpmf";
        i.let(log ? Words{"log_mass", "log_likelihood"} : Words{"mass", "likelihood"},
              stats(i, "multinomial." + method + i.either({"($0, $1, $2)", "($0, n=$1, p=$2)"})),
              {counts, n, p}, Shape{}, log ? Interval{-14, -2} : Interval{0.0001, 0.1});
      }));
}

// A density out of samples: at points, its logarithm, its share of an interval, new samples of it.
Op gaussian_kde() {
  return written("stats_gaussian_kde", kMath, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool plane = i.chance(0.3);
    const ValueId data = plane ? i.input({"samples", "data"}, {2, 4 + i.size()}, {-2, 2})
                               : i.anchor({"samples", "data", "observations"}, 1, 1, {-2, 2});
    if (i.dim(data, -1) < 4) return i.fail();
    Ids operands = {data};
    std::string options = i.either(
        {"", "", ", bw_method=\"scott\"", ", bw_method=\"silverman\"", ", bw_method=0.5", ", 0.3"});
    if (i.chance(0.25)) {
      operands.push_back(i.input({"weights", "mass"}, {i.dim(data, -1)}, {0.2, 1}));
      options += ", weights=$1";
    }
    const ValueId kde = i.let({"kde", "density"}, stats(i, "gaussian_kde($0" + options + ")"),
                              operands, Shape{}, {0, 1});
    set_apart(i, kde);
    const bool box = !plane && i.chance(0.2);
    if (box) {
      const ValueId low = i.input({"low", "start"}, Shape{}, {-1.5, -0.3});
      const ValueId high = i.input({"high", "stop"}, Shape{}, {0.3, 1.5});
      i.let({"mass", "probability"}, "$0.integrate_box_1d($1, $2)", {kde, low, high}, Shape{},
            {0.3, 0.8});
      return;
    }
    const std::int64_t m = i.size();
    const ValueId points =
        i.input({"points", "grid", "queries"}, plane ? Shape{2, m} : Shape{m}, {-2, 2});
    const bool log = i.chance(0.4);
    const std::string call =
        log ? "$0.logpdf($1)" : i.either({"$0($1)", "$0.evaluate($1)", "$0.pdf($1)"});
    i.let(log ? Words{"log_density", "log_prob"} : Words{"density", "estimate"}, call,
          {kde, points}, {m}, log ? Interval{-5, -1} : Interval{0.02, 0.4});
  });
}

}  // namespace

std::vector<Op> sample_statistics_ops() {
  std::vector<Op> out = {mode(), rankdata(), sem(), gaussian_kde()};
  for (const char* method : {"logpdf", "pdf"}) {
    out.push_back(multivariate_normal(method));
    out.push_back(dirichlet(method));
  }
  for (const char* method : {"logpmf", "pmf"}) out.push_back(multinomial(method));
  return out;
}

}  // namespace jaxsmith::plan
