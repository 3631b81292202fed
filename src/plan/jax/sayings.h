// What a value is, in words, read off the steps that made it: the calls' names say what they give.
//
//   jnp.abs(jnp.fft.fft(signal)) -> "magnitude of the discrete Fourier transform of `signal`"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/builder.h"

namespace jaxsmith::plan {

// Rows of sayings_table.cc.
std::string_view sayings_of_numbers();
std::string_view sayings_of_arrays();
std::string_view sayings_of_distributions();
std::string_view sayings_of_options();

struct Saying {
  std::string phrase;              // without an article; `$0` stands for the first parameter
  std::vector<std::string> names;  // of a function that gives just this
};

// Nothing where a step on the way has no words, or they would be too many.
std::optional<Saying> saying_of(const Builder& b, ValueId id);
// Of all that the root gives: what each is, or what their one step gives.
std::optional<Saying> saying_of_all(const Builder& b, const std::vector<ValueId>& ends);

}  // namespace jaxsmith::plan
