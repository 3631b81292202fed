// Variables are named a, b, …, z, aa, …: `in`, `let`, `inf` and `nan` are names of variables, too.
// What such a word means is told by what follows it.
#include "ir/jaxpr/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ir/common/diagnostic.h"

namespace jaxsmith::jaxpr {
namespace {

using Kind = ParamValue::Kind;
using ir::Refused;

constexpr std::size_t kNone = std::string_view::npos;

enum CharClass : std::uint8_t {
  kSpaceClass = 1,
  kDigitClass = 2,
  kLetterClass = 4,
  kStopClass = 8
};

constexpr std::array<std::uint8_t, 256> char_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned char c : {' ', '\n', '\t', '\r', '\f', '\v'}) classes[c] = kSpaceClass | kStopClass;
  for (unsigned char c = '0'; c <= '9'; ++c) classes[c] = kDigitClass;
  for (unsigned char c = 'a'; c <= 'z'; ++c) classes[c] = kLetterClass;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) classes[c] = kLetterClass;
  for (unsigned c = 128; c < 256; ++c) classes[c] = kLetterClass;
  classes['_'] = kLetterClass;
  for (unsigned char c : {',', ':', ';', ')', ']', '}'}) classes[c] = kStopClass;
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = char_classes();

bool is(char c, int classes) { return (kClasses[static_cast<unsigned char>(c)] & classes) != 0; }
bool is_space(char c) { return is(c, kSpaceClass); }
bool starts_word(char c) { return is(c, kLetterClass); }
bool in_word(char c) { return is(c, kLetterClass | kDigitClass); }
bool closes(char c) { return c == ')' || c == ']' || c == '}'; }

bool is_non_finite(std::string_view s) { return s == "nan" || s == "inf"; }
bool is_constant(std::string_view s) { return s == "True" || s == "False" || s == "None"; }

// Strings that people wrote, of whatever characters.
bool holds_free_text(std::string_view key) {
  return key == "name" || key == "msg" || key == "fmt" || key == "message" || key == "label";
}

bool names_jaxpr(std::string_view key) { return key.ends_with("jaxpr"); }

// The values of memory spaces in `f32<host>[3]`.
bool is_memory_space(std::string_view s) {
  return s == "host" || s == "device" || s == "any" || s == "default";
}

// The names bound so far, as far as JAX makes such: a, b, …, zzzz.
class BoundNames {
 public:
  void add(std::string_view name) {
    const std::size_t i = index(name);
    if (i == kNone) return;
    if (i >= bound_.size()) bound_.resize(std::max(2 * bound_.size(), i + 1));
    bound_[i] = true;
  }
  bool has(std::string_view name) const {
    const std::size_t i = index(name);
    return i < bound_.size() && bound_[i];
  }

 private:
  static std::size_t index(std::string_view name) {
    std::size_t i = 0;
    if (name.empty() || name.size() > 4) return kNone;
    for (char c : name) {
      if (c < 'a' || c > 'z') return kNone;
      i = 27 * i + static_cast<std::size_t>(c - 'a') + 1;
    }
    return i;
  }
  std::vector<bool> bound_;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Module whole();

