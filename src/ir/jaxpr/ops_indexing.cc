// gather and scatter, with JAX's modes for indices out of bounds.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "ir/jaxpr/op_table.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

enum class Mode { kClip, kFillOrDrop, kPromiseInBounds };

Mode mode_of(const Call& c) {
  const std::string_view word = c.word("mode");
  if (word == "CLIP" || word == "0") return Mode::kClip;
  if (word == "FILL_OR_DROP" || word == "1") return Mode::kFillOrDrop;
  if (word == "PROMISE_IN_BOUNDS" || word == "2" || word == "ONE_HOT")
    return Mode::kPromiseInBounds;
  invalid(fmt::format("there is no mode {}", word));
}

// The indices in a signed type, as row vectors; the last dimension is that of an index.
Array signed_indices(const Array& indices) {
  if (!tensor::is_integer(indices.dtype())) invalid("the indices are no integers");
  require(indices.rank() >= 1, "the indices are a scalar");
  return tensor::convert(indices, DType::kI64);
}

// A row of numbers, as an array beside `indices`.
Array row_beside(const Array& indices, const Ints& row) {
  if (indices.shape().back() != static_cast<std::int64_t>(row.size()))
    invalid(fmt::format("an index has {} numbers, the dimension numbers {}", indices.shape().back(),
                        row.size()));
  if (indices.abstract()) return Array::typed(DType::kI64, indices.shape());
  return tensor::broadcast_in_dim(Array::of_ints(indices.context(), DType::kI64, row),
                                  indices.shape(), {indices.rank() - 1});
}

// For each dimension that is indexed, how large an index may be.
Ints upper_bounds(const Shape& operand, const Ints& window, const Ints& indexed) {
  Ints out;
  for (const std::int64_t d : indexed) {
    if (d < 0 || d >= static_cast<std::int64_t>(operand.size()) || window.size() != operand.size())
      invalid("the dimension numbers do not go with the operand");
    out.push_back(operand[static_cast<std::size_t>(d)] - window[static_cast<std::size_t>(d)]);
  }
  return out;
}

// ---- gather

Array fill_value(const Call& c, DType dtype) {
  const ParamValue* fill = c.attribute("fill_value");
  if (!fill) {
    if (tensor::is_inexact(dtype))
      return tensor::convert(
          c.array(0).scalar(DType::kF64, std::numeric_limits<double>::quiet_NaN()), dtype);
    if (dtype == DType::kBool) return c.array(0).scalar_int(dtype, 1);
    return tensor::extreme(c.array(0), dtype, tensor::is_signed_integer(dtype));
  }
  if (const auto flag = fill->as_bool()) return c.array(0).scalar_int(dtype, *flag);
  const auto whole = fill->as_int();
  if (whole && !tensor::is_inexact(dtype))
    return c.array(0).scalar_int(dtype, tensor::wrap(dtype, *whole));
  const auto number = fill->as_real();
  if (!number) {
    Atom atom;
    atom.kind = Atom::Kind::kLiteral;
    atom.text = fill->text;
    atom.aval = Aval{std::string(tensor::jaxpr_name(dtype)), {}, "", true, false};
    return literal_value(atom).within(c.context());
  }
  return tensor::convert(c.array(0).scalar(DType::kF64, *number), dtype);
}

// Whether each index lies within the bounds: one bool for each.
Array within(const Array& indices, const Ints& bounds) {
  const Array zero = indices.scalar_int(DType::kI64, 0);
  const Array each =
      tensor::binary(Binary::and_, tensor::compare(Direction::kGe, false, indices, zero),
                     tensor::compare(Direction::kLe, false, indices, row_beside(indices, bounds)));
  const Array operands[] = {each}, inits[] = {indices.scalar_int(DType::kBool, 1)};
  return tensor::reduce(operands, inits, {indices.rank() - 1}, Body::of(Binary::and_))[0];
}

