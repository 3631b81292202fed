// Lists of words as tables have them: one string, with a blank between two words.
#pragma once

#include <algorithm>
#include <string_view>

namespace jaxsmith {

// Calls f(word) for each, in their order.
template <class F>
constexpr void each_word(std::string_view words, F f) {
  while (!words.empty()) {
    const std::string_view first = words.substr(0, words.find(' '));
    f(first);
    words.remove_prefix(std::min(words.size(), first.size() + 1));
  }
}

constexpr bool is_word_of(std::string_view words, std::string_view word) {
  bool found = false;
  each_word(words, [&](std::string_view each) { found = found || each == word; });
  return found;
}

// Empty where there is none.
constexpr std::string_view first_word(std::string_view words) {
  return words.substr(0, words.find(' '));
}

}  // namespace jaxsmith
