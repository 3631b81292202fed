#include "plan/scopes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "plan/packs.h"

namespace jaxsmith::plan {

bool begins_with_call(const Node& node) {
  return !node.bodies.empty() && node.spelling.starts_with("$f0(");
}

std::vector<BodyId> bodies_named(std::string_view decorator) {
  std::vector<BodyId> out;
  for (std::size_t at = decorator.find('$'); at != decorator.npos; at = decorator.find('$', at)) {
    int id = 0;
    bool number = false;
    for (++at; at < decorator.size() && std::isdigit(static_cast<unsigned char>(decorator[at]));
         ++at) {
      id = 10 * id + (decorator[at] - '0');
      number = true;
    }
    if (number) out.push_back(id);
  }
  return out;
}

Scopes::Scopes(const Program& program)
    : program_(program),
      made_(program.values.size()),
      users_(program.bodies.size(), nullptr),
      references_(program.bodies.size(), 0),
      reached_(program.bodies.size()),
      written_(program.bodies.size(), kNowhere) {
  const auto count = static_cast<BodyId>(program.bodies.size());
  for (BodyId b = 0; b < count; ++b) {
    const Body& body = body_of(b);
    for (const ValueId id : body.parameters) made_[static_cast<std::size_t>(id)] = {b, 0};
    for (std::size_t n = 0; n < body.nodes.size(); ++n) {
      for (const ValueId id : body.nodes[n].results)
        if (id != kNoValue) made_[static_cast<std::size_t>(id)] = {b, n + 1};
      for (const BodyId used : body.nodes[n].bodies) {
        ++references_[static_cast<std::size_t>(used)];
        auto& user = users_[static_cast<std::size_t>(used)];
        if (user == nullptr) user = &body.nodes[n];
      }
    }
    for (const std::string& decorator : body.decorators)
      for (const BodyId named : bodies_named(decorator))
        ++references_[static_cast<std::size_t>(named)];
  }
  for (BodyId b = 0; b < count; ++b) {
    const Body& body = body_of(b);
    if (body.placement == Placement::kNested && body.parent >= 0)
      written_[static_cast<std::size_t>(b)] = first_reached(body.parent, b);
  }
}

const std::set<BodyId>& Scopes::reached(BodyId id) {
  auto& known = reached_[static_cast<std::size_t>(id)];
  if (known) return *known;
  std::set<BodyId> out;
  for (const Node& node : body_of(id).nodes)
    for (const BodyId used : node.bodies) {
      out.insert(used);
      const std::set<BodyId>& further = reached(used);
      out.insert(further.begin(), further.end());
    }
  known = std::move(out);
  return *known;
}

std::size_t Scopes::first_reached(BodyId outer, BodyId id) {
  const auto& nodes = body_of(outer).nodes;
  for (std::size_t n = 0; n < nodes.size(); ++n)
    for (const BodyId used : nodes[n].bodies)
      if (used == id || reached(used).contains(id)) return n;
  return kNowhere;
}

bool Scopes::sees(BodyId body, std::size_t place, ValueId id) const {
  if (!program_.values[static_cast<std::size_t>(id)].literal.empty()) return true;
  const Made& found = made(id);
  while (true) {
    if (found.body == body) return found.first_use <= place;
    const Body& b = body_of(body);
    if (b.placement != Placement::kNested || b.parent < 0) return false;
    place = written_[static_cast<std::size_t>(body)];
    if (place == kNowhere) return false;  // nothing writes it there
    body = b.parent;
  }
}

const Node* Scopes::maker(ValueId id) const {
  const Made& found = made(id);
  if (found.first_use == kNowhere || found.first_use == 0) return nullptr;
  return &body_of(found.body).nodes[found.first_use - 1];
}

bool Scopes::within(BodyId body, BodyId outer) const {
  while (body != outer) {
    const Body& b = body_of(body);
    if (b.placement != Placement::kNested || b.parent < 0) return false;
    body = b.parent;
  }
  return true;
}

namespace {

std::optional<std::string> miscounted(const Program& program) {
  std::vector<int> uses(program.values.size(), 0);
  for (const Body& body : program.bodies) {
    for (const Node& node : body.nodes)
      for (const ValueId id : node.operands) ++uses[static_cast<std::size_t>(id)];
    for (const ValueId id : body.results) ++uses[static_cast<std::size_t>(id)];
  }
  for (std::size_t id = 0; id < uses.size(); ++id)
    if (uses[id] != program.values[id].uses)
      return fmt::format("value {} has {} uses and says {}", id, uses[id], program.values[id].uses);
  return std::nullopt;
}

// What a step gives is used, or it is a statement for the functions that it names.
bool needed(const Program& program, const Node& node) {
  const bool statement =
      std::ranges::all_of(node.results, [](ValueId id) { return id == kNoValue; });
  return statement ? !node.bodies.empty() : std::ranges::any_of(node.results, [&](ValueId id) {
    return id != kNoValue && program.values[static_cast<std::size_t>(id)].uses > 0;
  });
}

std::optional<std::string> wrong_in(const Program& program, const Scopes& scopes, BodyId b) {
  const Body& body = program.bodies[static_cast<std::size_t>(b)];
  for (std::size_t n = 0; n < body.nodes.size(); ++n) {
    const Node& node = body.nodes[n];
    for (const ValueId id : node.operands)
      if (!scopes.sees(b, n, id))
        return fmt::format("{} uses value {} where it is not known", node.op, id);
    if (!needed(program, node)) return fmt::format("nothing needs what {} gives", node.op);
  }
  for (const ValueId id : body.results)
    if (!scopes.sees(b, body.nodes.size(), id))
      return fmt::format("function {} returns value {}, which it does not know", b, id);
  return std::nullopt;
}

// Packs are of several arguments, each in one, and the root takes them.
std::optional<std::string> wrong_packs(const Program& program) {
  const Body& root = program.bodies[static_cast<std::size_t>(program.root)];
  if (root.takes_packs == program.packs.empty()) return "the root and its packs do not agree";
  std::set<std::size_t> met;
  for (const Pack& pack : program.packs) {
    if (pack.members.size() < 2) return "a pack has fewer than two members";
    if (!std::ranges::is_sorted(pack.members)) return "members of a pack are not in order";
    if (!pack.models.empty() && pack.models.size() != pack.members.size())
      return "a pack has other models than members";
    for (const std::size_t member : pack.members)
      if (member >= root.parameters.size() || !met.insert(member).second)
        return fmt::format("argument {} of a pack is in two or none", member);
  }
  return std::nullopt;
}

// Whether what is said to be packed is there, none of it twice.
bool are_there(const Program& program, const std::vector<Packed>& all, std::size_t values) {
  std::size_t end = 0;
  return std::ranges::all_of(all, [&](const Packed& p) {
    if (p.pack >= program.packs.size() || p.first < end) return false;
    end = p.first + program.packs[p.pack].members.size();
    return end <= values;
  });
}

// A call of a function that takes packs gives them as they stand among its parameters.
bool gives_packs(const Program& program, const Node& call) {
  return std::ranges::all_of(call.bodies, [&](BodyId id) {
    const Body& callee = program.bodies[static_cast<std::size_t>(id)];
    if (!callee.takes_packs) return true;
    std::vector<std::pair<std::size_t, std::size_t>> units, given;
    std::size_t place = 0;
    for (const Unit& unit : units_of(program, callee.parameters.size())) {
      if (unit.pack) units.emplace_back(place, *unit.pack);
      place += unit.members.size();
    }
    for (const Packed& p : call.packed_operands) given.emplace_back(p.first, p.pack);
    return units == given && call.operands.size() == place;
  });
}

std::optional<std::string> wrong_packed(const Program& program, BodyId b) {
  const Body& body = program.bodies[static_cast<std::size_t>(b)];
  if (!are_there(program, body.packed_parameters, body.parameters.size()) ||
      !are_there(program, body.packed_results, body.results.size()))
    return fmt::format("function {} has packs of values that are not there", b);
  for (const Node& node : body.nodes) {
    if (!are_there(program, node.packed_operands, node.operands.size()) ||
        !are_there(program, node.packed_results, node.results.size()))
      return fmt::format("{} has packs of values that are not there", node.op);
    if (!gives_packs(program, node))
      return fmt::format("{} calls a function with other packs than it takes", node.op);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> defect_of(const Program& program) {
  const Scopes scopes(program);
  const Body& root = program.bodies[static_cast<std::size_t>(program.root)];
  if (root.results.empty()) return "it returns nothing";
  if (root.parameters.empty()) return "it takes nothing";
  if (auto wrong = miscounted(program)) return wrong;
  for (const ValueId id : root.parameters)
    if (program.values[static_cast<std::size_t>(id)].uses == 0)
      return fmt::format("argument {} is not used", id);
  if (auto wrong = wrong_packs(program)) return wrong;
  for (std::size_t b = 0; b < program.bodies.size(); ++b) {
    if (auto wrong = wrong_in(program, scopes, static_cast<BodyId>(b))) return wrong;
    if (auto wrong = wrong_packed(program, static_cast<BodyId>(b))) return wrong;
  }
  return std::nullopt;
}

}  // namespace jaxsmith::plan
