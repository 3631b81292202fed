// Characters, words and punctuation of MLIR's text.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "base/letters.h"
#include "ir/common/diagnostic.h"

namespace jaxsmith::stablehlo {

inline bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
// Of identifiers: letters, digits, `$` and `.` behind the first letter.
inline bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '$'; }

class Scanner {
 public:
  explicit Scanner(std::string_view text, std::size_t at = 0) : text_(text), at_(at) {}

  std::size_t offset() const { return at_; }
  void move_to(std::size_t offset) { at_ = offset; }
  std::string_view text() const { return text_; }
  bool at_end() {
    skip_space();
    return at_ >= text_.size();
  }
  // The next character that is no blank and in no comment; 0 at the end.
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  char raw(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool starts(std::string_view what) {
    skip_space();
    return text_.substr(at_).starts_with(what);
  }
  bool take(std::string_view what) {
    if (!starts(what)) return false;
    at_ += what.size();
    return true;
  }
  // A whole word.
  bool take_word(std::string_view what) {
    if (!starts(what)) return false;
    const char after = raw(what.size());
    if (is_word(after)) return false;
    at_ += what.size();
    return true;
  }
  void expect(std::string_view what) {
    if (!take(what)) refuse("expected '" + std::string(what) + "'");
  }
  void expect_word(std::string_view what) {
    if (!take_word(what)) refuse("expected '" + std::string(what) + "'");
  }
  // A letter or _, then letters, digits, _ . $
  std::string_view word(const char* what) {
    skip_space();
    return name(what);
  }
  // The same, but nothing stands before it: the names behind @ # ! are one token with their sign.
  std::string_view name(const char* what) {
    const std::size_t start = at_;
    if (is_letter(raw()))
      while (is_word(raw())) ++at_;
    if (at_ == start) refuse_without(what);
    return text_.substr(start, at_ - start);
  }
  // No more than digits, with nothing before them.
  std::string_view digits(const char* what) {
    const std::size_t start = at_;
    while (is_digit(raw())) ++at_;
    if (at_ == start) refuse_without(what);
    return text_.substr(start, at_ - start);
  }
  // A number's characters: a minus, digits, fraction, exponent, or 0x and digits. Blanks behind the
  // minus are left out.
  std::string_view number();
  // Refuses numbers that are no integers of 64 bits.
  std::int64_t integer();
  // The content of "…", unescaped.
  std::string string();
  // What stands between a bracket and its partner, as it is written; the brackets are taken.
  std::string_view balanced(char open);

  [[noreturn]] void refuse(std::string message) const;
  [[noreturn]] void refuse_without(const char* expected) const;
  [[noreturn]] void refuse_at(std::size_t offset, std::string message) const {
    throw ir::Refused{offset, std::move(message)};
  }

 private:
  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
        ++at_;
      } else if (c == '/' && raw(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t at_;
  std::deque<std::string> joined_;  // numbers that are not written in one piece
};

}  // namespace jaxsmith::stablehlo
