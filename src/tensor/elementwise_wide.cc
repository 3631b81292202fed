// Operations on elements that are computed in a wider type.
#include <fmt/format.h>

#include "tensor/elementwise.h"
#include "tensor/movement.h"
#include "tensor/special_functions.h"

namespace jaxsmith::tensor {
namespace {

const Array& shaped_one(std::initializer_list<const Array*> operands) {
  const Array* chosen = *operands.begin();
  for (const Array* a : operands) {
    if (a->dtype() != chosen->dtype()) invalid("operands of different types");
    if (a->rank() != 0) chosen = a;
  }
  for (const Array* a : operands)
    if (a->rank() != 0 && a->shape() != chosen->shape()) invalid("operands of different shapes");
  return *chosen;
}

}  // namespace

Array incomplete_beta(const Array& a, const Array& b, const Array& x) {
  const Array& like = shaped_one({&a, &b, &x});
  if (!is_real(like.dtype()))
    invalid(fmt::format("regularized_incomplete_beta does not take {}", like.type_text()));
  if (any_abstract({&a, &b, &x})) return Array::typed(like.dtype(), like.shape());
  Array out = Array::result({&a, &b, &x}, DType::kF64, like.shape());
  out.context().spend({out.size(), 200});
  const Array wide[] = {convert(a, DType::kF64), convert(b, DType::kF64), convert(x, DType::kF64)};
  auto to = out.mutate<double>();
  const auto at = [&wide](std::size_t k, std::size_t i) {
    return wide[k].data<double>()[wide[k].rank() == 0 ? 0 : i];
  };
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::int64_t terms = 0;
    to[i] = counted::incomplete_beta(at(0, i), at(1, i), at(2, i), terms);
    out.context().spend({terms, 40});
  }
  return convert(out, like.dtype());
}

Array multiply_high(const Array& x, const Array& y) {
  const Array& like = shaped_one({&x, &y});
  if (!is_integer(like.dtype()))
    invalid(fmt::format("the upper half of a product of {}", like.type_text()));
  Array out = Array::result({&x, &y}, like.dtype(), like.shape());
  if (out.abstract()) return out;
  out.context().spend(out.size());
  auto to = out.mutate<std::int64_t>();
  const int bits = bit_width(like.dtype());
  const auto at = [](const Array& a, std::size_t i) { return a.ints()[a.rank() == 0 ? 0 : i]; };
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (is_unsigned(like.dtype()))
      to[i] = static_cast<std::int64_t>(
          (static_cast<unsigned __int128>(static_cast<std::uint64_t>(at(x, i))) *
           static_cast<std::uint64_t>(at(y, i))) >>
          bits);
    else
      to[i] = static_cast<std::int64_t>((static_cast<__int128>(at(x, i)) * at(y, i)) >> bits);
  }
  settle(out);
  return out;
}

}  // namespace jaxsmith::tensor
