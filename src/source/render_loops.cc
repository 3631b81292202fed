#include "source/renderer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "source/commentary.h"
#include "source/expression.h"
#include "source/layout.h"
#include "source/spellings.h"

namespace jaxsmith::source {

using plan::Body;
using plan::BodyId;
using plan::Node;
using plan::ValueId;

// Whether a name is in an expression that is not written yet.
bool Renderer::awaited(const Frame& frame, const std::string& name) {
  return std::ranges::any_of(frame.pending, [&](const auto& p) {
    return std::ranges::count(free_names(p.second), name) > 0;
  });
}

// What a loop goes over, and what it calls each: a counter, a slice, or several at once.
std::pair<std::vector<std::string>, Expr> Renderer::header_of(Frame& frame, const Node& node) {
  const plan::Loop& loop = *node.loop;
  const Body& step = body(node.bodies[0]);
  const auto target = [&](ValueId p) {
    Random random = random_.fork(fmt::format("parameter {}", p));
    const bool needed = value(p).uses > 0;
    return names_[p] = needed ? frame.names.claim(words_for_parameter(p, false, random)) : "_";
  };
  if (node.operands.size() == loop.carries) {
    std::vector<Expr> bounds = {number(std::to_string(loop.last))};
    if (loop.first != 0) bounds.insert(bounds.begin(), number(std::to_string(loop.first)));
    return {{loop.counts ? target(step.parameters[0]) : "_"},
            call(name("range"), std::move(bounds))};
  }
  std::vector<std::string> targets;
  std::vector<Expr> over;
  for (std::size_t i = loop.carries; i < node.operands.size(); ++i) {
    if (const auto p = frame.pending.find(node.operands[i]);
        p != frame.pending.end() && print(p->second).size() > 24)
      settle(frame, node.operands[i]);
    over.push_back(operand(frame, node.operands[i]));
    targets.push_back(target(step.parameters[i]));
  }
  return {std::move(targets), over.size() == 1 ? over[0] : call(name("zip"), std::move(over))};
}

// Gives what a loop carries a name, and its first value: that of a value which nothing else needs
// may go on.
void Renderer::begin_carry(Frame& frame, ValueId init, ValueId parameter, BodyId within) {
  Random random = random_.fork(fmt::format("parameter {}", parameter));
  const bool own = value(init).body == within && value(init).uses == 1 && names_.contains(init) &&
                   !frame.pending.contains(init) && !captured_.contains(init) &&
                   !elements_.contains(init);
  if (own && random.chance(0.5)) {
    names_[parameter] = names_.at(init);
    return;
  }
  const Expr first = operand(frame, init);
  names_[parameter] = frame.names.claim(words_for_parameter(parameter, false, random));
  write(frame, {names_.at(parameter)}, first);
}

// The last step at which a value of a loop's body is read, by place; results are read after all.
std::size_t Renderer::last_read(const Body& step, ValueId id) const {
  if (std::ranges::count(step.results, id) > 0) return step.nodes.size();
  std::size_t last = 0;
  for (std::size_t n = 0; n < step.nodes.size(); ++n)
    if (reads(step.nodes[n], id)) last = n;
  return last;
}

bool Renderer::reads(const Node& node, ValueId id) const {
  return std::ranges::count(node.operands, id) > 0 ||
         std::ranges::any_of(node.bodies, [&](BodyId inner) {
           const Body& b = body(inner);
           return std::ranges::count(b.results, id) > 0 ||
                  std::ranges::any_of(b.nodes, [&](const Node& n) { return reads(n, id); });
         });
}

// Results that can take the carry's name at once, as nothing reads its old value any more.
void Renderer::note_next(const Body& step, std::size_t carries, std::size_t first_parameter) {
  for (std::size_t i = 0; i < carries; ++i) {
    const ValueId next = step.results[i], carry = step.parameters[first_parameter + i];
    if (value(next).uses != 1 || captured_.contains(next)) continue;
    for (std::size_t n = 0; n < step.nodes.size(); ++n)
      if (std::ranges::count(step.nodes[n].results, next) > 0 && last_read(step, carry) <= n)
        next_of_[next] = carry;
  }
}

// What a turn ends with: elements of what is stacked, then the next carries, all at once.
void Renderer::end_turn(Frame& frame, const Body& step, const std::vector<std::string>& carried,
                        const std::vector<std::string>& lists) {
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists[i].empty()) continue;
    const Expr element = operand(frame, step.results[carried.size() + i]);
    frame.statements.push_back(Evaluate{call(name(lists[i] + ".append"), {element})});
  }
  std::vector<std::string> targets;
  std::vector<ValueId> next;
  for (std::size_t i = 0; i < carried.size(); ++i) {
    const auto known = names_.find(step.results[i]);
    if (!frame.pending.contains(step.results[i]) && known != names_.end() &&
        known->second == carried[i])
      continue;
    targets.push_back(carried[i]);
    next.push_back(step.results[i]);
  }
  if (targets.empty()) return;
  std::size_t total = 0;
  for (const ValueId id : next)
    total += frame.pending.contains(id) ? print(frame.pending.at(id)).size() : 8;
  std::vector<Expr> values;
  for (const ValueId id : next) {
    if (next.size() > 1 && total > 50) settle(frame, id);
    values.push_back(operand(frame, id));
  }
  write(frame, std::move(targets), values.size() == 1 ? values[0] : tuple(values));
}

