#include "plan/field.h"

#include <algorithm>
#include <array>

namespace jaxsmith::plan {
namespace {

struct Profile {
  Field field;
  std::vector<Field> goes_on_with;  // others are not gone on with by it
  Whole whole = {};
};

const std::vector<Profile>& profiles() {
  using enum Field;
  static const std::vector<Profile> kProfiles = {
      {kNone, {}},
      {kNetworks,
       {kNetworks, kVision, kGraphs, kGenerative, kSignals, kArrays},
       {{"network", "forward_pass", "encode", "run_model"}, "Run a network"}},
      {kGraphs,
       {kGraphs, kNetworks, kMechanics},
       {{"graph_network", "graph_model", "propagate"}, "Run a model of a graph"}},
      {kVision,
       {kVision, kNetworks, kSignals, kArrays},
       {{"vision_pipeline", "image_features", "image_model"}, "Process images"}},
      {kLosses,
       {kNetworks, kVision, kGraphs, kGenerative, kSignals, kMechanics},
       {{"total_loss", "loss_terms"}, "Compute losses"}},
      {kMetrics, {kNetworks, kVision, kGraphs}, {{"evaluate", "scores"}, "Evaluate a model"}},
      {kTraining, {kTraining}, {{"training_update", "training_phase", "train"}, "Train a model"}},
      {kReinforced,
       {kReinforced},
       {{"agent_update", "policy_update", "learn_policy"}, "Update an agent"}},
      {kGenerative,
       {kGenerative, kNetworks, kVision},
       {{"generate", "generative_model", "sampler"}, "Run a generative model"}},
      {kMechanics,
       {kMechanics, kGridFields},
       {{"simulate", "simulation", "run_simulation"}, "Run a simulation"}},
      {kGridFields,
       {kGridFields, kMechanics, kSignals},
       {{"simulate_fields", "evolve_fields", "simulate"}, "Simulate a field on a grid"}},
      {kSignals,
       {kSignals, kMechanics, kGridFields, kStatistics, kVision},
       {{"signal_chain", "process_signal", "signal_features"}, "Process a signal"}},
      {kFinance, {kFinance}, {{"risk_report", "valuation", "market_model"}, "Model a market"}},
      {kMatrices,
       {kMatrices, kStatistics, kSignals, kNetworks, kGridFields},
       {{"matrix_analysis", "linear_solver", "decompose"}, "Analyze matrices"}},
      {kOptimization, {kOptimization}, {{"optimize", "minimize", "solve"}, "Solve by iteration"}},
      {kAnalysis,
       {kAnalysis, kSignals, kGridFields, kMechanics, kFinance, kStatistics},
       {{"numerical_analysis", "tabulate"}, "Analyze sampled functions"}},
      {kStatistics,
       {kStatistics, kSampling, kSignals, kFinance, kMatrices, kMechanics, kGenerative},
       {{"analysis", "statistical_analysis", "estimate"}, "Analyze data"}},
      {kSampling,
       {kSampling, kStatistics, kNetworks, kMechanics},
       {{"inference", "run_inference", "sample_posterior"}, "Run an inference"}},
      {kArrays,
       {kArrays, kSignals, kVision, kMatrices, kNetworks, kGridFields},
       {{"rearrange", "layout"}, "Rearrange arrays"}},
      {kSearches, {kSearches, kGraphs}, {{"search", "run_search", "algorithm"}, "Run a search"}},
      {kDiscrete, {kDiscrete}, {{"simulate", "simulation"}, "Run a simulation"}},
      {kBits, {kBits}, {{"encode_words", "scramble", "codec"}, "Encode words of bits"}},
      {kFormulas, {}, {{"evaluate_formulas"}, "Evaluate formulas"}},
      {kWholes, {}}};
  return kProfiles;
}

const Profile& profile_of(Field field) {
  return *std::ranges::find(profiles(), field, &Profile::field);
}

}  // namespace

Field field_of(const Op& op) { return static_cast<Field>((op.traits & kFieldBits) >> kFieldShift); }

Op of_field(Field field, Op op) {
  op.traits = (op.traits & ~kFieldBits) | static_cast<Traits>(field) << kFieldShift;
  return op;
}

bool may_follow(Field next, Field before) {
  if (next == Field::kNone || before == Field::kNone) return true;
  const std::vector<Field>& others = profile_of(next).goes_on_with;
  return std::ranges::find(others, before) != others.end();
}

bool continues(Field field) { return may_follow(field, field); }

const Whole& whole_of(Field field) { return profile_of(field).whole; }

}  // namespace jaxsmith::plan
