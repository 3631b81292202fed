#include "jaxsmith/highlight.h"

#include <algorithm>
#include <cctype>

#include "base/letters.h"

namespace jaxsmith::cli {
namespace {

constexpr std::string_view kReset = "\x1b[0m", kComment = "\x1b[2m", kString = "\x1b[32m",
                           kNumber = "\x1b[36m", kKeyword = "\x1b[35m", kType = "\x1b[33m",
                           kValue = "\x1b[34m", kOperation = "\x1b[1m", kPlain = "";

constexpr std::string_view kPythonWords[] = {
    "and",    "as",     "assert", "class", "continue", "def",    "del",     "elif",    "else",
    "except", "False",  "for",    "from",  "if",       "import", "in",      "is",      "None",
    "not",    "lambda", "global", "or",    "pass",     "raise",  "return",  "True",    "try",
    "with",   "while",  "yield",  "async", "await",    "break",  "finally", "nonlocal"};
constexpr ir::Highlighting kPython = {.keywords = kPythonWords,
                                      .comment = "#",
                                      .single_quotes = true,
                                      .sigils = false,
                                      .points_in_names = false,
                                      .types = false,
                                      .operations = ir::Highlighting::Operations::kDefined};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// "f32", "bf16", "i1", "ui8", "s32", "pred", "key<fry>"'s "key".
bool is_type(std::string_view word) {
  if (word == "pred" || word == "bool" || word == "tensor" || word == "key") return true;
  const std::size_t letters = word.starts_with("bf") || word.starts_with("ui") ? 2 : 1;
  if (word.size() <= letters || std::string_view("fbuisc").find(word[0]) == std::string_view::npos)
    return false;
  return std::all_of(word.begin() + static_cast<std::ptrdiff_t>(letters), word.end(), is_digit) ||
         word.starts_with("f8E") || word.starts_with("f8_e") || word.starts_with("f8e");
}

class Painter {
 public:
  Painter(std::string_view text, const ir::Highlighting& how) : text_(text), how_(how) {}

  std::string paint() {
    while (at_ < text_.size()) token();
    return std::move(out_);
  }

 private:
  void token() {
    const char c = text_[at_];
    if (text_.substr(at_).starts_with(how_.comment)) {
      put(end_of_line(), kComment);
    } else if (c == '"' || (c == '\'' && how_.single_quotes)) {
      put(end_of_string(c), kString);
    } else if ((c == '%' || c == '@') && how_.sigils && next_is_word()) {
      put(end_of_name(at_ + 1), kValue);
    } else if (is_digit(c)) {
      put(end_of_number(), kNumber);
    } else if (is_word(c)) {
      word();
    } else {
      put(at_ + 1, kPlain);
    }
  }

  void word() {
    const std::size_t end = end_of_name(at_);
    const std::string_view name = text_.substr(at_, end - at_);
    if (std::find(how_.keywords.begin(), how_.keywords.end(), name) != how_.keywords.end())
      return put(end, kKeyword);
    if (how_.types && is_type(name)) return put(end, kType);
    put(end, is_operation(name, end) ? kOperation : kPlain);
    previous_word_ = name;
  }

  bool is_operation(std::string_view name, std::size_t end) const {
    using Operations = ir::Highlighting::Operations;
    switch (how_.operations) {
      case Operations::kNone:
        return false;
      case Operations::kDotted:
        return name.find('.') != std::string_view::npos;
      case Operations::kCalled:
        return end < text_.size() && text_[end] == '(';
      case Operations::kAssigned:
        return at_ >= 2 && text_.substr(at_ - 2, 2) == "= ";
      case Operations::kDefined:
        return previous_word_ == "def";
    }
    return false;
  }

  void put(std::size_t end, std::string_view colour) {
    const std::string_view token = text_.substr(at_, end - at_);
    if (colour == kKeyword) previous_word_ = token;
    if (colour.empty()) {
      out_ += token;
    } else {
      ((out_ += colour) += token) += kReset;
    }
    at_ = end;
  }

  bool next_is_word() const { return at_ + 1 < text_.size() && is_word(text_[at_ + 1]); }

  std::size_t end_of_line() const { return std::min(text_.find('\n', at_), text_.size()); }

  // Python's triple-quoted strings as well; one that is not closed ends with its line.
  std::size_t end_of_string(char quote) const {
    const std::string triple(3, quote);
    if (text_.substr(at_, 3) == triple) {
      const std::size_t end = text_.find(triple, at_ + 3);
      return end == std::string_view::npos ? text_.size() : end + 3;
    }
    for (std::size_t i = at_ + 1; i < text_.size() && text_[i] != '\n'; ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        return i + 1;
      }
    }
    return end_of_line();
  }

  std::size_t end_of_number() const {
    std::size_t i = at_;
    while (i < text_.size() && (is_word(text_[i]) || text_[i] == '.' ||
                                ((text_[i] == '+' || text_[i] == '-') && text_[i - 1] == 'e')))
      ++i;
    return i;
  }

  // Names of IR hold points and, in HLO and jaxprs, hyphens.
  std::size_t end_of_name(std::size_t i) const {
    while (i < text_.size() &&
           (is_word(text_[i]) || (i + 1 < text_.size() && is_word(text_[i + 1]) &&
                                  ((how_.points_in_names && text_[i] == '.') ||
                                   (how_.hyphens_in_names && text_[i] == '-')))))
      ++i;
    return i;
  }

  std::string_view text_;
  const ir::Highlighting& how_;
  std::size_t at_ = 0;
  std::string_view previous_word_;
  std::string out_;
};

}  // namespace

const ir::Highlighting& python_highlighting() { return kPython; }

std::string highlight(std::string_view text, const ir::Highlighting& how) {
  return Painter(text, how).paint();
}

}  // namespace jaxsmith::cli
