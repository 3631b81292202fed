// Calls of jax.lax that move, join, multiply, sort and reduce arrays; convolutions.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view lax_array_calls() {
  return R"rows(
lax.expand_dims : array smooth
  x,values[*]{-3,3} : rank=1..2 : @($0, (0,)) -> batched,framed[1 *]{-3,3}
  x,points[n]{-3,3}; y,centers[m]{-3,3} : @($0, (1,)) - @($1, (0,)) -> differences[n m]{-6,6}
lax.iota : array smooth
  x,coefficients[n]{-2,2} : n=3..16 : $0 * @($0.dtype, {n}) -> weighted,slopes[n]{-30,30}
lax.broadcast_like : array smooth 2
  x,row[m]{-2,2}; y,grid[n m]{-2,2} : @($0, $1) - $1 -> gap[n m]{-4,4}
  level[]{-2,2}; y,grid[n m]{-2,2} : lax.add(@($0, $1), $1) -> raised[n m]{-4,4}
lax.broadcast_to_rank : array smooth
  x,row[m]{-2,2}; y,grid[n m]{-2,2} : @($0, rank=2) * $1 -> scaled[n m]{-4,4}
  x,row[m]{-2,2} : @($0, <rank=2|2>) -> lifted[1 m]{-2,2}
lax.broadcast_in_dim : array smooth
  x,row[m]{-2,2} : n=2..6 : @($0, ({n}, {m}), <broadcast_dimensions=|>(1,)) -> rows[n m]{-2,2}
  x,column[n]{-2,2} : m=2..6 : @($0, shape=({n}, {m}), broadcast_dimensions=(0,)) -> columns[n
      m]{-2,2}
lax.empty : array smooth
  x,signal[n]{-2,2} : @(({n},), $0.dtype).at[:].set($0[::-1]) -> mirrored[n]{-2,2}
lax.full : array smooth
  x,signal[n]{-2,2} : lax.add($0, @(({n},), <0.5|1.0|-0.25>, $0.dtype)) -> shifted[n]{-3,3}
  x,table[n m]{-2,2} : lax.max($0, @($0.shape, <0.0|-0.5>, $0.dtype)) -> floored[n m]{-0.5,2}
lax.full_like : array smooth
  x,signal[*]{-2,2} : lax.mul($0, @($0, <0.5|2.0|0.1>)) -> scaled[*]{-4,4}
  x,signal[n]{-2,2} : m=2..6 : lax.concatenate([$0, @($0, 0.0, shape=({m},))], dimension=0) ->
      padded[n+m]{-2,2}
lax.tile : array smooth
  x,pattern[n]{-2,2} : k=2..3 : @($0, ({k},)) -> repeated[k*n]{-2,2}
  x,pattern[n m]{-2,2} : k=1..3, n=2..8, m=2..8 : @($0, <reps=|>({k}, 2)) -> repeated[k*n
      2*m]{-2,2}
lax.squeeze : array smooth
  x,table[n m]{-2,2} : k=0..n-1 : @(lax.slice_in_dim($0, {k}, {k+1}), (0,)) -> row[m]{-2,2}
  x,table[n m]{-2,2} : @(jnp.sum($0, axis=1, keepdims=True), dimensions=(1,)) -> totals[n]{-9,9}
lax.stack : array smooth
  x[n]{-2,2}; y[n]{-2,2} : @([$0, $1]<|, axis=0>) -> pair[2 n]{-2,2}
  x[n m]{-2,2}; y[n m]{-2,2} : @(($0, $1), axis=<1|1>) -> pair[n 2 m]{-2,2}
lax.unstack : array smooth
  x,pair[2 n]{-2,2} : @($0) -> first,upper[n]{-2,2}; second,lower[n]{-2,2}
  x,triple[n 3]{-2,2} : @($0, axis=1) -> x_part[n]{-2,2}; y_part[n]{-2,2}; z_part[n]{-2,2}
