// What a dataset is expected to hold, by what its plans apply and what applications bring.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "calibrate/explain.h"
#include "calibrate/profile.h"
#include "calibrate/usage.h"
#include "plan/brought.h"

namespace jaxsmith::calibrate {

// What a use of an entry brings.
struct Bringing {
  Counts operations, pairs;
};

// BroughtTable, read.
struct Brought {
  std::map<std::size_t, Bringing> entries;  // by place in the catalogue
  Counts dtypes, ranks;                     // shares where nothing is fitted
  std::vector<Counts> sizes;                // of each SizeClass without the mix
};
Brought read_brought(const plan::BroughtTable& table, const plan::Catalogue& catalogue);

struct Expectation {
  Counts operations, pairs, dtypes, ranks, sizes;  // shares
  double long_axes = 0;                            // of the values of plans
  std::map<std::size_t, double> uses;              // of each entry, all families together
  std::vector<Counts> of_categories;               // operations, by category
};

// Types and ranks are those of the plans' own values; `usual` says what these are where nothing is
// fitted, which the table's shares correct.
Expectation expect(const std::vector<FamilyUsage>& families, const Brought& brought,
                   const std::vector<double>& size_shares, const Expectation* usual);

// How many of the families have each size, by the planner's shares and these weights.
std::vector<double> size_shares(const plan::PlanOptions& options, const plan::Weights& weights);

}  // namespace jaxsmith::calibrate
