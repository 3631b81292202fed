#include "plan/outline.h"
#include "plan/holes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace jaxsmith::plan {
namespace {

class Outlining {
 public:
  Outlining(Program& program, BodyId body, std::size_t first_node, ValueId first_value)
      : p_(program), body_(body), first_(first_value) {
    auto& nodes = at(body).nodes;
    const auto begin = nodes.begin() + static_cast<std::ptrdiff_t>(first_node);
    moved_.assign(std::make_move_iterator(begin), std::make_move_iterator(nodes.end()));
    nodes.erase(begin, nodes.end());
  }

  BodyId run(Outline about) {
    helper_ = static_cast<BodyId>(p_.bodies.size());
    for (const Node& node : moved_) own_bodies(node);
    for (const Node& node : moved_)
      for (const ValueId id : node.results)
        if (id != kNoValue) defined_.insert(id);
    each_operand([&](ValueId& id) { find(id); });
    make_room();
    take_parameters();
    Body helper;
    helper.placement = Placement::kHelper;
    helper.hint = about.names.empty() ? "stage" : about.names.front();
    helper.names = std::move(about.names);
    helper.summaries = std::move(about.summaries);
    helper.defaults = std::move(about.defaults);
    for (std::size_t i = 0; i < outer_.size(); ++i)
      helper.parameters.push_back(first_ + static_cast<ValueId>(i));
    helper.results = leave_over();
    helper.returns = helper.results.size() == 1 ? Returns::kSingle : Returns::kTuple;
    helper.nodes = std::move(moved_);
    p_.bodies.push_back(std::move(helper));
    call();
    return helper_;
  }

 private:
  Value& value(ValueId id) { return p_.values[static_cast<std::size_t>(id)]; }
  Body& at(BodyId id) { return p_.bodies[static_cast<std::size_t>(id)]; }

  // The functions that the steps hold, and those within these.
  void own_bodies(const Node& node) {
    for (const BodyId id : node.bodies) {
      if (!owned_.insert(id).second) continue;
      if (at(id).parent == body_) at(id).parent = helper_;
      for (const Node& inner : at(id).nodes) own_bodies(inner);
    }
  }

  template <class Each>
  void each_operand(Each each) {
    const auto of = [&](std::vector<Node>& nodes) {
      for (Node& node : nodes)
        for (ValueId& id : node.operands) each(id);
    };
    of(moved_);
    for (const BodyId id : owned_) {
      of(at(id).nodes);
      for (ValueId& result : at(id).results) each(result);
    }
  }

  // What comes from outside, in the order of its first use; literals come along.
  void find(ValueId id) {
    if (value(id).body != body_ || defined_.contains(id)) return;
    if (!value(id).literal.empty())
      value(id).body = helper_;
    else if (std::find(outer_.begin(), outer_.end(), id) == outer_.end())
      outer_.push_back(id);
  }

  // Parameters come before what is made of them, also by their ids.
  void make_room() {
    const auto more = static_cast<ValueId>(outer_.size());
    const auto moved = [&](ValueId& id) { id += id >= first_ ? more : 0; };
    p_.values.insert(p_.values.begin() + first_, outer_.size(), Value{});
    for (Value& v : p_.values) moved(v.named_as);
    const auto move_nodes = [&](std::vector<Node>& nodes) {
      for (Node& node : nodes) {
        std::for_each(node.operands.begin(), node.operands.end(), moved);
        std::for_each(node.results.begin(), node.results.end(), moved);
      }
    };
    for (Body& body : p_.bodies) {
      move_nodes(body.nodes);
      std::for_each(body.parameters.begin(), body.parameters.end(), moved);
      std::for_each(body.results.begin(), body.results.end(), moved);
    }
    move_nodes(moved_);
    std::for_each(outer_.begin(), outer_.end(), moved);
  }

  void take_parameters() {
    for (std::size_t i = 0; i < outer_.size(); ++i) {
      Value& parameter = value(first_ + static_cast<ValueId>(i));
      parameter = value(outer_[i]);
      parameter.body = helper_;
      parameter.uses = 0;
      parameter.reserved = false;
    }
    each_operand([&](ValueId& id) {
      const auto found = std::find(outer_.begin(), outer_.end(), id);
      if (found == outer_.end()) return;
      --value(id).uses;
      id = first_ + static_cast<ValueId>(found - outer_.begin());
      ++value(id).uses;
    });
  }

  // What nothing uses, and what was to be a result though steps go on with it (Idiom::keep).
  std::vector<ValueId> leave_over() {
    std::vector<ValueId> out;
    for (const Node& node : moved_)
      for (const ValueId id : node.results) {
        if (id == kNoValue) continue;
        Value& v = value(id);
        v.body = helper_;
        const bool kept = v.reserved && v.uses > 0 && v.sure != 0 && !v.weak;
        if (!kept && (v.uses > 0 || v.reserved)) continue;
        ++v.uses;
        out.push_back(id);
      }
    return out;
  }

  void call() {
    Node node;
    node.op = at(helper_).nodes.back().op;
    node.bodies = {helper_};
    node.operands = outer_;
    for (const ValueId id : outer_) ++value(id).uses;
    node.spelling = "$f0(" + holes(0, outer_.size()) + ")";
    for (const ValueId id : at(helper_).results) {
      Value result = value(id);
      result.body = body_;
      result.uses = 0;
      result.reserved = false;
      node.results.push_back(static_cast<ValueId>(p_.values.size()));
      p_.values.push_back(std::move(result));
    }
    at(body_).nodes.push_back(std::move(node));
  }

  Program& p_;
  const BodyId body_;
  const ValueId first_;
  BodyId helper_ = -1;
  std::vector<Node> moved_;
  std::set<BodyId> owned_;
  std::set<ValueId> defined_;
  std::vector<ValueId> outer_;
};

}  // namespace

BodyId outline(Program& program, BodyId body, std::size_t first_node, ValueId first_value,
               Outline about) {
  return Outlining(program, body, first_node, first_value).run(std::move(about));
}

}  // namespace jaxsmith::plan
