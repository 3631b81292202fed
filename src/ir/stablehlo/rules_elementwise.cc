// Rules of operations on each element for itself. Rules: the StableHLO specification
// (openxla.org/stablehlo/spec) and, where it leaves something open, what XLA does on the CPU.
#include <fmt/format.h>

#include <algorithm>

#include "ir/common/elementwise.h"
#include "ir/common/operation_rules.h"
#include "ir/stablehlo/rules.h"
#include "tensor/movement.h"

namespace jaxsmith::stablehlo {

using tensor::Binary;
using tensor::Direction;

Results constant_rule(const Call& c) {
  const Attr& value = c.need("value");
  if (value.kind != Attr::Kind::kDense || !value.type->dtype) invalid("the value is no dense<…>");
  if (c.abstract()) return {value.type->abstract()};
  const Array dense = value.dense->within(c.context());
  if (!value.splat || value.type->shape.empty()) return {dense};
  return {tensor::broadcast_in_dim(dense, value.type->shape, {})};
}

bool divides(Binary op) { return op == Binary::divide || op == Binary::remainder; }

namespace {

// Of integers: what the quotient is where there is none, or where it is no number of the type, is
// left to implementations. XLA gives -1 and the dividend, StableHLO's interpreter 0.
Array zero_where_none(const Array& x, const Array& y, const Array& quotient) {
  const Array zero = x.scalar_int(x.dtype(), 0);
  Array none = tensor::compare(Direction::kEq, false, y, zero);
  if (tensor::is_signed_integer(x.dtype())) {
    const Array lowest =
                    tensor::compare(Direction::kEq, false, x, tensor::extreme(x, x.dtype(), true)),
                minus_one = tensor::compare(Direction::kEq, false, y, x.scalar_int(x.dtype(), -1));
    none = tensor::binary(Binary::or_, none, tensor::binary(Binary::and_, lowest, minus_one));
  }
  return tensor::select(none, tensor::broadcast_in_dim(zero, quotient.shape(), {}), quotient);
}

}  // namespace

Results binary_rule(const Call& c, Binary op) {
  c.want(2);
  ir::require_one_shape(c);
  const Array &x = c.array(0), &y = c.array(1);
  Array out = tensor::binary(op, x, y);
  if (divides(op) && c.for_interpreter() && !c.abstract() && tensor::is_integer(x.dtype()))
    return {zero_where_none(x, y, out)};
  return {out};
}

// Without a mantissa there is no NaN: XLA keeps it, StableHLO's interpreter gives infinity.
Results reduce_precision_rule(const Call& c) {
  c.want(1);
  const Array& x = c.array(0);
  const std::int64_t exponent = c.integer("exponent_bits"), mantissa = c.integer("mantissa_bits");
  Array out =
      tensor::reduce_precision(x, static_cast<int>(std::clamp<std::int64_t>(exponent, -1, 64)),
                               static_cast<int>(std::clamp<std::int64_t>(mantissa, -1, 64)));
  if (!c.for_interpreter() || c.abstract() || mantissa != 0) return {out};
  const Array nan = tensor::compare(Direction::kNe, false, x, x);
  return {tensor::select(
      nan, tensor::broadcast_in_dim(tensor::extreme(x, x.dtype(), false), x.shape(), {}), out)};
}

namespace {

// All NaN are equal and above the other numbers.
Array weak_order(Direction direction, const Array& x, const Array& y) {
  const Array nan_x = tensor::compare(Direction::kNe, false, x, x),
              nan_y = tensor::compare(Direction::kNe, false, y, y);
  // Where one is NaN, whether it is compares as the numbers would.
  const Array ranks = tensor::compare(direction, false, tensor::convert(nan_x, DType::kI32),
                                      tensor::convert(nan_y, DType::kI32));
  return tensor::select(tensor::binary(Binary::or_, nan_x, nan_y), ranks,
                        tensor::compare(direction, false, x, y));
}

}  // namespace

Results compare_rule(const Call& c) {
  c.want(2);
  ir::require_one_shape(c);
  const auto direction = tensor::direction_named(c.word("comparison_direction"));
  if (!direction) invalid("comparison_direction is none of EQ, NE, LT, LE, GT, GE");
  const std::string_view type = c.word("compare_type");
  if (type == "WEAKORDER") return {weak_order(*direction, c.array(0), c.array(1))};
  if (!type.empty() && type != "NOTYPE" && !tensor::compares_as(type, c.array(0).dtype()))
    invalid(fmt::format("{} is not compared as {}", c.array(0).type_text(), type));
  return {tensor::compare(*direction, type == "TOTALORDER", c.array(0), c.array(1))};
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
  return {tensor::convert(c.array(0), c.result_dtype())};
}

Results bitcast_convert_rule(const Call& c) {
  c.want(1);
  require(tensor::is_complex(c.array(0).dtype()) == tensor::is_complex(c.result_dtype()),
          "real numbers and complex ones are not converted into one another");
  return {ir::bitcast_convert_call(c)};
}

// Operand and result stand as the real numbers they mean (Evaluator::run_quantized).
Results uniform_rule(const Call& c) {
  c.want(1);
  require(c.expressed(), "neither operand nor result is quantized");
  return {c.datum(0)};
}

}  // namespace jaxsmith::stablehlo
