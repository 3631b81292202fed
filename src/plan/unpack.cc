// The taking apart of packs: what stood as one stands by itself, in all functions of a program.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "plan/catalogue.h"
#include "plan/holes.h"
#include "plan/packs.h"

namespace jaxsmith::plan {
namespace {

std::size_t size_of(const Program& program, const Packed& packed) {
  return program.packs[packed.pack].members.size();
}

// A hole that stood for a pack becomes a tuple of those of its members.
void spell_tuple(Node& node, std::size_t first, std::size_t count) {
  if (find_hole(node.spelling, first + 1) != std::string::npos) return;  // each has its own
  const std::size_t length = fmt::format("${}", first).size();
  const std::string tuple = "(" + holes(first, count) + ")";
  for (auto at = find_hole(node.spelling, first); at != std::string::npos;
       at = find_hole(node.spelling, first, at + tuple.size()))
    node.spelling.replace(at, length, tuple);
}

// `groups` of so many values, some of them packed, where a pack becomes a tuple; within a tuple its
// members stand next to the others.
std::vector<int> regrouped(const Program& program, std::vector<int> groups, std::size_t values,
                           const std::vector<Packed>& packed, std::size_t pack) {
  std::vector<int> out;
  const bool flat = groups.empty();
  std::size_t at = 0;
  for (std::size_t g = 0; flat ? at < values : g < groups.size(); ++g) {
    const int entries = flat ? 0 : groups[g];
    int now = 0;
    bool apart = false;
    for (int e = 0; e < std::max(entries, 1); ++e) {
      const Packed* whole = packed_at(packed, at);
      const bool goes = whole != nullptr && whole->pack == pack;
      const std::size_t count = whole != nullptr ? size_of(program, *whole) : 1;
      now += goes ? static_cast<int>(count) : 1;
      apart = apart || goes;
      at += count;
    }
    out.push_back(entries == 0 && !apart ? 0 : now);
  }
  const bool alone = out.size() == 1 && out[0] > 1;
  if (alone || std::ranges::all_of(out, [](int group) { return group == 0; })) out.clear();
  return out;
}

bool has(const std::vector<Packed>& all, std::size_t pack) {
  return std::ranges::any_of(all, [&](const Packed& p) { return p.pack == pack; });
}

void forget(std::vector<Packed>& all, std::size_t pack) {
  std::erase_if(all, [&](const Packed& p) { return p.pack == pack; });
}

void unpack_results(const Program& program, const std::vector<ValueId>& results,
                    std::vector<Packed>& packed, std::vector<int>& groups, std::size_t pack) {
  if (has(packed, pack)) groups = regrouped(program, groups, results.size(), packed, pack);
  forget(packed, pack);
}

// A step that hands something to a function of one tuple, or gets it from one.
void unpack_step(const Program& program, Node& node, std::size_t pack) {
  for (const Packed& p : node.packed_operands)
    if (p.pack == pack) spell_tuple(node, p.first, size_of(program, p));
  forget(node.packed_operands, pack);
  unpack_results(program, node.results, node.packed_results, node.result_groups, pack);
}

// The function that a step calls with what its units are; null: none that takes packs.
const Body* packed_callee(const Program& program, const Node& node) {
  for (const BodyId id : node.bodies) {
    const Body& callee = program.bodies[static_cast<std::size_t>(id)];
    if (callee.takes_packs && callee.parameters.size() == node.operands.size()) return &callee;
  }
  return nullptr;
}

// Operands stand in the order of the units that they are.
void rearrange(Node& node, const std::vector<Unit>& before, const std::vector<Unit>& after) {
  std::map<std::size_t, std::size_t> places;  // by position of the parameter
  for (const Unit& unit : before)
    for (const std::size_t member : unit.members) places.emplace(member, places.size());
  const Node old = node;
  node.operands.clear();
  node.packed_operands.clear();
  node.responses.clear();
  for (const Unit& unit : after) {
    if (unit.pack) node.packed_operands.push_back({node.operands.size(), *unit.pack});
    for (const std::size_t member : unit.members) {
      const std::size_t place = places.at(member);
      node.operands.push_back(old.operands[place]);
      if (old.responses.size() == old.operands.size())
        node.responses.push_back(old.responses[place]);
    }
  }
}

}  // namespace

bool stands_whole(const Program& program, std::size_t pack) {
  return std::ranges::any_of(program.bodies, [&](const Body& body) {
    return has(body.packed_parameters, pack) || has(body.packed_results, pack) ||
           std::ranges::any_of(body.nodes, [&](const Node& node) {
             return has(node.packed_operands, pack) || has(node.packed_results, pack);
           });
  });
}

void unpack(Program& program, std::size_t pack) {
  for (Body& body : program.bodies) {
    unpack_results(program, body.results, body.packed_results, body.result_groups, pack);
    forget(body.packed_parameters, pack);  // `parameter_groups` has it as a tuple already
    for (Node& node : body.nodes) {
      const Body* callee = packed_callee(program, node);
      if (callee == nullptr) {
        unpack_step(program, node, pack);
        continue;
      }
      const std::vector<Unit> before = units_of(program, callee->parameters.size());
      std::vector<std::size_t> members;
      members.swap(program.packs[pack].members);
      const std::vector<Unit> after = units_of(program, callee->parameters.size());
      members.swap(program.packs[pack].members);
      rearrange(node, before, after);
      forget(node.packed_results, pack);
      if (const auto spread = program.catalogue->vocabulary().spread) spread(node, before, after);
    }
  }
  program.packs.erase(program.packs.begin() + static_cast<std::ptrdiff_t>(pack));
  const auto renumber = [&](std::vector<Packed>& all) {
    for (Packed& p : all)
      if (p.pack > pack) --p.pack;
  };
  for (Body& body : program.bodies) {
    if (program.packs.empty()) body.takes_packs = false;
    renumber(body.packed_parameters);
    renumber(body.packed_results);
    for (Node& node : body.nodes) {
      renumber(node.packed_operands);
      renumber(node.packed_results);
    }
  }
}

}  // namespace jaxsmith::plan
