// Inference of a hierarchical model as a whole: the terms of its log density, its gradient, a
// sampler's proposals and their acceptance, a number of them, by choice in several chains.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/random_keys.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;

// What is observed, given a linear predictor.
struct Likelihood {
  std::string says;  // "normal", within a sentence
  Words names;
  std::string
      each;  // of the predictor {eta}, what is observed {y}, and the logarithm of a scale {s}
  bool scaled = false;
  Interval observed;
};

const std::vector<Likelihood>& likelihoods() {
  static const std::vector<Likelihood> kAll = {
      {"normal",
       {"normal_log_lik", "gaussian_log_lik"},
       "-0.5 * (({y} - {eta}) / jnp.exp({s})) ** 2 - {s}",
       true,
       {-2, 2}},
      {"Student t",
       {"student_log_lik", "robust_log_lik"},
       "-2.5 * jnp.log1p((({y} - {eta}) / jnp.exp({s})) ** 2 / 4.0) - {s}",
       true,
       {-2, 2}},
      {"Poisson",
       {"poisson_log_lik", "count_log_lik"},
       "{y} * {eta} - jnp.exp({eta})",
       false,
       {0, 4}},
      {"Bernoulli",
       {"bernoulli_log_lik", "logistic_log_lik"},
       "{y} * {eta} - jax.nn.softplus({eta})",
       false,
       {0, 1}},
      {"Laplace",
       {"laplace_log_lik", "double_exponential_log_lik"},
       "-jnp.abs({y} - {eta}) / jnp.exp({s}) - {s}",
       true,
       {-2, 2}},
      {"log-normal",
       {"lognormal_log_lik"},
       "-0.5 * ((jnp.log({y}) - {eta}) / jnp.exp({s})) ** 2 - {s}",
       true,
       {0.5, 4}}};
  return kAll;
}

enum class Sampler { kNone, kHamiltonian, kLangevin, kWalk };

class Posterior {
 public:
  Posterior(Idiom& i, Category category)
      : i_(i), category_(category), likelihood_(i.random().pick(likelihoods())) {
    if (half_precision(i)) i.fail();
    rows_ = std::clamp<std::int64_t>(i.size(), 5, 32), features_ = i.between(2, 4),
    groups_ = i.between(2, 4);
    grouped_ = category == kIndexing || i.chance(0.6);
    hyper_ = i.chance(0.6);
    heavy_ = i.chance(0.3);
    // Positions in one vector: slopes, effects of groups, logarithms of scales.
    at_effects_ = features_, at_scales_ = at_effects_ + (grouped_ ? groups_ : 0);
    size_ = at_scales_ + (likelihood_.scaled ? 1 : 0) + (grouped_ && hyper_ ? 1 : 0);
    sampler_ =
        category == kGradient || category == kLoop || category == kConditional ||
                category == kVectorization
            ? static_cast<Sampler>(i.random().weighted(
                  std::vector<double>{0, 0.6, 0.3, category == kGradient ? 0 : 0.1}))
            : static_cast<Sampler>(i.random().weighted(std::vector<double>{0.35, 0.35, 0.2, 0.1}));
    chains_ = category == kVectorization ? 3 : 0;
    rounds_ = i.between(2, 6), leaps_ = i.between(3, 8);
    step_ = i.either({"0.02", "0.05", "0.03"});
  }

