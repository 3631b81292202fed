// How often each operation occurs in a module's text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace jaxsmith {

using OpCounts = std::map<std::string, std::int64_t>;

// "stablehlo.add", "func.call" …: every operation of the module but the module itself, those of
// regions included.
OpCounts stablehlo_op_counts(std::string_view text);
// Opcodes of all computations' instructions.
OpCounts hlo_op_counts(std::string_view text);

}  // namespace jaxsmith
