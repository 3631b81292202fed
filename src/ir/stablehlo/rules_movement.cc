// Rules of operations that move elements, also where shapes are operands. Rules: the StableHLO
// specification (openxla.org/stablehlo/spec) and, where it leaves something open, what XLA does on
// the CPU.
#include "ir/common/operation_rules.h"
#include "ir/stablehlo/rules.h"
#include "tensor/movement.h"

namespace jaxsmith::stablehlo {

Results broadcast_in_dim_rule(const Call& c) {
  return {tensor::broadcast_in_dim(c.array(0), c.result_dims(), c.ints("broadcast_dimensions"))};
}

Results broadcast_rule(const Call& c) {
  c.want(1);
  Shape shape = c.ints("broadcast_sizes");
  Ints dims;
  for (std::int64_t d = 0; d < c.array(0).rank(); ++d) {
    dims.push_back(static_cast<std::int64_t>(shape.size()));
    shape.push_back(c.array(0).shape()[static_cast<std::size_t>(d)]);
  }
  return {tensor::broadcast_in_dim(c.array(0), shape, dims)};
}

Results reshape_rule(const Call& c) {
  c.want(1);
  return {c.array(0).reshaped(c.result_dims())};
}

Results slice_rule(const Call& c) {
  return {tensor::slice(c.array(0), c.ints("start_indices"), c.ints("limit_indices"),
                        c.ints("strides"))};
}

Results pad_rule(const Call& c) {
  c.want(2);
  return {tensor::pad(c.array(0), c.array(1), c.ints("edge_padding_low"),
                      c.ints("edge_padding_high"), c.ints("interior_padding"))};
}

Results concatenate_rule(const Call& c) {
  return {ir::concatenate_call(c, c.integer("dimension"))};
}

Results iota_rule(const Call& c) { return {ir::iota_call(c)}; }

Results dynamic_slice_rule(const Call& c) {
  const auto starts = c.arrays(1, c.size());
  return {tensor::dynamic_slice(c.array(0), starts, c.ints("slice_sizes"))};
}

Results dynamic_update_slice_rule(const Call& c) {
  const auto starts = c.arrays(2, c.size());
  return {tensor::dynamic_update_slice(c.array(0), c.array(1), starts)};
}

namespace {

tensor::GatherDims gather_dims(const Attr& a) {
  return {
      Call::list_in(a, "offset_dims"),           Call::list_in(a, "collapsed_slice_dims"),
      Call::list_in(a, "operand_batching_dims"), Call::list_in(a, "start_indices_batching_dims"),
      Call::list_in(a, "start_index_map"),       Call::integer_in(a, "index_vector_dim", 0)};
}

}  // namespace

Results gather_rule(const Call& c) {
  c.want(2);
  return {tensor::gather(c.array(0), c.array(1), gather_dims(c.need("dimension_numbers")),
                         c.ints("slice_sizes"))};
}

Results scatter_rule(const Call& c) {
  const Attr& a = c.need("scatter_dimension_numbers");
  const tensor::ScatterDims dims{Call::list_in(a, "update_window_dims"),
                                 Call::list_in(a, "inserted_window_dims"),
                                 Call::list_in(a, "input_batching_dims"),
                                 Call::list_in(a, "scatter_indices_batching_dims"),
                                 Call::list_in(a, "scatter_dims_to_operand_dims"),
                                 Call::integer_in(a, "index_vector_dim", 0)};
  return results_of(ir::scatter_call(c, dims, c.body(0)));
}

Results reverse_rule(const Call& c) { return {tensor::reverse(c.array(0), c.ints("dimensions"))}; }

Results transpose_rule(const Call& c) {
  return {tensor::transpose(c.array(0), c.ints("permutation"))};
}

Results dynamic_broadcast_rule(const Call& c) {
  c.want(2);
  return {tensor::broadcast_in_dim(c.array(0), asked_shape(c, 1), c.ints("broadcast_dimensions"))};
}

Results dynamic_iota_rule(const Call& c) {
  c.want(1);
  return {c.make().iota(c.result_dtype(), asked_shape(c, 0), c.integer("iota_dimension"))};
}

Results dynamic_reshape_rule(const Call& c) {
  c.want(2);
  return {c.array(0).reshaped(asked_shape(c, 1))};
}

Results dynamic_pad_rule(const Call& c) {
  c.want(5);
  if (c.abstract()) return {Array::typed(c.result_dtype(), c.result_dims())};
  const auto list = [&](std::size_t i) { return integers_of(c.array(i)); };
  return {tensor::pad(c.array(0), c.array(1), list(2), list(3), list(4))};
}

Results real_dynamic_slice_rule(const Call& c) {
  c.want(4);
  if (c.abstract()) return {Array::typed(c.result_dtype(), c.result_dims())};
  const auto list = [&](std::size_t i) { return integers_of(c.array(i)); };
  return {tensor::slice(c.array(0), list(1), list(2), list(3))};
}

Results dynamic_gather_rule(const Call& c) {
  c.want(3);
  if (c.abstract()) return {Array::typed(c.result_dtype(), c.result_dims())};
  return {tensor::gather(c.array(0), c.array(1), gather_dims(c.need("dimension_numbers")),
                         integers_of(c.array(2)))};
}

Results dimension_size_rule(const Call& c) {
  return {ir::dimension_size_call(c, c.integer("dimension"))};
}

}  // namespace jaxsmith::stablehlo
