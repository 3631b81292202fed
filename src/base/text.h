// Small text helpers for messages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jaxsmith {

// The candidate that `word` is most likely a slip of; empty where none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// "; did you mean 'loops'?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

// "there is no size 'larg'; did you mean 'large'? (there are small, medium, large)"; of many names
// the nearest only.
std::string there_is_no(std::string_view noun, std::string_view name,
                        std::span<const std::string_view> known);

// "1 argument", "2 arguments"
std::string counted(std::uint64_t count, std::string_view noun);

// "a,b , c" → {"a", "b", "c"}; empty items are left out.
std::vector<std::string> split_list(std::string_view text);

// Text that is UTF-8 for certain, of at most so many bytes: what is none becomes U+FFFD.
std::string clean_utf8(std::string_view text, std::size_t most);

// How many of a text's bytes are UTF-8, from its beginning on.
std::size_t utf8_prefix(std::string_view text);

// What a terminal would take as a command is spelt out, as "\x1b"; lines and tabs stay.
std::string visible(std::string_view text);

// Data within a line of a message or a table: line breaks are spelt out too, and of long data the
// beginning is shown.
std::string in_one_line(std::string_view data, std::size_t most = 200);

// Of lines of more than so many bytes the middle is left out, since data may have any length: what
// is asked for at their end stays.
std::string shorter_lines(std::string_view text, std::size_t most = 1000);

}  // namespace jaxsmith