lax.stage : array smooth
  x[*]{-2,2} : @($0) * <0.5|2.0> -> scaled[*]{-4,4}
lax.shape_as_value : array smooth
  x,table[n m]{-2,2} : jnp.sum($0, axis=0) / @($0.shape)[0] -> mean_row[m]{-1.5,1.5}
lax.dynamic_update_slice : indexing smooth
  buffer,cache[n m]{-2,2}; block,fresh[2 m]{-2,2}; row,position[]i{0,n-2} : @($0, $1, ($2, 0)) ->
      updated[n m]{-2,2}
  buffer,signal[n]{-2,2}; patch[k]{-2,2}; start[]i{0,n-k} : n=4..16, k=2..3 : @($0, $1, ($2,)) ->
      updated[n]{-2,2}
lax.dynamic_update_slice_in_dim : indexing smooth
  buffer,signal[n]{-2,2}; patch[k]{-2,2}; start[]i{0,n-k} : n=4..16, k=2..3 : @($0, $1, $2,
      axis=0) -> updated[n]{-2,2}
lax.gather : indexing smooth 2
  table,embedding[n m]{-2,2}; rows,ids[k 1]i{0,n-1} : @($0, $1,
      lax.GatherDimensionNumbers(offset_dims=(1,), collapsed_slice_dims=(0,),
      start_index_map=(0,)), slice_sizes=(1, {m})<|, mode='clip'>) -> looked_up[k m]{-2,2}
  series,signal[n]{-2,2}; starts[k 1]i{0,n-w} : n=4..16, w=2..3, k=2..6 : @($0, $1,
      lax.GatherDimensionNumbers(offset_dims=(1,), collapsed_slice_dims=(),
      start_index_map=(0,)), ({w},)) -> windows[k w]{-2,2}
lax.index_take : indexing smooth 2
  table[n m]{-2,2}; rows,ids[k]i{0,n-1} : @($0, ($1,), axes=(0,)) -> picked[k m]{-2,2}
  table[n m]{-2,2}; rows[k]i{0,n-1}; columns[k]i{0,m-1} : @($0, ($1, $2), (0, 1)) ->
      picked[k]{-2,2}
lax.scatter_add lax.scatter_sub : indexing smooth 1.5
  table,accumulator[n m]{-2,2}; rows,ids[k 1]i{0,n-1}; updates,deltas[k m]{-1,1} : k=2..6 : @($0,
      $1, $2, lax.ScatterDimensionNumbers(update_window_dims=(1,), inserted_window_dims=(0,),
      scatter_dims_to_operand_dims=(0,))<|, mode='drop'|, mode='clip'>) -> updated[n m]{-4,4}
  counts,bins[n]{-2,2}; ids[k 1]i{0,n-1}; weights[k]{-1,1} : k=2..6 : @($0, $1, $2,
      lax.ScatterDimensionNumbers(update_window_dims=(), inserted_window_dims=(0,),
      scatter_dims_to_operand_dims=(0,))) -> updated[n]{-4,4}
lax.scatter_min lax.scatter_max : indexing smooth 1.5
  table,envelope[n m]{-2,2}; rows,ids[k 1]i{0,n-1}; updates,fresh[k m]{-2,2} : k=2..6 : @($0, $1,
      $2, lax.ScatterDimensionNumbers(update_window_dims=(1,), inserted_window_dims=(0,),
      scatter_dims_to_operand_dims=(0,))<|, mode='clip'>) -> updated[n m]{-2,2}
lax.scatter : indexing smooth 1.5
  table,cache[n m]{-2,2}; target,row[1 1]i{0,n-1}; fresh[1 m]{0.5,2} : @($0, $1, $2,
      lax.ScatterDimensionNumbers(update_window_dims=(1,), inserted_window_dims=(0,),
      scatter_dims_to_operand_dims=(0,))<|, unique_indices=True|, mode='clip'>) -> updated[n
      m]{-4,4}
