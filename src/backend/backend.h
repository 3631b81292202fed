// What stands behind a dataset: JAX is one. A back end is what each step has to know of it, and a
// folder of its own in each step: plan/jax, trace/jax. Nothing else in the steps names it.
//
//   const Backend* backend = backend_named("jax");
//   plan::PlanOptions options{&backend->catalogue()};
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

#include "plan/brought.h"
#include "plan/catalogue.h"
#include "trace/worker_spec.h"

namespace jaxsmith::backend {

struct Backend {
  std::string_view name;
  const plan::Catalogue& (*catalogue)();    // planning and rendering
  const trace::WorkerSpec& (*worker)();     // tracing; which level gives the structure
  nlohmann::ordered_json (*row_options)();  // what texts depend on, for the column `options`
  plan::BroughtTable (*brought)();          // what applications of its entries become
};

// All back ends; the first is the default.
std::span<const Backend> backends();
const Backend& jax();
// The one whose functions are extracted and captured.
const Backend& extracting();
// None where there is no such back end.
const Backend* backend_named(std::string_view name);

}  // namespace jaxsmith::backend
