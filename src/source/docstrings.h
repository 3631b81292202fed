// What functions say of themselves: one line, or that and their arguments and results in one of the
// usual layouts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "plan/program.h"

namespace jaxsmith::source {

using NamedTypes = std::vector<std::pair<std::string, plan::Type>>;

enum class Sections { kNone, kGoogle, kNumpy };

// What is known of a function: sentences that are true of it, what it takes (`_` is not needed) and
// what it gives.
struct Purpose {
  std::vector<std::string> summaries;
  NamedTypes parameters, results;
};

// One of the sentences that have room, or one made of names where there is none; with sections
// where these are asked for and stay short. Lines are divided by '\n' and fit into `width` columns.
// `array`: how the type of an array is written; empty: in words.
std::string docstring(const Purpose& purpose, Sections sections, const std::string& array,
                      std::size_t width, Random& random);

// A sentence with names in the places of its holes: `$f3` is function 3, `$0` the first parameter.
// Nothing where one has no name.
std::optional<std::string> filled(const std::string& sentence,
                                  const std::vector<std::string>& parameters,
                                  const std::map<plan::BodyId, std::string>& functions);

}  // namespace jaxsmith::source
