#include "ir/jaxpr/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "ir/common/diagnostic.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

constexpr std::int64_t kStepCost = 200;  // of an equation, whatever it does

bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Counts how deeply jaxprs are called within one another.
class Depth {
 public:
  explicit Depth(int& depth) : depth_(depth) {
    if (++depth_ > ir::Limits{}.depth) {
      --depth_;
      unsupported("jaxprs are nested too deeply");
    }
  }
  ~Depth() { --depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  int& depth_;
};

}  // namespace

// ---- Plans
// ---------------------------------------------------------------------------------------

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
              ? Value(Array(o.literal.array.dtype(), o.literal.array.shape(), true))
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
    if (!out.rule) unsupported(fmt::format("operation {} is not known", e.primitive));
    for (const Atom& a : e.operands) {
      out.operands.push_back(operand(a));
      if (!a.transforms.empty()) find_indices(a.transforms, out);
    }
    for (const Var& v : e.results) {
      out.result_types.push_back(type_of(v.aval));
      out.results.push_back(bind(v, out.result_types.back()));
    }
    return out;
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

// ---- What is seen from outside
// ---------------------------------------------------------------------------------------

Evaluator::Evaluator(const Module& module, std::string_view text, std::string_view file)
    : m_(module), text_(text), file_(file) {}

template <class F>
Status Evaluator::guarded(F f) {
  abstract_ = false;
  depth_ = 0;
  at_ = m_.main.offset;
  try {
    f();
  } catch (const EvaluationError& e) {
    error_kind_ = e.kind;
    if (text_.empty()) return Error::environment(fmt::format("{}: {}", file_, e.message));
    return ir::refused_at(text_, file_, at_, e.message);
  }
  return {};
}

Status Evaluator::verify() {
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
    verify_plan(plan_of({&jaxpr, &m_}));
  }
  verify_plan(plan_of({&m_.main, &m_}));
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
    const Plan& plan = plan_of({&m_.main, &m_});
    for (const Type& t : plan.argument_types) out.arguments.push_back(datum(t.abstract()));
    for (const Value& v : plan.result_types) out.results.push_back(datum(v));
  });
  if (!status.ok()) return status.error();
  return out;
}

Values Evaluator::arguments_of(std::vector<Datum> data) {
  const Plan& plan = plan_of({&m_.main, &m_});
  const auto& types = plan.argument_types;
  if (data.size() != types.size())
    invalid(fmt::format("it takes {} arguments, not {}", types.size(), data.size()));
  Values out;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const bool is_array = data[i].kind == Datum::Kind::kArray;
    if (types[i].kind == Type::Kind::kKey)
      out.push_back(keys_from_words(types[i].key, data[i].as_array()));
    else if (types[i].is_ref && is_array)
      out.push_back(Value::ref(data[i].array));
    else
      out.push_back(is_array ? Value(data[i].array) : Value());
    if (!types[i].holds(out.back()))
      invalid(fmt::format("argument {} is {}, not {}", i, types[i].text, type_text(out.back())));
  }
  return out;
}

Result<std::vector<Datum>> Evaluator::run(std::vector<Datum> arguments, const Budget& budget) {
  const BudgetScope scope(budget);
  std::vector<Datum> out;
  const Status status = guarded([&] {
    verify_all();
    at_ = m_.main.offset;
    Plan& plan = plan_of({&m_.main, &m_});
    for (const Value& v : call(plan, arguments_of(std::move(arguments)), false)) {
      if (v.kind == Value::Kind::kKey)
        out.emplace_back(key_words(v));
      else if (v.kind == Value::Kind::kToken)
        out.emplace_back();
      else
        out.emplace_back(v.as_array());
    }
  });
  if (!status.ok()) return status.error();
  return out;
}

// ---- Types
// ---------------------------------------------------------------------------------------

