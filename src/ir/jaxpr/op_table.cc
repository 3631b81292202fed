#include "ir/jaxpr/op_table.h"

#include <unordered_map>

namespace jaxsmith::jaxpr {

const OpRule* op_rule(std::string_view name) {
  static const auto* rules = [] {
    auto* all = new OpRules;
    add_elementwise_rules(*all);
    add_movement_rules(*all);
    add_indexing_rules(*all);
    add_reduction_rules(*all);
    add_contraction_rules(*all);
    add_linear_algebra_rules(*all);
    add_random_rules(*all);
    add_control_rules(*all);
    add_reference_rules(*all);
    return all;
  }();
  static const auto* index = [] {
    auto* map = new std::unordered_map<std::string_view, const OpRule*>;
    for (const OpRule& rule : *rules) map->emplace(rule.name, &rule);
    return map;
  }();
  const auto found = index->find(name);
  return found == index->end() ? nullptr : found->second;
}

}  // namespace jaxsmith::jaxpr
