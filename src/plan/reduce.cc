#include "plan/reduce.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plan/catalogue.h"
#include "plan/packs.h"
#include "plan/scopes.h"
#include "plan/stats.h"

namespace jaxsmith::plan {
namespace {

constexpr std::size_t kMostReplacements = 8;  // values that are tried in the place of one

// Where a value is used: an operand of a step, or a result of a body, which comes past its steps.
struct Slot {
  BodyId body;
  std::size_t place;
  ValueId* value;
};

std::vector<Slot> slots_of(Program& program) {
  std::vector<Slot> out;
  for (std::size_t b = 0; b < program.bodies.size(); ++b) {
    Body& body = program.bodies[b];
    for (std::size_t n = 0; n < body.nodes.size(); ++n)
      for (ValueId& id : body.nodes[n].operands) out.push_back({static_cast<BodyId>(b), n, &id});
    for (ValueId& id : body.results)
      out.push_back({static_cast<BodyId>(b), body.nodes.size(), &id});
  }
  return out;
}

// What is known of a program before a move, and the moves on a copy of it.
class Reducer {
 public:
  Reducer(const Program& program, Agreement agreement)
      : before_(program), scopes_(program), agreement_(agreement) {}

  std::vector<Move> moves();
  std::optional<Program> moved(const Move& move);

 private:
  const Value& value(ValueId id) const { return before_.values[static_cast<std::size_t>(id)]; }
  const Body& body(BodyId id) const { return before_.bodies[static_cast<std::size_t>(id)]; }
  const Body& root() const { return body(before_.root); }
  Body& new_root() { return after_.bodies[static_cast<std::size_t>(after_.root)]; }
  bool exists(ValueId id) const {
    return id >= 0 && static_cast<std::size_t>(id) < before_.values.size() && value(id).uses > 0;
  }
  bool is_argument(ValueId id) const {
    return value(id).body == before_.root && scopes_.is_parameter(id);
  }
  bool is_result(ValueId id) const { return std::ranges::count(root().results, id) > 0; }

  bool ordinary(ValueId id) const;
  bool may_change(BodyId id) const;
  bool in_root(BodyId id) const { return scopes_.within(id, before_.root); }
  const Op* written_user(BodyId id) const;
  const Op* written_entry(const Node* node) const;
  const Op* written_maker(ValueId id) const;
  bool bound(const Slot& slot) const;
  bool stands_for(ValueId given, ValueId wanted) const;
  bool may_promote(ValueId id) const;

  void add_packs(std::vector<Move>& out) const;
  void add_results(std::vector<Move>& out) const;
  void add_replacements(std::vector<Move>& out) const;
  void add_functions(std::vector<Move>& out) const;

  bool apply(const Move& move);
  bool take_apart(const std::vector<ValueId>& first);
  bool unname();
  bool drop_results(const std::vector<ValueId>& dropped);
  bool return_instead(ValueId from, ValueId to);
  bool replace(ValueId from, ValueId to);
  bool promote(ValueId from);
  bool take_out(ValueId from, BodyId taken);
  bool give_parameters(const Node& call, BodyId within, const Body& taken);
  bool give_results(const Node& call, BodyId within, BodyId taken);
  bool give_result(ValueId result, BodyId within, std::vector<ValueId>& given, std::size_t at);
  ValueId add_argument(const Value& like);
  bool put(ValueId from, ValueId to, bool of_new_scope);
  void settle_results();

