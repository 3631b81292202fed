// One number made of what a family's root gives, as members differentiate it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "plan/jax/wrapper.h"

namespace jaxsmith::plan {

// Parameters of the body that stand for the root's.
std::vector<ValueId> copy_parameters(Wrapper& w, BodyId body);

// Which results of the root's function a loss is made of, and which come with it as auxiliary
// output, by position. What is in neither is not asked for. Squares of the `held` arguments are
// added, which holds them to small values.
struct LossParts {
  std::vector<std::size_t> terms, rest, held = {};

  bool has(std::size_t result) const {
    return std::find(terms.begin(), terms.end(), result) != terms.end();
  }
  bool gives(std::size_t result) const {
    return std::find(rest.begin(), rest.end(), result) != rest.end();
  }
};

// A body that calls the root's function and makes one scalar of some results, nonlinear in each;
// others come with it as auxiliary output.
struct Loss {
  BodyId body;
  std::vector<ValueId> rest;
};

Loss loss_of(Wrapper& w, const LossParts& parts, Random& random);

}  // namespace jaxsmith::plan