 private:
  // One level of nesting, while it is read.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > ir::Limits{}.depth) parser_.refuse("nested too deeply");
    }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  struct Mark {
    std::size_t pos, line_start;
  };

  // Where a parameter's list stands, to find the end of free text in it.
  struct Layout {
    bool broken = false;  // each parameter has a line of its own
    std::size_t column = 0;
  };

  [[noreturn]] void refuse(std::string message) const { throw Refused{pos_, std::move(message)}; }
  [[noreturn]] void refuse_expected(std::string_view what) const;

  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  char peek() const { return at(pos_); }
  std::string_view from(std::size_t begin) const { return text_.substr(begin, pos_ - begin); }
  std::size_t column() const { return pos_ - line_start_; }
  Mark mark() const { return {pos_, line_start_}; }
  void reset(Mark m) { pos_ = m.pos, line_start_ = m.line_start; }

  bool gap();
  std::size_t after_space(std::size_t i) const;
  std::size_t after_word(std::size_t i) const;
  bool word_at(std::size_t i, std::string_view word) const;
  bool assigns_at(std::size_t i) const;
  bool accept(std::string_view s);
  void expect(std::string_view s);
  void expect_word(std::string_view word);
  std::size_t after_brackets(std::size_t i) const;
  void move_to(std::size_t pos);

  Module module();
  std::size_t shared_name_end(std::size_t i) const;
  Jaxpr jaxpr();
  bool jaxpr_follows() const;
  bool module_follows() const;
  std::vector<Var> binders(char end);
  Var binder();
  Aval aval();
  std::size_t after_type(std::size_t i) const;
  void array_type(std::string_view text, Aval& aval) const;
  bool shape(std::string_view text, std::vector<std::int64_t>& shape) const;
  Atom atom();
  Atom reference();
  std::vector<Atom> results();

  Equation equation();
  void after_binders(Equation& eqn, std::size_t column);
  void effect(Equation& eqn);
  void primitive(Equation& eqn, std::size_t column);
  void get_params(Equation& eqn);
  bool params_follow(std::size_t i) const;
  bool results_follow() const;
  bool equation_follows(bool new_line, std::size_t column) const;
  bool effect_follows(std::size_t i) const;
  bool binder_follows(std::size_t colon, bool new_line, std::size_t column) const;

  std::vector<Param> params();
  ParamValue value(std::string_view key, Layout layout);
  ParamValue nested_jaxpr();
  ParamValue nested_module();
  bool jaxpr_tuple_follows() const;
  bool jaxpr_tuple(ParamValue& value);
  bool value_ends(Layout layout, bool free_text) const;
  void read_anew(Mark begin, std::size_t modules);
  ParamValue free_value(Layout layout);
  std::size_t free_end_by_lines(Layout layout);
  std::size_t free_end_by_brackets(std::size_t begin);

  // These tell by false that the text is no such thing, wherever they are then.
  bool literal(ParamValue& value);
  bool items(char close, ParamValue& value);
  bool more_items(char close, ParamValue& value);
  bool item_follows() const;
  bool braces(ParamValue& value);
  bool number(ParamValue& value);
  bool string(ParamValue& value);
  bool name_or_call(ParamValue& value);
  void element(char close, ParamValue& value);
  bool element_ends(char close) const;
  void raw_element(ParamValue& value);
  std::size_t after_string(std::size_t i);
  bool scan_bracket(std::size_t i, std::string& open) const;

  std::string_view text_;
  std::size_t pos_ = 0;
  std::size_t line_start_ = 0;
  int depth_ = 0;
  BoundNames bound_;
  std::size_t modules_read_ = 0;        // within values
  bool lines_failed_ = false;           // free_end_by_lines() came to the end of the text
  std::size_t unquoted_until_[2] = {};  // up to there no quote " (or ') ends a string
};

// ---- characters and words

void Parser::refuse_expected(std::string_view what) const {
  std::string message = "expected ";
  message += what;
  if (pos_ >= text_.size()) refuse(message + ", found the end");
  std::size_t end = after_word(pos_);
  if (end == pos_) ++end;
  message += ", found '";
  message += text_.substr(pos_, std::min<std::size_t>(end - pos_, 40));
  refuse(message + "'");
}

// Skips blanks; whether a line ended among them.
bool Parser::gap() {
  bool new_line = false;
  for (; pos_ < text_.size() && is_space(text_[pos_]); ++pos_) {
    if (text_[pos_] != '\n') continue;
    line_start_ = pos_ + 1;
    new_line = true;
  }
  return new_line;
}

std::size_t Parser::after_space(std::size_t i) const {
  while (i < text_.size() && is_space(text_[i])) ++i;
  return i;
}

