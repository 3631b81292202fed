#include "ir/jaxpr/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/letters.h"
#include "ir/common/frame.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {

using tensor::EvaluationContext;

namespace {

// Without the jaxprs in it, which are read by themselves.
std::size_t parts_in(const ParamValue& value) {
  std::size_t parts = 1 + ir::parts_of(value.text.size());
  for (const ParamValue& item : value.items) parts += parts_in(item);
  return parts;
}

ir::BodyOutline::Number number_of(const Operand& operand) {
  const bool named = operand.slot != Operand::kLiteral && operand.slot != Operand::kLost;
  return named ? operand.slot : ir::BodyOutline::kLiteral;
}

}  // namespace

// ---- Plans ----

// Looks up the names of one jaxpr's variables.
class Evaluator::Planner {
 public:
  Planner(Evaluator& evaluator, Plan& plan) : evaluator_(evaluator), plan_(plan) {}

  void make() {
    const Jaxpr& j = *plan_.jaxpr;
    evaluator_.at_ = j.offset;
    for (const auto* vars : {&j.constvars, &j.invars})
      for (const Var& v : *vars) {
        plan_.argument_types.push_back(type_of(v.aval));
        bind(v, plan_.argument_types.back());
      }
    for (const Equation& e : j.equations) {
      evaluator_.at_ = e.offset;
      plan_.steps.push_back(step(e));
    }
    evaluator_.at_ = j.results_offset;
    for (const Atom& a : j.results) {
      plan_.results.push_back(operand(a));
      const Operand& o = plan_.results.back();
      plan_.result_types.push_back(
          o.slot == Operand::kLiteral
              ? Value(Array::typed(o.literal.array.dtype(), o.literal.array.shape()))
          : o.slot == Operand::kLost ? Value::lost()
                                     : types_[o.slot].abstract());
    }
    plan_.slots = types_.size();
    mark_last_uses();
  }

 private:
  std::uint32_t bind(const Var& v, const Type& type) {
    const auto slot = static_cast<std::uint32_t>(types_.size());
    types_.push_back(type);
    if (v.dropped()) {
      dropped_ = dropped_ == Operand::kLiteral ? slot : Operand::kLost;
    } else if (!slots_.emplace(v.name, slot).second) {
      invalid(fmt::format("variable {} is bound twice", v.name));
    }
    return slot;
  }

  std::uint32_t slot_of(std::string_view name) const {
    if (name == "_" && dropped_ != Operand::kLiteral) return dropped_;
    const auto found = slots_.find(name);
    if (found == slots_.end()) invalid(fmt::format("variable {} is not defined", name));
    return found->second;
  }

  Operand operand(const Atom& a) const {
    Operand out;
    // Where each device plans for itself it is read again and again.
    evaluator_.context_.spend(ir::reading_cost(ir::parts_of(a.text.size())));
    if (a.is_literal())
      out.literal = literal_value(a);
    else
      out.slot = slot_of(a.text);
    return out;
  }

  Step step(const Equation& e) {
    Step out;
    out.equation = &e;
    out.rule = op_rule(e.primitive);
    if (!out.rule) tensor::unknown_operation("operation", e.primitive);
    for (const Atom& a : e.operands) {
      out.operands.push_back(operand(a));
      if (!a.transforms.empty()) find_indices(a.transforms, out);
    }
    for (const Var& v : e.results) {
      out.result_types.push_back(type_of(v.aval));
      out.results.push_back(bind(v, out.result_types.back()));
    }
    out.cost = cost_of(out);
    return out;
  }

  std::int64_t cost_of(const Step& step) const {
    std::size_t dims = 0;
    for (const Operand& o : step.operands)
      dims += o.slot == Operand::kLiteral ? o.literal.array.shape().size()
              : o.slot == Operand::kLost  ? 0
                                          : types_[o.slot].shape.size();
    for (const Type& t : step.result_types) dims += t.shape.size();
    std::size_t parts = 0;
    for (const Param& p : step.equation->params) parts += parts_in(p.value);
    return ir::operation_cost(step.operands.size() + step.indices.size(), dims) +
           ir::reading_cost(parts);
  }

