// Operations that make each element of a result from one element of each operand, as XLA defines
// them (XLA operation semantics; the StableHLO specification): integers wrap, division of integers
// by zero gives -1 and its remainder the dividend, NaN goes through min and max.
//
// Operands have one shape, or are scalars beside operands of that shape: where a language wants
// equal shapes, its reader checks that.
#pragma once

#include <optional>
#include <string_view>

#include "tensor/array.h"

namespace jaxsmith::tensor {

// A row of elementwise.def each.
enum class Unary {
#define UNARY(kernel, ...) kernel,
#include "tensor/elementwise.def"
};
enum class Binary {
#define BINARY(kernel, ...) kernel,
#include "tensor/elementwise.def"
};

// By the kernel's name; a keyword of C++ has an underscore there but not here.
std::optional<Unary> unary_named(std::string_view name);
std::string_view name_of(Unary op);
std::string_view name_of(Binary op);

// Whether a result in floats is rounded: not where it is one of the operands, or exact.
bool rounds(Unary op);
bool rounds(Binary op);
// Whether the operands may be exchanged.
bool commutes(Binary op);

enum class Direction { kEq, kNe, kLt, kLe, kGt, kGe };
std::optional<Direction> direction_named(std::string_view name);  // "EQ"

Array unary(Unary op, const Array& x);
Array binary(Binary op, const Array& x, const Array& y);
// Whether "FLOAT", "TOTALORDER", "SIGNED" or "UNSIGNED" is how elements of a type are compared.
bool compares_as(std::string_view type, DType dtype);
// Of bools; with `total_order` floats compare as -NaN < -inf < … < -0 < +0 < … < inf < NaN.
Array compare(Direction direction, bool total_order, const Array& x, const Array& y);
// Where the predicate, an array of bools or one bool, holds, `x`, else `y`.
Array select(const Array& predicate, const Array& x, const Array& y);
Array clamp(const Array& low, const Array& x, const Array& high);
// To the nearest of the type; floats to integers towards zero, clamped, NaN to 0.
Array convert(const Array& x, DType to);
// To a float with so many bits of exponent and mantissa, in the type of `x`.
Array reduce_precision(const Array& x, int exponent_bits, int mantissa_bits);
// The regularized incomplete beta function of floats.
Array incomplete_beta(const Array& a, const Array& b, const Array& x);
// The upper half of the product of integers in twice their width.
Array multiply_high(const Array& x, const Array& y);
// The elements' bits as another type: of the same width, or with one dimension more or fewer.
Array bitcast_convert(const Array& x, DType to);

}  // namespace jaxsmith::tensor
