// Reads HLO text from left to right: blanks and comments, names, numbers, strings.
#pragma once

#include <cctype>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/letters.h"
#include "ir/common/diagnostic.h"

namespace jaxsmith::hlo {

inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
// Of names, keys, opcodes.
inline bool is_name_char(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  std::string_view text() const { return text_; }
  std::size_t offset() const { return at_; }
  void set_offset(std::size_t offset) { at_ = offset; }

  // Blanks and comments; tells whether a comment as XLA writes in long lists, /*index=5*/, was
  // among them.
  bool skip() {
    bool index = false;
    while (at_ < text_.size()) {
      char c = text_[at_];
      if (is_blank(c)) {
        ++at_;
      } else {
        if (c != '/') break;
        index |= text_.substr(at_).starts_with("/*index=");
        if (!skip_comment()) break;
      }
    }
    return index;
  }

  // The next character behind blanks; '\0' at the end.
  char peek() {
    skip();
    return here();
  }
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }
  bool at_end() {
    skip();
    return at_ >= text_.size();
  }
  void advance(std::size_t count = 1) { at_ += count; }

  bool accept(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) expected(std::string("'") + c + "'");
  }
  bool accept(std::string_view word) {
    skip();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  // A name without its percent sign; `percent` is set if it has one, otherwise left alone.
  std::string_view name(std::string_view what, bool& percent) {
    skip();
    if (here() == '%') {
      percent = true;
      ++at_;
    }
    return identifier(what);
  }
  std::string_view identifier(std::string_view what) {
    skip();
    std::size_t begin = at_;
    while (is_name_char(here())) ++at_;
    if (at_ == begin) expected(what);
    return text_.substr(begin, at_ - begin);
  }
  // A name and the sign directly behind it, "index=", which XLA reads as one.
  std::string_view key(std::string_view what, char sign = '=') {
    skip();
    const std::size_t begin = at_;
    const std::string_view out = identifier(what);
    if (here() != sign) {
      at_ = begin;
      fail("expected " + std::string(what) + " with '" + sign + "' directly behind it");
    }
    ++at_;
    return out;
  }
  std::int64_t integer() {
    skip();
    std::int64_t value = 0;
    const char* begin = text_.data() + at_;
    auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error == std::errc::result_out_of_range) fail("number out of range");
    if (error != std::errc()) expected("an integer");
    at_ += end - begin;
    return value;
  }
  // What stands between the quotes, escapes left in.
  std::string_view string() {
    expect('"');
    std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) fail_at(begin - 1, "string without an end");
    return text_.substr(begin, at_++ - begin);
  }

  [[noreturn]] void expected(std::string_view what) {
    std::string found = "the end of the text";
    if (!at_end()) {
      unsigned char c = static_cast<unsigned char>(text_[at_]);
      found = std::isprint(c) ? std::string("'") + text_[at_] + "'" : "an unprintable character";
    }
    fail("expected " + std::string(what) + ", found " + found);
  }
  [[noreturn]] void fail(std::string message) const { fail_at(at_, std::move(message)); }
  [[noreturn]] static void fail_at(std::size_t offset, std::string message) {
    throw ir::Refused{offset, std::move(message)};
  }

 private:
  bool skip_comment() {
    if (next() == '/') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      return true;
    }
    if (next() != '*') return false;
    std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) fail("comment without an end");
    at_ = end + 2;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace jaxsmith::hlo
