// Derivatives that a function gives beside its value, against differences of the value.
#pragma once

#include <optional>

#include "check/program.h"
#include "check/sample.h"

namespace jaxsmith::check {

// Runs a program of the function in double precision on the recorded inputs moved to and fro along
// a random direction, and compares the central difference (with Richardson's extrapolation) of the
// value with what the derivatives say of that direction. "not done" where the function is not
// smooth there by the differences at two distances, takes floats apart, or stops gradients. Nothing
// where it gives no derivatives.
std::optional<CheckResult> check_derivatives(const source::Function& function,
                                             std::optional<IrProgram> program);

}  // namespace jaxsmith::check
