// Calls of jax.numpy, element by element.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view numpy_elementwise_calls() {
  return R"rows(
jnp.fabs : arithmetic smooth
  x,error[*]{-3,3} : @($0) -> magnitude[*]{0,3}
jnp.positive : arithmetic smooth 0.5 in_order
  x,drive[*]{-3,3}; y,offset[*]{-3,3} : @($0) - $1 -> delta[*]{-6,6}
jnp.around : arithmetic zero
  x,price[*]f{-3,3} : @($0, <1|2|decimals=1|decimals=2>) -> rounded?[*]f{-3,3}
  x,level[*]{-9,9} : @($0) -> rounded?[*]{-9,9}
jnp.rint : arithmetic zero
  x,level[*]{-9,9} : @($0) -> nearest?[*]{-9,9}
  x,phase[*]{-9,9} : $0 - @($0) -> residue?[*]{-0.5,0.5}
jnp.pow : arithmetic smooth in_order
  base,x[*]{0.3,2.5}; exponent,power[*]{-2,2} : @($0, $1) -> powers[*]{0.1,7}
  base,x[*]{0.3,2.5} : @($0, <0.5|1.5|2.5|-0.5|3>) -> powers[*]{0.1,16}
  base,x[*]{0.3,2.5}; exponent[]{-2,2} : @($0, $1) -> powers[*]{0.1,7}
jnp.acosh : math smooth
  x,ratio[*]{1.2,6} : @($0) -> rapidity[*]{0.6,2.5}
jnp.acos : math smooth
  x,cosine[*]{-0.9,0.9} : @($0) -> angle[*]{0.4,2.7}
jnp.asin : math smooth
  x,sine[*]{-0.9,0.9} : @($0) -> angle[*]{-1.2,1.2}
jnp.asinh : math smooth
  x[*]{-9,9} : @($0) -> compressed[*]{-3,3}
jnp.atan : math smooth
  x,slope[*]{-9,9} : @($0) -> angle[*]{-1.5,1.5}
jnp.atanh : math smooth
  x[*]{-0.9,0.9} : @($0) -> unsquashed[*]{-1.5,1.5}
jnp.arccosh : math smooth
  x,ratio[*]{1.2,6} : @($0) -> rapidity[*]{0.6,2.5}
jnp.atan2 : math smooth in_reverse
  y,rise[*]{0.2,3}; x,run[*]{-3,3} : @($0, $1) -> angle,heading[*]{0,3.1}
jnp.i0 : math none
  x[*]f{-2,2} : @($0) -> bessel[*]f{1,2.3}
jnp.heaviside : math zero
  x,distance[*]{-2,2} : @($0, <0.5|0.0|1.0>) -> step?[*]{0,1}
  x[*]{-2,2}; delay[]{-1,1} : @($0 - $1, 0.5) -> step?[*]{0,1}
jnp.float_power : math smooth in_order
  x,base[*]d{0.3,2.5}; p,power[*]d{-2,2} : @($0, $1) -> powers[*]d{0.1,7}
  x,base[*]d{0.3,2.5} : @($0, <2|3|0.5>) -> powers[*]d{0.1,16}
jnp.nextafter : arithmetic none
  x[*]f{-3,3} : @($0, <jnp.inf|-jnp.inf>) -> neighbor[*]f{-3,3}
  x[*]f{0.3,6} : (@($0, jnp.inf) - $0) / jnp.finfo($0.dtype).eps -> spacing_in_eps?[*]f{0.25,4}
jnp.spacing : arithmetic none
  x[*]f{0.3,6} : @($0) / jnp.finfo($0.dtype).eps -> spacing_in_eps?[*]f{0.25,4}
jnp.frexp : math none
  x[*]f{0.3,6} : @($0) -> mantissa[*]f{0.5,1}; _[*]J{-2,3}
jnp.divmod : arithmetic none in_order
  x,total[*]{0.5,20}; y,unit[*]{1,5} : @($0, $1) -> quotient?[*]{0,20}; remainder[*]{0,5}
jnp.unwrap : math smooth
  phase,angles[n]{-6,6} : @($0) -> unwrapped[n]{-12,12}
  phase,angles[*]{-6,6} : rank=2..3 : @($0, axis={a}) -> unwrapped[*]{-12,12}
  heading[n]{-4,4} : @($0, period=<2.0|4.0>) -> unwrapped[n]{-12,12}
