// Primitives that make each element of a result from one element of each operand.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numbers>

#include "ir/common/body.h"
#include "ir/common/elementwise.h"
#include "ir/jaxpr/op_table.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

struct CompareName {
  std::string_view name;
  Direction direction;
  bool total_order;
};
constexpr CompareName kCompare[] = {
    {"eq", Direction::kEq, false},   {"ne", Direction::kNe, false},
    {"lt", Direction::kLt, false},   {"le", Direction::kLe, false},
    {"gt", Direction::kGt, false},   {"ge", Direction::kGe, false},
    {"eq_to", Direction::kEq, true}, {"lt_to", Direction::kLt, true},
    {"le_to", Direction::kLe, true},
};

// Dimensions of size 1 stand for the other operand's size; scalars the kernels take as they are.
void spread(Array& x, Array& y) {
  if (x.shape() == y.shape() || x.rank() == 0 || y.rank() == 0) return;
  if (x.rank() != y.rank())
    invalid(fmt::format("operands of different shapes: {} and {}", x.type_text(), y.type_text()));
  Shape shape = x.shape();
  Ints dims;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) shape[d] = y.shape()[d];
    dims.push_back(static_cast<std::int64_t>(d));
  }
  if (x.shape() != shape) x = tensor::broadcast_in_dim(x, shape, dims);
  if (y.shape() != shape) y = tensor::broadcast_in_dim(y, shape, dims);
}

Array complex_of(const Array& real) {
  const DType to = real.dtype() == DType::kF64 ? DType::kC128 : DType::kC64;
  return tensor::convert(real, to);
}

OpRule rule_of(std::string_view name, Unary op) {
  const auto rule = [op](const Call& c) -> Values {
    c.want(1);
    return {tensor::unary(op, c.array(0))};
  };
  return {.name = name, .rule = rule, .pointwise = true};
}

Values binary_rule(const Call& c, Binary op) {
  c.want(2);
  Array x = c.array(0), y = c.array(1);
  spread(x, y);
  if (const auto dtype = c.dtype("out_dtype")) {
    x = tensor::convert(x, *dtype);
    y = tensor::convert(y, *dtype);
  }
  if (op == Binary::power && x.dtype() != y.dtype()) y = tensor::convert(y, x.dtype());
  return {tensor::binary(op, x, y)};
}

OpRule rule_of(std::string_view name, Binary op) {
  return {.name = name,
          .rule = [op](const Call& c) { return binary_rule(c, op); },
          .pointwise = true,
          .kernel = op};
}

// Keys are equal that have the same words.
Values compare_keys(const Call& c, Direction direction) {
  const Value &x = c.value(0), &y = c.value(1);
  if (y.kind != Value::Kind::kKey || x.key != y.key) invalid("a key is compared with another type");
  const bool equal = direction == Direction::kEq;
  if (!equal && direction != Direction::kNe) invalid("keys have no order");
  Array out;
  for (std::size_t w = 0; w < x.words.size(); ++w) {
    const Array one = tensor::compare(direction, false, x.words[w], y.words[w]);
    out = w == 0 ? one : tensor::binary(equal ? Binary::and_ : Binary::or_, out, one);
  }
  return {out};
}

Values compare_rule(const Call& c, const CompareName& how) {
  c.want(2);
  if (c.value(0).kind == Value::Kind::kKey) return compare_keys(c, how.direction);
  Array x = c.array(0), y = c.array(1);
  spread(x, y);
  return {tensor::compare(how.direction, how.total_order, x, y)};
}

Values clamp_rule(const Call& c) {
  c.want(3);
  return {ir::clamp_call(c)};
}

// Keys are chosen word by word; the predicate may have fewer dimensions then.
Values select_n_rule(const Call& c) {
  require(c.size() >= 2, "select_n takes a selector and at least one case");
  const Array& which = c.array(0);
  for (std::size_t i = 1; i < c.size() && !c.lifted(); ++i) {
    if (!c.array(i).same_type(c.array(1))) invalid("the cases have different types");
    if (which.rank() != 0 && which.shape() != c.array(i).shape())
      invalid(
          fmt::format("the selector is {}, a case {}", which.type_text(), c.array(i).type_text()));
  }
  if (which.dtype() == DType::kBool) {
    require(c.size() <= 3, "a bool selects one of two cases");
    return {c.size() == 2 ? c.array(1) : tensor::select(which, c.array(2), c.array(1))};
  }
  if (!tensor::is_integer(which.dtype())) invalid("the selector is neither bool nor integer");
  Array out = c.array(c.size() - 1);
  for (std::size_t i = c.size() - 2; i >= 1; --i) {
    const Array limit = which.scalar_int(which.dtype(), static_cast<std::int64_t>(i));
    out = tensor::select(tensor::compare(Direction::kLt, false, which, limit), c.array(i), out);
  }
  return {out};
}

Values convert_rule(const Call& c) {
  c.want(1);
  const DType to = c.dtype("new_dtype").value_or(c.result_dtype());
  const Array& x = c.array(0);
  if (tensor::is_complex(x.dtype()) && !tensor::is_complex(to))
    return {tensor::convert(tensor::unary(Unary::real, x), to)};
  return {tensor::convert(x, to)};
}

