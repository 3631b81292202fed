// What a comment may say of a step: reasons that its form has and its text does not give, such as
// why a small number is added before a division, or an axis kept.
#pragma once

#include <string>
#include <vector>

#include "plan/program.h"
#include "source/expression.h"

namespace jaxsmith::source {

// A reason in several wordings, each a line of its own; a short one has room behind the statement.
struct Remark {
  std::string about;  // the same reason is given once in a function
  std::vector<std::string> wordings;
};

// Of one step as it is written, what says most first.
std::vector<Remark> remarks_on(const Expr& written, const plan::Node& node,
                               const plan::Program& program);

}  // namespace jaxsmith::source
