#include "api/arrays.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"
#include "tensor/array.h"

namespace jaxsmith::api {

Result<tensor::Tensor> tensor_of(const HostArray& array) {
  const auto dtype = tensor::dtype_from_jaxpr_name(array.dtype);
  if (!dtype) return Error::usage(fmt::format("there are no arrays of {}", array.dtype));
  std::uint64_t bytes = tensor::byte_size(*dtype);
  for (const std::int64_t size : array.shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes))
      return Error::usage(
          fmt::format("there is no array of shape ({})", fmt::join(array.shape, ", ")));
  }
  if (bytes != array.bytes.size())
    return Error::usage(fmt::format("an array {}[{}] has {} bytes, not {}", array.dtype,
                                    fmt::join(array.shape, ","), bytes, array.bytes.size()));
  tensor::Tensor out{*dtype, array.shape, array.bytes};
  if (const auto why = tensor::why_no_array(out))
    return Error::usage(
        fmt::format("an array {}[{}]: {}", array.dtype, fmt::join(array.shape, ","), *why));
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
