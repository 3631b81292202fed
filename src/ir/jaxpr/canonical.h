// What two jaxprs share that say the same in other words.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "ir/jaxpr/module.h"

namespace jaxsmith::jaxpr {

struct Canonical {
  // Variables numbered in the order they are bound, values of literals and names of functions left
  // out.
  std::string signature;
  // The signature without dtypes and without sizes (of dimensions and in parameters): what a
  // program is, whatever it is applied to.
  std::string structure;
  std::int64_t equations = 0;  // inner jaxprs' too; one that is printed once counts once
  std::map<std::string, std::int64_t> primitives;  // how often each occurs
};

// Errors are of one line: the text is no jaxpr, or a variable is not defined.
Result<Canonical> canonicalize(std::string_view text);

// A jaxpr's text that says the same: variables are called a, b, … in the order they are bound, in
// each jaxpr anew, and _ where nothing takes them; shared jaxprs are called f0, f1, … in the order
// of their use, and those that nothing uses are left out; so are names of functions and what only
// Python knows (<function f at 0x…>). Of its own result it is the same.
std::string canonical(const Module& module);

// XXH3's 128 bits of the canonical text, as hexadecimal digits.
std::string structural_hash(const Module& module);

}  // namespace jaxsmith::jaxpr
