#include "source/imports.h"

#include <map>
#include <set>

namespace jaxsmith {
namespace {

// Every name that a spelling may start with and that the module does not define itself.
const std::map<std::string, std::string>& known_imports() {
  static const std::map<std::string, std::string> kImports = {
      {"jax", "import jax"},
      {"jnp", "import jax.numpy as jnp"},
      {"np", "import numpy as np"},
      {"lax", "from jax import lax"},
      {"partial", "from functools import partial"},
      {"jsp", "import jax.scipy as jsp"},
      {"P", "from jax.sharding import PartitionSpec as P"},
      {"special", "from jax.scipy import special"},
      {"solve_triangular", "from jax.scipy.linalg import solve_triangular"},
      {"cho_solve", "from jax.scipy.linalg import cho_solve"},
      {"logsumexp", "from jax.scipy.special import logsumexp"},
  };
  return kImports;
}

void add(const Expr& e, std::set<std::string>& used) {
  if (!e) return;
  for (const std::string& n : free_names(e)) used.insert(n);
}

void add(const FunctionDefinition& f, std::set<std::string>& used) {
  for (const Expr& d : f.decorators) add(d, used);
  for (const Parameter& p : f.parameters) {
    add(p.annotation, used);
    add(p.default_value, used);
  }
  add(f.returns, used);
  for (const Statement& s : f.body) {
    if (const auto* a = std::get_if<Assign>(&s)) add(a->value, used);
    if (const auto* r = std::get_if<Return>(&s)) add(r->value, used);
    if (const auto* d = std::get_if<Definition>(&s)) add(*d->function, used);
  }
}

}  // namespace

std::vector<std::string> imports_of(const Module& module) {
  std::set<std::string> used;
  for (const Assign& a : module.constants) add(a.value, used);
  for (const FunctionDefinition& f : module.functions) add(f, used);
  std::vector<std::string> out;
  for (const std::string& n : used) {
    if (const auto found = known_imports().find(n); found != known_imports().end())
      out.push_back(found->second);
  }
  return out;
}

}  // namespace jaxsmith
