// Writes fitted weights as the back end's table (plan/jax/calibration.def), and splits a dataset's
// libraries into those that are fitted and those that are held out.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "calibrate/fit.h"
#include "calibrate/profile.h"

namespace jaxsmith::calibrate {

// The nearest to a third of the libraries of these rows, one at least where there are two: by
// digests of their names, so that no figure can choose them.
std::set<std::string> held_out(std::span<const stats::RowMeasures> rows);

// What of fitted weights the defaults take. A dataset of any seed promises equal categories, a mix
// of sizes and every entry in its turn: these stay, and other factors go half or twice at most.
plan::Weights for_defaults(plan::Weights fitted);

// A part of the rows, and how far plans are from it before and after.
struct Part {
  std::string name;
  std::set<std::string> libraries;
  std::int64_t functions = 0;
  Distances before, after;
};

// Lines for the head of the table and for people.
std::vector<std::string> figures_of(const std::vector<Part>& parts);

std::string table_of(const plan::Weights& weights, const plan::Catalogue& catalogue,
                     const std::vector<Part>& parts);

}  // namespace jaxsmith::calibrate
