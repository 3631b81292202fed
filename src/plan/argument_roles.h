// What an argument is to its function, as its name and type say: what is learnt, data, an
// optimiser's memory. Arguments that people hand over as one have the same role.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/program.h"

namespace jaxsmith::plan {

enum class ArgumentRole {
  kLearnt,     // weights, biases, gains
  kMoment,     // what an optimiser remembers from step to step
  kSetting,    // one number that steers a method: a rate, a damping
  kNumber,     // another single number: a coefficient
  kOfAnother,  // a number that says something of another: its uncertainty, its change
  kData,       // examples, labels, masks, and what is called nothing
  kAlone,      // gradients, perturbations: they belong to one argument, not to a group
};

ArgumentRole role_of_argument(const Value& value);

// The likeliest of a value's names, or the noun of what gives it; empty: it has none.
std::string word_of(const Value& value);

// "log_likelihood" as it stands in a sentence: "log likelihood"; `x2` stays one.
std::string as_words(std::string_view name);

// Whether a name says what is done, rather than what comes of it: "unpack_bytes".
bool begins_with_verb(std::string_view name);

// "w_out2" is "w" and "out".
std::vector<std::string> words_of_name(std::string_view name);

}  // namespace jaxsmith::plan
