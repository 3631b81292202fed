#include "ir/hlo/types.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>

#include "ir/hlo/printer.h"
#include "tensor/movement.h"

namespace jaxsmith::hlo {
namespace {

// The types of JAX have the same names in HLO but for bool, signed integers, and an underscore.
std::string name_from_jax(std::string_view jax) {
  if (jax == "bool") return "pred";
  std::string out(jax);
  if (out[0] == 'i') out[0] = 's';
  std::erase(out, '_');
  return out;
}

}  // namespace

std::optional<DType> dtype_named(std::string_view name) {
  static const auto* types = [] {
    auto* map = new std::map<std::string, DType, std::less<>>;
#define X(id, jax, numpy, bytes, kind) map->emplace(name_from_jax(jax), DType::id);
    JAXSMITH_DTYPES(X)
#undef X
    return map;
  }();
  const auto found = types->find(name);
  if (found == types->end()) return std::nullopt;
  return found->second;
}

std::string hlo_name(DType dtype) { return name_from_jax(tensor::jaxpr_name(dtype)); }

Ints major_to_minor(const Shape& shape) {
  const auto rank = static_cast<std::int64_t>(shape.dims.size());
  Ints out;
  if (shape.layout && (rank == 0 || !shape.layout->minor_to_major.empty())) {
    out.assign(shape.layout->minor_to_major.rbegin(), shape.layout->minor_to_major.rend());
    if (static_cast<std::int64_t>(out.size()) != rank)
      invalid(fmt::format("the layout of {} has {} dimensions", print(shape), out.size()));
    tensor::require_distinct_dims(out, rank, "the layout");
    return out;
  }
  for (std::int64_t d = 0; d < rank; ++d) out.push_back(d);
  return out;
}

Datum abstract_of(const Shape& shape) {
  if (shape.tuple()) {
    std::vector<Datum> parts;
    for (const Shape& element : shape.elements) parts.push_back(abstract_of(element));
    return Datum::tuple(std::move(parts));
  }
  if (shape.absent()) invalid("its type has to be written");
  if (shape.element == "token") return {};
  const auto dtype = dtype_named(shape.element);
  if (!dtype) tensor::unsupported(fmt::format("values of type {}", print(shape)));
  if (!shape.dynamic.empty())
    tensor::unsupported(fmt::format("values whose dimensions are not known: {}", print(shape)));
  major_to_minor(shape);
  return Array::typed(*dtype, shape.dims);
}

bool has_type(const Datum& d, const Shape& shape) {
  if (shape.tuple()) {
    if (d.kind != Datum::Kind::kTuple || d.parts.size() != shape.elements.size()) return false;
    for (std::size_t i = 0; i < d.parts.size(); ++i)
      if (!has_type(d.parts[i], shape.elements[i])) return false;
    return true;
  }
  if (shape.element == "token") return d.kind == Datum::Kind::kToken;
  return d.kind == Datum::Kind::kArray && d.array.shape() == shape.dims &&
         dtype_named(shape.element) == d.array.dtype();
}

bool same_type(const Datum& a, const Datum& b) {
  if (a.kind != b.kind || a.parts.size() != b.parts.size()) return false;
  for (std::size_t i = 0; i < a.parts.size(); ++i)
    if (!same_type(a.parts[i], b.parts[i])) return false;
  return a.kind != Datum::Kind::kArray || a.array.same_type(b.array);
}

std::string type_text(const Datum& d) {
  if (d.kind == Datum::Kind::kToken) return "token[]";
  if (d.kind == Datum::Kind::kArray)
    return fmt::format("{}[{}]", hlo_name(d.array.dtype()), fmt::join(d.array.shape(), ","));
  std::string out = "(";
  for (const Datum& part : d.parts) {
    if (out.size() > 1) out += ", ";
    if (out.size() > 400) return out + "…)";
    out += type_text(part);
  }
  return out + ")";
}

// ---- Constants ----

namespace {

[[noreturn]] void no_number(std::string_view text, DType dtype) {
  invalid(fmt::format("{} is no {}", text.substr(0, 60), hlo_name(dtype)));
}

std::int64_t integer_of(std::string_view text, DType dtype) {
  if (text == "true") return 1;
  if (text == "false") return 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* end = text.data() + text.size();
  std::int64_t value = 0;
  if (dtype == DType::kU64) {
    std::uint64_t large = 0;
    const auto [at, error] = std::from_chars(text.data(), end, large);
    if (error != std::errc() || at != end) no_number(text, dtype);
    return static_cast<std::int64_t>(large);
  }
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || tensor::wrap(dtype, value) != value)
    no_number(text, dtype);
  return value;
}

// NaN with its payload, the mantissa's bits: nan(0x400001).
template <class T>
T nan_of(std::string_view text, DType dtype) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  Bits bits = std::bit_cast<Bits>(std::numeric_limits<T>::quiet_NaN());
  if (!text.empty()) {
    if (!text.starts_with("(0x") || !text.ends_with(')')) no_number(text, dtype);
    const std::string_view digits = text.substr(3, text.size() - 4);
    Bits payload = 0;
    const char* end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, payload, 16);
    constexpr Bits kMantissa = (Bits{1} << (std::numeric_limits<T>::digits - 1)) - 1;
    if (error != std::errc() || at != end || payload > kMantissa) no_number(text, dtype);
    if (dtype == DType::kF32 || dtype == DType::kF64) bits = (bits & ~kMantissa) | payload;
    if ((bits & kMantissa) == 0) no_number(text, dtype);
  }
  return std::bit_cast<T>(bits);
}

