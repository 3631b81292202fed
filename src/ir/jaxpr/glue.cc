#include "ir/jaxpr/glue.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ir/jaxpr/flow.h"

namespace jaxsmith::jaxpr {

namespace {

constexpr std::array<std::string_view, 10> kBinary = {"add", "sub", "mul", "div",   "max",
                                                      "min", "pow", "rem", "atan2", "add_any"};
constexpr std::array<std::string_view, 4> kReduce = {"reduce_sum", "reduce_max", "reduce_min",
                                                     "reduce_prod"};
// What gives such a number again, of such numbers and constants.
constexpr std::array<std::string_view, 22> kCarry = {"mul",
                                                     "div",
                                                     "add",
                                                     "sub",
                                                     "sqrt",
                                                     "rsqrt",
                                                     "convert_element_type",
                                                     "neg",
                                                     "square",
                                                     "exp",
                                                     "log",
                                                     "integer_pow",
                                                     "broadcast_in_dim",
                                                     "max",
                                                     "min",
                                                     "abs",
                                                     "tanh",
                                                     "copy",
                                                     "reshape",
                                                     "squeeze",
                                                     "stop_gradient",
                                                     "logistic"};

template <std::size_t N>
bool has(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct Known {
  std::size_t rank = 0;
  bool reduced = false;  // one number that a whole reduction gave
  bool known = false;    // the result of an operation, or the program's argument
};
using Env = std::unordered_map<std::string_view, Known>;

class Walk {
 public:
  Result<ir::Glue> module(const Module& module) {
    Env env;
    for (const auto* vars : {&module.main.constvars, &module.main.invars})
      for (const Var& v : *vars) env[v.name] = {1, false, true};
    JAXSMITH_CHECK(inner(module.main, env, Scope(module)));
    return out_;
  }

 private:
  static Known known(const Atom& atom, const Env& env) {
    if (atom.is_literal()) return {};
    const auto found = env.find(atom.text);
    return found == env.end() ? Known{} : found->second;
  }

  Status inner(const Jaxpr& jaxpr, Env& env, const Scope& scope) {
    JAXSMITH_CHECK(budget_.enter(jaxpr));
    for (const Equation& e : jaxpr.equations) JAXSMITH_CHECK(equation(e, env, scope));
    budget_.leave();
    return {};
  }
  Status held(const Held& held, Env& env) {
    if (!held.module) return inner(*held.jaxpr, env, *held.scope);
    JAXSMITH_CHECK(budget_.look_up(*held.module));
    return inner(*held.jaxpr, env, Scope(*held.module));
  }

  Status equation(const Equation& e, Env& env, const Scope& scope) {
    JAXSMITH_CHECK(budget_.take(e));
    std::vector<Known> operands;
    for (const Atom& atom : e.operands) operands.push_back(known(atom, env));
    const auto bodies = held_by(e, scope);
    if (!bodies.empty() && is_wrapper(e.primitive))
      return wrapped(e, bodies.front(), operands, env);
    if (is_control(e.primitive) || e.primitive.starts_with("custom"))
      for (const Held& body : bodies) {
        Env own;
        JAXSMITH_CHECK(held(body, own));
      }
    for (const Var& v : e.results)
      env[v.name] = {v.aval.shape.size(), is_reduced(e, v.aval.shape.size(), operands), true};
    if (has(kBinary, e.primitive) && !e.results.empty() && operands.size() == 2 &&
        !e.results.front().aval.shape.empty()) {
      ++out_.elementwise;
      out_.joining += operands[0].reduced != operands[1].reduced;
    }
    return {};
  }

  static bool is_reduced(const Equation& e, std::size_t rank, const std::vector<Known>& operands) {
    if (operands.empty()) return false;
    if (has(kReduce, e.primitive) && rank == 0 && operands.front().rank > 0) return true;
    const bool spreads = e.primitive == "broadcast_in_dim" || e.primitive == "reshape";
    if (!has(kCarry, e.primitive) || (rank > 0 && !spreads)) return false;
    const auto carries = [](const Known& k) { return k.reduced || !k.known; };
    return std::any_of(operands.begin(), operands.end(),
                       [](const Known& k) { return k.reduced; }) &&
           std::all_of(operands.begin(), operands.end(), carries);
  }

  Status wrapped(const Equation& e, const Held& body, const std::vector<Known>& operands,
                 Env& env) {
    const auto variables = variables_of(*body.jaxpr, operands.size());
    Env own;
    for (std::size_t i = 0; i < variables.size(); ++i)
      own[variables[i]] = {operands[i].rank, operands[i].reduced, true};
    JAXSMITH_CHECK(held(body, own));
    for (std::size_t i = 0; i < std::min(body.jaxpr->results.size(), e.results.size()); ++i) {
      Known out = known(body.jaxpr->results[i], own);
      if (!out.known) out = {e.results[i].aval.shape.size(), out.reduced, false};
      out.known = true;
      env[e.results[i].name] = out;
    }
    return {};
  }

  EquationBudget budget_;
  ir::Glue out_;
};

}  // namespace

Result<ir::Glue> glue_of(const Module& module) { return Walk().module(module); }

}  // namespace jaxsmith::jaxpr
