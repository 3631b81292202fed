// Parentheses, spacing and the places where lines may end, as `ruff format` has them (2026 style).
// A chain of attributes after calls is "fluent" from the second on: x.at[i].set(y).sum().
#include "source/print.h"

#include <algorithm>

#include "source/precedence.h"

namespace jaxsmith::source {

int binary_precedence(std::string_view op) {
  if (op == "|") return kBitOr;
  if (op == "^") return kBitXor;
  if (op == "&") return kBitAnd;
  if (op == "<<" || op == ">>") return kShift;
  if (op == "+" || op == "-") return kSum;
  if (op == "*" || op == "@" || op == "/" || op == "//" || op == "%") return kProduct;
  if (op == "**") return kPower;
  return -1;
}

int precedence(const Expression& e) {
  switch (e.kind) {
    case ExprKind::kLambda:
      return kLambdaLevel;
    case ExprKind::kConditional:
      return kConditionalLevel;
    case ExprKind::kBoolean:
      return e.text == "or" ? kOrLevel : kAndLevel;
    case ExprKind::kCompare:
      return kCompareLevel;
    case ExprKind::kUnary:
      return e.text == "not" ? kNotLevel : kUnaryLevel;
    case ExprKind::kBinary:
      return binary_precedence(e.text);
    default:
      return kPrimary;
  }
}

bool parenthesised(const Expr& e, int least) { return precedence(*e) < least; }

namespace {

// Operands that ruff hugs around `**`.
bool simple_power_operand(const Expr& e) {
  switch (e->kind) {
    case ExprKind::kName:
    case ExprKind::kNumber:
      return true;
    case ExprKind::kUnary:
      return e->text != "not" && simple_power_operand(e->items[0]) &&
             e->items[0]->kind != ExprKind::kUnary;
    case ExprKind::kAttribute:
      return e->items[0]->kind == ExprKind::kName ||
             (e->items[0]->kind == ExprKind::kAttribute && simple_power_operand(e->items[0]));
    default:
      return false;
  }
}

bool is_operation(const Expr& e) {
  return e->kind == ExprKind::kBinary || e->kind == ExprKind::kCompare ||
         e->kind == ExprKind::kBoolean;
}

// What the left and the right operand must bind as tightly as to stand without parentheses.
std::pair<int, int> least_of_operands(const Expression& e) {
  const int level = precedence(e);
  if (e.kind == ExprKind::kCompare) return {kBitOr, kBitOr};
  if (level == kPower) return {kPrimary, kUnaryLevel};
  return {level, level + 1};
}

// ruff writes -(x**2), though Python needs no parentheses there.
int least_of_unary(const Expression& e) {
  if (e.text == "not") return kNotLevel;
  return e.items[0]->kind == ExprKind::kBinary ? kPrimary : kUnaryLevel;
}

// What a chain's link hangs on: null where the expression is no link.
const Expr* link(const Expr& e) {
  const bool chained = e->kind == ExprKind::kAttribute || e->kind == ExprKind::kCall ||
                       e->kind == ExprKind::kSubscript;
  return chained ? &e->items[0] : nullptr;
}

// Whether what a link hangs on stands in parentheses.
bool closed_link(const Expression& e) {
  const Expr& on = e.items[0];
  return parenthesised(on, kPrimary) ||
         (e.kind == ExprKind::kAttribute && on->kind == ExprKind::kNumber);  // (2).real
}

bool is_call_like(const Expr& e) {
  return e->kind == ExprKind::kCall || e->kind == ExprKind::kSubscript;
}

// Whether the chain that ends with this has two or more attributes of what a call or a subscript
// gives.
bool is_fluent(const Expr& e) {
  int after_brackets = 0;
  const Expr* at = &e;
  while (const Expr* on = link(*at)) {
    const bool closed = closed_link(**at);
    after_brackets += (*at)->kind == ExprKind::kAttribute && (closed || is_call_like(*on));
    if (closed) break;
    at = on;
  }
  return after_brackets >= 2;
}

// ---- Documents ----

Document inside(const Expr& e, bool parentheses, bool in_brackets) {
  return parentheses ? bracketed("(", document(e, true), ")") : document(e, in_brackets);
}

// Items with commas between; the last has one where each gets a line of its own.
std::vector<Document> items_of(const std::vector<Document>& items) {
  std::vector<Document> out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    out.push_back(items[i]);
    if (i + 1 < items.size()) {
      out.push_back(text(","));
      out.push_back(space_or_line());
    }
  }
  out.push_back(if_broken(","));
  return out;
}

std::vector<Document> documents(const std::vector<Expr>& items, std::size_t from) {
  std::vector<Document> out;
  for (std::size_t i = from; i < items.size(); ++i) out.push_back(document(items[i], true));
  return out;
}

// On one line within the brackets where they fit there, otherwise each on its own.
Document arguments(const std::string& open, const std::vector<Document>& items,
                   const std::string& close) {
  if (items.empty()) return text(open + close);
  if (items.size() == 1) return bracketed(open, items[0], close);
  return bracketed(open, group(items_of(items)), close);
}

// Each on its own line where they do not fit on the brackets' own.
Document collection(const std::string& open, const std::vector<Document>& items,
                    const std::string& close) {
  if (items.empty()) return text(open + close);
  return bracketed(open, sequence(items_of(items)), close);
}

bool simple_slice_bound(const Expr& e) {
  if (!e) return true;
  if (e->kind == ExprKind::kUnary) return e->text != "not" && simple_slice_bound(e->items[0]);
  return e->kind == ExprKind::kName || e->kind == ExprKind::kNumber;
}

std::string slice(const Expression& e) {
  const bool simple = std::all_of(e.items.begin(), e.items.end(), simple_slice_bound);
  std::string out;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i == 2 && !e.items[2]) break;
    if (i > 0) {
      if (!simple && (e.items[i - 1] || i == 2) && !out.empty() && out.back() != ' ' &&
          out.back() != ':')
        out += ' ';
      out += ':';
      if (!simple && e.items[i]) out += ' ';
    }
    if (e.items[i]) out += print(e.items[i]);
  }
  return out;
}

