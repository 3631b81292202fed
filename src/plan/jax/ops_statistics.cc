// jax.scipy.stats: densities, distribution functions, quantiles. One row a function.
#include <fmt/format.h>

#include "plan/jax/call_forms.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// What a method of a distribution gives: where its values lie and what they are called.
struct Method {
  std::string name;
  Words names;
  Interval result;
};

struct Distribution {
  std::string name;
  Interval data;  // where it has mass
  std::vector<CallParameter> parameters;
  LocScale loc_scale;
  std::vector<Method> methods;
  bool half = true;
  std::uint32_t traits = 0;
  Interval quantiles = {0.05, 0.95};
};

Method cdf() { return {"cdf", {"cdf", "probability", "cumulative"}, {0.01, 0.99}}; }
Method sf() { return {"sf", {"survival", "tail", "p_value"}, {0.01, 0.99}}; }
Method pdf(double top) { return {"pdf", {"density", "pdf", "likelihood"}, {0.01, top}}; }
Method logpdf(double low, double high) {
  return {"logpdf", {"log_density", "log_prob", "log_likelihood"}, {low, high}};
}
Method logcdf(double low) { return {"logcdf", {"log_cdf", "log_probability"}, {low, -0.01}}; }
Method logsf(double low) { return {"logsf", {"log_survival", "log_tail"}, {low, -0.01}}; }
Method ppf(double low, double high) {
  return {"ppf", {"quantile", "threshold", "cutoff"}, {low, high}};
}
Method isf(double low, double high) { return {"isf", {"upper_quantile", "critical"}, {low, high}}; }

const CallParameter& shape_parameter(const std::string& name) {
  static const std::vector<CallParameter> kAll = {
      {"a", {"a", "alpha", "concentration"}, {1.2, 4}},
      {"b", {"b", "beta_param", "rate"}, {1.2, 4}},
      {"df", {"df", "dof", "degrees"}, {1.5, 7}},
      {"beta", {"power", "beta", "exponent"}, {0.8, 3}},
      {"kappa", {"kappa", "concentration"}, {0.5, 4}},
      {"c", {"c", "concentration", "rho"}, {0.2, 0.8}},
      {"lower", {"lower", "a"}, {-3, -2}},
      {"upper", {"upper", "b"}, {2, 3}},
  };
  for (const CallParameter& p : kAll)
    if (p.name == name) return p;
  return kAll.front();
}

CallParameter renamed(CallParameter p, std::string name) {
  p.name = std::move(name);
  return p;
}

// One that JAX has no derivative for: a number.
CallParameter fixed(CallParameter p) {
  p.forms = kNumber;
  return p;
}

std::vector<Distribution> location_families() {
  return {
      {"cauchy",
       {-4, 4},
       {},
       LocScale::kBoth,
       {cdf(), logcdf(-2.6), logpdf(-4, -1.1), logsf(-2.6), pdf(0.32), sf(), ppf(-6.4, 6.4),
        isf(-6.4, 6.4)}},
      {"gumbel_l",
       {-4, 1.5},
       {},
       LocScale::kBoth,
       {cdf(), logcdf(-4), logpdf(-4, -1), logsf(-4.5), pdf(0.37), sf()}},
      {"gumbel_r",
       {-1.5, 4},
       {},
       LocScale::kBoth,
       {cdf(), logcdf(-4.5), logpdf(-4, -1), logsf(-4), pdf(0.37), sf()}},
      {"laplace", {-4, 4}, {}, LocScale::kBoth, {cdf(), logpdf(-4.7, -0.7), pdf(0.45)}},
      {"logistic",
       {-5, 5},
       {},
       LocScale::kBoth,
       {cdf(), logpdf(-5, -1.4), pdf(0.25), sf(), ppf(-3, 3), isf(-3, 3)}},
      {"norm", {-3, 3}, {}, LocScale::kBoth, {logpdf(-5.5, -0.9), pdf(0.4)}},
      {"norm",
       {-3, 3},
       {},
       LocScale::kBoth,
       {cdf(), logcdf(-6.6), logsf(-6.6), sf(), ppf(-1.65, 1.65), isf(-1.65, 1.65)},
       /*half=*/false,
       kManyInstructions},
      {"t", {-4, 4}, {shape_parameter("df")}, LocScale::kBoth, {logpdf(-5.2, -0.9), pdf(0.38)}},
      {"uniform", {-0.5, 1.5}, {}, LocScale::kNone, {ppf(0.05, 0.95)}},
  };
}

