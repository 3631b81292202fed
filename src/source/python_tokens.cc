#include "source/python_tokens.h"

#include <algorithm>
#include <array>

#include "base/letters.h"

namespace jaxsmith::source {
namespace {

using Kind = PythonToken::Kind;

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 128;
}
bool in_name(char c) { return starts_name(c) || is_digit(c); }

// Longest first.
constexpr std::string_view kOperators[] = {"**=", "//=", ">>=", "<<=", "...", "**", "//", ">>",
                                           "<<",  "<=",  ">=",  "==",  "!=",  "->", "+=", "-=",
                                           "*=",  "/=",  "%=",  "&=",  "|=",  "^=", "@=", ":="};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  PythonTokens all() {
    while (pos_ < text_.size()) {
      if (at_line_start_ && brackets_ == 0 && !indentation()) continue;
      token();
    }
    if (line_has_tokens_) add(Kind::kNewline, 0);
    for (; indents_.size() > 1; indents_.pop_back()) add(Kind::kDedent, 0);
    return std::move(out_);
  }

 private:
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  void add(Kind kind, std::size_t length) {
    out_.push_back({kind, text_.substr(pos_, length)});
    pos_ += length;
  }

  // Whether a logical line begins here; what is blank or only a comment has been taken.
  bool indentation() {
    std::size_t column = 0;
    std::size_t i = pos_;
    for (; at(i) == ' ' || at(i) == '\t' || at(i) == '\f'; ++i)
      column = at(i) == '\t' ? (column / 8 + 1) * 8 : column + 1;
    pos_ = i;
    if (at(i) == '#') comment();
    if (pos_ >= text_.size()) return false;
    if (at(pos_) == '\n' || at(pos_) == '\r') {
      ++pos_;
      return false;
    }
    if (column > indents_.back()) {
      indents_.push_back(column);
      add(Kind::kIndent, 0);
    }
    for (; column < indents_.back(); indents_.pop_back()) add(Kind::kDedent, 0);
    at_line_start_ = false;
    return true;
  }

  void comment() {
    const std::size_t end = std::min(text_.find('\n', pos_), text_.size());
    add(Kind::kComment, end - pos_);
  }

  void token() {
    const char c = at(pos_);
    if (c == '\n') {
      if (brackets_ == 0 && line_has_tokens_) {
        out_.push_back({Kind::kNewline, {}});
        line_has_tokens_ = false;
        at_line_start_ = true;
      }
      ++pos_;
      if (brackets_ == 0) at_line_start_ = true;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
      ++pos_;
    } else if (c == '\\') {
      pos_ += at(pos_ + 1) == '\n' ? 2 : 1;
    } else if (c == '#') {
      comment();
    } else {
      line_has_tokens_ = true;
      word();
    }
  }

  void word() {
    const char c = at(pos_);
    if (is_digit(c) || (c == '.' && is_digit(at(pos_ + 1)))) return add(Kind::kNumber, number());
    std::size_t end = pos_;
    while (in_name(at(end))) ++end;
    const bool prefix = end - pos_ <= 2;
    if ((at(end) == '"' || at(end) == '\'') && prefix) return add(Kind::kString, string(end));
    if (end > pos_) return add(Kind::kName, end - pos_);
    if (c == '(' || c == '[' || c == '{') ++brackets_;
    if ((c == ')' || c == ']' || c == '}') && brackets_ > 0) --brackets_;
    const auto found =
        std::find_if(std::begin(kOperators), std::end(kOperators),
                     [&](std::string_view op) { return text_.substr(pos_).starts_with(op); });
    add(Kind::kOperator, found == std::end(kOperators) ? 1 : found->size());
  }

  // How long the number is: 1_000, 0x1f, 1e-3, 2.j.
  std::size_t number() const {
    std::size_t i = pos_;
    const bool hex = at(i) == '0' && (at(i + 1) == 'x' || at(i + 1) == 'X');
    while (in_name(at(i)) || at(i) == '.' ||
           (!hex && (at(i) == '+' || at(i) == '-') && (at(i - 1) == 'e' || at(i - 1) == 'E')))
      ++i;
    return i - pos_;
  }

  // How long the string is with its prefix; its quotes begin at `quote`.
  std::size_t string(std::size_t quote) const {
    const char q = at(quote);
    const bool triple = at(quote + 1) == q && at(quote + 2) == q;
    std::size_t i = quote + (triple ? 3 : 1);
    while (i < text_.size()) {
      if (text_[i] == '\\') {
        i += 2;
      } else if (text_[i] == q && (!triple || (at(i + 1) == q && at(i + 2) == q))) {
        return std::min(i + (triple ? 3 : 1), text_.size()) - pos_;
      } else if (text_[i] == '\n' && !triple) {
        break;  // no Python
      } else {
        ++i;
      }
    }
    return std::min(i, text_.size()) - pos_;
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  std::vector<std::size_t> indents_ = {0};
  int brackets_ = 0;
  bool at_line_start_ = true, line_has_tokens_ = false;
  PythonTokens out_;
};

constexpr std::array<std::string_view, 35> kKeywords = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};

}  // namespace

PythonTokens python_tokens(std::string_view source) { return Lexer(source).all(); }

std::int64_t count_tokens(const PythonTokens& tokens) {
  return std::count_if(tokens.begin(), tokens.end(), [](const PythonToken& t) {
    return t.kind != Kind::kComment && t.kind != Kind::kNewline && t.kind != Kind::kIndent &&
           t.kind != Kind::kDedent;
  });
}

bool is_python_keyword(std::string_view word) {
  return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
}

bool is_identifier(const PythonToken& token) {
  return token.kind == Kind::kName && !is_python_keyword(token.text);
}

}  // namespace jaxsmith::source
