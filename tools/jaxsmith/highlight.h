// Source and IR with the colours of a terminal.
#pragma once

#include <string>
#include <string_view>

#include "ir/common/level_row.h"

namespace jaxsmith::cli {

// How Python is coloured; levels of IR say it in their rows.
const ir::Highlighting& python_highlighting();

// The same text with ANSI colours around comments, strings, numbers, keywords, types, names of
// values and operations. Taking the colours away gives the text back.
std::string highlight(std::string_view text, const ir::Highlighting& how);

}  // namespace jaxsmith::cli
