// Calls of jax.numpy that pick and place elements, and those of sets, whose sizes are given.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view numpy_index_calls() {
  return R"rows(
jnp.argwhere : indexing zero
  mask,flags[n]b : k=2..4 : @($0, size={k}<|, fill_value=-1>) -> positions?[k 1]i{-1,n-1}
  x,scores[n m]{-2,2} : k=2..4 : @($0 > <0.0|0.5>, size={k}, fill_value=0) -> positions?[k
      2]i{0,9}
jnp.argpartition : indexing zero
  x,scores[n]{-3,3} : k=1..n-1 : @($0, {k})[:{k}] -> lowest?[k]J{0,n-1}
jnp.partition : reduction smooth
  x,scores[n]{-3,3} : k=1..n-1 : @($0, {k})[{k}] -> ranked[]{-3,3}
  x,scores[n m]{-3,3} : k=0..m-1 : @($0, {k}, axis=<-1|1>)[:, {k}] -> ranked[n]{-3,3}
jnp.lexsort : indexing zero
  names,minor[n]i{0,9}; groups,major[n]i{0,3} : @(($0, $1)) -> order?[n]i{0,n-1}
  x,minor[n]{-2,2}; groups,major[n]i{0,3} : @(($0, $1)) -> order?[n]i{0,n-1}
  x,minor[n]{-2,2}; groups,major[n]i{0,3} : $0[@(($0, $1))] -> grouped[n]{-2,2}
jnp.diag_indices : indexing smooth
  matrix,gram[n n]{-2,2} : $0[@({n})] -> diagonal[n]{-2,2}
  matrix,gram[n n]{-2,2} : $0.at[@($0.shape[0])].<add(1.0)|set(0.0)|multiply(2.0)|add(0.1)> ->
      shifted[n n]{-4,4}
jnp.diag_indices_from : indexing smooth
  matrix,gram[n n]{-2,2} : $0[@($0)] -> diagonal[n]{-2,2}
  matrix,gram[n n]{-2,2} : $0.at[@($0)].<add(1.0)|set(0.0)> -> shifted[n n]{-3,3}
jnp.tril_indices_from : indexing smooth
  matrix,distances[n n]{-2,2} : $0[@($0)] -> packed[n*(n+1)/2]{-2,2}
  matrix,distances[n n]{-2,2} : $0[@($0, k=-1)] -> packed[n*(n-1)/2]{-2,2}
jnp.triu_indices_from : indexing smooth 0.5
  matrix,distances[n n]{-2,2} : $0[@($0, <1|k=1>)] -> packed[n*(n-1)/2]{-2,2}
jnp.mask_indices : indexing smooth 0.5
  matrix,distances[n n]{-2,2} : $0[@({n}, jnp.<triu|tril>, size={n*(n+1)/2})] ->
      packed[n*(n+1)/2]{-2,2}
jnp.compress : indexing smooth 3
  mask,keep[n]b; x,values[n]{-3,3} : k=1..n : @($0, $1, size={k}) -> kept?[k]{-3,3}
  mask,keep[n]b; x,table[n m]{-3,3} : k=1..n : @($0, $1, axis=0, size={k}, fill_value=<0|-1>) ->
      kept?[k m]{-3,3}
jnp.extract : indexing smooth
  mask,keep[n]b; x,values[n]{-3,3} : k=1..n : @($0, $1, size={k}) -> kept?[k]{-3,3}
  x,values[n]{-3,3} : k=1..n : @($0 > 0.0, $0, size={k}, fill_value=0.0) -> kept?[k]{0,3}
jnp.place : indexing smooth
  x,values[n]{-3,3}; mask[n]b; fill[2]{-1,1} : @($0, $1, $2, inplace=False) -> placed?[n]{-3,3}
  x,values[n m]{-3,3}; fill[3]{-1,1} : @($0, $0 < 0.0, $1, inplace=False) -> placed?[n m]{-1,3}
jnp.put : indexing smooth
  x,values[n]{-3,3}; fresh[2]{-1,1} : n=3..12 : @($0, jnp.array([<0, 2|1, 0|2, 1>]), $1,
      inplace=False) -> updated[n]{-3,3}
  x,values[n m]{-3,3}; fresh[2]{-1,1} : @($0, jnp.array([<0, 3|1, 2>]), $1,
      <mode='clip'|mode='wrap'>, inplace=False) -> updated[n m]{-3,3}
jnp.put_along_axis : indexing smooth
  x,scores[*]{-3,3} : @($0, jnp.argmax($0, axis={a}, keepdims=True), <0.0|-3.0>, axis={a},
      inplace=False) -> masked[*]{-3,3}
  x,scores[n m]{-3,3}; fresh[n 1]{-1,1} : @($0, jnp.argmin($0, axis=1, keepdims=True), $1,
      axis=1, inplace=False) -> replaced[n m]{-3,3}