void Evaluator::verify_plan(Plan& plan) {
  if (plan.state == Plan::State::kVerified) return;
  if (plan.state == Plan::State::kInProgress) invalid("a jaxpr that is within itself");
  const Depth depth(depth_);
  plan.state = Plan::State::kInProgress;
  Values arguments;
  for (const Type& t : plan.argument_types) arguments.push_back(t.abstract());
  run_steps(plan, std::move(arguments), false);
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

// ---- Execution
// ---------------------------------------------------------------------------------------

Values Evaluator::call(Plan& plan, Values arguments, bool lifted) {
  if (arguments.size() != plan.argument_types.size())
    invalid(fmt::format("the jaxpr takes {} arguments, not {}", plan.argument_types.size(),
                        arguments.size()));
  const Depth depth(depth_);
  return run_steps(plan, std::move(arguments), lifted);
}

Values Evaluator::run_steps(Plan& plan, Values frame, bool lifted) {
  frame.resize(plan.slots);
  for (const Step& step : plan.steps) {
    Values results = run_step(plan, step, frame, lifted);
    for (std::size_t i = 0; i < results.size(); ++i) frame[step.results[i]] = std::move(results[i]);
  }
  at_ = plan.jaxpr->results_offset;
  Values out;
  out.reserve(plan.results.size());
  for (const Operand& o : plan.results) {
    if (o.slot == Operand::kLiteral)
      out.push_back(o.literal);
    else if (o.slot == Operand::kLost)
      out.push_back(Value::lost());
    else
      out.push_back(o.last ? std::move(frame[o.slot]) : frame[o.slot]);
  }
  return out;
}

Values Evaluator::run_step(const Plan& plan, const Step& step, Values& frame, bool lifted) {
  at_ = step.equation->offset;
  spend(kStepCost);
  Values operands;
  operands.reserve(step.operands.size());
  bool lost = false;
  for (const Operand& o : step.operands) {
    if (o.slot == Operand::kLiteral) {
      operands.push_back(o.literal);
      continue;
    }
    if (o.slot == Operand::kLost)
      operands.push_back(Value::lost());
    else
      operands.push_back(o.last ? std::move(frame[o.slot]) : frame[o.slot]);
    lost = lost || operands.back().kind == Value::Kind::kLost;
  }
  if (lost && !step.rule->hands_on) {
    Values results(step.results.size(), Value::lost());
    if (abstract_)
      for (std::size_t i = 0; i < results.size(); ++i) results[i] = step.result_types[i].abstract();
    return results;
  }
  const Values* outer = frame_;
  frame_ = &frame;
  Values results = apply(plan, step, std::move(operands), lifted);
  frame_ = outer;
  at_ = step.equation->offset;
  if (results.size() != step.results.size())
    invalid(fmt::format("{} gives {} results, not {}", step.equation->primitive, results.size(),
                        step.results.size()));
  if (abstract_) check_result_types(step, results);
  return results;
}

Values Evaluator::apply(const Plan& plan, const Step& step, Values operands, bool lifted) {
  const Value* key = nullptr;
  if (step.rule->moves)
    for (const Value& v : operands)
      if (v.kind == Value::Kind::kKey) key = key ? key : &v;
  if (!key) return step.rule->rule(Call(*this, step, *plan.scope, std::move(operands), lifted));
  Values out;
  for (std::size_t w = 0; w < key->words.size(); ++w) {
    Values word = operands;
    for (Value& v : word)
      if (v.kind == Value::Kind::kKey) {
        if (v.key != key->key) invalid("keys of different kinds");
        v = v.words[w];
      }
    Values results = step.rule->rule(Call(*this, step, *plan.scope, std::move(word), lifted));
    if (w == 0) out.assign(results.size(), Value::keys(key->key, {}));
    for (std::size_t i = 0; i < results.size(); ++i) out[i].words.push_back(results[i].as_array());
  }
  return out;
}

// ---- Bodies on scalars
// ---------------------------------------------------------------------------------------

bool Evaluator::is_pointwise(Plan& plan, int depth) {
  const auto is_scalar = [](const Type& t) {
    return t.kind == Type::Kind::kArray && !t.is_ref && t.shape.empty();
  };
  constexpr int kDeepest = 20;
  if (depth > kDeepest) return false;
  for (const Type& t : plan.argument_types)
    if (!is_scalar(t)) return false;
  for (const Step& s : plan.steps) {
    for (const Type& t : s.result_types)
      if (!is_scalar(t)) return false;
    for (const Operand& o : s.operands)
      if (o.slot == Operand::kLiteral && o.literal.array.rank() != 0) return false;
    if (s.rule->pointwise) continue;
    if (!s.rule->hands_on) return false;
    for (std::string_view name : {"jaxpr", "call_jaxpr"})
      if (const ParamValue* p = s.equation->param(name)) {
        const Jaxpr* inner = p->as_jaxpr() ? p->as_jaxpr() : find(*plan.scope, p->text);
        // A loop's jaxpr has other arguments than its equation.
        if (s.equation->primitive == "scan" || !inner || p->kind == ParamValue::Kind::kModule ||
            !is_pointwise(plan_of({inner, plan.scope}), depth + 1))
          return false;
        break;
      } else if (name == "call_jaxpr") {
        return false;
      }
  }
  return true;
}

void Evaluator::find_facts(Plan& plan) {
  if (plan.facts_known) return;
  plan.facts_known = true;
  plan.pointwise = is_pointwise(plan, 0);
  if (plan.results.size() != 1 || plan.argument_types.size() != 2) return;
  const std::uint32_t result = plan.results[0].slot;
  if (plan.steps.empty()) plan.gives_second = result == 1;
  if (plan.steps.size() != 1 || plan.steps[0].results != std::vector<std::uint32_t>{result}) return;
  const Step& s = plan.steps[0];
  if (s.operands.size() != 2 || !s.equation->params.empty()) return;
  const auto simple = binary_of_primitive(s.equation->primitive);
  const bool in_order = s.operands[0].slot == 0 && s.operands[1].slot == 1;
  const bool turned = s.operands[0].slot == 1 && s.operands[1].slot == 0;
  if (simple && (in_order || (turned && simple != Binary::subtract))) plan.simple = simple;
}

// ---- Calls
// ---------------------------------------------------------------------------------------

namespace {

// A jaxpr within another has its constants' values with it, but the text has not.
void put_constants(const Plan& plan, Values& arguments) {
  const Jaxpr& j = *plan.jaxpr;
  if (!j.constvars.empty() && arguments.size() == j.invars.size())
    arguments.insert(arguments.begin(), j.constvars.size(), Value::lost());
}

}  // namespace

Values Call::run(Inner inner, Values arguments) const {
  Plan& plan = evaluator_.plan_of(inner);
  put_constants(plan, arguments);
  const std::size_t at = step_.equation->offset;
  evaluator_.at_ = at;
  Values out = evaluator_.abstract_ ? evaluator_.call_types(plan, arguments)
                                    : evaluator_.call(plan, std::move(arguments), lifted_);
  evaluator_.at_ = at;
  return out;
}

Body Call::body(Inner inner, Values constants) const {
  Plan& plan = evaluator_.plan_of(inner);
  evaluator_.at_ = step_.equation->offset;
  evaluator_.find_facts(plan);
  Evaluator* evaluator = &evaluator_;
  const std::size_t at = step_.equation->offset;
  const bool plain = constants.empty();
  const auto run = [evaluator, &plan, at,
                    constants = std::move(constants)](std::vector<Array> arguments) {
    const bool types_only = evaluator->abstract_ || (!arguments.empty() && arguments[0].abstract());
    const bool lifted = std::any_of(arguments.begin(), arguments.end(),
                                    [](const Array& a) { return a.rank() > 0; });
    Values values = constants;
    values.insert(values.end(), arguments.begin(), arguments.end());
    put_constants(plan, values);
    std::vector<Array> out;
    Values results;
    if (types_only) {
      const bool before = evaluator->abstract_;
      evaluator->abstract_ = true;
      results = evaluator->call_types(plan, values);
      evaluator->abstract_ = before;
    } else {
      results = evaluator->call(plan, std::move(values), lifted);
    }
    for (const Value& v : results) out.push_back(v.as_array());
    evaluator->at_ = at;
    return out;
  };
  return {run, plan.pointwise, plain ? plan.simple : std::nullopt, plain && plan.gives_second};
}

bool Call::abstract() const { return evaluator_.abstract_; }

const Value& Call::variable(std::string_view name) const {
  for (const auto& [word, operand] : step_.indices)
    if (word == name) return (*evaluator_.frame_)[operand.slot];
  invalid(fmt::format("variable {} is not defined", name));
}

Inner Call::inner(const ParamValue& value) const {
  if (const Jaxpr* j = value.as_jaxpr())
    return {j, value.kind == ParamValue::Kind::kModule ? &value.nested.front() : &scope_};
  if (value.kind == ParamValue::Kind::kReference || value.kind == ParamValue::Kind::kName) {
    if (const Jaxpr* j = evaluator_.find(scope_, value.text)) return {j, &scope_};
    invalid(fmt::format("there is no shared jaxpr {}", value.text));
  }
  invalid(fmt::format("{} has no jaxpr where one is wanted", name()));
}

}  // namespace jaxsmith::jaxpr
