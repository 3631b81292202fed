// Kalman filters as a whole: prediction, update and log-likelihood over a sequence, a smoother that
// goes back over it, by choice regimes, gates or a batch of sequences.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;

class Filter {
 public:
  Filter(Idiom& i, Category category) : i_(i) {
    if (half_precision(i)) i.fail();
    n_ = i.between(2, 4), m_ = i.between(1, n_);
    steps_ = i.chance(0.7) ? i.between(4, 10) : std::clamp<std::int64_t>(i.size(), 8, 64);
    smooths_ = i.chance(0.55);
    regimes_ = category == kIndexing;
    gated_ = category == kConditional;
    batched_ = category == kVectorization;
    driven_ = i.chance(0.3);
    joseph_ = i.chance(0.3);
  }

  void write() {
    i_.called(smooths_ ? Words{"kalman_smoother", "smooth_states", "rts_smoother"}
                       : Words{"kalman_filter", "filter_states", "run_filter"});
    const std::string what = smooths_ ? "Smooth the states behind" : "Filter the states behind";
    const std::string model = regimes_  ? ", by the regime of each step"
                              : gated_  ? ", leaving outliers out"
                              : driven_ ? ", with known inputs"
                                        : "";
    i_.summary(fmt::format("{} {} and give {}the log-likelihood{}.", what,
                           batched_ ? "sequences of measurements" : "noisy measurements",
                           smooths_ ? "their variances and " : "", model));
    predict_ = predict();
    update_ = update();
    if (smooths_) smooth_ = smooth_step();
    Type seen{i_.real(), {steps_, m_}};
    if (batched_) seen.shape.insert(seen.shape.begin(), kBatch);
    const ValueId y = i_.argument({"measurements", "observations"}, seen, {-3, 3});
    const Type square{i_.real(), {n_, n_}};
    Type transition = square;
    if (regimes_) transition.shape.insert(transition.shape.begin(), 3);
    f_ =
        i_.argument({regimes_ ? "transitions" : "transition", "dynamics"}, transition, {-0.6, 0.6});
    h_ = i_.argument({"observation_matrix", "sensor"}, {i_.real(), {m_, n_}}, {-1, 1});
    const ValueId q = i_.argument({"process_var", "q_diag"}, {i_.real(), {n_}}, {0.1, 0.6}),
                  r = i_.argument({"noise_var", "r_diag"}, {i_.real(), {m_}}, {0.2, 1});
    start_ = i_.argument({"initial_mean", "x0"}, {i_.real(), {n_}}, {-1, 1});
    if (regimes_) regime_ = i_.argument({"regimes", "modes"}, counts(i_, {steps_}), below(2));
    if (driven_) {
      inputs_ = i_.argument({"controls", "inputs"}, {i_.real(), {steps_, n_}}, {-1, 1});
    }
    q_ = i_.let({"process_cov", "q"}, "jnp.diag($0)", {q}, square, {0, 0.6});
    r_ = i_.let({"noise_cov", "r"}, "jnp.diag($0)", {r}, {i_.real(), {m_, m_}}, {0, 1});
    cov_ = i_.let({"initial_cov", "p0"}, fmt::format("jnp.eye({}, dtype=$0.dtype)", n_), {start_},
                  square, {0, 1});
    if (!batched_) {
      run(y);
      return;
    }
    const std::string states = smooths_ ? "smoothed_states" : "state_means";
    const BodyId one = i_.function({"filter_one", "of_one_sequence"},
                                   {{{"ys", "sequence"}, {i_.real(), {steps_, m_}}, {-3, 3}}},
                                   [&](const Ids& p) { return run(p[0]); }, {}, {smooths_ ? 3 : 2});
    std::vector<Idiom::Part> results = {{{states}, {i_.real(), {kBatch, steps_, n_}}, {-3, 3}}};
    if (smooths_)
      results.push_back(
          {{"smoothed_vars", "state_variances"}, {i_.real(), {kBatch, steps_ - 1, n_}}, {0, 2}});
    results.push_back({{"log_likelihoods", "log_evidence"}, {i_.real(), {kBatch}}, {-40, 0}});
    i_.unpack("jax.vmap($f0)($0)", {y}, {one}, results);
  }

