// The plain route's outcome against the chunk route's.
#pragma once

#include <optional>

#include "source/function.h"
#include "trace/outcome.h"

namespace jaxsmith::check {

// The largest difference from another compilation that outputs of a type may have, relative to the
// largest magnitude in the array. Compilations differ in the order of sums and in fused
// multiply-adds; a tolerance of a few thousand units in the last place covers functions of thirty
// operations. 0: exactly equal.
double output_tolerance(tensor::DType dtype);

// Refuses (stage "redo") where the plain route refuses, or where anything that a worker gives
// differs: texts, alignment, constants, names of results, cost. Outputs alone may differ, as the
// routes generate other code: within the tolerance of the least precise type among arguments and
// outputs; of further cases those outputs that both routes found to be stable. With them may differ
// what is found out by comparing outputs: whether an argument matters is asked of their bytes (one
// in 500 functions differs by rounding alone), `stable` of a tolerance. What a row says beside
// follows from these and from the source: counts, digests, sizes, the difficulty, the share of
// inert operations. Reasons: "text:hlo" …, "spans:hlo" …, "levels", "constants", "result_paths",
// "flops", "outputs", or the plain route's own.
std::optional<trace::Refusal> compare_redo(const source::Function& function,
                                           const trace::Outcome& chunk,
                                           const trace::Outcome& plain);

}  // namespace jaxsmith::check
