// Calls of jax.lax, element by element: operands have one type.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view lax_elementwise_calls() {
  return R"rows(
lax.bessel_i0e : math smooth
  x,values[*]f{-4,4} : @($0) -> damped_bessel[*]f{0.2,1}
lax.bessel_i1e : math smooth
  x,values[*]f{-4,4} : @($0) -> damped_bessel[*]f{-0.3,0.3}
lax.lgamma : math smooth
  x,values[*]f{0.4,6} : @($0) -> log_gamma[*]f{-0.2,5}
lax.digamma : math smooth
  x,values[*]f{0.4,6} : @($0) -> digamma[*]f{-2.5,1.8}
lax.exp2 : math smooth
  x,values[*]{-3,3} : @($0) -> powers[*]{0.1,8}
lax.reciprocal : arithmetic smooth
  x,values[*]{0.4,4} : @($0) -> inverse[*]{0.2,2.5}
lax.sign : arithmetic zero
  x,values[*]{-2,2} : @($0) -> direction?[*]{-1,1}
lax.ceil : arithmetic zero
  x,values[*]{-6,6} : @($0) -> raised?[*]{-6,6}
lax.bitwise_not : arithmetic zero
  x,values[*]i{-50,50} : @($0) -> inverted[*]i{-51,49}
lax.conj : arithmetic smooth
  x,values[*]c{0,2} : @($0) -> conjugate[*]c{0,2}
lax.imag : arithmetic smooth
  x,values[*]c{0,2} : @($0) -> imaginary[*]f{-2,2}
lax.real : arithmetic smooth
  x,values[*]c{0,2} : @($0) -> real_part[*]f{-2,2}
lax.betainc : math none
  a[*]f{0.5,3}; b[*]f{0.5,3}; x[*]f{0.05,0.95} : @($0, $1, $2) -> tail[*]f{0,1}
lax.igamma : math none
  x,left[*]f{0.5,4}; y,right[*]f{0.2,5} : @($0, $1) -> lower_tail[*]f{0,1}
lax.igammac : math none
  x,left[*]f{0.5,4}; y,right[*]f{0.2,5} : @($0, $1) -> upper_tail[*]f{0,1}
lax.igamma_grad_a : math none
  x,left[*]f{0.5,4}; y,right[*]f{0.2,5} : @($0, $1) -> sensitivity[*]f{-2,0}
lax.random_gamma_grad : math none
  x,left[*]f{0.5,4}; y,right[*]f{0.2,5} : @($0, $1) -> sample_slope[*]f{0,3}
lax.zeta : math none
  x,left[*]f{1.5,6}; y,right[*]f{0.5,5} : @($0, $1) -> zeta[*]f{0.01,30}
lax.polygamma : math none
  x[*]f{0.6,5} : @(jnp.full_like($0, <1.0|2.0>), $0) -> polygamma[*]f{-12,6}
  x[*]d{0.6,5} : @(<1.0|2.0>, $0) -> polygamma[*]d{-12,6}
lax.ge lax.gt lax.le lax.lt : arithmetic zero
  x,scores[*]{-2,2}; y,limits[*]{-2,2} : @($0, $1) -> ahead,mask?[*]b
  x,scores[*]{-2,2}; y,limits[*]{-2,2} : lax.select(@($0, $1), $0, lax.neg($1)) ->
      chosen?[*]{-2,2}
lax.eq lax.ne : arithmetic zero
  codes,ids[*]i{0,3}; labels,other[*]i{0,3} : @($0, $1) -> matches?[*]b
  codes,ids[n]i{0,3}; labels[n]i{0,3} : jnp.sum(@($0, $1)) -> count?[]i{0,n}
lax.is_finite : arithmetic zero
  x[*]{-1,2} : @(lax.<log|sqrt|rsqrt>($0)) -> finite?[*]b
  x[*]{-1,2} : lax.select(@(lax.log($0)), $0, lax.full_like($0, 0.0)) -> cleaned?[*]{0,2}