  // Variables in [i,:]; what begins with a digit is none.
  void find_indices(std::string_view transforms, Step& step) {
    for (std::size_t i = 0; i < transforms.size();) {
      const std::size_t begin = i;
      while (i < transforms.size() && in_name(transforms[i])) ++i;
      const std::string_view word = transforms.substr(begin, i - begin);
      if (word.empty()) {
        ++i;
      } else if (word[0] < '0' || word[0] > '9') {
        if (slots_.contains(word)) {
          Operand o;
          o.slot = slot_of(word);
          step.indices.emplace_back(word, o);
        }
      }
    }
  }

  void mark_last_uses() {
    std::vector<bool> used(types_.size(), false);
    const auto visit = [&](Operand& o) {
      if (o.slot >= types_.size() || used[o.slot]) return;
      used[o.slot] = true;
      o.last = true;
    };
    for (auto r = plan_.results.rbegin(); r != plan_.results.rend(); ++r) visit(*r);
    for (auto s = plan_.steps.rbegin(); s != plan_.steps.rend(); ++s) {
      for (auto& [name, index] : s->indices) used[index.slot] = true;  // they stay in the frame
      for (auto o = s->operands.rbegin(); o != s->operands.rend(); ++o) visit(*o);
    }
  }

  Evaluator& evaluator_;
  Plan& plan_;
  std::vector<Type> types_;  // by slot
  std::unordered_map<std::string_view, std::uint32_t> slots_;
  std::uint32_t dropped_ = Operand::kLiteral;  // the only variable _ so far
};

Plan& Evaluator::plan_of(Inner inner) {
  auto& plan = plans_[inner.jaxpr];
  if (plan) return *plan;
  auto made = std::make_unique<Plan>();
  made->jaxpr = inner.jaxpr;
  made->scope = inner.scope;
  Planner(*this, *made).make();
  plan = std::move(made);
  return *plan;
}

const Jaxpr* Evaluator::find(const Module& scope, std::string_view name) {
  auto [at, is_new] = names_.try_emplace(&scope);
  if (is_new)
    for (const auto& [key, jaxpr] : scope.shared) at->second.emplace(key, &jaxpr);
  const auto found = at->second.find(name);
  return found == at->second.end() ? nullptr : found->second;
}

// ---- What is seen from outside ----

Evaluator::Evaluator(const Module& module, std::string_view text, std::string_view file)
    : m_(module), text_(text), file_(file) {}

Status Evaluator::failed(const tensor::EvaluationError& error) {
  error_ = error;
  if (text_.empty()) return Error::environment(fmt::format("{}: {}", file_, error.message));
  return ir::refused_at(text_, file_, at_, error.message);
}

Status Evaluator::verify() {
  return verify(EvaluationContext({.budget = ir::verification_budget(text_)}));
}

Status Evaluator::verify(const EvaluationContext& context) {
  context_ = context;
  return guarded([this] { verify_all(); });
}

void Evaluator::verify_all() {
  if (verified_) return;
  abstract_ = true;
  // A jaxpr may have been left in the middle by an error.
  for (auto& [jaxpr, plan] : plans_)
    if (plan && plan->state == Plan::State::kInProgress) plan->state = Plan::State::kNew;
  std::unordered_set<std::string_view> names;
  for (const auto& [name, jaxpr] : m_.shared) {
    at_ = jaxpr.offset;
    if (!names.insert(name).second) invalid(fmt::format("two shared jaxprs are called {}", name));
  }
  // Some hold only where they are used, within a shard_map for example.
  verify_plan(plan_of({&m_.main, &m_}));
  for (const auto& [name, jaxpr] : m_.shared) verify_plan(plan_of({&jaxpr, &m_}));
  abstract_ = false;
  verified_ = true;
}

Result<ir::Signature> Evaluator::signature() {
  ir::Signature out;
  const Status status = guarded([&] {
    const auto datum = [](const Value& v) -> Datum {
      if (v.kind == Value::Kind::kKey) return key_words(v);
      if (v.kind == Value::Kind::kToken) return {};
      return v.as_array();
    };
    const auto add_inner = [&](std::vector<Datum>& arguments) {
      for (const Inner& inner : inner_constants()) {
        const auto& types = plan_of(inner).argument_types;
        for (std::size_t i = 0; i < inner.jaxpr->constvars.size(); ++i)
          arguments.push_back(datum(types[i].abstract()));
      }
    };
    const Plan& plan = plan_of({&m_.main, &m_});
    const std::size_t own = m_.main.constvars.size();
    for (std::size_t i = 0; i < plan.argument_types.size(); ++i) {
      if (i == own) add_inner(out.arguments);
      out.arguments.push_back(datum(plan.argument_types[i].abstract()));
    }
    if (plan.argument_types.size() == own) add_inner(out.arguments);
    for (const Value& v : plan.result_types) out.results.push_back(datum(v));
  });
  if (!status.ok()) return status.error();
  return out;
}

