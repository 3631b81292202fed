// Counter-based random bits: Threefry-2x32 and Philox-4x32, as XLA's RngBitGenerator gives them
// (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011; the layout of state and
// output is that of xla/hlo/builder/lib/prng.cc).
#pragma once

#include <utility>

#include "tensor/array.h"

namespace jaxsmith::tensor {

enum class RandomAlgorithm { kThreefry, kPhilox };

// The state afterwards, and the bits. The state: u64[2], for Philox also u64[3]; u32 likewise twice
// as long.
std::pair<Array, Array> random_bits(RandomAlgorithm algorithm, const Array& state, DType dtype,
                                    const Shape& shape);

// Random numbers between two scalars by no stated generator: their type alone. Where values are
// wanted the operation is unsupported; `name` says which it is.
Array unstated_random(const char* name, const Array& low, const Array& high, const Shape& shape);

// One block of Threefry-2x32 with 20 rounds.
std::pair<std::uint32_t, std::uint32_t> threefry_2x32(std::uint32_t key0, std::uint32_t key1,
                                                      std::uint32_t x0, std::uint32_t x1);

}  // namespace jaxsmith::tensor
