#include "check/relevance.h"

#include <algorithm>
#include <cmath>
#include <complex>
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

}  // namespace

Result<Relevance> measure_relevance(IrProgram& program, const ExecutionCase& recorded,
                                    const EvaluationContext& context) {
  const EvaluationContext own({.budget = {.steps = kSteps}}, context);
  JAXSMITH_TRY(runs, program.changed_runs(recorded.arguments(program.level()), disturbed, own));
  Relevance out;
  out.operations = runs->operations();
  const auto differs = [](std::size_t, const Array& expected, const Array& found) {
    return moves(expected, found);
  };
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

std::optional<double> inert_share(Programs& programs, const ExecutionCase* recorded,
                                  std::int64_t devices) {
  const auto found = programs.find(level::structure_level());
  if (!recorded || devices > 1 || found == programs.end() || !found->second.ok())
    return std::nullopt;
  const auto relevance = measure_relevance(found->second.value(), *recorded,
                                           EvaluationContext({.budget = {.steps = kSteps}}));
  if (!relevance.ok() || relevance.value().changed.empty()) return std::nullopt;
  return relevance.value().share();
}

void InertFigures::add(const std::optional<double>& share) {
  if (!share) return;
  ++rows;
  sum += *share;
  over_half += *share > kMuch ? 1 : 0;
}

}  // namespace jaxsmith::check
