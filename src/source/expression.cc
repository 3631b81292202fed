#include "source/expression.h"

#include <algorithm>
#include <set>

#include "base/letters.h"
#include "source/precedence.h"

namespace jaxsmith::source {
namespace {

bool is_comparison(std::string_view op) {
  return op == "<" || op == "<=" || op == ">" || op == ">=" || op == "==" || op == "!=" ||
         op == "in" || op == "is";
}

// ---- Parsing ----

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Expr> whole() {
    Expr e = expression();
    skip();
    if (error_.empty() && at_ != text_.size()) fail("unexpected text");
    if (!error_.empty())
      return Error::internal("expression `" + std::string(text_) + "`: " + error_);
    return e;
  }

 private:
  static constexpr int kMaxDepth = 200;
  static constexpr std::string_view kOperators[] = {
      "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "<", ">",
      "|",  "^",  "&",  "+",  "-",  "*",  "@",  "/",  "%"};

  void fail(std::string why) {
    if (error_.empty()) error_ = why + " at column " + std::to_string(at_ + 1);
    at_ = text_.size();
  }

  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool next_is(std::string_view token) {
    skip();
    return text_.substr(at_, token.size()) == token;
  }
  bool take(std::string_view token) {
    if (!next_is(token)) return false;
    at_ += token.size();
    return true;
  }
  bool next_is_word(std::string_view word) {
    return next_is(word) &&
           (at_ + word.size() >= text_.size() || !in_name(text_[at_ + word.size()]));
  }
  bool take_word(std::string_view word) {
    if (!next_is_word(word)) return false;
    at_ += word.size();
    return true;
  }
  std::string identifier() {
    skip();
    const std::size_t start = at_;
    while (at_ < text_.size() && in_name(text_[at_])) ++at_;
    if (start == at_) fail("expected a name");
    return std::string(text_.substr(start, at_ - start));
  }

  Expr expression() {
    if (++depth_ > kMaxDepth) fail("nested too deeply");
    Expr e = at_ >= text_.size() && !error_.empty() ? make(ExprKind::kName, "")
                                                    : lambda_or_conditional();
    --depth_;
    return e;
  }

  Expr lambda_or_conditional() {
    if (take_word("lambda")) {
      skip();
      const std::size_t colon = text_.find(':', at_);
      if (colon == std::string_view::npos) {
        fail("expected ':' of the lambda");
        return make(ExprKind::kName, "");
      }
      std::string parameters(text_.substr(at_, colon - at_));
      at_ = colon + 1;
      return make(ExprKind::kLambda, std::move(parameters), {expression()});
    }
    Expr e = disjunction();
    if (!take_word("if")) return e;
    Expr condition = disjunction();
    if (!take_word("else")) fail("expected else");
    return make(ExprKind::kConditional, "", {e, condition, expression()});
  }

  Expr disjunction() {
    Expr e = conjunction();
    while (take_word("or")) e = make(ExprKind::kBoolean, "or", {e, conjunction()});
    return e;
  }
  Expr conjunction() {
    Expr e = inversion();
    while (take_word("and")) e = make(ExprKind::kBoolean, "and", {e, inversion()});
    return e;
  }
  Expr inversion() {
    if (take_word("not")) return make(ExprKind::kUnary, "not", {inversion()});
    return comparison();
  }
  Expr comparison() {
    Expr e = binary(kBitOr);
    for (;;) {
      const std::string op = next_is_word("in")   ? "in"
                             : next_is_word("is") ? "is"
                                                  : next_operator();
      if (!is_comparison(op)) return e;
      at_ += op.size();
      e = make(ExprKind::kCompare, op, {e, binary(kBitOr)});
    }
  }

  std::string next_operator() {
    for (std::string_view op : kOperators) {
      if (next_is(op)) return std::string(op);
    }
    return {};
  }

  Expr binary(int least) {
    Expr left = unary();
    for (;;) {
      const std::string op = next_operator();
      const int precedence = binary_precedence(op);
      if (op == "**" || precedence < least) return left;
      at_ += op.size();
      left = make(ExprKind::kBinary, op, {left, binary(precedence + 1)});
    }
  }

