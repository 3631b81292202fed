// What members differentiate: the root's function where it gives one number, else a function of its
// arguments that measures how far it is from what was observed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/jax/member_subject.h"
#include "plan/jax/wrapper.h"

namespace jaxsmith::plan {

// Parameters of the body that stand for the root's.
std::vector<ValueId> copy_parameters(Wrapper& w, BodyId body);

// A function that gives one number, and what the entry calls it with.
struct Objective {
  BodyId body = -1;
  std::vector<ValueId> arguments;  // the root's, perhaps a target; of a closure those alone that
  bool closure = false;            // a derivative is taken in
  std::vector<ValueId> rest = {};  // of the body: what comes with the number, as auxiliary
  ValueId target = kNoValue;       // the entry's
  std::string about = {};          // "mean squared error against `$3`"; empty: the subject itself
  std::vector<std::string> words = {};  // what the number is called
};

// Of which results a misfit may be measured without leaving the range of their type.
bool has_misfit(const Program& root, const Subject& subject);

// The entry's parameters are those of the root, so far; a target becomes one more. `closed`: it may
// be a function of the arguments alone that a derivative is taken in, within the entry.
Objective objective_of(Wrapper& w, const Subject& subject, const std::vector<ValueId>& parameters,
                       bool closed, Random& random);

// The same of the result as it is, whatever its shape: a function of these arguments alone, or the
// root's own where there are no others.
Objective closure_of(Wrapper& w, const Subject& subject, const std::vector<ValueId>& parameters,
                     Random& random);

// One more argument of the entry, of this type; where its elements lie.
ValueId more_argument(Wrapper& w, Type type, double lo, double hi, std::vector<std::string> names,
                      Random& random, bool integral = false);

}  // namespace jaxsmith::plan
