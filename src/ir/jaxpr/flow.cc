#include "ir/jaxpr/flow.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace jaxsmith::jaxpr {
namespace {

constexpr std::array<std::string_view, 14> kWrappers = {"jit",
                                                        "pjit",
                                                        "closed_call",
                                                        "core_call",
                                                        "custom_jvp_call",
                                                        "checkpoint",
                                                        "remat",
                                                        "custom_vjp_call",
                                                        "custom_vjp_call_jaxpr",
                                                        "remat2",
                                                        "custom_lin",
                                                        "core_closed_call",
                                                        "linear_call",
                                                        "run_state"};
constexpr std::array<std::string_view, 6> kControl = {"scan",      "while",    "cond",
                                                      "shard_map", "xla_pmap", "pallas_call"};

void collect(const ParamValue& value, const Scope& scope, std::vector<Held>& out) {
  using Kind = ParamValue::Kind;
  if (value.kind == Kind::kJaxpr) {
    out.push_back({&value.nested.front().main, &scope, nullptr});
  } else if (value.kind == Kind::kModule) {
    out.push_back({&value.nested.front().main, nullptr, &value.nested.front()});
  } else if (value.kind == Kind::kReference) {
    if (const Jaxpr* found = scope.find(value.text)) out.push_back({found, &scope, nullptr});
  }
  for (const ParamValue& item : value.items) collect(item, scope, out);
}

// What a parameter holds, as often as `collect` looks at it.
std::size_t size_of(const ParamValue& value) {
  std::size_t out = 1;
  for (const ParamValue& item : value.items) out += size_of(item);
  return out;
}

struct Origin {
  std::string_view operation;  // empty: a literal
  std::int64_t depth = 0;
};
using Env = std::unordered_map<std::string_view, Origin>;

class Walk {
 public:
  // `lists`: whether operations, pairs and results are wanted.
  explicit Walk(bool lists) : lists_(lists) {}

  Result<Flow> module(const Module& module) {
    Env env;
    bind(module.main, {"arg", 0}, env);
    JAXSMITH_TRY(outs, inner(module.main, env, Scope(module), 0));
    ir::Extent& extent = out_.extent;
    for (const Origin& o : outs) extent.depth = std::max(extent.depth, o.depth);
    for (const auto& [name, o] : env) extent.depth = std::max(extent.depth, o.depth);
    extent.distinct_operations = static_cast<std::int64_t>(distinct_.size());
    return std::move(out_);
  }

 private:
  static void bind(const Jaxpr& jaxpr, Origin origin, Env& env) {
    for (const auto* vars : {&jaxpr.constvars, &jaxpr.invars})
      for (const Var& v : *vars) env[v.name] = origin;
  }
  static Origin origin_of(const Atom& atom, const Env& env) {
    if (atom.is_literal()) return {};
    const auto found = env.find(atom.text);
    return found == env.end() ? Origin{} : found->second;
  }

  Result<std::vector<Origin>> held(const Held& held, Env& env, std::int64_t level) {
    if (!held.module) return inner(*held.jaxpr, env, *held.scope, level);
    JAXSMITH_CHECK(budget_.look_up(*held.module));
    return inner(*held.jaxpr, env, Scope(*held.module), level);
  }

  Result<std::vector<Origin>> inner(const Jaxpr& jaxpr, Env& env, const Scope& scope,
                                    std::int64_t level) {
    JAXSMITH_CHECK(budget_.enter(jaxpr));
    for (const Equation& e : jaxpr.equations) JAXSMITH_CHECK(equation(e, env, scope, level));
    budget_.leave();
    std::vector<Origin> outs;
    for (const Atom& atom : jaxpr.results) outs.push_back(origin_of(atom, env));
    return outs;
  }