  Expr unary() {
    if (++depth_ > kMaxDepth) fail("nested too deeply");
    Expr e;
    if (take("-"))
      e = make(ExprKind::kUnary, "-", {unary()});
    else if (take("+"))
      e = make(ExprKind::kUnary, "+", {unary()});
    else if (take("~"))
      e = make(ExprKind::kUnary, "~", {unary()});
    else {
      e = primary();
      if (take("**")) e = make(ExprKind::kBinary, "**", {e, unary()});
    }
    --depth_;
    return e;
  }

  Expr primary() {
    Expr e = atom();
    for (;;) {
      if (next_is("...")) return e;
      if (take(".")) {
        e = make(ExprKind::kAttribute, identifier(), {e});
      } else if (take("(")) {
        std::vector<Expr> items = arguments(")");
        items.insert(items.begin(), e);
        e = make(ExprKind::kCall, "", std::move(items));
      } else if (take("[")) {
        e = make(ExprKind::kSubscript, "", {e, subscript()});
      } else {
        return e;
      }
    }
  }

  // Up to and with the closing bracket. `comma_`: whether the last item had one behind it.
  std::vector<Expr> arguments(std::string_view close) {
    std::vector<Expr> items;
    comma_ = false;
    while (!take(close)) {
      if (at_ >= text_.size()) {
        fail("expected '" + std::string(close) + "'");
        break;
      }
      if (!items.empty() && !comma_) {
        fail("expected ','");
        break;
      }
      items.push_back(argument());
      comma_ = take(",");
    }
    return items;
  }

  Expr argument() {
    if (next_is("*") && !next_is("**")) {
      take("*");
      return make(ExprKind::kStarred, "", {expression()});
    }
    skip();
    std::size_t end = at_;
    while (end < text_.size() && in_name(text_[end])) ++end;
    const bool keyword =
        end > at_ && end < text_.size() && text_[end] == '=' && text_.substr(end, 2) != "==";
    if (!keyword) return expression();
    std::string key(text_.substr(at_, end - at_));
    at_ = end + 1;
    return make(ExprKind::kKeyword, std::move(key), {expression()});
  }

  Expr subscript() {
    std::vector<Expr> items;
    bool comma = false;
    while (!take("]")) {
      if (at_ >= text_.size()) {
        fail("expected ']'");
        break;
      }
      items.push_back(slice());
      comma = take(",");
    }
    if (items.size() == 1 && !comma) return items[0];
    return make(ExprKind::kTuple, "", std::move(items));
  }

  Expr slice() {
    Expr parts[3];
    int colons = 0;
    for (;;) {
      if (take(":")) {
        if (++colons > 2) fail("too many ':'");
      } else if (next_is(",") || next_is("]") || at_ >= text_.size()) {
        break;
      } else if (colons <= 2) {
        parts[colons] = expression();
      }
    }
    return colons == 0 ? (parts[0] ? parts[0] : make(ExprKind::kName, ""))
                       : make(ExprKind::kSlice, "", {parts[0], parts[1], parts[2]});
  }

  Expr atom() {
    skip();
    if (at_ >= text_.size()) {
      fail("expected an expression");
      return make(ExprKind::kName, "");
    }
    const char c = text_[at_];
    if (take("...")) return make(ExprKind::kName, "...");
    if (take("$")) return make(ExprKind::kHole, identifier());
    if (take("(")) {
      std::vector<Expr> items = arguments(")");
      if (items.size() == 1 && !comma_) return items[0];
      return make(ExprKind::kTuple, "", std::move(items));
    }
    if (take("[")) return make(ExprKind::kList, "", arguments("]"));
    if (take("{")) return dict();
    if (c == '"' || c == '\'') return string(c);
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number_literal();
    if (in_name(c)) return make(ExprKind::kName, identifier());
    fail("unexpected character");
    return make(ExprKind::kName, "");
  }