jnp.piecewise : conditional smooth
  x,error[*]{-3,3} : @($0, [$0 < -1.0, $0 > <1.0|0.5>], [lambda v: -v - 0.5, lambda v: v - 0.5,
      lambda v: 0.5 * v * v]) -> pieces[*]{-1,3}
  x[*]{-3,3} : @($0, [$0 < 0.0, $0 >= 0.0], [<jnp.sin|jnp.tanh|lambda v: v>, <lambda v: 2.0 *
      v|jnp.sqrt>]) -> pieces[*]{-3,6}
  x,t[*]{-3,3} : @($0, [$0 < 0.0], [lambda v: jnp.expm1(v), <lambda v: v|jnp.log1p>]) ->
      activated[*]{-1,3}
jnp.equal : arithmetic zero
  ids,codes[*]i{0,3}; labels,other[*]i{0,3} : @($0, $1) -> same?[*]b
  labels[n]i{0,3}; classes[m]i{0,3} : @($0[:, None], $1) -> matches?[n m]b
  labels,codes[*]i{0,4} : @($0, <0|1|2>) -> hits?[*]b
jnp.not_equal : arithmetic zero
  ids,codes[*]i{0,3}; labels,other[*]i{0,3} : @($0, $1) -> differs?[*]b
  tokens[*]i{0,4} : @($0, <0|1>) -> kept?[*]b
jnp.isclose : arithmetic zero
  x,measured[*]{-1,1}; y,expected[*]{-1,1} : @($0, $1, <atol=0.5|rtol=0.5, atol=0.1|atol=0.3>) ->
      close?[*]b
  x[*]{-1,1} : @($0, 0.0, atol=<0.3|0.5>) -> near_zero?[*]b
jnp.allclose : reduction smooth
  x,measured[n]{-1,1}; y,expected[n]{-1,1} : n=2..3 : @($0, $1, atol=<0.8|1.0|1.2>) -> close?[]b
  estimate,current[n]{-1,1}; previous,earlier[n]{-1,1} : n=2..4 : jnp.where(@($0, $1,
      atol=<1.0|1.2|1.5>), $0, 0.5 * ($0 + $1)) -> settled,damped[n]{-1,1}
jnp.array_equal : vectorization zero 2
  codes,drawn[m n]i{0,1}; keys,guesses[m n]i{0,1} : m=9..16, n=2 : jax.vmap(jnp.array_equal)($0, $1)
      -> same,hits[m]b
  codes,tickets[m n]i{0,1}; key,winning[n]i{0,1} : m=9..16, n=2..3 :
      jax.vmap(jnp.array_equal, in_axes=(0, None))($0, $1) -> same,wins[m]b
jnp.array_equiv : vectorization zero 2
  codes[m n]i{0,1}; digits,bits[m]i{0,1} : m=9..16, n=2 : jax.vmap(jnp.array_equiv)($0, $1) ->
      all_same[m]b
jnp.isfinite : arithmetic zero
  x[*]{-1,2} : @(<jnp.log|jnp.sqrt|jnp.log2>($0)) -> finite?[*]b
  x[*]{-1,2} : jnp.where(@(jnp.log($0)), $0, <0.0|1.0>) -> cleaned?[*]{0,2}
jnp.isnan : arithmetic zero
  x[*]{-1,2} : @(<jnp.log|jnp.sqrt|jnp.arccosh>($0)) -> missing?[*]b
  x[*]{-1,2} : jnp.where(@(jnp.sqrt($0)), 0.0, $0) -> filled?[*]{0,2}
jnp.isinf : arithmetic zero
  x,counts[*]{0,3} : @(1.0 / jnp.floor($0)) -> infinite?[*]b
  x[*]{-1,2} : @(jnp.log(jax.nn.relu($0))) -> infinite?[*]b
jnp.isneginf : arithmetic zero
  x[*]{-1,2} : @(jnp.log(jnp.maximum($0, 0.0))) -> floored?[*]b
jnp.isposinf : arithmetic zero
  x[*]{-1,2} : @(1.0 / jnp.maximum($0, 0.0)) -> unbounded?[*]b
jnp.nan_to_num : arithmetic none
  x[*]{-1,3} : @(<jnp.log1p($0 - 0.5)|jnp.sqrt($0)>, nan=<0.0|-1.0>) -> cleaned?[*]{-3,2}
  x,counts[*]{-1,3} : @(jnp.sqrt($0)) -> cleaned?[*]{0,2}
  x[*]{-1,2} : @(jnp.log(jax.nn.relu($0)), neginf=<-5.0|-10.0>) -> log_levels?[*]{-10,1}
jnp.signbit : arithmetic zero
  x[*]{-3,3} : @($0) -> negative?[*]b
jnp.logical_not : arithmetic zero
  mask,active[*]b : @($0) -> inactive?[*]b
  x[*]{-2,2} : @($0 > <0.0|0.5>) -> below?[*]b
