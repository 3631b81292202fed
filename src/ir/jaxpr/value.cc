#include "ir/jaxpr/value.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "ir/common/diagnostic.h"
#include "tensor/convert.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

constexpr std::size_t kMostDimensions = 64;  // as many as NumPy's arrays have

bool in_number(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '+' || c == '-';
}

std::optional<double> real_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  // What is too large or too small for a double is infinite or zero, as Python reads it.
  if (error == std::errc::result_out_of_range)
    return std::strtod(std::string(text).c_str(), nullptr);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text == "True") return 1;
  if (text == "False") return 0;
  std::int64_t value = 0;
  const char* last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, value);
  if (error == std::errc() && end == last) return value;
  std::uint64_t large = 0;
  auto [large_end, large_error] = std::from_chars(text.data(), last, large);
  if (large_error == std::errc() && large_end == last) return static_cast<std::int64_t>(large);
  return std::nullopt;
}

// 1.5, 2j, 1+2j, -nan-infj
std::optional<std::complex<double>> complex_number(std::string_view text) {
  if (!text.ends_with('j')) {
    const auto real = real_number(text);
    return real ? std::optional<std::complex<double>>({*real, 0}) : std::nullopt;
  }
  text.remove_suffix(1);
  std::size_t split = 0;
  for (std::size_t i = 1; i < text.size(); ++i)
    if ((text[i] == '+' || text[i] == '-') && text[i - 1] != 'e') split = i;
  const auto real = split ? real_number(text.substr(0, split)) : 0.0;
  const auto imaginary = real_number(text.substr(split));
  if (!real || !imaginary) return std::nullopt;
  return std::complex<double>(*real, *imaginary);
}

class LiteralReader {
 public:
  LiteralReader(std::string_view text, DType dtype) : text_(text), dtype_(dtype) {}

  Array read(const Shape& shape) {
    if (text_.find("...") != std::string_view::npos)
      unsupported("the elements of this literal are left out of the text");
    for (std::size_t i = 0; i < text_.size();) {
      if (!in_number(text_[i])) {
        ++i;
        continue;
      }
      const std::size_t begin = i;
      while (i < text_.size() && in_number(text_[i])) ++i;
      add(text_.substr(begin, i - begin));
    }
    const auto found = static_cast<std::int64_t>(tensor::is_complex(dtype_)   ? numbers_.size() / 2
                                                 : tensor::is_inexact(dtype_) ? numbers_.size()
                                                                              : integers_.size());
    if (found != Array::typed(dtype_, shape).size())
      invalid(fmt::format("a literal {} of {} numbers", tensor::aval_text(dtype_, shape), found));
    // As large as the text says, which has been read.
    const tensor::EvaluationContext& outside = tensor::EvaluationContext::unmetered();
    if (tensor::is_inexact(dtype_))
      return Array::from(outside, tensor::tensor_from_doubles(dtype_, shape, numbers_));
    return Array::of_ints(outside, dtype_, integers_).reshaped(shape);
  }

 private:
  void add(std::string_view number) {
    if (tensor::is_complex(dtype_)) {
      const auto value = complex_number(number);
      if (!value) refuse(number);
      numbers_.push_back(value->real());
      numbers_.push_back(value->imag());
    } else if (tensor::is_real(dtype_)) {
      const auto value = real_number(number);
      if (!value) refuse(number);
      numbers_.push_back(*value);
    } else {
      const auto value = whole_number(number);
      if (!value || tensor::wrap(dtype_, *value) != *value) refuse(number);
      integers_.push_back(*value);
    }
  }
  [[noreturn]] void refuse(std::string_view number) const {
    invalid(fmt::format("{} is no literal of type {}", number.substr(0, 40),
                        tensor::jaxpr_name(dtype_)));
  }

  std::string_view text_;
  DType dtype_;
  std::vector<double> numbers_;
  Ints integers_;
};

}  // namespace

Value Value::keys(KeyKind kind, std::vector<Array> words) {
  Value v;
  v.kind = Kind::kKey;
  v.key = kind;
  v.words = std::move(words);
  return v;
}

Value Value::ref(Array content) {
  Value v;
  v.kind = Kind::kRef;
  v.cell = std::make_shared<Array>(std::move(content));
  return v;
}

Value Value::lost() {
  Value v;
  v.kind = Kind::kLost;
  return v;
}

const Array& Value::as_array() const {
  if (kind == Kind::kLost)
    invalid(
        "it depends on a value that the text does not tell: one of several variables _, or a "
        "constant of a jaxpr within");
  if (kind != Kind::kArray)
    invalid(fmt::format("an array is wanted here, not {}", type_text(*this)));
  return array;
}

bool Value::abstract() const {
  switch (kind) {
    case Kind::kArray:
      return array.abstract();
    case Kind::kKey:
      return words[0].abstract();
    case Kind::kRef:
      return cell->abstract();
    default:
      return false;
  }
}

