#include "stats/results.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <unordered_map>

namespace jaxsmith::stats {
namespace {

using tensor::DType;
using tensor::Tensor;

constexpr std::int64_t kLarge = 4;

// How often the value is there that is there most, by its bytes.
std::int64_t most_of_one(const Tensor& t) {
  const std::size_t size = tensor::byte_size(t.dtype);
  std::unordered_map<std::string_view, std::int64_t> counts;
  std::int64_t most = 0;
  for (std::size_t i = 0; i + size <= t.bytes.size(); i += size)
    most = std::max(most, ++counts[std::string_view(t.bytes).substr(i, size)]);
  return most;
}

// Floating point by its bits: the sign differs, or both are zero; NaN equals nothing.
template <class Bits>
bool negated(const Tensor& a, const Tensor& b, Bits infinity) {
  constexpr Bits kSign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  for (std::size_t i = 0; i + sizeof(Bits) <= a.bytes.size(); i += sizeof(Bits)) {
    Bits x = 0, y = 0;
    std::memcpy(&x, a.bytes.data() + i, sizeof(Bits));
    std::memcpy(&y, b.bytes.data() + i, sizeof(Bits));
    const Bits size = x & static_cast<Bits>(~kSign);
    const bool zeros = size == 0 && (y & static_cast<Bits>(~kSign)) == 0;
    if (!zeros && (static_cast<Bits>(x ^ kSign) != y || size > infinity)) return false;
  }
  return true;
}

bool is_negated(const Tensor& a, const Tensor& b) {
  if (a.dtype != b.dtype || a.bytes.size() != b.bytes.size()) return false;
  switch (a.dtype) {
    case DType::kF16:
      return negated<std::uint16_t>(a, b, 0x7c00);
    case DType::kF32:
      return negated<std::uint32_t>(a, b, 0x7f800000);
    case DType::kF64:
      return negated<std::uint64_t>(a, b, 0x7ff0000000000000);
    default:
      return false;
  }
}

}  // namespace

Results results_of(std::span<const Tensor> inputs, std::span<const Tensor> outputs) {
  Results out;
  for (const Tensor& o : outputs) {
    const std::int64_t count = tensor::element_count(o.shape);
    if (count < kLarge) continue;
    out.large = true;
    const std::int64_t most = most_of_one(o);
    out.constant |= most == count;
    out.half |= 2 * most >= count;
    for (const Tensor& i : inputs)
      if (tensor::element_count(i.shape) == count)
        out.copy |= i.bytes == o.bytes || is_negated(i, o);
  }
  return out;
}

}  // namespace jaxsmith::stats
