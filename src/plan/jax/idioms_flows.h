// Flows of two quantities that loops integrate: what idioms of steps in time share.
#pragma once

#include <string>
#include <vector>

#include "plan/jax/idiom_forms.h"

namespace jaxsmith::plan {

struct Flow {
  Idiom::Words called;  // of a function that integrates it
  std::string says;
  Idiom::Words forms;  // the slope at {y}, an array of two, under a parameter {k}
  Interval start, rate;
};

const std::vector<Flow>& flows();

}  // namespace jaxsmith::plan
