// Calls of jax.nn, and its initializers, which take a key made of a seed.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view nn_calls() {
  return R"rows(
jax.nn.dot_product_attention : linear_algebra smooth 2
  query,q[t h d]f{-2,2}; key,k[s h d]f{-2,2}; value,v[s h d]f{-2,2} : t=2..8, s=2..8, h=1..4, d=2..8
      : @($0, $1, $2<|, scale=0.5|, scale=1.0>) -> attended[t h d]f{-2,2}
  query,q[t h d]f{-2,2}; key,k[t h d]f{-2,2}; value,v[t h d]f{-2,2} : t=2..8, h=1..4, d=2..8 : @($0,
      $1, $2, is_causal=True) -> attended[t h d]f{-2,2}
  query,q[t h d]f{-2,2}; key,k[s h d]f{-2,2}; value,v[s h d]f{-2,2}; bias[h t s]f{-1,1} : t=2..8,
      s=2..8, h=2..4, d=2..8 : @($0, $1, $2, bias=$3) -> attended[t h d]f{-2,2}
  query,q[b t h d]f{-2,2}; key,k[b s h d]f{-2,2}; value,v[b s h d]f{-2,2} : b=1..2, t=2..6, s=2..6,
      h=1..3, d=2..6 : @($0, $1, $2) -> attended[b t h d]f{-2,2}
  query,q[t h d]f{-2,2}; key,k[t h d]f{-2,2}; value,v[t h d]f{-2,2} : t=4..8, h=1..4, d=2..8 : @($0,
      $1, $2, local_window_size=<1|(1, 0)|2>) -> attended[t h d]f{-2,2}
jax.nn.tanh : math smooth
  x,drive[*]{-3,3} : @($0) -> squashed[*]{-1,1}
jax.nn.identity : math smooth
  x,drive[*]{-3,3}; y,gate[*]{-2,2} : @($0) * jax.nn.<sigmoid|tanh|relu>($1) -> gated[*]{-6,6}
jax.nn.standardize : reduction smooth 0.3
  x[*]{-3,3}; mask[*]b : @($0, axis={a}, epsilon=<1e-5|1e-3>, where=$1) -> standardized[*]{-3,3}
jax.nn.softmax with where : reduction smooth 0.3
  logits,scores[*]{-3,3}; mask,valid[*]b : @($0, axis={a}, where=$1) -> weights[*]{0,1}
jax.nn.logmeanexp : reduction smooth 0.5
  x,log_weights[*]{-3,3} : @($0, axis={a}<|, keepdims=False>) -> log_mean[*-]{-3,3}
jax.nn.initializers.glorot_normal jax.nn.initializers.xavier_normal jax.nn.initializers.he_normal
    jax.nn.initializers.kaiming_normal jax.nn.initializers.lecun_normal : linear_algebra smooth 0.8
  !seed[]i{0,9999} : @()(jax.random.<key|PRNGKey>($0), ({n}, {m}), {dtype}) -> weights,kernel[n
      m]{-1.5,1.5}
  !seed[]i{0,9999} : n=2..8, m=2..8 : @(in_axis=-2, out_axis=-1)(jax.random.key($0), (3, {n},
      {m}), {dtype}) -> kernel[3 n m]{-1,1}
  x,inputs[b n]{-2,2}; !seed[]i{0,9999} : $0 @ @()(jax.random.<key|PRNGKey>($1), ({n}, {m}),
      $0.dtype) -> projected[b m]{-5,5}
jax.nn.initializers.glorot_uniform jax.nn.initializers.xavier_uniform
    jax.nn.initializers.he_uniform jax.nn.initializers.kaiming_uniform
    jax.nn.initializers.lecun_uniform : linear_algebra smooth 0.8
  !seed[]i{0,9999} : @()(jax.random.<key|PRNGKey>($0), ({n}, {m}), {dtype}) -> weights,kernel[n
      m]{-1.5,1.5}
  !seed[]i{0,9999} : n=2..8, m=2..8 : @()(jax.random.key($0), (3, {n}, {m}), dtype={dtype}) ->
      kernel[3 n m]{-1,1}
  x,inputs[b n]{-2,2}; !seed[]i{0,9999} : jnp.dot($0, @()(jax.random.<key|PRNGKey>($1), ({n},
      {m}), $0.dtype)) -> projected[b m]{-5,5}