std::vector<Distribution> positive_families() {
  const CallParameter a = shape_parameter("a"), b = shape_parameter("b");
  const std::vector<CallParameter> df = {shape_parameter("df")};
  return {
      {"beta", {0.1, 0.9}, {a, b}, LocScale::kWider, {logpdf(-3.1, 0.8), pdf(2.3)}},
      {"beta",
       {0.1, 0.9},
       {fixed(a), fixed(b)},
       LocScale::kWider,
       {cdf(), logcdf(-6), logsf(-5.3), sf()},
       /*half=*/false,
       kManyInstructions},
      {"chi2", {0.4, 8}, df, LocScale::kScale, {logpdf(-4.1, -1.1), pdf(0.4)}},
      {"chi2",
       {0.4, 8},
       df,
       LocScale::kScale,
       {cdf(), logcdf(-3.4), logsf(-3.7), sf()},
       /*half=*/false,
       kManyInstructions},
      {"expon",
       {0.1, 4},
       {},
       LocScale::kScale,
       {cdf(), logcdf(-2.4), logpdf(-4, -0.1), logsf(-4), pdf(0.9), sf(), ppf(0.05, 3)}},
      {"gamma", {0.2, 6}, {a}, LocScale::kScale, {logpdf(-5.9, -0.6), pdf(0.35)}},
      {"gamma",
       {0.2, 6},
       {a},
       LocScale::kScale,
       {cdf(), logcdf(-6.3), logsf(-5.4), sf()},
       /*half=*/false,
       kManyInstructions},
      {"pareto",
       {1.2, 5},
       {b},
       LocScale::kNarrower,
       {cdf(), logcdf(-1.1), logpdf(-5.8, 0.4), logsf(-5.9), pdf(1.4), sf(), ppf(1.03, 3.5)}},
      {"vonmises",
       {-3, 3},
       {shape_parameter("kappa")},
       LocScale::kNone,
       {logpdf(-8.2, -0.7), pdf(0.6)}},
      {"wrapcauchy",
       {0.2, 6},
       {shape_parameter("c")},
       LocScale::kNone,
       {logpdf(-3.3, -0.6), pdf(0.8)}},
      {"gennorm",
       {-2.5, 2.5},
       {shape_parameter("beta")},
       LocScale::kNone,
       {logpdf(-10, -0.5), pdf(0.56)}},
      {"gennorm",
       {-2.5, 2.5},
       {shape_parameter("beta")},
       LocScale::kNone,
       {cdf()},
       /*half=*/false,
       kManyInstructions},
      {"truncnorm",
       {-1.8, 1.8},
       {renamed(shape_parameter("lower"), "a"), renamed(shape_parameter("upper"), "b")},
       LocScale::kNone,
       {pdf(0.4), cdf(), logcdf(-3.5), logpdf(-2.5, -0.9), logsf(-3.4), sf()},
       /*half=*/false,
       kManyInstructions | kMostlyHidden},
  };
}

bool is_quantile(const std::string& method) { return method == "ppf" || method == "isf"; }

// Elsewhere and stretched: tails reach further.
Interval stretched(const Method& m) {
  const Interval r = m.result;
  if (is_quantile(m.name)) return {2 * r.lo - 1, 2 * r.hi + 1};
  if (m.name == "pdf") return {r.lo / 3, 1.7 * r.hi};
  if (m.name.starts_with("log")) return {1.7 * r.lo - 1, r.hi < -0.1 ? r.hi + 0.6 : r.hi};
  return {0.001, 0.999};
}

// Log densities are mostly summed: the log likelihood of independent samples.
void maybe_total(Idiom& i, ValueId x, Interval range) {
  const int rank = i.rank(x);
  if (rank == 0 || i.chance(0.7)) return;
  const bool rows = rank > 1 && i.chance(0.5);
  const double n = rows ? static_cast<double>(i.dim(x, -1)) : 1;
  const bool mean = !rows || n > 24 || half_precision(i) || i.chance(0.4);
  const std::string axis = rows ? ", axis=-1" : "";
  const std::string call =
      i.either({"jnp.", ""}) == "jnp."
          ? fmt::format("jnp.{}($0{})", mean ? "mean" : "sum", axis)
          : fmt::format("$0.{}({})", mean ? "mean" : "sum", rows ? "axis=-1" : "");
  const bool negative = i.chance(0.4);
  const double by = mean ? 1 : n;
  const Interval total = {range.lo * by * 0.8, range.hi * by - 0.2 * by * (range.hi - range.lo)};
  i.let(negative ? Words{"nll", "loss", "negative_log_likelihood"}
                 : Words{"log_likelihood", "total", "score"},
        (negative ? "-" : "") + call, {x}, rows ? i.without_axis(x, -1) : Shape{},
        negative ? Interval{-total.hi, -total.lo} : total);
}

