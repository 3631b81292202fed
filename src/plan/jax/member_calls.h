// Calls of jax.grad and its like in the function around a family's root.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plan/jax/member_loss.h"

namespace jaxsmith::plan {

// Derivatives in some arguments: by what stands as one argument, which is what JAX counts and what
// each derivative has the form of.
struct Gradients {
  std::vector<std::int64_t> argnums;
  std::vector<std::int64_t> numbers;  // of each value: the root's argument
  std::vector<ValueId> values;
  std::vector<Packed> packed;
  std::size_t count = 0;  // as JAX gives them
};

// What a gradient gives; what has the form of a pack counts as one.
struct GradientCall {
  std::vector<ValueId> value, rest;
  Gradients grads;
  std::vector<int> groups;

  std::vector<ValueId> results() const;
  std::vector<Packed> packed() const;
};

// As they stand behind so many values.
std::vector<Packed> behind(std::vector<Packed> packed, std::size_t values);

// Whether derivatives in these arguments are derivatives in whole packs, and in what stands alone.
bool takes_whole_packs(const std::vector<Pack>& packs, const std::vector<std::int64_t>& numbers);

// jax.grad or jax.value_and_grad of the objective in the subject's arguments, in the entry.
GradientCall call_gradient(Wrapper& w, const Objective& objective, const Subject& subject,
                           bool with_value, Random& random);

// A step of the entry with one result.
ValueId entry_step(Wrapper& w, std::string spelling, std::vector<ValueId> operands, Type type,
                   std::vector<std::string> names, Random& random);

// What the objective gives where it is.
ValueId value_of(Wrapper& w, const Objective& objective, Type type, std::vector<std::string> names,
                 Random& random);

// ", argnums=2" or nothing: of an objective's only argument that a derivative is taken in.
std::string argnums_of(const Objective& objective, const Subject& subject);

// Something like jax.jacfwd($f0, …)(…) of the objective in one argument; its result. `by`: what is
// applied to it, or all of that with $f0 in it.
ValueId derived(Wrapper& w, const std::string& by, const Objective& objective,
                const Subject& subject, Type type, std::vector<std::string> names, Random& random);

}  // namespace jaxsmith::plan