 private:
  static constexpr std::int64_t kBatch = 3;

  Type mean() const { return {i_.real(), {n_}}; }
  Type cov() const { return {i_.real(), {n_, n_}}; }
  Idiom::Part mean_part(Words names) const { return {std::move(names), mean(), {-3, 3}}; }
  Idiom::Part cov_part(Words names) const { return {std::move(names), cov(), {-1, 2}}; }

  BodyId predict() {
    Parts parts = {mean_part({"mean", "x"}),
                   cov_part({"cov", "p"}),
                   {{"f", "transition"}, cov(), {-0.6, 0.6}},
                   {{"process_cov", "q", "drift_cov"}, cov(), {0, 0.6}}};
    if (driven_) parts.push_back({{"u", "control"}, mean(), {-1, 1}});
    return stage(i_, {"predict", "predict_step"}, "Mean and covariance of the next state.", parts,
                 [&](const Ids& p) {
                   const ValueId next =
                       driven_ ? i_.let({"mean_pred"}, "$0 @ $1 + $2", {p[2], p[0], p[4]}, mean(),
                                        {-3, 3})
                               : i_.let({"mean_pred"}, "$0 @ $1", {p[2], p[0]}, mean(), {-3, 3});
                   return Ids{next, i_.let({"cov_pred"},
                                           i_.either({"$0 @ $1 @ $0.T + $2",
                                                      "jnp.linalg.multi_dot([$0, $1, $0.T]) + $2"}),
                                           {p[2], p[1], p[3]}, cov(), {-1, 2})};
                 });
  }

  BodyId update() {
    const Type seen{i_.real(), {m_}}, spread{i_.real(), {m_, m_}};
    return stage(
        i_, {"update", "update_step", "correct"},
        "Correct a prediction by a measurement; also its log-likelihood.",
        {mean_part({"mean", "x"}),
         cov_part({"cov", "p"}),
         {{"y", "measurement"}, seen, {-3, 3}},
         {{"h", "sensor"}, {i_.real(), {m_, n_}}, {-1, 1}},
         {{"noise_cov", "r", "sensor_cov"}, spread, {0, 1}}},
        [&](const Ids& p) {
          const ValueId miss =
              i_.let({"innovation", "residual"}, "$0 - $1 @ $2", {p[2], p[3], p[0]}, seen, {-3, 3});
          const ValueId cross =
              i_.let({"cross_cov", "hp"}, "$0 @ $1", {p[3], p[1]}, {i_.real(), {m_, n_}}, {-2, 2});
          const ValueId s = i_.let({"innovation_cov", "s"}, "$0 @ $1.T + $2", {cross, p[3], p[4]},
                                   spread, {0.1, 4});
          const ValueId gain =
              i_.let({"gain"},
                     i_.either({"jnp.linalg.solve($0, $1).T", "jnp.linalg.solve($0, $1).T",
                                "$1.T @ jnp.linalg.inv($0)"}),
                     {s, cross}, {i_.real(), {n_, m_}}, {-1, 1});
          const ValueId corrected =
              i_.let({"mean_new"}, "$0 + $1 @ $2", {p[0], gain, miss}, mean(), {-3, 3});
          ValueId left;
          if (joseph_) {
            const ValueId keep = i_.let({"keep", "complement"},
                                        fmt::format("jnp.eye({}, dtype=$0.dtype) - $0 @ $1", n_),
                                        {gain, p[3]}, cov(), {-1, 1});
            left = i_.let({"cov_new"}, "$0 @ $1 @ $0.T + $2 @ $3 @ $2.T", {keep, p[1], gain, p[4]},
                          cov(), {-1, 2});
          } else {
            left = i_.let({"cov_new"}, "$0 - $1 @ $2", {p[1], gain, cross}, cov(), {-1, 2});
          }
          const ValueId distance =
              i_.let({"mahalanobis", "sq_dist"}, "$0 @ jnp.linalg.solve($1, $0)", {miss, s},
                     Shape{}, {0, 9});
          const ValueId log_det =
              i_.let({"log_det"}, "jnp.linalg.slogdet($0)[1]", {s}, Shape{}, {-3, 3});
          const ValueId loglik = i_.let({"log_prob", "loglik"},
                                        fmt::format("-0.5 * ($0 + $1 + {}jnp.log(2.0 * jnp.pi))",
                                                    m_ > 1 ? fmt::format("{} * ", m_) : ""),
                                        {distance, log_det}, Shape{}, {-8, 0});
          return Ids{corrected, left, loglik};
        });
  }

