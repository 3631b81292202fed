// Rules of operations on each element for itself. Rules: the StableHLO specification
// (openxla.org/stablehlo/spec) and, where it leaves something open, what XLA does on the CPU.
#include <fmt/format.h>

#include <algorithm>

#include "ir/common/elementwise.h"
#include "ir/stablehlo/rules.h"
#include "tensor/movement.h"

namespace jaxsmith::stablehlo {

Results constant_rule(const Call& c) {
  const Attr& value = c.need("value");
  if (value.kind != Attr::Kind::kDense || !value.type->dtype) invalid("the value is no dense<…>");
  if (c.abstract()) return {value.type->abstract()};
  const Array dense = value.dense->within(c.context());
  if (!value.splat || value.type->shape.empty()) return {dense};
  return {broadcast_in_dim(dense, value.type->shape, {})};
}

bool divides(Binary op) { return op == Binary::divide || op == Binary::remainder; }

namespace {

// Of integers: what the quotient is where there is none, or where it is no number of the type, is
// left to implementations. XLA gives -1 and the dividend, StableHLO's interpreter 0.
Array zero_where_none(const Array& x, const Array& y, const Array& quotient) {
  const Array zero = x.scalar_int(x.dtype(), 0);
  Array none = compare(Direction::kEq, false, y, zero);
  if (is_signed_integer(x.dtype())) {
    const Array lowest = compare(Direction::kEq, false, x, extreme(x, x.dtype(), true)),
                minus_one = compare(Direction::kEq, false, y, x.scalar_int(x.dtype(), -1));
    none = binary(Binary::or_, none, binary(Binary::and_, lowest, minus_one));
  }
  return select(none, broadcast_in_dim(zero, quotient.shape(), {}), quotient);
}

}  // namespace

Results binary_rule(const Call& c, Binary op) {
  c.want(2);
  ir::require_one_shape(c);
  const Array &x = c.array(0), &y = c.array(1);
  Array out = binary(op, x, y);
  if (divides(op) && c.for_interpreter() && !c.abstract() && is_integer(x.dtype()))
    return {zero_where_none(x, y, out)};
  return {out};
}

// Without a mantissa there is no NaN: XLA keeps it, StableHLO's interpreter gives infinity.
Results reduce_precision_rule(const Call& c) {
  c.want(1);
  const Array& x = c.array(0);
  const std::int64_t exponent = c.integer("exponent_bits"), mantissa = c.integer("mantissa_bits");
  Array out = reduce_precision(x, static_cast<int>(std::clamp<std::int64_t>(exponent, -1, 64)),
                               static_cast<int>(std::clamp<std::int64_t>(mantissa, -1, 64)));
  if (!c.for_interpreter() || c.abstract() || mantissa != 0) return {out};
  const Array nan = compare(Direction::kNe, false, x, x);
  return {select(nan, broadcast_in_dim(extreme(x, x.dtype(), false), x.shape(), {}), out)};
}

namespace {

// All NaN are equal and above the other numbers.
Array weak_order(Direction direction, const Array& x, const Array& y) {
  const Array nan_x = compare(Direction::kNe, false, x, x),
              nan_y = compare(Direction::kNe, false, y, y);
  // Where one is NaN, whether it is compares as the numbers would.
  const Array ranks =
      compare(direction, false, convert(nan_x, DType::kI32), convert(nan_y, DType::kI32));
  return select(binary(Binary::or_, nan_x, nan_y), ranks, compare(direction, false, x, y));
}

}  // namespace

Results compare_rule(const Call& c) {
  c.want(2);
  ir::require_one_shape(c);
  const auto direction = direction_named(c.word("comparison_direction"));
  if (!direction) invalid("comparison_direction is none of EQ, NE, LT, LE, GT, GE");
  const std::string_view type = c.word("compare_type");
  if (type == "WEAKORDER") return {weak_order(*direction, c.array(0), c.array(1))};
  if (!type.empty() && type != "NOTYPE" && !compares_as(type, c.array(0).dtype()))
    invalid(fmt::format("{} is not compared as {}", c.array(0).type_text(), type));
  return {compare(*direction, type == "TOTALORDER", c.array(0), c.array(1))};
}

Results select_rule(const Call& c) {
  c.want(3);
  return {ir::select_call(c)};
}

Results clamp_rule(const Call& c) {
  c.want(3);
  return {ir::clamp_call(c)};
}

Results convert_rule(const Call& c) {
  c.want(1);
  return {convert(c.array(0), result_dtype(c))};
}

Results bitcast_convert_rule(const Call& c) {
  return {bitcast_convert(c.array(0), result_dtype(c))};
}

// Operand and result stand as the real numbers they mean (Evaluator::run_quantized).
Results uniform_rule(const Call& c) {
  c.want(1);
  require(c.expressed(), "neither operand nor result is quantized");
  return {c.datum(0)};
}

}  // namespace jaxsmith::stablehlo
