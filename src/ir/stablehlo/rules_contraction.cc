// Rules of products, convolutions, transforms, linear algebra and random bits. Rules: the StableHLO
// specification (openxla.org/stablehlo/spec) and, where it leaves something open, what XLA does on
// the CPU.
#include "ir/common/convolution_dims.h"
#include "ir/common/operation_rules.h"
#include "ir/stablehlo/rules.h"
#include "tensor/contraction.h"
#include "tensor/linear_algebra.h"
#include "tensor/movement.h"
#include "tensor/random_bits.h"

namespace jaxsmith::stablehlo {

Results dot_general_rule(const Call& c) {
  c.want(2);
  const Attr& a = c.need("dot_dimension_numbers");
  return {tensor::dot_general(
      c.array(0), c.array(1),
      {Call::list_in(a, "lhs_batching_dimensions"), Call::list_in(a, "rhs_batching_dimensions"),
       Call::list_in(a, "lhs_contracting_dimensions"),
       Call::list_in(a, "rhs_contracting_dimensions")},
      c.result_dtype())};
}

Results dot_rule(const Call& c) {
  c.want(2);
  require(c.array(0).rank() >= 1 && c.array(1).rank() >= 1, "dot of a scalar");
  return {tensor::dot_general(c.array(0), c.array(1), {{}, {}, {c.array(0).rank() - 1}, {0}},
                              c.result_dtype())};
}

namespace {

// "[b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1]"
tensor::ConvolutionDims convolution_dims(std::string_view text) {
  std::string_view parts[3];
  std::size_t at = 0;
  for (std::string_view& part : parts) {
    const std::size_t open = text.find('[', at), close = text.find(']', at);
    require(open != std::string::npos && close != std::string::npos && open < close,
            "dimension_numbers are not like [b, 0, f]x[0, i, o]->[b, 0, f]");
    part = text.substr(open + 1, close - open - 1);
    at = close + 1;
  }
  return ir::convolution_dims(parts[0], parts[1], parts[2]);
}

}  // namespace

Results convolution_rule(const Call& c) {
  const tensor::ConvolutionDims dims = convolution_dims(c.need("dimension_numbers").body);
  tensor::Window w = tensor::Window::of(Ints(dims.input_spatial.size(), 1));
  w.stride = c.ints_or("window_strides", w.rank(), 1);
  w.base_dilation = c.ints_or("lhs_dilation", w.rank(), 1);
  w.dilation = c.ints_or("rhs_dilation", w.rank(), 1);
  if (c.size() == 3 && !c.abstract()) {
    // dynamic_conv: the padding is an operand.
    w.set_padding(integers_of(c.array(2)));
  } else if (c.size() == 3) {
    return {Array::typed(c.result_dtype(), c.result_dims())};
  } else {
    w.set_padding(c.ints_or("padding", 2 * w.rank(), 0));
  }
  w.reversed.clear();
  for (const std::int64_t r : c.ints_or("window_reversal", w.rank(), 0))
    w.reversed.push_back(r != 0);
  return {tensor::convolution(c.array(0), c.array(1), dims, w, c.integer("feature_group_count", 1),
                              c.integer("batch_group_count", 1), c.result_dtype())};
}

Results fft_rule(const Call& c) { return {ir::fft_call(c)}; }

Results triangular_solve_rule(const Call& c) {
  c.want(2);
  tensor::TriangularSolve options;
  options.left = c.flag("left_side");
  options.lower = c.flag("lower");
  options.unit_diagonal = c.flag("unit_diagonal");
  options.set_transpose(c.word("transpose_a"));
  return {tensor::triangular_solve(c.array(0), c.array(1), options)};
}

// The triangle that is no factor is left to implementations: XLA leaves what stood there,
// StableHLO's specification has zeros in its example.
Results cholesky_rule(const Call& c) {
  c.want(1);
  const Array factor = tensor::cholesky(c.array(0), c.flag("lower"));
  if (!c.for_interpreter() || c.abstract()) return {factor};
  const Array row = tensor::iota(factor, DType::kI32, factor.shape(), factor.rank() - 2),
              column = tensor::iota(factor, DType::kI32, factor.shape(), factor.rank() - 1);
  const Array kept = tensor::compare(
      c.flag("lower") ? tensor::Direction::kGe : tensor::Direction::kLe, false, row, column);
  return {tensor::select(kept, factor, factor.zeros(factor.dtype(), factor.shape()))};
}

// What it gives is left to implementations.
Results rng_rule(const Call& c) {
  c.want(3);
  return {tensor::unstated_random("rng", c.array(0), c.array(1), c.result_dims())};
}

Results rng_bit_generator_rule(const Call& c) {
  c.want(1);
  const Type& bits = c.result_type(1);
  if (bits.kind != Type::Kind::kTensor || !bits.dtype) invalid("the second result is no array");
  auto out = tensor::random_bits(c.word("rng_algorithm") == "THREE_FRY"
                                     ? tensor::RandomAlgorithm::kThreefry
                                     : tensor::RandomAlgorithm::kPhilox,
                                 c.array(0), *bits.dtype, bits.shape);
  return {out.first, out.second};
}

}  // namespace jaxsmith::stablehlo