lax.scatter_mul : indexing smooth 1.5
  table,cache[n m]{-2,2}; target,row[1 1]i{0,n-1}; gains[1 m]{0.5,2} : @($0, $1, $2,
      lax.ScatterDimensionNumbers(update_window_dims=(1,), inserted_window_dims=(0,),
      scatter_dims_to_operand_dims=(0,)), unique_indices=True) -> updated[n m]{-4,4}
lax.scatter_apply : indexing none 2
  table[n m]{-2,2}; target[1 1]i{0,n-1} : @($0, $1, <jnp.tanh|jnp.square|lambda v: 0.5 * v>,
      lax.ScatterDimensionNumbers(update_window_dims=(1,), inserted_window_dims=(0,),
      scatter_dims_to_operand_dims=(0,)), update_shape=(1, {m})) -> updated[n m]{-2,4}
lax.dot : linear_algebra smooth
  x[n k]{-2,2}; weights,y[k m]{-1,1} : @($0, $1) -> product[n m]{-6,6}
  x[n k]{-2,2}; v[k]{-1,1} : @($0, $1<|, precision=lax.Precision.HIGHEST>) -> image[n]{-6,6}
  x[k]{-2,2}; y[k]{-2,2} : @($0, $1, preferred_element_type=jnp.float32) -> overlap[]D{-9,9}
lax.batch_matmul : linear_algebra smooth 1.5
  x[b n k]{-2,2}; y,weights[b k m]{-1,1} : b=2..4, n=2..8, k=2..8, m=2..8 : @($0, $1<|,
      precision='highest'>) -> products[b n m]{-6,6}
lax.ragged_dot : linear_algebra smooth 2 unmapped
  tokens,x[2*s k]{-2,2}; experts,weights[2 k m]{-1,1} : s=1..4, k=2..6, m=2..6 : @($0, $1,
      jnp.array([<{s}, {s}|{2*s-1}, 1|1, {2*s-1}>], jnp.int32)) -> expert_outputs[2*s m]{-6,6}
  tokens,x[3*s k]{-2,2}; experts,weights[3 k m]{-1,1} : s=1..3, k=2..6, m=2..6 : @($0, $1,
      group_sizes=jnp.full(3, {s}, jnp.int32)) -> expert_outputs[3*s m]{-6,6}
lax.ragged_dot_general : linear_algebra smooth 2.5 unmapped
  tokens,x[2*s k]{-2,2}; experts,weights[2 k m]{-1,1} : s=1..4, k=2..6, m=2..6 : @($0, $1,
      jnp.array([<{s}, {s}|{2*s-1}, 1>], jnp.int32),
      lax.RaggedDotDimensionNumbers(dot_dimension_numbers=(([1], [1]), ([], [])),
      lhs_ragged_dimensions=[0], rhs_group_dimensions=[0])) -> expert_outputs[2*s m]{-6,6}
lax.fft : math smooth 2
  signal[n]c{0,2} : @($0, <'FFT'|lax.FftType.FFT|'IFFT'|lax.FftType.IFFT>, ({n},)) ->
      spectrum[n]c{0,12}
  signal[n]D{-2,2} : @($0, <'RFFT'|lax.FftType.RFFT>, fft_lengths=({n},)) ->
      spectrum[n/2+1]c{0,12}
  spectrum[n]c{0,2} : n=3..9 : @($0, <'IRFFT'|lax.FftType.IRFFT>, ({2*n-2},)) ->
      signal[2*n-2]D{-3,3}
  rows[n m]D{-2,2} : lax.abs(@($0, 'RFFT', ({m},))) -> amplitude[n m/2+1]D{0,12}
lax.approx_max_k : reduction none 1.5
  scores,x[n]f{-3,3} : k=1..n-1 : @($0, <k={k}|{k}>) -> best[k]f{-3,3}; places?[k]J{0,n-1}
  scores,x[n m]f{-3,3} : k=1..m-1 : @($0, {k}, recall_target=<0.9|0.99>) -> best[n k]f{-3,3}; _[n
      k]J{0,m-1}
