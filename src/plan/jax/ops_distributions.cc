// What people do with a distribution of jax.scipy.stats, which takes several of its methods at
// once: likelihoods of what was only partly seen, hazards, tests, intervals, scores. A row a use,
// which every distribution has that has its methods.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "base/word_list.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/distributions.h"
#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Words = Idiom::Words;

// A use under way: the distribution, its data and how its methods are called.
struct Applied {
  Idiom& i;
  const Distribution& d;
  ValueId x;
  const CallText& call;
  bool moved;

  std::string text(std::string_view method, std::string_view of = "$0") const {
    return fmt::format("{}stats.{}.{}({}{})", scipy_prefix(i), d.name, method, of,
                       call.text().substr(2));
  }
  Interval range(std::string_view method) const {
    const Method& m = *d.method(method);
    return moved ? stretched(m) : m.result;
  }
  // With an operand more: its hole and all operands.
  std::string hole() const { return fmt::format("${}", call.operands().size()); }
  Idiom::Ids with(ValueId more) const {
    Idiom::Ids out = call.operands();
    out.push_back(more);
    return out;
  }
};

struct Use {
  std::string name;       // of its entries, before the distribution's
  std::string_view over;  // distributions for which it is steady in single precision
  std::string_view methods;
  Category category;
  void (*write)(const Applied&);
};

std::string named(const Distribution& d) {
  static const std::map<std::string, std::string, std::less<>> kNames = {
      {"cauchy", "a Cauchy"},      {"chi2", "a chi-squared"},
      {"expon", "an exponential"}, {"gumbel_l", "a left-skewed Gumbel"},
      {"gumbel_r", "a Gumbel"},    {"norm", "a normal"},
      {"pareto", "a Pareto"},      {"truncnorm", "a truncated normal"},
      {"laplace", "a Laplace"},
  };
  const auto found = kNames.find(d.name);
  return (found == kNames.end() ? "a " + d.name : found->second) + " distribution";
}

Interval around(Interval x, Interval y) { return {std::min(x.lo, y.lo), std::max(x.hi, y.hi)}; }

void write_censored(const Applied& a, const Words& flags, std::string_view otherwise) {
  const ValueId seen = a.i.input(flags, Type{DType::kBool, a.call.shape()}, {0, 1});
  const Interval range = around(a.range("logpdf"), a.range(otherwise));
  const ValueId y =
      a.i.let({"log_likelihood", "log_terms", "contributions"},
              fmt::format("jnp.where({}, {}, {})", a.hole(), a.text("logpdf"), a.text(otherwise)),
              a.with(seen), a.call.shape(), range);
  hide_if_few(a.i, y);
  maybe_total(a.i, y, range);
}

void write_right_censored(const Applied& a) {
  a.i.called({"censored_log_likelihood", "survival_log_likelihood"});
  a.i.summary(fmt::format(
      "Log-likelihood under {}; of what was not observed it is known that it is larger.",
      named(a.d)));
  write_censored(a, {"observed", "uncensored", "event_seen"}, "logsf");
}

void write_left_censored(const Applied& a) {
  a.i.called({"detection_limit_log_likelihood", "left_censored_log_likelihood"});
  a.i.summary(fmt::format(
      "Log-likelihood under {}; of what was not detected it is known that it is smaller.",
      named(a.d)));
  write_censored(a, {"detected", "above_limit"}, "logcdf");
}

void write_hazard(const Applied& a) {
  a.i.called({"hazard_rate", "hazard"});
  a.i.summary(fmt::format("Hazard of {}: the density among those that are left.", named(a.d)));
  a.i.let({"hazard", "failure_rate"},
          fmt::format("jnp.exp({} - {})", a.text("logpdf"), a.text("logsf")), a.call.operands(),
          a.call.shape(), {0.005, 9});
}

void write_two_sided(const Applied& a) {
  a.i.called({"two_sided_p_value", "two_sided_test"});
  a.i.summary(fmt::format("Two-sided p-value of a statistic with {}.", named(a.d)));
  a.i.let({"p_value", "p"}, fmt::format("2.0 * jnp.minimum({}, {})", a.text("cdf"), a.text("sf")),
          a.call.operands(), a.call.shape(), {0.002, 1});
}

