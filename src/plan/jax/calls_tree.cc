// Calls of jax.tree and jax.tree_util over dicts, tuples and lists of arrays; collectives, which
// a mapped axis gives a meaning to.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view tree_calls() {
  return R"rows(
jax.tree.map : array smooth 3
  weights,x[n]{-2,2}; bias,y[m]{-2,2} :
      jax.<tree.map|tree_util.tree_map>(<jnp.tanh|jnp.sin|lambda v: 0.9 *
      v|jax.nn.sigmoid>, <($0, $1)|[$0, $1]>) -> new_weights,first[n]{-4,4};
      new_bias,second[m]{-4,4}
  weights[n]{-2,2}; bias[m]{-2,2}; grad_weights[n]{-1,1}; grad_bias[m]{-1,1} :
      jax.<tree.map|tree_util.tree_map>(lambda p, g: p - <0.1|0.01|0.5> * g, ($0, $1),
      ($2, $3)) -> new_weights,first[n]{-4,4}; new_bias,second[m]{-4,4}
  weights[n]{-2,2}; bias[m]{-2,2}; grad_weights[n]{-1,1}; grad_bias[m]{-1,1} : @(lambda p, g:
      <0.9 * p + 0.1 * g|p + g * g>, [$0, $1], [$2, $3]) -> new_weights,first[n]{-4,4};
      new_bias,second[m]{-4,4}
  weights,x[n]{-2,2}; bias,y[m]{-2,2} : @(<jnp.sum|jnp.mean|lambda v: jnp.sum(v * v)>, <($0,
      $1)|[$0, $1]>) -> first_total[]{0,16}; second_total[]{0,16}
  weights[n]{-2,2}; bias[m]{-2,2}; grad_weights[n]{-1,1}; grad_bias[m]{-1,1} :
      jax.<tree.map|tree_util.tree_map>(lambda p, g: p - <0.1|0.05> * g, {"w": $0, "b":
      $1}, {"w": $2, "b": $3})["w"] + jnp.sum($1 * $3) -> stepped[n]{-9,9}
jax.tree.reduce : reduction smooth 3
  weights,x[n]{-2,2}; bias,y[m]{-2,2} : jax.<tree.reduce|tree_util.tree_reduce>(lambda total,
      leaf: total + <jnp.sum(leaf**2)|jnp.sum(jnp.abs(leaf))|jnp.sum(leaf)>, <($0, $1)|[$0, $1]>,
      0.0) -> norm,penalty[]{0,60}
  weights,x[n]{-2,2}; bias,y[m]{-2,2} : @(lambda total, leaf: total + jnp.sum(leaf**2), {<"w":
      $0, "b": $1|"kernel": $0, "bias": $1>}, initializer=0.0) -> energy[]{0,60}
  weights,x[n]{-2,2}; bias,y[m]{-2,2} : @(<jnp.maximum|jnp.minimum|jnp.add>,
      jax.tree.map(<jnp.max|jnp.min|jnp.sum>, <($0, $1)|[$0, $1]>)) -> extreme?[]{-9,9}
jax.tree.reduce_associative : reduction smooth 3
  x[n]{-2,2}; y[n]{-2,2}; z[n]{-2,2} :
      jax.<tree.reduce_associative|tree_util.tree_reduce_associative>(<jnp.add|jnp.maximum|lambda
      p, q: p + 0.5 * q>, <[$0, $1, $2]|($0, $1, $2)>) -> combined[n]{-6,6}
  x[n m]{-2,2}; y[n m]{-2,2} : @(jnp.add, {"a": $0, "b": $1}<|, identity=0.0>) -> total[n
      m]{-4,4}
jax.tree.leaves : array smooth 3
  weights,x[n]{-2,2}; bias,y[m]{-2,2} :
      jnp.concatenate(jax.<tree.leaves|tree_util.tree_leaves>({<"w": $0, "b": $1|"kernel": $0,
      "bias": $1>})) -> flat,packed[n+m]{-2,2}
  x[n]{-2,2}; y[n]{-2,2} : jnp.stack(@(<{"a": $0, "b": $1}|($0, {"scale": $1})>)) -> stacked[2
      n]{-2,2}
  weights,x[n]{-2,2}; bias,y[m]{-2,2} : sum(map(jnp.sum, @({<"w": $0, "b": $1|"kernel": $0,
      "bias": $1>}))) -> total[]{-12,12}
