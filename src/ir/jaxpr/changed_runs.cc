#include "ir/jaxpr/changed_runs.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ir/common/frame.h"

namespace jaxsmith::jaxpr {

using tensor::EvaluationContext;
using tensor::EvaluationError;

namespace {

// Beyond that numbers of operations say little, and jaxprs that call each other twice have endless
// many.
constexpr std::int64_t kMostOperations = 100'000;

bool same_elements(const Array& a, const Array& b) {
  if (!a.same_type(b)) return false;
  return tensor::with_lane(a.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto x = a.data<T>(), y = b.data<T>();
    if (x.data() == y.data() || x.empty()) return true;
    a.context().spend(a.size());
    return std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
  });
}

bool same_value(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == Value::Kind::kArray) return same_elements(a.array, b.array);
  return a.words.size() == b.words.size() &&
         std::equal(a.words.begin(), a.words.end(), b.words.begin(), same_elements);
}

// What is put back however the block ends.
template <class T>
class Instead {
 public:
  Instead(T& place, T value) : place_(place), before_(std::exchange(place, std::move(value))) {}
  ~Instead() { place_ = std::move(before_); }
  Instead(const Instead&) = delete;
  Instead& operator=(const Instead&) = delete;

 private:
  T& place_;
  T before_;
};

bool is_used_up(const EvaluationContext& context) {
  try {
    context.spend(1);
  } catch (const EvaluationError&) {
    return true;
  }
  return false;
}

bool in_frame(const Operand& operand) {
  return operand.slot != Operand::kLiteral && operand.slot != Operand::kLost;
}

}  // namespace

Result<std::unique_ptr<ir::ChangedRuns>> ChangedRuns::begin(Evaluator& evaluator,
                                                            std::vector<Datum> arguments,
                                                            ir::ChangeArray change,
                                                            const EvaluationContext& context) {
  std::unique_ptr<ChangedRuns> out(new ChangedRuns(evaluator, std::move(change)));
  evaluator.context_ = context;
  const Status status = evaluator.guarded([&] {
    evaluator.verify_all();
    for (Datum& d : arguments) d = d.within(context);
    Plan& plan = evaluator.plan_of({&evaluator.m_.main, &evaluator.m_});
    out->number(plan);
    const std::int64_t before = context.steps_used();
    out->main_ = out->keep(plan, evaluator.arguments_of(std::move(arguments)), 0);
    // A loop whose count is changed may go on for ever.
    constexpr std::int64_t kTimes = 4, kOnTop = 100'000;
    out->most_steps_ = kTimes * (context.steps_used() - before) + kOnTop;
    out->results_.resize(plan.slots);
    for (std::size_t i = 0; i < plan.results.size(); ++i)
      if (in_frame(plan.results[i])) out->results_[plan.results[i].slot].push_back(i);
  });
  if (!status.ok()) return status.error();
  return std::unique_ptr<ir::ChangedRuns>(std::move(out));
}

Inner ChangedRuns::inner_of(const Plan& plan, const Step& step, const ParamValue& value) {
  return Call(evaluator_, step, *plan.scope, {}, {}).inner(value);
}

std::int64_t ChangedRuns::number(Plan& plan) {
  if (plan.operations != Passage::kUnnumbered) return plan.operations;
  std::int64_t next = 0;
  for (Step& step : plan.steps) {
    if (!step.rule->runs.empty()) {
      const ParamValue* value = step.equation->param(step.rule->runs);
      if (!value) unsupported("an operation without what it runs");
      const bool several = value->kind == ParamValue::Kind::kJaxprTuple;
      for (const ParamValue& each : several ? std::span(value->items) : std::span(value, 1)) {
        step.inner.emplace_back(&each, next);
        next += number(evaluator_.plan_of(inner_of(plan, step, each)));
      }
    }
    if (!step.rule->calls) step.operation = next++;
    step.end = next;
    if (next > kMostOperations) unsupported("numbers for so many operations");
  }
  plan.operations = next;
  return next;
}

