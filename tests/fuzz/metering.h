// Holds an input to what it may take, whatever the code that reads it counts: processor time by the
// system's clock, memory by the allocator. More than ten times of either is a finding.
//
//   const Allowance allowance{.steps = 2'000'000, .bytes = 16 << 20};
//   within(allowance, text.size(), [&] { evaluator.run(arguments, budget_of(allowance)); });
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "tensor/array.h"

namespace jaxsmith::fuzz {

// The budgets of what an input asks for, all of them together.
struct Allowance {
  std::int64_t steps = 2'000'000;
  std::int64_t bytes = 16 << 20;
};

// As the code takes it.
tensor::Budget budget_of(const Allowance& allowance);

// Ends the process with a finding if `work` takes too much; it is ended while it does, so that what
// never ends is found as well. `read`: bytes that are read on the way.
void within(const Allowance& allowance, std::size_t read, const std::function<void()>& work);

// What is wrong with the input that is being read, on standard error; then ends the process.
[[noreturn]] void finding(const char* what, std::string_view detail);

}  // namespace jaxsmith::fuzz