lax.approx_min_k : reduction none 1.5
  distances,x[n]f{0,3} : k=1..n-1 : @($0, <k={k}|{k}>) -> nearest[k]f{0,3}; places?[k]J{0,n-1}
  distances,x[n m]f{0,3} : k=1..m-1 : @($0, k={k}, reduction_dimension=<1|-1>) -> nearest[n
      k]f{0,3}; _[n k]J{0,m-1}
lax.sort_key_val : reduction smooth 1.5
  keys,scores[n]{-3,3}; values,payload[n]{-2,2} : @($0, $1) -> sorted_keys[n]{-3,3};
      ordered[n]{-2,2}
  keys,scores[n m]{-3,3}; values[n m]{-2,2} : @($0, $1, dimension=<0|1>) -> _[n m]{-3,3};
      ordered[n m]{-2,2}
lax.reduce_and : reduction zero
  mask,flags[*]b : @($0, <axes=({a},)|axes=[{a}]|({a},)>) -> every?[*-]b
  x[*]{-2,2} : @($0 > <-1.5|-1.0>, <axes=({a},)|axes=[{a}]|({a},)>) -> every?[*-]b
lax.reduce_or : reduction zero
  mask,flags[*]b : @($0, <axes=({a},)|axes=[{a}]|({a},)>) -> some?[*-]b
  x[*]{-2,2} : @($0 > <1.5|1.0>, <axes=({a},)|axes=[{a}]|({a},)>) -> some?[*-]b
lax.reduce_xor : reduction zero
  mask,bits[*]b : @($0, <axes=({a},)|axes=[{a}]|({a},)>) -> parity?[*-]b
  codes[*]i{0,63} : @($0, <axes=({a},)|axes=[{a}]|({a},)>) -> checksum[*-]i{0,63}
lax.reduce_prod : reduction smooth
  x,factors[*]{0.6,1.4} : @($0, <axes=({a},)|axes=[{a}]|({a},)>) -> product[*-]{0.1,5}
lax.reduce_min : reduction smooth 0.5
  x[*]{-3,3} : @($0, <axes=({a},)|axes=[{a}]|({a},)>) -> lowest[*-]{-3,3}
lax.rng_bit_generator : reduction zero 8
  key,state[4]U{0,4e9} : n=4..12 : @($0, ({n},), algorithm=lax.RandomAlgorithm.RNG_THREE_FRY) ->
      _[4]U{0,4e9}; bits[n]U{0,4e9}
lax.platform_dependent : conditional smooth 1.5
  x[*]{-2,2} : @($0, cpu=<jnp.tanh|lambda v: v * v>, default=<lax.tanh|jnp.square|jnp.sin>) ->
      by_platform[*]{-1,4}
lax.composite : math none 1.5 unmapped
  x[*]{-3,3} : @(<jax.nn.silu|lambda v: v * jax.nn.sigmoid(v)|jnp.tanh>,
      '<app.swish|model.gate|layers.act>')($0) -> activated[*]{-1,3}
  x[*]{-3,3}; y[*]{-3,3} : @(<lambda u, v: u * v - u|lambda u, v: u + 0.5 * v>,
      name='<app.blend|model.mix>'<|, version=1>)($0, $1) -> blended[*]{-9,9}
)rows";
}

