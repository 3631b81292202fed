#include "plan/meaning.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace jaxsmith::plan {
namespace {

enum : std::size_t {
  kFeature,      // what layers of a model hand on
  kScore,        // what a model says of classes or choices, before it is normalized
  kProbability,  // and after
  kLogProbability,
  kLoss,
  kWeight,  // what is learnt
  kGradient,
  kImage,
  kSignal,
  kSpectrum,
  kPosition,
  kVelocity,
  kGridField,
  kEnergy,
  kTime,
  kAngle,
  kPrice,
  kReturn,
  kReward,
  kMatrix,
  kDistance,
  kRate,
  kError,
  kMoment,  // a mean, a variance
  kState,
  kNoise,
  kCount,
  kMeanings
};
static_assert(kMeanings <= 32);

constexpr Meaning bit(std::size_t meaning) { return Meaning{1} << meaning; }

struct Words {
  std::size_t meaning;
  std::string_view words;  // apart by spaces
};

constexpr std::array<Words, 27> kWords = {{
    {kFeature,
     "hidden features feature activations activation tokens embeddings embedding embedded "
     "context query queries key keys q k frames instances encoded latents latent outputs "
     "output out outs attended attention pooled gated heads h activated projected inputs "
     "sequence layer message messages codes encoding descriptor head residual_stream vectors "
     "projection"},
    {kScore,
     "logits logit scores score preferences similarity affinity outputs predictions prediction "
     "emissions confidence interest"},
    {kProbability,
     "probs prob probabilities probability proportions shares share mixing confidence resp "
     "responsibilities belief beliefs posterior occupation likelihood marginal chances density "
     "densities pdf cdf survival"},
    {kLogProbability,
     "logp log_prob log_probs log_p log_q loglik log_likelihood log_likelihoods log_density "
     "log_weights log_posterior log_joint log_evidence evidence log_target log_proposal log_ratio "
     "log_norm log_z logw"},
    {kLoss,
     "loss losses nll penalty objective divergence kl cost costs regret hinge bce mse "
     "cross_entropy risk dice perplexity entropy inertia discrepancy misfit distortion"},
    {kWeight,
     "params weights weight kernel w w1 w2 wq wk wv wo theta parameters filters iterates "
     "checkpoints snapshots bias biases gain readout w_out w_rec coefficients coef"},
    {kGradient,
     "grads gradients grad gradient g update updates momentum direction slope slopes hvp "
     "descent hypergrad tangent"},
    {kImage,
     "image images picture patches patch tiles tile pixels crop cropped heatmaps maps canvas "
     "resized flipped mirrored"},
    {kSignal,
     "signal signals waveform filtered smoothed envelope series analytic tapered windowed "
     "frames audio response trend"},
    {kSpectrum,
     "spectrum power periodogram magnitudes cepstra bands decibels band_energy amplitude "
     "frequency freqs"},
    {kPosition,
     "position positions coords q moved start starts displacement displaced particles "
     "locations centers center centroids corners x0 drifted trajectory keypoints"},
    {kVelocity, "velocity velocities momenta kicked speed speeds wind accel acceleration"},
    {kGridField,
     "field fields u potential potentials concentration height temperature vorticity wave grid "
     "flow curl evolved relaxed phi"},
    {kEnergy, "energy energies levels energy_levels kinetic work heat stress virial"},
    {kTime, "time times t timesteps duration arrival arrivals delay waits"},
    {kAngle, "angle angles phase phases direction theta anomaly bearing spins incidence"},
    {kPrice, "price prices spot premium equity wealth bond payoff payoffs worth bill net option"},
    {kReturn, "returns log_returns pnl drawdown volatility shortfall yield vol"},
    {kReward,
     "reward rewards advantage advantages q_values q_table v_next td_errors deltas next_q "
     "action_values"},
    {kMatrix,
     "matrix covariance gram system jacobian hessian jac hess rotation chol operator_matrix "
     "orthonormal basis vectors cov"},
    {kDistance, "distance distances dist gap gaps sq_dist separation length lengths radius"},
    {kRate, "rate rates lr learning_rate learning_rates step_size step_sizes schedule growth"},
    {kError,
     "error errors residual residuals miss deviation deviations excess anomaly innovation "
     "anomalies"},
    {kMoment,
     "mean means mu variance var std sigma scale spread average averages moment moments median "
     "standard_error correlation corr acf quantiles"},
    {kState,
     "state states observations concentration trajectory x_next x_new population populations"},
    {kNoise, "noise eps noisy kicks draws jitter uniforms normals perturbation shocks innovations"},
    {kCount, "count counts totals size sizes index ranks rank histogram"},
}};

// What people take for another thing as it is: a layer's outputs for logits, what a state gave
// from moment to moment for a signal. Pairs of what a role is for and what it takes.
constexpr std::array<std::pair<std::size_t, std::size_t>, 30> kTaken = {{
    {kScore, kFeature},  {kFeature, kScore},   {kFeature, kImage},       {kFeature, kSpectrum},
    {kFeature, kState},  {kSignal, kState},    {kSignal, kPosition},     {kSignal, kGridField},
    {kSignal, kReturn},  {kSignal, kError},    {kGridField, kImage},     {kGridField, kState},
    {kState, kPosition}, {kState, kGridField}, {kState, kVelocity},      {kPosition, kState},
    {kError, kReturn},   {kReturn, kError},    {kLogProbability, kLoss}, {kLoss, kLogProbability},
    {kLoss, kEnergy},    {kWeight, kMatrix},   {kMatrix, kWeight},       {kMatrix, kFeature},
    {kEnergy, kLoss},    {kReward, kReturn},   {kScore, kReward},        {kScore, kLogProbability},
    {kImage, kFeature},  {kImage, kGridField},
}};

const std::map<std::string, Meaning, std::less<>>& by_word() {
  static const auto kByWord = [] {
    std::map<std::string, Meaning, std::less<>> out;
    for (const Words& row : kWords)
      for (std::size_t at = 0; at < row.words.size();) {
        const std::size_t end = std::min(row.words.find(' ', at), row.words.size());
        out[std::string(row.words.substr(at, end - at))] |= bit(row.meaning);
        at = end + 1;
      }
    return out;
  }();
  return kByWord;
}

// By the whole, or without words before the last ones ("attention_logits"), or after the first
// ones ("keys_repeated").
Meaning of_name(std::string_view name) {
  for (;; name = name.substr(0, name.rfind('_'))) {
    for (std::string_view rest = name; !rest.empty();) {
      if (const auto found = by_word().find(rest); found != by_word().end()) return found->second;
      const std::size_t word = rest.find('_');
      rest = word == std::string_view::npos ? std::string_view() : rest.substr(word + 1);
    }
    if (name.find('_') == std::string_view::npos) return 0;
  }
}

}  // namespace

