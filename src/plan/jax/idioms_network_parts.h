// Parts that idioms of neural networks share: each is one or a few typed steps.
#pragma once

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan::network {

using Ids = Idiom::Ids;
using Words = Idiom::Words;

inline Interval around(double reach) { return {-reach, reach}; }
// What jnp.linspace, jnp.zeros and quotients of Python's and counted integers have.
DType default_real(Idiom& i);

// Where weights lie that keep the variance of what they are applied to.
Interval weights_for(std::int64_t fan_in);

// A nonlinearity of hidden layers, by function or written out.
ValueId activation(Idiom& i, Words names, ValueId x);
// Along an axis of `scores`, by function or written out with the largest taken off.
ValueId softmax(Idiom& i, Words names, ValueId scores, int axis);
// Of each row, by mean and variance or by mean square, without gain.
ValueId normalized_rows(Idiom& i, Words names, ValueId x);
// The same with a learned gain for each feature: where it ends an idiom.
ValueId gained_norm(Idiom& i, ValueId x);
// 0, 1 … along an axis of `of`.
ValueId positions(Idiom& i, Words names, ValueId of, int axis);
// x @ kernel, over the last axis of x.
ValueId dense(Idiom& i, Words names, ValueId x, ValueId kernel, double reach = 3);
// A number low enough to be nothing behind a softmax.
std::string masked_score(Idiom& i);
// [queries, keys]: whether a query sees the key, which stands no later than itself.
ValueId causal_mask(Idiom& i, ValueId of, std::int64_t steps);
// Queries times keys, as a spelling; with heads as the middle axis of each.
std::string similarity(Idiom& i, bool heads);
// With a bias for each feature, or as it is.
ValueId maybe_biased(Idiom& i, ValueId out);
// The values mixed by a softmax of scaled scores. Queries [q, d], keys and values [k, d], or with
// heads as the middle axis of each.
ValueId attend(Idiom& i, Words names, ValueId query, ValueId key, ValueId value, bool causal);

}  // namespace jaxsmith::plan::network
