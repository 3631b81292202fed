// jax.random: keys and samples of every distribution. A row a function for those that take a key, a
// shape and parameters; the others are written one by one.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/random_keys.h"
#include "plan/turns.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

enum class Gives { kReals, kCounts, kSigns, kWords };

struct Sampler {
  std::string function;
  Words names;
  std::vector<CallParameter> parameters;
  Interval result;
  bool half = true;
  Traits traits = 0;
  bool shape_needed = false;  // it isn't that of the parameters
  Gives gives = Gives::kReals;
  bool of_trials = false;  // how many, between the key and the parameters
};

// Of a shape alone.
const std::vector<Sampler>& plain_samplers() {
  static const std::vector<Sampler> kAll = {
      {"normal", {"noise", "samples", "gaussian"}, {}, {-3, 3}},
      {"uniform", {"uniforms", "samples", "draws"}, {}, {0, 1}},
      {"gumbel", {"gumbels", "noise"}, {}, {-2, 5}},
      {"logistic", {"noise", "logistic_noise"}, {}, {-5, 5}},
      {"laplace", {"noise", "laplace_noise"}, {}, {-5, 5}},
      {"cauchy", {"heavy_tailed", "jumps"}, {}, {-12, 12}},
      {"exponential", {"waiting_times", "gaps", "draws"}, {}, {0.02, 5}},
      {"maxwell", {"speeds", "draws"}, {}, {0.3, 3.5}},
      {"rademacher", {"signs", "probes"}, {}, {-1, 1}, true, 0, false, Gives::kSigns},
      {"bits", {"words", "random_bits"}, {}, {0, 4.2e9}, true, 0, false, Gives::kWords},
  };
  return kAll;
}

CallParameter parameter(std::string name, Words roles, Interval range,
                        std::uint32_t forms = kAnyForm) {
  return {std::move(name), std::move(roles), range, forms};
}

// Of parameters, whose shape it is if no other is given.
const std::vector<Sampler>& parametric_samplers() {
  constexpr std::uint32_t kMany = kManyInstructions, kFew = kNumber | kOne;
  static const std::vector<Sampler> kAll = {
      {"gamma",
       {"rates", "samples"},
       {parameter("a", {"alpha", "shape_param"}, {0.8, 4})},
       {0.1, 8},
       false,
       kMany},
      {"loggamma",
       {"log_rates", "samples"},
       {parameter("a", {"alpha", "shape_param"}, {0.8, 4})},
       {-3, 2.2},
       false,
       kMany},
      {"beta",
       {"probs", "fractions"},
       {parameter("a", {"alpha", "a"}, {0.8, 4}), parameter("b", {"beta", "b"}, {0.8, 4})},
       {0.05, 0.95},
       false,
       kMany},
      {"chisquare",
       {"draws", "squares"},
       {parameter("df", {"df", "dof"}, {1.5, 6})},
       {0.2, 12},
       false,
       kMany},
      {"f",
       {"ratios", "draws"},
       {parameter("dfnum", {"dfnum", "df1"}, {3, 8}), parameter("dfden", {"dfden", "df2"}, {5, 9})},
       {0.2, 5},
       false,
       kMany},
      {"t",
       {"heavy_tailed", "noise"},
       {parameter("df", {"df", "dof"}, {3, 9})},
       {-4, 4},
       false,
       kMany},
      {"lognormal",
       {"sizes", "draws"},
       {parameter("sigma", {"sigma", "spread"}, {0.2, 1})},
       {0.2, 5},
       false},
      {"pareto",
       {"sizes", "draws"},
       {parameter("b", {"tail", "exponent"}, {1.5, 5})},
       {1, 5},
       false},
      {"rayleigh",
       {"amplitudes", "draws"},
       {parameter("scale", {"scale", "sigma"}, {0.5, 2})},
       {0.2, 5},
       false},
      {"triangular",
       {"estimates", "draws"},
       {parameter("left", {"low", "left"}, {-2, -1}),
        parameter("mode", {"mode", "peak"}, {-0.5, 0.5}),
        parameter("right", {"high", "right"}, {1, 2})},
       {-1.6, 1.6},
       false},
      {"wald",
       {"first_passages", "draws"},
       {parameter("mean", {"mean", "mu"}, {0.5, 2})},
       {0.15, 3},
       false},
      {"truncated_normal",
       {"weights", "bounded"},
       {parameter("lower", {"lower", "low"}, {-2.5, -1}),
        parameter("upper", {"upper", "high"}, {1, 2.5})},
       {-2, 2},
       false},
      {"weibull_min",
       {"lifetimes", "draws"},
       {parameter("scale", {"scale"}, {0.5, 2}, kFew),
        parameter("concentration", {"concentration", "k"}, {1, 3}, kFew)},
       {0.1, 4},
       false,
       0,
       true},
      {"double_sided_maxwell",
       {"velocities", "draws"},
       {parameter("loc", {"loc", "drift"}, {-1, 1}, kFew),
        parameter("scale", {"scale", "speed"}, {0.5, 2}, kFew)},
       {-5, 5},
       false,
       0,
       true},
      {"generalized_normal",
       {"noise", "draws"},
       {parameter("p", {"power", "exponent"}, {0.8, 3}, kNumber)},
       {-2.5, 2.5},
       false,
       kMany,
       true},
      {"poisson",
       {"counts", "events"},
       {parameter("lam", {"rate", "lam"}, {1, 8})},
       {0, 14},
       false,
       kMany,
       false,
       Gives::kCounts},
      {"geometric",
       {"trials", "attempts"},
       {parameter("p", {"p", "success_rate"}, {0.2, 0.8})},
       {1, 14},
       false,
       0,
       false,
       Gives::kCounts},
      {"binomial",
       {"successes", "hits"},
       {parameter("p", {"p", "probs"}, {0.2, 0.8})},
       {0, 12},
       false,
       kMany | kMostlyHidden,
       false,
       Gives::kReals,
       true},
  };
  return kAll;
}

