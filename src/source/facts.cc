#include "source/facts.h"

#include <algorithm>
#include <set>

#include "plan/builder.h"
#include "plan/catalogue.h"

namespace jaxsmith::source {

using plan::Body;
using plan::Node;

std::vector<std::string> tags_of(const plan::Program& program) {
  std::set<std::string> tags(program.tags.begin(), program.tags.end());
  for (const Body& body : program.bodies) {
    for (const Node& node : body.nodes) {
      // A call of another body is no entry.
      if (const plan::Op* op = program.catalogue->find(node.op))
        tags.insert(std::string(program.catalogue->profile(op->category).name));
    }
  }
  return {tags.begin(), tags.end()};
}

bool stops_gradients(const plan::Program& program) {
  const auto stops = [&](const Node& node) {
    const plan::Op* op = program.catalogue->find(node.op);
    return op && op->has(plan::kStopsGradient);
  };
  return std::ranges::any_of(
      program.bodies, [&](const Body& body) { return std::ranges::any_of(body.nodes, stops); });
}

std::vector<std::string> shapes_of(const plan::Program& program,
                                   const std::vector<plan::ValueId>& ids, bool shown) {
  std::vector<std::string> out;
  for (const plan::ValueId id : ids) {
    const plan::Value& value = program.values[static_cast<std::size_t>(id)];
    out.push_back(shown ? plan::tuple_text(value.type.shape) : "");
  }
  return out;
}

}  // namespace jaxsmith::source
