// Entering a block, a computation, a jaxpr: it is charged, and counts how deeply it is nested.
#pragma once

#include "ir/common/diagnostic.h"
#include "tensor/context.h"

namespace jaxsmith::ir {

class Frame {
 public:
  // `values`: that are handed in.
  Frame(const EvaluationContext& context, int& depth, std::size_t values, int deepest)
      : depth_(depth) {
    context.spend(kCost + kCostOfValue * static_cast<std::int64_t>(values));
    if (depth_ >= deepest) unsupported("regions and calls are nested too deeply");
    ++depth_;
  }
  ~Frame() { --depth_; }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

 private:
  static constexpr std::int64_t kCost = 50, kCostOfValue = 5;
  int& depth_;
};

// What reading types may cost where nobody says: many times what an ordinary text of this length
// takes.
inline Budget verification_budget(std::string_view text) {
  constexpr std::int64_t kOnTop = 20'000'000, kStepsOfByte = 1000;
  return {.steps = kOnTop + kStepsOfByte * static_cast<std::int64_t>(text.size())};
}

}  // namespace jaxsmith::ir