Type sample_type(Idiom& i, Gives gives, Shape shape) {
  switch (gives) {
    case Gives::kReals:
      return {i.real(), std::move(shape)};
    case Gives::kWords:
      return {DType::kU32, std::move(shape)};
    default:
      return {i.integer(), std::move(shape)};
  }
}

std::string sample_dtype(Idiom& i, Gives gives) {
  if (gives == Gives::kReals) return dtype_option(i, i.real(), i.builder().default_real());
  if (gives == Gives::kWords)
    return dtype_option(i, DType::kU32, i.integer() == DType::kI64 ? DType::kI64 : DType::kU32);
  return dtype_option(i, i.integer(), i.integer());
}

// Noise of the shape of what it is added to.
void write_perturbed(Idiom& i, const Sampler& s) {
  const ValueId x = i.anchor({"x", "signal", "inputs", "logits"}, 1, 3, {-10, 10});
  const ValueId key = random_key(i);
  const std::string like = i.either({"$0.shape, $0.dtype", "$0.shape, dtype=$0.dtype"});
  const std::string sample = fmt::format("{}{}($1, {})", random_prefix(i), s.function, like);
  const std::string size = i.either({"0.1", "0.5", "0.01", "0.2"});
  const bool whole = s.function == "gumbel" || i.chance(0.25);
  i.let({"noisy", "perturbed", "jittered"},
        whole ? "$0 + " + sample : fmt::format("$0 + {} * {}", size, sample), {x, key}, i.shape(x),
        {-12, 12});
}

void write_plain(Idiom& i, const Sampler& s) {
  if (s.gives == Gives::kWords && !i.builder().allowed(DType::kU32)) return i.fail();
  const bool noise = s.gives == Gives::kReals && s.result.lo < 0 && s.function != "cauchy";
  if (noise && i.chance(0.4)) return write_perturbed(i, s);
  const ValueId key = random_key(i);
  const Shape shape = drawn_shape(i, s.gives == Gives::kReals ? 0 : 1, 3);
  if (tensor::element_count(shape) > 512) return i.fail();
  std::string options = sample_dtype(i, s.gives);
  Interval range = s.result;
  Ids operands = {key};
  if (s.function == "uniform" && i.chance(0.6)) {
    const double low = i.number({-1, -0.5, 0, -2, 0.1}), width = i.number({1, 2, 0.5, 3});
    if (i.chance(0.2)) {
      operands.push_back(i.input({"low", "minval"}, Shape{}, {-2, 0}));
      options += ", minval=$1";
      range = {-2, 1};
    } else {
      options += fmt::format(", minval={}, maxval={}", Idiom::text(low), Idiom::text(low + width));
      range = {low, low + width};
    }
  }
  const bool bare = shape.empty() && i.chance(0.7);
  const std::string given = bare ? "" : (i.chance(0.25) ? ", shape=" : ", ") + tuple_text(shape);
  const ValueId y =
      i.let(s.names, fmt::format("{}{}($0{}{})", random_prefix(i), s.function, given, options),
            operands, sample_type(i, s.gives, shape), range);
  if (s.gives != Gives::kReals) hide_if_few(i, y);
}

