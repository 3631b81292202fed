// What the names of programs are made of.
#pragma once

namespace jaxsmith {

// ASCII letters, digits and the underscore, whatever the locale.
constexpr bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace jaxsmith