std::size_t Parser::after_word(std::size_t i) const {
  while (i < text_.size() && in_word(text_[i])) ++i;
  return i;
}

bool Parser::word_at(std::size_t i, std::string_view word) const {
  return text_.substr(i, word.size()) == word && !in_word(at(i + word.size()));
}

// key=…
bool Parser::assigns_at(std::size_t i) const {
  if (!starts_word(at(i))) return false;
  i = after_word(i);
  return at(i) == '=' && at(i + 1) != '=';
}

bool Parser::accept(std::string_view s) {
  if (text_.substr(pos_, s.size()) != s) return false;
  pos_ += s.size();
  return true;
}

void Parser::expect(std::string_view s) {
  gap();
  if (!accept(s)) refuse_expected("'" + std::string(s) + "'");
}

void Parser::expect_word(std::string_view word) {
  gap();
  if (!word_at(pos_, word)) refuse_expected("'" + std::string(word) + "'");
  pos_ += word.size();
}

// The place after the bracket that closes the one at `i`.
std::size_t Parser::after_brackets(std::size_t i) const {
  std::string open;
  const std::size_t begin = i;
  for (; i < text_.size(); ++i) {
    switch (text_[i]) {
      case '(':
        open += ')';
        break;
      case '[':
        open += ']';
        break;
      case '{':
        open += '}';
        break;
      case '<':
        open += '>';
        break;
      case '>':
        if (open.back() == '>') open.pop_back();
        break;
      case ')':
      case ']':
      case '}':
        if (open.back() != text_[i]) throw Refused{i, "brackets do not match"};
        open.pop_back();
        break;
      default:
        break;
    }
    if (open.empty()) return i + 1;
  }
  throw Refused{begin, "bracket is not closed"};
}

// Goes on behind text that may hold line ends.
void Parser::move_to(std::size_t pos) {
  const std::size_t line_end = text_.substr(pos_, pos - pos_).rfind('\n');
  if (line_end != kNone) line_start_ = pos_ + line_end + 1;
  pos_ = pos;
}

// ---- modules and jaxprs

Module Parser::whole() {
  Module m = module();
  gap();
  if (pos_ < text_.size()) refuse_expected("the end");
  return m;
}

Module Parser::module() {
  Module m;
  for (gap(); word_at(pos_, "let"); gap()) {
    const std::size_t end = shared_name_end(pos_ + 3);
    if (end == kNone) refuse("expected the name of a shared jaxpr after 'let'");
    move_to(after_space(pos_ + 3));
    std::size_t last = end;
    while (last > pos_ && is_space(text_[last - 1])) --last;
    std::string name(text_.substr(pos_, last - pos_));
    move_to(end + 1);
    gap();
    m.shared.emplace_back(std::move(name), jaxpr());
    expect_word("in");
  }
  m.main = jaxpr();
  return m;
}

// Of `let name = {`, the place of '='. Names are short: they come from Python functions.
std::size_t Parser::shared_name_end(std::size_t i) const {
  constexpr std::size_t kLongest = 1000;
  if (!is_space(at(i))) return kNone;
  const std::size_t end = std::min(text_.size(), i + kLongest);
  for (; i < end; ++i) {
    if (text_[i] != '=') continue;
    std::size_t next = i + 1;
    while (next < end && is_space(text_[next])) ++next;
    if (at(next) == '{') return i;
  }
  return kNone;
}

bool Parser::jaxpr_follows() const {
  return peek() == '{' && word_at(after_space(pos_ + 1), "lambda");
}

bool Parser::module_follows() const {
  if (jaxpr_follows()) return true;
  if (!word_at(pos_, "let")) return false;
  const std::size_t end = shared_name_end(pos_ + 3);
  if (end == kNone) return false;
  return word_at(after_space(after_space(end + 1) + 1), "lambda");
}

