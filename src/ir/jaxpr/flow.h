// What a jaxpr's operations are, which takes whose result, and what they give: wrappers (jit,
// custom_jvp_call and their like) count as what they wrap, what control flow and reductions hold
// counts once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ir/common/program.h"
#include "ir/jaxpr/module.h"

namespace jaxsmith::jaxpr {

// Where jaxprs that parameters refer to are looked up. The module outlives it.
class Scope {
 public:
  explicit Scope(const Module& module);
  // The first of that name; null where there is none.
  const Jaxpr* find(std::string_view name) const;

 private:
  std::unordered_map<std::string_view, const Jaxpr*> shared_;
};

// A jaxpr in a parameter of an equation.
struct Held {
  const Jaxpr* jaxpr = nullptr;
  const Scope* scope = nullptr;    // of what was referred to, or
  const Module* module = nullptr;  // of what stands there, which has names of its own
};
std::vector<Held> held_by(const Equation& equation, const Scope& scope);

bool is_wrapper(std::string_view primitive);  // jit, checkpoint, custom_vjp_call, …
bool is_control(std::string_view primitive);  // scan, while, cond, …

// The variables of a wrapped jaxpr that the equation's operands stand for, in order; constants,
// which no operand gives, come before them.
std::vector<std::string_view> variables_of(const Jaxpr& wrapped, std::size_t operands);

// Walks through jaxprs end where there is too much or too deep a nest of it, which only a made-up
// text has.
//
// What is walked through counts by its size: an equation, a shared one as often as it is used, by
// its operands, its results and what its parameters hold, where that is more than usual; a jaxpr by
// what it binds and gives.
class EquationBudget {
 public:
  Status take(const Equation& equation);
  Status enter(const Jaxpr& jaxpr);      // one within
  Status look_up(const Module& within);  // the names of one that has its own
  void leave() { --nested_; }

 private:
  Status take(std::size_t size);

  static constexpr std::size_t kMost = 10'000'000;
  static constexpr int kDeepest = 500;
  std::size_t taken_ = 0;
  int nested_ = 0;
};

struct Flow {
  std::vector<std::string> operations;  // in order
  // Which operation's result which one takes; arg and block for what comes from outside.
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<const Aval*> results;  // their types, in the module
  ir::Extent extent;
};

// `module` outlives it. Errors: it is nested too deeply, or has too many or too large
// equations.
Result<Flow> flow_of(const Module& module);
// That of it alone, which holds no lists.
Result<ir::Extent> extent_of(const Module& module);

}  // namespace jaxsmith::jaxpr