void write_method(Idiom& i, const Distribution& d, const Method& m) {
  if (half_precision(i) && !d.half) return i.fail();
  const bool quantile = is_quantile(m.name);
  // norm.ppf gives JAX's default type of floats, whatever it takes.
  if (quantile && d.name == "norm" && i.real() != i.builder().default_real()) return i.fail();
  const ValueId x = quantile ? i.anchor({"q", "levels", "probabilities"}, 0, 3, d.quantiles)
                             : i.anchor({"x", "samples", "values", "observations"}, 0, 3, d.data);
  CallText call(i, x);
  const bool keyword = i.chance(0.3);
  for (const CallParameter& p : d.parameters) call.add(p, keyword);
  bool moved = true;
  if (d.name == "uniform") {
    call.add({"loc", {"low", "lower"}, {-2, -0.5}}, keyword);
    call.add({"scale", {"width", "span"}, {0.5, 3}}, keyword);
  } else {
    moved = add_loc_scale(i, call, d.loc_scale, keyword || i.chance(0.6));
  }
  const Interval range = moved ? stretched(m) : m.result;
  const std::string prefix = scipy_prefix(i) + "stats.";
  const ValueId y = i.let(m.names, fmt::format("{}{}.{}({})", prefix, d.name, m.name, call.text()),
                          call.operands(), call.shape(), range);
  if (m.name.starts_with("logp")) maybe_total(i, y, range);
}

void add_distribution(std::vector<Op>& out, const Distribution& d) {
  for (const Method& m : d.methods) {
    const bool many = (d.traits & kManyInstructions) != 0;
    // Of these JAX has no derivative, or none in the scale.
    const bool none =
        d.name.starts_with("gumbel") && (is_quantile(m.name) || m.name.ends_with("pdf"));
    out.push_back(with_traits(
        d.traits, written("stats_" + d.name + "_" + m.name, kMath, many ? 0.9 : 0.36,
                          none ? kNone : kSmooth, [d, m](Idiom& i) { write_method(i, d, m); })));
  }
}

// ---- Of counts ----

struct CountMethod {
  std::string function;
  double most;    // of the data
  double trials;  // 0: none
  CallParameter parameter;
  Interval mass;
  bool many;
};

const std::vector<CountMethod>& count_methods() {
  static const CallParameter p = {"p", {"p", "probs", "success_rate"}, {0.2, 0.8}};
  static const CallParameter mu = {"mu", {"mu", "rate", "expected"}, {1, 5}};
  static const std::vector<CountMethod> kAll = {
      {"bernoulli.logpmf", 1, 0, p, {-1.6, -0.2}, false},
      {"bernoulli.pmf", 1, 0, p, {0.2, 0.8}, false},
      {"bernoulli.cdf", 1, 0, p, {0.2, 1}, false},
      {"binom.logpmf", 6, 8, p, {-10, -1.2}, true},
      {"binom.pmf", 6, 8, p, {0.01, 0.33}, true},
      {"nbinom.logpmf", 6, 5, p, {-8, -1.3}, true},
      {"nbinom.pmf", 6, 5, p, {0.01, 0.25}, true},
      {"geom.logpmf", 6, 0, p, {-8, -0.2}, false},
      {"geom.pmf", 6, 0, p, {0.01, 0.7}, false},
      {"poisson.logpmf", 8, 0, mu, {-6, -1}, true},
      {"poisson.pmf", 8, 0, mu, {0.01, 0.35}, true},
      {"poisson.cdf", 6, 0, mu, {0.01, 0.99}, true},
  };
  return kAll;
}

void write_count(Idiom& i, const CountMethod& m) {
  if (half_precision(i)) return i.fail();
  const Shape shape = drawn_shape(i, 1, 2);
  const double least = m.function.starts_with("geom") ? 1 : 0;
  const ValueId k = i.input({"counts", "k", "observed"}, Type{i.integer(), shape}, {least, m.most});
  CallText call(i, k);
  const bool keyword = i.chance(0.25);
  if (m.trials > 0) {
    const auto n = static_cast<std::int64_t>(m.trials) + i.between(0, 4);
    call.add_text(fmt::format("{}{}", keyword ? "n=" : "", n));
  }
  // A number would give JAX's default type.
  CallParameter p = m.parameter;
  if (i.real() != i.builder().default_real()) p.forms = kOne | kEach | kColumns;
  call.add(p, keyword);
  const bool pmf = m.function.find("pmf") != std::string::npos;
  const bool log = m.function.find("log") != std::string::npos;
  const ValueId y = i.let(log   ? Words{"log_mass", "log_prob", "log_likelihood"}
                          : pmf ? Words{"mass", "probability", "likelihood"}
                                : Words{"cdf", "cumulative", "probability"},
                          fmt::format("{}stats.{}({})", scipy_prefix(i), m.function, call.text()),
                          call.operands(), call.shape(), m.mass);
  hide_if_few(i, y);
  if (log) maybe_total(i, y, m.mass);
}

