#include "tensor/array.h"

#include <fmt/format.h>
#include <string.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "tensor/convert.h"
#include "tensor/narrow.h"

namespace jaxsmith::tensor {

class Buffer {
 public:
  Buffer(const EvaluationContext& context, std::size_t bytes) : context_(context) {
    context_.take(static_cast<std::int64_t>(bytes));
    data_ = std::calloc(bytes ? bytes : 1, 1);
    if (!data_) {
      context_.give_back(static_cast<std::int64_t>(bytes));
      throw EvaluationError{EvaluationError::Kind::kBudget,
                            fmt::format("there is no memory for {} bytes", bytes)};
    }
    bytes_ = bytes;
  }
  // The same memory in another evaluation.
  Buffer(const EvaluationContext& context, const std::shared_ptr<Buffer>& other)
      : context_(context),
        owner_(other->owner_ ? other->owner_ : other),
        data_(other->data_),
        bytes_(other->bytes_) {}
  ~Buffer() {
    if (owner_) return;
    std::free(data_);
    context_.give_back(static_cast<std::int64_t>(bytes_));
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  const EvaluationContext& context() const { return context_; }
  bool shared() const { return owner_ != nullptr; }

  std::shared_ptr<Buffer> before_rounding;

 private:
  EvaluationContext context_;
  std::shared_ptr<Buffer> owner_;  // of the memory, where it is not this one's
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

Lane lane_of(DType dtype) {
  switch (dtype_class(dtype)) {
    case DTypeClass::kComplex:
      return dtype == DType::kC64 ? Lane::kC64 : Lane::kC128;
    case DTypeClass::kReal:
      return dtype == DType::kF64 ? Lane::kF64 : Lane::kF32;
    default:
      return Lane::kInt;
  }
}

std::size_t lane_bytes(Lane lane) { return lane == Lane::kF32 ? 4 : lane == Lane::kC128 ? 16 : 8; }

Array::Array(DType dtype, Shape shape, const EvaluationContext* context)
    : dtype_(dtype), shape_(std::move(shape)) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 64;
  constexpr std::int64_t kLargestDim = std::int64_t{1} << 48;
  constexpr std::size_t kMostDims = 1024;
  if (shape_.size() > kMostDims)
    unsupported(fmt::format("an array of more than {} dimensions", kMostDims));
  size_ = 1;
  for (const std::int64_t n : shape_) {
    require(n >= 0, "a dimension is negative");
    require(n <= kLargestDim, "a dimension is over 2^48");
    if (n > 0 && size_ > kMost / n) {
      if (!context) invalid("an array has more elements than can be counted");
      throw EvaluationError{EvaluationError::Kind::kBudget,
                            "an array has more elements than memory"};
    }
    size_ *= n;
  }
  if (context)
    buffer_ = std::make_shared<Buffer>(
        *context, static_cast<std::size_t>(size_) * lane_bytes(lane_of(dtype)));
}

Array Array::zeros(const EvaluationContext& context, DType dtype, Shape shape) {
  return Array(dtype, std::move(shape), &context);
}

Array Array::typed(DType dtype, Shape shape) { return Array(dtype, std::move(shape), nullptr); }

Array Array::result(std::initializer_list<const Array*> operands, DType dtype, Shape shape) {
  if (any_abstract(operands)) return typed(dtype, std::move(shape));
  return Array(dtype, std::move(shape), &context_of(operands));
}

const EvaluationContext& Array::context_of(std::initializer_list<const Array*> operands) {
  // What comes from outside counts where it is used.
  for (const Array* a : operands)
    if (a->context().metered()) return a->context();
  return EvaluationContext::unmetered();
}

const EvaluationContext& Array::context() const {
  return buffer_ ? buffer_->context() : EvaluationContext::unmetered();
}

Array Array::within(const EvaluationContext& context) const {
  Array out = *this;
  if (buffer_ && !buffer_->context().same(context))
    out.buffer_ = std::make_shared<Buffer>(context, buffer_);
  return out;
}

const void* Array::raw() const { return buffer_->data(); }

void* Array::raw_mutable() {
  if (buffer_.use_count() != 1 || buffer_->shared()) {
    auto copy = std::make_shared<Buffer>(buffer_->context(), buffer_->bytes());
    memcpy(copy->data(), buffer_->data(), buffer_->bytes());
    buffer_ = std::move(copy);
  }
  buffer_->before_rounding.reset();
  return buffer_->data();
}

std::optional<Array> Array::before_rounding() const {
  if (!buffer_ || !buffer_->before_rounding) return std::nullopt;
  Array out = typed(DType::kF32, shape_);
  out.buffer_ = buffer_->before_rounding;
  return out;
}

Array Array::reshaped(Shape shape) const {
  Array out = typed(dtype_, std::move(shape));
  if (out.size_ != size_)
    invalid(fmt::format("{} elements cannot have the shape of {}", size_, out.type_text()));
  out.buffer_ = buffer_;
  return out;
}

Array Array::as_dtype(DType dtype) const {
  require(lane_of(dtype) == lane_of(dtype_), "types of different lanes");
  Array out = *this;
  out.dtype_ = dtype;
  return out;
}

namespace {

template <class Stored, class T>
void widen(const std::string& bytes, std::span<T> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored s;
    memcpy(&s, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = static_cast<T>(s);
  }
}

template <class Stored, class T>
void shrink(std::span<const T> in, std::string& bytes) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Stored s = static_cast<Stored>(in[i]);
    memcpy(bytes.data() + i * sizeof(Stored), &s, sizeof(Stored));
  }
}

std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }

float bf16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t float_to_bf16(float value) {
  const std::uint32_t bits = bits_of(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

using Half = _Float16;

}  // namespace

std::optional<std::string> why_no_array(const Tensor& tensor) {
  try {
    Array::typed(tensor.dtype, tensor.shape);
  } catch (const EvaluationError& e) {
    return e.message;
  }
  const bool is_signed = is_signed_integer(tensor.dtype);
  if (!is_narrow(tensor.dtype) || !is_integer(tensor.dtype)) return std::nullopt;
  // Negative ones are there both ways: with their sign in the bits above, and, as JAX gives them,
  // with zeros.
  for (std::size_t i = 0; i < tensor.bytes.size(); ++i) {
    const auto bits = static_cast<std::uint8_t>(tensor.bytes[i]);
    const std::int64_t value = is_signed ? static_cast<std::int8_t>(bits) : bits;
    if (bits >> bit_width(tensor.dtype) != 0 && wrap(tensor.dtype, value) != value)
      return fmt::format("element {} is {}, which is no {}", i, value, jaxpr_name(tensor.dtype));
  }
  return std::nullopt;
}

Array Array::from(const EvaluationContext& context, const Tensor& t) {
  const std::int64_t size = typed(t.dtype, t.shape).size();
  require(t.bytes.size() == static_cast<std::size_t>(size) * byte_size(t.dtype),
          "an array's bytes are not as many as its type needs");
  Array out = zeros(context, t.dtype, t.shape);
  switch (t.dtype) {
    case DType::kI8:
    case DType::kI2:
    case DType::kI4:
      widen<std::int8_t>(t.bytes, out.mutate<std::int64_t>());
      break;
    case DType::kI16:
      widen<std::int16_t>(t.bytes, out.mutate<std::int64_t>());
      break;
    case DType::kI32:
      widen<std::int32_t>(t.bytes, out.mutate<std::int64_t>());
      break;
    case DType::kI64:
    case DType::kU64:
      widen<std::int64_t>(t.bytes, out.mutate<std::int64_t>());
      break;
    case DType::kBool: {  // as NumPy takes them: whatever is not zero is true
      auto to = out.mutate<std::int64_t>();
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = t.bytes[i] != 0;
      break;
    }
    case DType::kU8:
    case DType::kU2:
    case DType::kU4:
      widen<std::uint8_t>(t.bytes, out.mutate<std::int64_t>());
      break;
    case DType::kU16:
      widen<std::uint16_t>(t.bytes, out.mutate<std::int64_t>());
      break;
    case DType::kU32:
      widen<std::uint32_t>(t.bytes, out.mutate<std::int64_t>());
      break;
    case DType::kF16:
      widen<Half>(t.bytes, out.mutate<float>());
      break;
    case DType::kBF16: {
      auto to = out.mutate<float>();
      for (std::size_t i = 0; i < to.size(); ++i) {
        std::uint16_t bits;
        memcpy(&bits, t.bytes.data() + 2 * i, 2);
        to[i] = bf16_to_float(bits);
      }
      break;
    }
    case DType::kF32:
    case DType::kF64:
    case DType::kC64:
    case DType::kC128:
      memcpy(out.raw_mutable(), t.bytes.data(), t.bytes.size());
      break;
    default: {
      auto to = out.mutate<float>();
      for (std::size_t i = 0; i < to.size(); ++i)
        to[i] =
            static_cast<float>(narrow_to_double(t.dtype, static_cast<std::uint8_t>(t.bytes[i])));
    }
  }
  if (lane_of(t.dtype) == Lane::kInt && is_narrow(t.dtype)) settle(out);
  return out;
}

Tensor Array::tensor() const {
  Tensor t{dtype_, shape_, {}};
  t.bytes.resize(static_cast<std::size_t>(size_) * byte_size(dtype_));
  switch (dtype_) {
    case DType::kI64:
    case DType::kU64:
    case DType::kF32:
    case DType::kF64:
    case DType::kC64:
    case DType::kC128:
      memcpy(t.bytes.data(), raw(), t.bytes.size());
      break;
    case DType::kI16:
    case DType::kU16:
      shrink<std::uint16_t>(ints(), t.bytes);
      break;
    case DType::kI32:
    case DType::kU32:
      shrink<std::uint32_t>(ints(), t.bytes);
      break;
    case DType::kF16:
      shrink<Half>(data<float>(), t.bytes);
      break;
    case DType::kBF16: {
      const auto from = data<float>();
      for (std::size_t i = 0; i < from.size(); ++i) {
        const std::uint16_t bits = float_to_bf16(from[i]);
        memcpy(t.bytes.data() + 2 * i, &bits, 2);
      }
      break;
    }
    default:
      if (lane_of(dtype_) == Lane::kInt) {
        shrink<std::uint8_t>(ints(), t.bytes);
      } else {
        const auto from = data<float>();
        for (std::size_t i = 0; i < from.size(); ++i)
          t.bytes[i] = static_cast<char>(narrow_from_double(dtype_, from[i]));
      }
  }
  return t;
}

namespace {

Array filled(Array out, double value) {
  with_lane(out.dtype(), [&]<class T>(T) { out.mutate<T>()[0] = static_cast<T>(value); });
  settle(out);
  return out;
}

Array filled_int(Array out, std::int64_t value) {
  with_lane(out.dtype(), [&]<class T>(T) {
    if constexpr (std::is_same_v<T, std::complex<float>>)
      out.mutate<T>()[0] = static_cast<float>(value);
    else
      out.mutate<T>()[0] = static_cast<T>(value);
  });
  settle(out);
  return out;
}

}  // namespace

Array Array::scalar(const EvaluationContext& context, DType dtype, double value) {
  return filled(zeros(context, dtype, {}), value);
}

Array Array::scalar_int(const EvaluationContext& context, DType dtype, std::int64_t value) {
  return filled_int(zeros(context, dtype, {}), value);
}

Array Array::scalar(DType dtype, double value) const {
  return abstract() ? typed(dtype, {}) : filled(zeros(dtype, {}), value);
}

Array Array::scalar_int(DType dtype, std::int64_t value) const {
  return abstract() ? typed(dtype, {}) : filled_int(zeros(dtype, {}), value);
}

Array Array::of_ints(const EvaluationContext& context, DType dtype,
                     std::span<const std::int64_t> values) {
  Array out = zeros(context, dtype, {static_cast<std::int64_t>(values.size())});
  auto to = out.mutate<std::int64_t>();
  for (std::size_t i = 0; i < values.size(); ++i) to[i] = wrap(dtype, values[i]);
  return out;
}

int bit_width(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return 1;
    case DType::kI2:
    case DType::kU2:
      return 2;
    case DType::kI4:
    case DType::kU4:
    case DType::kF4E2M1FN:
      return 4;
    case DType::kF6E2M3FN:
    case DType::kF6E3M2FN:
      return 6;
    default:
      return static_cast<int>(8 * byte_size(dtype));
  }
}

