// The words that the values of an enumeration have at the edges: in files, requests and messages.
//
//   enum class Colour { kRed, kGreen };
//   constexpr std::array<std::string_view, 2> words_of(Colour) { return {"red", "green"}; }
//
// in their order, in the enumeration's namespace. Then
//
//   word(Colour::kRed) == "red"; from_word<Colour>("green") == Colour::kGreen;
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace jaxsmith {

template <class E>
inline constexpr auto kWords = words_of(E{});

template <class E>
constexpr std::string_view word(E value) {
  return kWords<E>[static_cast<std::size_t>(value)];
}

template <class E>
constexpr std::optional<E> from_word(std::string_view word) {
  for (std::size_t i = 0; i < kWords<E>.size(); ++i)
    if (kWords<E>[i] == word) return static_cast<E>(i);
  return std::nullopt;
}

}  // namespace jaxsmith
