#include "ir/hlo/canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "ir/hlo/call_graph.h"
#include "ir/hlo/op_table.h"
#include "ir/hlo/printer.h"

namespace jaxsmith::hlo {
namespace {

using Kind = AttributeValue::Kind;
using Order = std::vector<std::int32_t>;

constexpr std::string_view kOfFrontEnd = "frontend_attributes";

std::size_t index(std::int32_t i) { return static_cast<std::size_t>(i); }

// Appends what is reached from `start` to `order`, what is needed before what needs it. `needs`
// gives a node's needs in order; not recursive, as texts may be nested as deep as they like.
template <class Needs>
void append_reached(std::int32_t start, const Needs& needs, std::vector<bool>& seen, Order& order) {
  if (seen[index(start)]) return;
  struct Visit {
    std::int32_t node;
    Order needs;
    std::size_t next = 0;
  };
  std::vector<Visit> stack;
  seen[index(start)] = true;
  stack.push_back({start, needs(start)});
  while (!stack.empty()) {
    Visit& top = stack.back();
    if (top.next == top.needs.size()) {
      order.push_back(top.node);
      stack.pop_back();
      continue;
    }
    const std::int32_t next = top.needs[top.next++];
    if (seen[index(next)]) continue;
    seen[index(next)] = true;
    stack.push_back({next, needs(next)});
  }
}

// ---- What an instruction says, without names ----

bool has_plain_layout(const Shape& shape) {
  if (!shape.layout) return true;
  const auto& order = shape.layout->minor_to_major;
  if (!shape.layout->extra.empty()) return false;
  for (std::size_t i = 0; i < order.size(); ++i)
    if (order[i] != static_cast<std::int64_t>(order.size() - 1 - i)) return false;
  return true;
}

void drop_plain_layouts(Shape& shape) {
  if (has_plain_layout(shape)) shape.layout.reset();
  for (Shape& element : shape.elements) drop_plain_layouts(element);
}

// Attributes of the front end that say where parts of arrays lie (collectives.cc): of these hangs
// what a manual computation gives. Nothing where there are none.
std::optional<Attribute> of_shardings(const Attribute& a) {
  Attribute out{a.key, a.value, 0};
  std::erase_if(out.value.fields,
                [](const Attribute& field) { return !field.key.starts_with("xla.sdy."); });
  std::ranges::stable_sort(out.value.fields, {}, &Attribute::key);
  return out.value.fields.empty() ? std::nullopt : std::optional(std::move(out));
}

bool is_kept(const Attribute& a, const OpRule* rule, bool several_devices) {
  if (a.key == "sharding") return several_devices;
  if (is_hint(a.key)) return false;
  if (a.key == "backend_config" && rule && rule->has_attribute(a.key)) {
    const auto text = a.value.as_string();
    return text && !text->empty() && *text != "{}";
  }
  return !is_annotation(a.key);
}

Instruction stripped(const Instruction& op, bool several_devices) {
  Instruction out;
  out.shape = op.shape;
  drop_plain_layouts(out.shape);
  out.opcode = op.opcode;
  out.operands = op.operands;
  out.parameter = op.parameter;
  out.literal = op.literal;
  const OpRule* rule = op_rule(op.opcode);
  for (const Attribute& a : op.attributes) {
    if (is_kept(a, rule, several_devices)) out.attributes.push_back({a.key, a.value, 0});
    if (a.key == kOfFrontEnd && several_devices)
      if (auto shardings = of_shardings(a)) out.attributes.push_back(std::move(*shardings));
  }
  std::ranges::stable_sort(out.attributes, {}, &Attribute::key);
  return out;
}

// Text for hashing: the computation, and those it calls by their hashes.
std::string hashed_text(Computation computation, const std::vector<std::string>& hashes) {
  Module alone;
  alone.computations.push_back(std::move(computation));
  for (std::size_t i = 0; i < alone.computations[0].instructions.size(); ++i)
    for (Attribute& a : alone.computations[0].instructions[i].attributes) {
      if (a.value.kind != Kind::kComputations) continue;
      for (std::int64_t& callee : a.value.ints) {
        Computation named;
        named.name = hashes[static_cast<std::size_t>(callee)];
        callee = static_cast<std::int64_t>(alone.computations.size());
        alone.computations.push_back(std::move(named));
      }
    }
  return print(alone);
}

// ---- Modules ----

class Canonicalizer {
 public:
  explicit Canonicalizer(const Module& module)
      : m_(module),
        rewritten_(module.computations.size()),
        hashes_(module.computations.size(), "caller") {
    const AttributeValue* n = module.attribute("num_partitions");
    const AttributeValue* front_end = module.attribute(kOfFrontEnd);
    several_devices_ = (n && n->as_int().value_or(2) > 1) ||
                       (front_end && front_end->field("xla.sdy.meshes") != nullptr);
  }

  Module module() {
    // The hash of one that is called is part of its caller's.
    for (const std::int32_t c : call_graph(m_).callees_first) {
      rewrite(index(c));
      hashes_[index(c)] = hash128_hex(hashed_text(rewritten_[index(c)], hashes_));
    }
    return assembled(computation_order());
  }

