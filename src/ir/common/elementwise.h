// The operations on each element for itself (tensor/elementwise.def) as the languages of IR call
// them, and what their rules have in common. `Call` is a level's: an operation as its rule sees it.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "base/word_list.h"
#include "tensor/elementwise.h"

namespace jaxsmith::ir {

// The elements of a result, beside those of the operands.
enum class Gives { kSame, kBool, kReal, kComplex };

// What an operation is called, several names with blanks between them; "" where a language lacks it
// or has a rule of its own for it.
struct ElementwiseNames {
  std::string_view jaxpr, stablehlo, hlo;
};
using Language = std::string_view ElementwiseNames::*;

template <class Kernel>
struct ElementwiseRow {
  Kernel kernel;
  Gives gives;
  ElementwiseNames names;
};

inline constexpr ElementwiseRow<tensor::Unary> kUnaryRows[] = {
#define UNARY(kernel, ulps, gives, ...) {tensor::Unary::kernel, Gives::gives, {__VA_ARGS__}},
#include "tensor/elementwise.def"
};
inline constexpr ElementwiseRow<tensor::Binary> kBinaryRows[] = {
#define BINARY(kernel, ulps, order, gives, ...) \
  {tensor::Binary::kernel, Gives::gives, {__VA_ARGS__}},
#include "tensor/elementwise.def"
};

// Calls f(row, name) for each name that operations have in a language.
template <class F>
void each_elementwise(Language language, F f) {
  const auto each_name = [&](const auto& row) {
    each_word(row.names.*language, [&](std::string_view name) { f(row, name); });
  };
  for (const auto& row : kUnaryRows) each_name(row);
  for (const auto& row : kBinaryRows) each_name(row);
}

// ---- Rules. Where the scalars of a body stand for arrays, shapes need not be the same.

template <class Call>
void require_one_shape(const Call& c) {
  if (c.lifted()) return;
  for (std::size_t i = 1; i < c.size(); ++i)
    if (c.array(i).shape() != c.array(0).shape())
      tensor::invalid(
          fmt::format("operands of different shapes: {} and {}", c.type_text(0), c.type_text(i)));
}

// The upper half of the product.
template <class Call>
tensor::Array multiply_high_call(const Call& c) {
  require_one_shape(c);
  tensor::require(tensor::is_integer(c.array(0).dtype()), "mulhi takes integers");
  return tensor::multiply_high(c.array(0), c.array(1));
}

// Low, operand, high.
template <class Call>
tensor::Array clamp_call(const Call& c) {
  if (!c.lifted())
    for (const std::size_t i : {0, 2})
      tensor::require(c.array(i).rank() == 0 || c.array(i).shape() == c.array(1).shape(),
                      "a limit has another shape than the operand");
  return tensor::clamp(c.array(0), c.array(1), c.array(2));
}

// Predicate, where it holds, where it does not.
template <class Call>
tensor::Array select_call(const Call& c) {
  if (!c.lifted()) {
    tensor::require(c.array(1).shape() == c.array(2).shape(),
                    "the two values have different shapes");
    tensor::require(c.array(0).rank() == 0 || c.array(0).shape() == c.array(1).shape(),
                    "the predicate has another shape than the values");
  }
  return tensor::select(c.array(0), c.array(1), c.array(2));
}

}  // namespace jaxsmith::ir
