// What an evaluation may use, how it computes, and what it found out.
//
//   const EvaluationContext context({.budget = {.steps = 1'000'000}});
//   const Array x = Array::from(context, tensor);   // and all that kernels make of it
//   context.steps_used();
//
// Arrays with elements know the context that they were made in, and kernels make theirs in that of
// their operands: nothing is computed outside of a budget because somebody forgot to ask. Threads
// of one evaluation share its context and take turns.
#pragma once

#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jaxsmith::tensor {

class Array;

// Why an evaluation stopped: thrown by kernels, caught where an evaluation was begun.
struct EvaluationError : std::exception {
  enum class Kind {
    kInvalid,      // the program breaks a rule of its language
    kUnsupported,  // jaxsmith does not know the operation
    kBudget,       // more steps or memory than were allowed
  };
  EvaluationError() = default;
  EvaluationError(Kind why, std::string text, std::string unknown = {})
      : kind(why), message(std::move(text)), operation(std::move(unknown)) {}
  const char* what() const noexcept override { return message.c_str(); }

  Kind kind = Kind::kInvalid;
  std::string message;
  std::string operation;  // that jaxsmith does not know, where it is one
};

[[noreturn]] void invalid(std::string message);
[[noreturn]] void unsupported(std::string message);
// `what` is "operation" or "custom call".
[[noreturn]] void unknown_operation(const char* what, std::string_view name);
inline void require(bool holds, const char* message) {
  if (!holds) invalid(message);
}

// What an evaluation may use.
struct Budget {
  std::int64_t steps = 4'000'000'000;  // elementary operations, about a nanosecond each
  std::int64_t bytes = 4LL << 30;      // held at one time
};

// How floats are computed with where a language leaves that open.
struct Arithmetic {
  // As StableHLO's interpreter does: sums in the order of the text, each step rounded to the
  // element type, functions of CHLO by the formulas that they are expanded to (expansions.h).
  // Otherwise sums and functions are computed wider and rounded once.
  bool stepwise = false;
  // As XLA does on the CPU: what is computed in 16 bits is kept in 32 from operation to operation.
  bool excess_precision = false;
  // As XLA does on the CPU: a dimension of more than 32 elements is summed in windows of 32 first.
  bool windowed_sums = false;
  // As XLA does on the CPU: what is computed in 16 bits and converted to 32 next is not rounded
  // between.
  bool wide_converts = false;
};

struct EvaluationOptions {
  Budget budget = {};
  Arithmetic arithmetic = {};
  // Operations round with noise of this seed (rounding_noise.h).
  std::optional<std::uint64_t> noise = std::nullopt;
  // What results that are not unique are looked for in (equivalent.h).
  std::shared_ptr<const std::vector<Array>> expected = nullptr;
};

// A handle: copies are of the same evaluation.
class EvaluationContext {
 public:
  explicit EvaluationContext(const EvaluationOptions& options);
  // Within another evaluation: what it uses counts there too, and may be no more than is left.
  EvaluationContext(const EvaluationOptions& options, const EvaluationContext& outer);
  // For arrays outside of any evaluation, whose size was decided already: nothing is counted.
  static const EvaluationContext& unmetered();
  bool metered() const;
  bool same(const EvaluationContext& other) const { return state_ == other.state_; }

  // Charge the budget; throw when it is used up.
  void spend(std::int64_t steps) const;
  // The product of the factors, however large, divided.
  void spend(std::initializer_list<std::int64_t> factors, std::int64_t divisor = 1) const;
  void take(std::int64_t bytes) const;
  void give_back(std::int64_t bytes) const noexcept;
  std::int64_t steps_used() const;

  const Arithmetic& arithmetic() const;
  bool noisy() const;
  std::uint64_t next_noise() const;
  // The expected arrays; null where nothing is expected.
  const std::vector<Array>* expected() const;

  // Says that an operation was done whose results are not unique; true where there are expected
  // ones to look at.
  bool note_ambiguous_operation() const;
  std::int64_t ambiguous_operations() const;

 private:
  struct State;
  explicit EvaluationContext(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// Memory that counts to an evaluation's budget.
template <class T>
class ScratchAllocator {
 public:
  using value_type = T;
  // NOLINTNEXTLINE(google-explicit-constructor): a context stands where an allocator is wanted
  ScratchAllocator(EvaluationContext context) : context_(std::move(context)) {}
  // Copied where others would be moved: a vector that was moved from is used again.
  ScratchAllocator(const ScratchAllocator&) = default;
  ScratchAllocator& operator=(const ScratchAllocator&) = default;
  template <class Other>
  // NOLINTNEXTLINE(google-explicit-constructor)
  ScratchAllocator(const ScratchAllocator<Other>& other) : context_(other.context()) {}

  T* allocate(std::size_t n) {
    if (n > static_cast<std::size_t>(kMost) / sizeof(T)) context_.take(kMost);  // throws
    const auto bytes = static_cast<std::int64_t>(n * sizeof(T));
    context_.take(bytes);
    void* out = ::operator new(n * sizeof(T), std::nothrow);
    if (!out) {
      context_.give_back(bytes);
      throw EvaluationError{EvaluationError::Kind::kBudget, "there is no memory left"};
    }
    return static_cast<T*>(out);
  }
  void deallocate(T* at, std::size_t n) noexcept {
    context_.give_back(static_cast<std::int64_t>(n * sizeof(T)));
    ::operator delete(at);
  }
  const EvaluationContext& context() const { return context_; }
  template <class Other>
  bool operator==(const ScratchAllocator<Other>& other) const {
    return context_.same(other.context());
  }

 private:
  static constexpr std::int64_t kMost = std::int64_t{1} << 62;
  EvaluationContext context_;
};

// What a kernel keeps beside its operands and results, where its size follows from data:
//
//   Scratch<double> line(n, x.context());
template <class T>
using Scratch = std::vector<T, ScratchAllocator<T>>;

// What a library takes by itself while this lives.
class Workspace {
 public:
  Workspace(EvaluationContext context, std::initializer_list<std::int64_t> factors);
  ~Workspace() { context_.give_back(bytes_); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

 private:
  EvaluationContext context_;
  std::int64_t bytes_ = 0;
};

// Goes round as long as it is asked to: each time round is charged, so that a loop around nothing
// ends as well.
//
//   for (Rounds rounds(context); again; rounds.next()) …
class Rounds {
 public:
  explicit Rounds(EvaluationContext context) : context_(std::move(context)) {}
  void next() const { context_.spend(kCost); }

 private:
  static constexpr std::int64_t kCost = 50;
  EvaluationContext context_;
};

}  // namespace jaxsmith::tensor
