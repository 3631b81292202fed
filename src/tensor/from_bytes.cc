#include "tensor/from_bytes.h"

#include <fmt/format.h>

#include "base/text.h"
#include "tensor/array.h"
#include "tensor/sizes.h"

namespace jaxsmith::tensor {

Result<Tensor> tensor_from_bytes(DType dtype, Shape shape, std::string bytes) {
  const auto type = [&] { return in_one_line(aval_text(dtype, shape)); };
  const auto wanted = byte_count(dtype, shape);
  if (!wanted)
    return Error::usage(
        fmt::format("{} has a negative size, or more elements than there can be", type()));
  if (bytes.size() != static_cast<std::size_t>(*wanted))
    return Error::usage(
        fmt::format("it has {} bytes of data; {} has {}", bytes.size(), type(), *wanted));
  Tensor out{dtype, shape, std::move(bytes)};
  if (const auto why = why_no_array(out)) return Error::usage(fmt::format("{}: {}", type(), *why));
  return out;
}

Result<Tensor> tensor_from_bytes(std::string_view dtype, Shape shape, std::string bytes) {
  const auto known = dtype_from_jaxpr_name(dtype);
  if (!known) return Error::usage(fmt::format("there is no dtype '{}'", in_one_line(dtype)));
  return tensor_from_bytes(*known, std::move(shape), std::move(bytes));
}

}  // namespace jaxsmith::tensor
