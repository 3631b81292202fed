// Calls of jax.numpy that build, arrange and multiply arrays, and those of polynomials.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view numpy_array_calls() {
  return R"rows(
jnp.identity : array smooth
  matrix,kernel[n n]{-1,1} : @({n}, dtype=$0.dtype) - $0 -> complement[n n]{-1,2}
  matrix,gram[n n]{-1,1} : $0 + <0.1|0.5|2.0> * @($0.shape[0], $0.dtype) -> damped[n n]{-1,3}
jnp.tri : array smooth
  matrix,scores[n m]{-2,2} : @({n}, {m}, dtype=$0.dtype) * $0 -> lower[n m]{-2,2}
  x,increments[n]{-1,1} : @({n}, dtype=$0.dtype) @ $0 -> running[n]{-5,5}
  matrix[n n]{-2,2} : n=3..16 : @({n}, k=<1|-1>, dtype=$0.dtype) * $0 -> band[n n]{-2,2}
jnp.empty_like : array smooth
  x,signal[n]{-2,2} : @($0).at[1:].set($0[:-1]).at[0].set($0[0]) -> delayed[n]{-2,2}
  x,rows[n m]{-2,2} : @($0).at[:].set($0[::-1]) -> reversed_rows[n m]{-2,2}
jnp.empty : array smooth
  x[n]{-2,2}; y[n]{-2,2} : @(({n}, 2), $0.dtype).at[:, 0].set($0).at[:, 1].set($1) -> pairs[n
      2]{-2,2}
  x,state[n]{-2,2} : k=2..4 : @(({k}, {n}), dtype=$0.dtype).at[:].set($0) -> history[k n]{-2,2}
jnp.fromfunction : array smooth
  image,field[n m]{-2,2} : n=4..16, m=4..16 : @(lambda row, col: jnp.exp(-((row - {n/2}) ** 2 +
      (col - {m/2}) ** 2) / <{n}|16.0|25.0>), ({n}, {m}), dtype=$0.dtype) * $0 -> windowed[n m]{-2,2}
  x,signal[n]{-2,2} : $0 * @(lambda k: jnp.cos(<0.5|0.3> * k), ({n},), dtype=$0.dtype) ->
      modulated[n]{-2,2}
jnp.indices : indexing smooth
  image,field[n m]{-2,2} : jnp.sum($0 * @($0.shape, dtype=$0.dtype), axis=(1, 2)) ->
      moments[2]{-60,60}
  image,field[n m]{-2,2} : @(({n}, {m}), dtype=$0.dtype)[<0|1>] * $0 -> weighted[n m]{-20,20}
  image[n m]{-2,2} : jnp.where(@($0.shape).sum(axis=0) % 2 == 0, $0, <0.0|-$0>) -> checkered[n
      m]{-2,2}
jnp.logspace : array smooth
  lo,start[]{-2,0}; hi,stop[]{0.5,2} : k=3..8 : @($0, $1, <{k}|num={k}>) -> scales[k]{0.01,100}
  x,amplitude[n]{-2,2} : $0 * @(0.0, <1.0|2.0>, {n}, base=<2.0|10.0>, dtype=$0.dtype) ->
      spread_out[n]{-100,100}
jnp.geomspace : array none
  lo,start[]f{0.1,1}; hi,stop[]f{2,50} : k=3..8 : @($0, $1, <{k}|num={k}>) -> scales[k]f{0.1,50}
jnp.squeeze : array smooth
  x[*]{-3,3} : rank=2..3 : @(jnp.mean($0, axis={a}, keepdims=True), axis={a}) -> level[*-]{-2,2}
  x,table[n m]{-3,3} : k=0..m-1 : @($0[:, {k}:{k+1}], axis=<1|-1>) -> column[n]{-3,3}
  x,table[n m]{-3,3} : @(jnp.split($0, {n}, axis=0)[<0|-1>]) -> row[m]{-3,3}
jnp.atleast_1d : array smooth
  x,level[]{-2,2}; y,rest[n]{-2,2} : jnp.concatenate([@($0), $1]) -> extended[n+1]{-2,2}