void write_scores(const Applied& a) {
  if (a.i.real() != a.i.builder().default_real()) return a.i.fail();
  a.i.called({"normal_scores", "gaussianize"});
  a.i.summary(fmt::format("Normal scores of samples from {}.", named(a.d)));
  const ValueId levels = a.i.let({"levels", "ranks"}, a.text("cdf"), a.call.operands(),
                                 a.call.shape(), a.range("cdf"));
  a.i.let({"scores", "z"}, scipy_prefix(a.i) + "stats.norm.ppf($0)", {levels}, a.call.shape(),
          {-3.2, 3.2});
}

void write_bin(const Applied& a) {
  const ValueId width = a.i.input({"width", "bin_width"}, Shape{}, {0.3, 1.5});
  a.i.called({"interval_probability", "bin_mass"});
  a.i.summary(fmt::format("Mass of {} between an edge and the next.", named(a.d)));
  a.i.let({"mass", "probability"},
          fmt::format("{} - {}", a.text("cdf", fmt::format("$0 + {}", a.hole())), a.text("cdf")),
          a.with(width), a.call.shape(), {0.002, 0.9});
}

void write_interval(const Applied& a) {
  if (a.i.real() != a.i.builder().default_real()) return a.i.fail();
  a.i.called({"central_interval", "prediction_interval"});
  a.i.summary(
      fmt::format("Central interval of {} that leaves out so much on each side.", named(a.d)));
  a.i.let({"lower", "low"}, a.text("ppf"), a.call.operands(), a.call.shape(), a.range("ppf"));
  a.i.let({"upper", "high"}, a.text("isf"), a.call.operands(), a.call.shape(), a.range("isf"));
}

const std::vector<Use>& uses() {
  static const std::vector<Use> kAll = {
      {"right-censored", "cauchy expon gumbel_l gumbel_r norm pareto truncnorm gamma chi2 beta",
       "logpdf logsf", kConditional, write_right_censored},
      {"left-censored", "cauchy expon gumbel_r norm pareto truncnorm gamma chi2 beta",
       "logpdf logcdf", kConditional, write_left_censored},
      {"hazard", "cauchy gumbel_l gumbel_r norm pareto", "logpdf logsf", kMath, write_hazard},
      {"two-sided", "cauchy logistic norm chi2", "cdf sf", kMath, write_two_sided},
      {"scores", "cauchy logistic laplace expon pareto", "cdf", kMath, write_scores},
      {"bin", "cauchy logistic laplace gumbel_l gumbel_r norm expon pareto gamma chi2", "cdf",
       kArithmetic, write_bin},
      {"interval", "cauchy logistic norm", "ppf isf", kMath, write_interval},
  };
  return kAll;
}

Op use_of(const Use& use, const Distribution& d) {
  const bool none = d.name.starts_with("gumbel");  // its densities have none in the scale
  return with_traits(d.traits, written(fmt::format("{} {}", use.name, d.name), use.category, 0.3,
                                       none ? kNone : kSmooth, [&use, d](Idiom& i) {
                                         if (half_precision(i)) return i.fail();
                                         const bool quantile = use.methods.starts_with("ppf");
                                         const ValueId x =
                                             quantile
                                                 ? i.anchor({"tail", "alpha"}, 0, 2, {0.05, 0.4})
                                                 : i.anchor({"x", "samples", "times", "statistic"},
                                                            0, 2, d.data);
                                         bool moved = true;
                                         const CallText call = arguments_of(i, d, x, moved);
                                         use.write({i, d, x, call, moved});
                                       }));
}

}  // namespace

std::vector<Op> distribution_uses() {
  std::vector<Op> out;
  for (const Use& use : uses())
    for (const Distribution& d : distributions())
      if (is_word_of(use.over, d.name)) out.push_back(use_of(use, d));
  return out;
}

}  // namespace jaxsmith::plan
