// Steps as a reviewer would leave them: no factor of one, no product of two numbers in a row.
#pragma once

#include "source/expression.h"

namespace jaxsmith::source {

// `inexact`: the step's operands are reals or complex numbers, so that a factor of 1.0 changes no
// type. What is called may give whole numbers and stays as it is.
Expr without_ones(const Expr& step, bool inexact);

// 0.1 * (0.5 * x) is 0.05 * x.
Expr with_joined_factors(const Expr& step);

}  // namespace jaxsmith::source