jnp.logical_xor : arithmetic zero
  mask,first[*]b; other,second[*]b : @($0, $1) -> odd?[*]b
  x[*]{-2,2}; y[*]{-2,2} : @($0 > 0, $1 > 0) -> opposite?[*]b
jnp.logical_or : arithmetic zero
  mask,first[*]b; other,second[*]b : @($0, $1) -> either?[*]b
  x[*]{-2,2} : @($0 < -1.0, $0 > 1.0) -> outside?[*]b
jnp.isin : arithmetic zero
  ids,tokens[*]i{0,9} : @($0, jnp.array(<[1, 4, 7]|[0, 2, 5, 8]|[3, 6]>)<|, invert=True>) ->
      member?[*]b
  ids,tokens[n]i{0,9}; allowed[m]i{0,9} : m=2..5 : @($0, $1) -> member?[n]b
jnp.iscomplex : arithmetic zero
  discriminant,disc[*]f{-2,2} : @(jnp.sqrt($0 + 0j)) -> complex_roots?[*]b
jnp.isreal : arithmetic zero
  discriminant,disc[*]f{-2,2} : @(jnp.sqrt($0 + 0j)) -> real_roots?[*]b
jnp.bitwise_invert : arithmetic zero
  flags,codes[*]i{-50,50} : @($0) -> inverted[*]i{-51,49}
  mask[*]b : @($0) -> inverted?[*]b
jnp.bitwise_not : arithmetic zero
  flags,codes[*]i{-50,50} : @($0) -> inverted[*]i{-51,49}
  mask[*]b : @($0) -> inverted?[*]b
jnp.invert : arithmetic zero
  flags,codes[*]i{-50,50} : @($0) -> inverted[*]i{-51,49}
jnp.bitwise_left_shift : arithmetic zero
  codes,bits[*]i{0,20} : @($0, <1|2|3>) -> shifted[*]i{0,160}
  codes,bits[*]i{0,20}; by,places[*]i{0,3} : @($0, $1) -> shifted[*]i{0,160}
jnp.bitwise_right_shift : arithmetic zero
  codes,bits[*]i{0,200} : @($0, <1|2>) -> shifted?[*]i{0,100}
  codes,bits[*]i{0,200}; by,places[*]i{0,4} : @($0, $1) -> shifted?[*]i{0,200}
jnp.right_shift : arithmetic zero
  codes,bits[*]i{0,200} : @($0, <1|2>) -> shifted?[*]i{0,100}
  codes,bits[*]i{0,200}; by,places[*]i{0,4} : @($0, $1) -> shifted?[*]i{0,200}
jnp.left_shift : arithmetic zero
  codes,bits[*]i{0,20}; by,places[*]i{0,3} : @($0, $1) -> shifted[*]i{0,160}
jnp.bitwise_and : arithmetic zero
  codes,flags[*]i{0,63}; mask,other[*]i{0,63} : @($0, $1) -> common?[*]i{0,63}
  codes,flags[*]i{0,63} : @($0, <1|3|7|5>) -> low_bits?[*]i{0,7}
jnp.bitwise_or : arithmetic zero
  codes,flags[*]i{0,63}; other[*]i{0,63} : @($0, $1) -> joined?[*]i{0,63}
  codes,flags[*]i{0,63} : @($0, <1|8|4>) -> flagged?[*]i{0,63}
jnp.bitwise_xor : arithmetic zero
  codes,flags[*]i{0,63}; key,other[*]i{0,63} : @($0, $1) -> mixed[*]i{0,63}
jnp.packbits : array zero 1.5
  bits,flags[n]b : @($0<|, bitorder='little'>) -> packed?[(n+7)/8]B{0,255}
  bits,flags[m n]b : @($0, axis=<1|-1>) -> packed?[m (n+7)/8]B{0,255}
jnp.unpackbits : array zero 2.5
  packed,octets[n]B{0,255} : n=2..6 : @($0<|, bitorder='little'>) -> bits?[8*n]B{0,1}
  packed,octets[m n]B{0,255} : m=2..4, n=2..4 : @($0, axis=<1|-1>) -> bits?[m 8*n]B{0,1}
  packed,octets[n]B{0,255} : n=2..5, k=2..7 : @($0, count={k}) -> bits?[k]B{0,1}
jnp.conjugate : arithmetic smooth
  signal,z[*]c{0,2} : @($0) -> conjugate[*]c{0,2}
  signal,z[*]c{0,2} : jnp.real($0 * @($0)) -> power[*]f{0,4}
jnp.sort_complex : array none 1.5
  x,values[n]f{-3,3} : @($0) -> ordered[n]c{0,3}
  x,values[n]f{-3,3} : jnp.real(@($0)) -> ordered[n]f{-3,3}
)rows";
}

}  // namespace jaxsmith::plan