Document subscript(const Expr& index) {
  if (index->kind != ExprKind::kTuple || index->items.empty())
    return bracketed("[", document(index, true), "]");
  if (index->items.size() == 1)
    return bracketed("[", sequence({document(index->items[0], true), text(",")}), "]");
  return arguments("[", documents(index->items, 0), "]");
}

// Operands and operators of expressions that stand in one another without parentheses.
struct Operations {
  struct Operator {
    std::string text;
    int precedence;
    bool hugged;  // without spaces
  };
  std::vector<Document> operands;
  std::vector<Operator> operators;  // operators[i] stands behind operands[i]
  bool simple = false;              // whether the operand at the end may be hugged by a power

  void add(const Expr& e, int least, bool in_brackets) {
    if (!is_operation(e) || parenthesised(e, least)) {
      const bool before = simple;
      simple = !parenthesised(e, least) && simple_power_operand(e);
      if (!operators.empty()) {
        Operator& op = operators.back();
        op.hugged = op.precedence == kPower && before && simple;
      }
      operands.push_back(inside(e, parenthesised(e, least), in_brackets));
      return;
    }
    const auto [left, right] = least_of_operands(*e);
    add(e->items[0], left, in_brackets);
    operators.push_back({e->text, precedence(*e), false});
    add(e->items[1], right, in_brackets);
  }

  // Operands [first, last]: a line may end before the operators that bind them most loosely; what
  // binds more tightly is a group.
  Document between(std::size_t first, std::size_t last, bool in_brackets) const {
    if (first == last) return operands[first];
    int loosest = kPrimary;
    for (std::size_t i = first; i < last; ++i) loosest = std::min(loosest, operators[i].precedence);
    std::vector<Document> out;
    for (std::size_t begin = first, i = first; i <= last; ++i) {
      if (i < last && operators[i].precedence != loosest) continue;
      Document operand = between(begin, i, in_brackets);
      out.push_back(begin < i && in_brackets ? group({std::move(operand)}) : std::move(operand));
      if (i == last) break;
      const Operator& op = operators[i];
      if (in_brackets)
        out.push_back(op.hugged ? soft_line() : space_or_line());
      else if (!op.hugged)
        out.push_back(text(" "));
      out.push_back(text(op.text));
      if (in_brackets && op.hugged) out.push_back(if_broken(" "));
      if (!op.hugged) out.push_back(text(" "));
      begin = i + 1;
    }
    return sequence(std::move(out));
  }
};

