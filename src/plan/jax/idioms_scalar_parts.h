// What idioms of single numbers share: integers as steps, and loops that end by more than one
// condition.
#pragma once

#include <string>
#include <vector>

#include "plan/jax/idiom_forms.h"

namespace jaxsmith::plan {

// An integer scalar by a formula.
ValueId whole(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms,
              Interval range);

// A comparison and its opposite.
struct Comparison {
  std::string holds, fails;
};
// Both of them, in one of the ways that conditions of loops are written.
std::string both(Idiom& i, const Comparison& a, const Comparison& b);
// At least one.
std::string any_of(Idiom& i, const std::string& a, const std::string& b);

// When a loop has settled: its error is no larger than the tolerance, or its steps are used up.
struct Settling {
  std::string tolerance;
  std::int64_t most;
  double error;          // how large it is in practice
  bool counted = false;  // the number of steps is a result
};
// The carries at the end, then the number of steps where it is wanted. `step` takes the carries and
// gives the next, then the error.
Idiom::Ids settle(Idiom& i, const Settling& how, std::vector<Idiom::Carry> carries,
                  Idiom::Words step_names, const Idiom::Fill& step);

}  // namespace jaxsmith::plan