  // From the smoothed next state back to this one.
  BodyId smooth_step() {
    return stage(
        i_, {"smooth_back", "smoother_step"}, "Smooth a filtered state by the smoothed next one.",
        {mean_part({"mean", "filtered_mean"}),
         cov_part({"cov", "filtered_cov"}),
         mean_part({"next_mean", "smoothed_next"}),
         cov_part({"next_cov", "smoothed_next_cov"}),
         {{"f", "transition"}, cov(), {-0.6, 0.6}},
         {{"process_cov", "q", "drift_cov"}, cov(), {0, 0.6}}},
        [&](const Ids& p) {
          const ValueId ahead =
              i_.let({"cov_ahead"}, "$0 @ $1 @ $0.T + $2", {p[4], p[1], p[5]}, cov(), {-1, 2});
          const ValueId gain = i_.let({"gain"}, "jnp.linalg.solve($0, $1 @ $2).T",
                                      {ahead, p[4], p[1]}, cov(), {-1, 1});
          const ValueId better = i_.let({"mean_smooth"}, "$0 + $1 @ ($2 - $3 @ $0)",
                                        {p[0], gain, p[2], p[4]}, mean(), {-3, 3});
          return Ids{better, i_.let({"cov_smooth"}, "$0 + $1 @ ($2 - $3) @ $1.T",
                                    {p[1], gain, p[3], ahead}, cov(), {-1, 2})};
        });
  }

  ValueId transition(ValueId regime) {
    return regimes_ ? i_.let({"f", "dynamics_now"}, "$0[$1]", {f_, regime}, cov(), {-0.6, 0.6})
                    : f_;
  }

  // What a measurement makes of a prediction; one that is too unlikely leaves it as it is.
  Ids corrected(const Ids& predicted, ValueId y) {
    const Parts parts = {
        mean_part({"mean_next"}), cov_part({"cov_next"}), {{"log_prob"}, scalar(i_), {-8, 0}}};
    const Ids all = call(i_, update_, {predicted[0], predicted[1], y, h_, r_}, parts);
    if (!gated_) return all;
    const ValueId likely =
        i_.let({"plausible", "accepted"},
               "$0 > " + i_.setting({"gate", "least_log_prob"}, {"-4.0", "-5.0", "-3.5"}), {all[2]},
               flags({}), {0, 1});
    const Ids kept = i_.cond(
        likely, {}, {}, {"use", "accept"}, [&](const Ids&) { return Ids{all[0], all[1]}; },
        {"ignore", "reject"}, [&](const Ids&) { return predicted; },
        {mean_part({"mean_kept"}), cov_part({"cov_kept"})});
    const ValueId of_kept =
        i_.let({"log_prob_kept"}, "jnp.where($0, $1, 0.0)", {likely, all[2]}, Shape{}, {-8, 0});
    return {kept[0], kept[1], of_kept};
  }