std::size_t Evaluator::constant_count() {
  std::size_t n = m_.main.constvars.size();
  for (const Inner& inner : inner_constants()) n += inner.jaxpr->constvars.size();
  return n;
}

const std::vector<Inner>& Evaluator::inner_constants() {
  if (!with_constants_) {
    with_constants_.emplace();
    visited_ = {&m_.main};
    visit_inner(m_.main, m_);
  }
  return *with_constants_;
}

void Evaluator::visit_inner(const Jaxpr& jaxpr, const Module& scope) {
  const ir::Nesting level(inner_depth_);
  if (!level) return;
  for (const Equation& equation : jaxpr.equations) {
    std::vector<const Param*> params;
    for (const Param& p : equation.params) params.push_back(&p);
    std::ranges::stable_sort(params, {}, [](const Param* p) { return std::string_view(p->key); });
    for (const Param* p : params) {
      const ParamValue& value = p->value;
      const bool several = value.kind == ParamValue::Kind::kJaxprTuple;
      for (const ParamValue& each : several ? std::span(value.items) : std::span(&value, 1)) {
        const Jaxpr* inner = nullptr;
        if (each.kind == ParamValue::Kind::kJaxpr) inner = each.as_jaxpr();
        if (each.kind == ParamValue::Kind::kReference) inner = find(scope, each.text);
        if (!inner || !visited_.insert(inner).second) continue;
        if (!inner->constvars.empty()) with_constants_->push_back({inner, &scope});
        visit_inner(*inner, scope);
      }
    }
  }
}

void Evaluator::put_constants(const Plan& plan, Values& arguments) const {
  const Jaxpr& j = *plan.jaxpr;
  if (j.constvars.empty() || arguments.size() != j.invars.size()) return;
  const auto known = constants_.find(&j);
  if (known == constants_.end())
    arguments.insert(arguments.begin(), j.constvars.size(), Value::lost());
  else
    arguments.insert(arguments.begin(), known->second.begin(), known->second.end());
}

Value Evaluator::value_of(const Type& type, Datum datum, std::size_t position) const {
  const bool is_array = datum.kind == Datum::Kind::kArray;
  Value out;
  if (type.kind == Type::Kind::kKey)
    out = keys_from_words(type.key, datum.as_array());
  else if (type.is_ref && is_array)
    out = Value::ref(datum.array);
  else if (is_array)
    out = Value(datum.array);
  if (!type.holds(out))
    invalid(fmt::format("argument {} is {}, not {}", position, type.text, type_text(out)));
  return out;
}

Values Evaluator::arguments_of(std::vector<Datum> data) {
  const auto& types = plan_of({&m_.main, &m_}).argument_types;
  const std::size_t own = m_.main.constvars.size(), all = constant_count();
  constants_.clear();
  const bool complete = data.size() == types.size() + all - own;
  if (!complete && data.size() != types.size())
    invalid(fmt::format("it takes {} arguments, not {}", types.size() + all - own, data.size()));
  Values out;
  std::size_t at = 0;
  for (; at < own; ++at) out.push_back(value_of(types[at], std::move(data[at]), at));
  for (const Inner& inner : inner_constants()) {
    if (!complete) break;
    const auto& inner_types = plan_of(inner).argument_types;
    Values& values = constants_[inner.jaxpr];
    for (std::size_t i = 0; i < inner.jaxpr->constvars.size(); ++i, ++at)
      values.push_back(value_of(inner_types[i], std::move(data[at]), at));
  }
  for (std::size_t i = own; i < types.size(); ++i, ++at)
    out.push_back(value_of(types[i], std::move(data[at]), at));
  return out;
}

Result<std::vector<Datum>> Evaluator::run(std::vector<Datum> arguments,
                                          const tensor::Budget& budget) {
  return run(std::move(arguments), EvaluationContext({.budget = budget}));
}

