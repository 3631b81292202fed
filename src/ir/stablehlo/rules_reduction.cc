// Rules of reductions, windows, sorting and normalization. Rules: the StableHLO specification
// (openxla.org/stablehlo/spec) and, where it leaves something open, what XLA does on the CPU.
#include "ir/common/operation_rules.h"
#include "ir/stablehlo/rules.h"

namespace jaxsmith::stablehlo {

Results reduce_rule(const Call& c) {
  return results_of(ir::reduce_call(c, c.ints("dimensions"), c.body(0)));
}

namespace {

tensor::Window window_of(const Call& c) {
  tensor::Window w = tensor::Window::of(c.ints("window_dimensions"));
  w.stride = c.ints_or("window_strides", w.rank(), 1);
  w.base_dilation = c.ints_or("base_dilations", w.rank(), 1);
  w.dilation = c.ints_or("window_dilations", w.rank(), 1);
  w.set_padding(c.ints_or("padding", 2 * w.rank(), 0));
  return w;
}

}  // namespace

Results reduce_window_rule(const Call& c) {
  return results_of(ir::reduce_window_call(c, window_of(c), c.body(0)));
}

Results select_and_scatter_rule(const Call& c) {
  return {ir::select_and_scatter_call(c, window_of(c), c.body(0), c.body(1))};
}

Results sort_rule(const Call& c) {
  const auto operands = c.arrays(0, c.size());
  std::int64_t dim = c.integer("dimension", -1);
  if (!operands.empty() && dim < 0) dim += operands[0].rank();
  return results_of(tensor::sort(operands, dim, c.body(0), c.flag("is_stable")));
}

Results batch_norm_inference_rule(const Call& c) { return {ir::batch_norm_inference_call(c)}; }

Results batch_norm_training_rule(const Call& c) {
  return results_of(ir::batch_norm_training_call(c));
}

Results batch_norm_grad_rule(const Call& c) { return results_of(ir::batch_norm_grad_call(c)); }

Results map_rule(const Call& c) {
  const auto operands = c.arrays(0, c.size());
  return results_of(tensor::map(operands, c.body(0)));
}

Results top_k_rule(const Call& c) { return results_of(tensor::top_k(c.array(0), c.integer("k"))); }

}  // namespace jaxsmith::stablehlo