Jaxpr Parser::jaxpr() {
  Level level(*this);
  Jaxpr j;
  j.offset = pos_;
  expect("{");
  expect_word("lambda");
  j.constvars = binders(';');
  j.invars = binders('.');
  expect_word("let");
  for (;;) {
    gap();
    if (peek() == ';') {
      ++pos_;
    } else if (results_follow()) {
      break;
    } else {
      j.equations.push_back(equation());
    }
  }
  j.results_offset = pos_;
  pos_ += 2;
  gap();
  j.results = results();
  expect("}");
  return j;
}

// "in (…)", which is not an operand `in` before a literal (1+2j):c64[].
bool Parser::results_follow() const {
  if (!word_at(pos_, "in")) return false;
  const std::size_t open = after_space(pos_ + 2);
  if (at(open) != '(') return false;
  constexpr std::size_t kLongest = 80;
  const std::size_t close = text_.substr(open, kLongest).find_first_of("):");
  if (close == kNone || text_[open + close] == ':') return true;
  return at(open + close + 1) != ':';
}

std::vector<Var> Parser::binders(char end) {
  std::vector<Var> vars;
  for (gap(); peek() != end; gap()) vars.push_back(binder());
  ++pos_;
  return vars;
}

Var Parser::binder() {
  const std::size_t begin = pos_;
  if (!starts_word(peek())) refuse_expected("a variable");
  pos_ = after_word(pos_);
  Var v;
  v.name = from(begin);
  bound_.add(v.name);
  if (!accept(":")) refuse_expected("':' and a type");
  v.aval = aval();
  return v;
}

Aval Parser::aval() {
  const std::size_t begin = pos_;
  const std::size_t end = after_type(pos_);
  if (end == begin) refuse_expected("a type");
  move_to(end);
  Aval a;
  array_type(from(begin), a);
  return a;
}

std::size_t Parser::after_type(std::size_t i) const {
  const std::size_t begin = i;
  i = after_word(i);
  while (i > begin) {
    const char c = at(i);
    const bool angle = c == '<' && at(i + 1) != '-';
    if (!angle && c != '[' && c != '{' && c != '(') break;
    i = after_brackets(i);
  }
  return i;
}

// dtype[shape], dtype<space>[shape]{…}, Ref{…}, Ref<space>{…}; else a name.
void Parser::array_type(std::string_view text, Aval& aval) const {
  std::size_t i = 0;
  while (i < text.size() && in_word(text[i])) ++i;
  std::size_t dtype_end = i;
  if (text.substr(0, i) == "Ref") {
    const std::size_t open = text.find('{', i);
    if (open != kNone && text.back() == '}' && !aval.is_ref) {
      aval.is_ref = true;
      array_type(text.substr(open + 1, text.size() - open - 2), aval);
      aval.text = text;
      return;
    }
  }
  while (i < text.size() && text[i] == '<') {
    const std::size_t close = text.find('>', i);
    if (close == kNone) break;
    if (!is_memory_space(text.substr(i + 1, close - i - 1))) dtype_end = close + 1;
    i = close + 1;
  }
  const std::size_t close = text.find(']', i);
  if (i < text.size() && text[i] == '[' && close != kNone &&
      shape(text.substr(i + 1, close - i - 1), aval.shape)) {
    aval.dtype = text.substr(0, dtype_end);
    const bool plain =
        dtype_end == i && close + 1 == text.size() && text.substr(i, close - i).find('@') == kNone;
    if (!plain) aval.text = text;
    return;
  }
  aval.is_array = false;
  aval.shape.clear();
  aval.dtype = text;
  aval.text = text;
}

// 8,4 and 8@x,4@(y,z)
bool Parser::shape(std::string_view text, std::vector<std::int64_t>& shape) const {
  std::size_t i = 0;
  auto skip = [&] {
    while (i < text.size() && is_space(text[i])) ++i;
  };
  for (skip(); i < text.size(); skip()) {
    if (!shape.empty()) {
      if (text[i++] != ',') return false;
      skip();
    }
    std::int64_t size = 0;
    auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), size);
    if (error != std::errc() || size < 0) return false;
    shape.push_back(size);
    i = static_cast<std::size_t>(end - text.data());
    if (i < text.size() && text[i] == '@') {
      const bool several = i + 1 < text.size() && text[i + 1] == '(';
      i = std::min(text.find(several ? ')' : ',', i), text.size());
      if (several && i < text.size()) ++i;
    }
    skip();
  }
  return true;
}