template <class T>
T real_of(std::string_view text, DType dtype) {
  const std::string_view whole = text;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  T value = 0;
  if (text.starts_with("nan")) {
    value = nan_of<T>(text.substr(3), dtype);
  } else {
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (at != end || text.empty() || text[0] == '-') no_number(whole, dtype);
    // Too large or too small; what is too small is rounded.
    if (error == std::errc::result_out_of_range) {
      const double wide = std::strtod(std::string(text).c_str(), nullptr);
      if (wide > 1) no_number(whole, dtype);
      value = static_cast<T>(wide);
    } else if (error != std::errc()) {
      no_number(whole, dtype);
    }
  }
  return negative ? -value : value;
}

void fill(const Literal& literal, Array& out) {
  const DType dtype = out.dtype();
  tensor::with_lane(dtype, [&]<class T>(T) {
    auto to = out.mutate<T>();
    for (std::size_t i = 0; i < to.size(); ++i) {
      if constexpr (std::is_same_v<T, std::int64_t>) {
        to[i] = integer_of(literal[i], dtype);
      } else if constexpr (std::is_floating_point_v<T>) {
        to[i] = real_of<T>(literal[i], dtype);
      } else {
        using Part = typename T::value_type;
        constexpr DType kPart = sizeof(Part) == 4 ? DType::kF32 : DType::kF64;
        to[i] = {real_of<Part>(literal[2 * i], kPart), real_of<Part>(literal[2 * i + 1], kPart)};
      }
    }
  });
  tensor::settle(out);
}

}  // namespace

Datum constant_of(const tensor::EvaluationContext& context, const Literal& literal,
                  const Shape& shape) {
  const Datum type = abstract_of(shape);
  if (shape.tuple()) {
    if (!literal.tuple || literal.elements.size() != shape.elements.size())
      invalid("the constant is no tuple of its type");
    std::vector<Datum> parts;
    for (std::size_t i = 0; i < literal.elements.size(); ++i)
      parts.push_back(constant_of(context, literal.elements[i], shape.elements[i]));
    return Datum::tuple(std::move(parts));
  }
  const Array& a = type.as_array();
  const std::int64_t scalars = a.size() * (tensor::is_complex(a.dtype()) ? 2 : 1);
  if (literal.tuple || literal.dims != shape.dims ||
      static_cast<std::int64_t>(literal.size()) != scalars)
    invalid("the constant has other elements than its type");
  Array out = Array::zeros(context, a.dtype(), a.shape());
  fill(literal, out);
  return out;
}

}  // namespace jaxsmith::hlo
