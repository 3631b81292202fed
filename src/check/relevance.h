// How much of a function its recorded case depends on.
//
// An operation of the jaxpr is inert where its results may be changed (floats x * 1.1 + 0.05, whole
// numbers x + 1, truth values negated; others stay) and no output moves by more than the tolerance
// of its type: such an operation teaches nothing, and a wrong text passes as right. Operations in a
// loop's body count once, and are changed at every turn; those of a function that is called count
// where it is called.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "check/reading.h"

namespace jaxsmith::check {

struct Relevance {
  // Those that were changed, by number (ir/common/changed_runs.h), and those of them that are
  // inert. Of many operations some are drawn, the same ones each time.
  std::vector<std::int64_t> changed, inert;
  std::int64_t operations = 0;

  double share() const {
    return changed.empty()
               ? 0
               : static_cast<double>(inert.size()) / static_cast<double>(changed.size());
  }
};

// Of a verified program and its case, within a budget of its own and that of the context. Errors:
// those of a run, and a program that takes too long for a figure, or that writes to references.
Result<Relevance> measure_relevance(IrProgram& program, const ExecutionCase& recorded,
                                    const tensor::EvaluationContext& context);

// What a row says of it: the share of inert operations by the level that gives the structure.
// Nothing where that was not measured: there is no case or no such text, it runs on several
// devices, or takes too long.
std::optional<double> inert_share(Programs& programs, const ExecutionCase* recorded,
                                  std::int64_t devices);

// Of the rows in which that was measured.
struct InertFigures {
  static constexpr double kMuch = 0.5;
  std::uint64_t rows = 0, over_half = 0;
  double sum = 0;  // of the rows' shares

  void add(const std::optional<double>& share);
  double mean() const { return rows ? sum / static_cast<double>(rows) : 0; }
  double share_over_half() const {
    return rows ? static_cast<double>(over_half) / static_cast<double>(rows) : 0;
  }
};

}  // namespace jaxsmith::check
