// Source and IR with the colours of a terminal.
#pragma once

#include <string>
#include <string_view>

namespace jaxsmith {

enum class Language { kPython, kJaxpr, kStablehlo, kHlo };

// The same text with ANSI colours around comments, strings, numbers, keywords, types, names of
// values and operations. Taking the colours away gives the text back.
std::string highlight(std::string_view text, Language language);

}  // namespace jaxsmith
