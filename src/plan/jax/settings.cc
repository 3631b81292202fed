#include "plan/jax/settings.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

#include "plan/jax/call_table.h"

namespace jaxsmith::plan {
namespace {

// What values are called that people do this with, where it would fit any by its type; "any" where
// that says enough.
constexpr std::string_view kWords = R"rows(
robust_penalty = predicted prediction curve response calibrated wave amplitude magnitude power
    length radius distance rate
compare_with_reference relative_error descend_on = predicted prediction curve line
    interpolated response looked_up restored signal_back denoised image calibrated corrected
    polynomial forecast outputs
agreement = predicted response signal smoothed filtered windowed tapered calibrated corrected
    convolved restored series
distribution = readings samples calibrated corrected residual deviation error draws noise
    weighted_losses lifetimes waiting_times jumps velocities resampled bootstrap detrended
    first_passages
weighted_average = readings samples calibrated corrected losses errors costs squared residual
    weighted_losses attended values power energy magnitude intensity sizes distance distances
normalize_values = features patches embedded amplitude corrected calibrated
readout = features activation activated embedded hidden gate harmonics flat pooled
    standardized normalized responses projected rectified gated attended monomials basis
covariance_of_rows = centered standardized detrended residual deviation draws samples features
    corrected
changes = series signal smoothed filtered restored
moving_average = series signal recording readings restored noise wave detrended interpolated price
    prices
group_means = readings losses errors scores corrected calibrated residual weighted_losses squared
    surprise
select_rows = embedded features activation hidden scores gathered losses
blend_with_estimate = average mean estimate variance spread middle peak rate fraction prediction
limit_by_branch = power energy level reading
choose_by_mode = readings losses errors samples corrected weighted_losses residual
smooth_in_time = readings signal series corrected calibrated losses residual noise samples draws
    power energy amplitude wave
compare_each = features embedded offsets displacements directions rotated gathered harmonics patches
score_each_row = predicted prediction curve restored smoothed outputs features embedded
    interpolated signal patches normalized
counts_beside_expected = counts histogram occurrences tally hits count events occupied
weigh_counts = counts histogram occurrences tally hits quantities
entries_of_table = ids tokens codes labels bucket buckets bins hashes place places winner
    best_index cheapest nearest
nearest_level = level reading measured calibrated corrected mean average
    middle median peak amplitude energy
discounted_sum = rewards payoffs gains costs returns losses payments growth increments errors
    squared power
one_pass_moments = readings samples draws errors residual corrected calibrated deviation gaps
driven_oscillator resonator = signal force drive wave recording modulated filtered windowed
power_iteration_of = covariance gram matrix kernel adjacency product similarity transform
screened_poisson = source charge density image
equilibrium_of = features inputs embedded projected bias hidden pre_activation activation activated
    rectified gated standardized normalized
flags_as_mask selected_or_all power_of_complex = any
)rows";

std::map<std::string, std::vector<std::string>, std::less<>> words_of_settings() {
  std::map<std::string, std::vector<std::string>, std::less<>> out;
  for (const std::string& line : table_lines(kWords)) {
    const std::size_t equals = line.find(" = ");
    for (const std::string& setting : table_words(line.substr(0, equals)))
      out.emplace(setting, table_words(line.substr(equals + 3)));
  }
  return out;
}

}  // namespace

std::vector<Op> setting_ops() {
  std::vector<Op> all;
  for (auto* kind : {data_roles, purposes, comparison_settings, model_settings, control_settings,
                     loop_settings, whole_settings, number_settings, result_words})
    std::ranges::move(kind(), std::back_inserter(all));
  const auto words = words_of_settings();
  for (Op& op : all) {
    if (const auto found = words.find(op.name); found != words.end())
      op = for_values_called(found->second, std::move(op));
    if (op.hints.empty())
      throw std::logic_error("settings: nothing says which values " + op.name + " takes");
  }
  return all;
}

}  // namespace jaxsmith::plan
