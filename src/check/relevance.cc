#include "check/relevance.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <iterator>
#include <numeric>

#include "base/random.h"

namespace jaxsmith::check {

using tensor::Array;
using tensor::DType;
using tensor::EvaluationContext;

namespace {

// As many say what share is inert to five percent.
constexpr std::size_t kMostChanged = 96;
// Fewer, where there are more, are no measure.
constexpr std::size_t kFewestChanged = 16;
// Some 20 ms.
constexpr std::int64_t kSteps = 20'000'000;

// The number in the array's own type.
template <class T>
T part_of(const Array& x, double number) {
  return x.scalar(x.dtype(), number).data<T>()[0];
}

// Computed in the array's own type.
Array disturbed(const Array& x) {
  constexpr double kFactor = 1.1, kSummand = 0.05;
  Array out = x;
  x.context().spend(x.size());
  tensor::with_lane(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const std::span<T> elements = out.mutate<T>();
    if constexpr (std::is_same_v<T, std::int64_t>) {
      const bool is_bool = x.dtype() == DType::kBool;
      for (T& v : elements) v = is_bool ? 1 - v : tensor::wrap(x.dtype(), v + 1);
    } else {
      const T factor = part_of<T>(x, kFactor), summand = part_of<T>(x, kSummand);
      for (T& v : elements) v *= factor;
      tensor::settle(out);
      for (T& v : out.mutate<T>()) v += summand;
      tensor::settle(out);
    }
  });
  return out;
}

// How far an output may move that counts as the same.
double tolerance_of(DType dtype) {
  return dtype == DType::kF16 || dtype == DType::kBF16 ? 2e-2 : 1e-3;
}

bool near(double expected, double found, double allowed) {
  if (std::isnan(expected)) return std::isnan(found);
  return expected == found || std::abs(expected - found) <= allowed;
}

bool moves(const Array& expected, const Array& found) {
  constexpr double kLeast = 1e-3;  // of what is smaller, it is allowed what this is
  found.context().spend(found.size());
  const double tolerance = tolerance_of(expected.dtype());
  return tensor::with_lane(expected.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto x = expected.data<T>(), y = found.data<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if constexpr (std::is_same_v<T, std::int64_t>) {
        if (x[i] != y[i]) return true;
      } else {
        const std::complex<double> a = x[i], b = y[i];
        const double allowed = tolerance * std::max(std::abs(a), kLeast);
        const bool finite = std::isfinite(std::abs(a)) && std::isfinite(std::abs(b));
        if (finite ? std::abs(a - b) > allowed
                   : !near(a.real(), b.real(), 0) || !near(a.imag(), b.imag(), 0))
          return true;
      }
    }
    return false;
  });
}

// Those that are changed, in an order of which any beginning stands for the whole.
std::vector<std::int64_t> drawn(std::int64_t operations) {
  constexpr std::uint64_t kSeed = 0x696e657274;
  std::vector<std::int64_t> all(static_cast<std::size_t>(operations));
  std::iota(all.begin(), all.end(), 0);
  Random(kSeed, static_cast<std::uint64_t>(operations)).shuffle(all);
  all.resize(std::min(all.size(), kMostChanged));
  return all;
}

bool differs(std::size_t, const Array& expected, const Array& found) {
  return moves(expected, found);
}

// Of the recorded case by itself.
Result<Relevance> of_first_case(IrProgram& program, const ExecutionCase& recorded,
                                const EvaluationContext& context) {
  JAXSMITH_TRY(runs, program.changed_runs(recorded.arguments(program.level()), disturbed, context));
  Relevance out;
  out.operations = runs->operations();
  for (const std::int64_t operation : drawn(out.operations)) {
    const auto shows = runs->shows(operation, differs);
    if (!shows.ok() && out.changed.size() >= kFewestChanged) break;
    if (!shows.ok()) return shows.error();
    out.changed.push_back(operation);
    if (!shows.value()) out.inert.push_back(operation);
  }
  std::ranges::sort(out.changed);
  std::ranges::sort(out.inert);
  return out;
}

EvaluationContext within_steps(std::int64_t steps) {
  return EvaluationContext({.budget = {.steps = steps}});
}

// What it is measured on; null where it is not.
IrProgram* measured_program(Programs& programs, std::int64_t devices) {
  const auto found = programs.find(level::structure_level());
  if (devices > 1 || found == programs.end() || !found->second.ok()) return nullptr;
  return &found->second.value();
}

std::vector<std::int64_t> in_both(const std::vector<std::int64_t>& a,
                                  const std::vector<std::int64_t>& b) {
  std::vector<std::int64_t> out;
  std::ranges::set_intersection(a, b, std::back_inserter(out));
  return out;
}

}  // namespace

