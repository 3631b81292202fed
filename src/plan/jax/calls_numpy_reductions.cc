// Calls of jax.numpy that reduce, run along an axis, or weigh by a window; methods of its ufuncs.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view numpy_reduction_calls() {
  return R"rows(
jnp.prod of counts : reduction zero 0.6
  shapes,counts[m n]i{1,5} : m=3..9, n=2..4 : jnp.prod($0, axis=<-1|1>) -> volumes,sizes[m]i{1,625}
  choices,counts[n]i{1,5} : n=3..6 : <jnp.prod($0)|$0.prod()> -> ways,product[]i{1,15625}
jnp.nanmin jnp.nanmax : reduction smooth 0.8
  x,values[*]{-3,3} : @($0, axis=<{a}|{a-r}>) -> extreme,envelope[*-]{-3,3}
  x,values[*]{-3,3} : @($0, <{a}|axis={a}>, keepdims=True) -> extreme[*1]{-3,3}
  x,values[*]{-3,3} : @($0) -> extreme[]{-3,3}
  x,values[n]{-3,3} : @(jnp.where(jnp.abs($0) < 2.9, $0, jnp.nan)) -> extreme[]{-3,3}
jnp.nanmax with where : reduction smooth 0.3
  x[*]{-3,3}; valid,mask[*]b : @($0, axis={a}, initial=-3.0, where=$1) -> peak[*-]{-3,3}
jnp.nanprod : reduction smooth
  x,growth[*]{0.5,1.4} : @($0, axis=<{a}|{a-r}>) -> product[*-]{0.1,3}
  x,growth[*]{0.5,1.4} : @($0, axis={a}, keepdims=True) -> product[*1]{0.1,3}
  x,growth[*]{0,1.4} : rank=1..2 : @(jnp.where($0 > 0.5, $0, jnp.nan), axis={a}) ->
      product[*-]{0.1,3}
jnp.nansum : reduction smooth
  x,readings[*]{-2,2} : @($0, axis=<{a}|{a-r}>) -> total[*-]{-6,6}
  x,readings[*]{-2,2} : @($0, axis={a}, keepdims=True) -> total[*1]{-6,6}
  x,readings[*]{-2,2} : @(jnp.where($0 > <0.0|-1.0>, $0, jnp.nan), axis={a}) -> total[*-]{-2,9}
  x,readings[*]{-2,2}; mask,valid[*]b : @($0, axis={a}, where=$1) -> total[*-]{-5,5}
jnp.nanstd : reduction none
  x,readings[*]{-3,3} : @($0, axis=<{a}|{a-r}>) -> spread[*-]{0.2,2.5}
  x,readings[*]{-3,3} : @($0, axis={a}, keepdims=True) -> spread[*1]{0.2,2.5}
  x,readings[n]{-3,3} : @($0, ddof=1) -> spread[]{0.3,3}
jnp.nanvar : reduction smooth
  x,readings[*]{-2,2} : @($0, axis=<{a}|{a-r}>) -> variance[*-]{0.1,3}
  x,readings[*]{-2,2} : @($0) -> variance[]{0.3,3}
  x,readings[n]{-2,2} : @($0, ddof=1) -> variance[]{0.2,4}
jnp.nanmedian : reduction smooth
  x,readings[*]{-3,3} : @($0, axis=<{a}|{a-r}>) -> middle[*-]{-3,3}
  x,readings[*]{-3,3} : @($0, <{a}|axis={a}>, keepdims=True) -> middle[*1]{-3,3}
  x,readings[*]{-3,3} : $0 - @($0) -> centered[*]{-4,4}
jnp.nanargmax jnp.nanargmin : reduction zero
  x,scores[*]{-3,3} : @($0, axis=<{a}|{a-r}>) -> place?[*-]i{0,d-1}
  x,scores[*]{-3,3} : @($0, {a}, keepdims=True) -> place?[*1]i{0,d-1}
  x,scores[n]{-3,3} : @($0) -> place?[]i{0,n-1}
jnp.sum with where : reduction smooth 0.4
  x,values[*]{-3,3}; mask,valid[*]b : @($0, axis={a}<|, keepdims=False|, initial=1.0>, where=$1)
      -> total[*-]{-8,8}
jnp.max with where : reduction smooth 0.3
  x,values[*]{-3,3}; mask,valid[*]b : @($0, axis={a}, initial=-3.0, where=$1) -> peak[*-]{-3,3}
jnp.min with where : reduction smooth 0.3
  x,values[*]{-3,3}; mask,valid[*]b : @($0, axis={a}, initial=3.0, where=$1) -> lowest[*-]{-3,3}
