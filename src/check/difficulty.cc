#include "check/difficulty.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "source/python_tokens.h"

namespace jaxsmith::check {
namespace {

using Thresholds = std::array<std::int64_t, 4>;

// Quartiles and the upper twentieth of rows that were made without asking for sizes; of nesting,
// which most functions have none of, the numbers themselves.
constexpr Thresholds kEquations = {17, 33, 57, 129}, kDepth = {9, 14, 23, 43},
                     kDistinct = {9, 12, 18, 26}, kTokens = {87, 122, 172, 273},
                     kNesting = {1, 1, 2, 3};
constexpr int kGradesOfOne = 4;  // that a difficulty spans

int grade(std::int64_t value, const Thresholds& thresholds) {
  return static_cast<int>(std::count_if(thresholds.begin(), thresholds.end(),
                                        [&](std::int64_t least) { return value >= least; }));
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Sizes sizes_of(const ir::Structure* structure, std::string_view source) {
  Sizes out;
  out.tokens = source::count_tokens(source::python_tokens(source));
  if (!structure) return out;
  out.equations = structure->equations;
  out.extent = structure->extent;
  return out;
}

std::optional<int> difficulty_of(const Sizes& sizes) {
  if (!sizes.extent) return std::nullopt;
  const ir::Extent& extent = *sizes.extent;
  const int grades = grade(sizes.equations, kEquations) + grade(extent.depth, kDepth) +
                     grade(extent.distinct_operations, kDistinct) + grade(sizes.tokens, kTokens) +
                     grade(extent.nesting, kNesting);
  return std::min(kHardest, kEasiest + grades / kGradesOfOne);
}

std::string DifficultyRange::text() const {
  return from == to ? fmt::format("{}", from) : fmt::format("{}-{}", from, to);
}

Result<DifficultyRange> difficulty_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto from = number(text.substr(0, dash));
  const auto to = dash == text.npos ? from : number(text.substr(dash + 1));
  if (!from || !to || *from < kEasiest || *to > kHardest || *from > *to)
    return Error::usage(fmt::format("'{}' is no difficulty: give one from {} to {}, or two as 2-4",
                                    text, kEasiest, kHardest));
  return DifficultyRange{*from, *to};
}

std::optional<trace::Refusal> check_difficulty(std::optional<int> difficulty,
                                               const DifficultyRange& wanted) {
  if (wanted.all() || (difficulty && wanted.contains(*difficulty))) return std::nullopt;
  return trace::Refusal{
      trace::Stage::kCheck, trace::Reason::kDifficulty,
      difficulty ? fmt::format("its difficulty is {}, {} was asked for", *difficulty, wanted.text())
                 : fmt::format("its difficulty is not known, {} was asked for", wanted.text())};
}

void DifficultyCounts::add(std::optional<std::int64_t> difficulty) {
  if (difficulty && *difficulty >= kEasiest && *difficulty <= kHardest)
    ++counts_[static_cast<std::size_t>(*difficulty - kEasiest)];
}

std::uint64_t DifficultyCounts::of(int difficulty) const {
  return counts_[static_cast<std::size_t>(difficulty - kEasiest)];
}

std::uint64_t DifficultyCounts::rows() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

}  // namespace jaxsmith::check