Document operations(const Expr& e, bool in_brackets) {
  Operations all;
  all.add(e, kLambdaLevel, in_brackets);
  Document out = all.between(0, all.operands.size() - 1, in_brackets);
  return in_brackets ? group({std::move(out)}) : out;
}

// What stands behind an "else" breaks with it.
std::vector<Document> choices(const Expression& e, bool in_brackets) {
  const auto part = [&](std::size_t i, int least) {
    return inside(e.items[i], parenthesised(e.items[i], least), in_brackets);
  };
  const Document gap = in_brackets ? space_or_line() : text(" ");
  const Expr& otherwise = e.items[2];
  return {part(0, kOrLevel),
          gap,
          text("if "),
          part(1, kOrLevel),
          gap,
          text("else "),
          otherwise->kind == ExprKind::kConditional ? sequence(choices(*otherwise, in_brackets))
                                                    : part(2, kConditionalLevel)};
}

Document conditional(const Expression& e, bool in_brackets) {
  std::vector<Document> parts = choices(e, in_brackets);
  return in_brackets ? group(std::move(parts)) : sequence(std::move(parts));
}

Document chain(const Expr& e, bool in_brackets, bool fluent) {
  const Expr& on = e->items[0];
  const bool closed = closed_link(*e);
  std::vector<Document> out = {!closed && link(on) ? chain(on, in_brackets, fluent)
                                                   : inside(on, closed, in_brackets)};
  if (e->kind == ExprKind::kAttribute) {
    if (fluent && (closed || is_call_like(on))) out.push_back(soft_line());
    out.push_back(text("." + e->text));
  } else if (e->kind == ExprKind::kCall) {
    out.push_back(arguments("(", documents(e->items, 1), ")"));
  } else {
    out.push_back(subscript(e->items[1]));
  }
  return sequence(std::move(out));
}

Document chain(const Expr& e, bool in_brackets) {
  const bool fluent = in_brackets && is_fluent(e);
  Document out = chain(e, in_brackets, fluent);
  return fluent ? group({std::move(out)}) : out;
}

Document lambda(const Expression& e) {
  const std::string head = e.text.empty() ? "lambda: " : "lambda " + e.text + ": ";
  const Expr& body = e.items[0];
  if (overflow(body) != Overflow::kParentheses)
    return sequence({text(head), document(body, false)});
  return sequence({text(head), group({if_broken("("), indent({soft_line(), document(body, true)}),
                                      soft_line(), if_broken(")")})});
}

Document dictionary(const Expression& e) {
  std::vector<Document> pairs;
  for (std::size_t i = 0; i + 1 < e.items.size(); i += 2)
    pairs.push_back(
        sequence({document(e.items[i], true), text(": "), document(e.items[i + 1], true)}));
  return collection("{", pairs, "}");
}

// ---- What a statement does with a long value ----

// What stands outside of an expression's brackets.
struct Outside {
  static constexpr int kDot = kPrimary;  // of what has brackets
  static constexpr int kNone = kPrimary + 1;

  int loosest = kNone;
  int times = 0;  // that the loosest operator stands there
  bool brackets = false;
  // Whether the first and the last operand are brackets with something in them, or end with such.
  bool first_known = false, first = false, last = false;

  void op(int precedence, int count) {
    if (precedence > loosest) return;
    times = precedence == loosest ? times + count : count;
    loosest = precedence;
  }

  static bool has_brackets(const Expr& e) {
    return is_call_like(e) || e->kind == ExprKind::kTuple || e->kind == ExprKind::kList ||
           e->kind == ExprKind::kDict;
  }
  // Subscripts are not broken for it.
  static bool breakable(const Expr& e) {
    return has_brackets(e) && e->kind != ExprKind::kSubscript &&
           e->items.size() > (e->kind == ExprKind::kCall ? 1 : 0);
  }

  void operand(const Expr& e, bool parentheses) {
    if (parentheses) {
      brackets = true;
      last = true;
    } else {
      last = breakable(e);
      visit(e);
    }
    if (!first_known) first = parentheses || breakable(e);
    first_known = true;
  }

