// What the files of element-wise operations share: shapes of operands, and loops over elements.
#pragma once

#include <fmt/format.h>

#include <complex>
#include <initializer_list>
#include <type_traits>

#include "tensor/array.h"

namespace jaxsmith::tensor::elementwise {

using C64 = std::complex<float>;
using C128 = std::complex<double>;

using U = std::uint64_t;

template <class T>
constexpr bool kComplexLane = std::is_same_v<T, C64> || std::is_same_v<T, C128>;
template <class T>
constexpr bool kIntLane = std::is_same_v<T, std::int64_t>;

// The shape of a result: that of the operands that are no scalars.
inline const Shape& common_shape(std::initializer_list<const Array*> operands) {
  const Array* chosen = *operands.begin();
  for (const Array* a : operands) {
    if (a->rank() == 0) continue;
    if (chosen->rank() == 0) chosen = a;
    if (a->shape() != chosen->shape())
      invalid(fmt::format("operands of different shapes: {} and {}", chosen->type_text(),
                          a->type_text()));
  }
  return chosen->shape();
}

inline void same_dtype(const Array& x, const Array& y) {
  if (x.dtype() != y.dtype())
    invalid(fmt::format("operands of different types: {} and {}", x.type_text(), y.type_text()));
}

[[noreturn]] inline void wrong_type(std::string_view name, const Array& x) {
  invalid(fmt::format("{} does not take {}", name, x.type_text()));
}

// Steps through an operand: a scalar stays where it is.
inline std::size_t step_of(const Array& a, const Shape& shape) {
  return a.rank() == 0 && !shape.empty() ? 0 : 1;
}

template <class To, class From, class F>
Array map1(const Array& x, DType dtype, F f) {
  Array out = x.zeros(dtype, x.shape());
  if (out.abstract()) return out;
  const auto from = x.data<From>();
  auto to = out.mutate<To>();
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = f(from[i]);
  out.context().spend(x.size());
  settle(out);
  return out;
}

template <class To, class From, class F>
Array map2(const Array& x, const Array& y, DType dtype, F f) {
  const Shape& shape = common_shape({&x, &y});
  Array out = Array::result({&x, &y}, dtype, shape);
  if (out.abstract()) return out;
  const auto a = x.data<From>(), b = y.data<From>();
  auto to = out.mutate<To>();
  const std::size_t i_step = step_of(x, shape), j_step = step_of(y, shape);
  if (i_step && j_step) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = f(a[i], b[i]);
  } else {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = f(a[i * i_step], b[i * j_step]);
  }
  out.context().spend(out.size());
  settle(out);
  return out;
}

}  // namespace jaxsmith::tensor::elementwise