// [f(x) for x in xs], where a turn gives an element of one list and does nothing else.
Expr Renderer::as_comprehension(const std::vector<Statement>& turn,
                                const std::vector<std::string>& targets, const Expr& over,
                                std::size_t carries) {
  const auto* only = turn.size() == 1 && carries == 0 ? std::get_if<Evaluate>(&turn[0]) : nullptr;
  if (only == nullptr) return nullptr;
  const Expr& element = only->value->items[1];  // of list.append(element)
  return std::make_shared<Expression>(Expression{
      ExprKind::kComprehension, fmt::format("{}", fmt::join(targets, ", ")), {element, over}});
}

void Renderer::render_loop(Frame& frame, const Node& node) {
  const plan::Loop& loop = *node.loop;
  const Body& step = body(node.bodies[0]);
  const std::size_t first = loop.counts ? 1 : 0;
  Random random = random_.fork(fmt::format("loop {}", node.bodies[0]));
  if (commentary_.shows(node, random.fork("comment")))
    frame.statements.push_back(Comment{node.comment});
  const std::string& stack = vocabulary().stack;
  std::vector<std::string> carried, lists, arrays;  // where nothing is stacked: no name
  for (std::size_t i = 0; i < loop.carries; ++i) {
    begin_carry(frame, node.operands[i], step.parameters[first + i], step.parent);
    carried.push_back(names_.at(step.parameters[first + i]));
  }
  auto [targets, over] = header_of(frame, node);
  for (std::size_t i = loop.carries; i < node.results.size(); ++i) {
    const ValueId all = node.results[i];
    const bool needed = all != plan::kNoValue && value(all).uses > 0;
    arrays.push_back(needed ? claim_result(frame, all) : std::string());
    lists.push_back(needed ? frame.names.claim({arrays.back() + "_list"}) : std::string());
    if (needed) frame.statements.push_back(Assign{{lists.back()}, parsed("[]")});
  }
  note_next(step, loop.carries, first);
  Frame inner{std::move(frame.names), frame.indentation + 4, {}, {}};
  for (const Node& each : step.nodes) render_node(inner, each);
  end_turn(inner, step, carried, lists);
  frame.names = std::move(inner.names);
  if (const Expr all = as_comprehension(inner.statements, targets, over, loop.carries)) {
    frame.statements.pop_back();  // the empty list
    const auto needed =
        std::ranges::find_if(arrays, [](const std::string& array) { return !array.empty(); });
    write(frame, {*needed}, call(parsed(stack), {all}));
    return;
  }
  auto turn = std::make_shared<Block>(Block{std::move(inner.statements)});
  frame.statements.push_back(For{std::move(targets), std::move(over), std::move(turn)});
  for (std::size_t i = 0; i < loop.carries; ++i)
    if (node.results[i] != plan::kNoValue) names_[node.results[i]] = carried[i];
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (!lists[i].empty()) write(frame, {arrays[i]}, call(parsed(stack), {name(lists[i])}));
  }
}

}  // namespace jaxsmith::source
