// What a function must show to be kept.
#pragma once

#include <optional>
#include <string>

#include "check/sample.h"
#include "source/function.h"
#include "trace/outcome.h"

namespace jaxsmith::check {

// The reason to refuse a traced function, nothing where there is none. Stage "check"; reasons:
// "levels" (one is missing or empty), "elided", "address", "path" (in a text), "type" (results are
// not what was planned), "nonfinite", "constant" (no argument matters), "ignored argument",
// "unstable" (at the recorded inputs). `structure`: the level that gives it (trace::WorkerSpec).
std::optional<trace::Refusal> check(const source::Function& function, const trace::Outcome& outcome,
                                    level::Level structure);

// The reason to refuse a function of whose operations more than this share is inert
// (check/relevance.h): "inert".
std::optional<trace::Refusal> check_inert(std::optional<double> share, double most);

// The part of it that looks at the texts alone: "levels", "elided", "address", "path".
std::optional<trace::Refusal> check_texts(const trace::Outcome& outcome, level::Level structure);

// The first check that failed, as a refusal.
std::optional<trace::Refusal> refusal_of(const std::vector<CheckResult>& checks);

// What a generated row has passed, since it would have been refused otherwise. `redone`: also by
// the plain route.
std::vector<CheckResult> passed_checks(bool redone);

// Whether all elements are finite numbers; integers always are.
bool all_finite(const tensor::Tensor& tensor);

}  // namespace jaxsmith::check
