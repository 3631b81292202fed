#include "plan/jax/idioms.h"

#include <algorithm>
#include <iterator>

namespace jaxsmith::plan {

std::vector<Op> idiom_ops() {
  std::vector<Op> all;
  for (auto* field : {network_idioms,
                      attention_idioms,
                      network_block_idioms,
                      sequence_idioms,
                      network_training_idioms,
                      vision_geometry_idioms,
                      vision_idioms,
                      loss_idioms,
                      training_idioms,
                      optimizer_idioms,
                      metric_idioms,
                      reinforcement_idioms,
                      schedule_idioms,
                      diffusion_idioms,
                      generative_idioms,
                      physics_idioms,
                      field_idioms,
                      particle_idioms,
                      numerics_idioms,
                      analysis_idioms,
                      signal_idioms,
                      finance_idioms,
                      integer_idioms,
                      number_idioms,
                      array_idioms,
                      scatter_idioms,
                      search_idioms,
                      algorithm_idioms,
                      probability_idioms,
                      sampling_idioms,
                      statistics_idioms,
                      estimation_idioms,
                      inference_idioms,
                      branch_idioms,
                      branch_data_idioms,
                      branch_step_idioms,
                      nested_solver_idioms,
                      nested_training_idioms,
                      nested_sampling_idioms,
                      nested_table_idioms,
                      nested_search_idioms,
                      nested_simulation_idioms,
                      scalar_root_idioms,
                      scalar_integer_idioms,
                      scalar_law_idioms,
                      scalar_motion_idioms})
    std::ranges::move(field(), std::back_inserter(all));
  return all;
}

}  // namespace jaxsmith::plan
