// XXH3 digests (xxHash): fast, stable across machines and versions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jaxsmith {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// A number in [0, 1) that is the same for the same bytes everywhere; another salt gives an
// independent one.
double hash_unit(std::string_view bytes, std::uint64_t salt);

// 128-bit digest as 32 lower-case hexadecimal digits.
std::string hash128_hex(std::string_view bytes);

}  // namespace jaxsmith