Result<std::vector<std::int64_t>> still_inert(IrProgram& program, const ExecutionCase& recorded,
                                              std::span<const std::int64_t> operations,
                                              const EvaluationContext& context) {
  JAXSMITH_TRY(runs, program.changed_runs(recorded.arguments(program.level()), disturbed, context));
  std::vector<std::int64_t> out;
  for (const std::int64_t operation : operations) {
    JAXSMITH_TRY(shows, runs->shows(operation, differs));
    if (!shows) out.push_back(operation);
  }
  return out;
}

Result<Relevance> measure_relevance(IrProgram& program, const ExecutionCase& recorded,
                                    const EvaluationContext& context) {
  const auto own = [&] { return EvaluationContext({.budget = {.steps = kSteps}}, context); };
  JAXSMITH_TRY(out, of_first_case(program, recorded, own()));
  const std::vector<ExecutionCase> cases = recorded.each();
  for (std::size_t i = 1; i < cases.size(); ++i) {
    JAXSMITH_TRY(inert, still_inert(program, cases[i], out.inert, own()));
    out.inert = std::move(inert);
  }
  return out;
}

std::optional<double> inert_share(Programs& programs, const ExecutionCase* recorded,
                                  std::int64_t devices) {
  IrProgram* program = measured_program(programs, devices);
  if (!recorded || !program) return std::nullopt;
  const auto cases = 1 + static_cast<std::int64_t>(recorded->further.size());
  const auto relevance = measure_relevance(*program, *recorded, within_steps(cases * kSteps));
  if (!relevance.ok() || relevance.value().changed.empty()) return std::nullopt;
  return relevance.value().share();
}

std::vector<std::size_t> choose_greedily(
    std::vector<std::int64_t> inert,
    std::span<const std::optional<std::vector<std::int64_t>>> by_candidate, std::size_t least) {
  std::vector<std::size_t> out;
  while (out.size() < kMostFurtherCases) {
    std::optional<std::size_t> best;
    std::vector<std::int64_t> rest = inert;
    for (std::size_t i = 0; i < by_candidate.size(); ++i) {
      if (!by_candidate[i]) continue;
      std::vector<std::int64_t> left = in_both(inert, *by_candidate[i]);
      if (left.size() >= rest.size()) continue;
      best = i;
      rest = std::move(left);
    }
    if (!best || inert.size() - rest.size() < std::max<std::size_t>(least, 1)) break;
    out.push_back(*best);
    inert = std::move(rest);
  }
  std::ranges::sort(out);
  return out;
}

CaseChoice choose_cases(Programs& programs, const ExecutionCase& recorded,
                        std::span<const Case> candidates, std::int64_t devices) {
  // Below that what is inert is rarely so for want of another case.
  constexpr double kFew = 0.1;
  // Of the operations that were changed, what a case must add: a larger row is a price too.
  constexpr std::size_t kPart = 20;
  IrProgram* program = measured_program(programs, devices);
  if (!program || !program->verify().ok()) return {};
  const auto first = of_first_case(*program, recorded, within_steps(kSteps));
  if (!first.ok() || first.value().changed.empty()) return {};
  const Relevance& relevance = first.value();
  CaseChoice out{{}, relevance.share()};
  if (relevance.share() <= kFew || candidates.empty()) return out;
  // All of them together cost no more than the first may.
  const std::int64_t steps = kSteps / static_cast<std::int64_t>(candidates.size());
  ExecutionCase each = recorded;
  each.further.clear();
  std::vector<std::optional<std::vector<std::int64_t>>> by_candidate;
  for (const Case& candidate : candidates) {
    each.inputs = candidate.inputs;
    auto left = still_inert(*program, each, relevance.inert, within_steps(steps));
    by_candidate.push_back(left.ok() ? std::optional(std::move(left).value()) : std::nullopt);
  }
  const std::size_t least = (relevance.changed.size() + kPart - 1) / kPart;
  out.chosen = choose_greedily(relevance.inert, by_candidate, least);
  std::vector<std::int64_t> inert = relevance.inert;
  for (const std::size_t i : out.chosen) inert = in_both(inert, *by_candidate[i]);
  out.inert = static_cast<double>(inert.size()) / static_cast<double>(relevance.changed.size());
  return out;
}

void InertFigures::add(const std::optional<double>& share) {
  if (!share) return;
  ++rows;
  sum += *share;
  over_half += *share > kMuch ? 1 : 0;
}

}  // namespace jaxsmith::check