  Expr dict() {
    std::vector<Expr> items;
    while (!take("}")) {
      if (at_ >= text_.size()) {
        fail("expected '}'");
        break;
      }
      items.push_back(expression());
      if (!take(":")) fail("expected ':'");
      items.push_back(expression());
      take(",");
    }
    return make(ExprKind::kDict, "", std::move(items));
  }

  Expr string(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) {
      fail("string without an end");
      return make(ExprKind::kString, "");
    }
    std::string inside(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return make(ExprKind::kString, std::move(inside));
  }

  Expr number_literal() {
    const std::size_t start = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool exponent_sign = (c == '-' || c == '+') && at_ > start &&
                                 (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E') &&
                                 text_.substr(start, 2) != "0x";
      if (!in_name(c) && c != '.' && !exponent_sign) break;
      ++at_;
    }
    return number(std::string(text_.substr(start, at_ - start)));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool comma_ = false;
  std::string error_;
};

// ---- Names ----

std::set<std::string> lambda_parameters(const std::string& text) {
  std::set<std::string> out;
  std::string word;
  for (char c : text + ",") {
    if (c == ',') {
      out.insert(word.substr(0, word.find('=')));
      word.clear();
    } else if (c != ' ' && c != '*') {
      word += c;
    }
  }
  out.erase("");
  return out;
}

void collect_names(const Expr& e, const std::set<std::string>& bound,
                   std::vector<std::string>& out) {
  if (!e) return;
  if (e->kind == ExprKind::kName) {
    if (!bound.contains(e->text) && std::find(out.begin(), out.end(), e->text) == out.end())
      out.push_back(e->text);
    return;
  }
  if (e->kind == ExprKind::kLambda) {
    std::set<std::string> inner = bound;
    inner.merge(lambda_parameters(e->text));
    return collect_names(e->items[0], inner, out);
  }
  if (e->kind == ExprKind::kComprehension) {
    std::set<std::string> inner = bound;
    inner.merge(lambda_parameters(e->text));
    collect_names(e->items[0], inner, out);
    return collect_names(e->items[1], bound, out);
  }
  for (const Expr& item : e->items) collect_names(item, bound, out);
}

}  // namespace

Result<Expr> parse_expression(std::string_view python) { return Parser(python).whole(); }

Expr make(ExprKind kind, std::string text, std::vector<Expr> items) {
  return std::make_shared<Expression>(Expression{kind, std::move(text), std::move(items)});
}

Expr name(std::string text) { return make(ExprKind::kName, std::move(text)); }
Expr number(std::string text) { return make(ExprKind::kNumber, std::move(text)); }
Expr sequence(std::vector<Expr> items) { return make(ExprKind::kSequence, "", std::move(items)); }
Expr tuple(std::vector<Expr> items) { return make(ExprKind::kTuple, "", std::move(items)); }
Expr call(Expr function, std::vector<Expr> arguments) {
  arguments.insert(arguments.begin(), std::move(function));
  return make(ExprKind::kCall, "", std::move(arguments));
}

Expr substitute(const Expr& e, const std::map<std::string, Expr, std::less<>>& holes) {
  if (!e) return e;
  if (e->kind == ExprKind::kHole) {
    const auto found = holes.find(e->text);
    return found == holes.end() ? e : found->second;
  }
  std::vector<Expr> items;
  bool changed = false;
  for (const Expr& item : e->items) {
    Expr put = substitute(item, holes);
    changed = changed || put != item;
    if (put && put->kind == ExprKind::kSequence) {
      items.insert(items.end(), put->items.begin(), put->items.end());
    } else {
      items.push_back(std::move(put));
    }
  }
  return changed ? make(e->kind, e->text, std::move(items)) : e;
}

std::vector<std::string> free_names(const Expr& expression) {
  std::vector<std::string> out;
  collect_names(expression, {}, out);
  return out;
}

int nesting_depth(const Expr& e) {
  if (!e) return 0;
  int deepest = 0;
  for (const Expr& item : e->items) deepest = std::max(deepest, nesting_depth(item));
  const bool bracket = e->kind == ExprKind::kCall || e->kind == ExprKind::kSubscript;
  return deepest + (bracket ? 1 : 0);
}

}  // namespace jaxsmith::source