std::unique_ptr<ChangedRuns::Kept> ChangedRuns::keep(Plan& plan, Values arguments,
                                                     std::int64_t first) {
  const ir::Frame entered(evaluator_.context_, evaluator_.depth_, arguments.size());
  if (arguments.size() != plan.argument_types.size())
    invalid("a jaxpr is called with another number of arguments");
  auto out = std::make_unique<Kept>();
  out->plan = &plan;
  out->first = first;
  out->frame = std::move(arguments);
  out->frame.resize(plan.slots);
  out->changed.resize(plan.slots);
  out->is_changed.resize(plan.slots);
  out->calls.resize(plan.steps.size());
  for (const Value& v : out->frame)
    if (v.kind == Value::Kind::kRef) unsupported("changes of what writes to references");
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    Values results;
    if (step.rule->calls) {
      evaluator_.context_.spend(step.cost);
      Values operands;
      for (const Operand& o : step.operands) operands.push_back(value_of(*out, o));
      const auto& [parameter, offset] = step.inner.front();
      Plan& called = evaluator_.plan_of(inner_of(plan, step, *parameter));
      evaluator_.put_constants(called, operands);
      out->calls[i] = keep(called, std::move(operands), first + offset);
      for (const Operand& o : called.results) results.push_back(value_of(*out->calls[i], o));
    } else {
      results = execute(*out, step);
    }
    for (std::size_t r = 0; r < results.size(); ++r) {
      if (results[r].kind == Value::Kind::kRef) unsupported("changes of what writes to references");
      out->frame[step.results[r]] = std::move(results[r]);
    }
  }
  find_live(*out);
  return out;
}

void ChangedRuns::find_live(Kept& kept) const {
  const Plan& plan = *kept.plan;
  std::vector<bool> wanted(plan.slots);
  const auto want = [&](const Operand& o) {
    if (in_frame(o)) wanted[o.slot] = true;
  };
  std::ranges::for_each(plan.results, want);
  kept.live.resize(plan.steps.size());
  for (std::size_t i = plan.steps.size(); i-- > 0;) {
    const Step& step = plan.steps[i];
    kept.live[i] = std::ranges::any_of(step.results, [&](std::uint32_t s) { return wanted[s]; });
    if (kept.live[i]) std::ranges::for_each(step.operands, want);
  }
}

Result<bool> ChangedRuns::shows(std::int64_t operation, const ir::DiffersFrom& differs) {
  shown_ = false;
  differs_ = &differs;
  const EvaluationContext context = evaluator_.context_;
  const Status status = evaluator_.guarded([&] { change_within(*main_, operation); });
  evaluator_.context_ = context;
  evaluator_.change_ = nullptr;
  differs_ = nullptr;
  if (status.ok()) {
    forget(*main_);
    return shown_;
  }
  forget_all(*main_);
  if (is_used_up(context)) return status.error();
  return true;
}

const Value& ChangedRuns::value_of(const Kept& kept, const Operand& operand) const {
  static const Value kLost = Value::lost();
  if (operand.slot == Operand::kLiteral) return evaluator_.literal_of(operand);
  if (operand.slot == Operand::kLost) return kLost;
  return kept.is_changed[operand.slot] ? kept.changed[operand.slot] : kept.frame[operand.slot];
}

bool ChangedRuns::is_changed(const Kept& kept, const Operand& operand) const {
  return in_frame(operand) && kept.is_changed[operand.slot];
}

Values ChangedRuns::execute(const Kept& kept, const Step& step) {
  Values operands;
  operands.reserve(step.operands.size());
  for (const Operand& o : step.operands) operands.push_back(value_of(kept, o));
  return evaluator_.execute(*kept.plan, step, std::move(operands), kept.frame,
                            {.first = kept.first});
}

