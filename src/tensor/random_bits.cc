#include "tensor/random_bits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "tensor/elementwise.h"
#include "tensor/movement.h"

namespace jaxsmith::tensor {
namespace {

using U32 = std::uint32_t;
using U64 = std::uint64_t;

std::array<U32, 4> philox_4x32(std::array<U32, 4> x, std::array<U32, 2> key) {
  constexpr U64 kMultiplyA = 0xD2511F53, kMultiplyB = 0xCD9E8D57;
  constexpr U32 kRaiseA = 0x9E3779B9, kRaiseB = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const U64 a = kMultiplyA * x[0], b = kMultiplyB * x[2];
    x = {static_cast<U32>(b >> 32) ^ x[1] ^ key[0], static_cast<U32>(b),
         static_cast<U32>(a >> 32) ^ x[3] ^ key[1], static_cast<U32>(a)};
    key[0] += kRaiseA;
    key[1] += kRaiseB;
  }
  return x;
}

// The state as u64s.
std::vector<U64> words_of(const Array& state) {
  std::vector<U64> out;
  const auto v = state.ints();
  if (state.dtype() == DType::kU64) {
    for (const std::int64_t w : v) out.push_back(static_cast<U64>(w));
  } else {
    for (std::size_t i = 0; i + 1 < v.size(); i += 2)
      out.push_back(static_cast<U64>(v[i]) | static_cast<U64>(v[i + 1]) << 32);
  }
  return out;
}

Array state_of(const std::vector<U64>& words, const Array& like) {
  Ints out;
  for (const U64 w : words) {
    if (like.dtype() == DType::kU64) {
      out.push_back(static_cast<std::int64_t>(w));
    } else {
      out.push_back(static_cast<std::int64_t>(w & 0xffffffff));
      out.push_back(static_cast<std::int64_t>(w >> 32));
    }
  }
  return Array::of_ints(like.context(), like.dtype(), out);
}

// Two words of a block stand side by side along the first even dimension, or else the largest one,
// which is halved and rounded up.
Array threefry_32(const EvaluationContext& context, U64 key, U64 counter, const Shape& shape,
                  U64& used) {
  const auto block = [&](U64 c) {
    return threefry_2x32(static_cast<U32>(key), static_cast<U32>(key >> 32), static_cast<U32>(c),
                         static_cast<U32>(c >> 32));
  };
  Array out = Array::zeros(context, DType::kU32, shape);
  auto to = out.mutate<std::int64_t>();
  if (shape.empty()) {
    to[0] = block(counter).first;
    used = 1;
    return out;
  }
  std::size_t split = shape.size();
  for (std::size_t d = 0; d < shape.size() && split == shape.size(); ++d)
    if (shape[d] % 2 == 0) split = d;
  if (split == shape.size())
    split = static_cast<std::size_t>(std::max_element(shape.begin(), shape.end()) - shape.begin());
  Shape half = shape;
  half[split] = (half[split] + 1) / 2;
  const Ints strides = row_major_strides(half);
  used = static_cast<U64>(element_count(half));
  charge_dimensions(context, out.size(), shape.size());
  IndexWalk index(context, shape);
  for (auto& value : to) {
    U64 place = 0;
    for (std::size_t d = 0; d < shape.size(); ++d)
      place += static_cast<U64>((d == split ? index[d] / 2 : index[d]) * strides[d]);
    const auto [first, second] = block(counter + place);
    value = index[split] % 2 == 0 ? first : second;
    index.next();
  }
  return out;
}

}  // namespace

std::pair<U32, U32> threefry_2x32(U32 key0, U32 key1, U32 x0, U32 x1) {
  constexpr int kRotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  const U32 keys[3] = {key0, key1, key0 ^ key1 ^ 0x1BD11BDA};
  x0 += keys[0];
  x1 += keys[1];
  for (U32 group = 0; group < 5; ++group) {
    for (const int r : kRotations[group % 2]) {
      x0 += x1;
      x1 = std::rotl(x1, r) ^ x0;
    }
    x0 += keys[(group + 1) % 3];
    x1 += keys[(group + 2) % 3] + group + 1;
  }
  return {x0, x1};
}

std::pair<Array, Array> random_bits(RandomAlgorithm algorithm, const Array& state, DType dtype,
                                    const Shape& shape) {
  require(state.rank() == 1 && (state.dtype() == DType::kU64 || state.dtype() == DType::kU32),
          "the state of a random bit generator is a vector of u64 or u32");
  const std::int64_t words = state.dtype() == DType::kU64 ? state.size() : state.size() / 2;
  require(words == 2 || (words == 3 && algorithm == RandomAlgorithm::kPhilox),
          "the state of a random bit generator has another size than its algorithm wants");
  require(lane_of(dtype) == Lane::kInt && dtype != DType::kBool, "random bits are integers");
  Array out = state.zeros(dtype, shape);
  if (state.abstract()) return {state, out};
  std::vector<U64> s = words_of(state);
  const int bits = bit_width(dtype);
  out.context().spend({out.size(), 16});
  auto to = out.mutate<std::int64_t>();
  if (algorithm == RandomAlgorithm::kThreefry) {
    if (bits == 64) {
      for (std::size_t i = 0; i < to.size(); ++i) {
        const U64 c = s[1] + i;
        const auto [low, high] = threefry_2x32(static_cast<U32>(s[0]), static_cast<U32>(s[0] >> 32),
                                               static_cast<U32>(c), static_cast<U32>(c >> 32));
        to[i] = static_cast<std::int64_t>(low | static_cast<U64>(high) << 32);
      }
      s[1] += to.size();
    } else {
      U64 used = 0;
      out = convert(threefry_32(state.context(), s[0], s[1], shape, used), dtype);
      settle(out);
      s[1] += used;
    }
    return {state_of(s, state), out};
  }
  const std::array<U32, 2> key = {static_cast<U32>(s[0]), static_cast<U32>(s[0] >> 32)};
  const std::size_t in_block = bits == 64 ? 2 : 4;
  const U64 blocks = (to.size() + in_block - 1) / in_block;
  // A state of two words counts with the key as the upper half of the counter.
  const U64 low = s[1], high = words == 3 ? s[2] : s[0];
  for (std::size_t i = 0; i < to.size(); ++i) {
    const U64 n = i / in_block, l = low + n, h = high + (l < low ? 1 : 0);
    const auto x = philox_4x32({static_cast<U32>(l), static_cast<U32>(l >> 32), static_cast<U32>(h),
                                static_cast<U32>(h >> 32)},
                               key);
    const std::size_t at = i % in_block;
    to[i] = bits == 64
                ? static_cast<std::int64_t>(x[2 * at] | static_cast<U64>(x[2 * at + 1]) << 32)
                : wrap(dtype, x[at]);
  }
  s[1] = low + blocks;
  if (words == 3) s[2] = high + (s[1] < low ? 1 : 0);
  return {state_of(s, state), out};
}

Array unstated_random(const char* name, const Array& low, const Array& high, const Shape& shape) {
  require(low.rank() == 0 && high.same_type(low), "the limits are no scalars of one type");
  if (!low.abstract()) unsupported(fmt::format("{}: random numbers of no stated generator", name));
  return Array::typed(low.dtype(), shape);
}

}  // namespace jaxsmith::tensor
