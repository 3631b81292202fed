#include "tensor/convert.h"

#include <Eigen/Core>
#include <cmath>
#include <cstring>

#include "tensor/narrow.h"

namespace jaxsmith::tensor {
namespace {

template <class T>
void put(std::string& bytes, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  bytes.append(raw, sizeof(T));
}

template <class T>
T get(const Tensor& tensor, std::int64_t i) {
  T value;
  std::memcpy(&value, tensor.bytes.data() + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

int narrow_bits(DType dtype) { return dtype == DType::kI2 || dtype == DType::kU2 ? 2 : 4; }

// The upper bits of the byte are zero, as in NumPy's `tobytes()` of ml_dtypes' integers.
std::uint8_t narrow_integer_bits(DType dtype, double v) {
  return static_cast<std::uint8_t>(static_cast<int>(v) & ((1 << narrow_bits(dtype)) - 1));
}

double narrow_integer(DType dtype, std::uint8_t byte) {
  const int bits = narrow_bits(dtype), value = byte & ((1 << bits) - 1);
  return is_signed_integer(dtype) && value >> (bits - 1) ? value - (1 << bits) : value;
}

void put_number(std::string& bytes, DType dtype, double v) {
  switch (dtype) {
    case DType::kBool:
      return put(bytes, static_cast<std::uint8_t>(v != 0));
    case DType::kI8:
      return put(bytes, static_cast<std::int8_t>(v));
    case DType::kI16:
      return put(bytes, static_cast<std::int16_t>(v));
    case DType::kI32:
      return put(bytes, static_cast<std::int32_t>(v));
    case DType::kI64:
      return put(bytes, static_cast<std::int64_t>(v));
    case DType::kU8:
      return put(bytes, static_cast<std::uint8_t>(v));
    case DType::kU16:
      return put(bytes, static_cast<std::uint16_t>(v));
    case DType::kU32:
      return put(bytes, static_cast<std::uint32_t>(v));
    case DType::kU64:
      return put(bytes, static_cast<std::uint64_t>(v));
    case DType::kF16:
      return put(bytes, Eigen::half(static_cast<float>(v)));
    case DType::kBF16:
      return put(bytes, Eigen::bfloat16(static_cast<float>(v)));
    case DType::kF32:
    case DType::kC64:
      return put(bytes, static_cast<float>(v));
    case DType::kF64:
    case DType::kC128:
      return put(bytes, v);
    default:
      if (is_integer(dtype)) return put(bytes, narrow_integer_bits(dtype, v));
      return put(bytes, narrow_from_double(dtype, v));
  }
}

}  // namespace

Tensor tensor_from_doubles(DType dtype, Shape shape, std::span<const double> numbers) {
  Tensor out{dtype, std::move(shape), {}};
  out.bytes.reserve(numbers.size() * byte_size(dtype));
  for (double v : numbers) put_number(out.bytes, dtype, v);
  return out;
}

std::complex<double> element(const Tensor& t, std::int64_t i) {
  switch (t.dtype) {
    case DType::kBool:
      return get<std::uint8_t>(t, i) != 0 ? 1.0 : 0.0;
    case DType::kI8:
      return get<std::int8_t>(t, i);
    case DType::kI16:
      return get<std::int16_t>(t, i);
    case DType::kI32:
      return get<std::int32_t>(t, i);
    case DType::kI64:
      return static_cast<double>(get<std::int64_t>(t, i));
    case DType::kU8:
      return get<std::uint8_t>(t, i);
    case DType::kU16:
      return get<std::uint16_t>(t, i);
    case DType::kU32:
      return get<std::uint32_t>(t, i);
    case DType::kU64:
      return static_cast<double>(get<std::uint64_t>(t, i));
    case DType::kF16:
      return static_cast<float>(get<Eigen::half>(t, i));
    case DType::kBF16:
      return static_cast<float>(get<Eigen::bfloat16>(t, i));
    case DType::kF32:
      return get<float>(t, i);
    case DType::kF64:
      return get<double>(t, i);
    case DType::kC64:
      return std::complex<double>(get<std::complex<float>>(t, i));
    case DType::kC128:
      return get<std::complex<double>>(t, i);
    default:
      if (is_integer(t.dtype)) return narrow_integer(t.dtype, get<std::uint8_t>(t, i));
      return narrow_to_double(t.dtype, get<std::uint8_t>(t, i));
  }
}

}  // namespace jaxsmith::tensor
