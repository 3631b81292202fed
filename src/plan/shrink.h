// Finds a small program that still shows what a larger one shows.
//
//   const auto fails = [&](const Member& m) -> Result<bool> { return refused(m); };
//   JAXSMITH_TRY(shrunk, shrink(options, seed, family, member, fails, {.tries = 200}));
//   use(shrunk.member);
//
// First arguments that come as one are taken apart; then the family is planned again with shorter
// axes; then moves of plan/reduce.h are tried, those
// that take most away first, until none of them leaves what is looked for. Greedy, as delta
// debugging is (A. Zeller, R. Hildebrandt, "Simplifying and isolating failure-inducing input",
// 2002): the program is then minimal by one move, and not the smallest that there is. The same
// program and answers give the same tries in the same order.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/status.h"
#include "plan/planner.h"
#include "plan/reduce.h"

namespace jaxsmith::plan {

// Whether a program has what is looked for; the same program must always get the same answer. An
// error ends the search.
using Condition = std::function<Result<bool>(const Member&)>;

struct ShrinkOptions {
  std::size_t tries = 1000;  // programs that the condition is asked about, at most
  Agreement agreement = Agreement::kValues;
  const std::atomic<bool>* cancel = nullptr;  // set: the search ends with what it has
  // Told of each smaller program.
  std::function<void(const ProgramMeasure&, std::size_t tries)> on_step = {};
};

enum class ShrinkEnd {
  kMinimal,    // no move is left that leaves what is looked for
  kTries,      // all tries are used up
  kCancelled,  // from outside
};

struct Shrunk {
  Member member;              // the one that was given, where nothing smaller shows it
  ProgramMeasure from, size;  // before and after
  std::size_t tries = 0, steps = 0;
  ShrinkEnd end = ShrinkEnd::kMinimal;
};

// `member` is one of plan_family(options, seed, family). Errors: the condition's; usage where it
// does not hold for the member to begin with.
Result<Shrunk> shrink(const PlanOptions& options, std::uint64_t seed, std::uint64_t family,
                      const Member& member, const Condition& condition,
                      const ShrinkOptions& shrink_options);

}  // namespace jaxsmith::plan