  Status equation(const Equation& e, Env& env, const Scope& scope, std::int64_t level) {
    JAXSMITH_CHECK(budget_.take(e));
    std::vector<Origin> operands;
    std::int64_t depth = 0;
    for (const Atom& atom : e.operands) {
      operands.push_back(origin_of(atom, env));
      depth = std::max(depth, operands.back().depth);
    }
    const auto bodies = held_by(e, scope);
    if (!bodies.empty() && is_wrapper(e.primitive))
      return wrapped(e, bodies.front(), operands, env, level);
    count(e, operands);
    const std::int64_t deeper = level + (is_control(e.primitive) ? 1 : 0);
    std::int64_t inside = 0;
    for (const Held& body : bodies) {
      out_.extent.nesting = std::max(out_.extent.nesting, deeper);
      Env own;
      bind(*body.jaxpr, {"block", 0}, own);
      JAXSMITH_TRY(outs, held(body, own, deeper));
      for (const Origin& o : outs) inside = std::max(inside, o.depth);
    }
    for (const Var& v : e.results) env[v.name] = {e.primitive, depth + 1 + inside};
    return {};
  }

  void count(const Equation& e, const std::vector<Origin>& operands) {
    ++out_.extent.operations;
    distinct_.insert(e.primitive);
    if (!lists_) return;
    out_.operations.push_back(e.primitive);
    for (const Var& v : e.results) out_.results.push_back(&v.aval);
    for (const Origin& o : operands)
      if (!o.operation.empty()) out_.pairs.emplace_back(o.operation, e.primitive);
  }

  Status wrapped(const Equation& e, const Held& body, const std::vector<Origin>& operands, Env& env,
                 std::int64_t level) {
    const auto variables = variables_of(*body.jaxpr, operands.size());
    Env own;
    for (std::size_t i = 0; i < variables.size(); ++i) own[variables[i]] = operands[i];
    JAXSMITH_TRY(outs, held(body, own, level));
    for (std::size_t i = 0; i < std::min(outs.size(), e.results.size()); ++i)
      env[e.results[i].name] = outs[i];
    return {};
  }

  EquationBudget budget_;
  const bool lists_;
  std::unordered_set<std::string_view> distinct_;
  Flow out_;
};

}  // namespace

Scope::Scope(const Module& module) {
  for (const auto& [name, jaxpr] : module.shared) shared_.emplace(name, &jaxpr);
}

const Jaxpr* Scope::find(std::string_view name) const {
  const auto found = shared_.find(name);
  return found == shared_.end() ? nullptr : found->second;
}

std::vector<Held> held_by(const Equation& equation, const Scope& scope) {
  std::vector<Held> out;
  for (const Param& param : equation.params)
    if (param.key != "name") collect(param.value, scope, out);
  return out;
}

bool is_wrapper(std::string_view primitive) {
  return std::find(kWrappers.begin(), kWrappers.end(), primitive) != kWrappers.end();
}

bool is_control(std::string_view primitive) {
  return std::find(kControl.begin(), kControl.end(), primitive) != kControl.end();
}

Status EquationBudget::take(std::size_t size) {
  taken_ += size;
  if (taken_ <= kMost) return {};
  return Error::environment(
      "it has too many equations or too large ones, shared ones counted as often as used");
}

Status EquationBudget::take(const Equation& equation) {
  constexpr std::size_t kUsual = 64;
  std::size_t held = 0;
  for (const Param& param : equation.params) held += size_of(param.value);
  return take(1 + equation.operands.size() + equation.results.size() + (held > kUsual ? held : 0));
}

Status EquationBudget::enter(const Jaxpr& jaxpr) {
  if (++nested_ > kDeepest) return Error::environment("nested too deeply");
  return take(jaxpr.constvars.size() + jaxpr.invars.size() + jaxpr.results.size());
}

Status EquationBudget::look_up(const Module& within) { return take(within.shared.size()); }

std::vector<std::string_view> variables_of(const Jaxpr& wrapped, std::size_t operands) {
  std::vector<std::string_view> out;
  for (const auto* vars : {&wrapped.constvars, &wrapped.invars})
    for (const Var& v : *vars) out.push_back(v.name);
  const std::size_t constants = out.size() - std::min(out.size(), operands);
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(constants));
  return out;
}

Result<Flow> flow_of(const Module& module) { return Walk(/*lists=*/true).module(module); }

Result<ir::Extent> extent_of(const Module& module) {
  JAXSMITH_TRY(flow, Walk(/*lists=*/false).module(module));
  return flow.extent;
}

}  // namespace jaxsmith::jaxpr