jnp.nanpercentile : reduction smooth
  x[*]f{-3,3} : @($0, <25|50|75|90>, axis={a}) -> level[*-]f{-3,3}
  x[*]f{-3,3} : @($0, jnp.array([25.0, 75.0], $0.dtype), axis={a}) -> quartiles[2 *-]f{-3,3}
  x[*]f{-3,3} : @($0, 50.0<|, method='lower'|, method='nearest'>) -> level[]f{-3,3}
jnp.nanquantile : reduction smooth
  x[*]f{-3,3} : @($0, <0.25|0.5|0.9>, axis={a}) -> level[*-]f{-3,3}
  x[*]f{-3,3} : @($0, <0.25|0.5|0.9>, axis={a}, keepdims=True) -> level[*1]f{-3,3}
  x[*]f{-3,3}; q[]f{0.1,0.9} : @($0, $1, axis={a}) -> level[*-]f{-3,3}
jnp.nancumsum : reduction smooth
  x,steps[*]{-1,1} : @($0, axis={a}) -> running[*]{-6,6}
  x,steps[n]{-1,1} : @(jnp.where($0 > 0, $0, jnp.nan)) -> running[n]{0,6}
jnp.nancumprod : reduction smooth
  x,growth[*]{0.6,1.4} : @($0, axis={a}) -> running[*]{0.1,6}
jnp.cumulative_prod : reduction smooth
  x,growth[n]{0.6,1.4} : @($0) -> running[n]{0.1,6}
  x,growth[*]{0.6,1.4} : @($0, axis={a}) -> running[*]{0.1,6}
  x,growth[*]{0.6,1.4} : @($0, axis={a}, include_initial=True) -> running[*=d+1]{0.1,6}
jnp.cumulative_sum : reduction smooth 0.5
  x,steps[*]{-1,1} : @($0, axis={a}, include_initial=True) -> running[*=d+1]{-6,6}
jnp.any : reduction zero
  mask,flags[*]b : @($0, axis={a}) -> some?[*-]b
  x[*]{-2,2} : @($0 > <1.0|1.5>, axis={a}<|, keepdims=False>) -> exceeded?[*-]b
jnp.all : reduction zero
  x[*]{-2,2} : @($0 > <-1.5|-1.0>, axis={a}) -> safe?[*-]b
jnp.mean of type : reduction smooth 0.4
  x[*]{-3,3} : jnp.<mean|sum|mean>($0, axis={a}, dtype=<jnp.float32>) -> level[*-]D{-9,9}
jnp.corrcoef : linear_algebra none
  data,samples[n m]{-2,2} : n=2..6, m=4..12 : @($0) -> correlation[n n]{-1,1}
  data,samples[m n]{-2,2} : n=2..6, m=4..12 : @($0, rowvar=False) -> correlation[n n]{-1,1}
  x[n]{-2,2}; y[n]{-2,2} : n=4..16 : @($0, $1)[0, 1] -> correlation[]{-1,1}
jnp.cov : linear_algebra smooth
  data,samples[n m]{-2,2} : n=2..8, m=3..12 : @($0<|, bias=True|, ddof=0>) -> covariance[n
      n]{-2,3}
  data,samples[m n]{-2,2} : n=2..8, m=3..12 : @($0, rowvar=False) -> covariance[n n]{-2,3}
  data[n m]{-2,2}; weights[m]{0.3,2} : n=2..8, m=3..12 : @($0, aweights=$1) -> covariance[n
      n]{-2,3}
  x[n]{-2,2}; y[n]{-2,2} : n=3..16 : @($0, $1) -> covariance[2 2]{-2,3}
jnp.ediff1d : array smooth
  x,series[n]{-3,3} : @($0) -> increments[n-1]{-6,6}
  x,series[n]{-3,3} : @($0, to_end=0.0) -> increments[n]{-6,6}
  x,series[n]{-3,3}; start[]{-1,1} : @($0, to_begin=$1) -> increments[n]{-6,6}
jnp.bincount : reduction zero
  labels,tokens[n]i{0,k-1} : k=3..6 : @($0, length={k}) -> counts?[k]i{0,6}
  labels[n]i{0,k-1}; weights[n]{0.2,2} : k=3..6 : @($0, weights=$1, length={k}) -> mass[k]{0,6}
jnp.histogram2d : reduction none
  x[n]f{-1,1}; y[n]f{-1,1} : n=4..12, k=2..5, m=2..5 : @($0, $1, bins=[{k}, {m}], range=[(-1.0,
      1.0), (-1.0, 1.0)])[0] -> counts?[k m]i{0,5}
  x[n]f{-1,1}; y[n]f{-1,1}; weights[n]f{0.2,2} : n=4..12, k=2..5 : @($0, $1, bins={k},
      range=[[-1.0, 1.0], [-1.0, 1.0]], weights=$2)[0] -> mass[k k]f{0,5}
