#include "ir/jaxpr/canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ir/jaxpr/lexer.h"
#include "tensor/dtype.h"

namespace jaxsmith::jaxpr {
namespace {

constexpr int kMaxDepth = 500;

bool is_dtype(std::string_view word) {
  return dtype_from_jaxpr_name(word) || dtype_from_numpy_name(word);
}

// Walks the tokens once and writes both forms as it goes.
class Walker {
 public:
  explicit Walker(std::vector<Token> tokens) {
    bool starts = true;
    for (Token& t : tokens) {
      if (t.kind == TokenKind::kSpace) {
        starts = starts || t.text.find('\n') != std::string_view::npos;
        continue;
      }
      starts_line_.push_back(starts);
      starts = false;
      tokens_.push_back(t);
    }
  }

  Result<Canonical> walk() {
    while (error_.empty() && is("let")) shared();
    if (error_.empty()) closed();
    if (error_.empty() && at_ < tokens_.size()) fail("nothing behind the jaxpr");
    if (!error_.empty()) return Error::environment(error_);
    return std::move(out_);
  }

 private:
  using Scope = std::unordered_map<std::string_view, int>;

  const Token* token(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? &tokens_[at_ + ahead] : nullptr;
  }
  bool is(std::string_view text, std::size_t ahead = 0) const {
    return token(ahead) && token(ahead)->text == text;
  }
  bool is_name() const { return token() && token()->kind == TokenKind::kName; }

  void fail(std::string_view expected) {
    if (!error_.empty()) return;
    const Token* t = token();
    const Token* last = tokens_.empty() ? nullptr : &tokens_.back();
    error_ = fmt::format("jaxpr:{}:{}: expected {}",
                         t      ? t->line
                         : last ? last->line
                                : 1,
                         t      ? t->column
                         : last ? last->column + static_cast<int>(last->text.size())
                                : 1,
                         expected);
  }

  void put(std::string_view text) { put(text, text); }
  void put(std::string_view signature, std::string_view structure) {
    (out_.signature += signature) += ' ';
    if (!structure.empty()) (out_.structure += structure) += ' ';
  }
  void expect(std::string_view text) {
    if (!is(text)) return fail(fmt::format("'{}'", text));
    put(text);
    ++at_;
  }

  // let NAME = { lambda … } in
  void shared() {
    ++at_;
    if (!is_name()) return fail("the name of a shared jaxpr");
    const std::string_view name = token()->text;
    ++at_;
    shared_.emplace(name, static_cast<int>(shared_.size()));
    put("let");
    expect("=");
    if (error_.empty()) closed();
    if (error_.empty()) expect("in");
  }

  // { lambda constants ; parameters . let equations in ( results ) }
  void closed() {
    if (++depth_ > kMaxDepth) return fail("fewer jaxprs within one another");
    scopes_.emplace_back();
    next_.push_back(0);
    expect("{");
    expect("lambda");
    while (error_.empty() && !is(";")) binder();
    expect(";");
    while (error_.empty() && !is(".")) binder();
    expect(".");
    expect("let");
    while (error_.empty() && !ends_equations()) {
      equation();
      if (is(";")) ++at_;  // between equations of a jaxpr in one line
    }
    expect("in");
    results();
    expect("}");
    scopes_.pop_back();
    next_.pop_back();
    --depth_;
  }

  // `in (…)` ends the equations. A variable may be called `in` as well: what follows it is no
  // group, or one that is a complex literal.
  bool ends_equations() const {
    if (!is("in") || !is("(", 1)) return false;
    const std::size_t behind = behind_group(at_ + 1);
    return behind >= tokens_.size() || tokens_[behind].text != ":";
  }

  void binder() {
    if (!is_name() || !is(":", 1)) return fail("a variable and its type");
    bind(token()->text);
    ++at_;
    type();
  }

  void bind(std::string_view name) {
    if (name == "_") return put("_");
    const int number = next_.back()++;
    scopes_.back()[name] = number;
    put(fmt::format("v{}", number));
  }

  // : f32[3,4]{…}, :key<fry>[], :Ref{f32[3]}
  void type() {
    expect(":");
    if (!is_name()) return fail("a type");
    put(token()->text, is_dtype(token()->text) ? "" : token()->text);
    ++at_;
    if (is("<")) {
      while (token() && !is(">")) put(token()->text), ++at_;
      expect(">");
    }
    while (error_.empty() && (is("[") || is("{"))) group();
  }

  // A bracketed group of a type: sizes are left out of the structure, their number stays.
  void group() {
    const std::string_view close = is("[") ? "]" : "}";
    put(token()->text);
    ++at_;
    while (error_.empty() && !is(close)) {
      if (!token()) return fail(fmt::format("'{}'", close));
      if (is("[") || is("{")) {
        group();
        continue;
      }
      const bool size = token()->kind == TokenKind::kNumber;
      put(token()->text, size ? "_" : is_dtype(token()->text) ? "" : token()->text);
      ++at_;
    }
    expect(close);
  }

