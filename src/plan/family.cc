#include "plan/family.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

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

std::size_t families_of(const PlanOptions& options, Category category) {
  const double families = options.catalogue->profile(category).families;
  const long rounded = std::lround(families * weights_of(options).category(category));
  return static_cast<std::size_t>(std::max(1L, rounded));
}

// The categories of so many families, from this one on.
std::vector<Category> categories_from(const PlanOptions& options, std::uint64_t seed,
                                      std::uint64_t first, std::uint64_t count) {
  std::vector<Category> all, out;
  for (Category category :
       options.categories.empty() ? all_categories(*options.catalogue) : options.categories) {
    all.insert(all.end(), families_of(options, category), category);
  }
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

// The families of a round that begin with no idiom. Derivatives, maps, loops and branches are
// mostly those of idioms: few of these families are of such categories.
std::vector<std::uint64_t> families_without_idiom(const PlanOptions& options, std::uint64_t seed,
                                                  std::uint64_t round,
                                                  const std::vector<Category>& categories) {
  constexpr double kWithBodies = 0.12;
  Random random = Random(seed, round).fork("without idiom");
  std::vector<bool> preferred;
  for (const Category category : categories)
    preferred.push_back(!options.catalogue->profile(category).has_bodies ||
                        random.chance(kWithBodies));
  std::vector<std::uint64_t> families(kRound);
  std::iota(families.begin(), families.end(), round * kRound);
  random.shuffle(families);
  std::ranges::stable_partition(
      families, [&](std::uint64_t family) { return preferred[family - round * kRound]; });
  families.resize(kWithoutIdiom);
  return families;
}

// The turns of these families: as many as can have one of their own category.
std::vector<Turn> turns_of(const PlanOptions& options, std::uint64_t seed, std::uint64_t round,
                           const std::vector<Category>& categories,
                           const std::vector<std::uint64_t>& families) {
  std::vector<Turn> left, taken(families.size());
  for (std::uint64_t k = 0; k < families.size(); ++k)
    left.push_back(options.catalogue->turns().at(seed, round * families.size() + k));
  Random(seed, round).fork("featured").shuffle(left);
  const auto take = [&](std::size_t n, auto turn) {
    if (turn == left.end()) return;
    taken[n] = *turn;
    left.erase(turn);
  };
  for (std::size_t n = 0; n < families.size(); ++n)
    take(n, std::ranges::find(left, categories[families[n] - round * kRound],
                              [](const Turn& turn) { return turn.op->category; }));
  for (std::size_t n = 0; n < families.size(); ++n)
    if (taken[n].op == nullptr) take(n, left.begin());
  return taken;
}

// A run that is fitted to a dataset features what that has more of: of a few turns one, by the
// factors of their entries.
Turn by_fit(const PlanOptions& options, std::uint64_t seed, std::uint64_t number, Category category,
            const Turn& own) {
  constexpr std::uint64_t kOthers = 11, kFar = std::uint64_t{1} << 40;
  constexpr double kOfOtherCategories = 0.3;
  if (!options.weights) return own;
  const Catalogue& catalogue = *options.catalogue;
  std::vector<Turn> turns = {own};
  for (std::uint64_t k = 0; k < kOthers; ++k)
    turns.push_back(catalogue.turns().at(seed, kFar + number * kOthers + k));
  std::vector<double> factors;
  for (const Turn& turn : turns)
    factors.push_back(
        options.weights->entry(static_cast<std::size_t>(turn.op - catalogue.ops().data())) *
        (turn.op->category == category ? 1 : kOfOtherCategories));
  if (std::ranges::none_of(factors, [](double f) { return f > 0; })) return own;
  return turns[Random(seed, number).fork("turn by fit").weighted(factors)];
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
  Family out{seed, number, categories[number % kRound], false, std::nullopt};
  const auto families = families_without_idiom(options, seed, round, categories);
  const auto own = std::ranges::find(families, number);
  out.features = own != families.end();
  if (catalogue.turns().empty()) return out;
  // A family that begins with an idiom may have none in the end.
  const Turn turn = out.features
                        ? turns_of(options, seed, round, categories,
                                   families)[static_cast<std::size_t>(own - families.begin())]
                        : catalogue.turns().at(seed, number);
  const Turn wanted = by_fit(options, seed, number, out.category, turn);
  out.featured = calling(*wanted.op, wanted.function, catalogue.vocabulary());
  return out;
}

}  // namespace jaxsmith::plan
