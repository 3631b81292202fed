// Products that sum over dimensions, and Fourier transforms.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "ir/jaxpr/op_table.h"
#include "tensor/contraction.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

// (([1], [0]), ([], [])): contracting dimensions, then batch dimensions.
tensor::DotDims dot_dims(const ParamValue& p) {
  const auto list = [&p](std::size_t pair, std::size_t side) {
    if (pair >= p.items.size() || side >= p.items[pair].items.size())
      invalid("dimension_numbers are not like (([1], [0]), ([], []))");
    auto ints = p.items[pair].items[side].as_ints();
    if (!ints) invalid("dimension_numbers hold what is no list of integers");
    return std::move(*ints);
  };
  return {list(1, 0), list(1, 1), list(0, 0), list(0, 1)};
}

// What the result's type goes by: complex types are above real ones, and these above integers; then
// the wider range, more bits, a sign.
std::array<double, 4> rank_of(DType dtype) {
  const DType part = dtype == DType::kC64    ? DType::kF32
                     : dtype == DType::kC128 ? DType::kF64
                                             : dtype;
  return {tensor::is_complex(dtype) ? 1.0 : 0.0,
          tensor::is_real(part) ? std::log2(tensor::highest(part, false)) : -1,
          static_cast<double>(tensor::bit_width(part)), tensor::is_unsigned(part) ? 0.0 : 1.0};
}

bool is_fp8(DType dtype) { return tensor::is_real(dtype) && tensor::bit_width(dtype) == 8; }

// Operands of different types are converted to the result's, but floats of 8 bits.
struct Product {
  Array lhs, rhs;
  DType type;

  explicit Product(const Call& c) : lhs(c.array(0)), rhs(c.array(1)) {
    type = lhs.dtype();
    if (lhs.dtype() != rhs.dtype() && rank_of(rhs.dtype()) > rank_of(lhs.dtype()))
      type = rhs.dtype();
    if (const auto preferred = c.dtype("preferred_element_type")) type = *preferred;
    if (lhs.dtype() == rhs.dtype() || (is_fp8(lhs.dtype()) && is_fp8(rhs.dtype()))) return;
    lhs = tensor::convert(lhs, type);
    rhs = tensor::convert(rhs, type);
  }
};

Values dot_general_rule(const Call& c) {
  c.want(2);
  const Product p(c);
  return {tensor::dot_general(p.lhs, p.rhs, dot_dims(c.need("dimension_numbers")), p.type)};
}

// ---- ragged_dot_general

// A new first dimension, of the groups: along `dim` each group keeps its own rows, and the others
// are zero. Groups follow one another, each as long as its size says.
Array expanded(const Array& x, const Array& sizes, std::int64_t dim) {
  if (sizes.rank() != 1) unsupported("group sizes of several dimensions");
  if (!tensor::is_integer(sizes.dtype())) invalid("the group sizes are no integers");
  Shape shape = x.shape();
  shape.insert(shape.begin(), sizes.shape()[0]);
  Ints from_second;
  for (std::int64_t d = 1; d <= x.rank(); ++d) from_second.push_back(d);
  const Array spread = tensor::broadcast_in_dim(x, shape, from_second);
  if (sizes.abstract() || x.abstract()) return Array::typed(x.dtype(), shape);
  Ints starts, ends;
  std::int64_t end = 0;
  for (const std::int64_t n : sizes.ints()) {
    starts.push_back(end);
    if (__builtin_add_overflow(end, n, &end)) invalid("the groups' sizes cannot be added up");
    ends.push_back(end);
  }
  const Array row = tensor::iota(x, DType::kI64, shape, dim + 1);
  const auto bound = [&](const Ints& values) {
    return tensor::broadcast_in_dim(Array::of_ints(x.context(), DType::kI64, values), shape, {0});
  };
  const Array own =
      tensor::binary(Binary::and_, tensor::compare(Direction::kLe, false, bound(starts), row),
                     tensor::compare(Direction::kLt, false, row, bound(ends)));
  return tensor::select(own, spread, x.zeros(x.dtype(), {}));
}

Ints raised(Ints dims) {
  for (std::int64_t& d : dims) ++d;
  return dims;
}

