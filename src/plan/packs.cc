#include "plan/packs.h"

#include <algorithm>

#include "plan/bundles.h"
#include "plan/catalogue.h"
#include "plan/holes.h"

namespace jaxsmith::plan {
namespace {

using Positions = std::vector<std::size_t>;

// Of the programs in which arguments go together, so many have them as packs; and of those with
// a second choice, so many have that as well.
constexpr double kPacked = 0.97, kSecond = 0.85;
// So many loops that start from a pack and nothing else carry it as it is.
constexpr double kCarried = 0.85;
// A tuple of more is hard to read.
constexpr std::size_t kLongestTuple = 4;

bool holds(const Positions& positions, std::size_t i) {
  return std::find(positions.begin(), positions.end(), i) != positions.end();
}

const Value& value(const Program& program, ValueId id) {
  return program.values[static_cast<std::size_t>(id)];
}

// Where the first tuple stands among a function's parameters, and of how many it is; none: of 0.
struct Together {
  std::size_t at = 0, count = 0;
};

Together first_tuple(const Body& step) {
  Together out;
  for (const int group : step.parameter_groups) {
    if (group > 1) return {out.at, static_cast<std::size_t>(group)};
    ++out.at;
  }
  return out;
}

// The arguments among what a loop starts from: its step takes them, of the same types, as one
// tuple.
Positions carried(const Program& program, const Body& root, const Node& loop) {
  const Body& step = program.bodies[static_cast<std::size_t>(loop.bodies[0])];
  const auto [at, count] = first_tuple(step);
  Positions out;
  if (count == 0 || count > loop.operands.size()) return out;
  for (std::size_t i = 0; i < count; ++i) {
    const ValueId from = loop.operands[i];
    if (!(value(program, from).type == value(program, step.parameters[at + i]).type)) return {};
    const auto place = std::find(root.parameters.begin(), root.parameters.end(), from);
    if (place == root.parameters.end()) continue;
    const auto position = static_cast<std::size_t>(place - root.parameters.begin());
    if (!holds(out, position)) out.push_back(position);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Positions state_of(const Program& program, const Body& root) {
  for (const Node& node : root.nodes) {
    if (node.bodies.size() != 1) continue;
    Positions found = carried(program, root, node);
    if (found.size() > 1) return found;
  }
  return {};
}

std::vector<Bundle> roles_of(const Program& program) {
  const Body& root = program.bodies[static_cast<std::size_t>(program.root)];
  if (root.parameters.size() < 2 || !root.parameter_groups.empty() || !root.decorators.empty())
    return {};
  const Positions state = state_of(program, root);
  std::vector<Bundle> out = bundles_of(program, state);
  if (state.size() > 1)
    out.insert(out.begin(), {{"state", "carry", "initial"}, state, 1.4, {0.2, 0.2, 0.4, 0.2}});
  return out;
}

Container draw_container(const Program& program, const Bundle& role, Random& random) {
  std::vector<double> weights = role.containers;
  const auto weight = [&](Container c) -> double& { return weights[static_cast<std::size_t>(c)]; };
  if (role.members.size() > kLongestTuple) weight(Container::kTuple) = 0;
  if (program.catalogue->vocabulary().dataclass_decorator.empty())
    weight(Container::kDataclass) = 0;
  return static_cast<Container>(random.weighted(weights));
}

// Makes a loop that starts from the pack alone carry it: its step takes the pack and gives the next
// one. Changes nothing where the loop carries something else as well.
void carry(Program& program, std::size_t which) {
  Body& root = program.bodies[static_cast<std::size_t>(program.root)];
  Pack& pack = program.packs[which];
  for (Node& loop : root.nodes) {
    if (loop.bodies.size() != 1 || (loop.loop && loop.loop->unrolled)) continue;
    Body& step = program.bodies[static_cast<std::size_t>(loop.bodies[0])];
    const auto [at, count] = first_tuple(step);
    const int all = static_cast<int>(count);
    if (count != pack.members.size() || loop.operands.size() < count) continue;
    bool same = loop.results.size() >= count && step.results.size() >= count;
    for (std::size_t i = 0; i < count; ++i)
      same = same && loop.operands[i] == root.parameters[pack.members[i]];
    const std::string start = "(" + holes(0, count) + ")";
    const auto written = loop.spelling.find(start);
    const bool given = !step.result_groups.empty() && step.result_groups[0] == all;
    const bool taken =
        loop.result_groups.empty() ? loop.results.size() == count : loop.result_groups[0] == all;
    if (!same || !given || !taken || written == std::string::npos) continue;
    loop.spelling.replace(written, start.size(), "$0");
    loop.packed_operands = {{0, which}};
    if (pack.container == Container::kTuple) return;
    pack.models.assign(step.parameters.begin() + static_cast<std::ptrdiff_t>(at),
                       step.parameters.begin() + static_cast<std::ptrdiff_t>(at + count));
    step.packed_parameters = {{at, which}};
    step.packed_results = loop.packed_results = {{0, which}};
    step.result_groups[0] = 0;
    if (step.result_groups.size() == 1) step.result_groups.clear();
    if (!loop.result_groups.empty()) loop.result_groups[0] = 0;
    return;
  }
}

}  // namespace

void pack_arguments(Program& program, Random random) {
  if (!program.catalogue->vocabulary().containers) return;
  std::vector<Bundle> roles = roles_of(program);
  if (roles.empty() || !random.chance(kPacked)) return;
  std::vector<double> weights;
  for (const Bundle& role : roles) weights.push_back(role.weight);
  const std::size_t chosen = random.weighted(weights);
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const bool second = random.chance(kSecond);
    const Container container = draw_container(program, roles[i], random);
    const bool carries = random.chance(kCarried);
    // Most people say the first.
    if (random.chance(0.2))
      std::rotate(roles[i].names.begin(), roles[i].names.begin() + 1, roles[i].names.end());
    if (i != chosen && !second) continue;
    program.packs.push_back({container, std::move(roles[i].names), std::move(roles[i].members)});
    if (carries) carry(program, program.packs.size() - 1);
  }
  program.bodies[static_cast<std::size_t>(program.root)].takes_packs = true;
}

std::vector<Unit> units_of(const Program& program, std::size_t parameters) {
  std::vector<Unit> out;
  for (std::size_t i = 0; i < parameters; ++i) {
    const auto pack = std::find_if(program.packs.begin(), program.packs.end(),
                                   [&](const Pack& p) { return holds(p.members, i); });
    if (pack == program.packs.end())
      out.push_back({std::nullopt, {i}});
    else if (pack->members.front() == i)
      out.push_back({static_cast<std::size_t>(pack - program.packs.begin()), pack->members});
  }
  return out;
}

const Packed* packed_at(const std::vector<Packed>& all, std::size_t place) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Packed& p) { return p.first == place; });
  return found == all.end() ? nullptr : &*found;
}

