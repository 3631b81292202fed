// What of a source's text measures go by: identifiers, docstrings, comments, guards, the forms of
// its functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "source/python_tokens.h"

namespace jaxsmith::stats {

struct PythonMeasures {
  std::int64_t comments = 0;
  // Of functions and classes at the top level, which is what an author wrote: tokens without
  // comments and docstrings, and the identifiers among them, each once.
  std::int64_t tokens = 0;
  std::vector<std::string> identifiers;
  std::int64_t functions = 0;           // definitions, inner ones too
  std::vector<std::string> docstrings;  // their first lines
  std::vector<std::string> forms;       // of functions at the top level: without names and numbers
  // Constants that may be there only to keep a domain safe: x + 0.7, jnp.clip(x, 0.1, 2.0).
  std::int64_t plus_constant = 0, clip_to_constants = 0;
};

PythonMeasures measures_of(const source::PythonTokens& tokens);

// A docstring's line with what is quoted as NAME, what are sizes as SHAPE, lists of these as one.
std::string docstring_pattern(const std::string& line);

}  // namespace jaxsmith::stats