jnp.atleast_2d : array smooth
  x,row[n]{-2,2}; y,rest[m n]{-2,2} : jnp.vstack([@($0), $1]) -> stacked[m+1 n]{-2,2}
jnp.rollaxis : array smooth
  x[n m k]{-3,3} : n=2..8, m=2..8, k=2..8 : @($0, <2|-1>) -> rolled[k n m]{-3,3}
  x[n m k]{-3,3} : n=2..8, m=2..8, k=2..8 : @($0, <1|axis=1>) -> rolled[m n k]{-3,3}
  x[n m k]{-3,3} : n=2..8, m=2..8, k=2..8 : @($0, 0, <3|start=3>) -> rolled[m k n]{-3,3}
jnp.dsplit : array smooth
  x,volume[n m 2*k]{-3,3} : n=2..6, m=2..6, k=1..4 : @($0, 2) -> front,left[n m k]{-3,3};
      back,right[n m k]{-3,3}
  x,volume[n m k+1]{-3,3} : n=2..6, m=2..6, k=1..4 : @($0, [1]) -> first,head[n m 1]{-3,3};
      rest,tail[n m k]{-3,3}
jnp.apply_along_axis : vectorization smooth
  x,table[*]{-3,3} : rank=2..3 : @(<lambda row: row - row.mean()|jnp.flip|jnp.sort>, {a}, $0) ->
      arranged[*]{-5,5}
  x,table[*]{-3,3} : rank=2..3 : @(<jnp.cumsum|lambda v: 0.1 * jnp.cumsum(v)>, {a}, $0) ->
      running[*]{-8,8}
  x,table[*]{-3,3} : rank=2..3 : @(<jnp.mean|jnp.max|lambda v: v[-1] - v[0]>, {a}, $0) ->
      level[*-]{-6,6}
jnp.apply_over_axes : reduction smooth
  x[n m]{-2,2} : @(jnp.<sum|mean>, $0, [0, 1]) -> total[1 1]{-16,16}
  x[n m k]{-2,2} : n=2..8, m=2..8, k=2..8 : @(jnp.<sum|mean|max>, $0, (0, 2)) -> profile[1 m
      1]{-16,16}
  x[n m k]{-2,2} : n=2..8, m=2..8, k=2..8 : @(jnp.<sum|mean|max>, $0, [1]) -> profile[n 1
      k]{-16,16}
jnp.inner : linear_algebra smooth
  x,u[n]{-2,2}; y,v[n]{-2,2} : @($0, $1) -> overlap[]{-9,9}
  x,queries[n k]{-2,2}; y,keys[m k]{-2,2} : @($0, $1) -> scores[n m]{-9,9}
jnp.vdot : linear_algebra smooth
  x,u[*]{-2,2}; y,v[*]{-2,2} : @($0, $1) -> overlap[]{-9,9}
  x,u[n]c{0,2}; y,v[n]c{0,2} : jnp.abs(@($0, $1)) -> overlap[]f{0,9}
jnp.vecdot : linear_algebra smooth
  x,u[*]{-2,2}; y,v[*]{-2,2} : @($0, $1, axis={a}) -> overlaps[*-]{-9,9}
  x,u[m n]{-2,2}; y,v[n]{-2,2} : @($0, $1) -> overlaps[m]{-9,9}
jnp.matvec : linear_algebra smooth
  matrix,weights[n k]{-1,1}; x,v[k]{-2,2} : @($0, $1) -> image[n]{-6,6}
  matrices[b n k]{-1,1}; vectors[b k]{-2,2} : b=2..5, n=2..8, k=2..8 : @($0, $1) -> images[b
      n]{-6,6}
jnp.vecmat : linear_algebra smooth
  x,v[n]{-2,2}; matrix,weights[n k]{-1,1} : @($0, $1) -> projected[k]{-6,6}
  vectors[b n]{-2,2}; matrix[n k]{-1,1} : @($0, $1) -> projected[b k]{-6,6}
