// Surveys of distributions and models, forecasts, ranks, initial weights.
// surveys.h says how a row reads.
#include "plan/jax/surveys.h"

namespace jaxsmith::plan {

std::string_view surveys_of_statistics() {
  return R"rows(
log likelihoods of residuals : reduction
  = compare_noise_models noise_log_likelihoods
  # Log likelihood of residuals under several models of noise.
  residuals,errors[n]f{-3,3} : n=6..32
  residuals : jnp.sum(jax.scipy.stats.norm.logpdf($0)) -> normal[]f{-120,-6}
  residuals : jnp.sum(jax.scipy.stats.laplace.logpdf($0)) -> laplace[]f{-90,-6}
  residuals : jnp.sum(jax.scipy.stats.cauchy.logpdf($0)) -> cauchy[]f{-90,-6}
  residuals : jnp.sum(jax.scipy.stats.logistic.logpdf($0)) -> logistic[]f{-90,-8}
  residuals : jnp.sum(jax.scipy.stats.t.logpdf($0, <4.0|3.0|5.0>)) -> student[]f{-90,-6}
  residuals : jnp.sum(jax.scipy.stats.gumbel_r.logpdf($0)) -> gumbel[]f{-300,-6}
  residuals : jnp.sum(jax.scipy.stats.gumbel_l.logpdf($0)) -> left_gumbel[]f{-300,-6}
  residuals : jnp.sum(jax.scipy.stats.gennorm.logpdf($0, <1.5|3.0>)) ->
      generalized_normal[]f{-300,-6}
  & jax.nn.softmax(jnp.stack([$*])) -> model_weights[#]f{0,1}
  & jnp.stack([$*]) -> log_likelihoods[#]f{-120,-4}
  & jnp.max(jnp.stack([$*])) - jnp.stack([$*]) -> behind_the_best[#]f{0,60}
densities of noise : math
  = noise_densities compare_densities
  # Densities of the same values under several models of noise.
  values,x[*]f{-3,3} : rank=1
  values : jax.scipy.stats.norm.pdf($0) -> normal[*]f{0,0.4}
  values : jax.scipy.stats.laplace.pdf($0) -> laplace[*]f{0.02,0.5}
  values : jax.scipy.stats.cauchy.pdf($0) -> cauchy[*]f{0.03,0.32}
  values : jax.scipy.stats.logistic.pdf($0) -> logistic[*]f{0.04,0.25}
  values : jax.scipy.stats.t.pdf($0, <4.0|3.0>) -> student[*]f{0.01,0.38}
  values : jax.scipy.stats.gumbel_r.pdf($0) -> gumbel[*]f{0,0.37}
  values : jax.scipy.stats.gumbel_l.pdf($0) -> left_gumbel[*]f{0,0.37}
  values : jax.scipy.stats.gennorm.pdf($0, <1.5|3.0>) -> generalized_normal[*]f{0,0.56}
  & jnp.mean(jnp.stack([$*]), axis=0) -> mixture_density[*]f{0.01,0.45}
  & jnp.std(jnp.stack([$*]), axis=0) -> disagreement[*]f{0.01,0.4}
log likelihoods of lifetimes : reduction
  = compare_lifetime_models lifetime_log_likelihoods
  # Log likelihood of lifetimes under several models.
  lifetimes,times[n]f{0.2,4} : n=6..32
  lifetimes : jnp.sum(jax.scipy.stats.expon.logpdf($0)) -> exponential[]f{-90,-2}
  lifetimes : jnp.sum(jax.scipy.stats.gamma.logpdf($0, <2.0|1.5>)) -> gamma[]f{-90,-4}
  lifetimes : jnp.sum(jax.scipy.stats.chi2.logpdf($0, 3)) -> chi_squared[]f{-90,-6}
  lifetimes : jnp.sum(jax.scipy.stats.pareto.logpdf(1.0 + $0, <1.5|2.0>)) -> pareto[]f{-120,-4}
  lifetimes : jnp.sum(jax.scipy.stats.norm.logpdf(jnp.log($0)) - jnp.log($0)) ->
      lognormal[]f{-120,-4}
  & jax.nn.softmax(jnp.stack([$*])) -> model_weights[#]f{0,1}
  & jnp.stack([$*]) -> log_likelihoods[#]f{-120,-4}
  & jnp.max(jnp.stack([$*])) - jnp.stack([$*]) -> behind_the_best[#]f{0,60}
survival under models : math
  = survival_curves survival_probabilities
  # Survival beyond given times under several models.
  ~ sf logsf
  times,ages[n]f{0.2,4} : n=4..24
  times : jax.scipy.stats.expon.~($0) -> exponential[n]f{-4,1}
  times : jax.scipy.stats.gamma.~($0, <2.0|1.5>) -> gamma[n]f{-4,1}
  times : jax.scipy.stats.chi2.~($0, 3) -> chi_squared[n]f{-2,1}
  times : jax.scipy.stats.pareto.~(1.0 + $0, <1.5|2.0>) -> pareto[n]f{-3.5,1}
  times : jax.scipy.stats.gumbel_r.~($0) -> gumbel[n]f{-4.1,1}
  times : jax.scipy.stats.truncnorm.~($0, 0.0, 5.0) -> half_normal[n]f{-10,1}
  & jnp.mean(jnp.stack([$*]), axis=0) -> averaged[n]f{-8,1}
  & jnp.std(jnp.stack([$*]), axis=0) -> disagreement[n]f{0.01,5}
failures before a time : math
  = failure_probabilities failure_curves
  # Probability of a failure before given times under several models.
  ~ cdf logcdf
  times,ages[n]f{0.3,4} : n=4..24
  times : jax.scipy.stats.expon.~($0) -> exponential[n]f{-1.4,1}
  times : jax.scipy.stats.gamma.~($0, <2.0|1.5>) -> gamma[n]f{-4,1}
  times : jax.scipy.stats.chi2.~($0, 3) -> chi_squared[n]f{-4,1}
  times : jax.scipy.stats.pareto.~(1.0 + $0, <1.5|2.0>) -> pareto[n]f{-1.5,1}
  times : jax.scipy.stats.truncnorm.~($0, 0.0, 5.0) -> half_normal[n]f{-2,1}
  & jnp.mean(jnp.stack([$*]), axis=0) -> averaged[n]f{-8,1}
  & jnp.std(jnp.stack([$*]), axis=0) -> disagreement[n]f{0.01,5}
lower tails : math
  = lower_tails tail_log_probabilities
  # Log probability of values at most as large under several models.
  values,scores[n]f{-2.5,2.5} : n=4..24
  values : jax.scipy.stats.norm.logcdf($0) -> normal[n]f{-5.1,0}
  values : jax.scipy.stats.cauchy.logcdf($0) -> cauchy[n]f{-2.2,-0.1}
  values : jax.scipy.stats.gumbel_r.logcdf($0) -> gumbel[n]f{-12.2,0}
  values : jax.scipy.stats.gumbel_l.logcdf($0) -> left_gumbel[n]f{-2.6,0}
  values : jnp.log(jax.scipy.stats.gennorm.cdf($0, 1.5)) -> generalized_normal[n]f{-7,0}
  values : jnp.log(jax.scipy.stats.logistic.cdf($0)) -> logistic[n]f{-2.6,0}
  & jnp.mean(jnp.stack([$*]), axis=0) -> averaged[n]f{-8,1}
  & jnp.std(jnp.stack([$*]), axis=0) -> disagreement[n]f{0.01,5}
upper tails : math
  = upper_tails exceedance_log_probabilities
  # Log probability of values at least as large under several models.
  values,statistics[n]f{-2.5,2.5} : n=4..24
  values : jax.scipy.stats.norm.logsf($0) -> normal[n]f{-5.1,0}
  values : jax.scipy.stats.cauchy.logsf($0) -> cauchy[n]f{-2.2,-0.1}
  values : jax.scipy.stats.gumbel_r.logsf($0) -> gumbel[n]f{-2.6,0}
  values : jax.scipy.stats.gumbel_l.logsf($0) -> left_gumbel[n]f{-12.2,0}
  values : jnp.log(jax.scipy.stats.logistic.sf($0)) -> logistic[n]f{-2.6,0}
  & jnp.mean(jnp.stack([$*]), axis=0) -> averaged[n]f{-8,1}
  & jnp.std(jnp.stack([$*]), axis=0) -> disagreement[n]f{0.01,5}
p-values of statistics : math
  = reference_p_values tail_probabilities
  # P-values of a statistic under several reference distributions.
  statistic,z[*]f{-2.5,2.5} : rank=1
  statistic : jax.scipy.stats.norm.sf($0) -> normal[*]f{0.01,0.99}
  statistic : jax.scipy.stats.logistic.sf($0) -> logistic[*]f{0.05,0.95}
  statistic : jax.scipy.stats.cauchy.sf($0) -> cauchy[*]f{0.1,0.9}
  statistic : jax.scipy.stats.gumbel_r.sf($0) -> gumbel[*]f{0.05,1}
  statistic : jax.scipy.stats.gumbel_l.sf($0) -> left_gumbel[*]f{0,0.95}
  statistic : jax.scipy.stats.chi2.sf($0**2, 1) -> two_sided[*]f{0.01,1}
  & jnp.std(jnp.stack([$*]), axis=0) -> disagreement[*]f{0.01,0.9}
ranks under models : math
  = probability_transforms calibrate_levels
  # Probability integral transforms of values under several models.
  values,forecast_errors[*]f{-3,3} : rank=1
  values : jax.scipy.stats.norm.cdf($0) -> normal[*]f{0,1}
  values : jax.scipy.stats.laplace.cdf($0) -> laplace[*]f{0.02,0.98}
  values : jax.scipy.stats.cauchy.cdf($0) -> cauchy[*]f{0.1,0.9}
  values : jax.scipy.stats.logistic.cdf($0) -> logistic[*]f{0.04,0.96}
  values : jax.scipy.stats.gumbel_r.cdf($0) -> gumbel[*]f{0,0.96}
  values : jax.scipy.stats.gumbel_l.cdf($0) -> left_gumbel[*]f{0.04,1}
  values : jax.scipy.stats.gennorm.cdf($0, <1.5|2.5>) -> generalized_normal[*]f{0,1}
  & jnp.mean(jnp.stack([$*]), axis=0) -> averaged[*]f{0.02,0.98}
  & jnp.abs(jnp.mean(jnp.stack([$*]), axis=1) - 0.5) -> miscalibration[#]f{0.01,0.5}
thresholds at levels : math
  = reference_thresholds quantile_table
  # Thresholds that are exceeded with given probabilities, under several models.
  levels,probs[n]d{0.05,0.95} : n=3..12
  levels : jax.scipy.stats.norm.<ppf|isf>($0) -> normal[n]d{-1.7,1.7}
  levels : jax.scipy.stats.logistic.<ppf|isf>($0) -> logistic[n]d{-3,3}
  levels : jax.scipy.stats.cauchy.<ppf|isf>($0) -> cauchy[n]d{-6.4,6.4}
  levels : jax.scipy.stats.gumbel_r.ppf($0) -> gumbel[n]d{-1.1,3}
  levels : jax.scipy.stats.gumbel_l.ppf($0) -> left_gumbel[n]d{-3,1.1}
  levels : jax.scipy.stats.expon.ppf($0) -> exponential[n]d{0.05,3}
  levels : jax.scipy.stats.pareto.ppf($0, <2.0|3.0>) -> pareto[n]d{1,4.5}
  levels : jax.scipy.stats.uniform.ppf($0, -1.0, 2.0) -> uniform[n]d{-0.9,0.9}
  & jnp.stack([$*], axis=1) -> table[n #]d{-6,6}
models of shares : math
  = share_densities compare_share_models
  # Shares under several models of what lies between 0 and 1.
  ~ pdf logpdf
  shares,fractions[n]f{0.1,0.9} : n=4..24
  shares : jax.scipy.stats.beta.~($0, 2.0, <3.0|2.0>) -> beta[n]f{-3,1.8}
  shares : jax.scipy.stats.truncnorm.~($0, -2.0, 2.0, 0.5, 0.25) -> truncated_normal[n]f{-2,1.7}
  shares : jax.scipy.stats.wrapcauchy.~(2.0 * jnp.pi * $0, 0.5) -> wrapped_cauchy[n]f{-3,0.5}
  & jnp.sum(jnp.stack([$*]), axis=1) -> scores[#]f{-40,40}
shares above and below : math
  = share_tails tail_shares
  # How likely shares are above or below given ones under several models.
  ~ sf logsf cdf logcdf
  shares,fractions[n]f{0.1,0.9} : n=4..24
  shares : jax.scipy.stats.beta.~($0, 2.0, <3.0|2.0>) -> beta[n]f{-6,1}
  shares : jax.scipy.stats.truncnorm.~($0, -2.0, 2.0, 0.5, 0.25) -> truncated_normal[n]f{-6,1}
  shares : jax.scipy.stats.norm.~($0, 0.5, 0.25) -> normal[n]f{-4,1}
  & jnp.mean(jnp.stack([$*]), axis=0) -> averaged[n]f{-6,1}
models of directions : math
  = direction_densities compare_direction_models
  # Directions under several models on the circle.
  ~ pdf logpdf
  angles,headings[n]f{-2.8,2.8} : n=4..24
  angles : jax.scipy.stats.vonmises.~($0, <1.5|2.0>) -> von_mises[n]f{-5,0.6}
  angles : jax.scipy.stats.wrapcauchy.~($0 + jnp.pi, <0.4|0.5>) -> wrapped_cauchy[n]f{-3,0.5}
  angles : jax.scipy.stats.norm.~($0) -> normal[n]f{-5,0.4}
  & jnp.sum(jnp.stack([$*]), axis=1) -> scores[#]f{-60,12}
log likelihoods of counts : reduction
  = compare_count_models count_log_likelihoods
  # Log likelihood of counts under several models.
  counts,events[n]i{0,6} : n=6..32
  counts : jnp.sum(jax.scipy.stats.poisson.logpmf($0, <2.5|3.0>)) -> poisson[]f{-120,-9}
  counts : jnp.sum(jax.scipy.stats.nbinom.logpmf($0, 4, 0.6)) -> negative_binomial[]f{-120,-9}
  counts : jnp.sum(jax.scipy.stats.geom.logpmf($0 + 1, 0.3)) -> geometric[]f{-120,-9}
  counts : jnp.sum(jax.scipy.stats.binom.logpmf($0, 9, 0.4)) -> binomial[]f{-120,-9}
  counts : jnp.sum(jax.scipy.stats.betabinom.logpmf($0, 9, 2.0, 3.0)) -> beta_binomial[]f{-120,-9}
  & jax.nn.softmax(jnp.stack([$*])) -> model_weights[#]f{0,1}
  & jnp.stack([$*]) -> log_likelihoods[#]f{-120,-4}
  & jnp.max(jnp.stack([$*])) - jnp.stack([$*]) -> behind_the_best[#]f{0,60}
probabilities of counts : math
  = count_probabilities compare_count_tables
  # Probability of counts under several models.
  counts,events[n]i{0,6} : n=4..16
  counts : jax.scipy.stats.poisson.<pmf($0, 3.0)|cdf($0, 3.0)> -> poisson[n]f{0.01,0.98}
  counts : jax.scipy.stats.nbinom.pmf($0, 4, 0.6) -> negative_binomial[n]f{0.01,0.21}
  counts : jax.scipy.stats.geom.pmf($0 + 1, 0.3) -> geometric[n]f{0.03,0.3}
  counts : jax.scipy.stats.binom.pmf($0, 9, 0.4) -> binomial[n]f{0.01,0.26}
  counts : jax.scipy.stats.betabinom.pmf($0, 9, 2.0, 3.0) -> beta_binomial[n]f{0.04,0.2}
  & jnp.mean(jnp.stack([$*]), axis=0) -> mixture[n]f{0.01,0.5}
forecasts of events : math
  = score_forecasts event_scores
  # Scores of probabilities that were forecast for events.
  happened,outcomes[n]i{0,1}; probs,forecasts[n]f{0.1,0.9} : n=6..24
  happened; probs : jax.scipy.stats.bernoulli.logpmf($0, $1) -> log_scores[n]f{-2.3,-0.1}
  happened; probs : jax.scipy.stats.bernoulli.pmf($0, $1) -> likelihoods[n]f{0.1,0.9}
  happened; probs : jnp.square($1 - $0) -> brier_scores[n]f{0.01,0.81}
  happened; probs : jax.scipy.special.<xlogy($0, $1)|xlog1py(1 - $0, -$1)> ->
      half_scores[n]f{-2.3,0}
  happened; probs : jnp.sum(jax.scipy.stats.bernoulli.<logpmf|pmf>($0, $1)) -> total[]f{-50,22}
ranks of samples : reduction
  = rank_report order_statistics
  # Ranks and order statistics of samples.
  samples,scores[n]f{-3,3} : n=8..24
  samples : jax.scipy.stats.rankdata($0) -> ranks[n]d{1,n}
  samples : jnp.partition($0, {n/2})[{n/2}] -> median[]f{-1,1}
  samples : jnp.<argpartition($0, 3)[:3]|argsort($0)[:3]> -> lowest_at?[3]i{0,n-1}
  samples : jax.scipy.stats.sem($0) -> standard_error[]f{0.2,1}
  samples : jnp.digitize($0, jnp.array([-1.0, 0.0, 1.0])) -> bins?[n]J{0,3}
  samples : jnp.sort($0) -> ordered[n]f{-3,3}
initial weights of a network : linear_algebra
  = init_network init_params
  # Initial weights of the layers of a network.
  !seed[]i{0,9999} : n=3..12, m=3..12
  seed :
      jax.nn.initializers.<glorot_normal|xavier_normal|he_normal|kaiming_normal|lecun_normal>()(jax.random.fold_in(jax.random.key($0),
      0), ({n}, {m}), {dtype}) -> hidden_kernel[n m]f{-1,1}
  seed :
      jax.nn.initializers.<glorot_uniform|xavier_uniform|he_uniform|kaiming_uniform|lecun_uniform>()(jax.random.fold_in(jax.random.key($0),
      1), ({m}, 3), {dtype}) -> output_kernel[m 3]f{-1,1}
  seed :
      jax.nn.initializers.<normal(0.02)|truncated_normal(0.02)>(jax.random.fold_in(jax.random.key($0),
      2), (16, {n}), {dtype}) -> embedding[16 n]f{-0.06,0.06}
  seed : jax.nn.initializers.<uniform(0.1)|variance_scaling(1.0, 'fan_in',
      'uniform')>(jax.random.fold_in(jax.random.key($0), 3), ({n}, {n}), {dtype}) -> gate_kernel[n
      n]f{-1,1}
  seed : jax.nn.initializers.orthogonal()(jax.random.fold_in(jax.random.key($0), 4), ({m}, {m}),
      {dtype}) -> recurrent_kernel[m m]f{-1,1}
  seed : jax.nn.initializers.<delta_orthogonal|orthogonal>()(jax.random.fold_in(jax.random.key($0),
      5), (3, 4, 6), {dtype}) -> conv_kernel[3 4 6]f{-1,1}
)rows";
}

}  // namespace jaxsmith::plan
