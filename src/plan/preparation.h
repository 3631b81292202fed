// Preparations: how data come about that a function is given. What an idiom asks for as an argument
// is rarely what a caller has at hand: prices are the last ones of a longer record, masses are kept
// as logarithms, readings are calibrated, a mask says which tokens are there. So an argument of the
// root may be made of others by a step or two, whose result has the type and the range that the
// idiom asked for, and its name.
//
//   Preparation{"prepare of_logarithms", 1.0, is_positive_scale,
//               [](Idiom& i, const Wanted& wanted) {
//                 const Interval logs{portable::log(wanted.range.lo),
//                                     portable::log(wanted.range.hi)};
//                 const ValueId raw = i.argument({"log_" + wanted.stem()}, wanted.type, logs);
//                 return i.let(wanted.names, "jnp.exp($0)", {raw}, wanted.type, wanted.range);
//               }}
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/op.h"

namespace jaxsmith::plan {

class Idiom;

// An argument as an idiom asks for it; its first name is the one that it would have.
struct Wanted {
  std::vector<std::string> names;
  Type type;
  Interval range;
  // What the names of what it is made of end with: a noun of a word or two.
  std::string stem() const;
};

struct Preparation {
  std::string entry;  // of the catalogue; its steps are of it
  double weight = 1;
  std::function<bool(const Wanted&)> fits;
  // Makes it of new arguments of the root: of exactly the type that is wanted, in its range. May
  // fail as idioms do.
  std::function<ValueId(Idiom&, const Wanted&)> write;
};

// The entry that a preparation's steps belong to: it is never drawn by itself.
Op preparation_entry(std::string name, Category category);
bool is_preparation(const Op& op);

// The argument, made of others; nothing where this program leaves it as it is. For bodies in which
// arguments may be added.
std::optional<ValueId> prepared(Builder& b, const Wanted& wanted);

}  // namespace jaxsmith::plan