  // Whether variables with types and then '=' follow: not so for equations without results.
  bool binds() const {
    std::size_t i = at_;
    const auto text = [&](std::size_t k) {
      return k < tokens_.size() ? tokens_[k].text : std::string_view();
    };
    while (i < tokens_.size() && tokens_[i].kind == TokenKind::kName && text(i + 1) == ":") {
      i += 3;
      if (text(i) == "<") {
        while (i < tokens_.size() && text(i) != ">") ++i;
        ++i;
      }
      while (text(i) == "[" || text(i) == "{") i = behind_group(i);
    }
    return i > at_ && text(i) == "=";
  }

  std::size_t behind_group(std::size_t i) const {
    int depth = 0;
    for (; i < tokens_.size(); ++i) {
      const std::string_view t = tokens_[i].text;
      if (t == "[" || t == "{" || t == "(") ++depth;
      if (t == "]" || t == "}" || t == ")") --depth;
      if (depth == 0) return i + 1;
    }
    return i;
  }

  void equation() {
    if (binds()) {
      while (error_.empty() && !is("=")) binder();
      expect("=");
    }
    if (!is_name()) return fail("a primitive");
    ++out_.equations;
    ++out_.primitives[std::string(token()->text)];
    put(token()->text);
    ++at_;
    if (is("[")) parameters();
    while (error_.empty() && operand()) {
    }
  }

  // A variable or a literal; false where something else follows.
  bool operand() {
    if (!token()) return false;
    // `inf:f32[]` is a literal, but where a line starts with a name and its type an equation does.
    const bool next_equation = starts_line_[at_] && binds();
    if (is("_") && !next_equation) {
      put("_");
      ++at_;
      return true;
    }
    if (is("(")) {  // a complex literal: (1+2j):c64[]
      const std::size_t behind = behind_group(at_);
      if (behind >= tokens_.size() || tokens_[behind].text != ":") return false;
      at_ = behind;
      put("literal");
      type();
      return true;
    }
    if (ends_equations() || is("}")) return false;
    if (is_name() && !next_equation && !is(":", 1)) {
      if (const auto number = variable(token()->text)) {
        put(fmt::format("v{}", *number));
        ++at_;
        return true;
      }
    }
    const bool value =
        token()->kind == TokenKind::kNumber || (is_name() && is(":", 1) && !next_equation);
    if (!value) return false;
    ++at_;
    put("literal");
    if (is(":")) type();
    return true;
  }

  std::optional<int> variable(std::string_view name) const {
    const auto found = scopes_.back().find(name);
    return found == scopes_.back().end() ? std::nullopt : std::optional(found->second);
  }

  // [ key=value key=value ], with jaxprs among the values.
  void parameters() {
    expect("[");
    for (int depth = 0; error_.empty();) {
      if (!token()) return fail("']'");
      if (depth == 0 && is("]")) break;
      if (is("{") && is("lambda", 1)) {
        closed();
        continue;
      }
      if (depth == 0 && is("name") && is("=", 1)) {
        function_name();
        continue;
      }
      if (is("[") || is("(") || is("{")) ++depth;
      if (is("]") || is(")") || is("}")) --depth;
      parameter_token();
    }
    expect("]");
  }

  // What a function is called says nothing about what it does.
  void function_name() {
    at_ += 2;
    if (is("<")) {
      while (token() && !is(">")) ++at_;
    }
    if (token()) ++at_;
  }

  void parameter_token() {
    const Token& t = *token();
    const auto known = shared_.find(t.text);
    if (t.kind == TokenKind::kName && known != shared_.end() && at_ > 0 &&
        tokens_[at_ - 1].text == "=") {
      put(fmt::format("shared{}", known->second));
    } else if (t.kind == TokenKind::kNumber) {
      put(t.text, "_");
    } else {
      put(t.text, is_dtype(t.text) ? "_" : t.text);
    }
    ++at_;
  }

  void results() {
    expect("(");
    while (error_.empty() && !is(")")) {
      if (is(",")) {
        ++at_;
        continue;
      }
      if (!operand()) return fail("a result");
    }
    expect(")");
  }

  std::vector<Token> tokens_;  // without blanks
  std::vector<bool> starts_line_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::vector<Scope> scopes_;
  std::vector<int> next_;
  std::unordered_map<std::string_view, int> shared_;
  Canonical out_;
  std::string error_;
};

}  // namespace

Result<Canonical> canonicalize(std::string_view text) {
  JAXSMITH_TRY(tokens, lex(text));
  return Walker(std::move(tokens)).walk();
}

}  // namespace jaxsmith::jaxpr
