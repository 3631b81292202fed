// What two jaxprs share that say the same in other words.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/status.h"
#include "ir/common/program.h"
#include "ir/jaxpr/module.h"

namespace jaxsmith::jaxpr {

// The signature has variables numbered in the order they are bound, values of literals and names of
// functions left out. The structure is the signature without dtypes and without sizes (of
// dimensions and in parameters): what a program is, whatever it is applied to. A jaxpr that is
// printed once counts once. Errors are of one line: a variable is not defined; `text` is what the
// module was read from.
Result<ir::Structure> structure_of(const Module& module, std::string_view text);

// How often each primitive occurs, in inner jaxprs too.
ir::OpCounts op_counts(const Module& module);

// Of all variables and literals, in inner jaxprs too, as far as arrays can be of them.
std::set<tensor::DType> element_types(const Module& module);

// A jaxpr's text that says the same: variables are called a, b, … in the order they are bound, in
// each jaxpr anew, and _ where nothing takes them; shared jaxprs are called f0, f1, … in the order
// of their use, and those that nothing uses are left out (what is not defined, or needs itself, has
// another name than these); so are names of functions and what only Python knows
// (<function f at 0x…>). Of its own result it is the same.
std::string canonical(const Module& module);

// XXH3's 128 bits of the canonical text, as hexadecimal digits.
std::string structural_hash(const Module& module);

}  // namespace jaxsmith::jaxpr
