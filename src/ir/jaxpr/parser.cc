// Variables are named a, b, …, z, aa, …: `in`, `let`, `inf` and `nan` are names of variables, too.
// What such a word means is told by what follows it.
#include "ir/jaxpr/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "ir/jaxpr/parser_state.h"
#include "ir/jaxpr/printer.h"

namespace jaxsmith::jaxpr {
namespace {

// The values of memory spaces in `f32<host>[3]`.
bool is_memory_space(std::string_view s) {
  return s == "host" || s == "device" || s == "any" || s == "default";
}

bool looks_like_number(std::string_view s) {
  return std::all_of(s.begin(), s.end(),
                     [](char c) { return in_word(c) || c == '.' || c == '-' || c == '+'; });
}

// What is taken as it stands (free text in a parameter, a value of no known form) ends where lines
// and brackets around it say. Printed, it may stand otherwise; then it must still end there.
void require_one_reading(std::string_view text, const Module& module, std::size_t free_text) {
  const std::string printed = print(module);
  if (printed == text) return;
  bool same = false;
  try {
    same = print(Parser(printed).whole()) == printed;
  } catch (const Refused&) {
  }
  if (!same) throw Refused{free_text, "this text can be read in more than one way"};
}

}  // namespace

// ---- characters and words

void Parser::refuse_expected(std::string_view what) const {
  std::string message = "expected ";
  message += what;
  if (pos_ >= text_.size()) refuse(message + ", found the end");
  std::size_t end = after_word(pos_);
  if (end == pos_) ++end;
  message += ", found '";
  constexpr std::size_t kShown = 40;
  if (end - pos_ > kShown) {
    end = pos_ + kShown;
    while (end > pos_ + 1 && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) --end;
  }
  message += text_.substr(pos_, end - pos_);
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
    if (after_word(pos_) != last) note_free_text(pos_);
    move_to(end + 1);
    gap();
    m.shared.push_back({std::move(name), jaxpr()});
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
  const ir::Nesting level = nested();
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
  const std::size_t end = after_word(pos_);
  if (!starts_word(peek()) || is_constant(text_.substr(begin, end - begin)))
    refuse_expected("a variable");
  pos_ = end;
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
  if (text_.substr(begin, end - begin).find('\n') != kNone)
    refuse_expected("a type that ends on its line");
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
void Parser::array_type(std::string_view text, Aval& aval) {
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
  note_free_text(pos_);
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
    // Numbers, and arrays and complex numbers in brackets.
    if (!is(c, kDigitClass) && std::string_view("-+.([=").find(c) == std::string_view::npos)
      refuse_expected("a variable or a literal");
    if (c == '(' || c == '[') {
      move_to(after_brackets(pos_));
    } else if (c != '=') {
      while (pos_ < text_.size() && !is(text_[pos_], kStopClass)) ++pos_;
    }
    if (pos_ == begin) refuse_expected("a variable or a literal");
    if (!looks_like_number(from(begin))) note_free_text(begin);
  }
  a.text = from(begin);
  if (accept(":")) a.aval = aval();
  return a;
}

// r[…], r[…]{bitcast(…)}, (r[…], s[…])
Atom Parser::reference() {
  Atom a;
  const std::size_t begin = pos_;
  note_free_text(begin);
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
  if (after_word(begin) != pos_) note_free_text(begin);
  const std::size_t open = after_space(pos_);
  if (params_follow(open)) {
    move_to(open);
    eqn.params = params();
  } else if (eqn.results.empty() && bound_.has(eqn.primitive)) {
    // On a line of its own it would be an operand of the equation before.
    throw Refused{begin, fmt::format("expected a primitive; {} is a variable", eqn.primitive)};
  }
  for (;;) {
    const bool new_line = gap();
    const char c = peek();
    if (c == ';' || c == '}' || pos_ >= text_.size() || results_follow()) return;
    if (equation_follows(new_line, column)) return;
    // A reference: on a line of its own it would begin an equation.
    const char next = starts_word(c) ? at(after_word(pos_)) : ' ';
    if (next == '[' || next == '{') refuse_expected("an operand");
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

Result<Module> parse(std::string_view text, std::string_view file) {
  if (static_cast<std::int64_t>(text.size()) > ir::Limits().text_bytes)
    return ir::refused_at(text.substr(0, 0), file, 0, "the text is too long");
  if (const std::size_t good = utf8_prefix(text); good < text.size())
    return ir::refused_at(text, file, good, "it is no UTF-8");
  try {
    Parser parser(text);
    const auto read = [&] {
      Module module = parser.whole();
      if (parser.first_free_text() != kNone)
        require_one_reading(text, module, parser.first_free_text());
      return module;
    };
    return ir::refusing(read, [&] { return parser.offset(); });
  } catch (const Refused& refused) {
    return ir::refused_at(text, file, refused.offset, refused.message);
  }
}

}  // namespace jaxsmith::jaxpr
