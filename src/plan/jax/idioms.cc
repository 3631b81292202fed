#include "plan/jax/idioms.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "plan/field.h"

namespace jaxsmith::plan {
namespace {

using enum Field;

// A file's idioms are of a field, but for some by their names.
struct Table {
  std::vector<Op> (*idioms)();
  Field field;
  std::vector<std::pair<std::string_view, Field>> others = {};
  Traits traits = 0;
};

std::vector<Table> tables() {
  return {
      {network_idioms, kNetworks, {{"clip_by_norm", kTraining}}},
      {attention_idioms, kNetworks},
      {network_block_idioms, kNetworks},
      {sequence_idioms, kNetworks},
      {network_training_idioms, kNetworks},
      {vision_geometry_idioms, kVision},
      {vision_idioms, kVision},
      {loss_idioms, kLosses},
      {training_idioms, kTraining},
      {optimizer_idioms, kTraining},
      {metric_idioms, kMetrics},
      {reinforcement_idioms, kReinforced},
      {schedule_idioms, kTraining, {{"equilibrium_state", kNetworks}}},
      {diffusion_idioms, kGenerative, {{"langevin_sampler", kSampling}}},
      {generative_idioms, kGenerative},
      {physics_idioms, kMechanics, {{"kepler_orbit", kFormulas}, {"lqr_gain", kMatrices}}},
      {field_idioms, kGridFields, {{"fresnel", kFormulas}}},
      {particle_idioms, kMechanics, {{"metropolis_sweep", kSampling}, {"spin_energy", kSampling}}},
      {numerics_idioms, kMatrices},
      {analysis_idioms,
       kAnalysis,
       {{"difference_field", kGridFields},
        {"find_root", kOptimization},
        {"bisect", kOptimization},
        {"polynomial_series", kFormulas},
        {"great_circle", kFormulas}}},
      {signal_idioms, kSignals},
      {finance_idioms, kFinance},
      {integer_idioms, kBits},
      {number_idioms, kFormulas, {{"crc_update", kBits}}},
      {array_idioms, kArrays},
      {scatter_idioms,
       kSearches,
       {{"message_passing", kGraphs},
        {"sparse_matvec", kMatrices},
        {"stream_compaction", kArrays},
        {"binned_counts", kStatistics},
        {"embedding_bag", kNetworks},
        {"ragged_rows", kArrays}}},
      {search_idioms,
       kSearches,
       {{"connected_components", kGraphs},
        {"label_propagation", kGraphs},
        {"cellular_automaton", kDiscrete}}},
      {algorithm_idioms,
       kSearches,
       {{"shortest_paths", kGraphs}, {"relax_edges", kGraphs}, {"page_rank", kGraphs}}},
      {probability_idioms,
       kStatistics,
       {{"metropolis_chain", kSampling}, {"metropolis_branch", kSampling}}},
      {sampling_idioms, kSampling, {{"filter_logits", kGenerative}}},
      {statistics_idioms, kStatistics},
      {estimation_idioms, kStatistics},
      {inference_idioms, kStatistics, {{"adapt_scale", kSampling}}},
      {branch_idioms, kOptimization},
      {branch_data_idioms,
       kSearches,
       {{"solve_by_condition", kMatrices},
        {"bracket_tariff", kFinance},
        {"augment_by_kind", kVision},
        {"hybrid_layers", kNetworks},
        {"quantize_rows", kNetworks}}},
      {branch_step_idioms,
       kMechanics,
       {{"loss_scaling", kTraining},
        {"gated_filter", kSignals},
        {"resetting_rollout", kReinforced},
        {"restock_policy", kFinance}}},
      {nested_solver_idioms,
       kMatrices,
       {{"implicit_steps", kMechanics}, {"adaptive_spans", kMechanics}},
       kNests},
      {nested_training_idioms, kTraining, {{"policy_iteration", kReinforced}}, kNests},
      {nested_sampling_idioms, kSampling, {{"cluster_restarts", kStatistics}}, kNests},
      {nested_table_idioms, kSearches, {{"divisor_sums", kFormulas}}, kNests},
      {nested_search_idioms, kSearches, {}, kNests},
      {nested_simulation_idioms, kDiscrete, {{"beam_decode", kSearches}}, kNests},
      {scalar_root_idioms, kFormulas},
      {scalar_integer_idioms, kFormulas},
      {scalar_law_idioms, kFormulas},
      {scalar_everyday_idioms,
       kFormulas,
       {{"make_change", kFinance},
        {"income_tax", kFinance},
        {"amortized_loan", kFinance},
        {"traffic_light", kDiscrete},
        {"score_dice", kDiscrete}}},
      {scalar_code_idioms, kFormulas, {{"check_code", kBits}, {"binary_power", kBits}}},
      {scalar_motion_idioms,
       kFormulas,
       {{"plateau_rate", kTraining}, {"patience_counter", kTraining}}},
  };
}

std::vector<Op> ops_of(const Table& table) {
  std::vector<Op> ops = table.idioms();
  for (Op& op : ops) op = with_traits(table.traits, of_field(table.field, std::move(op)));
  for (const auto& [name, field] : table.others) {
    const auto found = std::ranges::find(ops, name, &Op::name);
    if (found == ops.end()) throw std::logic_error("no such idiom: " + std::string(name));
    *found = of_field(field, std::move(*found));
  }
  return ops;
}

}  // namespace

std::vector<Op> idiom_ops() {
  std::vector<Op> all;
  for (const Table& table : tables()) std::ranges::move(ops_of(table), std::back_inserter(all));
  return all;
}

}  // namespace jaxsmith::plan
