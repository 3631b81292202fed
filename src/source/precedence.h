// How tightly Python's operators bind.
#pragma once

#include <string_view>

#include "source/expression.h"

namespace jaxsmith::source {

// The loosest first, as in Python's grammar.
enum Precedence {
  kLambdaLevel,
  kConditionalLevel,
  kOrLevel,
  kAndLevel,
  kNotLevel,
  kCompareLevel,
  kBitOr,
  kBitXor,
  kBitAnd,
  kShift,
  kSum,
  kProduct,
  kUnaryLevel,
  kPower,
  kPrimary,
};

// Of an operator between two operands; -1 where it is none.
int binary_precedence(std::string_view op);

// Of the expression's outermost operator; kPrimary where it has none.
int precedence(const Expression& e);

// Whether the expression is printed in parentheses where only what binds as tightly as `least` may
// stand without.
bool parenthesised(const Expr& e, int least);

}  // namespace jaxsmith::source
