#include "ir/jaxpr/lexer.h"

#include <fmt/format.h>

namespace jaxsmith::jaxpr {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> all() {
    while (at_ < text_.size()) {
      const std::size_t start = at_;
      const TokenKind kind = next();
      if (kind == TokenKind::kString && unclosed_) {
        return Error::environment(
            fmt::format("jaxpr:{}:{}: string without an end", line_, start - line_start_ + 1));
      }
      tokens_.push_back({kind, text_.substr(start, at_ - start), line_,
                         static_cast<int>(start - line_start_) + 1});
      for (std::size_t i = start; i < at_; ++i) {
        if (text_[i] != '\n') continue;
        ++line_;
        line_start_ = i + 1;
      }
    }
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  TokenKind next() {
    const char c = peek();
    if (blank(c)) {
      while (blank(peek())) ++at_;
      return TokenKind::kSpace;
    }
    if (letter(c)) return word();
    if (digit(c) || (c == '.' && digit(peek(1)))) return number();
    if (c == '-' && (digit(peek(1)) || (peek(1) == '.' && digit(peek(2))))) return ++at_, number();
    if (c == '-' && (text_.substr(at_ + 1, 3) == "inf" || text_.substr(at_ + 1, 3) == "nan")) {
      at_ += 4;
      return TokenKind::kNumber;
    }
    if (c == '\'' || c == '"') return string(c);
    ++at_;
    return TokenKind::kSymbol;
  }

  TokenKind word() {
    for (;;) {
      const char c = peek();
      // scatter-add is one name, GatherScatterMode.CLIP too; the dot after the last parameter is
      // not part of it.
      const bool inner = (c == '-' || c == '.') && letter(peek(1));
      if (!letter(c) && !digit(c) && !inner) return TokenKind::kName;
      ++at_;
    }
  }

  TokenKind number() {
    for (;;) {
      const char c = peek();
      const bool sign = (c == '+' || c == '-') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
      // "f32[3]. let": a dot counts only before a digit or after one within the number.
      const bool point = c == '.' && (digit(peek(1)) || peek(1) == 'e' || peek(1) == ':');
      if (!digit(c) && !letter(c) && !sign && !point) return TokenKind::kNumber;
      ++at_;
    }
  }

  TokenKind string(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
    unclosed_ = at_ >= text_.size();
    at_ = unclosed_ ? text_.size() : at_ + 1;
    return TokenKind::kString;
  }

  std::string_view text_;
  std::size_t at_ = 0, line_start_ = 0;
  int line_ = 1;
  bool unclosed_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> lex(std::string_view text) { return Lexer(text).all(); }

}  // namespace jaxsmith::jaxpr
