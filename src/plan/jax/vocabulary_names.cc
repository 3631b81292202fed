// Names of what JAX makes of functions, and of arguments that its derivatives take.
#include "plan/jax/vocabulary.h"

namespace jaxsmith::plan {

ByCall<std::vector<std::string>> names_of_made() {
  return {{"vmap", {"batched_{}", "vmapped_{}", "{}_over_batch", "vmap_{}"}},
          {"pmap", {"parallel_{}", "{}_per_device"}},
          {"grad", {"grad_{}", "{}_grad_fn", "grad_of_{}"}},
          {"value_and_grad", {"{}_and_grad", "value_and_grad_fn"}},
          {"jacfwd", {"jacobian_of_{}", "{}_jacobian_fn"}},
          {"jacrev", {"jacobian_of_{}", "{}_jacobian_fn"}},
          {"hessian", {"hessian_of_{}", "{}_hessian_fn"}},
          {"shard_map", {"sharded_{}", "{}_on_shards"}},
          {"checkpoint", {"rematerialized_{}", "checkpointed_{}"}}};
}

std::map<std::string, std::vector<std::string>, std::less<>> names_by_hint() {
  return {{"tangent", {"tangent", "direction", "x_dot", "perturbation"}},
          {"cotangent", {"cotangent", "upstream", "out_bar"}}};
}

}  // namespace jaxsmith::plan