jax.nn.initializers.normal : linear_algebra smooth
  !seed[]i{0,9999} : @(<stddev=1.0|0.5>)(jax.random.<key|PRNGKey>($0), ({n}, {m}), {dtype}) ->
      weights,noise[n m]{-2,2}
  x,inputs[*]{-2,2}; !seed[]i{0,9999} : $0 + @(stddev=<0.1|0.3|0.02>)(jax.random.key($1),
      $0.shape, $0.dtype) -> noisy[*]{-3,3}
jax.nn.initializers.uniform : linear_algebra smooth
  !seed[]i{0,9999} : @(<scale=1.0|0.5>)(jax.random.<key|PRNGKey>($0), ({n}, {m}), {dtype}) ->
      weights,noise[n m]{0,1}
  x,inputs[*]{-2,2}; !seed[]i{0,9999} : $0 * @(scale=1.0)(jax.random.key($1), $0.shape, $0.dtype)
      -> jittered[*]{-2,2}
jax.nn.initializers.truncated_normal : linear_algebra smooth
  !seed[]i{0,9999} : @(<stddev=1.0|0.5>)(jax.random.<key|PRNGKey>($0), ({n}, {m}), {dtype}) ->
      weights,noise[n m]{-2,2}
  !seed[]i{0,9999} : @(stddev=1.0, lower=-1.0, upper=1.0)(jax.random.key($0), ({n},), {dtype}) ->
      bias,noise[n]{-1,1}
jax.nn.initializers.variance_scaling : linear_algebra smooth
  !seed[]i{0,9999} : @(<1.0|2.0|0.5>, '<fan_in|fan_out|fan_avg>',
      '<normal|uniform|truncated_normal>')(jax.random.key($0), ({n}, {m}), {dtype}) ->
      weights,kernel[n m]{-1.5,1.5}
  x,inputs[b n]{-2,2}; !seed[]i{0,9999} : $0 @ @(scale=<1.0|2.0>, mode='fan_avg',
      distribution='<normal|uniform>')(jax.random.key($1), ({n}, {m}), $0.dtype) -> projected[b
      m]{-5,5}
jax.nn.initializers.orthogonal : linear_algebra smooth 1.5
  !seed[]i{0,9999} : @(<|scale=0.5|2.0>)(jax.random.key($0), ({n}, {m}), {dtype}) ->
      rotation,basis[n m]f{-1,1}
  x,inputs[b n]f{-2,2}; !seed[]i{0,9999} : $0 @ @()(jax.random.key($1), ({n}, {n}), $0.dtype) ->
      rotated[b n]f{-4,4}
jax.nn.initializers.delta_orthogonal : linear_algebra smooth 2
  !seed[]i{0,9999} : n=2..5, m=n..6 : @(<|scale=0.5>)(jax.random.key($0), (3, {n}, {m}), {dtype})
      -> kernel[3 n m]f{-1,1}
jax.nn.initializers.zeros : array smooth
  x,table[n m]{-2,2} : jnp.concatenate([@(jax.random.key(<0|1>), (1, {m}), $0.dtype), $0]) ->
      padded[n+1 m]{-2,2}
  x,state[n]{-2,2} : @(None, (2, {n}), $0.dtype).at[0].set($0) -> history[2 n]{-2,2}
jax.nn.initializers.ones : array smooth
  x,features[n m]{-2,2} : jnp.concatenate([$0, @(jax.random.key(<0|1>), ({n}, 1), $0.dtype)],
      axis=1) -> augmented[n m+1]{-2,2}
  gain,scale[n]{-2,2} : @(None, ({n},), $0.dtype) + $0 -> gains[n]{-1,3}
jax.nn.initializers.constant : array smooth
  x,hidden[n]{-2,2} : $0 + @(<0.1|0.01|-1.0>)(jax.random.key(<0|7>), ({n},), $0.dtype) ->
      biased[n]{-3,3}
  gate[n]{-2,2} : jax.nn.sigmoid($0 + @(<1.0|-2.0>)(None, $0.shape, $0.dtype)) ->
      open_gate[n]{0,1}
)rows";
}

}  // namespace jaxsmith::plan
