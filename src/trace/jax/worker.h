// The workers of JAX: `python -m jaxsmith.worker`.
#pragma once

#include <string>

#include "trace/worker_spec.h"

namespace jaxsmith::trace {

const WorkerSpec& jax_worker();

// What XLA_FLAGS holds in every worker: texts and outputs depend on it.
std::string jax_xla_flags();

}  // namespace jaxsmith::trace
