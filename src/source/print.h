// Expressions as documents: where ruff would end a line in them.
#pragma once

#include "source/document.h"
#include "source/expression.h"

namespace jaxsmith::source {

// `in_brackets`: whether the text around it is in brackets, where a line may end at an operator
// too.
Document document(const Expr& e, bool in_brackets);

// `open`, the content and `close`; the content gets lines of its own where it does not fit.
Document bracketed(std::string open, Document content, std::string close);

// What a statement does with a value that is too long for its line.
enum class Overflow {
  kBrackets,     // lines end in the value's own brackets: a call, a list
  kParentheses,  // it is put into parentheses, where lines end at its operators
  kEither,       // in its own brackets where what is outside of them is short enough: a * f(b)
  kWhole,        // into parentheses where it fits there on one line: a name
};
Overflow overflow(const Expr& value);

}  // namespace jaxsmith::source
