// The parser of jaxprs: parser.cc reads jaxprs and equations, parser_values.cc what parameters
// hold.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/common/depth.h"
#include "ir/jaxpr/module.h"

namespace jaxsmith::jaxpr {

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
inline constexpr std::array<std::uint8_t, 256> kClasses = char_classes();

inline bool is(char c, int classes) {
  return (kClasses[static_cast<unsigned char>(c)] & classes) != 0;
}
inline bool is_space(char c) { return is(c, kSpaceClass); }
inline bool starts_word(char c) { return is(c, kLetterClass); }
inline bool in_word(char c) { return is(c, kLetterClass | kDigitClass); }
inline bool closes(char c) { return c == ')' || c == ']' || c == '}'; }

inline bool is_non_finite(std::string_view s) { return s == "nan" || s == "inf"; }
inline bool is_constant(std::string_view s) { return s == "True" || s == "False" || s == "None"; }

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

  // Where the first text stands that was taken as it is, up to where its like ends; else kNone.
  std::size_t first_free_text() const { return free_text_; }
  std::size_t offset() const { return pos_; }

 private:
  ir::Nesting nested() {
    return {depth_, [&] { refuse("nested too deeply"); }};
  }

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
  void note_free_text(std::size_t begin) { free_text_ = std::min(free_text_, begin); }
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
  void array_type(std::string_view text, Aval& aval);
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
  ir::Depth depth_;
  BoundNames bound_;
  std::size_t modules_read_ = 0;  // within values
  std::size_t free_text_ = kNone;
  bool lines_failed_ = false;           // free_end_by_lines() came to the end of the text
  std::size_t unquoted_until_[2] = {};  // up to there no quote " (or ') ends a string
};

}  // namespace jaxsmith::jaxpr