  void visit(const Expr& e) {
    if (e->kind == ExprKind::kUnary) {
      if (e->text == "~") op(kUnaryLevel, 1);
      first_known = true;
      operand(e->items[0], parenthesised(e->items[0], least_of_unary(*e)));
    } else if (is_operation(e)) {
      const auto [left, right] = least_of_operands(*e);
      op(precedence(*e), 1);
      operand(e->items[0], parenthesised(e->items[0], left));
      operand(e->items[1], parenthesised(e->items[1], right));
    } else if (e->kind == ExprKind::kConditional) {
      op(kConditionalLevel, 2);
      for (const Expr& item : e->items) operand(item, false);
    } else if (e->kind == ExprKind::kLambda) {
      first_known = true;
      operand(e->items[0], false);
    } else if (link(e)) {
      const Expr& on = e->items[0];
      const bool closed = closed_link(*e);
      brackets = brackets || is_call_like(e);
      operand(on, closed);
      if (e->kind == ExprKind::kAttribute && (closed || has_brackets(on))) op(kDot, 1);
      last = breakable(e);
    } else if (has_brackets(e)) {
      brackets = true;
    }
  }

  bool may_do_without_parentheses() const {
    if (!brackets || times > 1) return false;
    return loosest == kNone || loosest == kDot || first || last;
  }
};

Overflow of_operations(const Expr& e) {
  Outside outside;
  outside.visit(e);
  return outside.may_do_without_parentheses() ? Overflow::kEither : Overflow::kParentheses;
}

}  // namespace

Document bracketed(std::string open, Document content, std::string close) {
  return group({text(std::move(open)), indent({soft_line(), std::move(content)}), soft_line(),
                text(std::move(close))});
}

Document document(const Expr& e, bool in_brackets) {
  switch (e->kind) {
    case ExprKind::kName:
    case ExprKind::kNumber:
      return text(e->text);
    case ExprKind::kHole:
      return text("$" + e->text);
    case ExprKind::kString:
      return text("\"" + e->text + "\"");
    case ExprKind::kAttribute:
    case ExprKind::kCall:
    case ExprKind::kSubscript:
      return chain(e, in_brackets);
    case ExprKind::kKeyword:
      return sequence({text(e->text + "="), document(e->items[0], true)});
    case ExprKind::kStarred:
      return sequence({text("*"), inside(e->items[0], parenthesised(e->items[0], kBitOr), true)});
    case ExprKind::kSlice:
      return text(slice(*e));
    case ExprKind::kUnary:
      return sequence(
          {text(e->text == "not" ? "not " : e->text),
           inside(e->items[0], parenthesised(e->items[0], least_of_unary(*e)), in_brackets)});
    case ExprKind::kBinary:
    case ExprKind::kCompare:
    case ExprKind::kBoolean:
      return operations(e, in_brackets);
    case ExprKind::kConditional:
      return conditional(*e, in_brackets);
    case ExprKind::kTuple:
      if (e->items.size() == 1)
        return sequence({text("("), document(e->items[0], true), text(",)")});
      return collection("(", documents(e->items, 0), ")");
    case ExprKind::kList:
      return collection("[", documents(e->items, 0), "]");
    case ExprKind::kDict:
      return dictionary(*e);
    case ExprKind::kLambda:
      return lambda(*e);
    case ExprKind::kComprehension:
      return bracketed("[",
                       sequence({document(e->items[0], true), space_or_line(),
                                 text("for " + e->text + " in "), document(e->items[1], true)}),
                       "]");
    case ExprKind::kSequence:
      return sequence(items_of(documents(e->items, 0)));
  }
  return {};
}

Overflow overflow(const Expr& e) {
  if (const Expr* on = link(e)) {
    if (is_fluent(e)) return of_operations(e);
    if (closed_link(*e)) return Overflow::kBrackets;
    const bool name = e->kind == ExprKind::kAttribute && (*on)->kind == ExprKind::kName;
    const Overflow of = name ? Overflow::kWhole : overflow(*on);
    return of == Overflow::kWhole && !name ? Overflow::kBrackets : of;
  }
  if (e->kind == ExprKind::kUnary) {
    return parenthesised(e->items[0], least_of_unary(*e)) ? Overflow::kBrackets
                                                          : overflow(e->items[0]);
  }
  if (is_operation(e) || e->kind == ExprKind::kConditional || e->kind == ExprKind::kLambda)
    return of_operations(e);
  return e->kind == ExprKind::kTuple || e->kind == ExprKind::kList || e->kind == ExprKind::kDict ||
                 e->kind == ExprKind::kComprehension
             ? Overflow::kBrackets
             : Overflow::kWhole;
}

std::string print(const Expr& e) { return flat(document(e, false)); }

}  // namespace jaxsmith::source
