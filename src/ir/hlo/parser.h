// Reads HLO text, of any layout: with or without percent signs, types of operands, metadata,
// tables of source locations, comments.
#pragma once

#include <string_view>

#include "base/status.h"
#include "ir/hlo/module.h"

namespace jaxsmith::hlo {

// As in XLA, an operand has to be defined further up in its computation; computations may be
// called before they are defined. Constants elided as {...} are refused.
Result<Module> parse(std::string_view text, std::string_view file = "hlo");

}  // namespace jaxsmith::hlo