jnp.cross : linear_algebra smooth
  u,arm[3]{-2,2}; v,force[3]{-2,2} : @($0, $1) -> torque,normal[3]{-6,6}
  arms[n 3]{-2,2}; forces[n 3]{-2,2} : @($0, $1<|, axis=-1>) -> torques[n 3]{-6,6}
  arms[3 n]{-2,2}; forces[3 n]{-2,2} : @($0, $1, axis=0) -> torques[3 n]{-6,6}
  arms[n 3]{-2,2}; axis_vector[3]{-2,2} : @($0, $1) -> turned[n 3]{-6,6}
jnp.correlate : linear_algebra smooth
  signal,series[n]{-2,2}; template,kernel[k]{-1,1} : n=4..16, k=2..4 : @($0, $1) ->
      response[n-k+1]{-6,6}
  signal,series[n]{-2,2}; template,kernel[k]{-1,1} : n=4..16, k=2..4 : @($0, $1, mode='same') ->
      response[n]{-6,6}
  signal,series[n]{-2,2}; template,kernel[k]{-1,1} : n=4..16, k=2..4 : @($0, $1,
      <mode='full'|'full'>) -> response[n+k-1]{-6,6}
jnp.convolve : linear_algebra smooth 0.5
  signal,series[n]{-2,2}; kernel[k]{-1,1} : n=4..16, k=2..4 : @($0, $1, mode=<'same'>) ->
      smoothed[n]{-6,6}
jnp.poly : arithmetic smooth
  roots,zeros[n]{-1.5,1.5} : n=2..4 : @($0) -> coefficients[n+1]{-6,6}
jnp.polyadd : arithmetic smooth
  p[n]{-2,2}; q[m]{-2,2} : n=3..7, m=2..n : @($0, $1) -> total[n]{-4,4}
jnp.polysub : arithmetic smooth
  p[n]{-2,2}; q[m]{-2,2} : n=3..7, m=2..n : @($0, $1) -> difference[n]{-4,4}
jnp.polymul : arithmetic smooth
  p[n]{-2,2}; q[m]{-2,2} : n=2..6, m=2..4 : @($0, $1) -> product[n+m-1]{-9,9}
jnp.polydiv : arithmetic none
  numerator,p[n]f{-2,2}; divisor,q[m]f{0.8,1.5} : n=3..6, m=2..3 : @($0, $1) ->
      quotient[n-m+1]f{-6,6}; remainder?[n]f{-9,9}
jnp.polyder : arithmetic smooth
  p,coefficients[n]{-2,2} : n=3..8 : @($0) -> slope[n-1]{-14,14}
  p,coefficients[n]{-2,2} : n=4..8 : @($0, <2|m=2>) -> curvature[n-2]{-60,60}
jnp.polyint : arithmetic smooth
  p,coefficients[n]{-2,2} : n=2..7 : @($0) -> antiderivative[n+1]{-2,2}
  p,coefficients[n]{-2,2} : n=2..7 : @($0, k=<0.5|1.0|-1.0>) -> antiderivative[n+1]{-2,2}
  p,coefficients[n]{-2,2} : n=2..7 : @($0, m=2) -> antiderivative[n+2]{-2,2}
jnp.polyfit : linear_algebra none
  x,times[n]f{-1,1}; y,readings[n]f{-2,2} : n=6..16, k=1..2 : @($0, $1, {k}) ->
      coefficients?[k+1]f{-6,6}
  x,times[n]f{-1,1}; y,readings[n]f{-2,2} : n=6..16 : @($0, $1, deg=1) -> line?[2]f{-4,4}
jnp.roots : linear_algebra none 1.5
  p,coefficients[n]f{0.4,2} : n=3..5 : jnp.sort(jnp.abs(@($0, strip_zeros=False))) ->
      moduli[n-1]f{0.2,4}
jnp.polyval : arithmetic smooth 0.5
  p,coefficients[n]{-1,1}; x[m]{-1.5,1.5} : n=2..5 : @($0, $1<|, unroll=4>) -> curve[m]{-6,6}
)rows";
}

}  // namespace jaxsmith::plan
