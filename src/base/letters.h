// What the names of programs are made of.
#pragma once

namespace jaxsmith {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ASCII letters, digits and the underscore, whatever the locale.
constexpr bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

}  // namespace jaxsmith
