#include "backend/backend.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plan/jax/catalogue.h"
#include "trace/jax/worker.h"

namespace jaxsmith::backend {
namespace {

nlohmann::ordered_json jax_row_options() {
  return {{"platform", "cpu"}, {"xla_flags", trace::jax_xla_flags()}};
}

}  // namespace

std::span<const Backend> backends() {
  static const Backend kBackends[] = {
      {"jax", plan::jax_catalogue, trace::jax_worker, jax_row_options, plan::jax_brought}};
  return kBackends;
}

const Backend& jax() { return backends().front(); }

const Backend& extracting() { return jax(); }

const Backend* backend_named(std::string_view name) {
  const auto all = backends();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Backend& b) { return b.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace jaxsmith::backend
