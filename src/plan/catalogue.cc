#include "plan/catalogue.h"

#include <algorithm>
#include <stdexcept>

#include "plan/turns.h"

namespace jaxsmith::plan {
namespace {

// What a back end has no instruction for becomes a hundred instructions and more (counted in the
// HLO of JAX 0.10.2 as lowered): rarer, so that it does not fill the dataset.
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

// Of what was hardly met: what becomes a hundred instructions, and what most of these are for other
// operands.
Operations by_traits(const Op& op, const Operations& usual) {
  const double times = op.has(kManyInstructions) ? 8 : 1;
  if (op.has(kMostlyHidden)) return {0, times * (usual.shown + usual.hidden)};
  return {times * usual.shown, times * usual.hidden};
}

std::vector<Brings> all_brings(std::span<const Op> ops, std::span<const BroughtParts> parts) {
  std::unordered_map<std::string_view, Brings> learnt;
  for (const BroughtParts& line : parts) learnt.emplace(line.entry, line.brings);
  const Brings usual = learnt[""];
  std::vector<Brings> out;
  for (const Op& op : ops) {
    const auto found = learnt.find(op.name);
    out.push_back(found != learnt.end()
                      ? found->second
                      : Brings{by_traits(op, usual.plain), by_traits(op, usual.differentiated)});
  }
  return out;
}

}  // namespace

Op with_traits(Traits traits, Op op) {
  op.traits |= traits;
  return op;
}

Catalogue::Catalogue(Vocabulary vocabulary, std::vector<Op> ops, NamedWeights fitted,
                     std::span<const BroughtParts> parts)
    : Catalogue(std::move(vocabulary), std::move(ops), std::move(fitted), parts, {}) {}

Catalogue::~Catalogue() = default;

Catalogue::Catalogue(Vocabulary vocabulary, std::vector<Op> ops, NamedWeights fitted,
                     std::span<const BroughtParts> parts, std::span<const FunctionUse> functions)
    : vocabulary_(std::move(vocabulary)), ops_(std::move(ops)), weights_(std::move(fitted.others)) {
  for (Op& op : ops_) {
    tame(op);
    if (!by_name_.emplace(op.name, &op).second)
      throw std::logic_error("operation defined twice: " + op.name);
  }
  const auto factor = [](const auto& factors, std::string_view name) {
    const auto found = factors.find(name);
    return found == factors.end() ? 1 : found->second;
  };
  if (!fitted.entries.empty())
    for (const Op& op : ops_) weights_.entries.push_back(factor(fitted.entries, op.name));
  brings_ = all_brings(ops_, parts);
  if (!fitted.categories.empty())
    for (const CategoryProfile& c : vocabulary_.categories)
      weights_.categories.push_back(factor(fitted.categories, c.name));
  turns_ = std::make_unique<const Turns>(ops_, functions);
}

const Op* Catalogue::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const Op& Catalogue::named(std::string_view name) const {
  const Op* op = find(name);
  if (op == nullptr) throw std::logic_error("no such operation: " + std::string(name));
  return *op;
}

const CategoryProfile* Catalogue::profile(std::string_view category) const {
  const auto found = std::ranges::find(vocabulary_.categories, category, &CategoryProfile::name);
  return found == vocabulary_.categories.end() ? nullptr : &*found;
}

}  // namespace jaxsmith::plan
