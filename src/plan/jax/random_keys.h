// Keys of random numbers, as programs come by them.
#pragma once

#include "plan/jax/call_forms.h"

namespace jaxsmith::plan {

// A key: of a seed that is an argument, of a constant seed folded with a number, out of a split, or
// raw, as an argument of its own. It is no array that anything else may use.
ValueId random_key(Idiom& i);
// Two or more that are independent.
Idiom::Ids random_keys(Idiom& i, int count);
// Its words alone: uint32[2]. None where the program has no such type.
ValueId raw_key(Idiom& i);
// An argument that says what to draw.
ValueId seed_argument(Idiom& i);
// Takes a value that is no array out of what others draw from.
ValueId set_apart(Idiom& i, ValueId id);

// Elements of this program's real type: "(4, 3)", ", dtype=jnp.float16".
struct SampleType {
  Shape shape;
  std::string shape_text, dtype_text;
};
SampleType real_samples(Idiom& i, int min_rank = 0, int max_rank = 2);

}  // namespace jaxsmith::plan
