#include "stats/python_measures.h"

#include <algorithm>
#include <charconv>
#include <regex>
#include <string_view>

namespace jaxsmith::stats {
namespace {

using source::is_identifier;
using source::PythonToken;
using source::PythonTokens;
using Kind = PythonToken::Kind;

// The first line that says something, of a string as it is written.
std::string first_line(std::string_view literal) {
  const std::size_t quote = literal.find_first_of("\"'");
  if (quote == std::string_view::npos) return {};
  literal.remove_prefix(quote);
  const std::size_t quotes = literal.starts_with("\"\"\"") || literal.starts_with("'''") ? 3 : 1;
  if (literal.size() < 2 * quotes) return {};
  literal = literal.substr(quotes, literal.size() - 2 * quotes);
  const std::size_t begin = literal.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  std::string_view line = literal.substr(begin, literal.find('\n', begin) - begin);
  while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

class Reader {
 public:
  explicit Reader(const PythonTokens& tokens) {
    for (const PythonToken& t : tokens) {
      if (t.kind != Kind::kComment) tokens_.push_back(t);
      out_.comments += t.kind == Kind::kComment;
    }
  }

  PythonMeasures read() {
    for (std::size_t i = 0; i < tokens_.size();) {
      const std::size_t end = statement_end(i);
      if (defines(i)) block(i, end);
      i = end;
    }
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      plus(i);
      if (is(i + 1, "(") && tokens_[i].kind == Kind::kName && !defined(i)) call(i);
    }
    auto& words = out_.identifiers;
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    return std::move(out_);
  }

 private:
  bool is(std::size_t i, std::string_view word) const {
    return i < tokens_.size() && tokens_[i].is(word);
  }
  bool has_kind(std::size_t i, Kind kind) const {
    return i < tokens_.size() && tokens_[i].kind == kind;
  }
  bool defined(std::size_t i) const { return i > 0 && (is(i - 1, "def") || is(i - 1, "class")); }
  bool begins(std::size_t i) const {
    return i == 0 || has_kind(i - 1, Kind::kNewline) || has_kind(i - 1, Kind::kIndent) ||
           has_kind(i - 1, Kind::kDedent);
  }

  // Whether a function or a class is defined by the statement, its decorators before it.
  bool defines(std::size_t i) const {
    return is(i, "def") || is(i, "class") || is(i, "@") || (is(i, "async") && is(i + 1, "def"));
  }

  // The end of a statement of the top level and of what is indented below it; a decorator's is that
  // of what it decorates.
  std::size_t statement_end(std::size_t i) const {
    const bool decorator = is(i, "@");
    int depth = 0;
    for (; i < tokens_.size(); ++i) {
      if (has_kind(i, Kind::kIndent)) ++depth;
      if (has_kind(i, Kind::kDedent)) --depth;
      const bool over = has_kind(i, Kind::kNewline) || has_kind(i, Kind::kDedent);
      if (over && depth <= 0 && !has_kind(i + 1, Kind::kIndent))
        return decorator ? statement_end(i + 1) : i + 1;
    }
    return i;
  }

  void block(std::size_t begin, std::size_t end) {
    std::string form;
    for (std::size_t i = begin; i < end; ++i) {
      const PythonToken& t = tokens_[i];
      if (t.is("def")) docstring(i, end);
      if (t.kind == Kind::kString && begins(i)) continue;
      ++out_.tokens;
      if (is_identifier(t)) out_.identifiers.emplace_back(t.text);
      form += form_of(t);
      form += ' ';
    }
    if (is(begin, "def")) out_.forms.push_back(std::move(form));
  }

  static std::string_view form_of(const PythonToken& t) {
    switch (t.kind) {
      case Kind::kNewline:
        return "\n";
      case Kind::kIndent:
        return "<in>";
      case Kind::kDedent:
        return "<out>";
      case Kind::kNumber:
        return "0";
      case Kind::kString:
        return "''";
      default:
        return is_identifier(t) ? "n" : t.text;
    }
  }

  void docstring(std::size_t i, std::size_t end) {
    ++out_.functions;
    int depth = 0;
    for (; i < end && !(depth == 0 && is(i, ":")); ++i) {
      if (is(i, "(") || is(i, "[") || is(i, "{")) ++depth;
      if (is(i, ")") || is(i, "]") || is(i, "}")) --depth;
    }
    while (i + 1 < end && (has_kind(i + 1, Kind::kNewline) || has_kind(i + 1, Kind::kIndent))) ++i;
    if (!has_kind(i + 1, Kind::kString) || !has_kind(i + 2, Kind::kNewline)) return;
    std::string line = first_line(tokens_[i + 1].text);
    if (!line.empty()) out_.docstrings.push_back(std::move(line));
  }

  // A number without an i behind it, in decimal digits.
  static double value_of(const PythonToken& t) {
    double out = -1;
    std::string digits(t.text);
    std::erase(digits, '_');
    const char* end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, out);
    return error == std::errc() && at == end ? out : -1;
  }
  bool is_small_constant(std::size_t i) const {
    if (!has_kind(i, Kind::kNumber)) return false;
    const double value = value_of(tokens_[i]);
    return value >= 0.05 && value <= 5;
  }
  bool is_number(std::size_t i) const {
    return has_kind(i, Kind::kNumber) && !tokens_[i].text.ends_with('j');
  }

