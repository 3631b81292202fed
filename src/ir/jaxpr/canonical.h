// What two jaxprs share that say the same in other words.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

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

Result<Canonical> canonicalize(std::string_view text);

}  // namespace jaxsmith::jaxpr