Origins::Origins(const Program& program) : program_(program) {
  const auto size = [&](const Packed& p) { return program.packs[p.pack].members.size(); };
  for (const Body& body : program.bodies) {
    for (const Pack& pack : program.packs) {
      if (!body.takes_packs) continue;
      std::vector<ValueId> ids;
      for (const std::size_t m : pack.members) ids.push_back(body.parameters[m]);
      note(ids, 0, ids.size());
    }
    for (const Packed& p : body.packed_parameters) note(body.parameters, p.first, size(p));
    for (const Node& node : body.nodes)
      for (const Packed& p : node.packed_results) note(node.results, p.first, size(p));
  }
  for (const Body& body : program.bodies) {
    for (const Node& node : body.nodes) note_reads(node.operands, node.packed_operands);
    note_reads(body.results, body.packed_results);
  }
}

std::optional<ValueId> Origins::of(const std::vector<ValueId>& values, const Packed& packed) const {
  const std::size_t count = program_.packs[packed.pack].members.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto origin = origins_.find(values[packed.first + i]);
    if (origin == origins_.end() || origin->second != std::pair(values[packed.first], i))
      return std::nullopt;
  }
  return values[packed.first];
}

void Origins::note(const std::vector<ValueId>& ids, std::size_t first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (ids[first + i] != kNoValue) origins_[ids[first + i]] = {ids[first], i};
}

void Origins::note_reads(const std::vector<ValueId>& values, const std::vector<Packed>& packed) {
  for (std::size_t i = 0; i < values.size();) {
    const Packed* whole = packed_at(packed, i);
    const std::size_t count = whole ? program_.packs[whole->pack].members.size() : 1;
    if (!whole || !of(values, *whole))
      alone_.insert(values.begin() + static_cast<std::ptrdiff_t>(i),
                    values.begin() + static_cast<std::ptrdiff_t>(i + count));
    i += count;
  }
}

}  // namespace jaxsmith::plan
