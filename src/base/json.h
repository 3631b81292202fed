// JSON and MessagePack from files and other processes, where anything may stand in place of what is
// expected.
//
//   const json::Value j = json::parse(line);          // throws where it is none, or too much of it
//   const std::string name = json::line(j.at("name"));
//   const std::uint64_t rows = json::whole(j.at("rows"));
//
// All of these throw a std::exception, whose what() is one line that says what is wrong and not
// where: whoever reads catches it once, around all of a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/words.h"

namespace jaxsmith::json {

using Value = nlohmann::json;

// Values take some thirty times their bytes in memory, and what goes through them goes as deep as
// they are nested.
struct Limits {
  std::size_t values = std::size_t{1} << 24;
  std::size_t depth = 16;
  bool large_numbers = false;  // those beyond any double become null; else they are an error
};
// Of text that is no JSON the error says which byte it is about, from 1, where it does not just
// end.
Value parse(std::string_view text, const Limits& limits = {});
Value parse_message_pack(std::string_view bytes, const Limits& limits = {});

inline constexpr std::uint64_t kMostPosition = std::numeric_limits<std::int32_t>::max();
inline constexpr std::size_t kLongestWord = 128;   // of stages, reasons, versions
inline constexpr std::size_t kLongestLine = 4096;  // of what a person reads

// A whole number in [0, most]. (get<std::size_t>() would take any number, bools too.)
std::uint64_t whole(const Value& j, std::uint64_t most = kMostPosition);
double real(const Value& j);
bool truth(const Value& j);
const Value& list(const Value& j);
const Value& table(const Value& j);
// UTF-8 of any length.
const std::string& text(const Value& j);
// One line for a person: without control characters.
std::string line(const Value& j, std::size_t most = kLongestLine);
std::string word(const Value& j);

// The value of an enumeration that a word stands for (base/words.h).
template <class E>
E of_word(const Value& j) {
  const std::string name = word(j);
  if (const auto value = from_word<E>(name)) return *value;
  throw std::runtime_error("an unknown word: " + name);
}

}  // namespace jaxsmith::json
