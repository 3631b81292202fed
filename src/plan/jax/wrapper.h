// The function around a family's root, as its members have one.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "plan/packs.h"
#include "plan/planner.h"

namespace jaxsmith::plan {

// Nodes of the wrapping function. They hold functions and gradients rather than applications of the
// catalogue, so they are written here and not drawn.
class Wrapper {
 public:
  Wrapper(const Program& root, std::string hint) : program_(root), inner_(root.root) {
    Body& function = program_.bodies[static_cast<std::size_t>(inner_)];
    function.placement = Placement::kHelper;
    if (function.returns == Returns::kDict) function.returns = Returns::kTuple;
    function.takes_packs = false;
    entry_ = open(Placement::kEntry, std::move(hint));
    program_.root = entry_;
    program_.bodies[static_cast<std::size_t>(entry_)].takes_packs = has_packs();
  }

  bool has_packs() const { return !program_.packs.empty(); }
  const std::vector<Pack>& packs() const { return program_.packs; }

  // The family's functions take packs whole too, and hand them on; else only the entry takes them,
  // apart.
  void hand_on_packs() {
    if (!has_packs()) return;
    handed_on_ = true;
    program_.bodies[static_cast<std::size_t>(inner_)].takes_packs = true;
  }
  bool hands_on_packs() const { return handed_on_; }

  // What stands as one argument each in calls of the family's functions.
  std::vector<Unit> units(std::size_t parameters) const {
    if (handed_on_) return units_of(program_, parameters);
    std::vector<Unit> out;
    for (std::size_t i = 0; i < parameters; ++i) out.push_back({std::nullopt, {i}});
    return out;
  }

  // A node that calls something with all of these parameters, from hole 0 on.
  Node& call(BodyId body, std::string spelling, const std::vector<ValueId>& parameters,
             std::vector<ValueId> results) {
    std::vector<ValueId> operands;
    std::vector<Packed> packed;
    for (const Unit& unit : units(parameters.size())) {
      if (unit.pack) packed.push_back({operands.size(), *unit.pack});
      for (const std::size_t member : unit.members) operands.push_back(parameters[member]);
    }
    Node& out = node(body, "call", std::move(spelling), std::move(operands), std::move(results));
    out.packed_operands = std::move(packed);
    return out;
  }

  BodyId open(Placement placement, std::string hint) {
    Body body;
    body.parent = placement == Placement::kNested ? entry_ : -1;
    body.placement = placement;
    body.hint = std::move(hint);
    program_.bodies.push_back(std::move(body));
    return static_cast<BodyId>(program_.bodies.size()) - 1;
  }

  ValueId value(BodyId body, Type type, std::string hint = {}) {
    Value v;
    v.type = std::move(type);
    v.hint = std::move(hint);
    v.body = body;
    program_.values.push_back(std::move(v));
    return static_cast<ValueId>(program_.values.size()) - 1;
  }

  ValueId parameter(BodyId body, const Value& like, Type type, std::string hint) {
    const ValueId id = value(body, std::move(type), std::move(hint));
    at(id).stats = like.stats;
    program_.bodies[static_cast<std::size_t>(body)].parameters.push_back(id);
    return id;
  }

  Node& node(BodyId body, std::string op, std::string spelling, std::vector<ValueId> operands,
             std::vector<ValueId> results) {
    for (ValueId id : operands) ++at(id).uses;
    Node n;
    n.op = std::move(op);
    n.spelling = std::move(spelling);
    n.operands = std::move(operands);
    n.results = std::move(results);
    auto& nodes = program_.bodies[static_cast<std::size_t>(body)].nodes;
    nodes.push_back(std::move(n));
    return nodes.back();
  }

  void finish(BodyId body, std::vector<ValueId> results, std::vector<int> groups = {},
              std::vector<Packed> packed = {}) {
    for (ValueId id : results) ++at(id).uses;
    Body& b = program_.bodies[static_cast<std::size_t>(body)];
    b.results = std::move(results);
    b.result_groups = std::move(groups);
    b.packed_results = std::move(packed);
    b.returns = b.results.size() == 1 ? Returns::kSingle : Returns::kTuple;
  }

  void derivative(ValueId value, ValueId derivative, Differentiation kind, std::size_t argument,
                  std::optional<std::size_t> seed = std::nullopt) {
    program_.derivatives.push_back({value, derivative, kind, argument, seed});
  }

  // Names of the entry, or of another body, and sentences that are true of it; each name is as
  // likely to be the first. `$f` stands for the root's function.
  void introduce(BodyId id, std::vector<std::string> names, std::vector<std::string> summaries) {
    Random random = Random(program_.seed, program_.family).fork("introduce");
    for (std::vector<std::string>* texts : {&names, &summaries})
      for (std::string& text : *texts)
        if (const std::size_t at = text.find("$f"); at != std::string::npos)
          text.insert(at + 2, std::to_string(inner_));
    random.shuffle(names);
    body(id).names = std::move(names);
    body(id).summaries = std::move(summaries);
  }

  // Names of a value, each as likely to be the first.
  void call_it(ValueId id, std::vector<std::string> words, Random& random) {
    random.shuffle(words);
    at(id).names = std::move(words);
  }

  Value& at(ValueId id) { return program_.values[static_cast<std::size_t>(id)]; }
  Body& body(BodyId id) { return program_.bodies[static_cast<std::size_t>(id)]; }
  const Body& inner() const { return program_.bodies[static_cast<std::size_t>(inner_)]; }
  Type result_type(BodyId body) {
    return at(program_.bodies[static_cast<std::size_t>(body)].results[0]).type;
  }
  const Program& program() const { return program_; }
  BodyId inner_id() const { return inner_; }
  BodyId entry() const { return entry_; }
  Program take() { return std::move(program_); }

 private:
  Program program_;
  BodyId inner_;
  BodyId entry_;
  bool handed_on_ = false;
};

}  // namespace jaxsmith::plan