Values ragged_dot_general_rule(const Call& c) {
  c.want(3);
  const ParamValue& numbers = c.need("ragged_dot_dimension_numbers");
  const ParamValue* dots = numbers.keyword("dot_dimension_numbers");
  if (!dots) invalid("ragged_dot_dimension_numbers without dot_dimension_numbers");
  const tensor::DotDims dims = dot_dims(*dots);
  const Ints ragged = Call::keyword_ints(numbers, "lhs_ragged_dimensions"),
             groups = Call::keyword_ints(numbers, "rhs_group_dimensions");
  require(ragged.size() == 1, "one ragged dimension is wanted");
  const Product product(c);
  const Array &lhs = product.lhs, &rhs = product.rhs, &sizes = c.array(2);
  if (ragged[0] < 0 || ragged[0] >= lhs.rank())
    invalid(fmt::format("there is no dimension {}", ragged[0]));
  const DType to = product.type;
  if (tensor::contains(dims.lhs_batch, ragged[0])) return {tensor::dot_general(lhs, rhs, dims, to)};
  const auto place = std::find(dims.lhs_contracting.begin(), dims.lhs_contracting.end(), ragged[0]);
  tensor::DotDims grouped{raised(dims.lhs_batch), dims.rhs_batch, raised(dims.lhs_contracting),
                          dims.rhs_contracting};
  if (place == dims.lhs_contracting.end()) {
    require(groups.size() == 1, "one dimension of groups is wanted");
    grouped.lhs_contracting.push_back(0);
    grouped.rhs_contracting.push_back(groups[0]);
    return {tensor::dot_general(expanded(lhs, sizes, ragged[0]), rhs, grouped, to)};
  }
  const auto which = static_cast<std::size_t>(place - dims.lhs_contracting.begin());
  if (which >= dims.rhs_contracting.size())
    invalid("the contracting dimensions do not go together");
  grouped.lhs_batch.insert(grouped.lhs_batch.begin(), 0);
  grouped.rhs_batch = raised(dims.rhs_batch);
  grouped.rhs_batch.insert(grouped.rhs_batch.begin(), 0);
  grouped.rhs_contracting = raised(dims.rhs_contracting);
  return {tensor::dot_general(expanded(lhs, sizes, ragged[0]),
                              expanded(rhs, sizes, dims.rhs_contracting[which]), grouped, to)};
}

// ---- Convolution

// Each of lhs_spec, rhs_spec and out_spec: two dimensions of its own, then the spatial ones.
tensor::ConvolutionDims convolution_dims(const ParamValue& p) {
  tensor::ConvolutionDims out;
  const auto spec = [&p](std::string_view key, std::int64_t& first, std::int64_t& second,
                         Ints& spatial) {
    const Ints all = Call::keyword_ints(p, key);
    if (all.size() < 2) invalid(fmt::format("{} has fewer than two dimensions", key));
    first = all[0];
    second = all[1];
    spatial.assign(all.begin() + 2, all.end());
  };
  spec("lhs_spec", out.input_batch, out.input_feature, out.input_spatial);
  spec("rhs_spec", out.kernel_output_feature, out.kernel_input_feature, out.kernel_spatial);
  spec("out_spec", out.output_batch, out.output_feature, out.output_spatial);
  return out;
}

Values convolution_rule(const Call& c) {
  c.want(2);
  const tensor::ConvolutionDims dims = convolution_dims(c.need("dimension_numbers"));
  tensor::Window w = tensor::Window::of(Ints(dims.input_spatial.size(), 1));
  w.stride = c.ints_or("window_strides", w.rank(), 1);
  w.base_dilation = c.ints_or("lhs_dilation", w.rank(), 1);
  w.dilation = c.ints_or("rhs_dilation", w.rank(), 1);
  w.low.clear();
  w.high.clear();
  for (const Ints& pair : c.rows("padding")) {
    require(pair.size() == 2, "padding has two numbers for each dimension");
    w.low.push_back(pair[0]);
    w.high.push_back(pair[1]);
  }
  require(w.low.size() == w.rank(), "padding has not two numbers for each spatial dimension");
  const Product p(c);
  return {tensor::convolution(p.lhs, p.rhs, dims, w, c.integer("feature_group_count", 1),
                              c.integer("batch_group_count", 1), p.type)};
}

// ---- Fourier transforms

Values fft_rule(const Call& c) {
  c.want(1);
  constexpr std::string_view kKinds[] = {"FFT", "IFFT", "RFFT", "IRFFT"};
  std::string_view word = c.word("fft_type");
  if (const auto n = c.need("fft_type").as_int(); n && *n >= 0 && *n < 4)
    word = kKinds[static_cast<std::size_t>(*n)];
  const auto kind = tensor::fft_kind_named(word);
  if (!kind) invalid("fft_type is none of FFT (0), IFFT, RFFT, IRFFT (3)");
  return {tensor::fft(c.array(0), *kind, c.ints("fft_lengths"))};
}

}  // namespace

void add_contraction_rules(OpRules& rules) {
  rules.push_back({"dot_general", dot_general_rule});
  rules.push_back({"ragged_dot_general", ragged_dot_general_rule});
  rules.push_back({"conv_general_dilated", convolution_rule});
  rules.push_back({"fft", fft_rule});
}

}  // namespace jaxsmith::jaxpr
