// jax.scipy.stats: densities, distribution functions, quantiles. One row a function.
#include <fmt/format.h>

#include "plan/jax/call_forms.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/distributions.h"
#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

void write_method(Idiom& i, const Distribution& d, const Method& m) {
  if (half_precision(i) && !d.half) return i.fail();
  const bool quantile = is_quantile(m.name);
  // norm.ppf gives JAX's default type of floats, whatever it takes.
  if (quantile && d.name == "norm" && i.real() != i.builder().default_real()) return i.fail();
  const ValueId x = quantile ? i.anchor({"q", "levels", "probabilities"}, 0, 3, d.quantiles)
                             : i.anchor({"x", "samples", "values", "observations"}, 0, 3, d.data);
  bool moved = true;
  const CallText call = arguments_of(i, d, x, moved);
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
  const Words names = m.function.starts_with("bernoulli") ? Words{"outcomes", "successes"}
                      : m.function.starts_with("geom")    ? Words{"trials", "trials_needed"}
                                                          : Words{"counts", "k", "observed"};
  const ValueId k = i.input(names, Type{i.integer(), shape}, {least, m.most});
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
  return with_traits(kMostlyHidden, written("stats_bernoulli_ppf", kMath, 0.3, kZero, [](Idiom& i) {
                       const ValueId q = i.anchor({"q", "levels", "uniforms"}, 1, 2, {0.05, 0.95});
                       CallText call(i, q);
                       call.add({"p", {"p", "probs"}, {0.3, 0.7}}, i.chance(0.3));
                       const ValueId y =
                           i.let({"outcome", "quantile"},
                                 scipy_prefix(i) + "stats.bernoulli.ppf(" + call.text() + ")",
                                 call.operands(), call.shape(), {0, 1});
                       hide_if_few(i, y, 12);
                     }));
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
std::vector<Op> distribution_uses();      // ops_distributions.cc

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
  for (auto* table : {sample_statistics_ops, distribution_uses})
    for (Op& op : table()) out.push_back(std::move(op));
  return out;
}

}  // namespace jaxsmith::plan