// Quantiles of a coin: 0 or 1.
Op bernoulli_ppf() {
  return written("stats_bernoulli_ppf", kMath, 0.3, kZero, [](Idiom& i) {
    const ValueId q = i.anchor({"q", "levels", "uniforms"}, 1, 2, {0.05, 0.95});
    CallText call(i, q);
    call.add({"p", {"p", "probs"}, {0.3, 0.7}}, i.chance(0.3));
    const ValueId y =
        i.let({"outcome", "quantile"}, scipy_prefix(i) + "stats.bernoulli.ppf(" + call.text() + ")",
              call.operands(), call.shape(), {0, 1});
    hide_if_few(i, y, 12);
  });
}

// A compound count: successes whose probability is itself drawn.
Op betabinom(const std::string& method) {
  return with_traits(
      kManyInstructions, written("stats_betabinom_" + method, kMath, 0.8, kSmooth, [=](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const ValueId k = i.input({"counts", "k"}, Type{i.integer(), drawn_shape(i, 1, 2)}, {0, 6});
        CallText call(i, k);
        const bool keyword = i.chance(0.3);
        call.add_text(fmt::format("{}{}", keyword ? "n=" : "", 6 + i.between(0, 6)));
        const std::uint32_t forms =
            i.real() == i.builder().default_real() ? kAnyForm : kOne | kEach | kColumns;
        call.add({"a", {"alpha", "a"}, {1, 3}, forms}, keyword);
        call.add({"b", {"beta", "b"}, {1, 3}, forms}, keyword);
        const bool log = method == "logpmf";
        const ValueId y =
            i.let(log ? Words{"log_mass", "log_prob"} : Words{"mass", "probability"},
                  fmt::format("{}stats.betabinom.{}({})", scipy_prefix(i), method, call.text()),
                  call.operands(), call.shape(), log ? Interval{-4.3, -1.6} : Interval{0.01, 0.2});
        hide_if_few(i, y);
      }));
}

// Within bounds or not; outside the density is 0, its logarithm is kept from minus infinity.
Op uniform_density(const std::string& method) {
  return written("stats_uniform_" + method, kMath, 0.36, kSmooth, [=](Idiom& i) {
    const ValueId x = i.anchor({"x", "samples", "proposal"}, 1, 2, {-3, 3});
    // What lies within the bounds for sure has one density.
    if (practical(i.builder()[x].stats).lo > -2) return i.fail();
    CallText call(i, x);
    const bool keyword = i.chance(0.5);
    call.add({"loc", {"low", "lower"}, {-1.5, -0.5}}, keyword);
    call.add({"scale", {"width", "span"}, {1, 2.5}}, keyword);
    const std::string text =
        fmt::format("{}stats.uniform.{}({})", scipy_prefix(i), method, call.text());
    ValueId y = kNoValue;
    if (method == "cdf") {
      y = i.let({"cdf", "fraction"}, text, call.operands(), call.shape(), {0, 1});
    } else if (method == "pdf") {
      y = i.let({"density", "prior"}, text, call.operands(), call.shape(), {0, 1});
    } else {
      const std::string floor = i.either({"-30.0", "-20.0", "-50.0"});
      y = i.let({"log_prior", "log_density"}, "jnp.maximum(" + text + ", " + floor + ")",
                call.operands(), call.shape(), {-20, 0});
    }
    hide_if_few(i, y, method == "cdf" ? 4 : 10);
  });
}

}  // namespace

std::vector<Op> sample_statistics_ops();  // ops_statistics_samples.cc

std::vector<Op> statistics_ops() {
  std::vector<Op> out;
  for (const auto& table : {location_families(), positive_families()})
    for (const Distribution& d : table) add_distribution(out, d);
  for (const std::string family : {"gumbel_l", "gumbel_r"}) {
    const Interval reach = family == "gumbel_l" ? Interval{-3, 1.1} : Interval{-1.1, 3};
    add_distribution(out, {family, {0, 1}, {}, LocScale::kBoth, {ppf(reach.lo, reach.hi)}});
  }
  for (const CountMethod& m : count_methods()) {
    std::string name = m.function;
    name[name.find('.')] = '_';
    Op op = written("stats_" + name, kMath, m.many ? 1.0 : 0.36, kSmooth,
                    [m](Idiom& i) { write_count(i, m); });
    out.push_back(m.many ? with_traits(kManyInstructions, op) : op);
  }
  for (const char* method : {"pdf", "logpdf", "cdf"}) out.push_back(uniform_density(method));
  for (const char* method : {"pmf", "logpmf"}) out.push_back(betabinom(method));
  out.push_back(bernoulli_ppf());
  for (Op& op : sample_statistics_ops()) out.push_back(std::move(op));
  return out;
}

}  // namespace jaxsmith::plan
