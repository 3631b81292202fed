// Holes of spellings that stand for operands: $0, $1 …
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace jaxsmith::plan {

// "$2, $3": so many, from a number on.
std::string holes(std::size_t from, std::size_t count);

// Where $number stands in a spelling, from a place on; npos: nowhere.
std::size_t find_hole(std::string_view spelling, std::size_t number, std::size_t from = 0);

// Whether the spelling has the hole $number.
inline bool names_operand(std::string_view spelling, std::size_t number) {
  return find_hole(spelling, number) != std::string_view::npos;
}

// Whether $number is nothing but a place in an array wherever it stands: x[$1], x.at[$1, 0].
bool only_indexes(std::string_view spelling, std::size_t number);

}  // namespace jaxsmith::plan
