#include "calibrate/explain.h"

#include <algorithm>
#include <set>

namespace jaxsmith::calibrate {
namespace {

constexpr int kRounds = 60;
constexpr double kPrior = 0.5;           // of a use, as the average
constexpr std::size_t kMostNamed = 600;  // things; the rest are one

class Fit {
 public:
  explicit Fit(const std::vector<Explained>& all) {
    name_things(all);
    for (const Explained& each : all) add(each);
    start();
  }

  // The mean divergence, and once more of an update where it is wanted.
  double round(bool update) {
    const std::size_t n = names_.size();
    std::vector<std::vector<double>> gains(of_.size(), std::vector<double>(n));
    std::vector<double> expected(n), ratio(n);
    double left = 0;
    for (const Row& row : rows_) {
      std::fill(expected.begin(), expected.end(), 0);
      double all_expected = 0, all = 0;
      for (const auto& [e, times] : row.uses)
        for (std::size_t p = 0; p < n; ++p) expected[p] += times * of_[e][p];
      for (std::size_t p = 0; p < n; ++p) all_expected += expected[p];
      Counts is, is_expected;
      for (std::size_t p = 0; p < n; ++p) ratio[p] = 0;
      for (const auto& [p, count] : row.counts) all += count;
      for (const auto& [p, count] : row.counts) {
        ratio[p] = expected[p] > 0 ? count / expected[p] : 0;
        is[names_[p]] = count;
      }
      for (std::size_t p = 0; p < n; ++p)
        if (expected[p] > 0) is_expected[names_[p]] = expected[p];
      left += stats::divergence(is, is_expected);
      for (const auto& [e, times] : row.uses)
        for (const auto& [p, count] : row.counts) gains[e][p] += times * ratio[p];
    }
    if (update)
      for (std::size_t e = 0; e < of_.size(); ++e)
        for (std::size_t p = 0; p < n; ++p)
          of_[e][p] = (of_[e][p] * gains[e][p] + kPrior * mean_[p]) / (times_[e] + kPrior);
    return left / static_cast<double>(std::max<std::size_t>(rows_.size(), 1));
  }

  std::map<std::size_t, Counts> result() const {
    std::map<std::size_t, Counts> out;
    for (std::size_t e = 0; e < of_.size(); ++e)
      for (std::size_t p = 0; p < names_.size(); ++p) out[places_[e]][names_[p]] = of_[e][p];
    return out;
  }

 private:
  struct Row {
    std::vector<std::pair<std::size_t, double>> uses, counts;
  };

  void name_things(const std::vector<Explained>& all) {
    Counts sums;
    std::set<std::size_t> used;
    for (const Explained& each : all) {
      for (const auto& [thing, n] : each.counts) sums[thing] += n;
      for (const auto& [place, n] : each.uses) used.insert(place);
    }
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [thing, n] : sums) order.emplace_back(-n, thing);
    std::sort(order.begin(), order.end());
    order.resize(std::min(order.size(), kMostNamed));
    for (const auto& [n, thing] : order) names_.push_back(thing);
    names_.emplace_back(kOther);
    for (std::size_t p = 0; p < names_.size(); ++p) numbers_[names_[p]] = p;
    places_.assign(used.begin(), used.end());
    for (std::size_t e = 0; e < places_.size(); ++e) entries_[places_[e]] = e;
  }

  void add(const Explained& each) {
    Row row;
    for (const auto& [place, n] : each.uses) row.uses.emplace_back(entries_.at(place), n);
    std::map<std::size_t, double> counts;
    for (const auto& [thing, n] : each.counts) {
      const auto found = numbers_.find(thing);
      counts[found == numbers_.end() ? names_.size() - 1 : found->second] += n;
    }
    row.counts.assign(counts.begin(), counts.end());
    rows_.push_back(std::move(row));
  }

  void start() {
    times_.assign(places_.size(), 0);
    mean_.assign(names_.size(), 0);
    double uses = 0;
    for (const Row& row : rows_) {
      for (const auto& [e, n] : row.uses) times_[e] += n, uses += n;
      for (const auto& [p, n] : row.counts) mean_[p] += n;
    }
    for (double& n : mean_) n /= std::max(uses, 1.0);
    of_.assign(places_.size(), mean_);
  }

  std::vector<std::string> names_;
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::size_t> places_;
  std::map<std::size_t, std::size_t> entries_;
  std::vector<Row> rows_;
  std::vector<double> times_, mean_;
  std::vector<std::vector<double>> of_;
};

}  // namespace

Explanation explain(const std::vector<Explained>& all) {
  Fit fit(all);
  Explanation out;
  out.left_before = fit.round(/*update=*/true);
  for (int round = 1; round < kRounds; ++round) fit.round(/*update=*/true);
  out.left = fit.round(/*update=*/false);
  out.of = fit.result();
  return out;
}

}  // namespace jaxsmith::calibrate
