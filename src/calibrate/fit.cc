#include "calibrate/fit.h"

#include <algorithm>
#include <memory>

#include "base/portable_math.h"
#include "calibrate/expectation.h"
#include "plan/catalogue.h"

namespace jaxsmith::calibrate {
namespace {

constexpr std::uint64_t kSeed = 0x63616c6962;  // of the families that are fitted to
constexpr std::uint64_t kOtherSeed = kSeed + 1;
constexpr double kStep = 0.7;       // how much of a correction a round makes
constexpr double kLittle = 0.001;   // a share that says as little as none
constexpr double kPairsSay = 0.35;  // of an entry's correction; the rest operations

double bounded(double factor) { return std::clamp(factor, plan::kLeastFactor, plan::kMostFactor); }

// In steps of a sixteenth of an octave: what the last bits of sums are moves none.
double rounded(double factor) {
  constexpr double kSteps = 16;
  const double steps = portable::log2(bounded(factor)) * kSteps;
  const auto whole = static_cast<std::int64_t>(steps + (steps < 0 ? -0.5 : 0.5));
  return portable::exp2(static_cast<double>(whole) / kSteps);
}

double share_of(const Counts& shares, const std::string& key) {
  const auto found = shares.find(key);
  return found == shares.end() ? 0 : found->second;
}

// How much more of a thing is wanted than is expected.
double wanted(const Counts& target, const Counts& expected, const std::string& key) {
  return bounded((share_of(target, key) + kLittle) / (share_of(expected, key) + kLittle));
}

// The same of all that something brings, each as it brings it: the geometric mean, the direction in
// which the divergence falls.
double wanted(const Counts& target, const Counts& expected, const Counts& brings) {
  double all = 0, sum = 0;
  for (const auto& [key, n] : brings) {
    if (key == kOther) continue;
    all += n;
    sum += n * portable::log2(wanted(target, expected, key));
  }
  return all > 0 ? portable::exp2(sum / all) : 1;
}

// So that the geometric mean is one: what counts is how much more of one than of another.
void level(std::vector<double*>& factors) {
  double sum = 0;
  for (const double* factor : factors) sum += portable::log2(*factor);
  const double mean =
      portable::exp2(sum / static_cast<double>(std::max<std::size_t>(factors.size(), 1)));
  for (double* factor : factors) *factor = bounded(*factor / mean);
}

double moved(double factor, double by) {
  return bounded(factor * portable::exp2(kStep * portable::log2(by)));
}

// Shares of the sizes of which the profile's functions are the likeliest mixture.
void fit_sizes(const plan::PlanOptions& options, const Brought& brought, const Profile& profile,
               plan::Weights& weights) {
  constexpr int kRounds = 50;
  const std::vector<double> usual = size_shares(options, {});
  std::vector<double> shares = usual;
  for (int round = 0; round < kRounds; ++round) {
    Counts mixed;
    for (std::size_t i = 0; i < shares.size(); ++i)
      for (const auto& [key, n] : brought.sizes[i]) mixed[key] += shares[i] * n;
    std::vector<double> next(shares.size(), 0);
    double all = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      for (const auto& [key, n] : brought.sizes[i])
        if (mixed[key] > 0) next[i] += shares[i] * n * share_of(profile.sizes, key) / mixed[key];
      all += next[i];
    }
    if (all <= 0) return;
    for (std::size_t i = 0; i < shares.size(); ++i) shares[i] = next[i] / all;
  }
  for (std::size_t i = 0; i < shares.size(); ++i)
    if (usual[i] > 0) weights.sizes[i] = bounded(shares[i] / usual[i]);
}

class Fit {
 public:
  Fit(const plan::PlanOptions& options, const plan::BroughtTable& table, const Profile& profile,
      unsigned workers, std::size_t families)
      : options_(options),
        brought_(read_brought(table, *options.catalogue)),
        profile_(profile),
        workers_(workers),
        families_(families) {}

  Result<plan::Weights> run(int rounds) {
    plan::Weights weights;
    weights.entries.assign(options_.catalogue->ops().size(), 1);
    weights.categories.assign(options_.catalogue->categories().size(), 1);
    JAXSMITH_CHECK(set_usual());
    weights.ranks.assign(static_cast<std::size_t>(options_.max_rank) + 1, 1);
    fit_sizes(options_, brought_, profile_, weights);
    for (int round = 0; round < rounds; ++round) {
      JAXSMITH_TRY(expected, expectation(weights, kSeed));
      move(expected, weights);
    }
    for (auto* factors : {&weights.entries, &weights.categories, &weights.ranks})
      for (double& factor : *factors) factor = rounded(factor);
    for (auto& [dtype, factor] : weights.dtypes) factor = rounded(factor);
    for (double& factor : weights.sizes) factor = rounded(factor);
    weights.long_axes = rounded(weights.long_axes);
    return weights;
  }

