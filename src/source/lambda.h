// Functions that are one expression, as a lambda or as what they only hand on to.
#pragma once

#include "base/random.h"
#include "source/layout.h"

namespace jaxsmith::source {

// Null where a def reads better: nothing of more than `longest` characters becomes a lambda.
Expr as_lambda(const FunctionDefinition& f, std::size_t longest, double lambda_chance,
               Random& random);

}  // namespace jaxsmith::source
