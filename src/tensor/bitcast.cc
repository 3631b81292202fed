#include "tensor/elementwise.h"

namespace jaxsmith::tensor {
namespace {

// The bytes of elements while they are made into others.
Workspace copy_of(const EvaluationContext& context, DType dtype, std::int64_t size) {
  return {context, {size, static_cast<std::int64_t>(byte_size(dtype))}};
}

// The lowest bit first. Elements narrower than a byte stand one to a byte.
Scratch<bool> bits_of(const Array& x) {
  const auto width = static_cast<std::size_t>(bit_width(x.dtype()));
  const std::size_t stride = byte_size(x.dtype()) * 8, n = static_cast<std::size_t>(x.size());
  const Workspace copy = copy_of(x.context(), x.dtype(), x.size());
  const Tensor t = x.tensor();  // bounded: the Workspace
  Scratch<bool> out(n * width, x.context());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t b = 0; b < width; ++b) {
      const std::size_t at = i * stride + b;
      out[i * width + b] = static_cast<unsigned char>(t.bytes[at / 8]) >> (at % 8) & 1;
    }
  return out;
}

Array of_bits(const Scratch<bool>& bits, DType dtype, const Shape& shape) {
  const auto width = static_cast<std::size_t>(bit_width(dtype));
  const std::size_t stride = byte_size(dtype) * 8, n = bits.size() / width;
  const EvaluationContext context = bits.get_allocator().context();  // of a copy of the allocator
  const Workspace copy = copy_of(context, dtype, static_cast<std::int64_t>(n));
  Tensor t{dtype, shape, std::string(n * stride / 8, '\0')};  // bounded: the Workspace
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t b = 0; b < width; ++b) {
      const std::size_t at = i * stride + b;
      if (bits[i * width + b]) t.bytes[at / 8] = static_cast<char>(t.bytes[at / 8] | 1 << (at % 8));
    }
  return Array::from(context, t);
}

}  // namespace

Array bitcast_convert(const Array& x, DType to) {
  const int from_bits = bit_width(x.dtype()), to_bits = bit_width(to);
  Shape shape = x.shape();
  if (from_bits > to_bits) {
    require(from_bits % to_bits == 0, "types whose widths are no multiples of one another");
    shape.push_back(from_bits / to_bits);
  } else if (from_bits < to_bits) {
    if (shape.empty() || shape.back() * from_bits != to_bits)
      invalid("the last dimension does not make up an element of the wider type");
    shape.pop_back();
  }
  if (x.abstract()) return Array::typed(to, shape);
  if (from_bits < 8 || to_bits < 8) {
    x.context().spend({x.size(), from_bits});
    return of_bits(bits_of(x), to, shape);
  }
  const Workspace copy = copy_of(x.context(), x.dtype(), x.size());
  Tensor t = x.tensor();  // bounded: the Workspace
  return Array::from(x.context(), Tensor{to, shape, std::move(t.bytes)});
}

}  // namespace jaxsmith::tensor