  void write() {
    const std::string model =
        fmt::format("{} {}regression", likelihood_.says,
                    grouped_ ? (hyper_ ? "hierarchical " : "varying-intercept ") : "");
    const std::string by = sampler_ == Sampler::kHamiltonian ? "Hamiltonian Monte Carlo"
                           : sampler_ == Sampler::kLangevin  ? "Metropolis-adjusted Langevin"
                                                             : "random-walk Metropolis";
    if (sampler_ == Sampler::kNone) {
      i_.called({"log_posterior", "log_density", "log_joint"});
      i_.summary("Log density of a " + model + ", up to a constant.");
    } else {
      i_.called(sampler_ == Sampler::kHamiltonian ? Words{"hmc", "hmc_steps", "sample_posterior"}
                : sampler_ == Sampler::kLangevin
                    ? Words{"mala", "langevin_steps", "sample_posterior"}
                    : Words{"metropolis", "sample_posterior"});
      i_.summary(fmt::format("{} {} transitions for a {}{}.", rounds_, by, model,
                             chains_ ? ", in several chains" : ""));
    }
    draw_terms();
    if (sampler_ != Sampler::kNone) density_ = density();
    Type place{i_.real(), {size_}};
    if (sampler_ != Sampler::kNone) transition_ = transition();
    if (chains_) place.shape.insert(place.shape.begin(), chains_);
    const ValueId theta = i_.argument({"theta", "position"}, place, {-0.8, 0.8});
    for (const Idiom::Part& part : data())
      data_.push_back(i_.argument(part.names, part.type, part.range));
    if (sampler_ == Sampler::kNone) {
      Ids operands = {theta};
      operands.insert(operands.end(), data_.begin(), data_.end());
      density_steps(operands);
      return;
    }
    // One seed for both: where every proposal is accepted, what accepts shows nothing.
    Shape noise = {rounds_, size_}, uniforms = {rounds_};
    if (chains_) noise.insert(noise.begin(), chains_), uniforms.insert(uniforms.begin(), chains_);
    const Ids keys = random_keys(i_, 2);
    const ValueId kicks =
        i_.let({sampler_ == Sampler::kHamiltonian ? "momenta" : "noise", "normals"},
               fmt::format("jax.random.normal($0, {}, $1.dtype)", tuple_text(noise)),
               {keys[0], theta}, Type{i_.real(), noise}, {-2.5, 2.5});
    const ValueId draws =
        i_.let({"log_uniforms", "log_u"},
               fmt::format("jnp.log(jax.random.uniform($0, {}, $1.dtype))", tuple_text(uniforms)),
               {keys[1], theta}, Type{i_.real(), uniforms}, {-5, -0.01});
    if (!chains_) {
      run(theta, kicks, draws);
      return;
    }
    const BodyId one = i_.function({"one_chain", "run_chain"},
                                   {{{"start"}, {i_.real(), {size_}}, {-1, 1}},
                                    {{"chain_noise"}, {i_.real(), {rounds_, size_}}, {-1.5, 1.5}},
                                    {{"chain_log_u"}, {i_.real(), {rounds_}}, {-3, 0}}},
                                   [&](const Ids& p) { return run(p[0], p[1], p[2]); }, {}, {2});
    i_.unpack("jax.vmap($f0)($0, $1, $2)", {theta, kicks, draws}, {one},
              {{{"samples", "draws"}, {i_.real(), {chains_, rounds_, size_}}, {-2, 2}},
               {{"log_probs"}, {i_.real(), {chains_, rounds_}}, {-40, 0}}});
  }

 private:
  Idiom::Part theta() const { return {{"theta", "position"}, {i_.real(), {size_}}, {-2, 2}}; }

  Parts data() const {
    Parts out = {{{"x", "features"}, {i_.real(), {rows_, features_}}, {-1, 1}},
                 {{"y", "observed"}, {i_.real(), {rows_}}, likelihood_.observed}};
    if (grouped_) out.push_back({{"groups", "group_ids"}, counts(i_, {rows_}), below(groups_ - 1)});
    return out;
  }

  Parts with_data(Parts parts) const {
    for (Idiom::Part& part : data()) parts.push_back(std::move(part));
    return parts;
  }

  // ---- The density ----

