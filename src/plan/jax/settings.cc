#include "plan/jax/settings.h"

#include <iterator>

namespace jaxsmith::plan {

std::vector<Op> setting_ops() {
  std::vector<Op> all;
  for (auto* kind : {comparison_settings, model_settings, control_settings, number_settings})
    std::ranges::move(kind(), std::back_inserter(all));
  return all;
}

}  // namespace jaxsmith::plan
