#include "tensor/elementwise.h"

namespace jaxsmith {

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
  if (x.abstract()) return Array(to, shape, true);
  if (from_bits < 8 || to_bits < 8) {
    if (from_bits != to_bits) unsupported("bitcast of a type narrower than a byte");
    Tensor t = x.tensor();
    t.dtype = to;
    return Array::from(t);
  }
  Tensor t = x.tensor();
  return Array::from(Tensor{to, shape, std::move(t.bytes)});
}

}  // namespace jaxsmith
