// What people map a function over a batch for: it looks beyond one element, such as a sum, a sort
// or a loop does. What works element by element takes a batch as it is.
#pragma once

#include <string>
#include <vector>

#include "plan/builder.h"
#include "plan/program.h"

namespace jaxsmith::plan {

// Whether an element of what the function gives may depend on more than the elements at its place:
// by which entries take single numbers, and where steps are written by the shapes of what they take
// and give and by what they call.
bool looks_beyond_elements(const Program& program, BodyId body);

// Whether JAX maps all of its steps over an axis: a Jacobian is a map too.
bool maps(const Program& program);

// Whether an entry may map a function that it has made.
bool worth_mapping(Builder& b, BodyId body);

// What many of these are called together: "seeds" of "seed". Empty where no name says one thing.
std::vector<std::string> names_of_many(const std::vector<std::string>& names);

}  // namespace jaxsmith::plan