  // a + 0.7, where nothing binds the number more closely.
  void plus(std::size_t i) {
    if (i == 0 || !is(i, "+") || !is_small_constant(i + 1)) return;
    const PythonToken& before = tokens_[i - 1];
    const bool binary = is_identifier(before) || before.kind == Kind::kNumber ||
                        before.kind == Kind::kString || before.is(")") || before.is("]") ||
                        before.is("}");
    for (const char* closer : {"*", "/", "//", "%", "@", "**", "."})
      if (is(i + 2, closer)) return;
    out_.plus_constant += binary;
  }

  void call(std::size_t i) {
    const PythonToken& name = tokens_[i];
    if (!name.is("clip") && !name.is("clamp") && !name.is("add")) return;
    const auto arguments = arguments_of(i + 1);
    bool number = false;
    std::size_t positional = 0;
    for (const auto& [begin, end] : arguments) {
      const bool keyword = is(begin + 1, "=");
      positional += !keyword;
      if (keyword && !is(begin, "min") && !is(begin, "max")) continue;
      std::size_t value = keyword ? begin + 2 : begin;
      if (is(value, "-") || is(value, "+")) ++value;
      number |= value + 1 == end && is_number(value);
    }
    out_.clip_to_constants += name.is("clamp") || (name.is("clip") && number);
    if (name.is("add") && positional == 2 && arguments[1].second == arguments[1].first + 1)
      out_.plus_constant += is_small_constant(arguments[1].first);
  }

  // The first token of each argument and the one behind its last.
  std::vector<std::pair<std::size_t, std::size_t>> arguments_of(std::size_t open) const {
    std::vector<std::pair<std::size_t, std::size_t>> out;
    int depth = 0;
    std::size_t begin = open + 1;
    for (std::size_t i = open; i < tokens_.size(); ++i) {
      if (is(i, "(") || is(i, "[") || is(i, "{")) ++depth;
      const bool closes = is(i, ")") || is(i, "]") || is(i, "}");
      if (closes) --depth;
      if ((closes && depth == 0) || (depth == 1 && is(i, ","))) {
        if (i > begin) out.emplace_back(begin, i);
        begin = i + 1;
      }
      if (closes && depth == 0) break;
    }
    return out;
  }

  PythonTokens tokens_;  // without comments
  PythonMeasures out_;
};

}  // namespace

PythonMeasures measures_of(const PythonTokens& tokens) { return Reader(tokens).read(); }

std::string docstring_pattern(const std::string& line) {
  static const std::regex kName("`[^`]*`"), kShape(R"(\([\d, ]*\))"),
      kNames("(NAME( SHAPE)?(, | and )?)+");
  const std::string names = std::regex_replace(line.substr(0, 500), kName, "NAME");
  return std::regex_replace(std::regex_replace(names, kShape, "SHAPE"), kNames, "NAMES ");
}

}  // namespace jaxsmith::stats
