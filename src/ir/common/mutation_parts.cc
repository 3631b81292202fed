#include "ir/common/mutation_parts.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "base/letters.h"
#include "tensor/convert.h"

namespace jaxsmith::ir {

using tensor::Array;
using tensor::DType;

namespace {

using UnaryRow = ElementwiseRow<tensor::Unary>;
using BinaryRow = ElementwiseRow<tensor::Binary>;

constexpr double kExchange = 0.4;  // how often numbers change places rather than become others

// Words of which one stands where another may. HLO, StableHLO and JAX spell them alike, jaxprs'
// comparisons in small letters.
constexpr std::string_view kWordGroups[] = {
    "EQ NE LT LE GT GE", "eq ne lt le gt ge",
    "FFT IFFT",          "NO_TRANSPOSE TRANSPOSE ADJOINT",
    "true false",        "TO_NEAREST_EVEN AWAY_FROM_ZERO",
    "True False",        "CLIP FILL_OR_DROP",
    "clip fill",
};

template <class T>
std::optional<T> picked(std::vector<T> items, Random& random) {
  if (items.empty()) return std::nullopt;
  return random.pick(items);
}

struct Span {
  std::size_t begin, size;
};

// Whole numbers in a text that are no parts of names or of floats.
std::vector<Span> whole_numbers(std::string_view text, bool joined) {
  const auto of_name = [&](char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '+';
  };
  std::vector<Span> out;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_digit(text[end])) ++end;
    const bool within =
        (i > 0 && of_name(text[i - 1])) || (end < text.size() && of_name(text[end]));
    const std::size_t begin = i > 0 && text[i - 1] == '-' ? i - 1 : i;
    if (joined || !within) out.push_back({begin, end - begin});
    i = end;
  }
  return out;
}

// Whether the kernel takes the types and gives that.
template <class Kernel>
bool gives(Kernel kernel, std::span<const DType> operands, DType result) {
  try {
    const Array x = Array::typed(operands[0], {});
    Array out;
    if constexpr (std::is_same_v<Kernel, tensor::Unary>)
      out = tensor::unary(kernel, x);
    else
      out = tensor::binary(kernel, x, Array::typed(operands[1], {}));
    return out.dtype() == result;
  } catch (const tensor::EvaluationError&) {
    return false;
  }
}

// Whether programs have the operation on numbers of a type, beyond what kernels take: parts of
// real numbers, sums of truth values and, in jaxprs, whole numbers as bases are not written.
bool usual_on(DType dtype, Language language, tensor::Unary op) {
  // StableHLO asks for a sign.
  if (language == &ElementwiseNames::stablehlo && tensor::is_unsigned(dtype) &&
      (op == tensor::Unary::abs || op == tensor::Unary::sign))
    return false;
  const bool of_complex =
      op == tensor::Unary::real || op == tensor::Unary::imag || op == tensor::Unary::conj;
  return tensor::is_complex(dtype) || !of_complex;
}
bool usual_on(DType dtype, Language language, tensor::Binary op) {
  using enum tensor::Binary;
  if (dtype == DType::kBool) return op == and_ || op == or_ || op == xor_;
  return op != power || language != &ElementwiseNames::jaxpr || tensor::is_inexact(dtype);
}

bool may_reduce(tensor::Unary) { return false; }
// Those whose operands may be exchanged are those that may be grouped as well.
bool may_reduce(tensor::Binary op) { return tensor::commutes(op); }

bool is_basic(const ElementwiseNames& names) { return names.stablehlo.starts_with("stablehlo."); }

template <class Row>
const Row* row_named(std::span<const Row> rows, Language language, std::string_view name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
    return is_word_of(row.names.*language, name);
  });
  return found == rows.end() ? nullptr : &*found;
}

template <class Row>
std::optional<std::string_view> other_of(std::span<const Row> rows, Language language,
                                         std::string_view name, std::span<const DType> operands,
                                         DType result, bool reduces, Random& random) {
  const Row* own = row_named(rows, language, name);
  if (!own || (reduces && !may_reduce(own->kernel))) return std::nullopt;
  std::vector<std::string_view> others;
  for (const Row& row : rows) {
    const std::string_view other = first_word(row.names.*language);
    if (other.empty() || row.kernel == own->kernel || is_basic(row.names) != is_basic(own->names) ||
        (reduces && !may_reduce(row.kernel)) || !usual_on(operands[0], language, row.kernel))
      continue;
    if (gives(row.kernel, operands, result)) others.push_back(other);
  }
  return picked(std::move(others), random);
}

double rounded(double value, DType dtype) {
  const auto& anywhere = tensor::EvaluationContext::unmetered();
  const Array x = tensor::convert(Array::scalar(anywhere, DType::kF64, value), dtype);
  return tensor::convert(x, DType::kF64).data<double>()[0];
}

}  // namespace

