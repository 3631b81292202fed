#include "source/lambda.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace jaxsmith::source {

Expr as_lambda(const FunctionDefinition& f, std::size_t longest, double lambda_chance,
               Random& random) {
  if (f.body.size() != 1 || !f.decorators.empty()) return nullptr;
  const auto* ret = std::get_if<Return>(&f.body[0]);
  if (!ret || nesting_depth(ret->value) > 2) return nullptr;
  std::vector<std::string> names;
  for (const Parameter& p : f.parameters) names.push_back(p.name);
  if (ret->value->kind == ExprKind::kCall &&
      random.chance(0.7)) {  // lambda x: jnp.tanh(x) is jnp.tanh
    const auto& items = ret->value->items;
    bool same = items.size() == names.size() + 1;
    for (std::size_t i = 0; same && i < names.size(); ++i)
      same = items[i + 1]->kind == ExprKind::kName && items[i + 1]->text == names[i];
    const auto roots = free_names(items[0]);
    if (same && std::find(names.begin(), names.end(), roots.empty() ? "" : roots[0]) == names.end())
      return items[0];
  }
  if (print(ret->value).size() > longest || !random.chance(lambda_chance)) return nullptr;
  return std::make_shared<Expression>(
      Expression{ExprKind::kLambda, fmt::format("{}", fmt::join(names, ", ")), {ret->value}});
}

}  // namespace jaxsmith::source
