// Calls of jax that transform a function written where it stands.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view transformation_calls() {
  return R"rows(
jax.custom_gradient : gradient none 3
  x,logits[*]{-3,3} : jax.custom_gradient(lambda x: (jax.nn.softplus(x), lambda g: g *
      jax.nn.sigmoid(x)))($0) -> penalty[*]{0,3}
  x,weights[*]{-3,3} : jax.custom_gradient(lambda w: (jnp.round(w), lambda g: <g|0.5 * g>))($0)
      -> quantized?[*]{-3,3}
  x,features[*]{-3,3} : jax.custom_gradient(lambda x: (<jnp.tanh(x)|jnp.sin(x)>, lambda g:
      jnp.clip(g, -1.0, 1.0)))($0) -> guarded[*]{-1,1}
  x,features[*]{-3,3} : jax.custom_gradient(lambda x: (<0.5 * x|2.0 * x>, lambda g: <-g|-0.1 * g>))
      ($0) -> reversed_out[*]{-6,6}
jax.linear_transpose : gradient smooth 3
  y,cotangent[n]{-2,2} : jax.linear_transpose(<jnp.cumsum|lambda v: 2.0 * jnp.cumsum(v)|lambda v:
      v[::-1]>, jnp.zeros({n}, $0.dtype))($0)[0] -> pulled_back[n]{-9,9}
  y,cotangent[n-1]{-2,2} : n=3..12 : jax.linear_transpose(<jnp.diff|lambda v: v[1:] - v[:-1]|lambda
      v: 0.5 * (v[1:] + v[:-1])>, jnp.zeros({n}, $0.dtype))($0)[0] -> pulled_back[n]{-4,4}
  y,cotangent[n]{-2,2} : m=2..6 : jax.linear_transpose(lambda table: table.<sum|mean>(axis=1),
      jnp.zeros(({n}, {m}), $0.dtype))($0)[0] -> spread_out[n m]{-2,2}
jax.closure_convert : gradient smooth 2
  x,state[*]{-2,2} : jax.closure_convert(<jnp.sin|jnp.tanh|lambda v: v * jnp.cos(v)>, $0)[0]($0) ->
      converted[*]{-2,2}
jax.named_scope : math smooth 2
  x,hidden[*]{-3,3} : jax.named_scope('<encoder|gate|activation|head>')(<jnp.tanh|jax.nn.gelu|
      jax.nn.silu>)($0) -> activated[*]{-1,3}
  x,hidden[*]{-3,3} : jax.named_scope('<decoder|scale|residual>')(lambda v: <v + jnp.tanh(v)|0.5 *
      v>)($0) -> scoped[*]{-4,4}
jax.named_call : math smooth 2
  x,hidden[*]{-3,3} : jax.named_call(<jnp.tanh|jax.nn.silu|lambda v: v + jnp.sin(v)>,
      name='<block|layer|unit>')($0) -> activated[*]{-4,4}
jax.jit : math smooth 2
  x,hidden[*]{-3,3} : jax.jit(<jnp.tanh|jax.nn.silu|lambda v: v + jnp.sin(v)>)($0) ->
      activated[*]{-4,4}
  x,hidden[*]{-3,3}; y,gate[*]{-3,3} : jax.jit(lambda u, v: u * <jax.nn.sigmoid(v)|jnp.tanh(v)>)($0,
      $1) -> gated[*]{-3,3}
  x,table[n m]{-3,3} : jax.jit(jnp.<mean|sum>, static_argnames=('axis', 'keepdims'))($0, axis=<0|1>,
      keepdims=True) - $0 -> gaps[n m]{-16,16}
  x,values[*]{-3,3} : jax.jit(lambda v, order: v**order, static_argnums=1)($0, <2|3>) ->
      powers[*]{-27,27}
jax.jacobian : gradient smooth
  x,point[n]{-2,2} : n=2..8 : jax.jacobian(<lambda v: jnp.cumsum(v**2)|lambda v: jnp.outer(v,
      v).sum(0)|lambda v: jnp.tanh(v) * v.sum()>)($0) -> jacobian[n n]{-9,9}
jax.fwd_and_bwd : gradient none
  x,point[n]{-2,2}; y,cotangent[n]{-2,2} : jax.fwd_and_bwd(<jnp.sin|jnp.tanh|lambda v: v * v>,
      argnums=0)[0]($0)[0] * $1 -> weighted[n]{-8,8}
jax.checkpoint : gradient smooth 2
  x,hidden[*]{-2,2} : jax.checkpoint(<jnp.sin|lambda v: jnp.tanh(jnp.sin(v))>,
      policy=jax.checkpoint_policies.<nothing_saveable|everything_saveable|dots_saveable>)($0) ->
      remade[*]{-1,1}
  x,hidden[*]{-2,2} : <jax.checkpoint|jax.remat>(lambda v: jnp.sin(v) * jnp.exp(-v * v),
      prevent_cse=False)($0) -> remade[*]{-0.5,0.5}
lax.custom_root : gradient smooth 4
  target,area[*]f{0.5,4} : lax.custom_root(lambda root: root * root - $0, jnp.ones_like($0), lambda
      f, guess: lax.fori_loop(0, <8|10>, lambda _, r: r - 0.5 * f(r) / r, guess), lambda g,
      rhs: rhs /
      g(jnp.ones_like(rhs))) -> side,root[*]f{0.7,2}
  target,level[*]f{-2,2} : lax.custom_root(lambda root: root + <0.5|0.3> * jnp.sin(root) - $0,
      jnp.zeros_like($0), solve=lambda f, guess: lax.fori_loop(0, 30, lambda _, r: r - 0.8 * f(r),
      guess), tangent_solve=lambda g, rhs: rhs / g(jnp.ones_like(rhs))) -> root[*]f{-2,2}
lax.custom_linear_solve : gradient smooth 4
  weights,scales[n]f{0.5,2}; rhs,b[n]f{-2,2} : lax.custom_linear_solve(lambda vec: $0 * vec, $1,
      solve=lambda _, rhs: rhs / $0, symmetric=True) -> solution[n]f{-4,4}
  rhs,b[n]f{-2,2} : lax.custom_linear_solve(lambda vec: jnp.cumsum(vec), $0, lambda _, rhs:
      jnp.diff(rhs, prepend=0.0), transpose_solve=lambda _, rhs: rhs - jnp.append(rhs[1:], 0.0)) ->
      increments[n]f{-4,4}
)rows";
}

}  // namespace jaxsmith::plan
