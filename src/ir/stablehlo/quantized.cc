#include "ir/stablehlo/quantized.h"

#include <cstdlib>

#include "ir/stablehlo/scanner.h"
#include "tensor/elementwise.h"
#include "tensor/movement.h"

namespace jaxsmith::stablehlo {
namespace {

std::optional<DType> storage_named(std::string_view name) {
  std::string mlir(name);
  if (mlir.starts_with("si")) mlir.erase(0, 1);
  if (mlir.size() > 1 && mlir[0] == 'u' && is_digit(mlir[1])) mlir.insert(1, 1, 'i');
  const auto dtype = dtype_from_mlir(mlir);
  return dtype && tensor::is_integer(*dtype) && tensor::bit_width(*dtype) <= 32 ? dtype
                                                                                : std::nullopt;
}

// scale or scale:zero_point
void parameters(Scanner& in, Quantization& q) {
  q.scales.push_back(std::strtod(std::string(in.number()).c_str(), nullptr));
  q.zero_points.push_back(in.take(":") ? in.integer() : 0);
}

// storage<lowest:highest>:expressed:dimension, scale:zero_point
Quantization parse(Scanner& in) {
  Quantization q;
  in.expect("!quant.uniform");
  in.expect("<");
  const auto storage = storage_named(in.word("a storage type"));
  if (!storage) in.refuse("expected an integer type of at most 32 bits");
  q.storage = *storage;
  const int bits = tensor::bit_width(q.storage);
  q.lowest = tensor::is_unsigned(q.storage) ? 0 : -(std::int64_t{1} << (bits - 1));
  q.highest = q.lowest + (std::int64_t{1} << bits) - 1;
  if (in.take("<")) {
    q.lowest = in.integer();
    in.expect(":");
    q.highest = in.integer();
    in.expect(">");
  }
  in.expect(":");
  const auto expressed = dtype_from_mlir(in.word("an expressed type"));
  if (!expressed || !tensor::is_real(*expressed)) in.refuse("expected a type of floats");
  q.expressed = *expressed;
  if (in.take(":")) q.dimension = in.integer();
  in.expect(",");
  if (q.dimension) {
    in.expect("{");
    do {
      parameters(in, q);
    } while (in.take(","));
    in.expect("}");
  } else {
    parameters(in, q);
  }
  in.expect(">");
  if (!in.at_end()) in.refuse("expected the end of the type");
  return q;
}

// Of the expressed type, laid out beside an array.
Array beside(const Quantization& q, const Array& x, const Array& values) {
  const Array expressed = tensor::convert(values, q.expressed);
  if (!q.dimension) return expressed;
  const auto d = static_cast<std::size_t>(*q.dimension);
  if (*q.dimension < 0 || *q.dimension >= x.rank() || x.shape()[d] != values.size())
    invalid("scales are not as many as the quantized dimension has indices");
  return tensor::broadcast_in_dim(expressed, x.shape(), {*q.dimension});
}

Array scales_of(const Quantization& q, const Array& x) {
  Array values = x.zeros(DType::kF64,
                         q.dimension ? Shape{static_cast<std::int64_t>(q.scales.size())} : Shape{});
  std::copy(q.scales.begin(), q.scales.end(), values.mutate<double>().begin());
  return beside(q, x, values);
}

Array zero_points_of(const Quantization& q, const Array& x) {
  const Array values = Array::of_ints(x.context(), DType::kI64, q.zero_points);
  return beside(q, x, q.dimension ? values : values.reshaped({}));
}

}  // namespace

std::shared_ptr<const Quantization> parse_quantized(std::string_view element) {
  if (!element.starts_with("!quant.uniform")) return nullptr;
  try {
    Scanner in(element);
    return std::make_shared<const Quantization>(parse(in));
  } catch (const ir::Refused&) {
    return nullptr;
  }
}

Array dequantize(const Quantization& q, const Array& stored) {
  if (stored.dtype() != q.storage) invalid("the operand is not of the type that is stored");
  if (stored.abstract()) return Array::typed(q.expressed, stored.shape());
  const Array shifted = tensor::binary(
      tensor::Binary::subtract, tensor::convert(stored, q.expressed), zero_points_of(q, stored));
  return tensor::binary(tensor::Binary::multiply, shifted, scales_of(q, stored));
}

Array quantize(const Quantization& q, const Array& real) {
  if (real.dtype() != q.expressed) invalid("the operand is not of the type that is expressed");
  if (real.abstract()) return Array::typed(q.storage, real.shape());
  const Array scaled = tensor::binary(tensor::Binary::divide, real, scales_of(q, real));
  const Array shifted = tensor::binary(tensor::Binary::add, scaled, zero_points_of(q, real));
  const auto limit = [&](std::int64_t n) {
    return real.scalar(q.expressed, static_cast<double>(n));
  };
  const Array within = tensor::clamp(limit(q.lowest), shifted, limit(q.highest));
  return tensor::convert(tensor::unary(tensor::Unary::round_nearest_even, within), q.storage);
}

}  // namespace jaxsmith::stablehlo