Values gather_rule(const Call& c) {
  c.want(2);
  const ParamValue& numbers = c.need("dimension_numbers");
  const Array &x = c.array(0), indices = signed_indices(c.array(1));
  const tensor::GatherDims dims{Call::keyword_ints(numbers, "offset_dims"),
                                Call::keyword_ints(numbers, "collapsed_slice_dims"),
                                Call::keyword_ints(numbers, "operand_batching_dims"),
                                Call::keyword_ints(numbers, "start_indices_batching_dims"),
                                Call::keyword_ints(numbers, "start_index_map"),
                                indices.rank() - 1};
  const Ints sizes = c.ints("slice_sizes");
  Array out = tensor::gather(x, indices, dims, sizes);
  if (mode_of(c) != Mode::kFillOrDrop) return {out};
  const Array fill = fill_value(c, x.dtype());
  if (out.abstract()) return {out};
  const Array mask = within(indices, upper_bounds(x.shape(), sizes, dims.start_index_map));
  Ints batch_dims;
  for (std::int64_t d = 0; d < out.rank(); ++d)
    if (!tensor::contains(dims.offset_dims, d)) batch_dims.push_back(d);
  return {tensor::select(tensor::broadcast_in_dim(mask, out.shape(), batch_dims), out, fill)};
}

// ---- scatter

// Of the window that an update covers, its size along each dimension of the operand.
Ints window_of(const Array& operand, const Array& updates, const tensor::ScatterDims& dims) {
  Ints out;
  std::size_t w = 0;
  for (std::int64_t d = 0; d < operand.rank(); ++d) {
    if (tensor::contains(dims.inserted_window_dims, d) ||
        tensor::contains(dims.input_batching_dims, d)) {
      out.push_back(1);
      continue;
    }
    if (w >= dims.update_window_dims.size() || dims.update_window_dims[w] < 0 ||
        dims.update_window_dims[w] >= updates.rank())
      invalid("update_window_dims do not go with the operand and the updates");
    out.push_back(updates.shape()[static_cast<std::size_t>(dims.update_window_dims[w++])]);
  }
  return out;
}

const Body& overwriting() {
  static const auto* body = new Body{[](std::vector<Array> a) { return std::vector<Array>{a[1]}; },
                                     {.pointwise = true, .gives_second = true}};
  return *body;
}

Values scatter_with(const Call& c, const Body& otherwise) {
  c.want(3);
  const ParamValue& numbers = c.need("dimension_numbers");
  Array indices = signed_indices(c.array(1));
  const tensor::ScatterDims dims{Call::keyword_ints(numbers, "update_window_dims"),
                                 Call::keyword_ints(numbers, "inserted_window_dims"),
                                 Call::keyword_ints(numbers, "operand_batching_dims"),
                                 Call::keyword_ints(numbers, "scatter_indices_batching_dims"),
                                 Call::keyword_ints(numbers, "scatter_dims_to_operand_dims"),
                                 indices.rank() - 1};
  const Array operands[] = {c.array(0)}, updates[] = {c.array(2)};
  if (mode_of(c) == Mode::kClip) {
    const Ints bounds = upper_bounds(operands[0].shape(), window_of(operands[0], updates[0], dims),
                                     dims.scatter_dims_to_operand_dims);
    indices = tensor::binary(Binary::minimum, indices, row_beside(indices, bounds));
    indices = tensor::binary(Binary::maximum, indices, indices.scalar_int(DType::kI64, 0));
  }
  const Body body = c.attribute("update_jaxpr") ? c.body(c.inner("update_jaxpr")) : otherwise;
  return values_of(tensor::scatter(operands, indices, updates, dims, body));
}

OpRule scatter_rule(std::string_view name, const Body& body) {
  return {name, [body](const Call& c) { return scatter_with(c, body); }};
}

}  // namespace

void add_indexing_rules(OpRules& rules) {
  rules.push_back({"gather", gather_rule, false, true});
  OpRule plain = scatter_rule("scatter", overwriting());
  plain.moves = true;
  rules.push_back(plain);
  rules.push_back(scatter_rule("scatter-add", Body::of(Binary::add)));
  rules.push_back(scatter_rule("scatter-sub", Body::of(Binary::subtract)));
  rules.push_back(scatter_rule("scatter-mul", Body::of(Binary::multiply)));
  rules.push_back(scatter_rule("scatter-min", Body::of(Binary::minimum)));
  rules.push_back(scatter_rule("scatter-max", Body::of(Binary::maximum)));
}

}  // namespace jaxsmith::jaxpr