  Ids run(ValueId y) {
    std::vector<Idiom::Slice> over = {{{"y", "measurement"}, y}};
    if (regimes_) over.push_back({{"regime", "mode_now"}, regime_});
    if (driven_) over.push_back({{"u", "control"}, inputs_});
    std::vector<Words> stacked = {{"filtered_means", "means"}, {"log_probs", "step_log_probs"}};
    if (smooths_) stacked.push_back({"filtered_covs", "covs"});
    if (!smooths_) stacked[0] = {"filtered_means", "state_means"};
    const auto out = i_.scan(
        {"filter_step", "step"}, {{{"mean", "x"}, start_, {-3, 3}}, {{"cov", "p"}, cov_, {-1, 2}}},
        over, stacked, [&](const Ids& p) {
          Ids at = {p[0], p[1], transition(regimes_ ? p[3] : kNoValue), q_};
          if (driven_) at.push_back(p.back());
          const Ids predicted =
              call(i_, predict_, at, {mean_part({"mean_pred"}), cov_part({"cov_pred"})});
          const Ids now = corrected(predicted, p[2]);
          Ids next = {now[0], now[1], now[0], now[2]};
          if (smooths_) next.push_back(now[1]);
          return next;
        });
    const ValueId total = i_.let({"log_likelihood", "log_evidence"}, "jnp.sum($0)",
                                 {out.stacked[1]}, Shape{}, {-40, 0});
    if (!smooths_) return {out.stacked[0], total};
    const ValueId means = out.stacked[0], covs = out.stacked[2];
    const ValueId last = i_.let({"last_mean"}, "$0[-1]", {means}, mean(), {-3, 3}),
                  last_cov = i_.let({"last_cov"}, "$0[-1]", {covs}, cov(), {-1, 2});
    const ValueId earlier =
                      i_.let({"earlier_means"}, "$0[:-1]", {means}, {steps_ - 1, n_}, {-3, 3}),
                  earlier_covs = i_.let({"earlier_covs"}, "$0[:-1]", {covs},
                                        Type{i_.real(), {steps_ - 1, n_, n_}}, {-1, 2});
    std::vector<Idiom::Slice> back = {{{"mean", "filtered_mean"}, earlier},
                                      {{"cov", "filtered_cov"}, earlier_covs}};
    if (regimes_)
      back.push_back(
          {{"regime", "next_mode"},
           i_.let({"next_regimes"}, "$0[1:]", {regime_}, counts(i_, {steps_ - 1}), below(2))});
    // Inputs move a prediction; the smoother takes the difference from where they lead.
    if (driven_)
      back.push_back({{"u", "control"},
                      i_.let({"next_controls"}, "$0[1:]", {inputs_}, {steps_ - 1, n_}, {-1, 1})});
    const auto smoothed =
        i_.scan(
              {"smooth_step", "back_step"},
              {{{"next_mean"}, last, {-3, 3}}, {{"next_cov"}, last_cov, {-1, 2}}}, back,
              {{"smoothed_means", "backward_means"}, {"smoothed_covs", "backward_covs"}},
              [&](const Ids& p) {
                ValueId ahead = p[0];
                if (driven_)
                  ahead = i_.let({"undriven"}, "$0 - $1", {p[0], p.back()}, mean(), {-3, 3});
                const Ids now =
                    call(i_, smooth_,
                         {p[2], p[3], ahead, p[1], transition(regimes_ ? p[4] : kNoValue), q_},
                         {mean_part({"mean_smooth"}), cov_part({"cov_smooth"})});
                return Ids{now[0], now[1], now[0], now[1]};
              },
              "reverse=True")
            .stacked;
    const ValueId states = i_.let(
        {"smoothed_states"}, i_.either({"jnp.concatenate([$0, $1[None]])", "jnp.vstack([$0, $1])"}),
        {smoothed[0], last}, {steps_, n_}, {-3, 3});
    // How sure each state but the last is now.
    const ValueId variances =
        i_.let({"smoothed_vars", "state_variances"}, "jnp.diagonal($0, axis1=-2, axis2=-1)",
               {smoothed[1]}, {steps_ - 1, n_}, {0, 2});
    return {states, variances, total};
  }

  Idiom& i_;
  std::int64_t n_ = 0, m_ = 0, steps_ = 0;
  bool smooths_ = false, regimes_ = false, gated_ = false, batched_ = false, driven_ = false,
       joseph_ = false;
  BodyId predict_ = -1, update_ = -1, smooth_ = -1;
  ValueId f_ = kNoValue, h_ = kNoValue, q_ = kNoValue, r_ = kNoValue, start_ = kNoValue,
          cov_ = kNoValue, regime_ = kNoValue, inputs_ = kNoValue;
};

}  // namespace

std::vector<Op> filter_wholes() {
  return wholes_by<Filter>({{"state_filter", kLinearAlgebra, 2},
                            {"sequential_filter", kLoop, 1},
                            {"regime_filter", kIndexing, 1},
                            {"gated_kalman", kConditional, 1},
                            {"batched_filter", kVectorization, 1}});
}

}  // namespace jaxsmith::plan