  // Of families that are not those of the rounds.
  Result<Distances> distances_with(const plan::Weights& weights) {
    JAXSMITH_CHECK(set_usual());
    JAXSMITH_TRY(is, expectation(weights, kOtherSeed));
    return Distances{
        stats::divergence(is.operations, profile_.operations),
        stats::divergence(is.pairs, profile_.pairs), stats::divergence(is.dtypes, profile_.dtypes),
        stats::divergence(is.ranks, profile_.ranks), stats::divergence(is.sizes, profile_.sizes)};
  }

 private:
  Status set_usual() {
    if (usual_) return {};
    JAXSMITH_TRY(usual, expectation({}, kSeed));
    usual_ = std::make_unique<Expectation>(std::move(usual));
    return {};
  }

  Result<Expectation> expectation(const plan::Weights& weights, std::uint64_t seed) {
    plan::PlanOptions options = options_;
    options.weights = std::make_shared<plan::Weights>(weights);
    JAXSMITH_TRY(usage, usage_of(options, seed, 0, families_, workers_));
    return expect(usage, brought_, size_shares(options_, weights), usual_.get());
  }

  void move(const Expectation& is, plan::Weights& weights) const {
    std::vector<double*> entries, categories;  // of which there is something to say
    for (const auto& [place, brings] : brought_.entries) {
      const double operations = wanted(profile_.operations, is.operations, brings.operations);
      const double pairs = wanted(profile_.pairs, is.pairs, brings.pairs);
      const double by = portable::exp2((1 - kPairsSay) * portable::log2(operations) +
                                       kPairsSay * portable::log2(pairs));
      weights.entries[place] = moved(weights.entries[place], by);
      entries.push_back(&weights.entries[place]);
    }
    for (std::size_t c = 0; c < is.of_categories.size(); ++c) {
      if (is.of_categories[c].empty()) continue;
      weights.categories[c] = moved(
          weights.categories[c], wanted(profile_.operations, is.operations, is.of_categories[c]));
      categories.push_back(&weights.categories[c]);
    }
    level(entries);
    level(categories);
    for (const auto& [name, share] : is.dtypes)
      if (const auto dtype = tensor::dtype_from_jaxpr_name(name))
        weights.dtypes[*dtype] =
            moved(weights.dtype(*dtype), wanted(profile_.dtypes, is.dtypes, name));
    for (std::size_t n = 0; n < weights.ranks.size(); ++n)
      weights.ranks[n] =
          moved(weights.ranks[n], wanted(profile_.ranks, is.ranks, std::to_string(n)));
    weights.long_axes = moved(weights.long_axes,
                              bounded((profile_.long_axes + kLittle) / (is.long_axes + kLittle)));
    double wide = 0;
    for (const auto& [name, share] : profile_.dtypes) {
      const auto dtype = tensor::dtype_from_jaxpr_name(name);
      if (dtype && tensor::needs_x64(*dtype)) wide += share;
    }
    // What runs with it has some two thirds of such values.
    weights.wide_chunks = std::clamp(static_cast<int>(wide * 15 + 0.5), 1, 9);
  }

  const plan::PlanOptions& options_;
  const Brought brought_;
  const Profile& profile_;
  const unsigned workers_;
  const std::size_t families_;
  std::unique_ptr<Expectation> usual_;
};

}  // namespace

Result<Fitted> fit(const plan::PlanOptions& options, const plan::BroughtTable& brought,
                   const Profile& profile, unsigned workers, const FitOptions& how) {
  Fit fit(options, brought, profile, workers, how.families);
  Fitted out;
  JAXSMITH_TRY(before, fit.distances_with(options.weights ? *options.weights
                                                          : options.catalogue->weights()));
  JAXSMITH_TRY(weights, fit.run(how.rounds));
  JAXSMITH_TRY(after, fit.distances_with(weights));
  out.weights = std::move(weights);
  out.before = before, out.after = after;
  return out;
}

Result<Distances> distances(const plan::PlanOptions& options, const plan::BroughtTable& brought,
                            const Profile& profile, unsigned workers, std::size_t families) {
  Fit fit(options, brought, profile, workers, families);
  return fit.distances_with(options.weights ? *options.weights : options.catalogue->weights());
}

}  // namespace jaxsmith::calibrate
