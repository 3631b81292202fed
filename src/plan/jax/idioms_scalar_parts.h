// What idioms of single numbers share: integers as steps, and conditions of more than one part.
#pragma once

#include <string>
#include <vector>

#include "plan/jax/idiom_forms.h"

namespace jaxsmith::plan {

// An integer scalar by a formula.
ValueId whole(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms,
              Interval range);

// At least one.
std::string any_of(Idiom& i, const std::string& a, const std::string& b);

}  // namespace jaxsmith::plan
