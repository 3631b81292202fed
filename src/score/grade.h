// What a prediction is worth.
#pragma once

#include <optional>

#include "score/predictions.h"
#include "score/reference.h"

namespace jaxsmith::score {

// A result that is not the row's.
struct Miss {
  std::size_t inputs = 0;  // on which: 0 the recorded ones, then the further ones in their order
  std::size_t result = 0;  // which is the first
  double error = 0;        // its largest error, as a part of what is allowed
};

struct Verdict {
  // Each implies the ones before it, but that a text may run, or agree, without being canonically
  // equal.
  bool parses = false;     // it is a text of its level
  bool verifies = false;   // it keeps to its language's rules: types, shapes, regions, attributes
  bool signature = false;  // it takes and gives what the row's text does
  bool canonical = false;  // it says the same in other words, if at all
  bool runs = false;       // on the recorded inputs
  bool recorded = false;   // it gives on these, and on those of further cases, what JAX gave
  bool agrees = false;     // and on all drawn inputs what the row's text gives: this is the credit
  bool gradable = false;   // whether the row tells anything by execution; without, no credit
  std::optional<Miss> miss;                  // the first, where it ran and gives something else
  bool over_budget = false;                  // it took more steps or memory than it may
  bool unsupported = false;                  // it has an operation that jaxsmith does not know
  std::int64_t cases = 0, cases_passed = 0;  // drawn inputs; those before the first miss
  std::int64_t tries = 0;                    // inputs that were drawn to find them
  std::int64_t steps = 0;                    // elementary operations that it took
  std::string reason;                        // why it has no credit
};

// Takes no more than the budget, whatever the text is.
Verdict grade(const Prediction& prediction, const Reference& reference,
              const ScoreOptions& options);

}  // namespace jaxsmith::score