jnp.fill_diagonal : indexing smooth
  matrix,scores[n n]{-2,2} : @($0, <0.0|1.0|-1.0>, inplace=False) -> filled[n n]{-2,2}
  matrix,scores[n n]{-2,2}; diagonal[n]{-1,1} : @($0, $1, inplace=False) -> filled[n n]{-2,2}
jnp.ravel_multi_index : indexing zero
  rows[k]i{0,n-1}; columns[k]i{0,m-1} : @(($0, $1), ({n}, {m}), mode=<'clip'|'wrap'>) ->
      flat[k]i{0,n*m-1}
jnp.unravel_index : indexing zero 0.5
  flat,cells[k]i{0,n*m-1} : @($0, ({n}, {m})) -> rows?[k]i{0,n-1}; columns?[k]i{0,m-1}
jnp.choose : indexing smooth
  choice,labels[n]i{0,2}; x[n]{-2,2}; y[n]{-2,2}; z[n]{-2,2} : n=9..24 : @($0, [$1, $2, $3],
      mode=<'clip'|'wrap'>) -> chosen[n]{-2,2}
jnp.delete : indexing smooth 0.4
  x,values[n]{-3,3} : n=4..12 : @($0, <0|1|2|-1>) -> kept[n-1]{-3,3}
jnp.unique : reduction zero
  tokens,ids[n]i{0,6} : n=4..16, k=2..4 : @($0, size={k}<|, fill_value=-1|, fill_value=0>) ->
      distinct?[k]i{-1,6}
  tokens,ids[n]i{0,6} : n=4..16, k=2..4 : @($0, return_counts=True, size={k}, fill_value=-1) ->
      distinct?[k]i{-1,6}; counts?[k]i{0,5}
  tokens,ids[n]i{0,6} : n=4..16, k=3..5 : @($0, return_inverse=True, size={k}) ->
      distinct?[k]i{0,6}; codes?[n]i{0,4}
  x,values[n]{-3,3} : @($0, size={n}) -> ordered[n]{-3,3}
jnp.unique_values : reduction zero 5
  tokens,ids[n]i{0,6} : n=8..16 : jnp.searchsorted(@($0, size=7, fill_value=7), $0) ->
      codes[n]J{0,6}
  tokens,ids[n]i{0,6} : n=4..16, k=2..4 : @($0, size={k}<|, fill_value=-1>) ->
      distinct?[k]i{-1,6}
jnp.unique_counts : reduction zero 5
  tokens,ids[n]i{0,6} : n=8..24 : @($0, size=7, fill_value=-1).counts -> counts[7]i{0,9}
  tokens,ids[n]i{0,6} : n=4..16, k=2..4 : @($0, size={k}<|, fill_value=-1>) ->
      distinct?[k]i{-1,6}; counts?[k]i{0,5}
  tokens,ids[n]i{0,6} : n=4..16, k=3..6 : @($0, size={k}).counts -> counts?[k]i{0,5}
jnp.unique_inverse : reduction zero 5
  tokens,ids[n]i{0,6} : n=4..16, k=3..5 : @($0, size={k}<|, fill_value=-1>) ->
      distinct?[k]i{-1,6}; codes?[n]i{0,4}
jnp.unique_all : reduction zero 5
  tokens,ids[n]i{0,6} : n=4..16, k=3..5 : @($0, size={k}) -> distinct?[k]i{0,6};
      firsts?[k]i{0,n-1}; codes?[n]i{0,4}; counts?[k]i{0,5}
  tokens,ids[n]i{0,6} : n=4..16, k=3..5 : @($0, size={k}).indices -> firsts?[k]i{0,n-1}
jnp.union1d : reduction zero 5
  tokens,ids[n]i{0,9}; others,allowed[m]i{0,9} : n=6..9, m=6..9, k=7..9 : @($0, $1, size={k}<|,
      fill_value=-1>) -> joined[k]i{-1,9}
jnp.intersect1d : reduction zero 5
  tokens,ids[n]i{0,8}; others,allowed[m]i{0,8} : n=6..9, m=6..9, k=4..5 : @($0, $1, size={k},
      fill_value=<-1|0>) -> shared[k]i{-1,8}
jnp.setdiff1d : reduction zero 5
  tokens,ids[n]i{0,8}; others,allowed[m]i{0,8} : n=6..9, m=3..5, k=4..5 : @($0, $1, size={k},
      fill_value=<-1|0>) -> missing[k]i{-1,8}
jnp.setxor1d : reduction zero 5
  tokens,ids[n]i{0,8}; others,allowed[m]i{0,8} : n=6..9, m=6..9, k=5..6 : @($0, $1, size={k},
      fill_value=<-1|0>) -> unshared[k]i{-1,8}
)rows";
}

}  // namespace jaxsmith::plan