bool is_unsigned(DType dtype) { return dtype_class(dtype) == DTypeClass::kUnsigned; }

std::int64_t wrap(DType dtype, std::int64_t value) {
  const int bits = bit_width(dtype);
  if (bits == 64) return value;
  const int drop = 64 - bits;
  const auto up = static_cast<std::uint64_t>(value) << drop;
  if (dtype_class(dtype) == DTypeClass::kSigned) return static_cast<std::int64_t>(up) >> drop;
  return static_cast<std::int64_t>(up >> drop);
}

float round_to(DType dtype, float value) {
  switch (dtype) {
    case DType::kF32:
      return value;
    case DType::kBF16:
      return bf16_to_float(float_to_bf16(value));
    case DType::kF16:
      return static_cast<float>(static_cast<Half>(value));
    default:
      return static_cast<float>(narrow_to_double(dtype, narrow_from_double(dtype, value)));
  }
}

void settle(Array& array) {
  const DType dtype = array.dtype();
  if (lane_of(dtype) == Lane::kInt) {
    if (bit_width(dtype) == 64) return;
    for (auto& x : array.mutate<std::int64_t>()) x = wrap(dtype, x);
  } else if (lane_of(dtype) == Lane::kF32 && dtype != DType::kF32) {
    const Arithmetic& how = array.context().arithmetic();
    if (how.excess_precision && !is_narrow(dtype)) return;
    const auto wide = how.wide_converts && !is_narrow(dtype) ? array.buffer_ : nullptr;
    for (auto& x : array.mutate<float>()) x = round_to(dtype, x);
    array.buffer_->before_rounding = wide;
  }
}

