// Holes of spellings that stand for operands: $0, $1 …
#pragma once

#include <cstddef>
#include <string_view>

namespace jaxsmith::plan {

// Where $number stands in a spelling, from a place on; npos: nowhere.
std::size_t find_hole(std::string_view spelling, std::size_t number, std::size_t from = 0);

// Whether $number is nothing but a place in an array wherever it stands: x[$1], x.at[$1, 0].
bool only_indexes(std::string_view spelling, std::size_t number);

}  // namespace jaxsmith::plan