jax.tree.transpose : array smooth 7
  x[n]{-2,2}; y[n]{-2,2}; z[n]{-2,2}; w[n]{-2,2} :
      jnp.stack(jax.<tree.transpose|tree_util.tree_transpose>(jax.tree.structure([0, 0]),
      jax.tree.structure({"lo": 0, "hi": 0}), [{"lo": $0, "hi": $1}, {"lo": $2, "hi":
      $3}])<["lo"] + [$3, $1]|["hi"] + [$2, $0]>) -> regrouped?[4 n]{-2,2}
  x[n]{-2,2}; y[n]{-2,2} : jnp.stack(@(jax.tree.structure((0, 0)), jax.tree.structure([0, 0]),
      <([$0, $1], [$1, $0])|([$0, $0 * $1], [$1, $0 - $1])>)[<0|1>]) -> regrouped?[2 n]{-4,4}
jax.tree.broadcast : array smooth 3
  rate,x[]{0.1,1}; w[n]{-2,2}; b[m]{-2,2} : jax.tree.map(jnp.multiply,
      jax.<tree.broadcast|tree_util.tree_broadcast>($0, [$1, $2]), [$1, $2]) -> first[n]{-2,2};
      second[m]{-2,2}
jax.tree.all : reduction smooth 3
  bias,scale[n]{-2,2}; gains,y[m]{-2,2} : n=3..9, m=3..9 :
      jnp.concatenate([$0, $1]) if jax.<tree.all|tree_util.tree_all>(jax.tree.map(lambda v: v.ndim ==
      1, ($0, $1))) else jnp.zeros(1) -> joined,flat[n+m]{-2,2}
  x,losses[n]{-2,2}; y,norms[m]{-2,2} : n=2..4, m=2..4 :
      jnp.where(jax.<tree.all|tree_util.tree_all>(jax.tree.map(lambda v: v.ndim == 1, ($0, $1))),
      jnp.max($0), jnp.max($1)) -> peak?[]{-2,2}
jax.tree.flatten : array smooth 2
  weights,x[n]{-2,2}; bias,y[m]{-2,2} :
      jnp.concatenate(jax.<tree.flatten|tree_util.tree_flatten>({<"w": $0, "b": $1|"kernel": $0,
      "bias": $1>})[0]) -> flat,packed[n+m]{-2,2}
jax.tree.unflatten : array smooth 2
  weights,w[n]{-2,2}; bias,b[m]{-2,2}; weights_grad,grad_w[n]{-2,2}; bias_grad,grad_b[m]{-2,2} :
      jax.<tree.unflatten|tree_util.tree_unflatten>(
      jax.<tree.structure|tree_util.tree_structure>(($0, $1)), <[$0 - 0.1 * $2, $1 - 0.1 * $3]|
      [$0 - 0.05 * $2, $1 - 0.01 * $3]>) -> new_weights[n]{-4,4}; new_bias[m]{-4,4}
jax.tree.map_with_path : array smooth 2
  weights,w[n]{-2,2}; bias,b[m]{-2,2}; weights_grad,grad_w[n]{-2,2}; bias_grad,grad_b[m]{-2,2} :
      jax.<tree.map_with_path|tree_util.tree_map_with_path>(lambda path, leaf, grad: leaf -
      <0.1|0.05> / (1.0 + path[0].idx) * grad, ($0, $1), ($2, $3)) -> new_weights[n]{-4,4};
      new_bias[m]{-4,4}
  weights,w[n]{-2,2}; bias,b[m]{-2,2}; weights_grad,grad_w[n]{-2,2}; bias_grad,grad_b[m]{-2,2} :
      @(lambda path, leaf, grad: leaf - (<0.1|0.05> if path[0].idx == 0 else <0.01|0.02>) * grad,
      ($0, $1), ($2, $3)) -> new_weights[n]{-4,4}; new_bias[m]{-4,4}
jax.tree.leaves_with_path jax.tree_util.tree_leaves_with_path : array smooth
  weights,x[n]{-2,2}; bias,y[n]{-2,2} : @({"w": $0, "b": $1})[0][1] * @([$0, $1])[0][1] ->
      product[n]{-4,4}
jax.tree.flatten_with_path jax.tree_util.tree_flatten_with_path : array smooth
  weights,x[n]{-2,2}; bias,y[n]{-2,2} : @({"w": $0, "b": $1})[0][0][1] - jnp.tanh($0) ->
      gap?[n]{-3,3}
)rows";
}