Result<std::vector<Datum>> Evaluator::run(std::vector<Datum> arguments,
                                          const EvaluationContext& context) {
  context_ = context;
  std::vector<Datum> out;
  const Status status = guarded([&] {
    verify_all();
    at_ = m_.main.offset;
    for (Datum& d : arguments) d = d.within(context_);
    Plan& plan = plan_of({&m_.main, &m_});
    for (const Value& v : call(plan, arguments_of(std::move(arguments)), {})) {
      if (v.kind == Value::Kind::kKey)
        out.emplace_back(key_words(v));
      else if (v.kind == Value::Kind::kToken)
        out.emplace_back();
      else
        out.emplace_back(v.as_array());
      out.back() = out.back().within(EvaluationContext::unmetered());
    }
  });
  if (!status.ok()) return status.error();
  return out;
}

// ---- Types ----

void Evaluator::verify_plan(Plan& plan) {
  if (plan.state == Plan::State::kVerified) return;
  if (plan.state == Plan::State::kInProgress) invalid("a jaxpr that is within itself");
  const ir::Frame frame(context_, depth_, plan.argument_types.size());
  plan.state = Plan::State::kInProgress;
  Values arguments;
  for (const Type& t : plan.argument_types) arguments.push_back(t.abstract());
  run_steps(plan, std::move(arguments), {});
  plan.state = Plan::State::kVerified;
}

Values Evaluator::call_types(Plan& plan, const Values& arguments) {
  const auto& types = plan.argument_types;
  if (arguments.size() != types.size())
    invalid(fmt::format("the jaxpr takes {} arguments, not {}", types.size(), arguments.size()));
  for (std::size_t i = 0; i < types.size(); ++i)
    if (!types[i].holds(arguments[i]))
      invalid(fmt::format("argument {} of the jaxpr is {}, not {}", i, types[i].text,
                          type_text(arguments[i])));
  verify_plan(plan);
  return plan.result_types;
}

void Evaluator::check_result_types(const Step& step, const Values& results) const {
  for (std::size_t i = 0; i < results.size(); ++i)
    if (!step.result_types[i].holds(results[i]))
      invalid(fmt::format("result {} of {} is {}, not {}", i, step.equation->primitive,
                          type_text(results[i]), step.result_types[i].text));
}

// ---- Execution ----

void Change::apply(Values& results) const {
  for (Value& v : results)
    if (v.kind == Value::Kind::kArray) v.array = how(v.array);
}

Values Evaluator::call(Plan& plan, Values arguments, const Passage& passage) {
  if (arguments.size() != plan.argument_types.size())
    invalid(fmt::format("the jaxpr takes {} arguments, not {}", plan.argument_types.size(),
                        arguments.size()));
  const ir::Frame frame(context_, depth_, arguments.size());
  return run_steps(plan, std::move(arguments), passage);
}

Values Evaluator::run_steps(Plan& plan, Values frame, const Passage& passage) {
  frame.resize(plan.slots);
  for (const Step& step : plan.steps) {
    Values results = run_step(plan, step, frame, passage);
    for (std::size_t i = 0; i < results.size(); ++i) frame[step.results[i]] = std::move(results[i]);
  }
  at_ = plan.jaxpr->results_offset;
  Values out;
  out.reserve(plan.results.size());
  for (const Operand& o : plan.results) {
    if (o.slot == Operand::kLiteral)
      out.push_back(literal_of(o));
    else if (o.slot == Operand::kLost)
      out.push_back(Value::lost());
    else
      out.push_back(o.last ? std::move(frame[o.slot]) : frame[o.slot]);
  }
  return out;
}

const Value& Evaluator::literal_of(const Operand& operand) const {
  Array& array = operand.literal.array;
  if (!array.context().same(context_)) array = array.within(context_);
  return operand.literal;
}

Values Evaluator::run_step(const Plan& plan, const Step& step, Values& frame,
                           const Passage& passage) {
  at_ = step.equation->offset;
  Values operands;
  operands.reserve(step.operands.size());
  for (const Operand& o : step.operands) {
    if (o.slot == Operand::kLiteral) {
      operands.push_back(literal_of(o));
      continue;
    }
    if (o.slot == Operand::kLost)
      operands.push_back(Value::lost());
    else
      operands.push_back(o.last ? std::move(frame[o.slot]) : frame[o.slot]);
  }
  return execute(plan, step, std::move(operands), frame, passage);
}

