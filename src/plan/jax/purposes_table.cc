// What people do with a value of a kind, such as an angle or a log density; purposes.cc reads it.
//
// "kind = words" says what values of a kind are called, "any" that their type says enough; "kind =
// by entries of words / words" of which entries on what operands, in order, they are made. "kind :
// category weight" heads purposes of it; then, two blanks in: names of the function, what it does
// ("{}" stands for the value), steps as CallSteps reads them. A range of the first operand is where
// the value must lie.
#include "plan/jax/settings.h"

namespace jaxsmith::plan {

std::string_view purposes_table() {
  return R"rows(
angle = angle angles phase heading bearing unwrapped angles_in_degrees angles_in_radians
wave = wave sine cosine ripple carrier
share = probability probs fraction proportions confidence memberships hit_rate prob shares share
    rate success_rate
class_share = probs predicted_probs class_probs softmax
tail = survival tail tail_probability upper_tail p_value
cumulative = cdf lower_tail
log_prob = log_density log_prob log_mass log_probs log_likelihood log_pmf log_joint
    log_probability
log_tail = log_cdf log_survival log_tail
part = area events cost costs energy power sizes weighted_losses occurrences
ratio = growth ratio growth_ratio doubled exponential factors price_ratio
extent = lifetimes waiting_times sizes distance distances speeds events first_passages volume
scaled_to_peak = power energy amplitude magnitude modulus intensity singular_values moduli
    eigenvalues strength sharpness
power = power energy intensity falloff inverse_square
amount = area sizes events total concentration
root = by sqrt lax.sqrt of variance total_variance
variance = variance variances total_variance
inverse_root = by rsqrt lax.rsqrt of variance total_variance
log_gamma = log_gamma
digamma = digamma
terms = entropy_terms relative_entropy divergence weighted_log
inverse = inverse precision pseudo_inverse inverse_matrix
patches = patches windows frames
design = design augmented homogeneous monomials basis harmonics
jacobian = jac jacobian
gradient = gradient grads
track = log_price path position
padded = halo padded extended
spectrum = spectrum frequencies modes
counts = counts histogram occurrences tally hits count occupied
density = density pdf likelihood
quantile = quantile threshold cutoff critical upper_quantile z_score
solution = solution fitted w
factor = chol factor lower square_root
log_det = log_det
spectrum_of = eigenvalues energies
singular = singular_values moduli
size = norm norms length distance distances
distance = distance distances
amplitude = amplitude sharpness magnitude
moved = rolled delayed lagged_values wrapped_around
turned = mirrored flipped transposed
left_out = smoothed filtered trend quantized rounded clipped limited coarse denoised floored
ordered = ordered sorted
code = codes words mixed masked flags toggled shifted common joined packed hashes inverted
    high_bits tokens low_bits flagged keyed random_bits checksum
low_code = code codes words mixed masked flags toggled common joined hashes inverted keyed
    random_bits checksum
rank = ranks
position = order ranks ids places choices permutation indices best nearest winner cheapest
bucket = bins buckets bucket binned
softmaxed = probs attention weights
gap = residual error deviation gap delta errors subtracted
hidden = activation activated hidden features projected gated responses attended gate normalized
    standardized rectified pooled
series = signal smoothed windowed tapered filtered restored convolved envelope detrended
    correlation wave trend interpolated delayed modulated denoised line curve autocorrelation
    signal_back
rough = signal restored detrended wave interpolated delayed signal_back
noise = samples noise heavy_tailed gaussian jumps normal logistic_noise
    laplace_noise
sampled = samples draws lifetimes waiting_times gaps jumps resampled bootstrap uniforms heavy_tailed
    first_passages velocities
score = scores logits log_odds
rounded = by round floor ceil trunc jnp.around jnp.rint lax.floor jnp.ceil lax.ceil lax.round
steps = by floor_ratio
speed = by divide jnp.true_divide lax.div of distance total / duration interval
case_rate = by divide jnp.true_divide of cases events / exposure population
revenue = by multiply of net_price price width / quantity demand height
expense = by add of labor_cost fixed_cost / material_cost variable_cost
warmth = by subtract lax.sub of inside room_temperature / outside air_temperature
running_peak = by cummax jnp.maximum.accumulate of price
running_low = by cummin of price
wealth = by cumprod lax.cumprod~call jnp.cumulative_prod of growth factors
course = by cumsum cumulative_sum jnp.add.accumulate of increments flow
scaled_by_law = by power jnp.pow lax.pow jnp.float_power of relative_size / exponent power
grown = by exp of exponent log_growth
log_return = by log of price_ratio
levels_of_noise = by log10 of signal_to_noise
whole_turns = by floor_divide of elapsed_ticks ticks / period cycle
whole_slots = by remainder of elapsed_ticks ticks / period cycle
whole_bits = by population_count jnp.bitwise_count
reading = readings reading level levels measured price prices load loads demand
coefficient = coefficients weights w delta update details
summand = increments steps flow gains costs cost losses weighted_losses occurrences payments returns
matrix = covariance gram precision kernel hessian matrix product transform laplacian inverse
    inverse_matrix adjacency
lopsided = jac jacobian product transform outer
vectors = features embedded displacements offsets directions velocities gradients hidden projected
any_flags = any
any_spectrum = any
angle : reduction 6
  mean_direction circular_mean : Mean direction of {}. : v[*] : jnp.mean(jnp.sin($0)) ->
      mean_sine[]{-1,1} => v : jnp.mean(jnp.cos($0)) -> mean_cosine[]{-1,1} => mean_sine;
      mean_cosine : jnp.arctan2($0, $1) -> mean_direction[]{-3.2,3.2}
  resultant_length angular_concentration : Concentration of {}, from 0 (all around) to 1 (one
      direction). : v[*] : jnp.mean(jnp.cos($0)) -> mean_cosine[]{-1,1} => v :
      jnp.mean(jnp.sin($0)) -> mean_sine[]{-1,1} => mean_cosine; mean_sine : jnp.hypot($0, $1) ->
      resultant_length[]{0,1}
angle : arithmetic 6
  wrap_to_pi wrap_angle : Wrap {} to [-pi, pi). : v[?] : ($0 + jnp.pi) % (2.0 * jnp.pi) - jnp.pi ->
      wrapped[?]{-3.15,3.15}
  heading_error angle_error : Signed error of {} against a reference, in [-pi, pi). : v[?];
      reference,target[?]{-3,3} : $0 - $1 -> error[?]{-6,6} => error : ($0 + jnp.pi) % (2.0 *
      jnp.pi) - jnp.pi -> wrapped_error[?]{-3.15,3.15}
angle : math 6
  unit_vectors direction_vectors : Unit vectors that point along {}. : v[*] :
      jnp.stack([jnp.cos($0), jnp.sin($0)], axis=-1) -> directions[* 2]{-1,1}
  alignment heading_alignment : Cosine of the angle between {} and a reference. : v[?];
      reference,heading[?]{-3,3} : jnp.cos($0 - $1) -> alignment[?]{-1,1}
wave : arithmetic 6
  oscillation modulated_wave : Give {} an amplitude and an offset. : v[?]; amplitude,gain[]{0.5,2};
      offset,baseline[]{-1,1} : $1 * $0 + $2 -> oscillation,signal[?]{-3,3}
  damped_oscillation damped_wave : Let {} die away with time. : v[?]; times,elapsed[?]{0,2};
      damping,decay_rate[]{0.3,1.5} : $0 * jnp.exp(-$2 * $1) -> damped_wave[?]{-1,1}
wave : reduction 6
  mean_power signal_power : Mean power of {}. : v[*] : jnp.mean($0**2) -> mean_power[]{0,RR}
  fourier_coefficient lock_in : Amplitude of a signal's part in step with {}. : v[*];
      signal,measured[*]{-2,2} : 2.0 * jnp.mean($0 * $1) -> amplitude[]{-2,2}
share : reduction 6
  cross_entropy log_loss : Binary cross entropy of {} against labels. : v[*]{0,1}; labels,hits[*]b
      => v : jnp.clip($0, 0.01, 0.99) -> p[*]{0,1} => labels; p : -jnp.mean(jnp.where($0,
      jnp.log($1), jnp.log1p(-$1))) -> cross_entropy[]{0,5}
  brier_score forecast_error : Brier score of {} against what happened. : v[*]{0,1};
      outcomes,labels[*]b : jnp.mean(jnp.square($0 - $1)) -> brier_score[]{0,1}
  mean_entropy uncertainty : Mean entropy of yes-or-no outcomes at {}. : v[*]{0,1} : jnp.clip($0,
      0.01, 0.99) -> p[*]{0,1} => p : -jnp.mean($0 * jnp.log($0) + (1.0 - $0) * jnp.log1p(-$0)) ->
      entropy[]{0,1}
  expected_payoff expected_value : Expected total of payoffs that come with {}. : v[*]{0,1};
      payoffs,gains[*]{-2,2} : jnp.sum($0 * $1) -> expected_payoff[]{-8,8}
share : arithmetic 6
  odds odds_of_success : Odds that belong to {}. : v[?]{0,1} : jnp.clip($0, 0.02, 0.98) ->
      p[?]{0,1} => p : $0 / (1.0 - $0) -> odds[?]{0,20}
  expected_hits expected_successes : Expected number of successes at {}. : v[?]{0,1};
      trials,attempts[?]{2,20} : $0 * $1 -> expected_hits[?]{0,20}
  mix_by_share blend_by_share : Blend two estimates, {} being the first one's share. : v[?]{0,1};
      first,upper[?]{-2,2}; second,lower[?]{-2,2} : $0 * $1 + (1.0 - $0) * $2 -> blend[?]{-2,2}
log_prob : reduction 6
  log_likelihood total_log_likelihood : Log likelihood of all data: the sum of {}. : v[*] :
      jnp.sum($0) -> log_likelihood[]{-8R,8R}
  negative_log_likelihood nll : Mean negative log likelihood from {}. : v[*] : -jnp.mean($0) ->
      nll[]{-1R,1R}
  weighted_log_likelihood weighted_evidence : Log likelihood of weighted data from {}. : v[*];
      weights,multiplicity[*]{0.2,2} : jnp.sum($1 * $0) -> log_likelihood[]{-8R,8R}
  log_evidence log_marginal : Log evidence from {} and a log prior, summed over one axis. : v[*];
      log_prior[*]{-3,0} : $0 + $1 -> log_joint[*]{-2R,2R} => log_joint :
      jax.scipy.special.logsumexp($0, axis={a}) -> log_evidence[*-]{-2R,2R}
log_prob : math 6
  importance_weights normalized_weights : Normalized importance weights from {} and a proposal's. :
      v[n]; log_proposal,proposal_log_prob[n]{-3,0} : $0 - $1 -> log_weights[n]{-2R,2R} =>
      log_weights : jax.nn.softmax($0) -> weights[n]{0,1}
  posterior_weights responsibilities : Posterior weights of candidates from {} and a prior. : v[n];
      log_prior[n]{-3,0} : jax.nn.softmax($0 + $1) -> posterior[n]{0,1}
log_tail : reduction 6
  censored_log_likelihood log_likelihood_of_censored : Log likelihood of readings known to lie
      beyond a point: the sum of {}. : v[*] : jnp.sum($0) -> log_likelihood[]{-8R,0}
log_tail : math 6
  surprise_in_bits bits_of_surprise : Surprise of a reading that is so far out, in bits, by {}. :
      v[?]{-20,0} : -$0 / jnp.log(2.0) -> surprise[?]{0,30}
log_prob : arithmetic 6
  log_bayes_factor log_ratio : Difference of {} from a null model's. : v[?];
      null_log_prob,baseline[?]{-3,0} : $0 - $1 -> log_ratio[?]{-2R,2R}
part : reduction 5
  shares relative_shares : Share of each element of {} in the total. : v[*]{0.02,1e4} : $0 /
      jnp.sum($0) -> shares[*]{0,1}
ratio : reduction 5
  geometric_mean log_average : Geometric mean of {}. : v[*]{0.02,1e4} :
      jnp.exp(jnp.mean(jnp.log($0))) -> geometric_mean[]{0,R}
extent : reduction 5
  coefficient_of_variation relative_spread : Standard deviation of {} relative to the mean. :
      v[*]{0.02,1e4} : jnp.std($0) / jnp.mean($0) -> relative_spread[]{0,2}
  mean_and_longest average_and_peak : Mean of {}, and the largest. : v[*]{0.02,1e4} :
      jnp.mean($0) -> average[]{0,R} => v : jnp.max($0) -> longest[]{0,R}
variance : arithmetic 6
  standard_error error_of_mean : Standard error of a mean of so many readings with {}. :
      v[?]{0.02,1e4}; count,readings[]{4,64} : jnp.sqrt($0 / $1) -> standard_error[?]{0,R}
  inverse_variance_weight precision_weighted : Weigh readings by the reciprocal of {}. :
      v[?]{0.02,1e4}; readings,observed[?]{-2,2} : $1 / $0 -> weighted[?]{-2R,2R}
  kalman_gain trust : Kalman gain for {} beside a sensor's noise. : v[?]{0.02,1e4};
      noise_variance,sensor_variance[]{0.1,2} : $0 / ($0 + $1) -> gain[?]{0,1}
variance : math 6
  gaussian_log_likelihood normal_log_likelihood : Log likelihood of residuals under a normal law
      with {}. : v[?]{0.05,1e4}; residuals,errors[?]{-2,2} : -0.5 * ($1**2 / $0 + jnp.log(2.0 *
      jnp.pi * $0)) -> log_likelihood[?]{-40,2}
root : arithmetic 6
  z_scores standardize_by : Distance of values from a mean in units of {}. : v[?]{0.1,1e4};
      values,observed[?]{-2,2}; mean,center[]{-1,1} : ($1 - $2) / $0 -> z_scores[?]{-9,9}
  upper_band confidence_limit : Upper limit of a band, so many times {} above a mean. :
      v[?]{0.02,1e4}; mean,center[?]{-2,2}; width,n_sigma[]{1,3} : $1 + $2 * $0 -> limit[?]{-2,3R}
inverse_root : arithmetic 6
  scale_inputs apply_inverse_root : Scale inputs by {}. : v[?]{0.02,1e4}; inputs,centered[?]{-2,2} :
      $1 * $0 -> scaled[?]{-2R,2R}
tail : reduction 6
  fisher_statistic combine_p_values : Statistic that combines {} of several tests, by Fisher. :
      v[*]{0.002,1} : -2.0 * jnp.sum(jnp.log($0)) -> statistic[]{0,60}
tail : arithmetic 6
  expected_exceedances expected_beyond : Expected number of readings beyond the point, by {}. :
      v[?]{0,1}; readings,count[]{10,100} : $1 * $0 -> exceedances[?]{0,100}
cumulative : arithmetic 6
  expected_up_to expected_below : Expected number of readings up to the point, by {}. : v[?]{0,1};
      readings,count[]{10,100} : $1 * $0 -> expected_below[?]{0,100}
cumulative : math 6
  log_odds_up_to cumulative_log_odds : Logarithm of the odds to lie up to the point, by {}. :
      v[?]{0.002,0.998} : jnp.log($0) - jnp.log1p(-$0) -> log_odds[?]{-7,7}
tail : math 6
  significance log_tail : Negative decimal logarithm of {}. : v[?]{0.002,1} : -jnp.log10($0) ->
      significance[?]{0,3}
log_gamma : reduction 6
  dirichlet_numerator sum_of_log_gammas : Sum of {}, as a Dirichlet normalizer has it. : v[*] :
      jnp.sum($0) -> total[]{-9R,9R}
digamma : arithmetic 6
  expected_log expected_log_rate : Expected logarithm of a gamma variable with {} of its shape. :
      v[?]; rate[]{0.5,2} : $0 - jnp.log($1) -> expected_log[?]{-4,4}
terms : reduction 6
  total_over_outcomes sum_of_terms : Add {} up over all outcomes. : v[*] : jnp.sum($0) ->
      total[]{-9R,9R}
inverse : linear_algebra 6
  apply_inverse solve_by_inverse : Apply {} to a right-hand side. : v[n k]; rhs,b[k]{-2,2} : $0 @ $1
      -> solution[n]{-6R,6R}
patches : linear_algebra 6
  embed_patches project_patches : Map each of {} by a kernel. : v[n k]; kernel,weights[k m]{-1,1} :
      $0 @ $1 -> embedded[n m]{-6R,6R}
patches : reduction 6
  patch_means average_each : Mean of each of {}. : v[n k] : jnp.mean($0, axis=-1) ->
      means[n]{-1R,1R}
  patch_peaks max_pool : Largest entry of each of {}. : v[n k] : jnp.max($0, axis=-1) ->
      peaks[n]{-1R,1R}
design : linear_algebra 6
  fitted_values linear_model : Combine the columns of {} linearly. : v[n k];
      coefficients,weights[k]{-1,1} : $0 @ $1 -> fitted[n]{-6R,6R}
  squared_residual least_squares_loss : Mean squared error of a linear model of {}. : v[n k];
      coefficients,weights[k]{-1,1} : $0 @ $1 -> fitted[n]{-6R,6R} => fitted;
      targets,observed[n]{-2,2} : jnp.mean(($0 - $1) ** 2) -> loss[]{0,9RR}
jacobian : linear_algebra 6
  gauss_newton_matrix normal_matrix : Gauss-Newton matrix of {}. : v[m n] : $0.T @ $0 ->
      curvature[n n]{-9RR,9RR}
gradient : arithmetic 6
  descent_step gradient_step : Take a step against {}. : v[?]; source;
      learning_rate,step_size[]{0.05,0.5} : $1 - $2 * $0 -> updated[?]{-2R,2R}
track : array 6
  log_returns increments : Changes of {} from one time to the next. : v[n] : jnp.diff($0) ->
      returns[n-1]{-2R,2R}
padded : array 6
  second_difference laplacian : Second differences of {}. : v[n] : $0[2:] - 2.0 * $0[1:-1] + $0[:-2]
      -> curvature[n-2]{-4R,4R}
ordered : array 6
  spacings gaps_between_ranks : Gaps between neighbors of {}. : v[n] : jnp.diff($0) ->
      spacings[n-1]{0,R}
power : math 5
  decibels level_in_decibels : Level of {} in decibels over a reference. : v[?]{0.02,1e4};
      reference,floor_level[]{0.3,2} : 10.0 * jnp.log10($0 / $1) -> decibels[?]{-25,30}
amount : math 5
  saturating_response saturation : Saturating response to {}: half of its most at the scale. :
      v[?]{0,1e4}; scale,half_level[]{0.5,3} : $0 / ($0 + $1) -> response[?]{0,1}
amount : reduction 5
  weighted_total total_cost : Total of {} at given unit costs. : v[*]{0,1e4};
      unit_costs,prices[*]{0.2,2} : jnp.vdot($0, $1) -> total_cost[]{0,9R}
power : arithmetic 5
  signal_to_noise excess_over_noise : Excess of {} over a noise floor, in units of that. :
      v[?]{0,1e4}; noise_floor,background[]{0.2,1} : ($0 - $1) / $1 -> signal_to_noise[?]{-1,9R}
scaled_to_peak : arithmetic 5
  relative_level normalize_to_peak : Put {} in units of the largest. : v[*]{0.02,1e4} : $0 /
      jnp.max($0) -> relative[*]{0,1}
amount : arithmetic 5
  surplus shortfall : Excess of {} over what is needed. : v[?]{0,1e4}; required,needed[?]{0,2} : $0
      - $1 -> surplus[?]{-2,R}
gap : reduction 5
  rms_error rmse : Root mean square of {}. : v[*] : jnp.sqrt(jnp.mean(jnp.square($0))) ->
      rmse[]{0,R}
  mean_absolute_error mae : Mean absolute value of {}. : v[*] : jnp.mean(jnp.abs($0)) -> mae[]{0,R}
  chi_squared misfit : Chi-squared of {} at the given uncertainties. : v[*];
      sigma,uncertainty[*]{0.5,2} : jnp.sum(jnp.square($0 / $1)) -> chi_squared[]{0,9RR}
gap : arithmetic 5
  standardized_residual pull : Put {} in units of the uncertainty. : v[?];
      sigma,uncertainty[?]{0.5,2} : $0 / $1 -> pull[?]{-2R,2R}
  corrected_estimate apply_correction : Correct an estimate by a part of {}. : v[?];
      estimate,state[?]{-2,2}; gain,rate[]{0.1,0.9} : $1 + $2 * $0 -> corrected[?]{-3R,3R}
gap : math 5
  huber_loss robust_loss : Huber loss of {}. : v[?] : jnp.abs($0) -> size[?]{0,R} => size; v :
      jnp.where($0 < 1.0, 0.5 * $1**2, $0 - 0.5) -> loss[?]{0,R}
  pseudo_huber smooth_loss : Pseudo-Huber loss of {}. : v[?]; delta,width[]{0.5,2} : $1**2 *
      (jnp.sqrt(1.0 + ($0 / $1) ** 2) - 1.0) -> loss[?]{0,2R}
hidden : linear_algebra 5
  readout output_layer : Linear readout of {}. : v[n k]; weights,kernel[k m]{-1,1};
      bias,offset[m]{-1,1} : $0 @ $1 + $2 -> outputs,logits[n m]{-4R,4R}
  class_probabilities classify : Class probabilities by a linear readout of {}. : v[n k];
      weights,kernel[k m]{-1,1} : $0 @ $1 -> logits[n m]{-4R,4R} => logits : jax.nn.softmax($0,
      axis=-1) -> probabilities[n m]{0,1}
hidden : reduction 5
  mean_pool pooled_features : Average {} over the rows. : v[n k] : jnp.mean($0, axis=0) ->
      pooled[k]{-1R,1R}
  masked_mean_pool pool_valid : Average {} over the rows that are valid. : v[n k]; mask,valid[n]b :
      jnp.sum(jnp.where($1[:, None], $0, 0.0), axis=0) -> total[k]{-4R,4R} => mask :
      jnp.maximum(jnp.sum($0), 1) -> count[]i{1,n} => total; count : $0 / $1 -> pooled[k]{-1R,1R}
  activity_penalty sparsity_penalty : Mean absolute size of {}, as a penalty. : v[*] :
      jnp.mean(jnp.abs($0)) -> penalty[]{0,R}
hidden : arithmetic 5
  residual_connection add_skip : Add {} to what the layer was given. : v[*]; inputs,skip[*]{-2,2} :
      $1 + $0 -> outputs[*]{-2R,2R}
  gated_update apply_gate : Let a gate decide how much of {} passes. : v[*];
      gate_logits,gate[*]{-3,3} : jax.nn.sigmoid($1) * $0 -> gated[*]{-1R,1R}
  residual_block with_skip : Add the input to {}. : v[?]; source : $1 + $0 -> outputs[?]{-2R,2R}
series : reduction 5
  rms_level signal_rms : Root mean square of {}. : v[n] : jnp.sqrt(jnp.mean(jnp.square($0))) ->
      rms[]{0,R}
  crest_factor peak_to_rms : Peak of {} over its root mean square. : v[n] :
      jnp.sqrt(jnp.mean(jnp.square($0))) -> rms[]{0,R} => v; rms : jnp.max(jnp.abs($0)) / $1 ->
      crest_factor[]{1,9}
  matched_filter template_score : Overlap of {} with a template. : v[n]; template,pattern[n]{-1,1}
      : jnp.dot($0, $1) -> score[]{-4R,4R}
rough : array 3
  moving_average smooth_series : Moving average over three neighbors of {}. : v[n] : jnp.pad($0, 1,
      mode=<"edge"|"reflect">) -> padded[n+2]{-1R,1R} => padded : ($0[:-2] + $0[1:-1] + $0[2:]) /
      3.0 -> smoothed[n]{-1R,1R}
series : array 3
  remove_mean detrend : Take the mean out of {}. : v[*] : $0 - jnp.mean($0, axis=-1, keepdims=True)
      -> detrended[*]{-2R,2R}
noise : arithmetic 5
  noisy_observation add_noise : A clean signal with {} of a given size on it. : v[?];
      clean,signal[?]{-2,2}; sigma,noise_scale[]{0.2,1} : $1 + $2 * $0 -> noisy[?]{-2R,2R}
  location_scale shift_and_scale : Scale {}, and shift what comes of that. : v[?];
      location,mu[?]{-1,1}; log_std,log_sigma[?]{-1,0.5} : $1 + jnp.exp($2) * $0 ->
      sample[?]{-3R,3R}
sampled : reduction 5
  mean_with_error monte_carlo_mean : Mean of {} and its standard error. : v[n] : jnp.mean($0) ->
      mean[]{-1R,1R} => v : jnp.std($0, ddof=1) / jnp.sqrt({n}) -> standard_error[]{0,R}
  mean_excess mean_above : Mean excess of {} over a level. : v[*]; level,threshold[]{-0.5,0.5} :
      jnp.mean(jax.nn.relu($0 - $1)) -> mean_excess[]{0,R}
  sample_quantile tail_quantile : A quantile of {}. : v[*] : jnp.quantile($0, <0.05|0.1|0.9|0.95>)
      -> quantile[]{-1R,1R}
score : math 5
  softmax_weights normalize_scores : Turn {} into weights that sum to one. : v[*];
      temperature,tau[]{0.5,2} : jax.nn.softmax($0 / $1, axis=-1) -> weights[*]{0,1}
  ranking_loss pairwise_logistic_loss : Logistic loss of {} against a competitor's. : v[?];
      other_scores,rival[?]{-2,2} : jax.nn.softplus($1 - $0) -> loss[?]{0,3R}
score : arithmetic 5
  calibrated_score temperature_scaled : Calibrate {} by a scale and a bias. : v[?];
      temperature,scale[]{0.5,2}; bias,offset[]{-1,1} : $0 / $1 + $2 -> calibrated[?]{-3R,3R}
rounded : arithmetic 6
  step_value to_value : Turn {} back into a value, from an origin on. : v[?]; step,unit[]{0.1,1};
      origin,offset[]{-1,1} : $2 + $1 * $0 -> value[?]{-2R,2R}
  rounding_error what_rounding_changes : What rounding has changed. : v[?]; source : $0 - $1 ->
      rounding_error[?]{-1,1}
rounded : reduction 6
  rounding_bias mean_rounding_error : Mean of what rounding has changed. : v[*]; source :
      jnp.mean($0 - $1) -> bias[]{-1,1}
steps : arithmetic 6
  step_value to_value : Turn {} back into a value, from an origin on. : v[?]; step,unit[]{0.1,1};
      origin,offset[]{-1,1} : $2 + $1 * $0 -> value[?]{-2R,2R}
speed : arithmetic 8
  travel_time time_ahead : Time that the way ahead takes at the speed so far. : v[?]{0.02,1e4};
      remaining,way_ahead[?]{0.5,5} : $1 / $0 -> travel_time[?]{0,50}
  kinetic_energy energy_of_motion : Kinetic energy of a mass at the speed that a distance and its
      time give. : v[?]{0,1e4}; mass[?]{0.5,3} : 0.5 * $1 * $0**2 -> kinetic_energy[?]{0,RR}
speed : reduction 8
  mean_speed average_speed : Mean of the speeds on all legs of a way. : v[*] : jnp.mean($0) ->
      mean_speed[]{0,R}
  speed_range fastest_and_slowest : Fastest leg of a way, and the slowest. : v[*] : jnp.max($0) ->
      fastest[]{0,R} => v : jnp.min($0) -> slowest[]{0,R}
case_rate : arithmetic 8
  rate_per_thousand incidence : Cases for each thousand that are exposed. : v[?]{0,1} : 1000.0 * $0
      -> rate_per_thousand[?]{0,800}
  relative_risk rate_ratio : Rate of cases relative to that of a comparison group. : v[?]{0,1};
      baseline_rate,comparison_rate[?]{0.05,0.5} : $0 / $1 -> relative_risk[?]{0,16}
case_rate : reduction 8
  standardized_rate adjusted_rate : Rate of cases, standardized to the groups of a reference
      population. : v[*]{0,1}; weights,reference_counts[*]{0.2,2} : jnp.sum($0 * $1) / jnp.sum($1)
      -> standardized_rate[]{0,1}
revenue : arithmetic 8
  profit revenue_less_cost : Profit: what is sold at its price, less a fixed cost. : v[?];
      fixed_cost,overhead[]{0.1,1} : $0 - $1 -> profit[?]{-1,R}
  amount_with_tax gross_amount : What is to be paid, with tax. : v[?]; tax_rate,vat[]{0.05,0.25} :
      $0 * (1.0 + $1) -> amount_with_tax[?]{0,2R}
revenue : reduction 8
  total_revenue order_total : Total of price times quantity over all items. : v[*] : jnp.sum($0) ->
      total_revenue[]{0,9R}
expense : arithmetic 8
  unit_cost cost_per_unit : Cost of a unit: what work and material cost, over how many are made. :
      v[?]{0.02,1e4}; units,batch_size[]{4,40} : $0 / $1 -> unit_cost[?]{0,R}
  contribution margin_over_cost : Price less all that a piece costs. : v[?];
      price,sale_price[?]{2,9} : $1 - $0 -> margin[?]{-6,9}
warmth : arithmetic 8
  heat_flow heat_loss : Heat that flows through a wall: conductance times the gap in temperature. :
      v[?]; conductance,u_value[]{0.2,2} : $1 * $0 -> heat_flow[?]{0,60}
warmth : reduction 8
  degree_days heating_need : Heating need: the gaps in temperature added up, where it is colder
      outside. : v[*] : jnp.sum(jax.nn.relu($0)) -> degree_days[]{0,300}
running_peak : array 8
  drawdown fall_from_peak : How far a price is below its highest so far, as a share of that. :
      v[*]{0.02,1e4}; source : 1.0 - $1 / $0 -> drawdown[*]{0,1}
running_peak : reduction 8
  max_drawdown worst_fall : Largest fall of a price below its highest so far. : v[*]{0.02,1e4};
      source : jnp.max(1.0 - $1 / $0) -> max_drawdown[]{0,1}
running_low : arithmetic 8
  rise_from_low recovery : How far a price has risen above its lowest so far, as a share of that. :
      v[*]{0.02,1e4}; source : $1 / $0 - 1.0 -> rise[*]{0,5}
wealth : arithmetic 8
  balance_over_time compounded_balance : Balance over time of a deposit that grows by these factors.
      : v[*]; deposit,principal[]{0.5,3} : $1 * $0 -> balance[*]{0,3R}
wealth : math 8
  log_growth_so_far cumulative_log_return : Logarithm of the growth so far. : v[*]{0.02,1e4} :
      jnp.log($0) -> log_growth[*]{-4,4}
course : arithmetic 8
  position_over_time stock_level : Level over time, from a starting one on. : v[*];
      start,initial_level[]{-1,1} : $1 + $0 -> level[*]{-2R,2R}
course : reduction 8
  farthest_excursion largest_departure : Farthest from where it began. : v[*] :
      jnp.max(jnp.abs($0)) -> farthest[]{0,R}
scaled_by_law : arithmetic 8
  scaled_rate allometric_rate : Rate of a body of this size, scaled from a reference by a power law.
      : v[?]; reference_rate,base_rate[?]{0.5,2} : $1 * $0 -> scaled_rate[?]{0,2R}
grown : arithmetic 8
  amount_after value_after : What a starting amount has become. : v[?];
      initial_amount,starting_amount[?]{0.5,2} : $1 * $0 -> amount[?]{0,2R}
log_return : reduction 8
  realized_volatility return_spread : Standard deviation of logarithmic returns. : v[*] :
      jnp.std($0) -> volatility[]{0,R}
  total_log_return holding_return : Logarithmic return over all periods. : v[*] : jnp.sum($0) ->
      total_return[]{-9R,9R}
levels_of_noise : arithmetic 8
  snr_in_decibels decibels : Signal-to-noise ratio in decibels. : v[?] : 10.0 * $0 ->
      decibels[?]{-20,20}
whole_turns : reduction 8
  mean_cycles full_cycles : Mean number of full cycles that a counter has gone through. :
      v[*]i{0,1e4} : jnp.mean($0) -> mean_cycles[]h{0,1e4}
whole_slots : indexing 8
  scheduled_value value_in_cycle : Value that a schedule has for the place in the cycle. :
      v[*]i{0,64}; schedule,levels[m]{-2,2} : m=4..12 : jnp.take($1, $0, mode="clip") ->
      scheduled[*]{-2,2}
whole_bits : reduction 8
  mean_set_bits bits_per_word : Mean number of bits that are set in a word. : v[*]i{0,64} :
      jnp.mean($0) -> mean_set_bits[]h{0,64}
angle : linear_algebra 5
  rotate_points rotate : Rotate points of the plane by {}. : v[] : jnp.cos($0) -> c[]{-1,1} => v :
      jnp.sin($0) -> s[]{-1,1} => points,corners[n 2]{-2,2}; c; s : jnp.stack([$1 * $0[:, 0] - $2 *
      $0[:, 1], $2 * $0[:, 0] + $1 * $0[:, 1]], axis=-1) -> rotated[n 2]{-3,3}
noise : linear_algebra 5
  correlated_samples correlate_noise : Give the rows of {} a covariance, by its factor. : v[n k];
      factor,chol[k k]{-1,1} : $0 @ $1.T -> correlated[n k]{-4R,4R}
noise : array 5
  random_walk brownian_path : Random walk with steps from {}. : v[*]; sigma,step_size[]{0.2,1} :
      jnp.cumsum($1 * $0, axis=-1) -> path[*]{-4R,4R}
gap : linear_algebra 5
  mahalanobis_squared squared_distance : Squared length of each row of {} in a precision matrix. :
      v[n k]; precision[k k]{-1,1} : jnp.einsum("ni,ij,nj->n", $0, $1, $0) -> distance[n]{-9RR,9RR}
score : linear_algebra 5
  attend weighted_values : Average of values, weighted by the softmax of {}. : v[n m] :
      jax.nn.softmax($0, axis=-1) -> weights[n m]{0,1} => weights; values,payload[m d]{-2,2} : $0 @
      $1 -> attended[n d]{-2,2}
class_share : indexing 5
  label_log_loss nll_of_labels : Mean negative log of the entry of {} that each label picks. : v[n
      k]{0.002,1}; labels[n]i{0,k-1} : $0[jnp.arange({n}), $1] -> picked[n]{0,1} => picked :
      -jnp.mean(jnp.log($0)) -> loss[]{0,5}
part : indexing 5
  total_by_group group_totals : Total of {} in each group. : v[n]{0,1e4}; groups,labels[n]i{0,3} :
      jax.ops.segment_sum($0, $1, num_segments=4) -> totals[4]{0,4R}
any_flags : array 5
  running_count count_so_far : Running count of true places in {}. : v[*]b : jnp.cumsum($0,
      axis=-1) -> running_count[*]i{0,9}
density : reduction 5
  posterior_on_grid normalized_posterior : Posterior on a grid from {} and a prior. :
      v[n]{0.02,1e4};
      prior[n]{0.1,1} : $0 * $1 -> joint[n]{0,R} => joint : $0 / jnp.sum($0) ->
      posterior[n]{0,1}
  expected_value mean_under_density : Mean of values weighted by {}. : v[*]{0.02,1e4};
      values,payoffs[*]{-2,2} : jnp.sum($0 * $1) / jnp.sum($0) -> mean[]{-2,2}
density : arithmetic 5
  mixture_density contaminated_density : Mix {} with a constant background. : v[?]{0,1e4};
      share,mixing[]{0.05,0.5}; background,floor_density[]{0.05,0.5} : (1.0 - $1) * $0 + $1 * $2 ->
      mixture[?]{0,R}
density : math 5
  log_mixture log_contaminated : Log of {} over a background. : v[?]{0,1e4};
      background,floor_density[]{0.05,0.5} : jnp.log($0 + $1) -> log_density[?]{-3,3}
quantile : arithmetic 5
  value_at_risk scaled_quantile : Loss at {} for a position of given size. : v[?];
      exposure,position[?]{0.5,2} : $1 * $0 -> value_at_risk[?]{-2R,2R}
  excess_over_quantile exceedance : How far measurements exceed {}. : v[?];
      measured,losses[?]{-2,3} : jax.nn.relu($1 - $0) -> excess[?]{0,4}
quantile : reduction 5
  mean_excess mean_exceedance : Mean excess of measurements over {}. : v[*];
      measured,losses[*]{-2,3} : jnp.mean(jax.nn.relu($1 - $0)) -> mean_excess[]{0,4}
solution : linear_algebra 6
  predict predict_with_solution : Predict from new inputs by {}. : v[k]; inputs,features[n k]{-2,2}
      : $1 @ $0 -> predicted[n]{-4R,4R}
solution : reduction 6
  ridge_penalty solution_penalty : Ridge penalty of {}. : v[*]; strength,ridge[]{0.1,2} : $1 *
      jnp.sum($0**2) -> penalty[]{0,9RR}
factor : linear_algebra 6
  correlated_noise sample_from_factor : Noise whose covariance has {}. : v[n n]; noise,z[n]{-2,2} :
      $0 @ $1 -> correlated[n]{-4R,4R}
log_det : arithmetic 6
  gaussian_log_normalizer log_normalizer : Log normalizer of a Gaussian from {} and its dimension.
      : v[?]; dimension,size[]{2,8} : -0.5 * ($0 + $1 * jnp.log(2.0 * jnp.pi)) ->
      log_normalizer[?]{-9,9}
singular : reduction 6
  condition_number spectral_condition : Largest of {} over the smallest. : v[n]{0.02,1e4} :
      jnp.max($0) / jnp.min($0) -> condition_number[]{1,50}
  nuclear_norm sum_of_singular_values : Sum of {}. : v[n]{0,1e4} : jnp.sum($0) -> total[]{0,9R}
spectrum_of : reduction 6
  condition_number spectral_condition : Largest of {} over the smallest, in size. : v[n] :
      jnp.abs($0) -> sizes[n]{0,R} => sizes : jnp.max($0) / (jnp.min($0) + 1e-2) ->
      condition_number[]{1,50}
  spectral_sum sum_of_sizes : Sum of the sizes of {}. : v[n] : jnp.sum(jnp.abs($0)) -> total[]{0,9R}
size : arithmetic 5
  clip_factor scale_to_limit : Factor that brings {} down to a limit. : v[?]{0.02,1e4};
      max_norm,limit[]{0.5,2} : jnp.minimum(1.0, $1 / $0) -> factor[?]{0.1,1}
distance : math 5
  gaussian_kernel similarity : Gaussian similarity that belongs to {}. : v[?]{0,1e4};
      length_scale,bandwidth[]{0.7,2} : jnp.exp(-0.5 * ($0 / $1) ** 2) -> similarity[?]{0,1}
size : reduction 5
  soft_margin_penalty margin_loss : Mean hinge penalty for {} below a margin. : v[*]{0,1e4};
      margin[]{0.6R,1.2R} : jnp.mean(jax.nn.relu($1 - $0)) -> penalty[]{0,2R}
amplitude : reduction 5
  spectral_flatness flatness : Geometric over arithmetic mean of {}. : v[*]{0.02,1e4} :
      jnp.exp(jnp.mean(jnp.log($0))) -> geometric_mean[]{0,R} => geometric_mean; v : $0 /
      jnp.mean($1) -> flatness[]{0,1}
  spectral_centroid center_of_mass : Mean place along the axis, weighted by {}. : v[n]{0.02,1e4} :
      jnp.sum(jnp.arange({n}) * $0) / jnp.sum($0) -> centroid[]{0,n}
moved : reduction 6
  lag_correlation self_overlap : Mean product of an array and {}. : v[*]; source : jnp.mean($1 *
      $0) -> overlap[]{-1RR,RR}
moved : arithmetic 6
  lagged_difference change : Difference of an array and {}. : v[*]; source : $1 - $0 ->
      difference[*]{-2R,2R}
turned : array 6
  symmetric_part even_part : Mean of an array and {}. : v[*]; source : 0.5 * ($1 + $0) ->
      even_part[*]{-1R,1R}
  odd_part antisymmetric_part : Half the difference of an array and {}. : v[*]; source : 0.5 * ($1 -
      $0) -> odd_part[*]{-1R,1R}
left_out : arithmetic 6
  remainder_of_input residual_part : What is left of the input without {}. : v[?]; source : $1 - $0
      -> remainder[?]{-2R,2R}
left_out : reduction 6
  rms_change distortion : Root mean square distance of {} from the input. : v[*]; source :
      jnp.sqrt(jnp.mean(jnp.square($0 - $1)) + 1e-4) -> distortion[]{0,R}
ordered : reduction 6
  trimmed_mean robust_mean : Mean of {} without the first and the last. : v[n] : n=3..4096 :
      jnp.mean($0[1:-1]) -> trimmed_mean[]{-1R,1R}
bucket : reduction 6
  counts_per_bucket histogram_of : Number of elements in each of {}. : v[n]i{0,64} :
      jnp.bincount($0, length=8) -> counts[8]i{0,n}
bucket : indexing 6
  bucket_corrections per_bucket_offset : Correction from a table for each of {}. : v[*]i{0,64};
      corrections,offsets[8]{-1,1} : jnp.take($1, $0, mode="clip") -> corrections[*]{-1,1}
position : indexing 6
  values_in_order reorder_values : Values at the places in {}. : v[n]i;
      values,payload[n]{-2,2} : jnp.take($1, $0, mode="clip") -> found[n]{-2,2}
  place_weights weights_by_place : Weight that belongs to each place of {}. : v[*]i;
      discounts,place_weights[n]{0.1,1} : $1[jnp.clip($0, 0, {n-1})] -> weights[*]{0.1,1}
rank : arithmetic 6
  discount_by_place reciprocal_rank : Reciprocal rank of {}, counted from one. : v[*]i{0,1e6} : 1.0
      / ($0 + 1) -> reciprocal_rank[*]d{0,1}
rank : reduction 6
  mean_reciprocal_rank mrr : Mean reciprocal rank of {}, counted from one. : v[*]i{0,1e6} :
      jnp.mean(1.0 / ($0 + 1)) -> mrr[]d{0,1}
vectors : linear_algebra 2
  row_lengths row_norms : Length of each row of {}. : v[n k] : jnp.linalg.norm($0, axis=-1) ->
      lengths[n]{0,4R}
  project_rows linear_map : Map each row of {} by a matrix. : v[n k]; weights,projection[k m]{-1,1}
      : $0 @ $1 -> projected[n m]{-4R,4R}
  weighted_score linear_score : Linear score of {}. : v[n]; weights,coefficients[n]{-1,1} :
      jnp.dot($0, $1) -> score[]{-4R,4R}
series : linear_algebra 2
  trend_slope linear_trend : Slope of {} over time, by least squares. : v[n] : $0 - jnp.mean($0) ->
      deviation[n]{-2R,2R} => times,t[n]{0,2} : $0 - jnp.mean($0) -> offset[n]{-2,2} => offset;
      deviation : jnp.dot($0, $1) / (jnp.dot($0, $0) + 1e-2) -> slope[]{-2R,2R}
matrix : linear_algebra 4
  quadratic_form energy_of_state : Quadratic form of {} in a state. : v[n n];
      state,direction[n]{-1,1} : $1 @ $0 @ $1 -> energy[]{-9R,9R}
  apply_matrix transform_state : Apply {} to a vector. : v[n n]; vector,state[n]{-1,1} : $0 @ $1 ->
      image[n]{-6R,6R}
lopsided : linear_algebra 2
  symmetric_part symmetrize : Symmetric part of {}. : v[n n] : 0.5 * ($0 + $0.T) -> symmetric[n
      n]{-1R,1R}
reading : arithmetic 3
  rescale calibrate : Calibrate {} by a gain and an offset. : v[?]; gain,scale[]{0.5,2};
      offset,baseline[]{-1,1} : $1 * $0 + $2 -> calibrated[?]{-3R,3R}
  deviation_from_reference gap_to_reference : Deviation of {} from a reference. : v[?];
      reference,expected[?]{-2,2} : $0 - $1 -> deviation[?]{-2R,2R}
softmaxed : reduction 6
  soft_maximum expected_score : Mean of the input, weighted by {}. : v[*]{0,1}; source : jnp.sum($0
      * $1, axis={a}) -> expected[*-]{-3,3}
summand : indexing 3
  add_into_table accumulate_rows : Add {} into a table at the rows that ids say. : v[n];
      ids,slots[n]i{0,m-1}; table,totals[m]{-2,2} : m=3..12 : $2.at[$1].add($0) ->
      updated[m]{-4R,4R}
score : indexing 3
  entries_per_example pick_entry : Entry of each row of {} that its column says. : v[n k];
      columns,labels[n]i{0,k-1} : jnp.take_along_axis($0, $1[:, None], axis=1)[:, 0] ->
      picked[n]{-1R,1R}
reading : math 3
  soft_step soft_indicator : Soft indicator of {} above a center. : v[?]; center,threshold[]{-1,1};
      width,softness[]{0.3,2} : jax.nn.sigmoid(($0 - $1) / $2) -> indicator[?]{0,1}
coefficient : math 3
  soft_threshold shrink : Shrink {} towards zero by a threshold. : v[?];
      threshold,strength[]{0.05,0.5} : jnp.sign($0) * jax.nn.relu(jnp.abs($0) - $1) ->
      shrunk[?]{-1R,1R}
summand : array 3
  with_running_total append_total : Running total of {} along the last axis. : v[*] :
      jnp.cumsum($0, axis=-1) -> running_total[*]{-4R,4R}
series : array 2
  increments changes : Changes of {} from one place to the next. : v[n] : jnp.diff($0) ->
      changes[n-1]{-2R,2R}
any_flags : reduction 5
  fraction_true hit_fraction : Fraction of true places in {}. : v[*]b : jnp.mean($0) ->
      fraction[]h{0,1}
  count_true count_per_row : Number of true places in each row of {}. : v[m n]b : jnp.sum($0,
      axis=-1) -> count[m]i{0,n}
any_flags : indexing 5
  apply_mask masked_values : Values selected by {}, zero elsewhere. : v[*]b; values,signal[*]{-2,2}
      : jnp.where($0, $1, 0.0) -> masked[*]{-2,2}
  masked_update update_where : Take fresh values at some places, keep the others. : v[*]b;
      fresh,proposed[*]{-2,2}; current,state[*]{-2,2} : jnp.where($0, $1, $2) -> updated[*]{-2,2}
low_code : arithmetic 5
  low_bits bucket_of : Low bits of {}, as a bucket. : v[?]i : $0 & <7|3|15> -> bucket[?]g{0,15}
code : array 5
  bit_planes unpack_bits : The lowest bits of {}, along a new last axis. : v[*]i : ($0[..., None]
      >> jnp.arange(4, dtype=$0.dtype)) & 1 -> bits[* 4]g{0,1}
counts : reduction 5
  normalized_counts count_shares : Share of each element of {} in the total. : v[*]i{0,9e8} : $0 /
      jnp.maximum(jnp.sum($0), 1) -> shares[*]d{0,1}
  weighted_mean_count mean_cost : Mean of {} at their weights. : v[*]i{-1e4,1e4};
      weights,costs[*]{0.2,2} : jnp.mean($1 * $0) -> mean_cost[]{-9,9}
spectrum : reduction 5
  spectral_centroid mean_frequency : Mean bin of {}, weighted by power. : v[n]c : jnp.abs($0) ** 2
      -> power[n]D{0,RR} => power : jnp.sum(jnp.arange({n}) * $0) / (jnp.sum($0) + 1e-3) ->
      centroid[]D{0,n}
any_spectrum : reduction 5
  total_power spectral_energy : Total power of {}. : v[*]c : jnp.sum(jnp.abs($0) ** 2) ->
      total_power[]D{0,9RR}
any_spectrum : array 5
  real_and_imaginary as_real_pairs : Real and imaginary parts of {}, on a last axis. : v[*]c :
      jnp.stack([jnp.real($0), jnp.imag($0)], axis=-1) -> parts[* 2]D{-1R,R}
spectrum : indexing 5
  chosen_bins select_bins : Bins of {} that are asked for. : v[n]c; bins,ids[k]i{0,n-1} : k=2..6 :
      $0[$1] -> chosen_bins[k]c{0,R}
any_spectrum : linear_algebra 5
  signal_energy squared_norm : Squared norm of {}. : v[n]c : jnp.real(jnp.vdot($0, $0)) ->
      energy[]D{0,9RR}
spectrum : arithmetic 5
  apply_filter filter_spectrum : Filter {} by a response for each bin. : v[*]c;
      response,gains[*]{0,1} : $1 * $0 -> filtered[*]c{0,R}
)rows";
}

}  // namespace jaxsmith::plan
