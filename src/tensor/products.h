// Products that are added up step by step, each rounded to the element type.
#pragma once

#include <type_traits>

#include "tensor/array.h"

namespace jaxsmith::tensor {

template <class T>
T rounded(DType dtype, T x) {
  if constexpr (std::is_same_v<T, float>) return round_to(dtype, x);
  return x;
}

// sum + x y
template <class T>
T add_stepwise(DType dtype, T sum, T x, T y) {
  T product;
  if constexpr (requires { x.real(); })
    product = {x.real() * y.real() - x.imag() * y.imag(),
               x.real() * y.imag() + x.imag() * y.real()};
  else
    product = x * y;
  return rounded(dtype, sum + rounded(dtype, product));
}

}  // namespace jaxsmith::tensor
