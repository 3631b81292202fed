// Constants of tensors: the text between `dense<` and `>`.
#pragma once

#include "ir/common/depth.h"
#include "ir/stablehlo/module.h"
#include "ir/stablehlo/scanner.h"

namespace jaxsmith::stablehlo {

// A literal as it is written, before its type is known.
struct Literal {
  struct Scalar {
    std::string_view text;       // a number, true or false
    std::string_view imaginary;  // of a pair
    bool pair = false;
  };
  std::vector<Scalar> scalars;
  Shape shape;         // of nested lists
  bool splat = false;  // one scalar stands for all elements
  std::string bytes;   // of "0x…"
  bool hex = false;
  std::size_t offset = 0;
};

Literal parse_literal(Scanner& in, ir::Depth& depth);
// Of the type; refused where there are no arrays of it.
std::int64_t element_count_of(const Literal& literal, const Type& type, const Scanner& in);
// The elements; a scalar where one was given for all.
Array array_of(const Literal& literal, const Type& type, const Scanner& in);
// MLIR's form: what stands between < and >.
std::string print_literal(const Array& array, bool splat);
// A decimal number, or the bits of a float of the type in hexadecimal; nothing for another text.
std::optional<double> float_of(std::string_view text, DType dtype);
// A number as it is written in a type's words: MLIR's own writing of it. Refused, at `offset`,
// where the type has no such number or none that is written so: a float has a point, or is its
// bits.
std::string number_as(std::string_view text, std::string_view type, const Scanner& in,
                      std::size_t offset);
// A float as MLIR prints an attribute (lib/IR/AsmPrinter.cpp, printFloatValue).
std::string print_float(double value, DType dtype);

}  // namespace jaxsmith::stablehlo
