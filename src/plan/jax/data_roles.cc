// Roles: what the data are that people give to operations which have no operands of their own, by
// what these are about. Which operations, which words, how the data come about: a row each.
#include <algorithm>
#include <iterator>
#include <string>

#include "plan/jax/call_table.h"
#include "plan/jax/settings.h"

namespace jaxsmith::plan {
namespace {

// A role's first line names it, with the words that a value of its kind goes by; then, two blanks
// in, the entries that take it ("for …", "~" for a blank) and ways in which it comes about, as
// CallSteps reads them.
constexpr std::string_view kRoles = R"rows(
angle : angle angles phase heading bearing unwrapped
  for sin cos polar exp_complex lax.tan
  times,t[?]{0,1}; frequency,rate[]{0.3,0.9} : 2.0 * jnp.pi * $1 * $0 -> phase[?]{0,5}
  times,t[?]{0,2}; rate,omega[]{0.5,1.5}; offset,phase0[]{-1,1} : $1 * $0 + $2 -> phase[?]{-1,4}
  degrees,azimuth[?]{-90,90} : <jnp.deg2rad|jnp.radians>($0) -> angle[?]{-1.6,1.6}
  angles,headings,theta[?]{-3,3}
radians : angles_in_radians
  for degrees jnp.degrees jnp.rad2deg
  y,north[?]{0.3,2}; x,east[?]{-2,2} : jnp.arctan2($0, $1) -> bearing[?]{0.1,3}
  heading,start[?]{-1,1}; turn,rotation[]{-0.5,0.5} : $0 + $1 -> heading_after[?]{-1.5,1.5}
  angles,theta[?]{-1.5,1.5}
incline : tilt incline
  for tan
  degrees,elevation[?]{-60,60} : jnp.deg2rad($0) -> incline[?]{-1.1,1.1}
  tilt,incline[?]{-1.1,1.1}
degrees : degrees angles_in_degrees degrees_of
  for radians jnp.deg2rad jnp.radians
  turns,fractions[?]{-0.25,0.25} : 360.0 * $0 -> degrees[?]{-90,90}
  longitude,latitude,degrees[?]{-90,90}
cosine : cosine wave
  for arccos jnp.acos lax.acos~call
  adjacent,projection[?]{-0.9,0.9}; length,radius[?]{1.1,3} : $0 / $1 -> cosine[?]{-0.85,0.85}
  cosine,overlap[?]{-0.9,0.9}
sine : sine height_ratio
  for arcsin jnp.asin lax.asin~call
  opposite,height[?]{-0.9,0.9}; length,radius[?]{1.1,3} : $0 / $1 -> sine[?]{-0.85,0.85}
  wavelength[?]{0.1,0.5}; grating_period,spacing[?]{0.6,2} : $0 / $1 -> sine[?]{0.05,0.85}
  sine,height_ratio[?]{-0.9,0.9}
correlation : correlation similarity agreement
  for arctanh jnp.atanh lax.atanh~call
  covariance[?]{-0.45,0.45}; std_x,scale_x[?]{0.8,2}; std_y,scale_y[?]{0.8,2} : $0 / ($1 * $2) ->
      correlation[?]{-0.7,0.7}
  correlation[?]{-0.9,0.9}
slope : slope ratio gradient
  for arctan jnp.atan lax.atan
  rise,height[?]{-3,3}; run,distance[?]{0.7,3} : $0 / $1 -> slope[?]{-4,4}
  slope,grade[?]{-3,3}
cosh_ratio : ratio stretch
  for arccosh jnp.acosh lax.acosh~call jnp.arccosh
  energy[?]{1.5,4}; rest_energy,mass[?]{0.5,1.2} : $0 / $1 -> energy_ratio[?]{1.25,8}
  stretch,gamma[?]{1.2,6}
offsets : offsets sides
  for hypot arctan2 jnp.atan2 lax.atan2
  x,east[?]{0.2,2}; origin,x0[]{-2,0} : $0 - $1 -> dx[?]{0.2,4} => y,north[?]{1,3}
  dx,east[?]{-2,2}; dy,north[?]{0.3,2}
log_factor : log_value log_odds exponent log_weights log_total log_sum
  for exp exp2 expm1 lax.exp2
  times,t[?]{0,3}; lifetime,tau[]{0.7,2} : -$0 / $1 -> exponent[?]{-4.3,0}
  energies,energy[?]{0,3}; temperature[]{0.6,2} : -$0 / $1 -> exponent[?]{-5,0}
  rate,growth_rate[?]{-0.4,0.6}; years,duration[?]{0.5,3} : $0 * $1 -> log_growth[?]{-1.2,1.8}
  log_scale,log_rate[?]{-2,2}
intensity : power energy growth growth_ratio intensity squared magnitude density amplitude
  for log log2 log10
  signal,signal_power[?]{0.3,4}; noise,noise_power[?]{0.2,1} : $0 / $1 -> signal_to_noise[?]{0.3,20}
  closing,prices[?]{1,4}; opening,previous[?]{1,4} : $0 / $1 -> price_ratio[?]{0.25,4}
  real_part,re[?]{0.3,2}; imag_part,im[?]{-2,2} : $0**2 + $1**2 -> power[?]{0.1,8}
  intensity,concentration[?]{0.1,4}
excess : power energy growth intensity magnitude amplitude counts
  for log1p
  signal,signal_power[?]{0.3,4}; noise,noise_power[?]{0.2,1} : $0 / $1 -> signal_to_noise[?]{0.3,20}
  gain,income[?]{-0.3,1}; capital,principal[?]{1,4} : $0 / $1 -> return_rate[?]{-0.3,1}
  intensity,concentration[?]{0.1,4}
variance : variance variances squared mean_square power
  for sqrt rsqrt
  mean_square,second_moment[?]{4.2,9}; mean[?]{-2,2} : $0 - $1**2 -> variance[?]{0.2,9}
  sigma,noise[?]{0.2,1}; spread,jitter[?]{0.3,1.5} : $0**2 + $1**2 -> total_variance[?]{0.13,3.25}
  features,readings[n m]{-3,3} : jnp.var($0, axis=-1) + <1e-3|1e-2|0.1> -> variance[n]{0.1,4}
  variance[?]{0.1,4}
volume : volume volumes
  for cbrt lax.cbrt
  width[?]{0.5,2}; depth[?]{0.5,2}; height[?]{0.5,2} : $0 * $1 * $2 -> volume[?]{0.13,8}
  mass[?]{0.5,4}; density[?]{0.5,2} : $0 / $1 -> volume[?]{0.25,8}
distance : distance distances radius length norms
  for inverse_square three_halves root_power
  dx,east[?]{0.3,2}; dy,north[?]{0.3,2} : jnp.hypot($0, $1) -> distance[?]{0.4,2.8}
  distance,radius[?]{0.4,4}
period : rates frequency
  for reciprocal jnp.reciprocal lax.reciprocal
  angular_rate,omega[?]{2,9} : $0 / (2.0 * jnp.pi) -> frequency[?]{0.3,1.5}
  frequency,rates[?]{0.4,4}
law : scaling
  for power jnp.pow lax.pow jnp.float_power
  mass,size[?]{0.5,2}; reference,unit[]{0.9,1.2} : $0 / $1 -> relative_size[?]{0.4,2.3} =>
      exponent,power[]{0.4,1.6}
  base,luminance[?]{0.3,2.5}; exponent,gamma[]{0.4,2.2}
log_pair : log_prob log_density log_cdf log_mass
  for logaddexp logaddexp2
  log_likelihood_a,log_a[?]{-3,0}; log_weight,log_share[]{-2,-0.2} : $0 + $1 -> log_joint[?]{-5,0}
      => log_b,log_likelihood_b[?]{-3,0}
  log_prob_a,log_left[?]{-4,0}; log_prob_b,log_right[?]{-4,0}
residual : residual error deviation gap difference differences delta subtracted shifted remaining
  for square abs jnp.fabs cube fourth_power sign lax.sign
  predicted,estimate[?]{-2,2}; observed,measured[?]{-2,2} : $0 - $1 -> residual[?]{-4,4}
  measured,reading[?]{-2,2}; mean,center[]{-1,1} : $0 - $1 -> deviation[?]{-3,3}
  residual,error[?]{-3,3}
pre_activation : hidden projected logits outputs pre_activation product
  for sigmoid softplus soft_sign silu gelu mish elu selu celu squareplus relu relu6
  for hard_tanh hard_sigmoid hard_silu sparse_plus leaky_relu scaled_elu tanh jax.nn.tanh
  for jax.named_call jax.named_scope jax.custom_jvp lax.composite
  inputs,features[n k]{-2,2}; weights,kernel[k m]{-0.8,0.8} : $0 @ $1 -> pre_activation[n m]{-4,4}
  inputs,features[n k]{-2,2}; weights,kernel[k m]{-0.8,0.8} : $0 @ $1 -> projected[n m]{-4,4} =>
      projected; bias[m]{-1,1} : $0 + $1 -> pre_activation[n m]{-5,5}
  current,drive[?]{-2,2}; gain,slope[]{0.5,2}; threshold,offset[]{-1,1} : $1 * ($0 - $2) ->
      drive_above_threshold[?]{-4,4}
  hidden,pre_activation[?]{-3,3}
log_odds : log_odds logits scores
  for log_sigmoid sparse_sigmoid
  ability,skill[?]{-2,2}; difficulty,rating[?]{-2,2} : $0 - $1 -> log_odds[?]{-4,4}
  log_odds,logits[?]{-3,3}
probability : probability probs fraction proportions cdf survival tail confidence level
  for logit ndtri entr
  log_odds,logits[?]{-2.5,2.5} : jax.nn.sigmoid($0) -> probability[?]{0.08,0.92}
  hits,successes[?]{1,8}; trials,attempts[?]{9,20} : $0 / $1 -> hit_rate[?]{0.05,0.9}
  probability,probs[?]{0.08,0.92}
centered_level : centered_level
  for erfinv lax.erf_inv
  probability,level[?]{0.1,0.9} : 2.0 * $0 - 1.0 -> centered_level[?]{-0.8,0.8}
z_score : z standardized z_score normalized
  for sinc erf erfc ndtr log_ndtr normal_pdf normal_logpdf lax.erf lax.erfc
  values,observed[?]{-2,2}; mean,center[]{-1,1}; sigma,scale[]{0.8,2} : ($0 - $1) / $2 ->
      z_score[?]{-3.5,3.5}
  z_score,deviate[?]{-2,2}
shape_parameter : alpha concentration shape_parameter
  for lgamma digamma trigamma gamma factorial lax.lgamma lax.digamma
  counts,observed_counts[?]{0,4}; prior,pseudo_count[]{0.6,1.5} : $0 + $1 ->
      posterior_alpha[?]{0.6,5.5}
  alpha,concentration[?]{0.6,5}
bessel_argument : kappa
  for i0 i1 i0e i1e jnp.i0 lax.bessel_i0e lax.bessel_i1e
  angular_variance,spread[?]{0.4,3} : 1.0 / $0 -> kappa[?]{0.3,2.5}
  kappa,concentration[?]{0.2,3}
probabilities : target_probs
  for xlogy xlog1py rel_entr kl_div
  scores,logits[n k]{-2,2} : jax.nn.softmax($0, axis=-1) -> predicted_probs[n k]{0.02,0.9} =>
      target_probs,reference_probs[n k]{0.05,0.9}
  p,observed_probs[?]{0.05,0.9}; q,model_probs[?]{0.05,0.9}
measured_pair : measured readings
  for subtract jnp.positive copysign
  measured,reading[?]{-2,2}; gain,scale[]{0.6,1.8} : $1 * $0 -> calibrated[?]{-3.6,3.6} =>
      baseline,background[?]{-2,2}
  measured,reading[?]{-2,2}; baseline,expected[?]{-2,2}
totals : prices quantities
  for multiply
  price,unit_cost[?]{0.5,3}; discount,rebate[]{0.05,0.4} : $0 * (1.0 - $1) -> net_price[?]{0.3,2.9}
      => quantity,demand[?]{0.5,4}
  width,price[?]{0.5,3}; height,quantity[?]{0.5,3}
expenses : expenses
  for add
  labor,wages[?]{0.5,3}; surcharge,overhead_rate[]{0.05,0.4} : $0 * (1.0 + $1) ->
      labor_cost[?]{0.5,4.2} => material_cost,materials[?]{0.5,4}
  fixed_cost,rent[?]{0.5,3}; variable_cost,material_cost[?]{0.5,3}
temperatures : temperature_gap
  for subtract
  inside,room_temperature[?]{16,25}; outside,air_temperature[?]{-5,14}
cases : case_rate
  for divide jnp.true_divide
  cases,events[?]{1,30}; exposure,population[?]{40,200}
prices_over_time : price_series
  for cummax cummin jnp.maximum.accumulate
  price,closing[n]{0.5,3}
  opening,start_price[]{0.8,1.5}; growth,factors[n]{0.9,1.12} : $0 * jnp.cumprod($1) ->
      price[n]{0.4,3}
rates_of : distance duration
  for divide jnp.true_divide lax.div floor_ratio modulo fmod jnp.divmod lax.rem
  position,end[?]{3,6}; start,origin[?]{-1,1} : $0 - $1 -> distance[?]{2,7} =>
      duration,interval[?]{0.5,3}
  distance,total[?]{0.5,8}; duration,unit[?]{0.6,3}
limits : demand capacity
  for maximum minimum fmax fmin jnp.fmax
  load,demand[?]{-2,2}; growth,scale[]{0.6,1.6} : $1 * $0 -> scaled_demand[?]{-3.2,3.2} =>
      capacity,limit[?]{-2,2}
  demand,load[?]{-2,2}; capacity,limit[?]{-2,2}
levels : level levels price prices
  for round floor ceil trunc jnp.around jnp.rint lax.floor jnp.ceil lax.ceil lax.round
  signal,voltage[?]{-3,3}; step,resolution[]{0.3,0.8} : $0 / $1 -> steps[?]{-9,9}
  level,position[?]{-9,9}
flags_of_level : scores
  for greater less greater_equal less_equal lax.gt lax.ge lax.lt lax.le
  readings,loads[?]{-2,2}; gain,scale[]{0.6,1.6} : $1 * $0 -> scaled_readings[?]{-3.2,3.2} =>
      limits,thresholds[?]{-2,2}
  scores,readings[?]{-2,2}; thresholds,limits[?]{-2,2}
readings : readings losses values
  for sum mean average nansum nanmean var std ptp median max min nanmax jnp.ptp jnp.add.reduce
  for lax.reduce_max lax.reduce_sum jnp.maximum.reduce quantile argmax argmin
  readings,samples[*]{-2,2}; baseline,background[]{-1,1} : $0 - $1 -> corrected[*]{-3,3}
  losses,errors[*]{0.1,3}; weights,importance[*]{0.2,2} : $1 * $0 -> weighted_losses[*]{0,6}
  readings,samples,returns[*]{-2,2}
factors : factors growth
  for prod cumprod lax.cumprod~call jnp.prod~call lax.reduce_prod jnp.multiply.reduce
  returns,rates[*]{-0.3,0.3} : 1.0 + $0 -> growth[*]{0.7,1.3}
  growth,factors[*]{0.7,1.3}
increments : increments steps velocity
  for cumsum cumulative_sum trapezoid jnp.add.accumulate
  velocity,rates[*]{-1,1}; time_step,dt[]{0.3,1} : $1 * $0 -> increments[*]{-1,1}
  increments,flow[*]{-1,1}
log_weights : log_weights log_prob log_density log_mass
  for logsumexp logmeanexp cumlogsumexp jax.nn.logmeanexp
  log_likelihood[*]{-3,0}; log_prior[*]{-2,0} : $0 + $1 -> log_joint[*]{-5,0}
  log_weights[*]{-4,0}
ranked : scores
  for sort argsort top_k lax.approx_max_k softmax log_softmax
  relevance,scores[*]{-2,2}; penalty,cost[*]{-1,1} : $0 - $1 -> adjusted_scores[*]{-3,3}
  scores,logits[*]{-3,3}
codes : codes words flags masked toggled shifted
  for bitwise_not population_count count_leading_zeros bitwise_count
  hashes,codes[?]S{0,60}; seed,salt[]S{1,60} : $0 ^ $1 -> mixed[?]S{0,63}
  codes,words[?]S{0,100}
code_pairs : code_pairs
  for bitwise_and bitwise_or bitwise_xor
  flags,codes[?]S{0,60}; salt,key[]S{1,60} : $0 ^ $1 -> keyed[?]S{0,63} =>
      mask,other_flags[?]S{1,60}
  flags,codes[?]S{0,60}; mask,allowed[?]S{1,60}
counters : counters
  for remainder floor_divide integer_ratio gcd lcm jnp.gcd jnp.lcm
  minutes,elapsed[?]S{0,60}; start,offset[]S{1,20} : $0 + $1 -> elapsed_ticks[?]S{1,80} =>
      period,cycle[?]S{2,12}
  ticks,elapsed[?]S{1,100}; period,cycle[?]S{2,12}
field : field phasor spectrum
  for exp_complex quarter_turn scale_complex square_complex sin_complex cos_complex shift_complex
  for conj abs_complex angle real imag power_of
  amplitude,gain[?]D{0.3,1.5}; phase,angle[?]D{-3,3} : $0 * jnp.exp(1j * $1) -> phasor[?]c{0,1.5}
  signal,field[?]c{0,1.5}
flag_pairs : in_range
  for logical_and logical_or logical_xor jnp.logical_or jnp.logical_xor
  readings,levels[*]{-2,2}; low,lower_limit[]{-1,0} : $0 > $1 -> above_low[*]b => readings;
      high,upper_limit[]{0,1} : $0 < $1 -> below_high[*]b
  valid,present[*]b; active,enabled[*]b
flag : mask flags
  for logical_not any all count_true fraction_true jnp.logical_not
  readings,loads[*]{-2,2}; limit,threshold[]{-0.5,0.5} : $0 > $1 -> exceeds[*]b
  mask,valid[*]b
counted : reading count
  for scale_by_count offset_by_count less_count
  total,reading[?]{-2,2}; gain[]{0.5,2} : $1 * $0 -> calibrated[?]{-4,4} => count,level[]S{1,9}
  reading,level[?]{-2,2}; count,steps[]S{1,9}
inliers : inlier mask
  for mask_out
  values,signal[*]{-2,2}; limit,bound[]{0.5,1.5} : jnp.abs($0) < $1 -> inlier[*]b
  values,signal[*]{-2,2}; mask,valid[*]b
tone : signal tone wave
  for rfft fft
  times,t[n]D{0,1}; frequency,pitch[]D{1,3} : jnp.sin(2.0 * jnp.pi * $1 * $0) -> tone[n]D{-1,1}
  signal,recording[n]D{-2,2}
sagging : relative_distance
  for sinh cosh
  distance,span[?]{-2,2}; scale,sag[]{0.8,2} : $0 / $1 -> relative_distance[?]{-2.5,2.5}
flux : scaled_flux
  for arcsinh jnp.asinh
  flux,signal[?]{-3,3}; softening,scale[]{0.5,1.5} : $0 / $1 -> scaled_flux[?]{-6,6}
  flux,signal[?]{-6,6}
optical_depth : optical_depth
  for exp1 special_exp1 special_expi
  distance,path_length[*]{0.2,2.5}; opacity,extinction[]{0.6,1.5} : $1 * $0 ->
      optical_depth[*]{0.1,3.5}
  optical_depth,depth[*]{0.2,3}
hazard : cumulative_hazard
  for log1mexp
  duration,exposure[?]{0.4,3}; hazard,rate[]{0.5,1.2} : $1 * $0 -> cumulative_hazard[?]{0.2,3.6}
  cumulative_hazard,intensity[?]{0.3,3}
margin : margin distance_from_threshold
  for step jnp.heaviside
  reading,signal[?]{-2,2}; threshold,limit[]{-1,1} : $0 - $1 -> margin[?]{-2,2}
command : command control
  for clip clip_one_side
  error,deviation[?]{-2,2}; gain,stiffness[]{0.5,2} : $1 * $0 -> command[?]{-4,4}
logged : log_price
  for diff array_gradient jnp.ediff1d
  price,level[n]{0.5,3} : jnp.log($0) -> log_price[n]{-0.7,1.1}
  position,altitude[n]{-3,3}
)rows";

}  // namespace

std::vector<Op> data_roles() {
  struct Row {
    std::vector<std::string> words, entries;
    std::string name;
    std::vector<CallSteps> ways;
  };
  std::vector<Row> rows;
  for (const std::string& line : table_lines(kRoles)) {
    if (!line.starts_with(' ')) {
      const std::size_t colon = line.find(" : ");
      rows.push_back({table_words(line.substr(colon + 3)), {}, line.substr(0, colon), {}});
    } else if (line.starts_with("  for ")) {
      std::ranges::move(table_words(line.substr(6)), std::back_inserter(rows.back().entries));
    } else {
      rows.back().ways.emplace_back(line.substr(2));
    }
  }
  std::vector<Op> out;
  for (Row& row : rows)
    out.push_back(role("role of " + row.name, kArithmetic, std::move(row.entries),
                       std::move(row.words),
                       [ways = std::move(row.ways)](Idiom& i) { i.random().pick(ways).write(i); }));
  return out;
}

}  // namespace jaxsmith::plan
