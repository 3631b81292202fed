// A step in the words of a dialect (plan/dialect.h).
#pragma once

#include "base/random.h"
#include "plan/catalogue.h"
#include "plan/program.h"
#include "source/expression.h"

namespace jaxsmith::source {

// Which dialect a family speaks; mostly none.
const plan::Dialect* draw_dialect(const plan::Vocabulary& words, Random random);

// The spelling of a node with other words, where the types of its operands allow them. It means the
// same, and has the same holes.
Expr in_dialect(const Expr& spelling, const plan::Dialect& dialect, const plan::Program& program,
                const plan::Node& node);

}  // namespace jaxsmith::source
