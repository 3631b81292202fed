// What a jaxpr's operations are, which takes whose result, and what they give: wrappers (jit,
// custom_jvp_call and their like) count as what they wrap, what control flow and reductions hold
// counts once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ir/common/program.h"
#include "ir/jaxpr/module.h"

namespace jaxsmith::jaxpr {

// Where jaxprs that parameters refer to are looked up: inner modules first.
class Scope {
 public:
  explicit Scope(const Module& module, const Scope* outer = nullptr)
      : module_(module), outer_(outer) {}
  struct Found {
    const Jaxpr* jaxpr = nullptr;
    const Scope* scope = nullptr;  // that it is looked up in
  };
  Found find(std::string_view name) const;

 private:
  const Module& module_;
  const Scope* outer_;
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
class EquationBudget {
 public:
  Status take();   // an equation, a shared one as often as it is used
  Status enter();  // a jaxpr within
  void leave() { --nested_; }

 private:
  static constexpr std::int64_t kMost = 2'000'000;
  static constexpr int kDeepest = 500;
  std::int64_t taken_ = 0;
  int nested_ = 0;
};

struct Flow {
  std::vector<std::string> operations;  // in order
  // Which operation's result which one takes; arg and block for what comes from outside.
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<const Aval*> results;  // their types, in the module
  ir::Extent extent;
};

// `module` outlives it. Errors: it is nested too deeply, or has too many equations.
Result<Flow> flow_of(const Module& module);
// That of it alone, which holds no lists.
Result<ir::Extent> extent_of(const Module& module);

}  // namespace jaxsmith::jaxpr
