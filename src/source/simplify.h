// Steps as a reviewer would leave them: no factor of one, nothing added that is zero, no product of
// two numbers in a row.
#pragma once

#include "source/expression.h"

namespace jaxsmith::source {

// `inexact`: the step's operands are reals or complex numbers, so that a factor of 1.0 changes no
// type. What is called may give whole numbers and stays as it is, but for functions that do not.
Expr without_ones(const Expr& step, bool inexact);

// 0.1 * (0.5 * x) is 0.05 * x, 1.5 - 1.0 is 0.5 and x + -y is x - y. Two numbers stay where what
// they give has more digits than they have: 2.0 * 9.81.
Expr with_joined_factors(const Expr& step);

}  // namespace jaxsmith::source
