// Reductions over any axes, cumulative operations, sorting.
#include <fmt/format.h>

#include <algorithm>

#include "plan/builder.h"

namespace jaxsmith {
namespace {

using Rule = Stats (*)(const Stats&, double);

// Python text of "axis=…, keepdims=True", empty for all axes.
std::string options_text(const Numbers& numbers, bool keepdims) {
  std::string text;
  if (const auto axis = numbers.find("axis"); axis != numbers.end()) {
    text = axis->second.size() == 1 ? fmt::format("axis={}", axis->second[0]) : fmt::format("axis={}", tuple_text(axis->second));
  }
  if (keepdims) text += text.empty() ? "keepdims=True" : ", keepdims=True";
  return text;
}

Op reduction(std::string name, double weight, std::uint32_t kinds, Derivative derivative, Rule rule,
             std::vector<std::string> hints, std::vector<std::string> spellings) {
  Op op{std::move(name), Category::kReduction, weight, derivative, std::move(hints), std::move(spellings), {}, {}};
  const bool promotes = op.name == "sum" || op.name == "prod";
  op.infer = [=](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    if (!(kind_of(x.type.dtype) & kinds) || x.type.rank() == 0) return false;
    if (promotes && byte_size(x.type.dtype) < 4 && is_integer(x.type.dtype)) return false;
    const auto given = b.numbers().find("axis");
    const bool keep = b.numbers().contains("keepdims");
    double n = 1;
    Value result;
    result.type.dtype = x.type.dtype;
    for (int i = 0; i < x.type.rank(); ++i) {
      const bool reduced = given == b.numbers().end() ||
                           std::any_of(given->second.begin(), given->second.end(),
                                       [&](auto a) { return a == i || a + x.type.rank() == i; });
      const auto dim = x.type.shape[static_cast<std::size_t>(i)];
      if (reduced) n *= static_cast<double>(dim);
      if (!reduced) result.type.shape.push_back(dim);
      if (reduced && keep) result.type.shape.push_back(1);
    }
    if (n < 2) return false;
    result.stats = rule(x.stats, n);
    draft.attributes["options"] = options_text(b.numbers(), keep);
    draft.results = {result};
    return true;
  };
  op.draw = [=, infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kinds, 1);
    if (!x) return false;
    const int rank = b[*x].type.rank();
    Numbers numbers;
    if (!b.random().chance(0.3)) {
      std::vector<std::int64_t> axes;
      for (int i = 0; i < rank; ++i) {
        if (b.random().chance(0.5)) axes.push_back(i);
      }
      if (axes.empty()) axes.push_back(b.random().between(0, rank - 1));
      if (b.random().chance(0.5)) {
        for (auto& a : axes) a -= rank;
      }
      numbers["axis"] = axes;
    }
    if (b.random().chance(0.3)) numbers["keepdims"] = {1};
    draft.operands = {*x};
    b.set_numbers(std::move(numbers));
    return infer(b, draft);
  };
  return op;
}

}  // namespace

std::vector<Op> reduction_ops() {
  return {
      reduction("sum", 1.2, kNumbers | kComplexKind, Derivative::kSmooth, sum_stats, {"total"}, {"jnp.sum($0, $options)", "$0.sum($options)"}),
      reduction("mean", 1.2, kReal | kComplexKind, Derivative::kSmooth, mean_stats, {"average", "mean"}, {"jnp.mean($0, $options)", "$0.mean($options)"}),
      reduction("max", 1.0, kNumbers, Derivative::kSmooth, max_stats, {"peak"}, {"jnp.max($0, $options)", "$0.max($options)"}),
      reduction("min", 1.0, kNumbers, Derivative::kSmooth, min_stats, {"lowest"}, {"jnp.min($0, $options)", "$0.min($options)"}),
      reduction("any", 0.8, kBoolKind, Derivative::kZero, max_stats, {"found"}, {"jnp.any($0, $options)", "$0.any($options)"}),
      reduction("all", 0.8, kBoolKind, Derivative::kZero, min_stats, {"valid"}, {"jnp.all($0, $options)", "$0.all($options)"}),
  };
}

}  // namespace jaxsmith
