// The public functions that JAX has, as the JAX of a Python says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "trace/installation.h"

namespace jaxsmith::stats {

struct PublicApi {
  std::string jax;  // its version
  // Namespaces and the functions in them: jax.numpy.linalg has norm, jax.scipy.stats norm.pdf.
  std::map<std::string, std::vector<std::string>> namespaces;
};

// Starts the Python: python/jaxsmith/commands/api.py.
Result<PublicApi> public_api(const trace::Installation& installation);

}  // namespace jaxsmith::stats
