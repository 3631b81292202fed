// Tokens of a jaxpr's text, as `str(jaxpr)` prints it (jax/_src/core.py, pp_jaxpr and what it
// calls).
//
//   JAXSMITH_TRY(tokens, jaxpr::lex("{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }"));
//
// Every byte belongs to a token: the tokens' texts, one after another, are the text.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace jaxsmith::jaxpr {

enum class TokenKind {
  kSpace,   // blanks and line ends
  kName,    // variables, primitives (scatter-add), keywords, dtypes, enumerators (A.B)
  kNumber,  // 3, -1.5e-05, -inf is a number too; inf and nan alone are names
  kString,  // with its quotes
  kSymbol,  // one character
};

struct Token {
  TokenKind kind;
  std::string_view text;
  int line, column;  // from 1
};

Result<std::vector<Token>> lex(std::string_view text);

}  // namespace jaxsmith::jaxpr
