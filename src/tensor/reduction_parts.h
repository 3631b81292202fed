// What reduction.cc and sort.cc share.
#pragma once

#include <span>

#include "tensor/array.h"

namespace jaxsmith::tensor {

inline bool all_same_shape(std::span<const Array> arrays) {
  for (const Array& a : arrays)
    if (a.shape() != arrays[0].shape()) return false;
  return true;
}

inline bool abstract_among(std::initializer_list<std::span<const Array>> groups) {
  for (const auto& group : groups)
    for (const Array& a : group)
      if (a.abstract()) return true;
  return false;
}

}  // namespace jaxsmith::tensor
