#include "jaxsmith/json_array.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <complex>
#include <limits>
#include <optional>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "tensor/array.h"
#include "tensor/convert.h"

namespace jaxsmith::cli {

using tensor::DType;

namespace {

using json::Value;

constexpr std::size_t kMostDimensions = 64;  // as NumPy has

// The elements in row-major order; `shape` becomes that of the lists.
Status flatten(const Value& value, std::size_t depth, tensor::Shape& shape,
               std::vector<Value>& elements) {
  if (!value.is_array()) {
    if (depth != shape.size()) return Error::usage("its lists are of different depths");
    elements.push_back(value);
    return {};
  }
  if (depth >= kMostDimensions) return Error::usage("its lists are nested too deeply");
  const auto size = static_cast<std::int64_t>(value.size());
  if (depth == shape.size() && elements.empty())
    shape.push_back(size);
  else if (depth >= shape.size() || shape[depth] != size)
    return Error::usage("its lists are of different lengths");
  for (const Value& item : value) JAXSMITH_CHECK(flatten(item, depth + 1, shape, elements));
  return {};
}

std::optional<double> real_number(const Value& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

// Exactly, not by way of a float; those beyond 2^63 by their bits.
std::optional<std::int64_t> whole_number(const Value& value, DType dtype) {
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_number_integer()) return std::nullopt;
  const bool below_zero = !value.is_number_unsigned() && value.get<std::int64_t>() < 0;
  const auto bits = value.get<std::int64_t>();
  if (below_zero != (bits < 0) && dtype != DType::kU64) return std::nullopt;
  if (below_zero && (tensor::is_unsigned(dtype) || dtype == DType::kBool)) return std::nullopt;
  const bool held =
      tensor::Array::of_ints(tensor::EvaluationContext::unmetered(), dtype, std::vector{bits})
          .int_at(0) == bits;
  return held ? std::optional(bits) : std::nullopt;
}

// "1+2j", "-2.5j", "inf-nanj", as Python writes them; a real number alone.
std::optional<std::complex<double>> complex_number(const Value& value) {
  if (const auto real = real_number(value)) return *real;
  if (!value.is_string()) return std::nullopt;
  const std::string& all = value.get_ref<const std::string&>();
  std::string_view rest = all;
  if (rest.starts_with('(') && rest.ends_with(')')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return std::nullopt;
  std::complex<double> out;
  for (bool first = true; !rest.empty(); first = false) {
    const bool plus = rest.starts_with('+');
    if (!first && !plus && !rest.starts_with('-')) return std::nullopt;
    if (plus) rest.remove_prefix(1);
    double part = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), part);
    if (error != std::errc() || (plus && rest.starts_with('-'))) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest == "j") return std::complex<double>(out.real(), part);
    if (!first) return std::nullopt;
    out.real(part);
  }
  return out;
}

Error no_number(const Value& value, DType dtype) {
  const std::string how = tensor::is_complex(dtype)   ? R"(2.5, "1+2j", "nan", "inf", "-inf")"
                          : tensor::is_integer(dtype) ? "2"
                          : dtype == DType::kBool     ? "true, false"
                                                      : R"(2.5, "nan", "inf", "-inf")";
  return Error::usage(fmt::format("{} is no {}; one is written as {}",
                                  in_one_line(value.dump(), 60), tensor::jaxpr_name(dtype), how));
}

}  // namespace

bool looks_like_json(const std::string& text) {
  const std::size_t start = text.find_first_not_of(" \t\n");
  if (start == text.npos || text.ends_with(".npy")) return false;
  constexpr std::string_view kWords[] = {"true", "false", "null",     "nan",      "inf",
                                         "-inf", "NaN",   "Infinity", "-Infinity"};
  return std::string_view("[{\"").find(text[start]) != std::string_view::npos ||
         text.find_first_not_of("-+.0123456789eE \t\n") == text.npos ||
         std::ranges::find(kWords, text) != std::end(kWords);
}

Result<tensor::Tensor> array_from_json(const std::string& text, DType dtype) {
  Value value;
  try {
    value = json::parse(text, {.depth = kMostDimensions});
  } catch (const std::runtime_error& error) {
    return Error::usage(
        fmt::format("{}; numbers are written as 2.5 or [[1, 2], [3, 4]]", error.what()));
  }
  tensor::Shape shape;
  std::vector<Value> elements;
  JAXSMITH_CHECK(flatten(value, 0, shape, elements));
  if (tensor::is_integer(dtype) || dtype == DType::kBool) {
    std::vector<std::int64_t> numbers;
    for (const Value& element : elements) {
      const auto number = whole_number(element, dtype);
      if (!number) return no_number(element, dtype);
      numbers.push_back(*number);
    }
    return tensor::Array::of_ints(tensor::EvaluationContext::unmetered(), dtype, numbers)
        .reshaped(shape)
        .tensor();
  }
  std::vector<double> numbers;
  for (const Value& element : elements) {
    if (tensor::is_complex(dtype)) {
      const auto number = complex_number(element);
      if (!number) return no_number(element, dtype);
      numbers.insert(numbers.end(), {number->real(), number->imag()});
      continue;
    }
    const auto number = real_number(element);
    if (!number) return no_number(element, dtype);
    numbers.push_back(*number);
  }
  return tensor::tensor_from_doubles(dtype, shape, numbers);
}

}  // namespace jaxsmith::cli
