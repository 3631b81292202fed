#include "source/simplify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "base/word_list.h"
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

bool is_zero(const Expr& e) { return e->kind == ExprKind::kNumber && e->text == "0.0"; }

bool is_minus_one(const Expr& e) {
  return e->kind == ExprKind::kUnary && e->text == "-" && e->items[0]->text == "1.0";
}

// Arithmetic of operands, and functions that give real numbers of real numbers.
bool is_of_operands(const Expr& e) {
  constexpr std::string_view kReal =
      "sum mean prod max min var std dot sqrt rsqrt square exp expm1 log log1p abs tanh sin cos "
      "maximum minimum norm";
  if (e->kind == ExprKind::kSubscript) return is_of_operands(e->items[0]);
  if (e->kind == ExprKind::kKeyword) return e->text == "axis" || e->text == "keepdims";
  if (e->kind == ExprKind::kCall)
    return is_word_of(kReal, called(e)) &&
           std::all_of(e->items.begin() + 1, e->items.end(), is_of_operands);
  const bool may = e->kind == ExprKind::kHole || e->kind == ExprKind::kBinary ||
                   e->kind == ExprKind::kUnary || e->kind == ExprKind::kNumber;
  return may && std::ranges::all_of(e->items, is_of_operands);
}

bool has_hole(const Expr& e) {
  return e && (e->kind == ExprKind::kHole || std::ranges::any_of(e->items, has_hole));
}

std::size_t digits_of(const std::string& text) {
  std::string digits;
  for (const char c : text)
    if (c != '.') digits += c;
  digits.erase(0, digits.find_first_not_of('0'));
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits.size();
}

// A positive number that is short: as it is, up to the last bits of double.
Expr short_number(double exact, std::size_t most_digits) {
  std::string text = fmt::format("{:.6g}", exact);
  if (!(exact > 0) ||
      std::abs(std::strtod(text.c_str(), nullptr) - exact) > 1e-12 * std::abs(exact))
    return nullptr;
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  const bool is_short = text.find('e') == std::string::npos && digits_of(text) <= most_digits;
  return is_short ? number(std::move(text)) : nullptr;
}

Expr product(const Expr& x, const Expr& y) {
  constexpr std::size_t kAny = 6;
  return short_number(*number_of(x) * *number_of(y), kAny);
}

// What two numbers give, where it is no longer than they are: 2.0 * 9.81 says where it comes from.
Expr folded(const Expr& e) {
  const Expr &x = e->items[0], &y = e->items[1];
  if (x->kind != ExprKind::kNumber || y->kind != ExprKind::kNumber) return nullptr;
  if (!is_real_number(x) && !is_real_number(y)) return nullptr;
  const double a = *number_of(x), b = *number_of(y);
  const std::size_t most = std::max(digits_of(x->text), digits_of(y->text));
  if (e->text == "*") return short_number(a * b, most);
  if (e->text == "+") return short_number(a + b, most);
  if (e->text == "-") return short_number(a - b, most);
  if (e->text == "/" && b != 0) return short_number(a / b, most);
  return e->text == "**" && b == 2 ? short_number(a * a, most) : nullptr;
}

}  // namespace

Expr without_ones(const Expr& step, bool inexact) {
  if (!inexact) return step;
  const Expr out = rewritten(step, [](const Expr& e) {
    if (e->kind != ExprKind::kBinary) return e;
    const auto may = [](const Expr& x) { return has_hole(x) && is_of_operands(x); };
    const Expr &x = e->items[0], &y = e->items[1];
    if ((e->text == "*" || e->text == "/" || e->text == "**") && is_one(y) && may(x)) return x;
    if (e->text == "*" && is_one(x) && may(y)) return y;
    if ((e->text == "+" || e->text == "-") && is_zero(y) && may(x)) return x;
    if (e->text == "+" && is_zero(x) && may(y)) return y;
    if (e->text == "*" && is_minus_one(x) && may(y)) return make(ExprKind::kUnary, "-", {y});
    return e;
  });
  return out->kind == ExprKind::kHole ? step : out;  // the step is nothing else
}

Expr with_joined_factors(const Expr& step) {
  return rewritten(step, [](const Expr& e) {
    if (e->kind != ExprKind::kBinary) return e;
    if (const Expr one = folded(e)) return one;
    const Expr& y = e->items[1];
    // x + -y
    if ((e->text == "+" || e->text == "-") && y->kind == ExprKind::kUnary && y->text == "-")
      return make(ExprKind::kBinary, e->text == "+" ? "-" : "+", {e->items[0], y->items[0]});
    if (e->text != "*" || !is_real_number(e->items[0])) return e;
    if (y->kind != ExprKind::kBinary || y->text != "*" || !is_real_number(y->items[0])) return e;
    const Expr factor = product(e->items[0], y->items[0]);
    return factor ? make(ExprKind::kBinary, "*", {factor, y->items[1]}) : e;
  });
}

}  // namespace jaxsmith::source