// Samples of a sampler with parameters. `keyword`: whether these are named.
ValueId parametric_samples(Idiom& i, const Sampler& s, ValueId key, const Shape& shape,
                           bool keyword, const Words& names) {
  Ids operands = {key};
  std::string text = "$0";
  if (s.of_trials) text += fmt::format(", {}{}", keyword ? "n=" : "", i.between(6, 12));
  bool full = false;  // some parameter has the samples' shape
  for (const CallParameter& p : s.parameters) {
    const bool each = (p.forms & kEach) && i.chance(0.3);
    const bool one = !each && (p.forms & kOne) && i.chance(0.35);
    std::string value = number_in(i, p.range);
    if (each || one) {
      value = fmt::format("${}", operands.size());
      operands.push_back(i.input(p.roles, each ? shape : Shape{}, p.range));
      full = full || each;
    }
    text += keyword ? fmt::format(", {}={}", p.name, value) : ", " + value;
  }
  if (!full || s.shape_needed || i.chance(0.3))
    text += (keyword || i.chance(0.6) ? ", shape=" : ", ") + tuple_text(shape);
  const std::string type = s.gives == Gives::kReals ? sample_dtype(i, s.gives) : std::string();
  const ValueId y =
      i.let(names, fmt::format("{}{}({}{})", random_prefix(i), s.function, text, type), operands,
            sample_type(i, s.gives, shape), s.result);
  if (s.gives != Gives::kReals || s.of_trials) hide_if_few(i, y);
  return y;
}

void write_parametric(Idiom& i, const Sampler& s) {
  if (half_precision(i)) return i.fail();
  const Shape shape = drawn_shape(i, 1, 2);
  const ValueId key = random_key(i);
  parametric_samples(i, s, key, shape, i.chance(0.25), s.names);
}

// Several samplers side by side, each with a key of its own: what a simulation or a prior draws.
void write_draws(Idiom& i, const std::vector<Sampler>& samplers) {
  if (half_precision(i)) return i.fail();
  Words functions;
  for (const Sampler& s : samplers) functions.push_back("jax.random." + s.function);
  const std::size_t count = i.chance(0.6) ? 2 : 3;
  const Ids keys = random_keys(i, static_cast<int>(count));
  const Shape shape = drawn_shape(i, 1, 1);
  const bool keyword = i.chance(0.25);
  i.called({"draw_from_priors", "sample_parameters", "simulate_inputs"});
  i.summary(i.either({"Draw the parameters of a simulation from their priors.",
                      "Draws from several distributions, each with a key of its own."}));
  std::set<std::string> taken;
  std::set<std::size_t> drawn;
  for (const ValueId key : keys) {
    std::size_t one = 0;
    do one = likelier(i.builder(), functions);
    while (!drawn.insert(one).second);
    const Sampler& s = samplers[one];
    Words names;
    for (const std::string& name : s.names)
      if (!taken.contains(name) && name != "draws" && name != "samples") names.push_back(name);
    if (names.empty()) names = {s.function + "_draws"};
    taken.insert(names.front());
    parametric_samples(i, s, key, shape, keyword, names);
  }
}

// ---- One by one ----

