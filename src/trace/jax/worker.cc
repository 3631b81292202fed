#include "trace/jax/worker.h"

#include <fmt/format.h>

namespace jaxsmith::trace {
namespace {

constexpr int kDevices = 4;

}  // namespace

std::string jax_xla_flags() {
  return fmt::format("--xla_force_host_platform_device_count={} --xla_cpu_max_isa=AVX2", kDevices);
}

const WorkerSpec& jax_worker() {
  static const WorkerSpec kSpec = {.arguments = {"-m", "jaxsmith.worker"},
                                   .dropped_prefixes = {"JAX_", "XLA_", "TF_"},
                                   .environment = {"JAX_PLATFORMS=cpu", "TF_CPP_MIN_LOG_LEVEL=3",
                                                   "XLA_FLAGS=" + jax_xla_flags()},
                                   .devices = kDevices,
                                   .levels = {level::levels().begin(), level::levels().end()},
                                   .structure_level = level::structure_level()};
  return kSpec;
}

}  // namespace jaxsmith::trace
