// Distributions of jax.scipy.stats over real numbers: where each has mass, its parameters and what
// its methods give. Of counts see ops_statistics.cc.
#pragma once

#include <string>
#include <vector>

#include "plan/idiom.h"
#include "plan/jax/call_forms.h"

namespace jaxsmith::plan {

// What a method of a distribution gives: where its values lie and what they are called.
struct Method {
  std::string name;
  Idiom::Words names;
  Interval result;
};

struct Distribution {
  std::string name;
  Interval data;  // where it has mass
  std::vector<CallParameter> parameters;
  LocScale loc_scale;
  std::vector<Method> methods;
  bool half = true;
  Traits traits = 0;
  Interval quantiles = {0.05, 0.95};

  const Method* method(std::string_view name) const;
};

std::vector<Distribution> location_families();
// Of positive numbers, of angles and of what lies within bounds.
std::vector<Distribution> positive_families();
Method ppf(double low, double high);
// A row each: what the methods of several rows ask of parameters and types holds for all of them.
std::vector<Distribution> distributions();

// The data that a method takes and its parameters: the call's text without the function.
CallText arguments_of(Idiom& i, const Distribution& d, ValueId x, bool& moved);
// Elsewhere and stretched: tails reach further.
Interval stretched(const Method& m);
bool is_quantile(std::string_view method);

// Log densities are mostly summed: the log likelihood of independent samples.
void maybe_total(Idiom& i, ValueId x, Interval range);

}  // namespace jaxsmith::plan
