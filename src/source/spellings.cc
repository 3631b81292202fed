#include "source/spellings.h"

#include <cstdlib>

#include <algorithm>
#include <unordered_map>

namespace jaxsmith::source {

// Spellings are few and used millions of times: parsed once a thread.
Expr parsed(const std::string& spelling) {
  constexpr std::size_t kMost = 20000;  // spellings of idioms hold numbers
  thread_local std::unordered_map<std::string, Expr> cache;
  if (cache.size() > kMost) cache.clear();
  auto& slot = cache[spelling];
  if (!slot) {
    auto result = parse_expression(spelling);
    slot = result.ok() ? std::move(result).value() : name(spelling);
  }
  return slot;
}

Expr parsed_attribute(const std::string& key, const std::string& text) {
  if (text.empty()) return sequence({});
  if (key.starts_with("index")) return parsed("x[" + text + "]")->items[1];
  const Expr wrapped = parsed("f(" + text + ")");
  std::vector<Expr> items(wrapped->items.begin() + 1, wrapped->items.end());
  if (items.size() == 1 && items[0]->kind != ExprKind::kKeyword) return items[0];
  return sequence(std::move(items));
}

Expr with_long_names(const Expr& e, const plan::Vocabulary& words) {
  if (e->kind == ExprKind::kName) {
    if (const auto of = words.attributes_of.find(e->text); of != words.attributes_of.end())
      return std::make_shared<Expression>(
          Expression{ExprKind::kAttribute, e->text, {name(of->second)}});
  }
  Expression copy = *e;
  for (Expr& item : copy.items) {
    if (item) item = with_long_names(item, words);
  }
  return std::make_shared<Expression>(std::move(copy));
}

bool repeats_hole(const Expr& e, const std::string& hole, int& seen) {
  if (e->kind == ExprKind::kHole && e->text == hole && ++seen > 1) return true;
  return std::any_of(e->items.begin(), e->items.end(),
                     [&](const Expr& i) { return i && repeats_hole(i, hole, seen); });
}

std::string_view called(const Expr& e) {
  if (e->kind != ExprKind::kCall) return {};
  const Expr& function = e->items[0];
  const bool named = function->kind == ExprKind::kAttribute || function->kind == ExprKind::kName;
  return named ? std::string_view(function->text) : std::string_view();
}

bool means(const Expr& call, plan::CallMeaning meaning, const plan::Vocabulary& words) {
  const auto found = words.calls.meanings.find(called(call));
  return found != words.calls.meanings.end() && found->second == meaning;
}

bool draws_numbers(const Expr& call, const plan::Vocabulary& words) {
  if (called(call).empty() || call->items[0]->items.empty()) return false;
  const std::string module = print(call->items[0]->items[0]);
  return plan::is_one_of(module, words.calls.random_modules);
}

std::optional<double> number_of(const Expr& e) {
  if (e->kind == ExprKind::kUnary && e->text == "-") {
    const auto inner = number_of(e->items[0]);
    return inner ? std::optional(-*inner) : std::nullopt;
  }
  if (e->kind != ExprKind::kNumber) return std::nullopt;
  return std::strtod(e->text.c_str(), nullptr);
}

}  // namespace jaxsmith::source
