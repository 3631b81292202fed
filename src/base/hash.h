// XXH3 digests (xxHash): fast, stable across machines and versions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jaxsmith {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// 128-bit digest as 32 lower-case hexadecimal digits.
std::string hash128_hex(std::string_view bytes);

}  // namespace jaxsmith