Op bernoulli() {
  return written("random_bernoulli", kConditional, 0.5, kSmooth, [](Idiom& i) {
    const std::string keep = i.either({"0.5", "0.9", "0.8", "0.75"});
    const std::string r = random_prefix(i);
    if (i.chance(0.5)) {
      const ValueId x = i.anchor({"x", "hidden", "activations"}, 1, 3, {-10, 10});
      const ValueId key = random_key(i);
      const std::string form = i.either({"$0, {}, $1.shape", "$0, p={}, shape=$1.shape"});
      const ValueId kept = i.let({"kept", "mask", "keep"},
                                 r + "bernoulli(" + fmt::format(fmt::runtime(form), keep) + ")",
                                 {key, x}, Type{DType::kBool, i.shape(x)}, {0, 1});
      i.let({"dropped", "thinned"}, "jnp.where($0, $1 / " + keep + ", 0.0)", {kept, x}, i.shape(x),
            {-15, 15});
      return;
    }
    const ValueId p = i.anchor({"probs", "p", "rates"}, 1, 2, {0, 1});
    const ValueId key = random_key(i);
    const std::string mode = half_precision(i) || i.chance(0.85) ? "" : ", mode=\"high\"";
    const ValueId y = i.let({"flips", "spikes", "accepted"}, r + "bernoulli($0, $1" + mode + ")",
                            {key, p}, Type{DType::kBool, i.shape(p)}, {0, 1});
    hide_if_few(i, y, 12);
  });
}

Op categorical() {
  return written("random_categorical", kIndexing, 0.5, kZero, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId logits = i.anchor({"logits", "scores"}, 1, 2, {-3, 3});
    const ValueId key = random_key(i);
    const int rank = i.rank(logits);
    const std::int64_t classes = i.dim(logits, -1);
    Shape shape = i.without_axis(logits, -1);
    std::string options;
    if (rank == 1 || i.chance(0.4)) {
      const std::int64_t count = i.between(3, 10);
      // Of those without replacement JAX counts in int32.
      const bool without = count <= classes && i.integer() == DType::kI32 && i.chance(0.4);
      shape.insert(shape.begin(), count);
      options = ", shape=" + tuple_text(shape) + (without ? ", replace=False" : "");
    }
    if (i.chance(0.3)) options = ", axis=-1" + options;
    const ValueId y = i.let({"choices", "tokens", "actions"},
                            random_prefix(i) + "categorical($0, $1" + options + ")", {key, logits},
                            Type{i.integer(), shape}, {0, static_cast<double>(classes - 1)});
    hide_if_few(i, y);
  });
}

Op randint() {
  return written("random_randint", kIndexing, 0.5, kZero, [](Idiom& i) {
    const ValueId key = random_key(i);
    const Shape shape = drawn_shape(i, 1, 2);
    const std::int64_t low = i.between(-5, 2), high = low + i.between(3, 40);
    const std::string form = i.either(
        {"$0, {}, {}, {}", "$0, {}, minval={}, maxval={}", "$0, shape={}, minval={}, maxval={}"});
    const ValueId y = i.let({"indices", "draws", "offsets"},
                            random_prefix(i) + "randint(" +
                                fmt::format(fmt::runtime(form), tuple_text(shape), low, high) + ")",
                            {key}, Type{i.integer(), shape},
                            {static_cast<double>(low), static_cast<double>(high - 1)});
    hide_if_few(i, y, 6);
  });
}

// Elements or rows of an array, with or without replacement; weighted by choice.
Op choice() {
  return written("random_choice", kIndexing, 0.5, kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "population", "rows", "samples"}, 1, 2, {-50, 50});
    const ValueId key = random_key(i);
    const int rank = i.rank(x);
    const int axis = rank == 2 && i.chance(0.3) ? 1 : 0;
    const std::int64_t n = i.dim(x, axis);
    const bool without = i.chance(0.4);
    const std::int64_t count = without ? i.between(1, n) : i.between(2, 9);
    Shape shape = i.shape(x);
    shape[static_cast<std::size_t>(axis)] = count;
    Ids operands = {key, x};
    std::string options =
        i.chance(0.4) ? fmt::format(", shape=({},)", count) : fmt::format(", ({},)", count);
    if (without) options += ", replace=False";
    if (!half_precision(i) && !without && i.chance(0.3)) {
      const ValueId logits = i.input({"weights_logits", "scores"}, {n}, {-1.5, 1.5});
      operands.push_back(
          i.let({"p", "probs", "weights"}, "jax.nn.softmax($0)", {logits}, {n}, {0.02, 0.8}));
      options += ", p=$2";
    }
    if (axis == 1) options += ", axis=1";
    const ValueId y =
        i.let({"picked", "resampled", "bootstrap"},
              random_prefix(i) + "choice($0, $1" + options + ")", operands, shape, {-50, 50});
    // What is picked may be the same; what it holds shows.
    if (count < 4) sure_as(i, y, x);
  });
}

