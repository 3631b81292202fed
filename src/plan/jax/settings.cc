#include "plan/jax/settings.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "plan/jax/call_table.h"

namespace jaxsmith::plan {
namespace {

// What values are called that people do this with, where it would fit any by its type.
constexpr std::string_view kWords = R"rows(
compare_with_reference relative_error robust_penalty descend_on = predicted prediction curve line
    interpolated response looked_up restored signal_back denoised image calibrated corrected
    polynomial forecast outputs
agreement = predicted response signal smoothed filtered windowed tapered calibrated corrected
    convolved restored series
distribution = readings samples calibrated corrected residual deviation error draws noise
    weighted_losses lifetimes waiting_times jumps velocities resampled bootstrap detrended
    first_passages
weighted_average = readings samples calibrated corrected losses errors costs squared residual
    weighted_losses attended values
normalize_values = features patches embedded amplitude corrected calibrated
readout = features activation activated embedded hidden gate harmonics flat pooled
    standardized normalized responses
covariance_of_rows = centered standardized detrended residual deviation draws samples features
    corrected
scores = scores logits log_odds similarity matches responses
changes = series signal smoothed filtered restored
moving_average = series signal recording
group_means = readings losses errors scores corrected calibrated residual weighted_losses squared
    surprise
select_rows = embedded features activation hidden scores gathered losses
blend_with_estimate = average mean estimate variance spread middle peak rate fraction prediction
limit_by_branch = power energy level norm length reading
choose_by_mode = readings losses errors samples corrected weighted_losses residual
smooth_in_time = readings signal series corrected calibrated losses residual
compare_each = features embedded offsets displacements directions rotated gathered harmonics patches
score_each_row = predicted prediction curve restored smoothed outputs
counts_beside_expected = counts histogram occurrences tally hits count events occupied
weigh_counts = counts histogram occurrences tally hits quantities
entries_of_table = ids tokens codes labels bucket buckets bins hashes place places winner
    best_index cheapest nearest
nearest_level response_to_candidates = level reading measured calibrated corrected
discounted_sum = rewards returns losses costs payoffs income weighted_losses gains
one_pass_moments = readings samples calibrated corrected residual deviation draws noise losses errors
driven_oscillator = force forces signal tone wave noise drive_above_threshold
resonator = signal series tone wave noise samples detrended recording
power_iteration_of = matrix design jacobian factors loadings gram covariance transition
screened_poisson = charge charges source sources density
equilibrium_of = pre_activation hidden projected embedded drive_above_threshold features
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
  for (Op& op : all)
    if (const auto found = words.find(op.name); found != words.end())
      op = for_values_called(found->second, std::move(op));
  return all;
}

}  // namespace jaxsmith::plan
