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

namespace jaxsmith {

// By the names of StableHLO and CHLO.
// clang-format off
#define JAXSMITH_UNARY(X)                                                                      \
  X(abs) X(acos) X(acosh) X(asin) X(asinh) X(atan) X(atanh) X(bessel_i0e) X(bessel_i1e)        \
  X(cbrt) X(ceil) X(conj) X(cosh) X(cosine) X(count_leading_zeros) X(digamma) X(erf)           \
  X(erf_inv) X(erfc) X(exponential) X(exponential_minus_one) X(floor) X(imag) X(is_finite)     \
  X(is_inf) X(is_neg_inf) X(is_pos_inf) X(lgamma) X(log) X(log_plus_one) X(logistic) X(negate) \
  X(not_) X(popcnt) X(real) X(round_nearest_afz) X(round_nearest_even) X(rsqrt) X(sign)        \
  X(sine) X(sinh) X(sqrt) X(square) X(tan) X(tanh)

#define JAXSMITH_BINARY(X)                                                                     \
  X(add) X(subtract) X(multiply) X(divide) X(remainder) X(maximum) X(minimum) X(power)         \
  X(atan2) X(and_) X(or_) X(xor_) X(shift_left) X(shift_right_arithmetic)                      \
  X(shift_right_logical) X(complex) X(next_after) X(polygamma) X(zeta) X(igamma) X(igammac)      \
  X(igamma_grad_a) X(random_gamma_grad)
// clang-format on

enum class Unary {
#define X(name) name,
  JAXSMITH_UNARY(X)
#undef X
};
enum class Binary {
#define X(name) name,
  JAXSMITH_BINARY(X)
#undef X
};

// By name; a keyword of C++ has an underscore above but not here.
std::optional<Unary> unary_named(std::string_view name);
std::optional<Binary> binary_named(std::string_view name);

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

}  // namespace jaxsmith
