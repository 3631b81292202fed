// Which steps of a module get a comment, and which one.
#pragma once

#include <set>
#include <string>

#include "base/random.h"
#include "plan/program.h"
#include "source/expression.h"
#include "source/style.h"

namespace jaxsmith::source {

class Commentary {
 public:
  Commentary(const plan::Program& program, const Style& style) : program_(program), style_(style) {}

  // Whether what a step's entry says of it is to be seen.
  bool shows(const plan::Node& node, Random random) const;
  // A reason for the step as it is written, in at most `room` characters; empty: none. No reason is
  // given twice in a module.
  std::string reason(const plan::Node& node, const Expr& written, std::size_t room, Random random);

 private:
  const plan::Program& program_;
  const Style& style_;
  std::set<std::string> given_;
};

}  // namespace jaxsmith::source
