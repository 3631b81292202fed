#include "plan/unroll.h"

#include <algorithm>

#include "plan/catalogue.h"
#include "plan/holes.h"
#include "plan/scopes.h"

namespace jaxsmith::plan {
namespace {

constexpr std::int64_t kMostRounds = 12;
// Of an unrolled loop, its steps counted as often as they are written by JAX.
constexpr std::size_t kMostSteps = 500;
constexpr std::size_t kMostCarriedAndSliced = 6;  // that the header of a loop names on a line

class Unroller {
 public:
  Unroller(Program& program, Random random)
      : program_(program), scopes_(program), random_(random) {}

  void run() {
    for (std::size_t b = 0; b < program_.bodies.size(); ++b) {
      // Within a step of another loop it stays JAX's: Python's would be traced there again.
      const bool outermost = static_cast<BodyId>(b) == program_.root ||
                             program_.bodies[b].placement == Placement::kHelper;
      for (Node& node : program_.bodies[b].nodes)
        if (node.loop) node.loop->unrolled = chosen(node) && outermost;
    }
  }

 private:
  const Value& value(ValueId id) const { return program_.values[static_cast<std::size_t>(id)]; }
  const Body& body(BodyId id) const { return program_.bodies[static_cast<std::size_t>(id)]; }

  // The longer a loop, the fewer write it out.
  bool chosen(const Node& node) {
    const std::int64_t rounds = node.loop->last - node.loop->first;
    const bool drawn = random_.chance(rounds <= 4 ? 0.8 : rounds <= 8 ? 0.6 : 0.4);
    return drawn && rounds >= 2 && rounds <= kMostRounds && fits(node, *node.loop);
  }

  bool fits(const Node& node, const Loop& loop) const {
    if (node.bodies.size() != 1 || scopes_.references(node.bodies[0]) != 1) return false;
    const Body& step = body(node.bodies[0]);
    const auto rounds = static_cast<std::size_t>(loop.last - loop.first);
    // Calls of the module's functions are steps like any.
    const auto has_functions = [](const Node& inner) {
      return !inner.bodies.empty() && !begins_with_call(inner);
    };
    if (std::ranges::any_of(step.nodes, has_functions)) return false;
    if (node.operands.size() > kMostCarriedAndSliced) return false;
    if (steps_of(node.bodies[0]) * rounds > kMostSteps) return false;
    // Python's own numbers stay numbers of Python's.
    const auto is_array = [&](ValueId id) { return value(id).literal.empty() && !value(id).weak; };
    for (std::size_t i = 0; i < loop.carries; ++i)
      if (!is_array(node.operands[i]) || !is_array(step.results[i])) return false;
    // What is stacked for nobody would be computed for nobody.
    for (std::size_t i = loop.carries; i < step.results.size(); ++i) {
      const ValueId all = node.results[i];
      if (value(step.results[i]).literal.empty() && (all == kNoValue || value(all).uses == 0))
        return false;
    }
    return !loop.counts || counts_places(step.parameters[0]);
  }

  std::size_t steps_of(BodyId id) const {
    std::size_t n = 0;
    for (const Node& node : body(id).nodes) {
      ++n;
      for (const BodyId inner : node.bodies) n += steps_of(inner);
    }
    return n;
  }

  // Whether a counter is nothing but a place in arrays.
  bool counts_places(ValueId counter) const {
    return std::ranges::all_of(program_.bodies, [&](const Body& each) {
      return std::ranges::count(each.results, counter) == 0 &&
             std::ranges::all_of(each.nodes, [&](const Node& node) {
               for (std::size_t i = 0; i < node.operands.size(); ++i) {
                 if (node.operands[i] != counter) continue;
                 const auto elsewhere = [&](const auto& attribute) {
                   return names_operand(attribute.second, i);
                 };
                 if (!only_indexes(node.spelling, i) ||
                     std::ranges::any_of(node.attributes, elsewhere))
                   return false;
               }
               return true;
             });
    });
  }

  Program& program_;
  const Scopes scopes_;
  Random random_;
};

}  // namespace

void unroll_loops(Program& program, Random random) {
  if (program.catalogue->vocabulary().stack.empty()) return;
  Unroller(program, random).run();
}

}  // namespace jaxsmith::plan