lax.pow : arithmetic smooth in_order
  base,x[*]{0.3,2.5}; exponent,power[*]{-2,2} : @($0, $1) -> powers[*]{0.1,7}
lax.rem : arithmetic smooth in_order
  x,left[*]{-9,9}; y,right[*]{1,4} : @($0, $1) -> remainder[*]{-4,4}
lax.nextafter : arithmetic none
  x,left[*]f{-3,3} : @($0, lax.full_like($0, <jnp.inf|-jnp.inf>)) -> neighbor[*]f{-3,3}
lax.bitwise_and : arithmetic zero
  x,left[*]i{0,63}; y,right[*]i{0,63} : @($0, $1) -> common?[*]i{0,63}
lax.bitwise_or : arithmetic zero
  x,left[*]i{0,63}; y,right[*]i{0,63} : @($0, $1) -> joined?[*]i{0,63}
lax.bitwise_xor : arithmetic zero
  x,left[*]i{0,63}; y,right[*]i{0,63} : @($0, $1) -> mixed[*]i{0,63}
lax.shift_left : arithmetic zero
  x,left[*]i{0,20}; y,right[*]i{0,3} : @($0, $1) -> shifted[*]i{0,160}
lax.shift_right_logical : arithmetic zero
  x,left[*]i{0,500}; y,right[*]i{0,4} : @($0, $1) -> shifted?[*]i{0,500}
lax.shift_right_arithmetic : arithmetic zero
  x,left[*]i{-500,500}; y,right[*]i{0,4} : @($0, $1) -> shifted?[*]i{-500,500}
lax.complex : arithmetic smooth
  x,left[*]f{-2,2}; y,right[*]f{-2,2} : @($0, $1) -> phasor[*]c{0,2.8}
lax.complex magnitude : arithmetic smooth 0.5
  x,re[*]f{0.3,2}; y,im[*]f{-2,2} : lax.abs(@($0, $1)) -> modulus[*]f{0.3,3}
lax.mulhi : arithmetic zero 2
  x,counter[*]U{1e9,4e9} : @($0, jnp.full_like($0, <3528531795|2654435769>)) ->
      high_bits?[*]U{8e8,3.3e9}
  x[*]U{1e9,4e9}; y[*]U{1e9,4e9} : @($0, $1) -> high_bits?[*]U{2e8,3.7e9}
lax.round : arithmetic zero
  x,levels[*]{-6,6} : @($0<|, lax.RoundingMethod.TO_NEAREST_EVEN|,
      lax.RoundingMethod.AWAY_FROM_ZERO>) -> rounded?[*]{-6,6}
lax.reduce_precision : arithmetic none
  x,weights[*]{-3,3} : @($0, <exponent_bits=8, mantissa_bits=7|exponent_bits=5,
      mantissa_bits=7|8, 6>) -> coarse[*]{-3,3}
lax.select : conditional smooth
  mask,choose_first[*]b; x[*]{-3,3}; y[*]{-3,3} : @($0, $1, $2) -> chosen?[*]{-3,3}
  x[*]{-3,3}; y[*]{-3,3} : @(lax.gt($0, $1), <$0|lax.square($0)|lax.neg($1)>, $1) ->
      chosen?[*]{-9,9}
lax.argmax : reduction zero
  x,scores[*]{-3,3} : @($0, axis={a}, index_dtype=jnp.int32) -> best?[*-]J{0,6}
  x,scores[*]{-3,3} : @($0, {a}, jnp.int32) -> best?[*-]J{0,6}
lax.optimization_barrier : arithmetic smooth
  x[*]{-3,3} : @(<jnp.sin|jnp.tanh|lax.cos>($0)) -> kept[*]{-1,1}
  x[n]{-3,3}; y[m]{-3,3} : @(($0, $1)) -> left[n]{-3,3}; right[m]{-3,3}
lax.stop_gradient : arithmetic none 0.2
  x[*]{-3,3}; y[*]{-2,2} : @($0) * $1 -> weighted[*]{-6,6}
)rows";
}

}  // namespace jaxsmith::plan
