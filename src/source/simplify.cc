#include "source/simplify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "source/spellings.h"
#include "source/statements.h"

namespace jaxsmith::source {
namespace {

bool is_one(const Expr& e) {
  return e->kind == ExprKind::kNumber && (e->text == "1.0" || e->text == "1");
}

bool is_real_number(const Expr& e) {
  return e->kind == ExprKind::kNumber && e->text.find('.') != std::string::npos;
}

// Arithmetic of operands alone.
bool is_of_operands(const Expr& e) {
  const bool may = e->kind == ExprKind::kHole || e->kind == ExprKind::kBinary ||
                   e->kind == ExprKind::kUnary || e->kind == ExprKind::kNumber;
  return may && std::ranges::all_of(e->items, is_of_operands);
}

bool has_hole(const Expr& e) {
  return e->kind == ExprKind::kHole || std::ranges::any_of(e->items, has_hole);
}

// A product that has few digits.
Expr product(const Expr& x, const Expr& y) {
  const double exact = *number_of(x) * *number_of(y);
  std::string text = fmt::format("{:.6g}", exact);
  if (std::abs(std::strtod(text.c_str(), nullptr) - exact) > 1e-12 * std::abs(exact))
    return nullptr;
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text.find('e') == std::string::npos ? number(std::move(text)) : nullptr;
}

}  // namespace

Expr without_ones(const Expr& step, bool inexact) {
  if (!inexact || (step->kind == ExprKind::kBinary && step->items[0]->kind == ExprKind::kHole &&
                   is_one(step->items[1])))
    return step;  // the step is nothing else
  return rewritten(step, [](const Expr& e) {
    if (e->kind != ExprKind::kBinary) return e;
    const auto may = [](const Expr& x) { return has_hole(x) && is_of_operands(x); };
    const Expr &x = e->items[0], &y = e->items[1];
    if ((e->text == "*" || e->text == "/" || e->text == "**") && is_one(y) && may(x)) return x;
    if (e->text == "*" && is_one(x) && may(y)) return y;
    return e;
  });
}

Expr with_joined_factors(const Expr& step) {
  return rewritten(step, [](const Expr& e) {
    if (e->kind != ExprKind::kBinary || e->text != "*" || !is_real_number(e->items[0])) return e;
    const Expr& y = e->items[1];
    if (y->kind != ExprKind::kBinary || y->text != "*" || !is_real_number(y->items[0])) return e;
    const Expr factor = product(e->items[0], y->items[0]);
    if (!factor) return e;
    return std::make_shared<const Expression>(
        Expression{ExprKind::kBinary, "*", {factor, y->items[1]}});
  });
}

}  // namespace jaxsmith::source