std::string_view mapped_calls() {
  return R"rows(
lax.psum of a mapped axis : vectorization smooth
  x,batch[n]{0.2,2} : jax.vmap(lambda v: v / lax.psum(v, 'i'), axis_name='i')($0) ->
      shares[n]{0,1}
  x,batch[n m]{-2,2} : jax.vmap(lambda v: lax.psum(v, <|axis_name=>'batch') - v,
      axis_name='batch')($0) -> sum_of_others[n m]{-12,12}
  x,batch[n m]{0.2,2} : jax.vmap(lambda v: v / lax.psum(v, 'batch'), axis_name='batch')($0) ->
      shares[n m]{0,1}
lax.pmean of a mapped axis : vectorization smooth
  x,batch[n]{-2,2} : jax.vmap(lambda v: v - lax.pmean(v, <'i'|axis_name='i'>), axis_name='i')($0)
      -> centered[n]{-3,3}
  x,batch[n m]{-2,2} : jax.vmap(lambda v: v - lax.pmean(v, 'batch'), axis_name='batch')($0) ->
      centered[n m]{-3,3}
lax.pmax lax.pmin : vectorization none
  x,batch[n]{-2,2} : jax.vmap(lambda v: v - @(v, 'i'), axis_name='i')($0) -> gaps[n]{-4,4}
  x,batch[n m]{-2,2} : jax.vmap(lambda v: v - @(v, <|axis_name=>'batch'), axis_name='batch')($0)
      -> gaps[n m]{-4,4}
lax.axis_index of a mapped axis : vectorization smooth
  x,batch[n]{-2,2} : jax.vmap(lambda v: v * lax.axis_index('i'), axis_name='i')($0) ->
      weighted[n]{-12,12}
  x,batch[n m]{-2,2} : jax.vmap(lambda v: v[lax.axis_index('i') % {m}], axis_name='i')($0) ->
      diagonal[n]{-2,2}
lax.axis_size of a mapped axis : vectorization smooth
  x,batch[n]{-2,2} : jax.vmap(lambda v: v / lax.axis_size('i'), axis_name='i')($0) ->
      shares[n]{-0.5,0.5}
  x,batch[n m]{-2,2} : jax.vmap(lambda v: lax.psum(v, 'i') / lax.axis_size('i') - v,
      axis_name='i')($0) -> deviation[n m]{-3,3}
lax.all_gather of a mapped axis : vectorization smooth
  x,batch[n]{-2,2} : jax.vmap(lambda v: v * lax.all_gather(v, 'i'), axis_name='i')($0) ->
      products[n n]{-4,4}
  x,batch[n m]{-2,2} : jax.vmap(lambda v: lax.all_gather(v, 'batch'<|, axis=0>) @ v,
      axis_name='batch')($0) -> gram[n n]{-9,9}
lax.ppermute of a mapped axis : vectorization smooth
  x,ring[3]{-2,2} : jax.vmap(lambda v: v - lax.ppermute(v, 'i', [(0, 1), (1, 2), (2, 0)]),
      axis_name='i')($0) -> differences[3]{-4,4}
  x,ring[3 m]{-2,2} : jax.vmap(lambda v: lax.ppermute(v, 'ring', <|perm=>[(0, 2), (1, 0), (2,
      1)]), axis_name='ring')($0) -> neighbors[3 m]{-2,2}
lax.pshuffle of a mapped axis : vectorization smooth
  x,ring[3 m]{-2,2} : jax.vmap(lambda v: v - lax.pshuffle(v, 'i', <[2, 0, 1]|[1, 2, 0]>),
      axis_name='i')($0) -> differences[3 m]{-4,4}
  x,ring[2 m]{-2,2} : jax.vmap(lambda v: v + 0.5 * lax.pshuffle(v, 'i', [1, 0]),
      axis_name='i')($0) -> mixed[2 m]{-3,3}
lax.pswapaxes of a mapped axis : vectorization smooth
  x,grid[n n]{-2,2} : jax.vmap(lambda v: v - lax.pswapaxes(v, 'i', <0|axis=0>),
      axis_name='i')($0) -> skew[n n]{-4,4}
lax.all_to_all of a mapped axis : vectorization smooth
  x,grid[n n]{-2,2} : jax.vmap(lambda v: v - lax.all_to_all(v, 'i', <0, 0|split_axis=0,
      concat_axis=0>), axis_name='i')($0) -> exchanged[n n]{-4,4}
lax.psum_scatter of a mapped axis : vectorization smooth
  x,grid[n n]{-2,2} : jax.vmap(lambda v: lax.psum_scatter(v, 'i'), axis_name='i')($0) ->
      totals[n]{-12,12}
)rows";
}

}  // namespace jaxsmith::plan
