#include "plan/size.h"

namespace jaxsmith::plan {

const SizeProfile& profile_of(SizeClass size) {
  static const std::array<SizeProfile, 3> kProfiles = {{
      {.share = 0.1,
       .steps = 3,
       .more_steps = 0,
       .more_idioms = {1},
       .most_nodes = 9,
       .most_results = 3,
       .most_arguments = 5,
       .most_differentiated = 12},
      {.share = 0.68,
       .steps = 4,
       .more_steps = 6,
       .more_idioms = {0.4, 0.36, 0.17, 0.07},
       .most_nodes = 160,  // operations that a reader can still follow
       .most_results = 4,
       .most_arguments = 6,
       .most_differentiated = 24},
      // Of several functions each: plan/jax/wholes.h, plan/composition.h.
      {.share = 0.22,
       .steps = 4,
       .more_steps = 6,
       .more_idioms = {0.4, 0.35, 0.2, 0.05},
       .most_nodes = 1600,
       .most_results = 20,  // each weight of a training step
       .most_arguments = 30,
       .most_differentiated = 160},
  }};
  return kProfiles[static_cast<std::size_t>(size)];
}

}  // namespace jaxsmith::plan
