#include "ir/stablehlo/scanner.h"

#include <fmt/format.h>

#include <charconv>

namespace jaxsmith::stablehlo {
namespace {

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

namespace {
std::string quoted(std::string text, char c) {
  text += '\'';
  text += c;
  text += '\'';
  return text;
}
}  // namespace

void Scanner::refuse(std::string message) const {
  std::size_t at = at_;
  Scanner ahead(text_, at_);
  const char next = ahead.peek();
  at = ahead.offset();
  if (next == '\0') {
    message += ", found the end of the text";
  } else if (is_word(next)) {
    std::size_t end = at;
    while (end < text_.size() && is_word(text_[end]) && end - at < 40) ++end;
    message += ", found '";
    message += text_.substr(at, end - at);
    message += "'";
  } else {
    message += ", found '";
    message += static_cast<unsigned char>(next) < 0x20 ? '?' : next;
    message += '\'';
  }
  throw ir::Refused{at, std::move(message)};
}

void Scanner::refuse_without(const char* expected) const {
  refuse(fmt::format("expected {}", expected));
}

std::int64_t Scanner::integer() {
  skip_space();
  const std::size_t start = at_;
  const std::string_view text = number();
  std::int64_t n = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), n);
  if (done.ec != std::errc() || done.ptr != text.data() + text.size())
    refuse_at(start, fmt::format("expected an integer, found {}", text));
  return n;
}

std::string_view Scanner::number() {
  skip_space();
  const std::size_t start = at_;
  if (raw() == '-') {
    ++at_;
    if (is_digit(peek()) && at_ > start + 1)
      return joined_.emplace_back("-" + std::string(number()));
  }
  if (raw() == '0' && raw(1) == 'x' && hex_digit(raw(2)) >= 0) {
    at_ += 2;
    while (hex_digit(raw()) >= 0) ++at_;
    return text_.substr(start, at_ - start);
  }
  if (!is_digit(raw())) {
    at_ = start;
    refuse("expected a number");
  }
  while (is_digit(raw())) ++at_;
  if (raw() == '.') {
    ++at_;
    while (is_digit(raw())) ++at_;
    if (raw() == 'e' || raw() == 'E') {
      const std::size_t digits = raw(1) == '+' || raw(1) == '-' ? 2 : 1;
      if (is_digit(raw(digits))) {
        at_ += digits;
        while (is_digit(raw())) ++at_;
      }
    }
  }
  return text_.substr(start, at_ - start);
}

std::string Scanner::string() {
  skip_space();
  if (raw() != '"') refuse("expected a string");
  const std::size_t start = at_++;
  std::string out;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return out;
    }
    if (c == '\n') break;
    if (c != '\\') {
      out += c;
      continue;
    }
    const char next = raw(1);
    if (next == '"' || next == '\\') {
      out += next;
      ++at_;
    } else if (next == 'n' || next == 't') {
      out += next == 'n' ? '\n' : '\t';
      ++at_;
    } else if (hex_digit(next) >= 0 && hex_digit(raw(2)) >= 0) {
      out += static_cast<char>(hex_digit(next) * 16 + hex_digit(raw(2)));
      at_ += 2;
    } else {
      refuse_at(at_, "unknown escape in a string");
    }
  }
  refuse_at(start, "string without an end");
}

std::string_view Scanner::balanced(char open) {
  skip_space();
  if (raw() != open) refuse(quoted("expected ", open));
  const std::size_t start = at_;
  std::string closers;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      string();
      --at_;
    } else if (c == '/' && raw(1) == '/') {
      while (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
    } else if (c == '(' || c == '[' || c == '{' || c == '<') {
      closers += c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : '>';
    } else if (c == '>' && at_ > 0 && text_[at_ - 1] == '-') {
      continue;  // an arrow
    } else if (c == ')' || c == ']' || c == '}' || c == '>') {
      if (closers.back() != c) refuse_at(at_, quoted("expected ", closers.back()));
      closers.pop_back();
      if (closers.empty()) {
        ++at_;
        return text_.substr(start + 1, at_ - start - 2);
      }
    }
  }
  refuse_at(start, quoted("", open) + " without its partner");
}

}  // namespace jaxsmith::stablehlo
