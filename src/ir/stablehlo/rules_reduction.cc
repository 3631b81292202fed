// Rules of reductions, windows, sorting and normalization. Rules: the StableHLO specification
// (openxla.org/stablehlo/spec) and, where it leaves something open, what XLA does on the CPU.
#include "ir/stablehlo/rules.h"
#include "tensor/batch_norm.h"

namespace jaxsmith::stablehlo {

Results reduce_rule(const Call& c) {
  const std::size_t n = c.size() / 2;
  require(c.size() % 2 == 0, "as many initial values are wanted as operands");
  const auto operands = c.arrays(0, n), inits = c.arrays(n, c.size());
  return results_of(tensor::reduce(operands, inits, c.ints("dimensions"), c.body(0)));
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
  const std::size_t n = c.size() / 2;
  require(c.size() % 2 == 0, "as many initial values are wanted as operands");
  const auto operands = c.arrays(0, n), inits = c.arrays(n, c.size());
  return results_of(tensor::reduce_window(operands, inits, window_of(c), c.body(0)));
}

Results select_and_scatter_rule(const Call& c) {
  c.want(3);
  return {tensor::select_and_scatter(c.array(0), c.array(1), c.array(2), window_of(c), c.body(0),
                                     c.body(1))};
}

Results sort_rule(const Call& c) {
  const auto operands = c.arrays(0, c.size());
  std::int64_t dim = c.integer("dimension", -1);
  if (!operands.empty() && dim < 0) dim += operands[0].rank();
  return results_of(tensor::sort(operands, dim, c.body(0), c.flag("is_stable")));
}

namespace {

tensor::BatchNorm batch_norm_options(const Call& c) {
  return {c.real("epsilon"), c.integer("feature_index")};
}

}  // namespace

Results batch_norm_inference_rule(const Call& c) {
  c.want(5);
  return {tensor::batch_norm_inference(c.array(0), c.array(1), c.array(2), c.array(3), c.array(4),
                                       batch_norm_options(c))};
}

Results batch_norm_training_rule(const Call& c) {
  c.want(3);
  return results_of(
      tensor::batch_norm_training(c.array(0), c.array(1), c.array(2), batch_norm_options(c)));
}

Results batch_norm_grad_rule(const Call& c) {
  c.want(5);
  return results_of(tensor::batch_norm_grad(c.array(0), c.array(1), c.array(2), c.array(3),
                                            c.array(4), batch_norm_options(c)));
}

Results map_rule(const Call& c) {
  const auto operands = c.arrays(0, c.size());
  return results_of(tensor::map(operands, c.body(0)));
}

Results top_k_rule(const Call& c) { return results_of(tensor::top_k(c.array(0), c.integer("k"))); }

}  // namespace jaxsmith::stablehlo