Array ones_like(const Array& x) { return tensor::convert(x.scalar_int(DType::kI32, 1), x.dtype()); }

// x^y by repeated multiplication, as it is lowered.
Values integer_pow_rule(const Call& c) {
  c.want(1);
  const Array& x = c.array(0);
  const std::int64_t y = c.integer("y");
  if (!tensor::is_integer(x.dtype()) && !tensor::is_inexact(x.dtype()))
    invalid(fmt::format("integer_pow does not take {}", x.type_text()));
  if (y < 0 && tensor::is_integer(x.dtype())) invalid("an integer to a negative power");
  if (y == 0) {
    if (c.abstract()) return {x};
    return {x.rank() ? tensor::broadcast_in_dim(ones_like(x), x.shape(), {}) : ones_like(x)};
  }
  std::uint64_t left = y < 0 ? 0 - static_cast<std::uint64_t>(y) : static_cast<std::uint64_t>(y);
  constexpr std::int64_t kCostOfBit = 200;
  c.context().spend(kCostOfBit * std::bit_width(left));
  Array out, power = x;
  for (bool first = true; left > 0; left >>= 1) {
    if (left & 1) {
      out = first ? power : tensor::binary(Binary::multiply, out, power);
      first = false;
    }
    if (left > 1) power = tensor::binary(Binary::multiply, power, power);
  }
  return {y < 0 ? tensor::binary(Binary::divide, ones_like(x), out) : out};
}

Values exp2_rule(const Call& c) {
  c.want(1);
  const Array& x = c.array(0);
  if (!tensor::is_inexact(x.dtype())) invalid(fmt::format("exp2 does not take {}", x.type_text()));
  if (tensor::is_real(x.dtype()))  // in double precision and rounded once
    return {tensor::convert(
        tensor::binary(Binary::power, x.scalar(DType::kF64, 2), tensor::convert(x, DType::kF64)),
        x.dtype())};
  const Array log2 = tensor::convert(x.scalar(DType::kF64, std::numbers::ln2), x.dtype());
  return {tensor::unary(Unary::exponential, tensor::binary(Binary::multiply, log2, x))};
}

Values round_rule(const Call& c) {
  c.want(1);
  const ParamValue* method = c.attribute("rounding_method");
  const bool to_even =
      method && (method->as_int() == 1 || c.word("rounding_method") == "TO_NEAREST_EVEN");
  return {
      tensor::unary(to_even ? Unary::round_nearest_even : Unary::round_nearest_afz, c.array(0))};
}

Values conj_rule(const Call& c) {
  c.want(1);
  const Array& x = c.array(0);
  return {tensor::is_complex(x.dtype()) ? tensor::unary(Unary::conj, x) : complex_of(x)};
}

Values reduce_precision_rule(const Call& c) {
  c.want(1);
  constexpr std::int64_t kMost = 64;  // more bits than any float has
  return {tensor::reduce_precision(
      c.array(0), static_cast<int>(std::clamp<std::int64_t>(c.integer("exponent_bits"), 0, kMost)),
      static_cast<int>(std::clamp<std::int64_t>(c.integer("mantissa_bits"), -1, kMost)))};
}

Values bitcast_rule(const Call& c) {
  c.want(1);
  return {tensor::bitcast_convert(c.array(0), c.dtype("new_dtype").value_or(c.result_dtype()))};
}

Values incomplete_beta_rule(const Call& c) {
  c.want(3);
  Array a = c.array(0), b = c.array(1), x = c.array(2);
  spread(a, b);
  spread(a, x);
  spread(b, x);
  return {tensor::incomplete_beta(a, b, x)};
}

// The upper half of the product.
Values mulhi_rule(const Call& c) {
  c.want(2);
  Array x = c.array(0), y = c.array(1);
  spread(x, y);
  return {tensor::multiply_high(x, y)};
}

}  // namespace

void add_elementwise_rules(OpRules& rules) {
  ir::each_elementwise(&ir::ElementwiseNames::jaxpr, [&](const auto& row, std::string_view name) {
    rules.push_back(rule_of(name, row.kernel));
  });
  for (const CompareName& k : kCompare)
    rules.push_back({k.name, [k](const Call& c) { return compare_rule(c, k); }, true});
  const OpRules others = {
      {"bitcast_convert_type", bitcast_rule},
      {"clamp", clamp_rule, true},
      {"conj", conj_rule, true},
      ir::flagged(&OpRule::converts, {"convert_element_type", convert_rule, true}),
      {"exp2", exp2_rule, true},
      {"integer_pow", integer_pow_rule, true},
      {"mulhi", mulhi_rule, true},
      {"reduce_precision", reduce_precision_rule, true},
      {"regularized_incomplete_beta", incomplete_beta_rule, true},
      {"round", round_rule, true},
      {"select_n", select_n_rule, true, true},
  };
  rules.insert(rules.end(), others.begin(), others.end());
}

}  // namespace jaxsmith::jaxpr
