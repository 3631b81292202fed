// The names of modules that a source uses, in full: `jnp.sin` is jax.numpy.sin where the source
// imports jax.numpy as jnp.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "source/python_tokens.h"

namespace jaxsmith::stats {

struct PythonNames {
  std::set<std::string> full;     // what stands on an import, and what that is within
  std::set<std::string> methods;  // called on other values: x.sum()
};

// By the module's imports, wherever they stand. A local variable that has an import's name is taken
// for it.
PythonNames names_in(const source::PythonTokens& tokens);

}  // namespace jaxsmith::stats
