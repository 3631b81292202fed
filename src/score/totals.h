// What verdicts come to: rates by level and category, and pass@k with its interval.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "score/grade.h"

namespace jaxsmith::score {

struct Graded {
  Prediction prediction;
  std::string category;  // of the row
  Verdict verdict;
};

struct Rates {
  std::int64_t predictions = 0, parses = 0, verifies = 0, signature = 0, canonical = 0, runs = 0;
  std::int64_t unsupported = 0;
  std::int64_t gradable = 0, recorded = 0, agrees = 0;  // of gradable rows
};

// The chance that of k predictions for an id at least one agrees.
struct PassAtK {
  std::int64_t k = 1, ids = 0;
  double estimate = 0, low = 0, high = 0;  // the interval holds 95 %
};

struct Totals {
  // By level, then category; "" is all of a level.
  std::map<level::Level, std::map<std::string, Rates>> rates;
  std::map<level::Level, std::vector<PassAtK>> pass;
};

// 1 - C(n-c, k) / C(n, k) for n predictions of which c agree: without bias (Chen et al.,
// "Evaluating Large Language Models Trained on Code", 2021, section 2.1). k <= n.
double pass_at_k(std::int64_t n, std::int64_t correct, std::int64_t k);

// The mean over ids of pass_at_k, each given as (n, correct), with Wilson's score interval
// ("Probable inference", JASA 22, 1927) for the effective number of trials p(1-p)/var(mean) (E.
// Korn and B. Graubard, "Confidence intervals for proportions with small expected number of
// positive counts estimated from survey data", Survey Methodology 24, 1998): predictions for one id
// are no independent trials. With one prediction an id it is Wilson's interval itself.
PassAtK pass_interval(std::span<const std::pair<std::int64_t, std::int64_t>> ids, std::int64_t k);

// `ks`: those wanted, or none: 1, 2, 5, 10 … as far as every id has as many predictions. Errors: an
// id has fewer.
Result<Totals> totals_of(const std::vector<Graded>& graded, const std::vector<std::int64_t>& ks);

std::string totals_table(const Totals& totals);
std::string totals_json(const Totals& totals);

}  // namespace jaxsmith::score