Op permutation() {
  return written("random_permutation", kArray, 0.5, kSmooth, [](Idiom& i) {
    const std::string r = random_prefix(i);
    if (i.chance(0.3)) {
      const ValueId key = random_key(i);
      const std::int64_t n = i.between(12, 40);
      i.let({"order", "permutation", "shuffled"}, fmt::format("{}permutation($0, {})", r, n), {key},
            Type{i.integer(), {n}}, {0, static_cast<double>(n - 1)});
      return;
    }
    const ValueId x = i.anchor({"x", "samples", "rows", "batch"}, 1, 3, {-100, 100});
    const ValueId key = random_key(i);
    const auto axis = i.between(0, i.rank(x) - 1);
    std::string options = axis || i.chance(0.2) ? fmt::format(", axis={}", axis) : "";
    if (i.rank(x) > 1 && i.chance(0.3)) options += ", independent=True";
    const ValueId y = i.let({"shuffled", "permuted"}, r + "permutation($0, $1" + options + ")",
                            {key, x}, i.shape(x), {-100, 100});
    // A sum knows no order, and few rows may stay where they are; what they hold shows
    // nevertheless.
    sure_as(i, y, x);
  });
}

Op dirichlet() {
  return with_traits(
      kManyInstructions, written("random_dirichlet", kMath, 0.9, kSmooth, [](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const std::int64_t k = std::min<std::int64_t>(i.size(), 8);
        const ValueId alpha = i.input({"alpha", "concentration"}, {k}, {0.6, 4});
        const ValueId key = random_key(i);
        const bool many = i.chance(0.5);
        const std::int64_t n = i.size();
        const std::string shape = many ? fmt::format(", {}({},)", i.either({"", "shape="}), n) : "";
        const std::string type = sample_dtype(i, Gives::kReals);
        i.let({"proportions", "mixture", "weights"},
              fmt::format("{}dirichlet($0, $1{}{})", random_prefix(i), shape, type), {key, alpha},
              many ? Shape{n, k} : Shape{k}, {0.01, 0.7});
      }));
}

Op multinomial() {
  return with_traits(
      kManyInstructions, written("random_multinomial", kMath, 0.9, kZero, [](Idiom& i) {
        if (i.real() != i.builder().default_real()) return i.fail();
        const std::int64_t k = std::min<std::int64_t>(i.size(), 5);
        const ValueId logits = i.input({"logits", "scores"}, {k}, {-1, 1});
        const ValueId p = i.let({"probs", "p"}, "jax.nn.softmax($0)", {logits}, {k}, {0.05, 0.7});
        const ValueId key = random_key(i);
        // So many that some counts are drawn by inversion and others by rejection.
        const ValueId y =
            i.let({"counts", "histogram"},
                  fmt::format("{}multinomial($0, {}, $1)", random_prefix(i), i.between(24, 60)),
                  {key, p}, Shape{k}, {0, 40});
        hide_if_few(i, y, 4);
      }));
}

Op multivariate_normal() {
  return written("random_multivariate_normal", kLinearAlgebra, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::min<std::int64_t>(i.size(), 6);
    const ValueId mean = i.input({"mean", "mu"}, {n}, {-2, 2});
    const ValueId factor = i.input({"factor", "loadings"}, {n, n}, {-1, 1});
    const ValueId cov =
        with_ridge(i, {"cov", "covariance"}, "$0 @ $0.T", i.either({"0.5", "1.0"}), factor);
    const ValueId key = random_key(i);
    const bool many = i.chance(0.6);
    const std::int64_t count = i.size();
    const std::string shape = many ? fmt::format(", {}({},)", i.either({"", "shape="}), count) : "";
    // Eigenvectors have no sign of their own: a symmetric root does not depend on them, others do.
    const std::string method = i.chance(0.2) ? ", method=\"cholesky\"" : "";
    i.let({"samples", "draws", "latents"},
          fmt::format("{}multivariate_normal($0, $1, $2{}{})", random_prefix(i), shape, method),
          {key, mean, cov}, many ? Shape{count, n} : Shape{n}, {-6, 6});
  });
}

