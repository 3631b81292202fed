// Entering a block, a computation, a jaxpr: it is charged, and counts how deeply it is nested. What
// an operation costs before it has done anything.
#pragma once

#include "ir/common/depth.h"
#include "tensor/context.h"

namespace jaxsmith::ir {

class Frame {
 public:
  // `values`: that are handed in.
  Frame(const tensor::EvaluationContext& context, Depth& depth, std::size_t values)
      : level_(depth, [] { tensor::unsupported("regions and calls are nested too deeply"); }) {
    context.spend(kCost + kCostOfValue * static_cast<std::int64_t>(values));
  }

 private:
  static constexpr std::int64_t kCost = 50, kCostOfValue = 5;
  Nesting level_;
};

// Of an operation, whatever it does: `dims` are those of all operands and results. What its
// elements take its kernel charges.
inline std::int64_t operation_cost(std::size_t operands, std::size_t dims) {
  constexpr std::int64_t kCost = 200, kCostOfOperand = 50, kCostOfDim = 20;
  return kCost + kCostOfOperand * static_cast<std::int64_t>(operands) +
         kCostOfDim * static_cast<std::int64_t>(dims);
}

// What reading an operation's attributes costs, of so many parts: numbers, words, 64 characters of
// a longer text. Those of usual length are part of what the operation costs.
inline std::int64_t reading_cost(std::size_t parts) {
  constexpr std::size_t kUsual = 64;
  constexpr std::int64_t kCostOfPart = 100;
  return parts > kUsual ? kCostOfPart * static_cast<std::int64_t>(parts) : 0;
}

// How many parts a text is.
inline std::size_t parts_of(std::size_t length) { return length / 64; }

// What reading types may cost where nobody says: many times what an ordinary text of this length
// takes.
inline tensor::Budget verification_budget(std::string_view text) {
  constexpr std::int64_t kOnTop = 20'000'000, kStepsOfByte = 1000;
  return {.steps = kOnTop + kStepsOfByte * static_cast<std::int64_t>(text.size())};
}

}  // namespace jaxsmith::ir
