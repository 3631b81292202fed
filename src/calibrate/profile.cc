#include "calibrate/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/hash.h"

namespace jaxsmith::calibrate {
namespace {

// A function counts as no more operations than these, so that a few long ones are not all of it.
constexpr double kMostCounted = 256;

void add(const Counts& counts, double weight, Counts& to) {
  for (const auto& [key, n] : counts) to[key] += weight * n;
}

}  // namespace

std::string size_of(std::size_t operations) { return std::to_string(std::bit_floor(operations)); }

void normalize(Counts& counts) {
  double all = 0;
  for (const auto& [key, n] : counts) all += n;
  if (all > 0)
    for (auto& [key, n] : counts) n /= all;
}

Profile profile_of(std::span<const stats::RowMeasures> rows) {
  Profile out;
  double axes = 0, long_axes = 0;
  for (const stats::RowMeasures& row : rows) {
    if (!row.read) continue;
    ++out.functions;
    const auto size = static_cast<double>(row.operations.size());
    const double weight = size > kMostCounted ? kMostCounted / size : 1;
    for (const std::string& operation : row.operations) out.operations[operation] += weight;
    add(row.pairs, weight, out.pairs);
    add(row.dtypes, weight, out.dtypes);
    add(row.ranks, weight, out.ranks);
    ++out.sizes[size_of(row.operations.size())];
    if (row.sizes.extent) ++out.nesting[std::to_string(row.sizes.extent->nesting)];
    axes += weight * static_cast<double>(row.axes);
    long_axes += weight * static_cast<double>(row.axes_over_16);
  }
  for (Counts* counts :
       {&out.operations, &out.pairs, &out.dtypes, &out.ranks, &out.sizes, &out.nesting})
    normalize(*counts);
  out.long_axes = axes > 0 ? long_axes / axes : 0;
  return out;
}

Result<Profile> profile_of(const std::string& dataset, unsigned workers) {
  JAXSMITH_TRY(measures, stats::measures_of(dataset, workers, /*as_written=*/true));
  Profile out = profile_of(measures.rows);
  if (out.functions > 0 && !out.operations.empty()) return out;
  return Error::usage(
      fmt::format("{}: none of its {} rows has a jaxpr that can be read, there is nothing to go by",
                  dataset, measures.rows.size()));
}

std::string Profile::digest() const {
  std::string text = fmt::format("{} {:.6f}\n", functions, long_axes);
  for (const Counts* counts : {&operations, &pairs, &dtypes, &ranks, &sizes, &nesting}) {
    for (const auto& [key, share] : *counts) text += fmt::format("{} {:.6f}\n", key, share);
    text += "\n";
  }
  return hash128_hex(text);
}

std::string_view library_of(const stats::RowMeasures& row) {
  return std::string_view(row.callable).substr(0, row.callable.find_first_of(".:"));
}

}  // namespace jaxsmith::calibrate