Op ball() {
  return with_traits(kManyInstructions, written("random_ball", kMath, 0.9, kSmooth, [](Idiom& i) {
                       if (half_precision(i)) return i.fail();
                       const ValueId key = random_key(i);
                       const std::int64_t d = i.between(2, 5), n = i.size();
                       const std::string power = i.either({"", "", ", p=1", ", p=2.0", ", 1.5"});
                       const bool many = i.chance(0.7);
                       const std::string shape = many ? fmt::format(", shape=({},)", n) : "";
                       i.let({"points", "directions", "offsets"},
                             fmt::format("{}ball($0, {}{}{}{})", random_prefix(i), d, power, shape,
                                         sample_dtype(i, Gives::kReals)),
                             {key}, many ? Shape{n, d} : Shape{d}, {-0.9, 0.9});
                     }));
}

Op orthogonal() {
  return written("random_orthogonal", kLinearAlgebra, 0.5, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId key = random_key(i);
    const std::int64_t n = i.between(2, 7), count = i.between(2, 4);
    const bool many = i.chance(0.25);
    const std::string shape = many ? fmt::format(", shape=({},)", count) : "";
    i.let({"rotation", "basis", "q"},
          fmt::format("{}orthogonal($0, {}{}{})", random_prefix(i), n, shape,
                      sample_dtype(i, Gives::kReals)),
          {key}, many ? Shape{count, n, n} : Shape{n, n}, {-0.9, 0.9});
  });
}

// Words of a key, or of several.
Op key_data() {
  return written("random_key_data", kArray, 0.4, kZero, [](Idiom& i) {
    if (!i.builder().allowed(DType::kU32)) return i.fail();
    const std::string r = random_prefix(i);
    const ValueId seed = seed_argument(i);
    const ValueId key =
        set_apart(i, i.let({"key", "rng"}, r + i.either({"key($0)", "key(seed=$0)"}), {seed},
                           Type{i.integer(), {}}, {0, 9}));
    const std::int64_t n = i.between(2, 6);
    const bool several = i.chance(0.6);
    i.let({"key_words", "raw_key", "key_bits"},
          several ? fmt::format("{}key_data({}split($0, {}))", r, r, n) : r + "key_data($0)", {key},
          Type{DType::kU32, several ? Shape{n, 2} : Shape{2}}, {0, 4.2e9});
  });
}

Op wrap_key_data() {
  return written("random_wrap_key_data", kArray, 0.4, kSmooth, [](Idiom& i) {
    if (i.builder().depth() > 0) return i.fail();
    const std::string r = random_prefix(i);
    const ValueId raw = raw_key(i);
    const std::string impl = i.either({"", "", ", impl=\"threefry2x32\""});
    const ValueId key =
        set_apart(i, i.let({"key", "typed_key"}, r + "wrap_key_data($0" + impl + ")", {raw},
                           Type{i.integer(), {}}, {0, 9}));
    const SampleType t = real_samples(i);
    const std::string f = i.either({"normal", "uniform"});
    i.let({"noise", "samples"}, fmt::format("{}{}($0, {}{})", r, f, t.shape_text, t.dtype_text),
          {key}, t.shape, f == "normal" ? Interval{-3, 3} : Interval{0, 1});
  });
}

// The same key twice, said so.
Op clone() {
  return written("random_clone", kArray, 0.4, kSmooth, [](Idiom& i) {
    const std::string r = random_prefix(i);
    const ValueId seed = seed_argument(i);
    const ValueId key =
        set_apart(i, i.let({"key", "rng"}, r + "key($0)", {seed}, Type{i.integer(), {}}, {0, 9}));
    const SampleType t = real_samples(i, 1, 2);
    const std::string same = fmt::format("{}{{}}({{}}, {}{})", r, t.shape_text, t.dtype_text);
    const ValueId again = set_apart(
        i, i.let({"same_key", "key_copy"}, r + "clone($0)", {key}, Type{i.integer(), {}}, {0, 9}));
    const bool antithetic = i.chance(0.5);
    const std::string f = antithetic ? "normal" : "uniform";
    i.let({"noise", "samples"}, fmt::format(fmt::runtime(same), f, "$0"), {key}, t.shape,
          antithetic ? Interval{-3, 3} : Interval{0, 1});
    const std::string turned = antithetic ? "-" : "1.0 - ";
    i.let({"mirrored", "antithetic"}, turned + fmt::format(fmt::runtime(same), f, "$0"), {again},
          t.shape, antithetic ? Interval{-3, 3} : Interval{0, 1});
  });
}