Atom Parser::atom() {
  Atom a;
  const std::size_t begin = pos_;
  const char c = peek();
  if (starts_word(c)) {
    pos_ = after_word(pos_);
    if (peek() == '[' || peek() == '{') {
      reset({begin, line_start_});
      return reference();
    }
    if (peek() == ':' || is_constant(from(begin))) a.kind = Atom::Kind::kLiteral;
  } else {
    a.kind = Atom::Kind::kLiteral;
    if (c == '(' || c == '[') {
      move_to(after_brackets(pos_));
    } else {
      while (pos_ < text_.size() && !is(text_[pos_], kStopClass)) ++pos_;
    }
    if (pos_ == begin) refuse_expected("a variable or a literal");
  }
  a.text = from(begin);
  if (accept(":")) a.aval = aval();
  return a;
}

// r[…], r[…]{bitcast(…)}, (r[…], s[…])
Atom Parser::reference() {
  Atom a;
  const std::size_t begin = pos_;
  if (peek() == '(') {
    move_to(after_brackets(pos_));
  } else {
    if (!starts_word(peek())) refuse_expected("a reference");
    pos_ = after_word(pos_);
  }
  a.text = from(begin);
  const std::size_t transforms = pos_;
  while (peek() == '[' || peek() == '{') move_to(after_brackets(pos_));
  if (pos_ == transforms) refuse_expected("'[' after a reference");
  a.transforms = from(transforms);
  return a;
}

std::vector<Atom> Parser::results() {
  std::vector<Atom> atoms;
  expect("(");
  for (gap(); peek() != ')'; gap()) {
    atoms.push_back(atom());
    gap();
    if (peek() != ')') expect(",");
  }
  ++pos_;
  return atoms;
}

// ---- equations

Equation Parser::equation() {
  Equation eqn;
  eqn.offset = pos_;
  const std::size_t begin_column = column();
  const std::size_t end = after_word(pos_);
  if (starts_word(peek()) && at(end) == ':') {
    for (gap(); starts_word(peek()); gap()) eqn.results.push_back(binder());
    after_binders(eqn, begin_column);
  } else if (peek() == '(' || at(end) == '{' || (at(end) == '[' && !params_follow(end))) {
    effect(eqn);
  } else {
    primitive(eqn, begin_column);
  }
  return eqn;
}

void Parser::after_binders(Equation& eqn, std::size_t column) {
  if (accept("=")) {
    gap();
    return primitive(eqn, column);
  }
  if (accept("<-")) {
    eqn.form = Equation::Form::kGet;
    eqn.primitive = "get";
    gap();
    eqn.operands.push_back(reference());
    return get_params(eqn);
  }
  if (!accept(",")) refuse_expected("'=', '<-' or ','");
  eqn.form = Equation::Form::kSwap;
  eqn.primitive = "swap";
  gap();
  eqn.operands.push_back(reference());
  expect("<-");
  gap();
  const std::size_t again = pos_;
  const Atom same = reference();
  if (same.text != eqn.operands[0].text || same.transforms != eqn.operands[0].transforms) {
    throw Refused{again, "expected the reference left of '<-' once more"};
  }
  expect(",");
  gap();
  eqn.operands.push_back(atom());
}

// ` mask=m other=o`, of a load in Pallas.
void Parser::get_params(Equation& eqn) {
  for (;;) {
    const Mark m = mark();
    gap();
    if (!assigns_at(pos_)) return reset(m);
    const std::size_t begin = pos_;
    pos_ = after_word(pos_);
    Param p;
    p.key = from(begin);
    ++pos_;
    const std::size_t operand = pos_;
    atom();
    p.value.kind = Kind::kName;
    p.value.text = from(operand);
    eqn.params.push_back(std::move(p));
  }
}

