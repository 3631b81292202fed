// What a program's variable holds while it is executed: an array, a tuple, or a token.
#pragma once

#include <vector>

#include "tensor/array.h"

namespace jaxsmith::ir {

struct Datum {
  enum class Kind { kArray, kTuple, kToken };
  Kind kind = Kind::kToken;
  Array array;
  std::vector<Datum> parts;

  Datum() = default;
  Datum(Array a) : kind(Kind::kArray), array(std::move(a)) {}  // NOLINT: arrays are data
  static Datum tuple(std::vector<Datum> parts) {
    Datum d;
    d.kind = Kind::kTuple;
    d.parts = std::move(parts);
    return d;
  }

  const Array& as_array() const {
    if (kind != Kind::kArray) invalid("an array is wanted here");
    return array;
  }
};

}  // namespace jaxsmith::ir
