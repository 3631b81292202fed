#include <algorithm>
#include <array>
#include <stdexcept>
#include <unordered_map>

#include "plan/op.h"

namespace jaxsmith {
namespace {

constexpr std::array<std::string_view, kCategories> kNames = {
    "arithmetic", "math",     "array",         "linear_algebra", "reduction",
    "indexing",   "gradient", "vectorization", "conditional",    "loop"};

// What XLA has no instruction for becomes a hundred instructions and more (counted in the HLO of
// JAX 0.10.2 as lowered): rarer, so that it does not fill the dataset.
constexpr double kManyInstructionsShare = 0.4;

void tame(Op& op) {
  // Which element equals the extreme another compilation may compute with another last bit: then
  // none does, and the derivative is 0 / 0.
  if (op.has(kUnsteadyDerivative)) op.derivative = Derivative::kNone;
  if (!op.has(kManyInstructions)) return;
  op.weight *= kManyInstructionsShare;
  // Differentiating would multiply the instructions once more.
  if (op.derivative == Derivative::kSmooth) op.derivative = Derivative::kNone;
}

std::vector<Op> all_ops() {
  std::vector<Op> all;
  for (auto* table : {arithmetic_ops, math_ops, array_ops, linear_algebra_ops, reduction_ops,
                      indexing_ops, gradient_ops, vectorization_ops, conditional_ops, loop_ops}) {
    for (Op& op : table()) {
      tame(op);
      all.push_back(std::move(op));
    }
  }
  return all;
}

const std::vector<Op>& ops() {
  static const std::vector<Op> kOps = all_ops();
  return kOps;
}

}  // namespace

Op with_traits(std::uint32_t traits, Op op) {
  op.traits |= traits;
  return op;
}

std::string_view category_name(Category category) {
  return kNames[static_cast<std::size_t>(category)];
}

std::span<const std::string_view> category_names() { return kNames; }

std::span<const Op> catalogue() { return ops(); }

const Op& op_named(std::string_view name) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, const Op*> index;
    for (const Op& op : ops()) {
      if (!index.emplace(op.name, &op).second)
        throw std::logic_error("operation defined twice: " + op.name);
    }
    return index;
  }();
  const auto found = kByName.find(name);
  if (found == kByName.end()) throw std::logic_error("no such operation: " + std::string(name));
  return *found->second;
}

}  // namespace jaxsmith
