// Packs that hold containers: params["encoder"]["w"], state.moments.mean, params["layers"][0]["b"].
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "plan/program.h"
#include "source/packs.h"

namespace jaxsmith::source {

// A name for a class of the module, free, like the one asked for.
using ClaimClass = std::function<std::string(const std::string&)>;

// What the pack holds where members of it go together: those that one function of the module alone
// takes, those whose names share a word, layers whose names share a number. `ids` are its members
// as `body` takes them; `pack` is what the whole is called. Nothing where none go together.
std::vector<Nest> nested_parts(const plan::Program& program, const plan::Body& body,
                               const std::vector<plan::ValueId>& ids, const PackForm& form,
                               const std::string& pack, Random random, const ClaimClass& claim);

}  // namespace jaxsmith::source