// r[…] <- a, r[…] += a
void Parser::effect(Equation& eqn) {
  eqn.operands.push_back(reference());
  gap();
  if (accept("<-")) {
    eqn.form = Equation::Form::kSet;
    eqn.primitive = "swap";
  } else if (accept("+=")) {
    eqn.form = Equation::Form::kAddUpdate;
    eqn.primitive = "addupdate";
  } else {
    refuse_expected("'<-' or '+='");
  }
  gap();
  eqn.operands.push_back(atom());
}

void Parser::primitive(Equation& eqn, std::size_t column) {
  const std::size_t begin = pos_;
  while (pos_ < text_.size() && text_[pos_] != '[' && !is(text_[pos_], kStopClass)) ++pos_;
  if (!starts_word(at(begin))) refuse_expected("a primitive");
  eqn.primitive = from(begin);
  const std::size_t open = after_space(pos_);
  if (params_follow(open)) {
    move_to(open);
    eqn.params = params();
  }
  for (;;) {
    const bool new_line = gap();
    const char c = peek();
    if (c == ';' || c == '}' || pos_ >= text_.size() || results_follow()) return;
    if (equation_follows(new_line, column)) return;
    eqn.operands.push_back(atom());
  }
}

// [key=…
bool Parser::params_follow(std::size_t i) const {
  return at(i) == '[' && assigns_at(after_space(i + 1));
}

// Whether an equation begins here, after the operands of the one that began in `column`.
bool Parser::equation_follows(bool new_line, std::size_t column) const {
  const bool aligned = new_line && this->column() == column;
  if (peek() == '(') return aligned;
  if (!starts_word(peek())) return false;
  const std::size_t end = after_word(pos_);
  const char next = at(end);
  if (next == ':') return binder_follows(end, new_line, column);
  if (next == '[' || next == '{') return new_line || params_follow(end) || effect_follows(end);
  // A primitive that has neither results nor parameters.
  return aligned && !bound_.has(text_.substr(pos_, end - pos_));
}

// r[…] <- or r[…] +=, of which `i` is the place after r.
bool Parser::effect_follows(std::size_t i) const {
  constexpr std::size_t kLongest = 400;
  const std::string_view near = text_.substr(i, kLongest);
  std::size_t end = 0;
  while (end < near.size() && (near[end] == '[' || near[end] == '{')) {
    end = near.find(near[end] == '[' ? ']' : '}', end);
    if (end == kNone) return false;
    ++end;
  }
  while (end < near.size() && is_space(near[end])) ++end;
  return near.substr(end, 2) == "<-" || near.substr(end, 2) == "+=";
}

// Of a word and a colon: a result of the next equation, or else a literal as True:bool[].
bool Parser::binder_follows(std::size_t colon, bool new_line, std::size_t column) const {
  const std::string_view word = text_.substr(pos_, colon - pos_);
  if (is_constant(word)) return false;
  if (!is_non_finite(word)) return true;
  const std::size_t next = after_space(after_type(colon + 1));
  return at(next) == '=' || text_.substr(next, 2) == "<-" || (new_line && this->column() == column);
}

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
  if (names_jaxpr(key) && !v.text.starts_with('<')) v.kind = Kind::kReference;
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
  Level level(*this);
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
  std::size_t end = layout.broken ? free_end_by_lines(layout) : kNone;
  if (end == kNone) end = free_end_by_brackets(begin);
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
  Level level(*this);
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
    if (text_[end] == '\\') ++end;
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
    Level level(*this);
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
      Level level(*this);
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

}  // namespace

Result<Module> parse(std::string_view text, std::string_view file) {
  try {
    return Parser(text).whole();
  } catch (const Refused& refused) {
    return ir::refused_at(text, file, refused.offset, refused.message);
  }
}

}  // namespace jaxsmith::jaxpr
