// What StableHLO's and CHLO's own attributes may hold (StablehloAttrs.td, StablehloEnums.td).
#pragma once

#include <string>
#include <string_view>

#include "ir/stablehlo/scanner.h"

namespace jaxsmith::stablehlo {

// The words of an enumeration, "DEFAULT HIGH HIGHEST" of precision; empty where there is none.
std::string_view enumeration(std::string_view name);

// Reads what stands between the brackets of `#stablehlo.NAME<…>`, of which the first has been
// taken, and gives it with blanks where MLIR has them. Refuses what is not in the attribute's
// grammar.
std::string attribute_body(std::string_view name, Scanner& in);

// [b, 0, f]x[0, i, o]->[b, 0, f]
std::string convolution_dims(Scanner& in);

}  // namespace jaxsmith::stablehlo