// A sample for each of many keys.
Op split() {
  return written("random_split", kVectorization, 0.4, kSmooth, [](Idiom& i) {
    if (i.real() != i.builder().default_real()) return i.fail();
    const ValueId key = random_key(i);
    const std::string r = random_prefix(i);
    const std::int64_t n = i.between(2, 9);
    const ValueId keys =
        set_apart(i, i.let({"keys", "rngs"},
                           fmt::format("{}split($0, {}{})", r, i.chance(0.3) ? "num=" : "", n),
                           {key}, Type{i.integer(), {}}, {0, 9}));
    const std::string f = i.either({"normal", "uniform", "gumbel", "exponential"});
    const Interval range = f == "uniform"       ? Interval{0, 1}
                           : f == "exponential" ? Interval{0, 5}
                                                : Interval{-3, 3};
    if (i.chance(0.4)) {
      i.let({"draws", "samples"}, fmt::format("jax.vmap({}{})($0)", r, f), {keys}, Shape{n}, range);
      return;
    }
    const std::int64_t m = i.size();
    i.let({"draws", "samples", "noise"},
          fmt::format("jax.vmap(lambda k: {}{}(k, ({},)))($0)", r, f, m), {keys}, Shape{n, m},
          range);
  });
}

// Two draws of one key, by a split: a point in the plane, amplitude and phase.
Op independent_draws() {
  return written("random_independent", kMath, 0.4, kSmooth, [](Idiom& i) {
    const Ids keys = random_keys(i, 2);
    const std::string r = random_prefix(i);
    const SampleType t = real_samples(i, 1, 2);
    const std::string f = i.either({"normal", "uniform", "exponential", "maxwell"});
    const ValueId radius = i.let({"radius", "amplitude"},
                                 fmt::format("{}{}($0, {}{})", r, f, t.shape_text, t.dtype_text),
                                 {keys[0]}, t.shape, {0, 3});
    const ValueId angle = i.let(
        {"angle", "phase"},
        fmt::format("{}uniform($0, {}{}, maxval=2.0 * jnp.pi)", r, t.shape_text, t.dtype_text),
        {keys[1]}, t.shape, {0, 6.28});
    i.let({"component", "x"}, i.either({"$0 * jnp.cos($1)", "$0 * jnp.sin($1)"}), {radius, angle},
          t.shape, {-3, 3});
  });
}

}  // namespace

std::vector<Op> random_ops() {
  std::vector<Op> out = {bernoulli(),   categorical(),       randint(),     choice(),
                         permutation(), dirichlet(),         multinomial(), multivariate_normal(),
                         ball(),        orthogonal(),        key_data(),    wrap_key_data(),
                         clone(),       independent_draws(), split()};
  out.push_back(with_traits(kManyInstructions,
                            written("draws from priors", kMath, 0.6, kNone,
                                    [](Idiom& i) { write_draws(i, parametric_samplers()); })));
  for (const Sampler& s : plain_samplers()) {
    const Derivative d = s.gives == Gives::kReals ? kSmooth : kZero;
    out.push_back(written("random_" + s.function, s.gives == Gives::kReals ? kMath : kArray, 0.36,
                          d, [s](Idiom& i) { write_plain(i, s); }));
  }
  for (const Sampler& s : parametric_samplers()) {
    const bool many = (s.traits & kManyInstructions) != 0;
    const bool counts = s.gives == Gives::kCounts || s.of_trials;
    out.push_back(with_traits(
        s.traits, written("random_" + s.function, kMath, many ? 0.9 : 0.36,
                          counts ? kZero : kSmooth, [s](Idiom& i) { write_parametric(i, s); })));
  }
  return out;
}

}  // namespace jaxsmith::plan
