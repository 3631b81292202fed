// One text for all modules that say the same in other words.
#pragma once

#include <string>

#include "ir/hlo/module.h"

namespace jaxsmith::hlo {

// HLO text in which names are numbers, instructions and computations stand in the order in which
// the entry's root needs them, attributes by their keys, and in which metadata, signatures, types of
// operands, row-major layouts and whatever else computes nothing are left out. It parses, and
// computes the same. Modules that differ in nothing but that have the same text; what nobody uses
// is part of it.
std::string canonical(const Module& module);

// XXH3-128 of the canonical text, in hexadecimal digits.
std::string structural_hash(const Module& module);

}  // namespace jaxsmith::hlo
