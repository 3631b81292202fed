// Runs of a jaxpr in which the result of one operation is changed.
//
// What all variables held in the run without a change is kept, of jaxprs that are called as well. A
// changed run goes on behind the changed equation, and does those equations again that depend on
// what has become another value. Loops and branches are done again as a whole.
#pragma once

#include <memory>
#include <vector>

#include "ir/common/changed_runs.h"
#include "ir/jaxpr/evaluator.h"

namespace jaxsmith::jaxpr {

class ChangedRuns final : public ir::ChangedRuns {
 public:
  // Runs without a change. Errors: those of a run; references, to which an equation would write
  // again; more operations than are numbered.
  static Result<std::unique_ptr<ir::ChangedRuns>> begin(Evaluator& evaluator,
                                                        std::vector<Datum> arguments,
                                                        ir::ChangeArray change,
                                                        const tensor::EvaluationContext& context);

  std::int64_t operations() const override { return main_->plan->operations; }
  Result<bool> shows(std::int64_t operation, const ir::DiffersFrom& differs) override;

 private:
  // A jaxpr that was run.
  struct Kept {
    Plan* plan = nullptr;
    std::int64_t first = 0;                    // number of its first operation
    Values frame;                              // by slot
    std::vector<bool> live;                    // by equation: its results matter
    std::vector<std::unique_ptr<Kept>> calls;  // by equation; null where it is no call
    // Of the changed run: what has become another value.
    Values changed;
    std::vector<bool> is_changed;
    std::vector<std::uint32_t> changed_slots;
  };

  ChangedRuns(Evaluator& evaluator, ir::ChangeArray change)
      : evaluator_(evaluator), change_(std::move(change)) {}

  std::int64_t number(Plan& plan);
  Inner inner_of(const Plan& plan, const Step& step, const ParamValue& value);
  std::unique_ptr<Kept> keep(Plan& plan, Values arguments, std::int64_t first);
  void find_live(Kept& kept) const;
  const Value& value_of(const Kept& kept, const Operand& operand) const;
  bool is_changed(const Kept& kept, const Operand& operand) const;
  Values execute(const Kept& kept, const Step& step);
  Values execute_bounded(const Kept& kept, const Step& step);  // a loop or a branch
  void change_within(Kept& kept, std::int64_t operation);
  void go_on(Kept& kept, std::size_t step);
  void redo(Kept& kept, std::size_t step);
  void put_call(Kept& kept, std::size_t step);
  void put(Kept& kept, std::uint32_t slot, const Value& value);
  static void forget(Kept& kept);
  static void forget_all(Kept& kept);

  Evaluator& evaluator_;
  ir::ChangeArray change_;
  std::unique_ptr<Kept> main_;
  std::vector<std::vector<std::size_t>> results_;  // by slot of the main jaxpr
  std::int64_t most_steps_ = 0;                    // of a loop or a branch that is done again
  const ir::DiffersFrom* differs_ = nullptr;
  bool shown_ = false;
};

}  // namespace jaxsmith::jaxpr
