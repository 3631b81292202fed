// The words that the values of an enumeration have at the edges: in files, requests and messages.
//
//   enum class Colour { kRed, kGreen };
//   template <> struct Words<Colour> {
//     static constexpr std::array<std::string_view, 2> kAll = {"red", "green"};  // in their order
//   };
//   word(Colour::kRed) == "red"; from_word<Colour>("green") == Colour::kGreen;
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace jaxsmith {

template <class E>
struct Words;

template <class E>
constexpr std::string_view word(E value) {
  return Words<E>::kAll[static_cast<std::size_t>(value)];
}

template <class E>
constexpr std::optional<E> from_word(std::string_view word) {
  for (std::size_t i = 0; i < Words<E>::kAll.size(); ++i)
    if (Words<E>::kAll[i] == word) return static_cast<E>(i);
  return std::nullopt;
}

}  // namespace jaxsmith
