#include "plan/family.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "plan/calls.h"
#include "plan/catalogue.h"
#include "plan/turns.h"

namespace jaxsmith::plan {
namespace {

std::vector<Category> all_categories(const Catalogue& catalogue) {
  std::vector<Category> out;
  for (std::size_t i = 0; i < catalogue.categories().size(); ++i)
    out.push_back(static_cast<Category>(i));
  return out;
}

std::vector<Category> categories_of(const PlanOptions& options) {
  return options.categories.empty() ? all_categories(*options.catalogue) : options.categories;
}

std::size_t families_of(const PlanOptions& options, Category category) {
  const double families = options.catalogue->profile(category).families;
  const long rounded = std::lround(families * weights_of(options).category(category));
  return static_cast<std::size_t>(std::max(1L, rounded));
}

// The categories of so many families, from this one on.
std::vector<Category> categories_from(const PlanOptions& options, std::uint64_t seed,
                                      std::uint64_t first, std::uint64_t count) {
  std::vector<Category> all, out;
  for (const Category category : categories_of(options))
    all.insert(all.end(), families_of(options, category), category);
  std::vector<Category> own;
  for (std::uint64_t family = first; family < first + count; ++family) {
    const std::uint64_t place = family % all.size();
    if (own.empty() || place == 0) {
      // A new order for each round keeps the shares equal.
      own = all;
      Random(seed, family / all.size()).fork("categories").shuffle(own);
    }
    out.push_back(own[place]);
  }
  return out;
}

// How many families of a category begin with no idiom in a round: as many as its functions have
// turns, as far as there are families. Derivatives, maps, loops and branches are mostly those of
// idioms.
std::uint64_t quota_of(const PlanOptions& options, Category category, const Turns::Counts& turns) {
  constexpr double kMost = 0.85, kMostWithBodies = 0.35;
  constexpr double kOften = 2;  // what takes functions often has none that it may take
  struct Share {
    Category category;
    double wanted, most;
  };
  const std::vector<Category> categories = categories_of(options);
  double families = 0;
  for (const Category each : categories)
    families += static_cast<double>(families_of(options, each));
  std::vector<Share> shares;
  for (const Category each : categories) {
    const double own = kRound * static_cast<double>(families_of(options, each)) / families;
    const bool idiomatic = categories.size() > 1 && options.catalogue->profile(each).has_bodies;
    const auto found = turns.find(each);
    const double wanted = turns.empty()          ? own
                          : found == turns.end() ? 0
                                                 : static_cast<double>(found->second);
    shares.push_back(
        {each, wanted * (idiomatic ? kOften : 1), own * (idiomatic ? kMostWithBodies : kMost)});
  }
  // Those that want more than they may have take that; the others share what is left.
  std::ranges::stable_sort(shares, {}, [](const Share& s) { return s.most / (s.wanted + 1e-9); });
  double left = kWithoutIdiom, wanted = 0;
  for (const Share& share : shares) wanted += share.wanted;
  for (const Share& share : shares) {
    const double own = wanted > 0 ? std::min(share.most, left * share.wanted / wanted) : 0;
    const auto rounded = static_cast<std::uint64_t>(std::lround(own));  // no turn is lost
    if (share.category == category) return own > 0 ? std::max<std::uint64_t>(1, rounded) : 0;
    left -= own, wanted -= share.wanted;
  }
  return 0;
}

// The turns of the category among so many that the round has as many of them as it features. Rounds
// go on where others end, so that no function has more turns than it should.
std::vector<Turn> turns_of_round(const Catalogue& catalogue, std::uint64_t seed,
                                 std::uint64_t round, Category category, std::uint64_t quota,
                                 const Turns::Counts& turns) {
  std::vector<Turn> out;
  const auto found = turns.find(category);
  if (found == turns.end()) return out;
  const std::uint64_t all = std::max<std::uint64_t>(1, quota * Turns::kCounted / found->second);
  for (std::uint64_t k = round * all; k < (round + 1) * all || out.empty(); ++k)
    if (const Turn turn = catalogue.turns().at(seed, k); turn.op->category == category)
      out.push_back(turn);
  return out;
}

// Which of the families of its category a family is in its round, in an order of chance.
std::uint64_t place_of(std::uint64_t seed, std::uint64_t family,
                       const std::vector<Category>& categories) {
  std::vector<std::uint64_t> order(kRound);
  std::iota(order.begin(), order.end(), 0);
  Random(seed, family / kRound).fork("without idiom").shuffle(order);
  const std::uint64_t own = family % kRound;
  std::uint64_t before = 0;
  for (auto at = order.begin(); *at != own; ++at) before += categories[*at] == categories[own];
  return before;
}

// Whether a function gives random numbers: what is drawn is not differentiated, fitted or iterated.
bool is_random(std::string_view function, const Calls& calls) {
  return is_one_of(function.substr(0, function.rfind('.')), calls.random_modules);
}

// What has its turn in another category, as a function: some maps, loops and branches are of that.
std::optional<Turn> turn_of_function(const Catalogue& catalogue, std::uint64_t seed,
                                     std::uint64_t number) {
  constexpr std::uint64_t kTries = 8, kFar = std::uint64_t{1} << 40;
  constexpr double kOfFunctions = 0.2;
  if (!Random(seed, number).fork("turn of a function").chance(kOfFunctions)) return std::nullopt;
  for (std::uint64_t k = 0; k < kTries; ++k) {
    const Turn turn = catalogue.turns().at(seed, kFar + number * kTries + k);
    if (turn.op != nullptr && !catalogue.profile(turn.op->category).has_bodies &&
        !is_random(turn.function, catalogue.vocabulary().calls))
      return turn;
  }
  return std::nullopt;
}

// A run that is fitted to a dataset features what that has more of: of a few turns of the category
// one, by the factors of their entries.
Turn by_fit(const PlanOptions& options, const Turn& own, const std::vector<Turn>& others,
            Random random) {
  constexpr std::size_t kOthers = 11;
  if (!options.weights) return own;
  std::vector<Turn> turns = {own};
  for (std::size_t k = 0; k < kOthers; ++k) turns.push_back(random.pick(others));
  std::vector<double> factors;
  for (const Turn& turn : turns)
    factors.push_back(options.weights->entry(
        static_cast<std::size_t>(turn.op - options.catalogue->ops().data())));
  if (std::ranges::none_of(factors, [](double f) { return f > 0; })) return own;
  return turns[random.weighted(factors)];
}

}  // namespace

const Weights& weights_of(const PlanOptions& options) {
  return options.weights ? *options.weights : options.catalogue->weights();
}

Category family_category(const PlanOptions& options, std::uint64_t seed, std::uint64_t family) {
  return categories_from(options, seed, family, 1).front();
}

Family family_of(const PlanOptions& options, std::uint64_t seed, std::uint64_t number) {
  const Catalogue& catalogue = *options.catalogue;
  const std::uint64_t round = number / kRound;
  const auto categories = categories_from(options, seed, round * kRound, kRound);
  const Category category = categories[number % kRound];
  const auto counts = catalogue.turns().counts(seed);
  const std::uint64_t quota = quota_of(options, category, *counts);
  const std::uint64_t place = place_of(seed, number, categories);
  Family out{seed, number, category, place < quota, std::nullopt};
  std::optional<Turn> turn;
  if (catalogue.profile(category).has_bodies) turn = turn_of_function(catalogue, seed, number);
  // A family that begins with an idiom may have none in the end.
  const auto own = turns_of_round(catalogue, seed, round, category, quota, *counts);
  if (!turn && !own.empty())
    turn = by_fit(options, own[place % own.size()], own, Random(seed, number).fork("turn by fit"));
  if (turn) out.featured = calling(*turn->op, turn->function, catalogue.vocabulary());
  return out;
}

}  // namespace jaxsmith::plan