jnp.histogramdd : reduction none
  points[n 2]f{-1,1} : n=4..12, k=2..5, m=2..4 : @($0, bins=[{k}, {m}], range=[(-1.0, 1.0), (-1.0,
      1.0)])[0] -> counts?[k m]i{0,5}
  points[n 3]f{-1,1} : n=4..12, k=2..3 : @($0, bins={k}, range=[(-1.0, 1.0)] * 3)[0] -> counts?[k
      k k]i{0,5}
jnp.histogram_bin_edges : reduction smooth
  x,samples[n]f{-3,3} : k=2..6 : @($0, bins={k}) -> edges[k+1]f{-3,3}
jnp.blackman jnp.hanning jnp.bartlett jnp.hamming : math smooth
  signal,frame[n]d{-2,2} : $0 * @({n}) -> tapered,windowed[n]d{-2,2}
  signal,frame[n]{-2,2} : n=4..16 : $0 * @({n}).astype($0.dtype) -> tapered,windowed[n]{-2,2}
  frames[m n]{-2,2} : $0 * @($0.shape[-1]).astype($0.dtype) -> tapered[m n]{-2,2}
  frames[m n]d{-2,2} : jnp.sum($0 * @({n}), axis=-1) -> levels[m]d{-6,6}
jnp.kaiser : math smooth
  signal,frame[n]d{-2,2} : $0 * @({n}, <5.0|8.6|beta=14.0>) -> tapered,windowed[n]d{-2,2}
  frames[m n]{-2,2} : $0 * @($0.shape[-1], <5.0|8.6|14.0>).astype($0.dtype) -> tapered[m n]{-2,2}
jnp.frompyfunc : vectorization smooth
  x[*]{-2,2}; y[*]{-2,2} : @(lambda u, v: <u * v + u|u - 0.5 * v|u * v - v>, 2, 1)($0, $1) ->
      mixed[*]{-6,6}
  x[n]{-2,2}; y[m]{-2,2} : @(lambda u, v: <u * v|jnp.maximum(u, v)|jnp.hypot(u, v)>, nin=2,
      nout=1).outer($0, $1) -> pairs[n m]{-4,4}
jnp.add.reduce : reduction smooth 0.5
  x[*]{-2,2} : @($0, axis={a}) -> total[*-]{-12,12}
  x[*]{-2,2} : @($0, axis=<{a}|{a-r}>, keepdims=True) -> total[*1]{-12,12}
jnp.multiply.reduce : reduction smooth 0.5
  x,factors[*]{0.6,1.4} : @($0, axis={a}) -> product[*-]{0.1,5}
jnp.maximum.reduce : reduction smooth 0.5
  x[*]{-3,3} : jnp.<maximum|minimum>.reduce($0, axis={a}) -> extreme[*-]{-3,3}
jnp.logical_and.reduce : reduction zero 0.5
  mask[*]b : jnp.<logical_and|logical_or|logical_xor>.reduce($0, axis={a}) -> joint?[*-]b
jnp.add.accumulate : reduction smooth 0.5
  x,steps[*]{-1,1} : @($0, axis={a}) -> running[*]{-6,6}
jnp.maximum.accumulate : reduction smooth 0.5
  x,series[*]{-3,3} : jnp.<maximum|minimum>.accumulate($0, axis={a}) -> envelope[*]{-3,3}
jnp.add.outer : arithmetic smooth
  x,rows[n]{-2,2}; y,columns[m]{-2,2} : @($0, $1) -> grid,sums[n m]{-4,4}
  x,rows[n]{-2,2}; y,columns[m]{-2,2} : jnp.subtract.outer($0, $1) -> differences[n m]{-4,4}
  x,rows[n]{-2,2}; y,columns[m]{-2,2} : jnp.multiply.outer($0, $1) -> products[n m]{-4,4}
  x,rows[n]{-2,2}; y,columns[m]{-2,2} : jnp.<maximum|minimum>.outer($0, $1) -> extremes[n
      m]{-2,2}
jnp.add.at : indexing smooth 0.6
  x,table[n]{-2,2}; delta[2]{-1,1} : n=3..9 : @($0, jnp.array([<0, 2|1, 2|2, 0>]), $1,
      inplace=False) -> updated[n]{-3,3}
  x,table[n m]{-2,2}; delta[m]{-1,1} : n=2..9 : jnp.<add|multiply>.at($0, <0|1|-1>, $1,
      inplace=False) -> updated[n m]{-3,3}
jnp.add.reduceat : reduction smooth 0.6
  x,values[n]{-2,2} : n=4..12 : @($0, jnp.array([0, <1|2>, 3])) -> segments[3]{-9,9}
  x,values[n m]{-2,2} : n=4..12 : jnp.<add|maximum>.reduceat($0, jnp.array([0, 2]), axis=0) ->
      segments[2 m]{-9,9}
)rows";
}

}  // namespace jaxsmith::plan
