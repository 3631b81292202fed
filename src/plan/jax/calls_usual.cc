// Calls of common functions in forms that the other entries of the catalogue seldom choose.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view usual_calls() {
  return R"rows(
lax.acos call : math smooth
  x,cosine[*]{-0.9,0.9} : lax.acos($0) -> angle[*]{0.4,2.7}
  x,cosine[*]{-0.9,0.9} : jnp.arccos($0) -> angle[*]{0.4,2.7}
lax.asin call : math smooth
  x,sine[*]{-0.9,0.9} : lax.asin($0) -> angle[*]{-1.2,1.2}
  x,sine[*]{-0.9,0.9} : jnp.arcsin($0) -> angle[*]{-1.2,1.2}
lax.atanh call : math smooth
  x,ratio[*]{-0.9,0.9} : lax.atanh($0) -> unsquashed[*]{-1.5,1.5}
  x,ratio[*]{-0.9,0.9} : jnp.arctanh($0) -> unsquashed[*]{-1.5,1.5}
lax.acosh call : math smooth
  x,ratio[*]{1.2,6} : lax.acosh($0) -> rapidity[*]{0.6,2.5}
lax.erf_inv lax.erfc : math smooth
  x,level[*]f{-0.9,0.9} : @($0) -> scored[*]f{-1.2,1.9}
lax.erf lax.atan lax.cbrt lax.tan lax.asinh : math smooth 0.6
  x,level[*]f{-1.2,1.2} : @($0) -> warped[*]f{-2,2}
lax.floor jnp.ceil : math zero 0.6
  x,level[*]{-6,6} : @($0) -> whole?[*]{-6,6}
lax.atan2 : arithmetic smooth 0.6 in_reverse
  y,rise[*]{-3,3}; x,run[*]{0.5,3} : @($0, $1) -> angle[*]{-1.5,1.5}
lax.div jnp.true_divide : arithmetic smooth 0.6 in_order
  y,rise[*]{-3,3}; x,run[*]{0.5,3} : @($0, $1) -> ratio[*]{-3,3}
jnp.deg2rad jnp.radians : math smooth 0.6
  degrees,x[*]{-90,90} : @($0) -> angles[*]{-1.6,1.6}
jnp.rad2deg jnp.degrees : math smooth 0.6
  angles,x[*]{-1.5,1.5} : @($0) -> angles_in_degrees[*]{-90,90}
jnp.copysign jnp.fmax jnp.logaddexp2 : arithmetic smooth 0.6
  x[*]{0.2,3}; y[*]{-3,3} : @($0, $1) -> joined[*]{-3,4}
jnp.gcd jnp.lcm : arithmetic zero
  x,counts[*]i{1,12}; y,sizes[*]i{1,12} : @($0, $1) -> shared?[*]i{1,132}
jnp.reciprocal : arithmetic smooth
  x,rates[*]{0.4,4} : @($0) -> periods[*]{0.2,2.5}
jnp.copy : array smooth
  x,state[n]{-2,2} : jnp.copy($0).at[0].<set|add|multiply>(<0.5|2.0>) -> updated[n]{-4,4}
jnp.trace : linear_algebra smooth
  matrix,gram[n n]{-2,2} : @($0<|, offset=1>) -> trace[]{-6,6}
jnp.ptp : reduction smooth
  x[*]{-3,3} : @($0, axis={a}<|, keepdims=False>) -> reach[*-]{0,6}
jnp.prod call : reduction smooth
  x,growth[*]{0.6,1.4} : jnp.prod($0, axis={a}) -> product[*-]{0.1,5}
lax.reduce_max lax.reduce_sum : reduction smooth
  x[*]{-2,2} : @($0, <axes=({a},)|[{a}]>) -> reduced[*-]{-9,9}
lax.argmin call : reduction zero
  x,costs[*]{-3,3} : lax.argmin($0, {a}, jnp.int32) -> cheapest?[*-]J{0,d-1}
lax.cumprod call : reduction smooth
  x,growth[*]{0.6,1.4} : <lax.cumprod|jnp.cumprod>($0, axis={a}) -> running[*]{0.1,5}
lax.select_n call : conditional smooth
  mask[*]b; x[*]{-3,3}; y[*]{-3,3} : lax.select_n($0, $1, $2) -> chosen?[*]{-3,3}
jnp.fliplr call : array smooth
  x,image[n m]{-3,3} : <jnp.fliplr($0)|jnp.flipud($0)|lax.rev($0, (0,))|lax.rev($0,
      dimensions=(0, 1))> -> mirrored[n m]{-3,3}
lax.transpose call : array smooth
  x,table[n m]{-3,3} : <lax.transpose($0, (1, 0))|jnp.permute_dims($0, (1, 0))|jnp.transpose($0)>
      -> turned[m n]{-3,3}
jnp.vsplit call : array smooth
  x,table[2*k m]{-3,3} : k=1..4 : jnp.vsplit($0, 2) -> upper[k m]{-3,3}; lower[k m]{-3,3}
  x,table[m 2*k]{-3,3} : k=1..4 : jnp.hsplit($0, 2) -> left[m k]{-3,3}; right[m k]{-3,3}
jnp.diagflat : array smooth
  diagonal,x[n]{-2,2} : @($0) -> matrix[n n]{-2,2}
jnp.nonzero : indexing smooth 2
  values,readings[n]{-2,2}; mask,flags[n]b : n=6..12, k=2..4 : $0[jnp.nonzero($1, size={k})[0]] ->
      selected[k]{-2,2}
  mask,flags[n]b : k=2..4 : jnp.nonzero($0, size={k}, fill_value=<0|-1>)[0] -> places?[k]i{-1,n-1}
jnp.histogram : reduction none 2
  x,samples[n]{-1,1} : n=4..16, k=3..5 : jnp.histogram($0, bins={k}, range=(-1.0, 1.0))[0] ->
      counts?[k]{0,5}
jnp.linalg.multi_dot : linear_algebra smooth
  x[n k]{-1,1}; y[k m]{-1,1}; z[m p]{-1,1} : n=2..8, k=2..8, m=2..8, p=2..8 :
      jnp.linalg.multi_dot([$0, $1, $2]) -> chained[n p]{-4,4}
)rows";
}

}  // namespace jaxsmith::plan