 private:
  Order instruction_order(const Computation& computation) const;
  void append_unused(const Computation& computation, std::vector<bool>& seen, Order& order) const;
  void rewrite(std::size_t c);
  Order computation_order() const;
  Module assembled(const Order& order);

  const Module& m_;
  bool several_devices_ = false;
  std::vector<Computation> rewritten_;  // by their numbers in m_, as are those that they call
  std::vector<std::string> hashes_;
};

// Parameters by their numbers, what the root needs, and what nobody does.
Order Canonicalizer::instruction_order(const Computation& computation) const {
  std::vector<bool> seen(computation.instructions.size(), false);
  Order order;
  const auto needs = [&](std::int32_t i) { return computation.instructions[index(i)].operands; };
  for (const std::int32_t p : computation.parameters) append_reached(p, needs, seen, order);
  if (!seen.empty()) append_reached(computation.root, needs, seen, order);
  if (order.size() < seen.size()) append_unused(computation, seen, order);
  return order;
}

// In the order of hashes of all that they are computed from: names and places do not matter.
void Canonicalizer::append_unused(const Computation& computation, std::vector<bool>& seen,
                                  Order& order) const {
  std::vector<std::string> hashes;
  std::vector<bool> used(seen.size(), false);
  for (const Instruction& op : computation.instructions) {
    Computation alone;
    Instruction last = stripped(op, several_devices_);
    last.operands.clear();
    for (const std::int32_t operand : op.operands) {
      used[index(operand)] = true;
      last.operands.push_back(static_cast<std::int32_t>(alone.instructions.size()));
      alone.instructions.emplace_back().name = hashes[index(operand)];
    }
    alone.instructions.push_back(std::move(last));
    hashes.push_back(hash128_hex(hashed_text(std::move(alone), hashes_)));
  }
  Order ends;
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (!seen[i] && !used[i]) ends.push_back(static_cast<std::int32_t>(i));
  std::ranges::sort(ends, {}, [&](std::int32_t i) { return hashes[index(i)]; });
  const auto needs = [&](std::int32_t i) { return computation.instructions[index(i)].operands; };
  for (const std::int32_t end : ends) append_reached(end, needs, seen, order);
}

void Canonicalizer::rewrite(std::size_t c) {
  const Computation& computation = m_.computations[c];
  const Order order = instruction_order(computation);
  std::vector<std::int32_t> place(order.size());
  Computation& out = rewritten_[c];
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[index(order[i])] = static_cast<std::int32_t>(i);
    Instruction op = stripped(computation.instructions[index(order[i])], several_devices_);
    for (std::int32_t& operand : op.operands) operand = place[index(operand)];
    op.name = op.parameter >= 0 ? fmt::format("p{}", op.parameter) : fmt::format("v{}", i);
    op.root = order[i] == computation.root;
    if (op.root) out.root = static_cast<std::int32_t>(i);
    out.instructions.push_back(std::move(op));
  }
}

// What the entry calls, in the order in which it does, then the entry, then what nobody calls.
Order Canonicalizer::computation_order() const {
  Order order;
  std::vector<bool> seen(rewritten_.size(), false);
  const auto needs = [&](std::int32_t c) {
    Order out;
    for (const Instruction& op : rewritten_[index(c)].instructions)
      for (const std::int32_t callee : callees(op)) out.push_back(callee);
    return out;
  };
  if (!seen.empty()) append_reached(m_.entry, needs, seen, order);
  Order others;
  for (std::size_t c = 0; c < seen.size(); ++c)
    if (!seen[c]) others.push_back(static_cast<std::int32_t>(c));
  std::ranges::stable_sort(others, {}, [&](std::int32_t c) { return hashes_[index(c)]; });
  for (const std::int32_t c : others) append_reached(c, needs, seen, order);
  return order;
}

Module Canonicalizer::assembled(const Order& order) {
  Module out;
  out.name = "module";
  out.shape_index_comments = out.operand_index_comments = false;
  for (const Attribute& a : m_.attributes) {
    if ((a.key == "num_partitions" || a.key == "replica_count") && a.value.as_int() != 1)
      out.attributes.push_back({a.key, a.value, 0});
    if (a.key == kOfFrontEnd)
      if (auto meshes = of_shardings(a)) out.attributes.push_back(std::move(*meshes));
  }
  std::ranges::stable_sort(out.attributes, {}, &Attribute::key);
  std::vector<std::int64_t> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    place[index(order[i])] = static_cast<std::int64_t>(i);
  for (std::size_t i = 0; i < order.size(); ++i) {
    Computation computation = std::move(rewritten_[index(order[i])]);
    computation.entry = order[i] == m_.entry;
    computation.name = computation.entry ? "entry" : fmt::format("c{}", i);
    if (computation.entry) out.entry = static_cast<std::int32_t>(i);
    for (Instruction& op : computation.instructions)
      for (Attribute& a : op.attributes)
        if (a.value.kind == Kind::kComputations)
          for (std::int64_t& callee : a.value.ints)
            callee = place[static_cast<std::size_t>(callee)];
    out.computations.push_back(std::move(computation));
  }
  return out;
}

}  // namespace

std::string canonical(const Module& module) { return print(Canonicalizer(module).module()); }

std::string structural_hash(const Module& module) { return hash128_hex(canonical(module)); }

}  // namespace jaxsmith::hlo
