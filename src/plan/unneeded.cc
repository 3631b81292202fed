// What of a program its results need, and the taking away of the rest.
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "base/letters.h"
#include "plan/packs.h"
#include "plan/planner.h"
#include "plan/reduce.h"
#include "plan/scopes.h"

namespace jaxsmith::plan {
namespace {

bool mentions(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !in_name(text[at - 1])) && (end == text.size() || !in_name(text[end])))
      return true;
  }
  return false;
}

bool is_statement(const Node& node) {
  return std::ranges::all_of(node.results, [](ValueId id) { return id == kNoValue; });
}

// Follows what is needed from the root's results back.
class Needs {
 public:
  explicit Needs(const Program& program)
      : program_(program), scopes_(program), values_(program.values.size(), false) {
    need_body(program.root);
    while (need_statements()) {
    }
  }

  bool has(ValueId id) const { return id != kNoValue && values_[static_cast<std::size_t>(id)]; }
  bool has_body(BodyId id) const { return bodies_.contains(id); }
  bool has_node(const Node& node) const { return nodes_.contains(&node); }

 private:
  void need_value(ValueId id) {
    if (values_[static_cast<std::size_t>(id)]) return;
    values_[static_cast<std::size_t>(id)] = true;
    if (const Node* maker = scopes_.maker(id)) need_node(*maker);
  }

  void need_node(const Node& node) {
    if (!nodes_.insert(&node).second) return;
    for (const ValueId id : node.operands) need_value(id);
    for (const BodyId id : node.bodies) need_body(id);
  }

  void need_body(BodyId id) {
    if (!bodies_.insert(id).second) return;
    const Body& body = program_.bodies[static_cast<std::size_t>(id)];
    for (const ValueId result : body.results) need_value(result);
    for (const std::string& decorator : body.decorators)
      for (const BodyId named : bodies_named(decorator)) need_body(named);
  }

  // Statements say something of a function: they stay where it does. Whether one was found.
  bool need_statements() {
    const std::size_t before = nodes_.size();
    for (const BodyId id : std::set<BodyId>(bodies_))
      for (const Node& node : program_.bodies[static_cast<std::size_t>(id)].nodes)
        if (is_statement(node) &&
            std::ranges::any_of(node.bodies, [&](BodyId b) { return bodies_.contains(b); }))
          need_node(node);
    return nodes_.size() > before;
  }

  const Program& program_;
  Scopes scopes_;
  std::vector<bool> values_;
  std::set<BodyId> bodies_;
  std::set<const Node*> nodes_;
};

// Settings are names in the texts of steps, and of other settings.
bool is_mentioned(const Program& program, std::string_view word) {
  const auto in_settings = [&](const auto& settings) {
    return std::ranges::any_of(settings,
                               [&](const auto& given) { return mentions(given.second, word); });
  };
  if (in_settings(program.constants)) return true;
  return std::ranges::any_of(program.bodies, [&](const Body& body) {
    return in_settings(body.defaults) || std::ranges::any_of(body.nodes, [&](const Node& node) {
             return mentions(node.spelling, word) || in_settings(node.attributes);
           });
  });
}

void remove_settings(Program& program) {
  std::set<std::string, std::less<>> used;  // before any goes: they may name one another
  const auto note = [&](const auto& settings) {
    for (const auto& given : settings)
      if (is_mentioned(program, given.first)) used.insert(given.first);
  };
  for (const Body& body : program.bodies) note(body.defaults);
  note(program.constants);
  const auto unused = [&](const auto& given) { return !used.contains(given.first); };
  for (Body& body : program.bodies) std::erase_if(body.defaults, unused);
  std::erase_if(program.constants, unused);
}

