// What a dataset is like, in figures that need no run of JAX: sizes, types, what results and
// sources say, what repeats, and how far its operations are from another dataset's.
// docs/statistics.md defines each.
//
//   JAXSMITH_TRY(measures, measures_of("dataset", 2));
//   for (const Figure& f : figures_of(measures)) fmt::print("{}: {}\n", f.name, f.value);
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "check/difficulty.h"
#include "stats/neighbours.h"
#include "stats/python_measures.h"
#include "stats/results.h"

namespace jaxsmith::stats {

using Counts = std::map<std::string, double>;

// What is kept of a row.
struct RowMeasures {
  std::string id, family, category, split, structure, callable;
  std::int64_t member = 0, cases = 0;
  check::Sizes sizes;
  std::optional<int> difficulty;
  bool read = false;                    // the jaxpr was
  std::vector<std::string> operations;  // of it, wrappers left out
  Counts pairs, dtypes, ranks;
  std::int64_t axes = 0, axes_over_16 = 0;
  ir::Glue glue;
  Results results;
  bool in_jaxpr = false, in_source = false;  // what its category is called after
  PythonMeasures source;
  std::map<std::string, std::int64_t> bytes;  // of the source and of each level
};

struct Measures {
  std::vector<RowMeasures> rows;
  std::int64_t unread = 0;
};

// Whether somebody wrote it: not of what JAX compiles by itself for a call of jnp.multiply and the
// like.
bool is_written(std::string_view callable);

// `as_written`: without what JAX compiles for itself when a program runs step by step.
Result<Measures> measures_of(const std::string& dataset, unsigned workers, bool as_written = false);

enum class Form { kCount, kNumber, kShare };
struct Figure {
  std::string group, name;
  double value = 0;
  Form form = Form::kNumber;
};
using Figures = std::vector<Figure>;

Figures figures_of(const Measures& measures);
// Jensen-Shannon divergences in bits, 0 equal and 1 disjoint; beside each the floor, which is that
// of two halves of the other dataset.
Figures distances_of(const Measures& measures, const Measures& against);

double divergence(const Counts& a, const Counts& b);

}  // namespace jaxsmith::stats