  // Functions of its terms.
  void draw_terms() {
    const Type rows{i_.real(), {rows_}};
    Parts in = {{{"eta", "predictor", "linear"}, rows, {-3, 3}},
                {{"y", "observed"}, rows, likelihood_.observed}};
    if (likelihood_.scaled)
      in.push_back({{"log_scale", "log_sigma", "log_width"}, scalar(i_), {-1, 1}});
    fit_ = i_.helper(likelihood_.names, "Log-likelihood of what is observed, without constants.",
                     in, [&](const Ids& p) {
                       Terms terms = {{"eta", p[0]}, {"y", p[1]}};
                       if (likelihood_.scaled) terms.push_back({"s", p[2]});
                       const ValueId each = let(i_, {"each", "pointwise"}, likelihood_.each, terms,
                                                rows.shape, {-6, 1});
                       return Ids{i_.let({"log_lik"}, "jnp.sum($0)", {each}, Shape{}, {-40, 0})};
                     });
    const Type slopes{i_.real(), {features_}};
    prior_ =
        i_.helper(heavy_ ? Words{"cauchy_prior", "slopes_log_prior"}
                         : Words{"normal_prior", "slopes_log_prior"},
                  heavy_ ? "Cauchy prior of the slopes." : "Normal prior of the slopes.",
                  {{{"beta", "slopes", "coefs"}, slopes, {-2, 2}}}, [&](const Ids& p) {
                    return Ids{i_.let({"log_prior"},
                                      heavy_ ? "-jnp.sum(jnp.log1p($0**2))"
                                             : "-0.5 * jnp.sum(($0 / " +
                                                   i_.either({"1.0", "2.0", "1.5"}) + ") ** 2)",
                                      {p[0]}, Shape{}, {-6, 0})};
                  });
  }

  ValueId density_steps(const Ids& p) {
    const ValueId beta =
        i_.let({"beta", "slopes"}, fmt::format("$0[:{}]", features_), {p[0]}, {features_}, {-2, 2});
    ValueId eta = i_.let({"eta", "predictor"}, "$0 @ $1", {p[1], beta}, {rows_}, {-3, 3});
    ValueId effects = kNoValue;
    if (grouped_) {
      effects = i_.let({"effects", "intercepts"}, fmt::format("$0[{}:{}]", at_effects_, at_scales_),
                       {p[0]}, {groups_}, {-2, 2});
      eta = i_.let({"eta_grouped"}, "$0 + $1[$2]", {eta, effects, p[3]}, {rows_}, {-3, 3});
    }
    ValueId scale = kNoValue;
    if (likelihood_.scaled)
      scale = i_.let({"log_scale", "log_sigma"}, fmt::format("$0[{}]", at_scales_), {p[0]}, Shape{},
                     {-1, 1});
    Ids operands = {eta, p[2]};
    if (likelihood_.scaled) operands.push_back(scale);
    Ids terms = {i_.call({"log_lik"}, fit_, operands, scalar(i_), {-40, 0}),
                 i_.call({"slopes_prior"}, prior_, {beta}, scalar(i_), {-6, 0})};
    std::string sum = "$0 + $1";
    const auto less = [&](const std::string& penalty, ValueId of) {
      const std::string hole = fmt::format("${}", terms.size());
      sum += " - " + fmt::format(fmt::runtime(penalty), hole);
      terms.push_back(of);
    };
    if (grouped_ && hyper_) {
      const ValueId spread = i_.let({"log_tau", "log_spread"}, "$0[-1]", {p[0]}, Shape{}, {-1, 1});
      less("{}",
           i_.let({"effects_penalty"}, "0.5 * jnp.sum(($0 / jnp.exp($1)) ** 2) + $0.shape[0] * $1",
                  {effects, spread}, Shape{}, {-4, 8}));
      less("0.5 * {}**2", spread);
    } else if (grouped_) {
      less("0.5 * jnp.sum({}**2)", effects);
    }
    if (likelihood_.scaled)
      less("0.5 * ({} / " + i_.either({"0.5", "1.5", "2.0"}) + ") ** 2", scale);
    return i_.let({"log_prob", "total"}, sum, terms, Shape{}, {-40, 0});
  }

  BodyId density() {
    return i_.helper({"log_posterior", "log_density", "log_joint"},
                     "Log density of parameters and data.", with_data({theta()}),
                     [&](const Ids& p) { return Ids{density_steps(p)}; });
  }

  Ids at(ValueId theta, const Ids& p, std::size_t first) const {
    Ids out = {theta};
    out.insert(out.end(), p.begin() + static_cast<std::ptrdiff_t>(first), p.end());
    return out;
  }

  // ---- A transition ----

