#include "jaxsmith/json_array.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "tensor/array.h"
#include "tensor/convert.h"

namespace jaxsmith::cli {

using tensor::DType;

namespace {

using nlohmann::json;

constexpr std::size_t kMostDimensions = 64;  // as NumPy has

// The elements in row-major order; `shape` becomes that of the lists.
Status flatten(const json& value, std::size_t depth, tensor::Shape& shape,
               std::vector<json>& elements) {
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
  for (const json& item : value) JAXSMITH_CHECK(flatten(item, depth + 1, shape, elements));
  return {};
}

std::optional<double> real_number(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

// Exactly, not by way of a float; those beyond 2^63 by their bits.
std::optional<std::int64_t> whole_number(const json& value, DType dtype) {
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

Error no_number(const json& value, DType dtype) {
  return Error::usage(fmt::format("{} is no {}", value.dump(), tensor::jaxpr_name(dtype)));
}

}  // namespace

bool looks_like_json(const std::string& text) {
  return !text.ends_with(".npy") &&
         text.find_first_not_of("-+.0123456789eE[], \t\n\"truefalsinf") == std::string::npos;
}

Result<tensor::Tensor> array_from_json(const std::string& text, DType dtype) {
  const json value = json::parse(text, nullptr, false);
  if (value.is_discarded())
    return Error::usage("it is no JSON: numbers are written as 2.5 or [[1, 2], [3, 4]]");
  tensor::Shape shape;
  std::vector<json> elements;
  JAXSMITH_CHECK(flatten(value, 0, shape, elements));
  if (tensor::is_integer(dtype) || dtype == DType::kBool) {
    std::vector<std::int64_t> numbers;
    for (const json& element : elements) {
      const auto number = whole_number(element, dtype);
      if (!number) return no_number(element, dtype);
      numbers.push_back(*number);
    }
    return tensor::Array::of_ints(tensor::EvaluationContext::unmetered(), dtype, numbers)
        .reshaped(shape)
        .tensor();
  }
  std::vector<double> numbers;
  for (const json& element : elements) {
    const auto number = real_number(element);
    if (!number) return no_number(element, dtype);
    numbers.push_back(*number);
    if (tensor::is_complex(dtype)) numbers.push_back(0);
  }
  return tensor::tensor_from_doubles(dtype, shape, numbers);
}

}  // namespace jaxsmith::cli
