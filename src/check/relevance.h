// How much of a function its recorded cases depend on.
//
// An operation of the jaxpr is inert where its results may be changed (floats x * 1.1 + 0.05, whole
// numbers x + 1, truth values negated; others stay) and no output moves by more than the tolerance
// of its type: such an operation teaches nothing, and a wrong text passes as right. Operations in a
// loop's body count once, and are changed at every turn; those of a function that is called count
// where it is called. In several cases those are inert that are so in each.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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

// Of a verified program and its cases, each within a budget of its own, all within that of the
// context. Errors: those of a run, and a program that takes too long for a figure, or that writes
// to references.
Result<Relevance> measure_relevance(IrProgram& program, const ExecutionCase& recorded,
                                    const tensor::EvaluationContext& context);

// Of these operations those that are inert in this case too, further cases left aside. Errors:
// those of a run, and a context's budget that is used up.
Result<std::vector<std::int64_t>> still_inert(IrProgram& program, const ExecutionCase& recorded,
                                              std::span<const std::int64_t> operations,
                                              const tensor::EvaluationContext& context);

// What a row says of it: the share of inert operations by the level that gives the structure.
// Nothing where that was not measured: there is no case or no such text, it runs on several
// devices, or takes too long.
std::optional<double> inert_share(Programs& programs, const ExecutionCase* recorded,
                                  std::int64_t devices);

// At most so many further cases has a row.
inline constexpr std::size_t kMostFurtherCases = 3;

// Which of the cases that a row may record it does record beside the first.
struct CaseChoice {
  std::vector<std::size_t> chosen;  // by position, in their order
  std::optional<double> inert;      // the share that stays, as inert_share() has it
};

// Where more than a tenth of the operations are inert on the recorded inputs: that candidate which
// makes most of them count, if these are a twentieth of all; and so on with those that are still
// inert. Depends on the arguments alone: a candidate that takes too long is none.
CaseChoice choose_cases(Programs& programs, const ExecutionCase& recorded,
                        std::span<const Case> candidates, std::int64_t devices);

// The choice by what stays inert: of the first case (in order), and of each candidate, of which
// one that could not be run has nothing. `least` operations a case is worth.
std::vector<std::size_t> choose_greedily(
    std::vector<std::int64_t> inert,
    std::span<const std::optional<std::vector<std::int64_t>>> by_candidate, std::size_t least);

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
