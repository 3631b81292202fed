// What a jaxpr's variables hold while it is executed, and what their types say of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ir/jaxpr/module.h"
#include "tensor/array.h"
#include "tensor/random_key.h"

namespace jaxsmith::jaxpr {

using tensor::Array;
using tensor::DType;
using tensor::Ints;
using tensor::invalid;
using tensor::KeyKind;
using tensor::require;
using tensor::Shape;
using tensor::unsupported;

struct Value {
  // kLost: what the text does not tell: of several variables _ one, or a constant of a jaxpr
  // within another.
  enum class Kind { kArray, kKey, kRef, kToken, kLost };
  Kind kind = Kind::kToken;
  Array array;
  KeyKind key = KeyKind::kThreefry;
  std::vector<Array> words;     // of keys: each array holds one u32 of every key
  std::shared_ptr<Array> cell;  // of references: what is written to is seen by all who hold it

  Value() = default;
  Value(Array a) : kind(Kind::kArray), array(std::move(a)) {}  // NOLINT: arrays are values
  static Value keys(KeyKind kind, std::vector<Array> words);
  static Value ref(Array content);
  static Value lost();

  const Array& as_array() const;
  bool abstract() const;
};

struct Type {
  enum class Kind { kArray, kKey, kToken };
  Kind kind = Kind::kToken;
  bool is_ref = false;
  DType dtype = DType::kF32;
  KeyKind key = KeyKind::kThreefry;
  Shape shape;
  std::string text;  // as it is written

  Value abstract() const;
  bool holds(const Value& value) const;
};

// Errors are EvaluationErrors: a type that jaxsmith does not have, or of more elements than it
// takes.
Type type_of(const Aval& aval);
std::string type_text(const Value& value);

// A literal's value: Python's number, or NumPy's array of them. Error: it is none, or it is
// shortened.
Array literal_value(const Atom& atom);

// Keys as they are recorded: u32[…, 2] for key<fry>[…].
Array key_words(const Value& keys);
Value keys_from_words(KeyKind kind, const Array& words);

}  // namespace jaxsmith::jaxpr
