#include "api/arrays.h"

#include "base/status.h"
#include "tensor/from_bytes.h"

namespace jaxsmith::api {

Result<tensor::Tensor> tensor_of(const HostArray& array) {
  auto out = tensor::tensor_from_bytes(array.dtype, array.shape, array.bytes);
  if (!out.ok()) return Error::usage("an array: " + out.error().message);
  return out;
}

Result<std::vector<tensor::Tensor>> tensors_of(const std::vector<HostArray>& arrays) {
  std::vector<tensor::Tensor> out;
  for (const HostArray& array : arrays) {
    JAXSMITH_TRY(tensor, tensor_of(array));
    out.push_back(std::move(tensor));
  }
  return out;
}

HostArray host_array(const tensor::Tensor& tensor) {
  return {std::string(tensor::jaxpr_name(tensor.dtype)), tensor.shape, tensor.bytes};
}

tensor::Budget budget_of(const IrLimits& limits) { return {limits.steps, limits.bytes}; }

}  // namespace jaxsmith::api
