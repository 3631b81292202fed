#include "plan/jax/settings.h"

#include <algorithm>
#include <iterator>

namespace jaxsmith::plan {

std::vector<Op> setting_ops() {
  std::vector<Op> all;
  for (auto* kind : {data_roles, purposes, comparison_settings, model_settings, control_settings,
                     whole_settings, number_settings})
    std::ranges::move(kind(), std::back_inserter(all));
  return all;
}

}  // namespace jaxsmith::plan
