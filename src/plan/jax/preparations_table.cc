#include "plan/jax/preparations.h"

namespace jaxsmith::plan {
namespace {

// A row's first line names it, with its category, how often it is taken beside others that make
// what is wanted, and what that must be: kinds of elements (real, whole, flags, numbers;
// full: no half precision; oblong: no square matrix, which may be to be
// inverted; wide: not of bytes), what it is called (of: classes of names, preparations.cc), ranks,
// bounds on its range and size (the names are those of CallSteps::write_wanted). Then, two blanks
// in, comments that are true of all its ways, and ways, as CallSteps reads them; * is the shape
// that is wanted, w its type of element.
constexpr std::string_view kTable = R"rows(
flat : array 1 rank=2..4 of=data,image,weights
  # Stored one row after another.
  # The caller keeps {} in one long row.
  flat_{},packed_{}[N]w{L,H} : <$0.reshape({shape})|jnp.reshape($0, {shape})|
      lax.reshape($0, {shape})|jnp.reshape($0, shape={shape})|jnp.reshape($0, {shape}, order="C")>
      -> {}[*]w{L,H}
turned : array 0.5 rank=2 of=data,weights
  # One column for each row here.
  turned_{},transposed_{}[d1 d0]w{L,H} : <$0.T|jnp.transpose($0)|jnp.swapaxes($0, 0, 1)|
      jnp.matrix_transpose($0)|$0.mT|lax.transpose($0, (1, 0))|jnp.permute_dims($0, (1, 0))|
      jnp.moveaxis($0, 0, 1)|jnp.linalg.matrix_transpose($0)> -> {}[*]w{L,H}
last_axis_first : array 1.5 rank=3 of=image,data
  leading_{},stacked_{}[d2 d0 d1]w{L,H} : <jnp.moveaxis($0, 0, -1)|jnp.transpose($0, (1, 2, 0))|
      jnp.permute_dims($0, (1, 2, 0))|lax.transpose($0, (1, 2, 0))|jnp.rollaxis($0, 0, 3)>
      -> {}[*]w{L,H}
  swapped_{}[d0 d2 d1]w{L,H} : <jnp.swapaxes($0, 1, 2)|$0.mT|jnp.matrix_transpose($0)|
      lax.transpose($0, (0, 2, 1))|jnp.moveaxis($0, 1, 2)|jnp.swapaxes($0, -1, -2)> -> {}[*]w{L,H}
two_parts : array 0.4 rank=1..4 of=measured,series
  # In two parts, as they were read.
  first_{}[*=k]w{L,H}; second_{}[*=d-k]w{L,H} : k=1..d-1 :
      <jnp.concatenate([$0, $1], axis={a})|jnp.concatenate(($0, $1), axis={a})|
      jnp.concat([$0, $1], axis={a})|jnp.append($0, $1, axis={a})|lax.concatenate([$0, $1], {a})|
      lax.concatenate(($0, $1), dimension={a})> -> {}[*]w{L,H}
end_to_end : array 0.3 rank=1 of=measured,series
  head_{}[k]w{L,H}; tail_{}[d0-k]w{L,H} : k=1..d0-1 : <jnp.hstack([$0, $1])|jnp.r_[$0, $1]|
      jnp.append($0, $1)|jnp.concatenate([$0, $1])|jnp.concat(($0, $1))|jnp.block([$0, $1])>
      -> {}[*]w{L,H}
  first_{}[]w{L,H}; other_{}[d0-1]w{L,H} : <jnp.hstack([$0, $1])|jnp.append($0, $1)|
      jnp.r_[$0, $1]|jnp.concatenate([$0[None], $1])|jnp.insert($1, 0, $0)> -> {}[*]w{L,H}
pair : array 3 rank=1..3 d0<3 of=series,state,positive,image,rate,amount
  one_{}[*-]w{L,H}; other_{}[*-]w{L,H} : a=0 : <jnp.stack([$0, $1])|jnp.stack(($0, $1))|
      jnp.array([$0, $1])|jnp.asarray([$0, $1])|jnp.concatenate([$0[None], $1[None]])|
      jnp.stack([$0, $1], axis=0)> -> {}[*]w{L,H}
triple : array 3 rank=1..2 d0>2 d0<4 of=series,state,positive,image,rate,amount
  first_{}[*-]w{L,H}; second_{}[*-]w{L,H}; third_{}[*-]w{L,H} : a=0 : <jnp.stack([$0, $1, $2])|
      jnp.array([$0, $1, $2])|jnp.stack(($0, $1, $2))|jnp.asarray([$0, $1, $2])> -> {}[*]w{L,H}
part_of_longer : indexing 1.4 rank=1..4 of=series
  # Only a part of the record counts.
  all_{},recorded_{}[*=d+k]w{L,H} : k=1..4, a=0 : <$0[{k}:]|$0[:{d}]|$0[:-{k}]|$0[-{d}:]|
      lax.slice_in_dim($0, {k}, {d+k})|lax.slice_in_dim($0, 0, {d}, axis=0)|
      jnp.split($0, [{d}])[0]|jnp.take($0, jnp.arange({d}), axis=0)|$0.at[:{d}].get()|
      jnp.array_split($0, [{d}])[0]> -> {}[*]w{L,H}
  all_{},wide_{}[*=d+k]w{L,H} : k=1..4, a=r-1 : <$0[..., {k}:]|$0[..., :{d}]|$0[..., :-{k}]|
      lax.slice_in_dim($0, {k}, {d+k}, axis={a})|jnp.split($0, [{d}], axis=-1)[0]|
      lax.slice_in_dim($0, 0, {d}, axis={a})> -> {}[*]w{L,H}
  padded_{},framed_{}[*=d+2]w{L,H} : a=0 : <$0[1:-1]|lax.slice_in_dim($0, 1, {d+1})|
      lax.slice_in_dim($0, 1, -1)> -> {}[*]w{L,H}
window : indexing 1 rank=1..3 of=series
  # The window begins where the caller says.
  all_{},recorded_{}[*=d+k]w{L,H}; start,offset[]i{0,k} : k=2..5, a=0 :
      <lax.dynamic_slice_in_dim($0, $1, {d})|lax.dynamic_slice_in_dim($0, $1, {d}, axis=0)|
      jnp.take($0, $1 + jnp.arange({d}), axis=0)|$0[$1 + jnp.arange({d})]> -> {}[*]w{L,H}
  recorded_{}[*=d+k]w{L,H}; start,offset[]i{0,k} : k=2..5 :
      lax.dynamic_slice_in_dim($0, $1, {d}, axis={a}) -> {}[*]w{L,H}
every_second : indexing 0.7 rank=1..3 N<300 of=series
  # Every second one is enough.
  fine_{},dense_{}[*=2*d]w{L,H} : a=0 : <$0[::2]|$0[1::2]|
      lax.slice_in_dim($0, 0, {2*d}, stride=2)|jnp.take($0, 2 * jnp.arange({d}), axis=0)>
      -> {}[*]w{L,H}
  dense_{}[*=2*d]w{L,H} : a=r-1 : <$0[..., ::2]|
      lax.slice_in_dim($0, 0, {2*d}, stride=2, axis={a})> -> {}[*]w{L,H}
by_ids : indexing 0.5 oblong rank=1..3 of=data,rate
  all_{},known_{}[*=m]w{L,H}; ids,rows,chosen[d0]i{0,m-1} : m=3..12, a=0 : <$0[$1]|
      jnp.take($0, $1, axis=0)|jnp.take($0, $1, axis=0, mode="clip")|$0.at[$1].get()|
      $0.at[$1].get(mode="clip")|$0.at[$1].get(mode="promise_in_bounds")> -> {}[*]w{L,H}
by_one_hot : linear_algebra 0.2 oblong real rank=1..2 full of=data
  known_{}[*=m]w{L,H}; ids,classes[d0]i{0,m-1} : m=2..6, a=0 :
      <jax.nn.one_hot($1, {m}, dtype={dtype}) @ $0|
      jnp.matmul(jax.nn.one_hot($1, {m}, dtype={dtype}), $0)|
      jnp.dot(jax.nn.one_hot($1, {m}, dtype={dtype}), $0)> -> {}[*]w{L,H}
of_group : indexing 1 rank=0..3 of=rate,setting,amount
  grouped_{},tabulated_{}[m *]w{L,H}; group,mode,region[]i{0,m-1} : m=2..4 : <$0[$1]|
      jnp.take($0, $1, axis=0)|lax.dynamic_index_in_dim($0, $1, keepdims=False)|
      lax.dynamic_index_in_dim($0, $1, axis=0, keepdims=False)|
      jnp.squeeze(lax.dynamic_slice_in_dim($0, $1, 1), axis=0)|$0.at[$1].get()> -> {}[*]w{L,H}
known_or_default : indexing 1.2 oblong rank=1..3 N>5 of=data,measured,amount
  # What is not known is replaced.
  raw_{},measured_{}[*]w{L,H}; is_known,is_valid[*]b; default_{},usual_{}[]w{L,H} :
      <jnp.where($1, $0, $2)|jnp.select([$1], [$0], $2)|jnp.select([$1], [$0], default=$2)|
      jnp.where(~$1, $2, $0)|jnp.where(jnp.logical_not($1), $2, $0)> -> {}[*]w{L,H}
known_or_zero : indexing 0.4 oblong numbers rank=1..3 N>5 L<0.0000001 H>0.3 of=data,measured
  # What is not known counts for nothing.
  raw_{},measured_{}[*]w{L,H}; is_known,is_valid[*]b : <jnp.where($1, $0, 0)|$0 * $1|
      jnp.where($1, $0, jnp.zeros_like($0))|lax.select($1, $0, jnp.zeros_like($0))|
      lax.select($1, $0, lax.full_like($0, 0))|jnp.select([$1], [$0])> -> {}[*]w{L,H}
middle_of_two : arithmetic 0.7 real rank=0..3 of=measured,amount
  # Two readings of the same.
  first_{}[*]w{L,H}; second_{}[*]w{L,H} : <0.5 * ($0 + $1)|($0 + $1) / 2|0.5 * $0 + 0.5 * $1|
      jnp.add($0, $1) / 2.0> -> {}[*]w{L,H}
repeated : reduction 1.5 real rank=0..2 of=measured,rate
  # It was measured several times.
  repeated_{}[m *]w{L,H} : m=2..5 : <jnp.mean($0, axis=0)|$0.mean(axis=0)|jnp.nanmean($0, axis=0)|
      jnp.average($0, axis=0)|jnp.mean($0, 0)> -> {}[*]w{L,H}
  repeated_{}[* m]w{L,H} : m=2..5 : <jnp.mean($0, axis=-1)|$0.mean(axis=-1)|$0.mean(-1)|
      jnp.average($0, axis=-1)> -> {}[*]w{L,H}
  repeated_{}[m *]w{L,H}; trust,importance[m]w{0.2,1} : m=2..5 :
      <jnp.average($0, axis=0, weights=$1)|jnp.tensordot($1 / jnp.sum($1), $0, axes=1)>
      -> {}[*]w{L,H}
repeated_middle : reduction 1 real rank=0..2 full of=measured
  # The middle one of several readings.
  repeated_{}[m *]w{L,H} : m=3..5 : <jnp.median($0, axis=0)|jnp.nanmedian($0, axis=0)|
      jnp.quantile($0, 0.5, axis=0)|jnp.percentile($0, 50.0, axis=0)|
      jnp.nanquantile($0, 0.5, axis=0)|jnp.nanpercentile($0, 50.0, axis=0)> -> {}[*]w{L,H}
latest : indexing 0.4 rank=0..2 of=measured
  # The last of the series is the one that counts.
  {}_history,{}_series[m *]w{L,H} : m=2..6 : <$0[-1]|$0[{m-1}]|jnp.take($0, -1, axis=0)|
      lax.index_in_dim($0, -1, keepdims=False)|$0.at[-1].get()> -> {}[*]w{L,H}
blended : arithmetic 1 real rank=0..3 of=estimate
  # Part of the previous estimate stays.
  previous_{}[*]w{L,H}; new_{}[*]w{L,H}; keep,retained[]w{0.1,0.9} : <$2 * $0 + (1 - $2) * $1|
      $1 + $2 * ($0 - $1)|$2 * $0 + (1.0 - $2) * $1> -> {}[*]w{L,H}
  previous_{}[*]w{L,H}; new_{}[*]w{L,H}; rate,alpha[]w{0.1,0.9} : <(1 - $2) * $0 + $2 * $1|
      $0 + $2 * ($1 - $0)|(1.0 - $2) * $0 + $2 * $1> -> {}[*]w{L,H}
calibrated : arithmetic 1.2 real rank=0..3 of=measured
  # From the unit of the sensor.
  raw_{}[*]w{0,1}; gain,unit[]w{0.6*D,0.9*D}; offset,zero_level[]w{L,L+0.1*D} : <$1 * $0 + $2|
      $2 + $1 * $0|$0 * $1 + $2> -> {}[*]w{L,H}
change_of_base : arithmetic 0.8 real rank=0..3 of=weights,amount
  # A base case and what differs from it.
  base_{}[*]w{L+0.25*D,H-0.25*D}; {}_change,delta_{}[*]w{-0.25*D,0.25*D} : <$0 + $1|
      jnp.add($0, $1)|lax.add($0, $1)> -> {}[*]w{L,H}
gain : arithmetic 0.9 real rank=0..3 W>0 of=series,measured
  raw_{}[*]w{-W,W}; gain,scale[]w{0.4,1} : <$1 * $0|$0 * $1|jnp.multiply($0, $1)> -> {}[*]w{L,H}
  raw_{}[*]w{-W,W}; gains,scales[d]w{0.4,1} : a=r-1 : <$0 * $1|$1 * $0> -> {}[*]w{L,H}
growth : arithmetic 0.8 real rank=0..2 L>0.0001 H>2*L of=amount
  # As it has grown since.
  earlier_{}[*]w{L,H/1.5}; growth,factor[]w{1,1.5} : <$0 * $1|$1 * $0|jnp.multiply($0, $1)>
      -> {}[*]w{L,H}
  earlier_{}[*]w{L,H/1.6}; growth_rate[]w{0,0.15}; years,periods[]w{0,3} : <$0 * jnp.exp($1 * $2)|
      jnp.exp($1 * $2) * $0> -> {}[*]w{L,H}
decay : math 0.8 real rank=0..2 L>0.0001 H>4*L of=measured,amount
  initial_{},fresh_{}[*]w{2.8*L,H}; decay_rate,loss_rate[]w{0.1,1}; age,elapsed[]w{0,1} :
      <$0 * jnp.exp(-$1 * $2)|jnp.exp(-$1 * $2) * $0> -> {}[*]w{L,H}
shared_out : arithmetic 0.6 real rank=0..2 L>0.0001 H>3*L of=amount
  total_{}[*]w{1.5*L,H}; shares,parts[]w{1,1.5} : <$0 / $1|jnp.divide($0, $1)|
      jnp.true_divide($0, $1)> -> {}[*]w{L,H}
of_logarithms : math 2 real rank=0..3 L>0.001 of=positive,rate
  # Kept as a logarithm, so that it stays positive.
  log_{}[*]w{log(L),log(H)} : <jnp.exp($0)|lax.exp($0)|jnp.exp($0)> -> {}[*]w{L,H}
of_inverses : math 0.7 real rank=0..3 L>0.02 of=time
  inverse_{}[*]w{1/H,1/L} : <1.0 / $0|jnp.reciprocal($0)|lax.reciprocal($0)|1 / $0> -> {}[*]w{L,H}
softplus : math 1 real rank=0..3 L>0.2 H<20 of=positive,rate
  raw_{},free_{}[*]w{log(exp(L)-1),log(exp(H)-1)} : <jax.nn.softplus($0)|jnp.logaddexp($0, 0.0)> -> {}[*]w{L,H}
of_log_odds : math 2 real rank=0..3 L>0.002 L<0.4 H>0.6 H<0.998 of=probability
  logit_{},raw_{}[*]w{log(L/(1-L)),log(H/(1-H))} : <jax.nn.sigmoid($0)|
      jax.scipy.special.expit($0)|lax.logistic($0)|jax.scipy.stats.logistic.cdf($0)> -> {}[*]w{L,H}
squashed_to_unit : math 1.5 real rank=0..3 L>0-0.001 L<0.0000001 H>0.9999 H<1.001 of=probability
  logit_{},raw_{}[*]w{-3,3} : <jax.nn.sigmoid($0)|jax.scipy.special.expit($0)|lax.logistic($0)|
      jax.scipy.stats.logistic.cdf($0)|jax.scipy.stats.norm.cdf($0)|jax.scipy.special.ndtr($0)>
      -> {}[*]w{L,H}
  raw_{}[*]w{-4,4} : <jax.nn.hard_sigmoid($0)|jax.nn.sigmoid($0)>
      -> {}[*]w{L,H}
of_latent : math 1.5 real rank=0..3 full L>0-0.001 L<0.0000001 H>0.9999 H<1.001 of=probability
  # What lies behind is normal, or has longer tails.
  latent_{},z_{}[*]w{-3,3} : <jax.scipy.stats.cauchy.cdf($0)|jax.scipy.stats.laplace.cdf($0)|
      jax.scipy.stats.gumbel_r.cdf($0)|jax.scipy.stats.gumbel_l.cdf($0)|
      jax.scipy.stats.norm.cdf($0)|0.5 * lax.erfc(-$0)> -> {}[*]w{L,H}
  latent_{},z_{}[*]w{-3,3} : <jax.scipy.stats.norm.sf($0)|jax.scipy.stats.logistic.sf($0)|
      jax.scipy.stats.cauchy.sf($0)|jax.scipy.stats.gumbel_r.sf($0)|
      jax.scipy.stats.gumbel_l.sf($0)> -> {}[*]w{L,H}
  waits_of_{},hours_of_{}[*]w{0.05,3} : <jax.scipy.stats.expon.cdf($0)|-jnp.expm1(-$0)|
      jax.scipy.stats.expon.sf($0)|1.0 - jnp.exp(-$0)|jax.scipy.stats.gamma.cdf($0, 2.0)|
      jax.scipy.stats.gamma.sf($0, 2.0)|jax.scipy.stats.chi2.sf($0, 3.0)|
      jax.scipy.stats.chi2.cdf($0, 3.0)|lax.igamma(jnp.full_like($0, 2.0), $0)|
      lax.igammac(jnp.full_like($0, 2.0), $0)|jax.scipy.special.gammainc(2.0, $0)|
      jax.scipy.special.gammaincc(2.0, $0)> -> {}[*]w{L,H}
  place_of_{},rank_of_{}[*]w{0.02,0.98} : <jax.scipy.stats.beta.cdf($0, 2.0, 3.0)|
      jax.scipy.stats.beta.sf($0, 2.0, 3.0)|jax.scipy.special.betainc(2.0, 3.0, $0)|
      lax.betainc(jnp.full_like($0, 2.0), jnp.full_like($0, 3.0), $0)> -> {}[*]w{L,H}
of_shares : math 1.2 real rank=1..3 full W>2.1 of=logits
  # Normal scores of what was observed as shares.
  observed_shares,base_rates[*]w{0.02,0.98} : <jax.scipy.stats.norm.ppf($0)|
      jax.scipy.special.ndtri($0)|jax.scipy.stats.norm.isf($0)|
      jnp.sqrt(2.0) * lax.erf_inv(2.0 * $0 - 1.0)|
      jnp.sqrt(2.0) * jax.scipy.special.erfinv(2.0 * $0 - 1.0)> -> {}[*]w{L,H}
of_odds : math 1 real rank=1..3 full W>3.95 of=logits
  observed_shares,base_rates[*]w{0.02,0.98} : <jax.scipy.special.logit($0)|
      jax.scipy.stats.logistic.ppf($0)|jnp.log($0) - jnp.log1p(-$0)|jnp.log($0 / (1.0 - $0))|
      jax.scipy.stats.logistic.isf($0)> -> {}[*]w{L,H}
of_residuals : math 2 real rank=1..3 full L<0-3 H>0-0.65 of=log_weights
  # How likely the errors are.
  errors,deviations,residuals[*]w{-2,2} : <jax.scipy.stats.norm.logpdf($0)|
      jax.scipy.stats.laplace.logpdf($0)|jax.scipy.stats.cauchy.logpdf($0)|
      jax.scipy.stats.logistic.logpdf($0)|jax.scipy.stats.t.logpdf($0, 4.0)|
      jax.scipy.stats.gennorm.logpdf($0, 1.5)> -> {}[*]w{L,H}
  errors,deviations[*]w{-1,2} : <jax.scipy.stats.gumbel_r.logpdf($0)|
      jax.scipy.stats.norm.logpdf($0)> -> {}[*]w{L,H}
  waits,exceedances[*]w{0.1,2.4} : <jax.scipy.stats.expon.logpdf($0, scale=1.5)|
      jax.scipy.stats.gamma.logpdf($0, 2.0)|jax.scipy.stats.chi2.logpdf($0, 3.0)|
      jax.scipy.stats.norm.logsf($0 - 0.5)|jax.scipy.special.log_ndtr($0 - 3.0)>
      -> {}[*]w{L,H}
of_decibels : math 0.5 real rank=0..3 L>0.001 of=amount
  # Given in decibels.
  {}_in_db[*]w{10*log(L)/log(10),10*log(H)/log(10)} : <10.0 ** ($0 / 10.0)|
      jnp.power(10.0, $0 / 10.0)|jnp.float_power(10.0, 0.1 * $0)> -> {}[*]w{L,H}
of_powers : math 0.5 real rank=0..3 L>0.001 of=deviation,rate
  # Kept as a power of two.
  log2_{}[*]w{log(L)/log(2),log(H)/log(2)} : <jnp.exp2($0)|lax.exp2($0)|2.0**$0|
      jnp.power(2.0, $0)> -> {}[*]w{L,H}
of_squares : math 0.8 real rank=0..2 L>0.01 of=deviation
  {}_squared,variance_of_{}[*]w{L*L,H*H} : <jnp.sqrt($0)|lax.sqrt($0)|$0**0.5|
      1.0 / lax.rsqrt($0)|jnp.power($0, 0.5)> -> {}[*]w{L,H}
continuous_rate : math 1 real rank=0..2 L>0-0.5 H<2 of=rate
  # The rate is compounded all the time.
  continuous_{}[*]w{log(1+L),log(1+H)} : <jnp.expm1($0)|lax.expm1($0)|jnp.exp($0) - 1.0>
      -> {}[*]w{L,H}
compressed : math 0.6 real rank=1..3 W>1 of=measured,series
  # Outliers count for less.
  raw_{}[*]w{-2,2} : <jnp.tanh($0)|lax.tanh($0)|jax.nn.soft_sign($0)|lax.erf($0)|
      jax.scipy.special.erf($0)|jax.nn.hard_tanh($0)|jnp.clip($0, -1.0, 1.0)> -> {}[*]w{L,H}
compressed_more : math 0.6 real rank=1..3 W>1.45 of=measured,series
  # Outliers count for less.
  raw_{}[*]w{-2,2} : <jnp.arcsinh($0)|jnp.asinh($0)|lax.asinh($0)|jnp.arctan($0)|jnp.atan($0)|
      lax.atan($0)|jnp.sign($0) * jnp.log1p(jnp.abs($0))> -> {}[*]w{L,H}
of_degrees : math 1.5 real rank=0..2 of=angle
  # In degrees.
  {}_in_degrees[*]w{57.2*L,57.2*H} : <jnp.deg2rad($0)|jnp.radians($0)|$0 * jnp.pi / 180.0>
      -> {}[*]w{L,H}
of_components : math 1 real rank=0..2 full L<0-3.15 H>3.15 of=angle
  along[*]w{-1,1}; across[*]w{-1,1} : <jnp.arctan2($1, $0)|jnp.atan2($1, $0)|lax.atan2($1, $0)|
      jnp.angle($0 + 1j * $1)> -> {}[*]w{L,H}
legs : math 1 real rank=0..2 L>0-0.001 L<0.3*H of=size
  {}_east[*]w{0.1*H,0.7*H}; {}_north[*]w{0.3*H,0.7*H} : <jnp.hypot($0, $1)|
      jnp.sqrt($0**2 + $1**2)|jnp.sqrt(jnp.square($0) + jnp.square($1))> -> {}[*]w{L,H}
percent : arithmetic 1 real rank=0..3 L>0-0.001 H>0.5 H<1.001 of=probability
  # In percent.
  percent_{}[*]w{100*L,100*H} : <$0 / 100.0|0.01 * $0|$0 / 100> -> {}[*]w{L,H}
complement : arithmetic 0.6 real rank=0..3 L>0-0.001 H>0.5 H<1.001 of=probability
  remaining_{}[*]w{1-H,1-L} : <1.0 - $0|1 - $0|jnp.subtract(1.0, $0)> -> {}[*]w{L,H}
bytes : arithmetic 1.5 real rank=1..3 L>0-0.001 L<0.0000001 H>0.9999 H<1.001 of=image
  # Stored as bytes.
  byte_{},quantized_{}[*]B{0,255} : <$0.astype({dtype}) / 255.0|$0.astype({dtype}) / 255|
      lax.convert_element_type($0, {dtype}) / 255.0|jnp.asarray($0, dtype={dtype}) / 255.0|
      jnp.astype($0, {dtype}) / 255.0> -> {}[*]w{L,H}
differences : arithmetic 1 real rank=1..3 W>0.02 of=series
  cumulative_{}[*=d+1]w{-0.5*W,0.5*W} : <jnp.diff($0, axis={a})> -> {}[*]w{L,H}
  cumulative_{}[*=d+1]w{-0.5*W,0.5*W} : a=0 : <$0[1:] - $0[:-1]|jnp.diff($0, axis=0)>
      -> {}[*]w{L,H}
  cumulative_{}[*=d+1]w{-0.5*W,0.5*W} : a=r-1 : <$0[..., 1:] - $0[..., :-1]|jnp.diff($0)>
      -> {}[*]w{L,H}
accumulated : reduction 0.8 real rank=1..2 N<60 W>0.02 of=series
  stepwise_{}[*]w{-W/d,W/d} : <jnp.cumsum($0, axis={a})|lax.cumsum($0, axis={a})|
      jnp.cumulative_sum($0, axis={a})|lax.associative_scan(jnp.add, $0, axis={a})|
      jnp.add.accumulate($0, axis={a})|$0.cumsum(axis={a})> -> {}[*]w{L,H}
projected : linear_algebra 0.5 oblong real rank=1..3 W>0.02 of=data
  sources,channels[*=k]w{-1,1}; mixing,unmixing[k d]w{-W/k,W/k} : k=2..6, a=r-1 : <$0 @ $1|
      jnp.matmul($0, $1)|jnp.dot($0, $1)|jnp.tensordot($0, $1, axes=1)|jnp.inner($0, $1.T)>
      -> {}[*]w{L,H}
  channels[*=k]w{-1,1}; mixing[k d]w{-W/k,W/k} : k=2..6, a=r-1 :
      jnp.einsum("...i,ij->...j", $0, $1) -> {}[*]w{L,H}
combined : linear_algebra 0.7 oblong real rank=1..2 W>0.02 of=weights
  combination,mixing[d0 k]w{-W/k,W/k}; components,basis_{}[*=k]w{-1,1} : k=2..5, a=0 : <$0 @ $1|
      jnp.matmul($0, $1)|jnp.dot($0, $1)> -> {}[*]w{L,H}
above_background : arithmetic 1 real rank=1..3 W>0.02 of=series,image
  raw_{}[*]w{-0.6*W,0.6*W}; baseline,background[*1]w{-0.4*W,0.4*W} : <$0 - $1|
      jnp.subtract($0, $1)> -> {}[*]w{L,H}
  raw_{}[*]w{-0.6*W,0.6*W}; baseline,background[*-]w{-0.4*W,0.4*W} :
      <$0 - jnp.expand_dims($1, {a})|$0 - jnp.expand_dims($1, axis={a})|
      $0 - lax.expand_dims($1, ({a},))> -> {}[*]w{L,H}
  raw_{}[*]w{-0.6*W,0.6*W}; baseline,background[*-]w{-0.4*W,0.4*W} : a=r-1 :
      <$0 - $1[..., None]|$0 - $1[..., jnp.newaxis]> -> {}[*]w{L,H}
pooled : reduction 0.9 real rank=1 N<300 of=series
  # Averaged over neighbours.
  fine_{}[d0*k]w{L,H} : k=2..4 : <$0.reshape({d0}, {k}).mean(axis=1)|
      jnp.mean($0.reshape({d0}, {k}), axis=-1)|$0.reshape(-1, {k}).mean(axis=1)|
      jnp.mean(jnp.reshape($0, (-1, {k})), axis=1)> -> {}[*]w{L,H}
pooled_rows : reduction 0.8 oblong real rank=2 N<300 of=image
  # Averaged over neighbours.
  fine_{}[d0*k d1]w{L,H} : k=2..3 : <$0.reshape({d0}, {k}, {d1}).mean(axis=1)|
      jnp.mean($0.reshape({d0}, {k}, {d1}), axis=1)> -> {}[*]w{L,H}
  fine_{}[d0 d1*k]w{L,H} : k=2..3 : <$0.reshape({d0}, {d1}, {k}).mean(axis=-1)|
      jnp.mean($0.reshape({d0}, {d1}, {k}), axis=2)> -> {}[*]w{L,H}
smoothed : arithmetic 1 real rank=1 full L<0.0000001 H>0.1 of=series
  # Short bursts are smoothed away.
  noisy_{}[d0+k-1]w{L,H}; kernel,taps[k]w{0,1/k} : k=2..5 : <jnp.convolve($0, $1, mode="valid")|
      jnp.correlate($0, $1, mode="valid")|jax.scipy.signal.convolve($0, $1, mode="valid")|
      jax.scipy.signal.correlate($0, $1, mode="valid")> -> {}[*]w{L,H}
  noisy_{}[d0+k-1]w{L,H} : k=2..5 : <jnp.convolve($0, jnp.ones({k}) / {k}, mode="valid")|
      jnp.convolve($0, jnp.full({k}, 1 / {k}), "valid")> -> {}[*]d{L,H}
since_start : arithmetic 1 real rank=0 of=measured,amount
  initial_{}[]w{L,L+0.4*D}; {}_rate,slope[]w{0,0.3*D}; time,elapsed[]w{0,2} : <$0 + $1 * $2|
      $1 * $2 + $0> -> {}[]w{L,H}
with_noise : arithmetic 0.8 real rank=1..2 full of=image
  # A little noise, as in the recordings.
  clean_{}[*]w{L+0.1*D,H-0.1*D}; seed[]i{0,1000}; jitter,noise_level[]w{0.03*D,0.1*D} :
      <$0 + $2 * jax.random.uniform(jax.random.key($1), {shape}, {dtype}, -1.0, 1.0)|
      $0 + $2 * jax.random.uniform(jax.random.key($1), {shape}, minval=-1.0, maxval=1.0,
      dtype={dtype})|
      $0 + $2 * jax.random.truncated_normal(jax.random.key($1), -1.0, 1.0, {shape}, {dtype})|
      $0 + $2 * jax.random.triangular(jax.random.key($1), -1.0, 0.0, 1.0, {shape}, {dtype})|
      $0 + $2 * jax.random.rademacher(jax.random.key($1), {shape}, {dtype})> -> {}[*]w{L,H}
  clean_{}[*]w{L+0.1*D,H-0.1*D}; seed[]i{0,1000}; jitter,noise_level[]w{0.03*D,0.1*D} :
      <$0 + $2 * (jax.random.beta(jax.random.key($1), 2.0, 2.0, {shape}, {dtype}) - 0.5)|
      $0 + $2 * (jax.random.bernoulli(jax.random.key($1), 0.5, {shape}) - 0.5)> -> {}[*]w{L,H}
length_of_parts : reduction 0.9 real rank=0 L>0-0.001 L<0.4*H of=size
  {}_parts[k]w{0.5*H/sqrt(k),H/sqrt(k)} : k=2..4 : <jnp.linalg.norm($0)|jnp.sqrt(jnp.sum($0**2))|
      jnp.sqrt($0 @ $0)|jnp.linalg.vector_norm($0)|jnp.sqrt(jnp.dot($0, $0))> -> {}[]w{L,H}
sum_of_parts : reduction 1 real rank=0 of=amount
  {}_parts[k]w{L/k,H/k} : k=2..6 : <jnp.sum($0)|$0.sum()|lax.reduce_sum($0, (0,))|jnp.nansum($0)>
      -> {}[]w{L,H}
byte_codes : array 1 wide whole rank=0..2 L>0-0.5 H<256 of=labels
  byte_{}[*]B{L,H} : <$0.astype({wtype})|lax.convert_element_type($0, {wtype})|
      jnp.astype($0, {wtype})|jnp.asarray($0, dtype={wtype})> -> {}[*]w{L,H}
best_scored : reduction 1 whole rank=1..2 N>5 L>0-0.5 L<0.5 H>0.5 H<12 of=labels
  {}_scores[* M]{-2,2} : <jnp.argmax($0, axis=-1)|$0.argmax(axis=-1)|jnp.argmin($0, axis=-1)|
      jnp.argmax($0, -1)> -> {}[*]i{L,H}
with_offset : arithmetic 1 whole rank=0..2 D>3.5 of=calendar
  first_{},base_{}[*]w{L,floor((L+H)/2)}; offset,extra_{}[]w{0,floor((H-L)/2)} : <$0 + $1|
      jnp.add($0, $1)|$1 + $0> -> {}[*]w{L,H}
  base_{}[*]w{L,floor((L+H)/2)}; extra_{}[*]w{0,floor((H-L)/2)} : <$0 + $1|jnp.add($0, $1)|
      lax.add($0, $1)> -> {}[*]w{L,H}
at_most : arithmetic 0.6 whole rank=0..2 L>0-0.5 L<0.5 H>1.5 H<60 of=labels
  raw_{},wished_{}[*]w{0,H+3} : <jnp.minimum($0, {M-1})|jnp.clip($0, 0, {M-1})|
      jnp.clip($0, max={M-1})> -> {}[*]w{L,H}
binned : indexing 1 whole rank=0..2 L>0-0.5 L<0.5 H>1.5 H<17 of=bins
  measured_{}[*]D{0,1} : <jnp.digitize($0, jnp.linspace(0.0, 1.0, {M+1})[1:-1])|
      jnp.searchsorted(jnp.linspace(0.0, 1.0, {M+1})[1:-1], $0)> -> {}[*]J{L,H}
  measured_{}[*]D{0,0.99} : <jnp.floor($0 * {M}).astype({wtype})|($0 * {M}).astype({wtype})>
      -> {}[*]w{L,H}
counted : reduction 1.2 whole rank=0..1 L>0-0.5 L<0.5 H>1.5 H<40 of=counts
  present,seen[* M-1]b : <jnp.sum($0, axis=-1)|jnp.count_nonzero($0, axis=-1)|$0.sum(axis=-1)>
      -> {}[*]i{L,H}
beyond_threshold : arithmetic 2 flags rank=1..3 N>5
  scores,levels,confidence[*]{-1,1}; threshold,cutoff[]{-0.4,0.4} : <$0 > $1|$0 < $1|$0 >= $1|
      $0 <= $1|jnp.greater($0, $1)|jnp.less($0, $1)|jnp.greater_equal($0, $1)|
      jnp.less_equal($0, $1)> -> {}[*]b{0,1}
two_conditions : arithmetic 1 flags rank=1..3 N>5
  is_known,is_inside[*]b; is_recent,is_active[*]b : <$0 & $1|jnp.logical_and($0, $1)|
      jnp.logical_or($0, $1)|lax.bitwise_and($0, $1)|lax.bitwise_or($0, $1)|
      jnp.bitwise_and($0, $1)> -> {}[*]b{0,1}
opposite : arithmetic 1 flags rank=1..3 N>5
  is_missing,is_excluded[*]b : <~$0|jnp.logical_not($0)|jnp.invert($0)|lax.bitwise_not($0)>
      -> {}[*]b{0,1}
by_length : indexing 2 flags rank=2 of=mask
  # What comes after the end of a row is padding.
  lengths,sizes[d0]i{1,d1} : <jnp.arange({d1}) < $0[:, None]|
      jnp.arange({d1})[None, :] < $0[:, None]|jnp.arange({d1}) < jnp.expand_dims($0, 1)>
      -> {}[*]b{0,1}
by_one_length : indexing 1 flags rank=1 of=mask
  length,valid_count[]i{1,d0-1} : <jnp.arange({d0}) < $0|jnp.less(jnp.arange({d0}), $0)>
      -> {}[*]b{0,1}
by_chance : array 1 flags rank=1..3 N>5 of=mask
  # Which are kept is left to chance.
  seed[]i{0,1000}; keep_prob,keep_rate[]{0.4,0.8} :
      <jax.random.bernoulli(jax.random.key($0), $1, {shape})|
      jax.random.bernoulli(jax.random.PRNGKey($0), $1, {shape})> -> {}[*]b{0,1}
of_one_group : arithmetic 1 flags rank=1..2 N>5
  groups,classes[*]i{0,3}; group,chosen_class[]i{0,3} : <$0 == $1|jnp.equal($0, $1)|$0 != $1|
      jnp.not_equal($0, $1)|jnp.isin($0, $1)> -> {}[*]b{0,1}
of_bits : array 1 flags rank=0..3
  bits,indicators[*]i{0,1} : <$0 > 0|$0 == 1|$0.astype(bool)|$0 != 0|jnp.astype($0, bool)>
      -> {}[*]b{0,1}
)rows";

}  // namespace

std::string_view preparations_table() { return kTable; }

}  // namespace jaxsmith::plan