Meaning meaning_of(const std::vector<std::string>& names) {
  Meaning out = 0;
  for (const std::string& name : names) out |= of_name(name);
  return out;
}

Meaning meaning_of(const Program& program, ValueId id) {
  const auto value = [&](ValueId of) -> const Value& {
    return program.values[static_cast<std::size_t>(of)];
  };
  const auto real = [&](ValueId of) {
    return value(of).literal.empty() && tensor::is_inexact(value(of).type.dtype);
  };
  for (;;) {
    if (const Meaning said = meaning_of(value(id).names); said != 0) return said;
    const auto& nodes = program.bodies[static_cast<std::size_t>(value(id).body)].nodes;
    const auto maker = std::ranges::find_if(nodes, [&](const Node& node) {
      return std::ranges::find(node.results, id) != node.results.end();
    });
    if (maker == nodes.end()) return 0;
    const auto of = std::ranges::find_if(maker->operands, real);
    if (of == maker->operands.end()) return 0;
    id = *of;
  }
}

bool agrees(Meaning value, Meaning role) {
  if (value == 0 || role == 0 || (value & role) != 0) return true;
  for (const auto& [wanted, taken] : kTaken)
    if ((role & bit(wanted)) != 0 && (value & bit(taken)) != 0) return true;
  return false;
}

}  // namespace jaxsmith::plan