  BodyId gradient_step() {
    return stage(
        i_, {"leapfrog", "leapfrog_steps"},
        fmt::format("{} leapfrog steps of size {}.", leaps_, step_),
        with_data({theta(), {{"momentum", "p"}, theta().type, {-3, 3}}}), [&](const Ids& p) {
          const Shape shape = {size_};
          const auto kicked = [&](ValueId q, ValueId momentum, const Words& names) {
            const Ids operands = at(q, p, 2);
            const ValueId slope = i_.let({"score", "slope"},
                                         "jax.grad($f0)(" + Idiom::holes(0, operands.size()) + ")",
                                         operands, {density_}, theta().type, {-10, 10});
            return i_.let(names, "$0 + 0.5 * " + step_ + " * $1", {momentum, slope}, shape,
                          {-3, 3});
          };
          const auto leap = [&](ValueId q, ValueId momentum) {
            const ValueId half = kicked(q, momentum, {"p_half"});
            const ValueId moved =
                i_.let({"q_next"}, "$0 + " + step_ + " * $1", {q, half}, shape, {-2, 2});
            return Ids{moved, kicked(moved, half, {"p_next"})};
          };
          return i_.fori(0, leaps_, {"leap", "body"},
                         {{{"q"}, p[0], {-2, 2}, {"q_end"}}, {{"p"}, p[1], {-3, 3}, {"p_end"}}},
                         [&](const Ids& q) { return leap(q[1], q[2]); });
        });
  }

  ValueId density_at(const Words& names, ValueId theta, const Ids& p, std::size_t first) {
    return i_.call(names, density_, at(theta, p, first), scalar(i_), {-40, 0});
  }

  ValueId score_at(const Words& names, ValueId q, const Ids& operands) {
    Ids all = operands;
    all[0] = q;
    return i_.let(names, "jax.grad($f0)(" + Idiom::holes(0, all.size()) + ")", all, {density_},
                  theta().type, {-10, 10});
  }

  BodyId transition() {
    const BodyId leaps = sampler_ == Sampler::kHamiltonian ? gradient_step() : -1;
    const Words names = sampler_ == Sampler::kHamiltonian ? Words{"hmc_step", "transition"}
                        : sampler_ == Sampler::kLangevin  ? Words{"mala_step", "transition"}
                                                          : Words{"metropolis_step", "transition"};
    const Idiom::Part noise{
        {sampler_ == Sampler::kHamiltonian ? "momentum" : "noise"}, theta().type, {-1.5, 1.5}};
    return stage(
        i_, names, "Propose a move and accept it by its density.",
        with_data({theta(), noise, {{"log_u"}, scalar(i_), {-3, 0}}}), [&](const Ids& p) {
          const Shape shape = {size_};
          const ValueId before = density_at({"log_prob_old"}, p[0], p, 3);
          ValueId proposal, ratio;
          if (sampler_ == Sampler::kHamiltonian) {
            Ids operands = {p[0], p[1]};
            operands.insert(operands.end(), p.begin() + 3, p.end());
            const Ids ends = call(
                i_, leaps, operands,
                {{{"proposal"}, theta().type, {-2, 2}}, {{"momentum_end"}, theta().type, {-3, 3}}});
            proposal = ends[0];
            const ValueId after = density_at({"log_prob_new"}, proposal, p, 3);
            const ValueId gained = i_.let({"kinetic_gain", "kinetic_change"},
                                          "0.5 * (jnp.sum($0**2) - jnp.sum($1**2))",
                                          {p[1], ends[1]}, Shape{}, {-3, 3});
            ratio = i_.let({"log_ratio", "log_accept"}, "$0 - $1 + $2", {after, before, gained},
                           Shape{}, {-3, 3});
            return accepted(p, proposal, before, after, ratio);
          }
          const std::string eps = step_;
          if (sampler_ == Sampler::kWalk) {
            proposal = i_.let({"proposal", "candidate"},
                              "$0 + " + i_.either({"0.1", "0.2", "0.3"}) + " * $1", {p[0], p[1]},
                              shape, {-2, 2});
            const ValueId after = density_at({"log_prob_new"}, proposal, p, 3);
            ratio =
                i_.let({"log_ratio", "log_accept"}, "$0 - $1", {after, before}, Shape{}, {-3, 3});
            return accepted(p, proposal, before, after, ratio);
          }
          const Ids base = at(p[0], p, 3);
          const ValueId score = score_at({"score"}, p[0], base);
          proposal = i_.let({"proposal", "candidate"},
                            "$0 + " + eps + " * $1 + jnp.sqrt(2.0 * " + eps + ") * $2",
                            {p[0], score, p[1]}, shape, {-2, 2});
          const ValueId after = density_at({"log_prob_new"}, proposal, p, 3);
          const ValueId back =
              i_.let({"back_error"}, "$0 - $1 - " + eps + " * $2",
                     {p[0], proposal, score_at({"score_new"}, proposal, base)}, shape, {-2, 2});
          const ValueId reverse = i_.let({"log_backward"}, "-jnp.sum($0**2) / (4.0 * " + eps + ")",
                                         {back}, Shape{}, {-6, 0});
          ratio = i_.let({"log_ratio", "log_accept"}, "$0 - $1 + $2 + 0.5 * jnp.sum($3**2)",
                         {after, before, reverse, p[1]}, Shape{}, {-3, 3});
          return accepted(p, proposal, before, after, ratio);
        });
  }