double highest(DType dtype, bool infinite) {
  if (is_real(dtype)) {
    if (infinite && !is_narrow(dtype)) return std::numeric_limits<double>::infinity();
    switch (dtype) {
      case DType::kF64:
        return std::numeric_limits<double>::max();
      case DType::kF16:
        return 65504;
      case DType::kBF16:
        return static_cast<double>(bf16_to_float(0x7f7f));
      case DType::kF32:
        return static_cast<double>(std::numeric_limits<float>::max());
      default: {
        double best = 0;
        for (int bits = 0; bits < 256; ++bits) {
          const double v = narrow_to_double(dtype, static_cast<std::uint8_t>(bits));
          if ((std::isfinite(v) || (infinite && std::isinf(v))) && v > best) best = v;
        }
        return best;
      }
    }
  }
  const int bits = bit_width(dtype) - (is_signed_integer(dtype) ? 1 : 0);
  return std::ldexp(1.0, bits) - 1;
}

Array extreme(const Array& beside, DType dtype, bool lowest) {
  if (is_real(dtype)) {
    const double top = highest(dtype, true);
    return beside.scalar(dtype, lowest ? -top : top);
  }
  const int bits = bit_width(dtype);
  std::int64_t value;
  if (is_signed_integer(dtype)) {
    const std::int64_t low =
        bits == 64 ? std::numeric_limits<std::int64_t>::min() : -(std::int64_t{1} << (bits - 1));
    value = lowest ? low : -(low + 1);
  } else {
    value = lowest ? 0 : -1;
  }
  return beside.scalar_int(dtype, value);
}

Ints row_major_strides(const Shape& shape) {
  Ints strides(shape.size(), 0);
  // A dimension of none hides others, whose product nothing bounds.
  if (contains(shape, 0)) return strides;
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

IndexWalk::IndexWalk(const EvaluationContext& context, const Shape& shape)
    : index_(shape.size(), 0), done_(contains(shape, 0)) {
  context.spend(std::max(element_count(shape), cost_of_rank(shape)));
  axes_.reserve(shape.size());
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (shape[d] != 1) axes_.push_back({d, shape[d]});
}

}  // namespace jaxsmith::tensor
