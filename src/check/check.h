// What a function must show to be kept.
#pragma once

#include <optional>
#include <string>

#include "source/function.h"
#include "trace/outcome.h"

namespace jaxsmith {

// The reason to refuse a traced function, nothing where there is none. Stage "check"; reasons:
// "levels" (one is missing or empty), "elided", "address", "path" (in a text), "type" (results are
// not what was planned), "nonfinite", "constant" (no argument matters), "ignored argument",
// "unstable" (at the recorded inputs).
std::optional<Refusal> check(const Function& function, const Outcome& outcome);

// Whether all elements are finite numbers; integers always are.
bool all_finite(const Tensor& tensor);

}  // namespace jaxsmith
