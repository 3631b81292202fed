// What is asked of a reader for any bytes whatever.
#pragma once

#include <cstdint>
#include <string_view>

namespace jaxsmith::fuzz {

// "jaxpr", "stablehlo", "hlo". Parses; a module that is read is printed, read again and printed the
// same; verifies; what verifies and takes little is run within a small budget. Aborts where one of
// these does not hold; any error of the reader's is fine.
void check(std::string_view level, std::string_view text);

// A change of a text by its tokens and lines, which keeps more of it meaningful than a change of
// bytes. At most `most` bytes are written; the new size.
std::size_t mutate(char* text, std::size_t size, std::size_t most, std::uint32_t seed);

}  // namespace jaxsmith::fuzz