Value Type::abstract() const {
  if (kind == Kind::kToken) return {};
  if (kind == Kind::kKey)
    return Value::keys(key, std::vector<Array>(static_cast<std::size_t>(tensor::words_per_key(key)),
                                               Array::typed(DType::kU32, shape)));
  return is_ref ? Value::ref(Array::typed(dtype, shape)) : Value(Array::typed(dtype, shape));
}

bool Type::holds(const Value& v) const {
  if (v.kind == Value::Kind::kLost) return true;
  const auto same = [this](const Array& a) { return a.dtype() == dtype && a.shape() == shape; };
  switch (kind) {
    case Kind::kToken:
      return v.kind == Value::Kind::kToken;
    case Kind::kKey:
      return v.kind == Value::Kind::kKey && v.key == key && v.words[0].shape() == shape;
    default:
      if (is_ref) return v.kind == Value::Kind::kRef && same(*v.cell);
      return v.kind == Value::Kind::kArray && same(v.array);
  }
}

Type type_of(const Aval& aval) {
  Type out;
  out.is_ref = aval.is_ref;
  out.shape = aval.shape;
  if (!aval.is_array) {
    if (aval.dtype != "Tok" && aval.dtype != "Token")
      unsupported(fmt::format("values of type {}", aval.text));
    out.text = aval.dtype;
    return out;
  }
  out.kind = Type::Kind::kArray;
  std::string_view name = aval.dtype;
  if (const auto key = tensor::key_kind_of(name); key && !aval.is_ref) {
    out.kind = Type::Kind::kKey;
    out.key = *key;
    out.dtype = DType::kU32;
  } else if (const auto dtype = tensor::dtype_from_jaxpr_name(name)) {
    out.dtype = *dtype;
  } else if (name == "float0") {  // of derivatives that are nothing; JAX lowers it to bools
    out.dtype = DType::kBool;
  } else {
    unsupported(fmt::format("values of type {}", aval.dtype));
  }
  if (out.shape.size() > kMostDimensions)
    unsupported(fmt::format("values of {} dimensions", out.shape.size()));
  if (Array::typed(out.dtype, out.shape).size() > ir::Limits{}.elements)
    unsupported("a value of so many elements: " + tensor::aval_text(out.dtype, out.shape));
  if (!aval.text.empty())
    out.text = aval.text;
  else
    out.text = out.kind == Type::Kind::kKey
                   ? aval.dtype + tensor::aval_text(out.dtype, out.shape).substr(3)
                   : tensor::aval_text(out.dtype, out.shape);
  return out;
}

std::string type_text(const Value& v) {
  switch (v.kind) {
    case Value::Kind::kArray:
      return v.array.type_text();
    case Value::Kind::kKey:
      return tensor::key_type_name(v.key) + v.words[0].type_text().substr(3);
    case Value::Kind::kRef:
      return fmt::format("Ref{{{}}}", v.cell->type_text());
    case Value::Kind::kLost:
      return "_";
    default:
      return "a token";
  }
}

Array literal_value(const Atom& atom) {
  if (!atom.aval) {
    // Python's own number.
    const bool whole = whole_number(atom.text).has_value();
    const DType dtype = atom.text == "True" || atom.text == "False" ? DType::kBool
                        : whole                                     ? DType::kI32
                                                                    : DType::kF32;
    return LiteralReader(atom.text, dtype).read({});
  }
  const Type type = type_of(*atom.aval);
  if (type.kind != Type::Kind::kArray || type.is_ref)
    invalid(fmt::format("there are no literals of type {}", type.text));
  return LiteralReader(atom.text, type.dtype).read(type.shape);
}

Array key_words(const Value& keys) {
  std::vector<Array> parts;
  Shape shape = keys.words[0].shape();
  shape.push_back(1);
  for (const Array& word : keys.words) parts.push_back(word.reshaped(shape));
  return tensor::concatenate(parts, static_cast<std::int64_t>(shape.size()) - 1);
}

Value keys_from_words(KeyKind kind, const Array& words) {
  const std::int64_t n = tensor::words_per_key(kind);
  if (words.dtype() != DType::kU32 || words.rank() < 1 || words.shape().back() != n)
    invalid(fmt::format("keys are u32[…,{}], not {}", n, words.type_text()));
  Shape outer = words.shape();
  outer.pop_back();
  Ints start(words.shape().size(), 0), limit = words.shape(), ones(words.shape().size(), 1);
  std::vector<Array> out;
  for (std::int64_t i = 0; i < n; ++i) {
    start.back() = i;
    limit.back() = i + 1;
    out.push_back(tensor::slice(words, start, limit, ones).reshaped(outer));
  }
  return Value::keys(kind, std::move(out));
}

}  // namespace jaxsmith::jaxpr