std::string_view lax_convolution_calls() {
  return R"rows(
lax.conv : linear_algebra smooth 2
  images,x[b c h w]{-2,2}; kernel,filters[o c 3 3]{-1,1} : b=1..2, c=1..3, o=1..4, h=4..8, w=4..8
      : @($0, $1, (1, 1), 'SAME') -> features[b o h w]{-6,6}
  images,x[b c h w]{-2,2}; kernel,filters[o c 2 2]{-1,1} : b=1..2, c=1..3, o=1..4, h=4..8, w=4..8
      : @($0, $1, window_strides=(1, 1), padding='VALID') -> features[b o h-1 w-1]{-6,6}
lax.conv_with_general_padding : linear_algebra smooth 2
  images,x[b c h w]{-2,2}; kernel[o c 3 3]{-1,1} : b=1..2, c=1..3, o=1..4, h=4..8, w=4..8 : @($0,
      $1, (1, 1), [(1, 1), (1, 1)], lhs_dilation=None, rhs_dilation=None) -> features[b o h
      w]{-6,6}
  images,x[b c h w]{-2,2}; kernel[o c 2 2]{-1,1} : b=1..2, c=1..3, o=1..4, h=4..8, w=4..8 : @($0,
      $1, (2, 2), ((0, 0), (0, 0)), None, None) -> features[b o h/2 w/2]{-6,6}
lax.conv_general_dilated : linear_algebra smooth 3
  signal,x[b w c]{-2,2}; kernel[k c o]{-1,1} : b=1..3, w=4..12, c=1..4, o=1..4, k=2..3 : @($0,
      $1, (1,), 'SAME', dimension_numbers=('NWC', 'WIO', 'NWC')) -> features[b w o]{-6,6}
  signal,x[b c w]{-2,2}; kernel[o c 3]{-1,1} : b=1..3, w=6..12, c=1..4, o=1..4 : @($0, $1,
      window_strides=(1,), padding=[(<2, 2|4, 0>)], rhs_dilation=(2,)) -> features[b o w]{-6,6}
  images,x[b h w c]{-2,2}; kernel[3 3 c o]{-1,1} : b=1..2, c=1..3, o=1..4, h=4..8, w=4..8 : @($0,
      $1, <(1, 1)|window_strides=(1, 1)>, padding='SAME', dimension_numbers=('NHWC', 'HWIO',
      'NHWC')) -> features[b h w o]{-6,6}
  images,x[b c h w]{-2,2}; kernel[c 1 3 3]{-1,1} : b=1..2, c=2..4, h=4..6, w=4..6 : @($0, $1, (1,
      1), 'SAME', feature_group_count={c}) -> depthwise[b c h w]{-6,6}
lax.conv_transpose : linear_algebra smooth 2
  signal,x[b w c]{-2,2}; kernel[k c o]{-1,1} : b=1..3, w=3..8, c=1..4, o=1..4, k=2..3, s=2..3 :
      @($0, $1, <strides=({s},)|({s},)>, padding='SAME'<|, dimension_numbers=('NWC', 'WIO',
      'NWC')>) -> upsampled[b w*s o]{-6,6}
  images,x[b h w c]{-2,2}; kernel[2 2 c o]{-1,1} : b=1..2, h=2..5, w=2..5, c=1..3, o=1..3 : @($0,
      $1, (2, 2), <'VALID'|'SAME'>) -> upsampled[b 2*h 2*w o]{-6,6}
lax.conv_general_dilated_patches : linear_algebra smooth 2
  images,x[b c h w]{-2,2} : b=1..2, c=1..3, h=4..6, w=4..6 : @($0, (2, 2), (1, 1),
      <'VALID'|padding='VALID'>) -> patches[b 4*c h-1 w-1]{-2,2}
  signal,x[b c w]{-2,2} : b=1..3, c=1..3, w=4..12, k=2..3 : @($0, ({k},), window_strides=(1,),
      padding='SAME') -> patches[b k*c w]{-2,2}
lax.conv_general_dilated_local : linear_algebra smooth 2.5
  signal,x[b c w]{-2,2}; kernel[o 2*c w-1]{-1,1} : b=1..3, c=1..3, w=4..10, o=1..4 : @($0, $1,
      (1,), 'VALID', <(2,)|filter_shape=(2,)>) -> features[b o w-1]{-6,6}
)rows";
}

}  // namespace jaxsmith::plan