  const Program& before_;
  Program after_;
  Scopes scopes_;
  Agreement agreement_;
};

// Neither a number written out nor what is no array: a key, a size, a function.
bool Reducer::ordinary(ValueId id) const {
  const Value& v = value(id);
  return v.literal.empty() && !(v.reserved && v.weak);
}

bool Reducer::may_change(BodyId id) const {
  while (true) {
    const Changes changes = body(id).changes;
    if (changes == Changes::kWhole || changes == Changes::kNone) return false;
    if (body(id).placement != Placement::kNested || body(id).parent < 0) return true;
    id = body(id).parent;
  }
}

const Op* Reducer::written_entry(const Node* node) const {
  const Op* op = node == nullptr ? nullptr : before_.catalogue->find(node->op);
  return op != nullptr && op->has(kWritten) ? op : nullptr;
}

const Op* Reducer::written_user(BodyId id) const { return written_entry(scopes_.user(id)); }

// The entry that wrote the step which gives a value, or the function which takes it.
const Op* Reducer::written_maker(ValueId id) const {
  return scopes_.is_parameter(id) ? written_user(value(id).body) : written_entry(scopes_.maker(id));
}

// Whether an idiom made the value for this very use: a matrix that has a root, a sorted array.
bool Reducer::bound(const Slot& slot) const {
  if (agreement_ == Agreement::kTypes) return false;
  const Body& at = body(slot.body);
  const Op* user =
      slot.place < at.nodes.size() ? written_entry(&at.nodes[slot.place]) : written_user(slot.body);
  return user != nullptr && written_maker(*slot.value) == user;
}

bool Reducer::stands_for(ValueId given, ValueId wanted) const {
  const Value &g = value(given), &w = value(wanted);
  if (given == wanted || !ordinary(given) || g.reserved || g.type != w.type || g.weak != w.weak)
    return false;
  if (agreement_ == Agreement::kTypes) return true;
  return g.stats.lo >= w.stats.lo && g.stats.hi <= w.stats.hi && (g.facts & w.facts) == w.facts &&
         (w.facts == 0 || g.floor >= w.floor);
}

// Whether inputs can be drawn that are what the value is.
bool Reducer::may_promote(ValueId id) const {
  const Value& v = value(id);
  if (!ordinary(id) || v.weak) return false;
  const Interval reach = practical(v.stats);
  if (!std::isfinite(reach.lo) || !std::isfinite(reach.hi)) return false;
  if (tensor::is_integer(v.type.dtype) && std::ceil(reach.lo) > std::floor(reach.hi)) return false;
  return agreement_ == Agreement::kTypes || (v.facts & ~std::uint32_t{kIndexVector}) == 0;
}

// ---- Which moves there are ----

// All packs at once, and each.
void Reducer::add_packs(std::vector<Move>& out) const {
  std::vector<ValueId> first;
  for (const Pack& pack : before_.packs) first.push_back(root().parameters[pack.members.front()]);
  if (first.size() > 1) out.push_back({.kind = Move::Kind::kUnpack, .values = first});
  for (const ValueId id : first) out.push_back({.kind = Move::Kind::kUnpack, .values = {id}});
}

void Reducer::add_results(std::vector<Move>& out) const {
  const auto& results = root().results;
  const std::size_t n = results.size();
  // Of few results each alone, each half, all but each.
  std::vector<std::pair<std::size_t, std::size_t>> kept;
  for (std::size_t i = 0; i < n; ++i) kept.emplace_back(i, i + 1);
  if (n > 3) kept.insert(kept.end(), {{0, n / 2}, {n / 2, n}});
  for (const auto& [from, to] : kept) {
    Move move{.kind = Move::Kind::kDropResults};
    for (std::size_t i = 0; i < n; ++i)
      if (i < from || i >= to) move.values.push_back(results[i]);
    if (n > 1) out.push_back(std::move(move));
  }
  for (std::size_t i = 0; n > 2 && i < n; ++i)
    out.push_back({.kind = Move::Kind::kDropResults, .values = {results[i]}});
  for (const ValueId result : results) {
    for (std::size_t place = 0; scopes_.maker(result) && place < scopes_.maker_place(result);
         ++place)
      for (const ValueId id : root().nodes[place].results)
        if (id != kNoValue && ordinary(id) && !is_result(id))
          out.push_back({.kind = Move::Kind::kReturn, .from = result, .to = id});
  }
}

void Reducer::add_replacements(std::vector<Move>& out) const {
  const auto count = static_cast<ValueId>(before_.values.size());
  for (ValueId id = 0; id < count; ++id) {
    if (!exists(id) || !ordinary(id)) continue;
    if (scopes_.maker(id) != nullptr && in_root(value(id).body) && may_promote(id))
      out.push_back({.kind = Move::Kind::kPromote, .from = id});
    std::size_t tried = 0;
    for (ValueId other = 0; other < count && tried < kMostReplacements; ++other) {
      // Known wherever the value is made, so that nothing comes before what it needs.
      if (!exists(other) || !stands_for(other, id)) continue;
      const std::size_t place = scopes_.is_parameter(id) ? 0 : scopes_.maker_place(id);
      if (!scopes_.sees(value(id).body, place, other)) continue;
      out.push_back({.kind = Move::Kind::kReplace, .from = id, .to = other});
      ++tried;
    }
  }
}

void Reducer::add_functions(std::vector<Move>& out) const {
  for (const Body& each : before_.bodies) {
    for (const Node& node : each.nodes) {
      const auto given = std::ranges::find_if(node.results, [&](ValueId id) { return exists(id); });
      if (given == node.results.end()) continue;
      for (const BodyId id : node.bodies)
        out.push_back({.kind = Move::Kind::kTakeOut, .from = *given, .body = id});
    }
  }
}

std::vector<Move> Reducer::moves() {
  std::vector<Move> out;
  add_packs(out);
  out.push_back({.kind = Move::Kind::kUnname});
  add_results(out);
  add_functions(out);
  add_replacements(out);
  return out;
}

// ---- What they do ----

std::optional<Program> Reducer::moved(const Move& move) {
  after_ = before_;
  if (!apply(move)) return std::nullopt;
  settle_results();
  const Body& results = new_root();
  if (results.results.empty()) return std::nullopt;
  remove_unneeded(after_);
  if (new_root().parameters.empty()) return std::nullopt;
  return std::move(after_);
}

bool Reducer::apply(const Move& move) {
  using enum Move::Kind;
  switch (move.kind) {
    case kUnpack:
      return take_apart(move.values);
    case kUnname:
      return unname();
    case kDropResults:
      return drop_results(move.values);
    case kReturn:
      return exists(move.from) && exists(move.to) && return_instead(move.from, move.to);
    case kReplace:
      return exists(move.from) && exists(move.to) && replace(move.from, move.to);
    case kPromote:
      return exists(move.from) && promote(move.from);
    case kTakeOut:
      return exists(move.from) && take_out(move.from, move.body);
  }
  return false;
}

bool Reducer::take_apart(const std::vector<ValueId>& first) {
  const std::size_t before = after_.packs.size();
  for (std::size_t p = before; p-- > 0;) {
    const ValueId id = new_root().parameters[after_.packs[p].members.front()];
    if (std::ranges::count(first, id) > 0) unpack(after_, p);
  }
  return after_.packs.size() < before;
}

bool Reducer::unname() {
  for (Body& each : after_.bodies) {
    each.summaries.clear();
    each.names.clear();
    for (Node& node : each.nodes) node.comment.clear();
  }
  return true;
}

bool Reducer::drop_results(const std::vector<ValueId>& dropped) {
  if (!std::ranges::all_of(dropped, [&](ValueId id) { return is_result(id); })) return false;
  std::erase_if(new_root().results,
                [&](ValueId id) { return std::ranges::count(dropped, id) > 0; });
  return true;
}

bool Reducer::return_instead(ValueId from, ValueId to) {
  if (value(to).body != before_.root || !ordinary(to) || is_argument(to)) return false;
  std::ranges::replace(new_root().results, from, to);
  return true;
}

// Puts a value in the place of another one wherever that is used; false where it may not stand. One
// of a new scope, an argument, is known everywhere below the root, and no result.
bool Reducer::put(ValueId from, ValueId to, bool of_new_scope) {
  for (const Slot& slot : slots_of(after_)) {
    if (*slot.value != from) continue;
    const bool result = slot.body == after_.root && slot.place == root().nodes.size();
    if (result && of_new_scope) continue;
    if (result && is_argument(to)) return false;
    if (!may_change(slot.body) || (!result && bound(slot))) return false;
    if (of_new_scope ? !in_root(slot.body) : !scopes_.sees(slot.body, slot.place, to)) return false;
    // Derivatives are those of the functions that the root calls, on these operands.
    if (slot.body == after_.root) after_.derivatives.clear();
    *slot.value = to;
  }
  return true;
}

bool Reducer::replace(ValueId from, ValueId to) {
  return ordinary(from) && stands_for(to, from) && put(from, to, false);
}

bool Reducer::promote(ValueId from) {
  if (scopes_.maker(from) == nullptr || !may_promote(from) || !in_root(value(from).body))
    return false;
  return put(from, add_argument(value(from)), true);
}

// An argument whose inputs are drawn from where the value's elements are in practice.
ValueId Reducer::add_argument(const Value& like) {
  Value v;
  v.type = like.type;
  v.hint = like.hint;
  v.names = like.names;
  v.facts = like.facts & kIndexVector;
  v.body = after_.root;
  v.stats = like.stats;
  const Interval reach = practical(like.stats);
  v.stats.lo = reach.lo, v.stats.hi = reach.hi;
  if (tensor::is_integer(v.type.dtype))
    v.stats.lo = std::ceil(reach.lo), v.stats.hi = std::floor(reach.hi);
  for (double& p : v.stats.probe) p = std::clamp(p, v.stats.lo, v.stats.hi);
  const auto id = static_cast<ValueId>(after_.values.size());
  after_.values.push_back(std::move(v));
  Body& to = new_root();
  auto& draws = after_.draws;
  if (draws.empty()) {
    draws.resize(to.parameters.size());
    std::iota(draws.begin(), draws.end(), std::size_t{0});
  }
  draws.push_back(draws.empty() ? 0 : *std::ranges::max_element(draws) + 1);
  to.parameters.push_back(id);
  to.parameter_groups.clear();
  return id;
}

// ---- A function's steps where it is called ----

bool Reducer::take_out(ValueId from, BodyId taken) {
  const Node* call = scopes_.maker(from);
  if (call == nullptr || std::ranges::count(call->bodies, taken) != 1) return false;
  const Body& inner = body(taken);
  const BodyId within = value(from).body;
  const bool free = inner.changes == Changes::kAny || inner.changes == Changes::kWhole;
  if (!free || !may_change(within) || scopes_.references(taken) != 1) return false;
  if (!inner.decorators.empty() || !inner.defaults.empty()) return false;
  if (!give_parameters(*call, within, inner) || !give_results(*call, within, taken)) return false;
  if (within == after_.root) after_.derivatives.clear();
  for (Value& v : after_.values)
    if (v.body == taken) v.body = within;
  for (Body& each : after_.bodies)
    if (each.parent == taken) each.parent = within;
  Body& inside = after_.bodies[static_cast<std::size_t>(taken)];
  auto& nodes = after_.bodies[static_cast<std::size_t>(within)].nodes;
  const auto place = static_cast<std::ptrdiff_t>(scopes_.maker_place(from));
  nodes.erase(nodes.begin() + place);
  nodes.insert(nodes.begin() + place, std::make_move_iterator(inside.nodes.begin()),
               std::make_move_iterator(inside.nodes.end()));
  inside = Body{};
  return true;
}

// What its parameters stand for once: operands of the call that they are like, else arguments.
bool Reducer::give_parameters(const Node& call, BodyId within, const Body& taken) {
  std::vector<bool> given(call.operands.size(), false);
  for (const ValueId parameter : taken.parameters) {
    if (value(parameter).uses == 0) continue;
    ValueId stand = kNoValue;
    for (std::size_t k = 0; k < call.operands.size() && stand == kNoValue; ++k) {
      if (given[k] || !stands_for(call.operands[k], parameter)) continue;
      given[k] = true;
      stand = call.operands[k];
    }
    if (stand == kNoValue) {
      const bool own = agreement_ == Agreement::kValues && written_entry(&call) != nullptr;
      if (own || !in_root(within) || !may_promote(parameter)) return false;
      stand = add_argument(value(parameter));
    }
    for (const Slot& slot : slots_of(after_))
      if (*slot.value == parameter) *slot.value = stand;
  }
  return true;
}

// What the call gave is what the steps give now, one result each as far as they go.
bool Reducer::give_results(const Node& call, BodyId within, BodyId taken) {
  std::vector<ValueId> given = after_.bodies[static_cast<std::size_t>(taken)].results;
  const std::size_t all = given.size();
  for (std::size_t i = 0; i < call.results.size(); ++i) {
    const ValueId result = call.results[i];
    if (result == kNoValue || value(result).uses == 0) continue;
    if (!give_result(result, within, given, i)) return false;
  }
  return static_cast<std::size_t>(std::ranges::count(given, kNoValue)) > 0 && all > 0;
}

bool Reducer::give_result(ValueId result, BodyId within, std::vector<ValueId>& given,
                          std::size_t at) {
  std::vector<Slot> slots;
  bool returned = true, is_bound = false;
  for (const Slot& slot : slots_of(after_)) {
    if (*slot.value != result) continue;
    const bool of_root = slot.body == after_.root && slot.place == root().nodes.size();
    returned = returned && of_root;
    is_bound = is_bound || (!of_root && bound(slot));
    if (!may_change(slot.body)) return false;
    slots.push_back(slot);
  }
  const auto fits = [&](ValueId id) {
    if (id == kNoValue || static_cast<std::size_t>(id) >= before_.values.size()) return false;
    if (!ordinary(id) || is_argument(id)) return false;
    return returned || (!is_bound && stands_for(id, result));
  };
  std::vector<std::size_t> order(given.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (at < order.size())
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(at), order.end());
  const auto found = std::ranges::find_if(order, [&](std::size_t k) { return fits(given[k]); });
  if (found != order.end()) {
    for (const Slot& slot : slots) *slot.value = given[*found];
    given[*found] = kNoValue;
    return true;
  }
  if (returned) return drop_results({result});
  if (is_bound || !in_root(within) || !may_promote(result)) return false;
  return put(result, add_argument(value(result)), true);
}

// The root returns nothing twice, and its results as they are now: one alone, or some of a tuple.
// Those that it returns as one it still does where all of them are there.
void Reducer::settle_results() {
  Body& to = new_root();
  if (to.results == root().results) return;
  std::vector<ValueId> kept;
  for (const ValueId id : to.results)
    if (std::ranges::find(kept, id) == kept.end()) kept.push_back(id);
  std::vector<Packed> packed;
  for (const Packed& p : root().packed_results) {
    const auto first = root().results.begin() + static_cast<std::ptrdiff_t>(p.first);
    const auto size = static_cast<std::ptrdiff_t>(before_.packs[p.pack].members.size());
    const auto found = std::search(kept.begin(), kept.end(), first, first + size);
    if (found != kept.end())
      packed.push_back({static_cast<std::size_t>(found - kept.begin()), p.pack});
  }
  to.packed_results = std::move(packed);
  to.results = std::move(kept);
  to.result_groups.clear();
  if (to.results.size() == 1)
    to.returns = Returns::kSingle;
  else if (to.returns == Returns::kSingle)
    to.returns = Returns::kTuple;
}

}  // namespace

std::vector<Move> moves_of(const Program& program, Agreement agreement) {
  return Reducer(program, agreement).moves();
}

std::optional<Program> moved(const Program& program, const Move& move, Agreement agreement) {
  return Reducer(program, agreement).moved(move);
}

}  // namespace jaxsmith::plan