Values Evaluator::execute(const Plan& plan, const Step& step, Values operands, const Values& frame,
                          const Passage& passage) {
  at_ = step.equation->offset;
  context_.spend(step.cost);
  const bool lost = !step.rule->hands_on && std::ranges::any_of(operands, [](const Value& v) {
    return v.kind == Value::Kind::kLost;
  });
  if (lost) {
    Values results(step.results.size(), Value::lost());
    if (abstract_)
      for (std::size_t i = 0; i < results.size(); ++i) results[i] = step.result_types[i].abstract();
    return results;
  }
  const Values* outer = frame_;
  frame_ = &frame;
  Values results = apply(plan, step, std::move(operands), passage);
  frame_ = outer;
  at_ = step.equation->offset;
  if (results.size() != step.results.size())
    invalid(fmt::format("{} gives {} results, not {}", step.equation->primitive, results.size(),
                        step.results.size()));
  if (abstract_) check_result_types(step, results);
  const bool numbered =
      passage.first != Passage::kUnnumbered && step.operation != Passage::kUnnumbered;
  if (change_ && numbered && passage.first + step.operation == change_->operation)
    change_->apply(results);
  return results;
}

Values Evaluator::apply(const Plan& plan, const Step& step, Values operands,
                        const Passage& passage) {
  const Value* key = nullptr;
  if (step.rule->moves)
    for (const Value& v : operands)
      if (v.kind == Value::Kind::kKey) key = key ? key : &v;
  if (!key) return step.rule->rule(Call(*this, step, *plan.scope, std::move(operands), passage));
  Values out;
  for (std::size_t w = 0; w < key->words.size(); ++w) {
    Values word = operands;
    for (Value& v : word)
      if (v.kind == Value::Kind::kKey) {
        if (v.key != key->key) invalid("keys of different kinds");
        v = v.words[w];
      }
    Values results = step.rule->rule(Call(*this, step, *plan.scope, std::move(word), passage));
    if (w == 0) out.assign(results.size(), Value::keys(key->key, {}));
    for (std::size_t i = 0; i < results.size(); ++i) out[i].words.push_back(results[i].as_array());
  }
  return out;
}

// ---- Bodies on scalars ----

ir::BodyOutline Evaluator::outline(const Plan& plan) {
  const auto is_scalar = [](const Type& t) {
    return t.kind == Type::Kind::kArray && !t.is_ref && t.shape.empty();
  };
  ir::BodyOutline out;
  out.scalars = std::ranges::all_of(plan.argument_types, is_scalar);
  // What constants stand in front the caller knows as little as the kernel does.
  if (plan.jaxpr->constvars.empty())
    for (std::size_t i = 0; i < plan.argument_types.size(); ++i)
      out.arguments.push_back(static_cast<std::int64_t>(i));
  for (const Step& s : plan.steps) {
    out.scalars = out.scalars && std::ranges::all_of(s.result_types, is_scalar) &&
                  std::ranges::all_of(s.operands, [](const Operand& o) {
                    return o.slot != Operand::kLiteral || o.literal.array.rank() == 0;
                  });
    if (!out.scalars && !out.operations.empty()) break;  // nothing follows from the others
    out.operations.push_back(outline(plan, s));
  }
  for (const Operand& o : plan.results) out.results.push_back(number_of(o));
  return out;
}

ir::BodyOutline::Operation Evaluator::outline(const Plan& plan, const Step& step) {
  ir::BodyOutline::Operation out;
  const Equation& e = *step.equation;
  out.pointwise = step.rule->pointwise;
  const ParamValue* p = e.param("jaxpr") ? e.param("jaxpr") : e.param("call_jaxpr");
  if (step.rule->calls && p && p->kind != ParamValue::Kind::kModule)
    if (const Jaxpr* inner = p->as_jaxpr() ? p->as_jaxpr() : find(*plan.scope, p->text))
      out.calls = {&plan_of({inner, plan.scope})};
  for (const Operand& o : step.operands) out.operands.push_back(number_of(o));
  if (step.results.size() != 1) return out;
  out.result = step.results[0];
  if (step.result_types[0].kind == Type::Kind::kArray) out.dtype = step.result_types[0].dtype;
  if (e.params.empty()) out.kernel = step.rule->kernel;
  out.converts = step.rule->converts;
  return out;
}

// ---- Calls ----

