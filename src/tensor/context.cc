#include "tensor/context.h"

#include <fmt/format.h>

#include <limits>

#include "base/random.h"
#include "tensor/array.h"

namespace jaxsmith::tensor {

void invalid(std::string message) {
  throw EvaluationError{EvaluationError::Kind::kInvalid, std::move(message)};
}
void unsupported(std::string message) {
  throw EvaluationError{EvaluationError::Kind::kUnsupported, std::move(message)};
}
void unknown_operation(const char* what, std::string_view name) {
  throw EvaluationError{EvaluationError::Kind::kUnsupported,
                        fmt::format("{} {} is not known", what, name), std::string(name)};
}

struct EvaluationContext::State {
  Budget budget;
  std::int64_t steps = 0, bytes = 0;
  bool metered = true;
  Arithmetic arithmetic;
  std::optional<Random> noise;
  std::shared_ptr<const std::vector<Array>> expected;
  std::int64_t ambiguous_operations = 0;
  std::shared_ptr<State> outer;
};

namespace {

[[noreturn]] void out_of_steps(std::int64_t allowed) {
  throw EvaluationError{EvaluationError::Kind::kBudget,
                        fmt::format("it takes more than the {} steps allowed", allowed)};
}
[[noreturn]] void out_of_bytes(std::int64_t allowed) {
  throw EvaluationError{EvaluationError::Kind::kBudget,
                        fmt::format("it takes more than the {} bytes allowed", allowed)};
}

// The largest number where it cannot be counted.
std::int64_t product_of(std::initializer_list<std::int64_t> factors) {
  std::int64_t product = 1;
  for (const std::int64_t n : factors)
    if (__builtin_mul_overflow(product, n, &product))
      product = std::numeric_limits<std::int64_t>::max();
  return product;
}

}  // namespace

EvaluationContext::EvaluationContext(const EvaluationOptions& options)
    : state_(std::make_shared<State>()) {
  state_->budget = options.budget;
  state_->arithmetic = options.arithmetic;
  if (options.noise) state_->noise.emplace(*options.noise, 0);
  state_->expected = options.expected;
}

EvaluationContext::EvaluationContext(const EvaluationOptions& options,
                                     const EvaluationContext& outer)
    : EvaluationContext(options) {
  if (outer.metered()) state_->outer = outer.state_;
}

const EvaluationContext& EvaluationContext::unmetered() {
  static const EvaluationContext context([] {
    auto state = std::make_shared<State>();
    state->metered = false;
    return state;
  }());
  return context;
}

bool EvaluationContext::metered() const { return state_->metered; }

void EvaluationContext::spend(std::int64_t steps) const {
  if (!state_->metered) return;
  for (State* s = state_.get(); s; s = s->outer.get()) {
    if (steps > s->budget.steps - s->steps) {
      s->steps = s->budget.steps;
      out_of_steps(s->budget.steps);
    }
    s->steps += steps;
  }
}

void EvaluationContext::spend(std::initializer_list<std::int64_t> factors,
                              std::int64_t divisor) const {
  for (const std::int64_t n : factors)
    if (n == 0) return;
  spend(product_of(factors) / divisor);
}

void EvaluationContext::take(std::int64_t bytes) const {
  if (!state_->metered) return;
  for (const State* s = state_.get(); s; s = s->outer.get())
    if (bytes > s->budget.bytes - s->bytes) out_of_bytes(s->budget.bytes);
  spend(1 + bytes / 16);
  for (State* s = state_.get(); s; s = s->outer.get()) s->bytes += bytes;
}

void EvaluationContext::give_back(std::int64_t bytes) const noexcept {
  if (!state_->metered) return;
  for (State* s = state_.get(); s; s = s->outer.get()) s->bytes -= bytes;
}

std::int64_t EvaluationContext::steps_used() const { return state_->steps; }

const Arithmetic& EvaluationContext::arithmetic() const { return state_->arithmetic; }
bool EvaluationContext::noisy() const { return state_->noise.has_value(); }
std::uint64_t EvaluationContext::next_noise() const { return state_->noise->next(); }
const std::vector<Array>* EvaluationContext::expected() const { return state_->expected.get(); }

bool EvaluationContext::note_ambiguous_operation() const {
  if (state_->metered) ++state_->ambiguous_operations;
  return state_->expected != nullptr;
}
std::int64_t EvaluationContext::ambiguous_operations() const {
  return state_->ambiguous_operations;
}

Workspace::Workspace(EvaluationContext context, std::initializer_list<std::int64_t> factors)
    : context_(std::move(context)) {
  const std::int64_t bytes = product_of(factors);
  context_.take(bytes);
  bytes_ = bytes;
}

}  // namespace jaxsmith::tensor
