// Random keys, by the names that JAX prints for their types: key<fry>, key<rbg>, key<urbg>. Where
// keys are kept as an array, it has u32 and a dimension more, of the words of each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/words.h"

namespace jaxsmith::tensor {

// How keys are made and used.
enum class KeyKind { kThreefry, kRbg, kUnsafeRbg };
constexpr std::array<std::string_view, 3> words_of(KeyKind) { return {"fry", "rbg", "urbg"}; }

// How many u32 a key is made of.
constexpr std::int64_t words_per_key(KeyKind kind) { return kind == KeyKind::kThreefry ? 2 : 4; }

inline constexpr std::string_view kKeyTypeBegins = "key<";

// "key<fry>".
inline std::string key_type_name(KeyKind kind) {
  return std::string(kKeyTypeBegins) + std::string(word(kind)) + ">";
}

// Of any kind, also one that jaxsmith does not have.
constexpr bool is_key_type(std::string_view name) { return name.starts_with(kKeyTypeBegins); }

// The kind whose type has this name.
constexpr std::optional<KeyKind> key_kind_of(std::string_view name) {
  if (!is_key_type(name) || !name.ends_with('>')) return std::nullopt;
  name.remove_prefix(kKeyTypeBegins.size());
  name.remove_suffix(1);
  return from_word<KeyKind>(name);
}

}  // namespace jaxsmith::tensor
