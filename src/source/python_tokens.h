// The lexical tokens of Python, as its tokenizer gives them, for measures of sources. A text that
// is no Python gives the tokens up to where that shows, or those that it has by their form.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace jaxsmith::source {

struct PythonToken {
  enum class Kind {
    kName,  // keywords, too
    kNumber,
    kString,  // with prefix and quotes
    kOperator,
    kComment,
    kNewline,  // the end of a logical line
    kIndent,
    kDedent,
  };
  Kind kind = Kind::kName;
  std::string_view text;  // in the source; empty of kNewline, kIndent, kDedent

  bool is(std::string_view word) const {
    return text == word && (kind == Kind::kName || kind == Kind::kOperator);
  }
};

using PythonTokens = std::vector<PythonToken>;

PythonTokens python_tokens(std::string_view source);

// How many there are without comments and without what only layout makes: ends of lines and
// indents.
std::int64_t count_tokens(const PythonTokens& tokens);

// True, False, None, def, lambda, …: not match and its like, which are names elsewhere.
bool is_python_keyword(std::string_view word);

// A name that is no keyword.
bool is_identifier(const PythonToken& token);

}  // namespace jaxsmith::source
