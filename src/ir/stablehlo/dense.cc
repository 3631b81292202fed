#include "ir/stablehlo/dense.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "tensor/elementwise.h"

namespace jaxsmith::stablehlo {

using tensor::Lane;

namespace {

// Elements above which MLIR prints a constant's bytes.
constexpr std::int64_t kMostInText = 100;

Literal::Scalar parse_scalar(Scanner& in) {
  Literal::Scalar s;
  if (in.take("(")) {
    s.pair = true;
    s.text = in.number();
    in.expect(",");
    s.imaginary = in.number();
    in.expect(")");
  } else if (in.starts("true") || in.starts("false")) {
    s.text = in.word("true or false");
  } else {
    s.text = in.number();
  }
  return s;
}

// Fills in the sizes of a level of lists and checks that its lists have one size.
void parse_list(Scanner& in, Literal& out, std::size_t dim, ir::Depth& depth) {
  const ir::Nesting level(depth, [&] { in.refuse("lists are nested too deeply"); });
  const std::size_t start = in.offset();
  in.expect("[");
  std::int64_t n = 0;
  if (in.peek() != ']') {
    do {
      if (in.peek() == '[')
        parse_list(in, out, dim + 1, depth);
      else
        out.scalars.push_back(parse_scalar(in));
      ++n;
    } while (in.take(","));
  }
  in.expect("]");
  if (out.shape.size() <= dim) out.shape.resize(dim + 1, -1);
  if (out.shape[dim] == -1) out.shape[dim] = n;
  if (out.shape[dim] != n) in.refuse_at(start, "lists of different lengths");
}

std::string bytes_of_hex(const std::string& text, const Scanner& in, std::size_t offset) {
  std::string out;
  if (text.size() % 2 || !text.starts_with("0x"))
    in.refuse_at(offset, "expected 0x and pairs of digits");
  const auto digit = [&](char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    in.refuse_at(offset, "expected 0x and pairs of digits");
  };
  out.reserve(text.size() / 2);
  for (std::size_t i = 2; i < text.size(); i += 2)
    out += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return out;
}

[[noreturn]] void refuse_decimal_integer(std::string_view text, const Scanner& in,
                                         std::size_t offset) {
  in.refuse_at(offset, fmt::format("a float is written with a point, {}.0, or as its bits", text));
}

bool is_decimal_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

double real_of(std::string_view text, DType dtype, const Scanner& in, std::size_t offset) {
  if (is_decimal_integer(text)) refuse_decimal_integer(text, in, offset);
  const auto value = float_of(text, dtype);
  if (!value) in.refuse_at(offset, "a number or the bits of a float are wanted");
  return *value;
}

// The bits of an integer, in more of them as in 64. Without a minus it may be what an unsigned type
// holds where the type leaves the sign open: 255 is -1 of i8. MLIR has no -0.
std::uint64_t integer_in(std::string_view text, const IntegerType& type, std::string_view name,
                         const Scanner& in, std::size_t offset) {
  const bool negative = text[0] == '-';
  std::string_view digits = text.substr(negative ? 1 : 0);
  int base = 10;
  if (digits.starts_with("0x")) {
    digits.remove_prefix(2);
    base = 16;
  }
  std::uint64_t value = 0;
  const auto done = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (done.ptr != digits.data() + digits.size())
    in.refuse_at(offset, fmt::format("an integer of the type is wanted, found '{}'", text));
  const bool with_sign = negative || type.sign == IntegerType::Sign::kSigned;
  const std::int64_t bits = std::min<std::int64_t>(type.bits - (with_sign ? 1 : 0), 64);
  const std::uint64_t most =
      (bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - (negative ? 0 : 1));
  const bool no_minus = negative && (value == 0 || type.sign == IntegerType::Sign::kUnsigned);
  // Of wider types the text is kept, and no value is computed with.
  if (type.bits > 64 && done.ec == std::errc::result_out_of_range && !no_minus) return ~value;
  if (done.ec != std::errc() || value > most || no_minus)
    in.refuse_at(offset, fmt::format("{} is no {}", text, name));
  return negative ? -value : value;
}

std::int64_t integer_of(std::string_view text, DType dtype, const Scanner& in, std::size_t offset) {
  if (text == "true" || text == "false") {
    if (dtype != DType::kBool) in.refuse_at(offset, "a number is wanted here, not a bool");
    return text == "true";
  }
  const IntegerType type = {
      tensor::is_unsigned(dtype) ? IntegerType::Sign::kUnsigned : IntegerType::Sign::kLeftOpen,
      tensor::bit_width(dtype)};
  const std::uint64_t pattern = integer_in(text, type, tensor::jaxpr_name(dtype), in, offset);
  return dtype == DType::kBool ? static_cast<std::int64_t>(pattern & 1)
                               : tensor::wrap(dtype, static_cast<std::int64_t>(pattern));
}

void fill(Array& out, const Literal& literal, const Scanner& in) {
  const DType dtype = out.dtype();
  if (tensor::is_complex(dtype)) {
    const DType part = dtype == DType::kC64 ? DType::kF32 : DType::kF64;
    Array wide = out.zeros(DType::kC128, out.shape());
    auto to = wide.mutate<std::complex<double>>();
    for (std::size_t i = 0; i < to.size(); ++i) {
      const auto& s = literal.scalars[i];
      if (!s.pair) in.refuse_at(literal.offset, "a complex number is wanted: (real, imaginary)");
      to[i] = {real_of(s.text, part, in, literal.offset),
               real_of(s.imaginary, part, in, literal.offset)};
    }
    out = tensor::convert(wide, dtype);
    return;
  }
  for (const auto& s : literal.scalars)
    if (s.pair) in.refuse_at(literal.offset, "a pair is no number of this type");
  if (tensor::lane_of(dtype) == Lane::kInt) {
    auto to = out.mutate<std::int64_t>();
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = integer_of(literal.scalars[i].text, dtype, in, literal.offset);
    return;
  }
  Array wide = out.zeros(DType::kF64, out.shape());
  auto to = wide.mutate<double>();
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = real_of(literal.scalars[i].text, dtype, in, literal.offset);
  out = tensor::convert(wide, dtype);
}

}  // namespace

Literal parse_literal(Scanner& in, ir::Depth& depth) {
  Literal out;
  out.offset = in.offset();
  const char c = in.peek();
  if (c == '"') {
    out.hex = true;
    const std::size_t at = in.offset();
    out.bytes = bytes_of_hex(in.string(), in, at);
  } else if (c == '[') {
    parse_list(in, out, 0, depth);
  } else if (c != '>') {
    out.scalars.push_back(parse_scalar(in));
    out.splat = true;
  }
  return out;
}

std::int64_t element_count_of(const Literal& literal, const Type& type, const Scanner& in) {
  if (!type.is_array() && !(type.dtype && type.kind == Type::Kind::kTensor))
    in.refuse_at(literal.offset, "constants of type " + type.text() + " are not supported");
  try {
    return Array::typed(*type.dtype, type.shape).size();
  } catch (const tensor::EvaluationError& e) {
    in.refuse_at(literal.offset, e.message);
  }
}

Array array_of(const Literal& literal, const Type& type, const Scanner& in) {
  const std::int64_t count = element_count_of(literal, type, in);
  const DType dtype = *type.dtype;
  // As large as the text says, which has been read.
  const EvaluationContext& outside = EvaluationContext::unmetered();
  if (literal.hex) {
    const std::size_t one = tensor::byte_size(dtype);
    const auto wanted = static_cast<std::size_t>(count) * one;
    if (literal.bytes.size() == wanted)
      return Array::from(outside, tensor::Tensor{dtype, type.shape, literal.bytes});
    if (literal.bytes.size() == one)
      return Array::from(outside, tensor::Tensor{dtype, {}, literal.bytes});
    // Bools are packed, eight to a byte, the first lowest.
    if (dtype == DType::kBool &&
        literal.bytes.size() == static_cast<std::size_t>((count + 7) / 8)) {
      Array out = Array::zeros(outside, dtype, type.shape);
      auto to = out.mutate<std::int64_t>();
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = literal.bytes[i / 8] >> (i % 8) & 1;
      return out;
    }
    in.refuse_at(literal.offset, fmt::format("{} bytes for {}", literal.bytes.size(), type.text()));
  }
  if (literal.splat) {
    Array one = Array::zeros(outside, dtype, {});
    fill(one, literal, in);
    return one;
  }
  // Lists of no elements may leave out the levels below.
  if (count != static_cast<std::int64_t>(literal.scalars.size()) ||
      (count != 0 && literal.shape != type.shape))
    in.refuse_at(literal.offset,
                 fmt::format("the literal does not have the shape of {}", type.text()));
  Array out = Array::zeros(outside, dtype, type.shape);
  fill(out, literal, in);
  return out;
}

// ---- Printing ----

namespace {

int mantissa_digits(DType dtype) {  // significant bits, the hidden one included
  switch (dtype) {
    case DType::kF64:
      return 53;
    case DType::kF32:
      return 24;
    case DType::kF16:
      return 11;
    case DType::kBF16:
      return 8;
    case DType::kF8E5M2:
    case DType::kF8E5M2FNUZ:
    case DType::kF6E3M2FN:
      return 3;
    case DType::kF8E3M4:
      return 5;
    case DType::kF8E8M0FNU:
      return 1;
    case DType::kF4E2M1FN:
      return 2;
    default:
      return 4;
  }
}

bool reads_back(const std::string& text, double value, DType dtype) {
  const double read = std::strtod(text.c_str(), nullptr);
  const Array wide = Array::scalar(EvaluationContext::unmetered(), DType::kF64, read);
  const Array back = tensor::convert(tensor::convert(wide, dtype), DType::kF64);
  return memcmp(&back.data<double>()[0], &value, sizeof value) == 0;
}

// The decimal digits that LLVM's APFloat::toString takes of a number, the first one first, and the
// power of ten of the last one. It cuts the exact integer m * 5^k down to little more digits than
// are wanted (by its count of bits) before it rounds: that cut can be seen in the result.
struct Digits {
  std::string text;
  int exponent;
};

Digits digits_of(double value, int precision) {
  int binary;
  const double fraction = std::frexp(std::abs(value), &binary);
  auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  const int zeros = std::countr_zero(mantissa);
  mantissa >>= zeros;
  const int e = binary - 53 + zeros;  // value = mantissa * 2^e
  constexpr int kExact = 40;          // more than rounding looks at
  const std::string text = fmt::format("{:.{}e}", std::abs(value), kExact - 1);
  const std::size_t mark = text.find('e');
  const int leading = std::atoi(text.c_str() + mark + 1);
  std::string digits = text.substr(0, 1) + text.substr(2, mark - 2);
  int exponent = e < 0 ? e : 0;
  auto count = static_cast<std::size_t>(leading + 1 - exponent);  // of the exact integer
  const long double bits_exact =
      std::log2(static_cast<long double>(mantissa)) + (e < 0 ? -e * std::log2(5.0L) : e);
  const int bits = static_cast<int>(bits_exact) + 1, wanted = (precision * 196 + 58) / 59;
  if (bits > wanted) {
    const int cut = (bits - wanted) * 59 / 196;
    exponent += cut;
    count -= static_cast<std::size_t>(cut);
  }
  digits.resize(count, '0');
  const auto drop_zeros = [&] {
    while (digits.size() > 1 && digits.back() == '0') {
      digits.pop_back();
      ++exponent;
    }
  };
  drop_zeros();
  const auto most = static_cast<std::size_t>(precision);
  if (digits.size() > most) {
    const bool up = digits[most] >= '5';
    exponent += static_cast<int>(digits.size() - most);
    digits.resize(most);
    if (up) {
      while (!digits.empty() && digits.back() == '9') {
        digits.pop_back();
        ++exponent;
      }
      if (digits.empty())
        digits = "1";
      else
        ++digits.back();
    } else {
      drop_zeros();
    }
  }
  return {digits, exponent};
}

// APFloat::toString with its own choice of digits: as many as tell the type's numbers apart,
// without zeros at the end; an exponent where more than three zeros would be needed.
std::string natural(double value, DType dtype) {
  const int precision = 2 + mantissa_digits(dtype) * 59 / 196;
  const auto [digits, exponent] = digits_of(value, precision);
  const int count = static_cast<int>(digits.size());
  constexpr int kMostPadding = 3;
  const int leading = exponent + count - 1;  // power of the first digit
  const bool scientific = exponent >= 0  ? exponent > kMostPadding || count + exponent > precision
                          : leading >= 0 ? false
                                         : -leading > kMostPadding;
  std::string out = std::signbit(value) ? "-" : "";
  if (scientific) {
    out += digits[0];
    out += '.';
    out += count == 1 ? "0" : digits.substr(1);
    return out + fmt::format("E{}{}", leading < 0 ? '-' : '+', std::abs(leading));
  }
  if (exponent >= 0) return out + digits + std::string(static_cast<std::size_t>(exponent), '0');
  const int whole = count + exponent;
  if (whole > 0)
    return out + digits.substr(0, static_cast<std::size_t>(whole)) + "." +
           digits.substr(static_cast<std::size_t>(whole));
  return out + "0." + std::string(static_cast<std::size_t>(-whole), '0') + digits;
}

// With six digits, zeros at the end, and an exponent.
std::string six_digits(double value) {
  std::string out = std::signbit(value) ? "-" : "";
  if (value == 0) return out + "0.000000e+00";
  const auto [digits, exponent] = digits_of(value, 6);
  const int leading = exponent + static_cast<int>(digits.size()) - 1;
  out += digits[0];
  out += '.';
  out += digits.substr(1) + std::string(7 - digits.size(), '0');
  return out + fmt::format("e{}{:02}", leading < 0 ? '-' : '+', std::abs(leading));
}

std::string bits_in_hex(double value, DType dtype) {
  const Array wide = Array::scalar(EvaluationContext::unmetered(), DType::kF64, value);
  const tensor::Tensor t = tensor::convert(wide, dtype).tensor();
  std::string out = "0x";
  for (std::size_t i = t.bytes.size(); i-- > 0;)
    out += fmt::format("{:02X}", static_cast<unsigned char>(t.bytes[i]));
  return out;
}

}  // namespace

std::optional<double> float_of(std::string_view text, DType dtype) {
  const char* end = text.data() + text.size();
  if (text.starts_with("0x")) {
    std::uint64_t bits = 0;
    const auto done = std::from_chars(text.data() + 2, end, bits, 16);
    if (done.ec != std::errc() || done.ptr != end || tensor::is_complex(dtype)) return std::nullopt;
    tensor::Tensor t{dtype, {}, std::string(tensor::byte_size(dtype), '\0')};
    if (const std::size_t width = 8 * t.bytes.size(); width < 64 && bits >> width != 0)
      return std::nullopt;
    memcpy(t.bytes.data(), &bits, t.bytes.size());
    return tensor::convert(Array::from(EvaluationContext::unmetered(), t), DType::kF64)
        .data<double>()[0];
  }
  double value = 0;
  const auto done = std::from_chars(text.data(), end, value);
  if (done.ptr != end) return std::nullopt;
  if (done.ec == std::errc::result_out_of_range)
    value = std::strtod(std::string(text).c_str(), nullptr);
  else if (done.ec != std::errc())
    return std::nullopt;
  return value;
}

std::string number_as(std::string_view text, std::string_view type, const Scanner& in,
                      std::size_t offset) {
  if (const auto integers = integer_type(type)) {
    const std::uint64_t bits = integer_in(text, *integers, type, in, offset);
    if (integers->bits > 64) return std::string(text);
    if (integers->sign == IntegerType::Sign::kUnsigned) return fmt::format("{}", bits);
    const auto unused = static_cast<int>(64 - integers->bits);
    return fmt::format("{}", static_cast<std::int64_t>(bits << unused) >> unused);
  }
  if (is_decimal_integer(text)) refuse_decimal_integer(text, in, offset);
  const auto dtype = dtype_from_mlir(type);
  if (!dtype) return std::string(text);
  if (!tensor::is_real(*dtype))
    in.refuse_at(offset, fmt::format("{} of the type {} is no number", text, type));
  const double value = real_of(text, *dtype, in, offset);
  const Array rounded =
      tensor::convert(Array::scalar(EvaluationContext::unmetered(), DType::kF64, value), *dtype);
  return print_float(tensor::convert(rounded, DType::kF64).data<double>()[0], *dtype);
}

std::string print_float(double value, DType dtype) {
  if (std::isfinite(value)) {
    std::string text = six_digits(value);
    if (reads_back(text, value, dtype)) return text;
    text = natural(value, dtype);
    if (text.find('.') != std::string::npos) return text;
  }
  return bits_in_hex(value, dtype);
}

namespace {

void print_element(const Array& a, std::size_t i, std::string& out) {
  const DType d = a.dtype();
  switch (tensor::lane_of(d)) {
    case Lane::kInt:
      if (d == DType::kBool)
        out += a.ints()[i] ? "true" : "false";
      else if (d == DType::kU64)
        fmt::format_to(std::back_inserter(out), "{}", static_cast<std::uint64_t>(a.ints()[i]));
      else
        fmt::format_to(std::back_inserter(out), "{}", a.ints()[i]);
      break;
    case Lane::kF32:
      out += print_float(static_cast<double>(a.data<float>()[i]), d);
      break;
    case Lane::kF64:
      out += print_float(a.data<double>()[i], d);
      break;
    case Lane::kC64: {
      const auto v = a.data<std::complex<float>>()[i];
      out += "(" + print_float(static_cast<double>(v.real()), DType::kF32) + "," +
             print_float(static_cast<double>(v.imag()), DType::kF32) + ")";
      break;
    }
    case Lane::kC128: {
      const auto v = a.data<std::complex<double>>()[i];
      out +=
          "(" + print_float(v.real(), DType::kF64) + "," + print_float(v.imag(), DType::kF64) + ")";
      break;
    }
  }
}

void print_nested(const Array& a, std::size_t depth, std::size_t& next, std::string& out) {
  if (depth == a.shape().size()) {
    print_element(a, next++, out);
    return;
  }
  out += '[';
  for (std::int64_t i = 0; i < a.shape()[depth]; ++i) {
    if (i) out += ", ";
    print_nested(a, depth + 1, next, out);
  }
  out += ']';
}

}  // namespace

std::string print_literal(const Array& array, bool splat) {
  std::string out;
  if (splat) {
    print_element(array, 0, out);
    return out;
  }
  if (array.size() == 0) return out;
  if (array.size() > kMostInText) {
    tensor::Tensor t = array.tensor();
    if (array.dtype() == DType::kBool) {
      std::string packed((t.bytes.size() + 7) / 8, '\0');
      for (std::size_t i = 0; i < t.bytes.size(); ++i)
        packed[i / 8] = static_cast<char>(packed[i / 8] | (t.bytes[i] ? 1 << (i % 8) : 0));
      t.bytes = std::move(packed);
    }
    constexpr char kDigits[] = "0123456789ABCDEF";
    out = "\"0x";
    out.reserve(2 * t.bytes.size() + 4);
    for (const char c : t.bytes) {
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out + "\"";
  }
  std::size_t next = 0;
  print_nested(array, 0, next, out);
  return out;
}

}  // namespace jaxsmith::stablehlo