  Ids accepted(const Ids& p, ValueId proposal, ValueId before, ValueId after, ValueId ratio) {
    const ValueId taken =
        i_.let({"accept", "accepted"}, "$0 < $1", {p[2], ratio}, flags({}), {0, 1});
    if (category_ == kConditional) {
      return i_.cond(
          taken, {}, {}, {"move", "take"}, [&](const Ids&) { return Ids{proposal, after}; },
          {"stay", "reject"}, [&](const Ids&) { return Ids{p[0], before}; },
          {{{"theta_next"}, theta().type, {-2, 2}}, {{"log_prob_next"}, scalar(i_), {-40, 0}}});
    }
    return {
        i_.let({"theta_next"}, "jnp.where($0, $1, $2)", {taken, proposal, p[0]}, {size_}, {-2, 2}),
        i_.let({"log_prob"}, "jnp.where($0, $1, $2)", {taken, after, before}, Shape{}, {-40, 0})};
  }

  Ids run(ValueId start, ValueId kicks, ValueId draws) {
    const auto out = i_.scan(
        {"transition_step", "sample_step"}, {{{"theta", "state"}, start, {-2, 2}}},
        {{{"kick", "noise"}, kicks}, {{"log_u"}, draws}},
        {{"samples", "draws"}, {"log_probs", "log_densities"}}, [&](const Ids& p) {
          Ids operands = p;
          operands.insert(operands.end(), data_.begin(), data_.end());
          const Ids next =
              call(i_, transition_, operands,
                   {{{"theta_next"}, theta().type, {-2, 2}}, {{"log_prob"}, scalar(i_), {-40, 0}}});
          return Ids{next[0], next[0], next[1]};
        });
    return out.stacked;
  }

  Idiom& i_;
  const Category category_;
  const Likelihood likelihood_;
  std::int64_t rows_ = 0, features_ = 0, groups_ = 0, at_effects_ = 0, at_scales_ = 0, size_ = 0,
               chains_ = 0, rounds_ = 0, leaps_ = 0;
  bool grouped_ = false, hyper_ = false, heavy_ = false;
  Sampler sampler_{};
  std::string step_;
  BodyId fit_ = -1, prior_ = -1, density_ = -1, transition_ = -1;
  Ids data_;
};

}  // namespace

std::vector<Op> posterior_wholes() {
  return wholes_by<Posterior>({{"posterior_sampling", kGradient, 2},
                               {"posterior_chain", kLoop, 1},
                               {"posterior_chains", kVectorization, 1.5},
                               {"posterior_moves", kConditional, 1},
                               {"grouped_posterior", kIndexing, 1},
                               {"posterior_density", kMath, 1.5},
                               {"posterior_terms", kReduction, 1}});
}

}  // namespace jaxsmith::plan
