#include "base/random.h"

#include "base/hash.h"

namespace jaxsmith {
namespace {

constexpr std::uint32_t kMul0 = 0xD2511F53, kMul1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c,
                                    std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{kMul0} * c[0], p1 = std::uint64_t{kMul1} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += kWeyl0;
    k[1] += kWeyl1;
  }
  return c;
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t index)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, 0, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32)} {}

Random Random::fork(std::string_view label) const {
  const std::uint64_t seed = (std::uint64_t{key_[1]} << 32) | key_[0];
  const std::uint64_t index = (std::uint64_t{counter_[3]} << 32) | counter_[2];
  return Random(hash64(label, seed), index);
}

std::uint32_t Random::next() {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[used_++];
}

std::uint64_t Random::below(std::uint64_t n) {
  // Rejection keeps the draw exact; the loop repeats with probability below n / 2^64.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  for (;;) {
    const std::uint64_t high = next();
    const std::uint64_t draw = (high << 32) | next();
    if (draw < limit) return draw % n;
  }
}

std::int64_t Random::between(std::int64_t lo, std::int64_t hi) {
  const std::uint64_t span = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo);
  if (span == UINT64_MAX) {
    const std::uint64_t high = next();
    return static_cast<std::int64_t>((high << 32) | next());
  }
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + below(span + 1));
}

double Random::uniform() {
  const std::uint64_t high = next();
  return static_cast<double>(((high << 32) | next()) >> 11) * 0x1.0p-53;
}

std::size_t Random::weighted(std::span<const double> weights) {
  double total = 0;
  for (double w : weights) total += w;
  double draw = uniform() * total;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0 && draw < weights[i]) return i;
    draw -= weights[i];
  }
  for (std::size_t i = weights.size(); i-- > 0;) {
    if (weights[i] > 0) return i;
  }
  return 0;
}

}  // namespace jaxsmith
