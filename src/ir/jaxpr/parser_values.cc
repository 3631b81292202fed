// Parameters of equations: Python's values as str() shows them, jaxprs, and free text.
#include <algorithm>
#include <utility>

#include "ir/jaxpr/parser_state.h"

namespace jaxsmith::jaxpr {
namespace {

// Strings that people wrote, of whatever characters.
bool holds_free_text(std::string_view key) {
  return key == "name" || key == "msg" || key == "fmt" || key == "message" || key == "label";
}

bool names_jaxpr(std::string_view key) { return key.ends_with("jaxpr"); }

}  // namespace

// ---- parameters

std::vector<Param> Parser::params() {
  std::vector<Param> params;
  expect("[");
  Layout layout;
  layout.broken = gap();
  layout.column = column();
  for (; peek() != ']'; gap()) {
    if (!assigns_at(pos_)) refuse_expected("a parameter or ']'");
    const std::size_t begin = pos_;
    pos_ = after_word(pos_);
    Param& p = params.emplace_back();
    p.key = from(begin);
    ++pos_;
    p.value = value(p.key, layout);
  }
  ++pos_;
  return params;
}

ParamValue Parser::value(std::string_view key, Layout layout) {
  const Mark begin = mark();
  const std::size_t modules = modules_read_;
  ParamValue v;
  if (value_ends(layout, true)) return v;  // an empty string
  gap();
  if (jaxpr_follows()) return nested_jaxpr();
  if (module_follows()) return nested_module();
  const bool free_text = holds_free_text(key);
  const bool read = !free_text && jaxpr_tuple_follows() ? jaxpr_tuple(v) : literal(v);
  if (read && value_ends(layout, free_text && v.kind == Kind::kName)) {
    if (v.kind == Kind::kName && names_jaxpr(key)) v.kind = Kind::kReference;
    return v;
  }
  read_anew(begin, modules);
  v = free_value(layout);
  if (names_jaxpr(key) && !v.text.starts_with('<')) {
    if (v.text.find_first_of(" ()[]{};,=") != std::string::npos) {
      reset(begin);
      refuse_expected("a jaxpr or the name of one");
    }
    v.kind = Kind::kReference;
  }
  return v;
}

// Goes back to read as raw text what was no literal. What holds a jaxpr is never raw: were it read
// again, time might double with each level.
void Parser::read_anew(Mark begin, std::size_t modules) {
  if (modules != modules_read_) refuse_expected("the end of a value that holds a jaxpr");
  reset(begin);
}

ParamValue Parser::nested_jaxpr() {
  ParamValue v;
  v.kind = Kind::kJaxpr;
  v.nested.emplace_back().main = jaxpr();
  ++modules_read_;
  return v;
}

ParamValue Parser::nested_module() {
  ParamValue v;
  v.kind = Kind::kModule;
  v.nested.push_back(module());
  ++modules_read_;
  return v;
}

// (f g), ({ lambda …} f): parted by blanks; (f,) and ({ lambda …}, f) are Python's tuples.
bool Parser::jaxpr_tuple_follows() const {
  if (peek() != '(') return false;
  std::size_t i = after_space(pos_ + 1);
  const std::size_t name = i;
  while (starts_word(at(i))) {
    while (in_word(at(i)) || at(i) == '.' || at(i) == '-') ++i;
    if (is_constant(text_.substr(name, i - name))) return false;
    const std::size_t next = after_space(i);
    if (at(next) == ')') return true;
    if (next == i) return false;
    i = next;
  }
  return at(i) == '{' && word_at(after_space(i + 1), "lambda");
}

// False for a tuple that cannot be read to its end.
bool Parser::jaxpr_tuple(ParamValue& value) {
  const ir::Nesting level = nested();
  value.kind = Kind::kJaxprTuple;
  ++pos_;
  for (gap(); peek() != ')'; gap()) {
    if (jaxpr_follows()) {
      value.items.push_back(nested_jaxpr());
      if (value.items.size() > 1 || at(after_space(pos_)) != ',') continue;
      value.items.front().kind = Kind::kModule;
      value.kind = Kind::kTuple;
      return more_items(')', value);
    }
    const std::size_t name = pos_;
    while (in_word(peek()) || peek() == '.' || peek() == '-') ++pos_;
    if (pos_ == name) refuse_expected("a jaxpr or ')'");
    ParamValue& item = value.items.emplace_back();
    item.kind = Kind::kReference;
    item.text = from(name);
  }
  ++pos_;
  return true;
}

// Whether what is read so far may be a parameter's whole value.
bool Parser::value_ends(Layout layout, bool free_text) const {
  const std::size_t next = after_space(pos_);
  if (at(next) == ']') return true;
  if (next == pos_ || !assigns_at(next)) return false;
  return !free_text || !layout.broken || text_.substr(pos_, next - pos_).find('\n') != kNone;
}

ParamValue Parser::free_value(Layout layout) {
  ParamValue v;
  const std::size_t begin = pos_;
  note_free_text(begin);
  std::size_t end = layout.broken ? free_end_by_lines(layout) : kNone;
  if (end == kNone) end = free_end_by_brackets(begin);
  // Lines that belong to something else would be taken for its text.
  if (text_.substr(begin, end - begin).find('\n') != kNone)
    refuse("expected a value that ends on its line");
  move_to(end);
  v.text = from(begin);
  return v;
}

// Free text ends where a line begins with the next parameter, or with the bracket that closes.
std::size_t Parser::free_end_by_lines(Layout layout) {
  if (lines_failed_) return kNone;
  for (std::size_t end = text_.find('\n', pos_); end != kNone; end = text_.find('\n', end + 1)) {
    std::size_t i = end + 1;
    while (at(i) == ' ') ++i;
    const std::size_t column = i - end - 1;
    if (column == layout.column && assigns_at(i)) return end;
    if (column + 2 == layout.column && at(i) == ']') return end;
  }
  lines_failed_ = true;
  return kNone;
}

std::size_t Parser::free_end_by_brackets(std::size_t begin) {
  std::string open;
  for (std::size_t i = begin; i < text_.size(); ++i) {
    const char c = text_[i];
    if (open.empty()) {
      if (c == ']') return i;
      if (is_space(c)) {
        const std::size_t next = after_space(i);
        if (at(next) == ']' || assigns_at(next)) return i;
        i = next - 1;
        continue;
      }
    }
    if ((c == '\'' || c == '"') && (i == begin || !in_word(text_[i - 1]))) {
      i = after_string(i) - 1;
    } else {
      scan_bracket(i, open);
    }
  }
  throw Refused{begin, "the value of this parameter does not end"};
}

// ---- Python's values

bool Parser::literal(ParamValue& value) {
  const char c = peek();
  switch (c) {
    case '(':
      value.kind = Kind::kTuple;
      return items(')', value);
    case '[':
      value.kind = Kind::kList;
      return items(']', value);
    case '{':
      return braces(value);
    case '\'':
    case '"':
      return string(value);
    default:
      break;
  }
  if (is(c, kDigitClass) || c == '-') return number(value);
  if (!starts_word(c)) return false;
  if (module_follows()) {
    value = nested_module();
    return true;
  }
  return name_or_call(value);
}

// After the opening bracket's place up to behind the closing one.
bool Parser::items(char close, ParamValue& value) {
  const ir::Nesting level = nested();
  ++pos_;
  gap();
  if (peek() != close) {
    if (!item_follows()) return false;
    element(close, value.items.emplace_back());
  }
  return more_items(close, value);
}

bool Parser::item_follows() const {
  return pos_ < text_.size() && !closes(peek()) && peek() != ',';
}

bool Parser::more_items(char close, ParamValue& value) {
  bool comma = false;
  for (gap(); peek() != close; gap()) {
    if (peek() != ',') return false;
    ++pos_;
    gap();
    comma = peek() == close;
    if (comma) break;
    if (!item_follows()) return false;
    element(close, value.items.emplace_back());
  }
  ++pos_;
  // (1+2j) is no tuple, and a comma at the end would not be printed.
  const bool single = value.ends_with_comma();
  return comma == single;
}

bool Parser::braces(ParamValue& value) {
  if (jaxpr_follows()) {
    value = nested_module();
    return true;
  }
  value.kind = Kind::kDict;
  if (!items('}', value)) return false;
  std::size_t pairs = 0;
  for (const ParamValue& item : value.items) pairs += item.kind == Kind::kPair ? 1 : 0;
  if (pairs == value.items.size()) return true;
  value.kind = Kind::kSet;
  return pairs == 0;
}

bool Parser::number(ParamValue& value) {
  const std::size_t begin = pos_;
  if (peek() == '-') ++pos_;
  value.kind = Kind::kFloat;
  if (word_at(pos_, "inf") || word_at(pos_, "nan")) {
    pos_ += 3;
  } else {
    std::size_t digits = pos_;
    while (is(peek(), kDigitClass)) ++pos_;
    if (pos_ == digits) return false;
    const std::size_t whole = pos_;
    if (peek() == '.') ++pos_;
    while (is(peek(), kDigitClass)) ++pos_;
    if (peek() == 'e') {
      ++pos_;
      if (peek() == '-' || peek() == '+') ++pos_;
      digits = pos_;
      while (is(peek(), kDigitClass)) ++pos_;
      if (pos_ == digits) return false;
    }
    if (pos_ == whole) value.kind = Kind::kInt;
    if (in_word(peek())) return false;
  }
  value.text = from(begin);
  return true;
}

// The place after the string at `i`, or after its quote alone where no other ends it on the line.
std::size_t Parser::after_string(std::size_t i) {
  const char quote = text_[i];
  std::size_t& unquoted_until = unquoted_until_[quote == '"' ? 0 : 1];
  if (i < unquoted_until) return i + 1;
  std::size_t end = i + 1;
  for (; end < text_.size() && text_[end] != '\n'; ++end) {
    if (text_[end] == quote) return end + 1;
    if (text_[end] == '\\' && at(end + 1) != '\n') ++end;
  }
  unquoted_until = end;
  return i + 1;
}

bool Parser::string(ParamValue& value) {
  const std::size_t begin = pos_;
  const std::size_t end = after_string(pos_);
  if (end == pos_ + 1) return false;
  pos_ = end;
  value.kind = Kind::kString;
  value.text = from(begin);
  return true;
}

bool Parser::name_or_call(ParamValue& value) {
  const std::size_t begin = pos_;
  for (;;) {
    pos_ = after_word(pos_);
    if (peek() != '.' || !starts_word(at(pos_ + 1))) break;
    ++pos_;
  }
  const std::string_view name = from(begin);
  value.text = name;
  if (peek() == '(') {
    // Its lines are aligned.
    if (name == "array" || name == "Array") return false;
    value.kind = Kind::kCall;
    return items(')', value);
  }
  if (name == "None") {
    value.kind = Kind::kNone;
  } else if (name == "True" || name == "False") {
    value.kind = Kind::kBool;
  } else {
    value.kind = is_non_finite(name) ? Kind::kFloat : Kind::kName;
  }
  return true;
}

bool Parser::element_ends(char close) const {
  const char next = at(after_space(pos_));
  return next == ',' || next == close;
}

void Parser::element(char close, ParamValue& value) {
  const Mark begin = mark();
  const std::size_t modules = modules_read_;
  if (close == ')' && assigns_at(pos_)) {
    value.kind = Kind::kKeyword;
    value.text = text_.substr(pos_, after_word(pos_) - pos_);
    pos_ += value.text.size() + 1;
    gap();
    const ir::Nesting level = nested();
    return element('\0', value.items.emplace_back());
  }
  if (close == '\0') close = ')';
  if (literal(value)) {
    if (element_ends(close)) return;
    const std::size_t colon = after_space(pos_);
    if (close != ']' && at(colon) == ':') {
      ParamValue pair;
      pair.kind = Kind::kPair;
      pair.items.push_back(std::move(value));
      move_to(colon + 1);
      gap();
      const ir::Nesting level = nested();
      const Mark second = mark();
      if (!literal(pair.items.emplace_back()) || !element_ends(close)) {
        pair.items.back() = ParamValue();
        read_anew(second, modules);
        raw_element(pair.items.back());
      }
      value = std::move(pair);
      return;
    }
  }
  value = ParamValue();
  read_anew(begin, modules);
  raw_element(value);
}

// Up to a comma or a bracket that was opened before it.
void Parser::raw_element(ParamValue& value) {
  const std::size_t begin = pos_;
  note_free_text(begin);
  std::string open;
  std::size_t i = begin;
  for (; i < text_.size(); ++i) {
    const char c = text_[i];
    if (open.empty() && (c == ',' || closes(c))) break;
    if ((c == '\'' || c == '"') && (i == begin || !in_word(text_[i - 1]))) {
      i = after_string(i) - 1;
    } else if (!scan_bracket(i, open)) {
      break;
    }
  }
  if (i >= text_.size()) refuse("this value does not end");
  while (i > begin && is_space(text_[i - 1])) --i;
  move_to(i);
  value.kind = Kind::kRaw;
  value.text = from(begin);
}

// Keeps `open` up to date; false at a bracket that closes none of them. Angles count where they
// look like those of <function f at 0x…>.
bool Parser::scan_bracket(std::size_t i, std::string& open) const {
  switch (text_[i]) {
    case '(':
    case '[':
    case '{':
      open += text_[i];
      return true;
    case '<':
      if (starts_word(at(i + 1))) open += '<';
      return true;
    case '>':
      if (!open.empty() && open.back() == '<' && text_[i - 1] != '-') open.pop_back();
      return true;
    case ')':
    case ']':
    case '}':
      while (!open.empty() && open.back() == '<') open.pop_back();
      if (open.empty()) return false;
      open.pop_back();
      return true;
    default:
      return true;
  }
}

}  // namespace jaxsmith::jaxpr