Values Call::run(Inner inner, Values arguments) const {
  Plan& plan = evaluator_.plan_of(inner);
  evaluator_.put_constants(plan, arguments);
  const std::size_t at = step_.equation->offset;
  evaluator_.at_ = at;
  Passage passage{.lifted = passage_.lifted};
  if (passage_.first != Passage::kUnnumbered)
    for (const auto& [parameter, first] : step_.inner)
      if (parameter == inner.parameter) passage.first = passage_.first + first;
  Values out = evaluator_.abstract_ ? evaluator_.call_types(plan, arguments)
                                    : evaluator_.call(plan, std::move(arguments), passage);
  evaluator_.at_ = at;
  return out;
}

const ir::Mesh& Call::mesh() const {
  if (!evaluator_.mesh_) invalid(fmt::format("{} is not within a shard_map", name()));
  return *evaluator_.mesh_;
}

ir::Place Call::place() const {
  return {evaluator_.devices_, evaluator_.device_, equation().offset};
}

std::vector<Values> Call::run_on_devices(
    const ir::Mesh& mesh, Inner inner, const std::function<Values(std::int64_t)>& arguments) const {
  if (abstract()) {
    const ir::Mesh* outer = std::exchange(evaluator_.mesh_, &mesh);
    std::vector<Values> out = {run(inner, arguments(0))};
    evaluator_.mesh_ = outer;
    return out;
  }
  if (evaluator_.devices_) unsupported("a shard_map within another");
  ir::Devices devices(1, mesh.size());
  const auto by_device = devices.run([&](std::int64_t d) {
    Evaluator own(evaluator_.m_, evaluator_.text_, evaluator_.file_);
    own.devices_ = &devices;
    own.device_ = d;
    own.mesh_ = &mesh;
    own.context_ = evaluator_.context_;
    Plan& plan = own.plan_of(inner);
    Values own_arguments = arguments(d);
    own.constants_ = evaluator_.constants_;
    own.put_constants(plan, own_arguments);
    try {
      std::vector<Datum> out;
      for (const Value& v : own.call(plan, std::move(own_arguments), {}))
        out.emplace_back(v.as_array());
      return out;
    } catch (...) {
      evaluator_.at_ = own.at_;
      throw;
    }
  });
  std::vector<Values> out;
  for (const auto& each : by_device) {
    out.emplace_back();
    for (const Datum& d : each) out.back().emplace_back(d.as_array());
  }
  return out;
}

Body Call::body(Inner inner) const {
  Plan& plan = evaluator_.plan_of(inner);
  Evaluator* evaluator = &evaluator_;
  const std::size_t at = step_.equation->offset;
  evaluator->at_ = at;
  const Body::Facts& facts = evaluator->facts_.of(&plan);
  return {[evaluator, &plan, &facts, at](std::vector<Array> arguments) {
            return ir::run_body(facts, arguments, evaluator->abstract_, [&](bool lifted) {
              Values values(arguments.begin(), arguments.end());
              evaluator->put_constants(plan, values);
              std::vector<Array> out;
              for (const Value& v : evaluator->abstract_ ? evaluator->call_types(plan, values)
                                                         : evaluator->call(plan, std::move(values),
                                                                           {.lifted = lifted}))
                out.push_back(v.as_array());
              evaluator->at_ = at;
              return out;
            });
          },
          facts};
}

bool Call::abstract() const { return evaluator_.abstract_; }
const EvaluationContext& Call::context() const { return evaluator_.context_; }

const Value& Call::variable(std::string_view name) const {
  for (const auto& [word, operand] : step_.indices)
    if (word == name) return (*evaluator_.frame_)[operand.slot];
  invalid(fmt::format("variable {} is not defined", name));
}

Inner Call::inner(const ParamValue& value) const {
  if (const Jaxpr* j = value.as_jaxpr())
    return {j, value.kind == ParamValue::Kind::kModule ? &value.nested.front() : &scope_, &value};
  if (value.kind == ParamValue::Kind::kReference || value.kind == ParamValue::Kind::kName) {
    if (const Jaxpr* j = evaluator_.find(scope_, value.text)) return {j, &scope_, &value};
    invalid(fmt::format("there is no shared jaxpr {}", value.text));
  }
  invalid(fmt::format("{} has no jaxpr where one is wanted", name()));
}

}  // namespace jaxsmith::jaxpr
