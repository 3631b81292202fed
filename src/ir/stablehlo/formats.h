// How operations are written: MLIR's custom assembly forms, as the printer of StableHLO writes them
// (StablehloOps.td, ChloOps.td). Which operation has which form stands in op_table.cc; one without
// is written generically, or by hand (custom_forms.cc, printer_forms.cc).
#pragma once

#include <string_view>

namespace jaxsmith::stablehlo {

enum class Types {
  kSame,      // ": T" where all types are T, else "(T, …) -> T"
  kFunction,  // "(T, …) -> T"
  kResult,    // "T" of the result
  kArrow,     // "T, … -> T"
  kList,      // "T, …" of the operands
  kSelect,    // predicate's and result's
  kComplex,   // result's; operands are its parts
  kTuple,     // the result's, which holds the operands'
  kNone,
};

// A form is written as: `%` one operand; `%*` the rest; `<name:kind>` an attribute, where kind is
// ints, int, bool, string, symbol, precision (exponent_bits and mantissa_bits) or the name of an
// enumeration of StableHLO; `{…}` a part that stands only where its attribute does; anything else
// for itself. The other attributes and the types follow.
struct Format {
  std::string_view form;
  Types types = Types::kNone;
};

}  // namespace jaxsmith::stablehlo