Values ChangedRuns::execute_bounded(const Kept& kept, const Step& step) {
  const Instead<EvaluationContext> bounded(
      evaluator_.context_,
      EvaluationContext({.budget = {.steps = most_steps_}}, evaluator_.context_));
  return execute(kept, step);
}

void ChangedRuns::change_within(Kept& kept, std::int64_t operation) {
  const auto& steps = kept.plan->steps;
  const auto found = std::ranges::upper_bound(steps, operation - kept.first, {}, &Step::end);
  if (found == steps.end()) invalid("there is no operation of that number");
  const auto i = static_cast<std::size_t>(found - steps.begin());
  if (!kept.live[i]) return;
  if (kept.calls[i]) {
    change_within(*kept.calls[i], operation);
    put_call(kept, i);
  } else {
    const Change change{operation, change_};
    Values results;
    if (kept.first + found->operation == operation) {
      for (const std::uint32_t slot : found->results) results.push_back(kept.frame[slot]);
      change.apply(results);
    } else {
      const Instead<const Change*> changing(evaluator_.change_, &change);
      results = execute_bounded(kept, *found);
    }
    for (std::size_t r = 0; r < results.size(); ++r) put(kept, found->results[r], results[r]);
  }
  go_on(kept, i + 1);
}

void ChangedRuns::go_on(Kept& kept, std::size_t step) {
  for (; step < kept.plan->steps.size() && !shown_; ++step)
    if (kept.live[step] &&
        std::ranges::any_of(kept.plan->steps[step].operands,
                            [&](const Operand& o) { return is_changed(kept, o); }))
      redo(kept, step);
}

void ChangedRuns::redo(Kept& kept, std::size_t i) {
  const Step& step = kept.plan->steps[i];
  if (Kept* called = kept.calls[i].get()) {
    // Constants, which no caller hands in, come first.
    const std::size_t constants = called->plan->argument_types.size() - step.operands.size();
    for (std::size_t a = 0; a < step.operands.size(); ++a)
      if (is_changed(kept, step.operands[a]))
        put(*called, static_cast<std::uint32_t>(constants + a),
            kept.changed[step.operands[a].slot]);
    go_on(*called, 0);
    return put_call(kept, i);
  }
  const Values results =
      step.rule->runs.empty() ? execute(kept, step) : execute_bounded(kept, step);
  for (std::size_t r = 0; r < results.size(); ++r) put(kept, step.results[r], results[r]);
}

void ChangedRuns::put_call(Kept& kept, std::size_t i) {
  Kept& called = *kept.calls[i];
  const Step& step = kept.plan->steps[i];
  for (std::size_t r = 0; r < step.results.size(); ++r)
    if (is_changed(called, called.plan->results[r]))
      put(kept, step.results[r], value_of(called, called.plan->results[r]));
  forget(called);
}

void ChangedRuns::put(Kept& kept, std::uint32_t slot, const Value& value) {
  if (same_value(kept.frame[slot], value)) return;
  kept.is_changed[slot] = true;
  kept.changed[slot] = value;
  kept.changed_slots.push_back(slot);
  if (&kept != main_.get()) return;
  for (const std::size_t i : results_[slot]) {
    const bool is_key = value.kind == Value::Kind::kKey;
    shown_ =
        shown_ || is_key ||
        (value.kind == Value::Kind::kArray && (*differs_)(i, kept.frame[slot].array, value.array));
  }
}

void ChangedRuns::forget(Kept& kept) {
  for (const std::uint32_t slot : kept.changed_slots) {
    kept.is_changed[slot] = false;
    kept.changed[slot] = Value();
  }
  kept.changed_slots.clear();
}

// Where a run was left in the middle.
void ChangedRuns::forget_all(Kept& kept) {
  forget(kept);
  for (const auto& each : kept.calls)
    if (each) forget_all(*each);
}

}  // namespace jaxsmith::jaxpr