// Packs of the arguments that stay, `place` being where these come to stand. What steps or other
// functions take whole has all its members: it is taken apart where one of them goes.
void reduce_packs(Program& program, const std::vector<bool>& gone,
                  const std::vector<std::size_t>& place) {
  bool handed_on = false;
  for (std::size_t b = 0; b < program.bodies.size(); ++b)
    handed_on =
        handed_on || (static_cast<BodyId>(b) != program.root && program.bodies[b].takes_packs);
  for (std::size_t p = program.packs.size(); p-- > 0;) {
    Pack& pack = program.packs[p];
    const std::size_t all = pack.members.size();
    const auto left = all - static_cast<std::size_t>(std::ranges::count_if(
                                pack.members, [&](std::size_t m) { return gone[m]; }));
    if (handed_on || (left < all && (left < 2 || stands_whole(program, p)))) {
      unpack(program, p);
      continue;
    }
    for (std::size_t i = all; i-- > 0;) {
      if (!gone[pack.members[i]]) continue;
      const auto at = static_cast<std::ptrdiff_t>(i);
      pack.members.erase(pack.members.begin() + at);
      if (!pack.models.empty()) pack.models.erase(pack.models.begin() + at);
    }
    for (std::size_t& member : pack.members) member = place[member];
  }
}

// The places of parameters in derivatives and packs are those of what stays.
void remove_arguments(Program& program, const Needs& needs) {
  Body& root = program.bodies[static_cast<std::size_t>(program.root)];
  std::vector<std::size_t> place(root.parameters.size()), draws;
  std::vector<bool> is_gone(root.parameters.size(), true);
  std::vector<ValueId> kept;
  for (std::size_t i = 0; i < root.parameters.size(); ++i) {
    place[i] = kept.size();
    if (!needs.has(root.parameters[i])) continue;
    is_gone[i] = false;
    kept.push_back(root.parameters[i]);
    draws.push_back(program.draws.empty() ? i : program.draws[i]);
  }
  if (kept.size() == root.parameters.size()) return;
  reduce_packs(program, is_gone, place);
  std::erase_if(program.derivatives, [&](const DerivativeOf& d) {
    return is_gone[d.argument] || (d.seed && is_gone[*d.seed]);
  });
  for (DerivativeOf& d : program.derivatives) {
    d.argument = place[d.argument];
    if (d.seed) d.seed = place[*d.seed];
  }
  root.parameters = std::move(kept);
  root.parameter_groups.clear();
  program.draws = std::move(draws);
}

void count_uses(Program& program) {
  const auto use = [&](ValueId id) { ++program.values[static_cast<std::size_t>(id)].uses; };
  for (Value& value : program.values) value.uses = 0;
  for (const Body& body : program.bodies) {
    for (const Node& node : body.nodes) std::ranges::for_each(node.operands, use);
    std::ranges::for_each(body.results, use);
  }
}

}  // namespace

void remove_unneeded(Program& program) {
  const Needs needs(program);
  for (std::size_t b = 0; b < program.bodies.size(); ++b) {
    Body& body = program.bodies[b];
    if (!needs.has_body(static_cast<BodyId>(b))) {
      body = Body{};  // the number stays
      continue;
    }
    std::vector<Node> kept;
    for (Node& node : body.nodes)
      if (needs.has_node(node)) kept.push_back(std::move(node));
    body.nodes = std::move(kept);
  }
  remove_arguments(program, needs);
  const auto& results = program.bodies[static_cast<std::size_t>(program.root)].results;
  const auto returned = [&](ValueId id) { return std::ranges::find(results, id) != results.end(); };
  std::erase_if(program.derivatives, [&](const DerivativeOf& d) {
    return !returned(d.value) || !returned(d.derivative);
  });
  remove_settings(program);
  count_uses(program);
  if (!uses_devices(program)) program.devices = 1;
}

ProgramMeasure program_size(const Program& program) {
  ProgramMeasure out;
  const Body& root = program.bodies[static_cast<std::size_t>(program.root)];
  const auto elements = [&](ValueId id) {
    return tensor::element_count(program.values[static_cast<std::size_t>(id)].type.shape);
  };
  out.results = root.results.size();
  out.arguments = root.parameters.size();
  out.packs = program.packs.size();
  for (const ValueId id : root.parameters) out.elements += elements(id);
  for (const Body& body : program.bodies) {
    out.steps += body.nodes.size();
    out.functions += body.results.empty() ? 0 : 1;
    out.words += body.summaries.size() + body.names.size();
    for (const Node& node : body.nodes) {
      out.words += node.comment.empty() ? 0 : 1;
      for (const ValueId id : node.results) out.elements += id == kNoValue ? 0 : elements(id);
    }
  }
  return out;
}

}  // namespace jaxsmith::plan