std::optional<std::int64_t> other_integer(std::int64_t value, DType dtype, Random& random) {
  if (dtype == DType::kBool) return value == 0 ? 1 : 0;
  const auto above = [&](std::uint64_t step) {  // without overflow
    return tensor::wrap(dtype, static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + step));
  };
  std::vector<std::int64_t> others = {above(~std::uint64_t{0}), above(1), above(2), 0, 1};
  std::erase(others, value);
  return picked(std::move(others), random);
}

std::optional<double> other_real(double value, DType dtype, Random& random) {
  if (!std::isfinite(value)) return 1;
  std::vector<double> others;
  for (const double other : {value * 2, value / 2, -value, value + 1, 0.0, 1.0}) {
    const double near = rounded(other, dtype);
    if (std::isfinite(near) && near != value) others.push_back(near);
  }
  return picked(std::move(others), random);
}

bool change_integers(std::span<std::int64_t> numbers, Random& random) {
  if (numbers.empty()) return false;
  // Pairs of unlike numbers, by the first of them; lists may be long, so none is kept.
  std::unordered_map<std::int64_t, std::uint64_t> left;
  for (const std::int64_t n : numbers) ++left[n];
  std::vector<std::uint64_t> unlike;
  std::uint64_t pairs = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    unlike.push_back(numbers.size() - i - left[numbers[i]]--);
    pairs += unlike.back();
  }
  if (pairs > 0 && random.chance(kExchange)) {
    std::uint64_t nth = random.below(pairs);
    std::size_t i = 0;
    while (nth >= unlike[i]) nth -= unlike[i++];
    std::size_t j = i + 1;
    while (numbers[j] == numbers[i] || nth-- > 0) ++j;
    std::swap(numbers[i], numbers[j]);
    return true;
  }
  std::int64_t& one = numbers[random.below(numbers.size())];
  const auto other = other_integer(one, DType::kI64, random);
  if (other) one = *other;
  return other.has_value();
}

std::optional<std::string> with_other_numbers(std::string_view text, bool joined, Random& random) {
  const std::vector<Span> places = whole_numbers(text, joined);
  std::vector<std::int64_t> numbers;
  for (const Span& s : places) {
    std::int64_t n = 0;
    const char* end = text.data() + s.begin + s.size;
    if (std::from_chars(text.data() + s.begin, end, n).ptr != end) return std::nullopt;
    numbers.push_back(n);
  }
  if (!change_integers(numbers, random)) return std::nullopt;
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    out += text.substr(at, places[i].begin - at);
    out += std::to_string(numbers[i]);
    at = places[i].begin + places[i].size;
  }
  return out + std::string(text.substr(at));
}

std::optional<std::string> other_word(std::string_view word, Random& random) {
  for (const std::string_view group : kWordGroups) {
    std::vector<std::string_view> others;
    each_word(group, [&](std::string_view each) { others.push_back(each); });
    if (std::erase(others, word) > 0) return std::string(random.pick(others));
  }
  return std::nullopt;
}

std::optional<Array> with_other_element(const Array& array, Random& random) {
  if (array.size() == 0 || array.abstract()) return std::nullopt;
  Array out = array;
  const std::size_t at = random.below(static_cast<std::uint64_t>(array.size()));
  const DType dtype = array.dtype();
  const bool changed = tensor::with_lane(dtype, [&](auto zero) {
    using T = decltype(zero);
    T& element = out.mutate<T>()[at];
    if constexpr (std::is_same_v<T, std::int64_t>) {
      const auto other = other_integer(element, dtype, random);
      if (other) element = *other;
      return other.has_value();
    } else if constexpr (std::is_floating_point_v<T>) {
      const auto other = other_real(element, dtype, random);
      if (other) element = static_cast<T>(*other);
      return other.has_value();
    } else {
      using P = typename T::value_type;
      const DType part = sizeof(P) == sizeof(double) ? DType::kF64 : DType::kF32;
      const auto other = other_real(element.real(), part, random);
      if (other) element = {static_cast<P>(*other), element.imag()};
      return other.has_value();
    }
  });
  if (!changed) return std::nullopt;
  return out;
}

std::optional<std::string_view> other_operation(Language language, std::string_view name,
                                                std::span<const DType> operands, DType result,
                                                bool reduces, Random& random) {
  if (operands.size() == 1)
    return other_of(std::span<const UnaryRow>(kUnaryRows), language, name, operands, result,
                    reduces, random);
  if (operands.size() == 2)
    return other_of(std::span<const BinaryRow>(kBinaryRows), language, name, operands, result,
                    reduces, random);
  return std::nullopt;
}

bool commutes(Language language, std::string_view name) {
  const auto* row = row_named(std::span<const BinaryRow>(kBinaryRows), language, name);
  return row && tensor::commutes(row->kernel);
}

}  // namespace jaxsmith::ir
