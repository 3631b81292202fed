// Verifies and executes a jaxpr.
//
//   Evaluator evaluator(module);
//   JAXSMITH_CHECK(evaluator.verify());
//   JAXSMITH_TRY(results, evaluator.run(constants and inputs));
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "base/status.h"
#include "ir/common/body.h"
#include "ir/common/changed_runs.h"
#include "ir/common/signature.h"
#include "ir/jaxpr/op_table.h"

namespace jaxsmith::jaxpr {

using ir::Datum;

// What an equation or a result takes: a literal, or what stands in a slot of the frame.
struct Operand {
  static constexpr std::uint32_t kLiteral = ~0U, kLost = ~1U;
  std::uint32_t slot = kLiteral;
  bool last = false;      // nothing takes it afterwards
  mutable Value literal;  // in the evaluation that is under way
};

// An equation with its names looked up.
struct Step {
  const Equation* equation = nullptr;
  const OpRule* rule = nullptr;
  std::vector<Operand> operands;
  std::vector<std::pair<std::string_view, Operand>> indices;  // variables in transforms
  std::vector<std::uint32_t> results;
  std::vector<Type> result_types;
  std::int64_t cost = 0;  // before it has done anything
  // Numbers of operations, from that of its jaxpr's first: its own, what follows those of it and
  // within it, and the first of each jaxpr within it (ir/jaxpr/changed_runs.h).
  std::int64_t operation = Passage::kUnnumbered, end = 0;
  std::vector<std::pair<const ParamValue*, std::int64_t>> inner;
};

struct Plan {
  const Jaxpr* jaxpr = nullptr;
  const Module* scope = nullptr;
  std::vector<Type> argument_types;  // constants first; they have the first slots
  std::vector<Step> steps;
  std::vector<Operand> results;
  std::vector<Value> result_types;  // abstract
  std::size_t slots = 0;
  std::int64_t operations = Passage::kUnnumbered;  // how many have numbers
  enum class State { kNew, kInProgress, kVerified } state = State::kNew;
};

// What is done to the results of an operation; arrays keep their types.
struct Change {
  std::int64_t operation = 0;
  const ir::ChangeArray& how;

  void apply(Values& results) const;
};

class Evaluator {
 public:
  // `text` and `file` are what errors show; the text may be empty.
  explicit Evaluator(const Module& module, std::string_view text = {},
                     std::string_view file = "jaxpr");

  // Scopes, types, arities and parameters of every equation, and that jaxprs give what is made of
  // them.
  Status verify(const tensor::EvaluationContext& context);
  Status verify();  // within a budget by the length of the text
  // Arguments: the constants, then the inputs. Keys are u32 words, one dimension more.
  Result<ir::Signature> signature();
  // The jaxpr's own, and those of jaxprs within it, in the order in which they are first come by.
  std::size_t constant_count();
  // The constants' values are not in a jaxpr's text: they come before the inputs. Those of jaxprs
  // within may be missing, all of them; what depends on them cannot be executed then. Errors: of
  // the program, of what jaxsmith does not know, of the budget. What was not verified is verified
  // first.
  Result<std::vector<Datum>> run(std::vector<Datum> arguments,
                                 const tensor::EvaluationContext& context);
  Result<std::vector<Datum>> run(std::vector<Datum> arguments, const tensor::Budget& budget = {});
  // What the last error was.
  const tensor::EvaluationError& error() const { return error_; }

 private:
  friend class Call;
  friend class ChangedRuns;
  class Planner;

  Plan& plan_of(Inner jaxpr);
  const Jaxpr* find(const Module& scope, std::string_view name);
  void verify_all();
  void verify_plan(Plan& plan);
  // On abstract values: the types of the results.
  Values call_types(Plan& plan, const Values& arguments);
  Values call(Plan& plan, Values arguments, const Passage& passage);
  Values run_steps(Plan& plan, Values arguments, const Passage& passage);
  Values run_step(const Plan& plan, const Step& step, Values& frame, const Passage& passage);
  // With its operands at hand; the frame is for the variables that transforms name.
  Values execute(const Plan& plan, const Step& step, Values operands, const Values& frame,
                 const Passage& passage);
  Values apply(const Plan& plan, const Step& step, Values operands, const Passage& passage);
  void check_result_types(const Step& step, const Values& results) const;
  const Value& literal_of(const Operand& operand) const;
  ir::BodyOutline outline(const Plan& plan);
  ir::BodyOutline::Operation outline(const Plan& plan, const Step& step);
  Values arguments_of(std::vector<Datum> data);
  Value value_of(const Type& type, Datum datum, std::size_t position) const;
  // Jaxprs with constants within the main one.
  const std::vector<Inner>& inner_constants();
  void visit_inner(const Jaxpr& jaxpr, const Module& scope);
  void put_constants(const Plan& plan, Values& arguments) const;
  template <class F>
  Status guarded(F f) {
    abstract_ = false;
    mesh_ = nullptr;  // an error may have left that of a shard_map
    at_ = m_.main.offset;
    try {
      f();
    } catch (const tensor::EvaluationError& e) {
      return failed(e);
    }
    return {};
  }
  Status failed(const tensor::EvaluationError& error);

  const Module& m_;
  std::string_view text_, file_;
  std::unordered_map<const Jaxpr*, std::unique_ptr<Plan>> plans_;
  std::unordered_map<const Module*, std::unordered_map<std::string_view, const Jaxpr*>> names_;
  bool abstract_ = false, verified_ = false;
  ir::Depth depth_, inner_depth_;  // of jaxprs within jaxprs: that are run, that are visited
  std::size_t at_ = 0;
  ir::BodyFacts facts_{[this](ir::BodyId p) { return outline(*static_cast<const Plan*>(p)); }};
  std::optional<std::vector<Inner>> with_constants_;
  std::unordered_set<const Jaxpr*> visited_;
  std::unordered_map<const Jaxpr*, Values> constants_;  // of this run
  ir::Devices* devices_ = nullptr;
  std::int64_t device_ = 0;
  const ir::Mesh* mesh_ = nullptr;
  const Values* frame_ = nullptr;  // of the equation that is executed
  const Change* change_ = nullptr;
  tensor::EvaluationContext context_ = tensor::EvaluationContext::unmetered();
  tensor::EvaluationError error_;
};

}  // namespace jaxsmith::jaxpr
