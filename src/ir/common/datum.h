// What a program's variable holds while it is executed: an array, a tuple, or a token.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/array.h"

namespace jaxsmith::ir {

using tensor::Ints;

struct Datum {
  // kUnsized: an array of which the program's types leave dimensions open. Only type rules meet it;
  // `array` has its element type, `open_shape` its dimensions, -1 where one is open.
  enum class Kind { kArray, kTuple, kToken, kUnsized };
  Kind kind = Kind::kToken;
  tensor::Array array;
  tensor::Shape open_shape;
  std::vector<Datum> parts;

  Datum() = default;
  Datum(tensor::Array a) : kind(Kind::kArray), array(std::move(a)) {}  // NOLINT: arrays are data
  static Datum tuple(std::vector<Datum> parts) {
    Datum d;
    d.kind = Kind::kTuple;
    d.parts = std::move(parts);
    return d;
  }

  static Datum unsized(tensor::DType dtype, tensor::Shape open_shape) {
    Datum d{tensor::Array::typed(dtype, {})};
    d.kind = Kind::kUnsized;
    d.open_shape = std::move(open_shape);
    return d;
  }

  // The same in another evaluation (Array::within).
  Datum within(const tensor::EvaluationContext& context) const {
    Datum out = *this;
    out.array = array.within(context);
    for (Datum& part : out.parts) part = part.within(context);
    return out;
  }

  const tensor::Array& as_array() const {
    if (kind != Kind::kArray) tensor::invalid("an array is wanted here");
    return array;
  }
};

// How many arrays, tokens and tuples it is made of: what it costs to copy it.
std::int64_t weight(const Datum& datum);

// In JAX's notation, an open dimension as ?: "f32[?,4]", "(i32[], token)".
std::string aval_text(const Datum& datum);
std::string avals_text(const std::vector<Datum>& data);

}  // namespace jaxsmith::ir
