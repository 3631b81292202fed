#include "ir/hlo/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "ir/common/frame.h"
#include "ir/hlo/printer.h"
#include "tensor/movement.h"

namespace jaxsmith::hlo {
namespace {

constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();

std::vector<std::int32_t> last_uses(const Computation& computation) {
  std::vector<std::int32_t> out(computation.instructions.size(), -1);
  for (std::size_t i = 0; i < out.size(); ++i)
    for (const std::int32_t operand : computation.instructions[i].operands)
      out[static_cast<std::size_t>(operand)] = static_cast<std::int32_t>(i);
  if (!out.empty()) out[static_cast<std::size_t>(computation.root)] = kNever;
  return out;
}

std::size_t parts_in(const AttributeValue& value) {
  std::size_t parts = 1 + ir::parts_of(value.text.size()) + value.ints.size() +
                      value.slices.size() + value.shapes.size();
  for (const AttributeValue& item : value.items) parts += parts_in(item);
  for (const Attribute& field : value.fields) parts += parts_in(field.value);
  return parts;
}

// Of the attributes that rules read.
std::vector<std::int64_t> reading_costs(const Computation& computation) {
  std::vector<std::int64_t> out;
  for (const Instruction& op : computation.instructions) {
    std::size_t parts = 0;
    for (const Attribute& a : op.attributes)
      if (op.opcode == "custom-call" || !is_annotation(a.key)) parts += parts_in(a.value);
    out.push_back(ir::reading_cost(parts));
  }
  return out;
}

void require_count(const Computation& computation, std::size_t arguments) {
  if (arguments != computation.parameters.size())
    invalid(fmt::format("{} takes {} arguments, not {}", computation.name,
                        computation.parameters.size(), arguments));
}

}  // namespace

Evaluator::Evaluator(const Module& module, std::string_view text, std::string_view file)
    : m_(module), text_(text), file_(file), states_(module.computations.size()) {}

Status Evaluator::failed(const tensor::EvaluationError& e) {
  error_ = e;
  abstract_ = false;
  for (State& state : states_) state.values.clear();
  if (text_.empty()) return Error::environment(fmt::format("{}: {}", file_, e.message));
  return ir::refused_at(text_, file_, at_, e.message);
}

// ---- Verification ----

Status Evaluator::verify() {
  return verify(tensor::EvaluationContext({.budget = ir::verification_budget(text_)}));
}

Status Evaluator::verify(const tensor::EvaluationContext& context) {
  if (verified_) return {};
  context_ = context;
  abstract_ = true;
  at_ = 0;
  try {
    if (m_.computations.empty()) invalid("the module has no computation");
    const CallGraph graph = call_graph(m_);
    verify_calls(graph);
    for (const std::int32_t c : graph.callees_first)
      verify_computation(static_cast<std::size_t>(c));
    verify_entry_layout();
  } catch (const tensor::EvaluationError& e) {
    return failed(e);
  }
  abstract_ = false;
  verified_ = true;
  return {};
}

void Evaluator::verify_calls(const CallGraph& graph) {
  if (graph.cycle) {
    const Computation& caller = m_.computations[static_cast<std::size_t>(graph.cycle->first)];
    at_ = caller.instructions[static_cast<std::size_t>(graph.cycle->second)].offset;
    invalid(fmt::format("{} calls itself, directly or through others", caller.name));
  }
  for (std::size_t c = 0; c < m_.computations.size(); ++c) {
    for (const Instruction& op : m_.computations[c].instructions)
      for (const std::int32_t callee : callees(op)) {
        if (callee < static_cast<std::int32_t>(c)) continue;
        at_ = op.offset;
        const Computation& later = m_.computations[static_cast<std::size_t>(callee)];
        invalid(fmt::format("{} is not defined further up", later.name));
      }
    if (graph.depth[c] <= ir::Limits().depth) continue;
    at_ = m_.computations[c].offset;
    tensor::unsupported("calls are nested too deeply");
  }
}

void Evaluator::verify_computation(std::size_t c) {
  const Computation& computation = m_.computations[c];
  at_ = computation.offset;
  if (computation.instructions.empty()) invalid(computation.name + " has no instruction");
  verify_signature(c);
  std::vector<Datum> arguments;
  for (const std::int32_t p : computation.parameters) {
    const Instruction& op = computation.instructions[static_cast<std::size_t>(p)];
    at_ = op.offset;
    arguments.push_back(abstract_of(op.shape));
  }
  states_[c].last_use = last_uses(computation);
  states_[c].reading = reading_costs(computation);
  states_[c].result_type = run_computation(c, std::move(arguments), false);
  const Instruction& root = computation.instructions[static_cast<std::size_t>(computation.root)];
  at_ = root.offset;
  if (computation.signature && !computation.signature->result.absent() &&
      !has_type(states_[c].result_type, computation.signature->result))
    invalid(fmt::format("{} gives {}, not {} as is said", computation.name,
                        type_text(states_[c].result_type), print(computation.signature->result)));
}

void Evaluator::verify_signature(std::size_t c) {
  const Computation& computation = m_.computations[c];
  if (!computation.signature) return;
  const auto& said = computation.signature->parameters;
  if (said.size() != computation.parameters.size())
    invalid(fmt::format("{} has {} parameters, not {} as is said", computation.name,
                        computation.parameters.size(), said.size()));
  for (std::size_t i = 0; i < said.size(); ++i) {
    const Instruction& op =
        computation.instructions[static_cast<std::size_t>(computation.parameters[i])];
    at_ = op.offset;
    if (!has_type(abstract_of(op.shape), said[i].shape))
      invalid(fmt::format("parameter {} of {} is {}, not {} as is said", i, computation.name,
                          print(op.shape), print(said[i].shape)));
  }
}

// entry_computation_layout={(f32[2]{0})->f32[]} of the header.
void Evaluator::verify_entry_layout() {
  const auto found = std::ranges::find_if(
      m_.attributes, [](const Attribute& a) { return a.key == "entry_computation_layout"; });
  if (found == m_.attributes.end() || found->value.kind != AttributeValue::Kind::kProgramShape ||
      found->value.shapes.empty())
    return;
  at_ = found->offset;
  const auto& said = found->value.shapes;
  const Computation& entry = m_.computations[static_cast<std::size_t>(m_.entry)];
  if (said.size() != entry.parameters.size() + 1)
    invalid(fmt::format("the entry has {} parameters, not {}", entry.parameters.size(),
                        said.size() - 1));
  for (std::size_t i = 0; i < entry.parameters.size(); ++i) {
    const Shape& shape = entry.instructions[static_cast<std::size_t>(entry.parameters[i])].shape;
    if (!has_type(abstract_of(shape), said[i]))
      invalid(
          fmt::format("parameter {} of the entry is {}, not {}", i, print(shape), print(said[i])));
  }
  const Datum& result = states_[static_cast<std::size_t>(m_.entry)].result_type;
  if (!has_type(result, said.back()))
    invalid(fmt::format("the entry gives {}, not {}", type_text(result), print(said.back())));
}

void Evaluator::verify_instruction(const Computation& computation, const Instruction& op,
                                   const OpRule& rule) {
  if (op.operands.size() < rule.least || op.operands.size() > rule.most)
    invalid(fmt::format("{} takes {}{} operand{}, not {}", op.opcode,
                        rule.most == rule.least ? "" : "at least ", rule.least,
                        rule.least == 1 ? "" : "s", op.operands.size()));
  for (std::size_t i = 0; i < op.attributes.size(); ++i) {
    const Attribute& a = op.attributes[i];
    if (!rule.has_attribute(a.key) && !is_annotation(a.key)) {
      at_ = a.offset;
      invalid(fmt::format("{} has no attribute {}", op.opcode, a.key));
    }
    if (find(op.attributes, a.key) != &a.value) {
      at_ = a.offset;
      invalid(fmt::format("attribute {} stands twice", a.key));
    }
  }
  for (std::size_t i = 0; i < op.operand_shapes.size(); ++i) {
    const auto operand = static_cast<std::size_t>(op.operands[i]);
    const Shape &said = op.operand_shapes[i], &shape = computation.instructions[operand].shape;
    if (!said.absent() && !shape.absent() && !has_type(abstract_of(shape), said))
      invalid(fmt::format("operand {} is {}, not {} as is said", i, print(shape), print(said)));
  }
}

void Evaluator::check_type(const Instruction& op, const Datum& result) const {
  if (op.shape.absent()) return;
  abstract_of(op.shape);  // a type that is not known, or none, is another error
  if (!has_type(result, op.shape))
    invalid(fmt::format("the result of {} is {}, not {}", op.opcode, type_text(result),
                        print(op.shape)));
}

// ---- Execution ----

Result<ir::Signature> Evaluator::signature() {
  if (const Status verified = verify(); !verified.ok()) return verified.error();
  ir::Signature out;
  const auto entry = static_cast<std::size_t>(m_.entry);
  for (const std::int32_t p : m_.computations[entry].parameters)
    out.arguments.push_back(
        abstract_of(m_.computations[entry].instructions[static_cast<std::size_t>(p)].shape));
  const Datum& result = states_[entry].result_type;
  out.results = result.kind == Datum::Kind::kTuple ? result.parts : std::vector<Datum>{result};
  return out;
}

Result<std::vector<Datum>> Evaluator::run(std::vector<Datum> arguments,
                                          const tensor::Budget& budget) {
  return run(std::move(arguments), tensor::EvaluationContext({.budget = budget}));
}

Result<std::vector<Datum>> Evaluator::run(std::vector<Datum> arguments,
                                          const tensor::EvaluationContext& context) {
  if (const Status verified = verify(); !verified.ok()) return verified.error();
  context_ = context;
  const Computation& entry = m_.computations[static_cast<std::size_t>(m_.entry)];
  at_ = entry.offset;
  try {
    if (arguments.size() != entry.parameters.size())
      invalid(fmt::format("the entry takes {} arguments, not {}", entry.parameters.size(),
                          arguments.size()));
    for (Datum& d : arguments) d = d.within(context_);
    auto results = run_everywhere(arguments);
    for (Datum& d : results) d = d.within(tensor::EvaluationContext::unmetered());
    return results;
  } catch (const tensor::EvaluationError& e) {
    return failed(e).error();
  }
}

std::vector<Datum> Evaluator::run_entry(std::vector<Datum> arguments) {
  Datum result = call(static_cast<std::size_t>(m_.entry), std::move(arguments));
  if (result.kind == Datum::Kind::kTuple) return std::move(result.parts);
  return {std::move(result)};
}

std::pair<std::int64_t, std::int64_t> Evaluator::replicas_and_partitions() const {
  const auto number = [&](std::string_view key) {
    const AttributeValue* a = m_.attribute(key);
    return a ? a->as_int().value_or(1) : 1;
  };
  const std::int64_t replicas = number("replica_count");
  std::int64_t partitions = number("num_partitions");
  // As lowered, it only says which mesh it is for.
  if (const auto mesh = mesh_of(m_, "mesh"); mesh && partitions == 1) partitions = mesh->size();
  return {replicas, partitions};
}

std::vector<Datum> Evaluator::run_everywhere(const std::vector<Datum>& arguments) {
  const auto [replicas, partitions] = replicas_and_partitions();
  if (replicas == 1 && partitions == 1) return run_entry(arguments);
  ir::Devices devices(replicas, partitions);
  const Computation& entry = m_.computations[static_cast<std::size_t>(m_.entry)];
  const auto by_device = devices.run([&](std::int64_t d) {
    Evaluator own(m_, text_, file_);
    own.devices_ = &devices;
    own.device_ = d;
    own.context_ = context_;
    std::vector<Datum> parts;
    for (std::size_t i = 0; i < arguments.size(); ++i)
      parts.push_back(own.part_for(
          arguments[i], entry.instructions[static_cast<std::size_t>(entry.parameters[i])].shape));
    try {
      if (!own.verify(context_).ok()) invalid("it was verified once and is not now");
      return own.run_entry(std::move(parts));
    } catch (...) {
      at_ = own.at_;
      throw;
    }
  });
  std::vector<Datum> out;
  for (std::size_t i = 0; i < by_device[0].size(); ++i) {
    std::vector<Datum> parts;
    for (const auto& results : by_device) parts.push_back(results[i]);
    const bool same = std::ranges::all_of(parts, [&](const Datum& d) {
      return d.kind != Datum::Kind::kArray || d.array.tensor() == parts[0].array.tensor();
    });
    out.push_back(same ? parts[0] : Datum::tuple(std::move(parts)));
  }
  return out;
}

// Devices hold parts in the order of their numbers, the first dimension that is divided outermost.
Datum Evaluator::part_for(const Datum& argument, const Shape& shape) const {
  if (argument.kind != Datum::Kind::kArray || !shape.array() ||
      argument.array.shape().size() != shape.dims.size() || argument.array.shape() == shape.dims)
    return argument;
  const Array& whole = argument.array;
  std::int64_t rest = device_ % devices_->partitions();
  Ints start(shape.dims.size()), limit(shape.dims.size());
  std::int64_t pieces = 1;
  for (std::size_t d = start.size(); d-- > 0;) {
    if (shape.dims[d] <= 0 || whole.shape()[d] % shape.dims[d] != 0) return argument;
    const std::int64_t n = whole.shape()[d] / shape.dims[d];
    if (n < 1 || n > devices_->partitions() / pieces) return argument;
    start[d] = rest % n * shape.dims[d];
    limit[d] = start[d] + shape.dims[d];
    rest /= n;
    pieces *= n;
  }
  if (pieces != devices_->partitions()) return argument;
  return tensor::slice(whole, start, limit, Ints(start.size(), 1));
}

Datum Evaluator::call(std::size_t c, std::vector<Datum> arguments) {
  const Computation& computation = m_.computations[c];
  require_count(computation, arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Shape& shape =
        computation.instructions[static_cast<std::size_t>(computation.parameters[i])].shape;
    if (!has_type(arguments[i], shape))
      invalid(fmt::format("argument {} of {} is {}, not {}", i, computation.name, print(shape),
                          type_text(arguments[i])));
  }
  // Verified by itself already.
  if (abstract_) return states_[c].result_type;
  return run_computation(c, std::move(arguments), false);
}

Datum Evaluator::run_computation(std::size_t c, std::vector<Datum> arguments, bool lifted) {
  const Computation& computation = m_.computations[c];
  require_count(computation, arguments.size());
  const ir::Frame frame(context_, depth_, arguments.size());
  for (const Datum& argument : arguments) context_.spend(weight(argument));
  State& state = states_[c];
  std::vector<Datum> values = std::move(state.values);
  values.resize(computation.instructions.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Instruction& op = computation.instructions[i];
    if (op.parameter >= 0) {
      at_ = op.offset;
      values[i] = std::move(arguments[static_cast<std::size_t>(op.parameter)]);
      if (abstract_ && !verified_) verify_instruction(computation, op, *op_rule(op.opcode));
      continue;
    }
    values[i] = run_instruction(computation, static_cast<std::int32_t>(i), values, lifted);
    for (const std::int32_t operand : op.operands) {
      const auto o = static_cast<std::size_t>(operand);
      if (state.last_use[o] == static_cast<std::int32_t>(i)) values[o] = Datum();
    }
  }
  Datum result = std::move(values[static_cast<std::size_t>(computation.root)]);
  // What nobody uses is let go as well; the space is kept for the next call.
  values.clear();
  state.values = std::move(values);
  return result;
}

Datum Evaluator::run_instruction(const Computation& computation, std::int32_t i,
                                 std::vector<Datum>& values, bool lifted) {
  const Instruction& op = computation.instructions[static_cast<std::size_t>(i)];
  at_ = op.offset;
  const OpRule* rule = op_rule(op.opcode);
  if (!rule) tensor::unknown_operation("operation", op.opcode);
  const bool verifying = abstract_ && !verified_;
  if (verifying) {
    verify_instruction(computation, op, *rule);
    at_ = op.offset;
  }
  std::size_t dims = op.shape.dims.size();
  for (const std::int32_t o : op.operands)
    dims += computation.instructions[static_cast<std::size_t>(o)].shape.dims.size();
  const State& state = states_[static_cast<std::size_t>(&computation - m_.computations.data())];
  context_.spend(ir::operation_cost(op.operands.size(), dims) +
                 state.reading[static_cast<std::size_t>(i)]);
  Datum result = rule->rule(Call(*this, computation, i, values, lifted));
  context_.spend({20, weight(result)});
  at_ = op.offset;
  if (verifying) check_type(op, result);
  return result;
}

// ---- Computations that are applied again and again ----

ir::BodyOutline Evaluator::outline(const Computation& computation) const {
  ir::BodyOutline out;
  out.arguments.assign(computation.parameters.begin(), computation.parameters.end());
  out.results = {computation.root};
  for (std::size_t i = 0; out.scalars && i < computation.instructions.size(); ++i) {
    const Instruction& op = computation.instructions[i];
    const OpRule* rule = op_rule(op.opcode);
    if (rule && rule->packs) continue;
    out.scalars = op.shape.array() && op.shape.dims.empty();
    if (op.parameter >= 0) continue;
    ir::BodyOutline::Operation& operation = out.operations.emplace_back();
    operation.pointwise = rule && rule->pointwise;
    if (rule && rule->calls)
      for (const std::int32_t callee : callees(op))
        operation.calls.push_back(&m_.computations[static_cast<std::size_t>(callee)]);
    operation.kernel = rule ? rule->kernel : std::nullopt;
    operation.converts = rule && rule->converts;
    operation.operands.assign(op.operands.begin(), op.operands.end());
    operation.result = static_cast<std::int64_t>(i);
    operation.dtype = dtype_named(op.shape.element);
  }
  return out;
}

std::vector<Array> Evaluator::run_body(std::size_t c, std::vector<Array> arguments, bool lifted) {
  std::vector<Datum> data(std::make_move_iterator(arguments.begin()),
                          std::make_move_iterator(arguments.end()));
  const std::size_t at = at_;
  Datum result = lifted ? run_computation(c, std::move(data), true) : call(c, std::move(data));
  at_ = at;
  if (result.kind != Datum::Kind::kTuple) return {result.as_array()};
  std::vector<Array> out;
  for (const Datum& part : result.parts) out.push_back(part.as_array());
  return out;
}

tensor::Body Evaluator::body(std::size_t c) {
  const tensor::Body::Facts& facts = facts_.of(&m_.computations[c]);
  return {[this, c, &facts](std::vector<Array> arguments) {
            return ir::run_body(facts, arguments, abstract_, [&](bool lifted) {
              return run_body(c, std::move(arguments), lifted);
            });
          },
          facts};
}

}  // namespace jaxsmith::hlo
