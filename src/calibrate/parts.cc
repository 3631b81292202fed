#include "calibrate/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "calibrate/explain.h"
#include "store/cells.h"
#include "store/dataset_reader.h"
#include "store/files.h"

namespace jaxsmith::calibrate {
namespace {

using plan::Applied;
using plan::Brings;
using plan::Operations;

constexpr const char *kAll = "all", *kShown = "shown", *kHidden = "hidden";

// An entry, twice: as it is, and where it is differentiated.
std::size_t place_of(const Applied& applied, const plan::Catalogue& catalogue) {
  const auto place = static_cast<std::size_t>(applied.op - catalogue.ops().data());
  return 2 * place + (applied.differentiated ? 1 : 0);
}

double sum_of(const std::map<std::size_t, Counts>& of, std::size_t place, const char* thing) {
  const auto found = of.find(place);
  if (found == of.end()) return 0;
  const auto n = found->second.find(thing);
  return n == found->second.end() ? 0 : n->second;
}

// How many operations functions have, by what they apply. Those of refused functions are what is
// expected of them.
std::vector<double> numbers_of(const std::vector<Traced>& functions, const std::vector<Uses>& uses,
                               std::map<std::size_t, Counts>& of) {
  std::vector<Explained> known;
  for (std::size_t i = 0; i < functions.size(); ++i)
    if (functions[i].operations > 0) known.push_back({uses[i], {{kAll, functions[i].operations}}});
  of = explain(known).of;
  double usual = 0;
  for (const auto& [place, counts] : of) usual += sum_of(of, place, kAll);
  usual /= std::max<double>(1, static_cast<double>(of.size()));
  std::vector<double> out;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    double expected = 0;
    for (const auto& [place, times] : uses[i])
      expected += times * (of.contains(place) ? sum_of(of, place, kAll) : usual);
    out.push_back(functions[i].operations > 0 ? functions[i].operations : expected);
  }
  return out;
}

// "53 % of its operations …" (check::check_inert).
std::optional<double> share_in(std::string_view detail) {
  double percent = 0;
  const auto read = std::from_chars(detail.data(), detail.data() + detail.size(), percent);
  if (read.ec != std::errc() || !std::string_view(read.ptr).starts_with(" % of its operations"))
    return std::nullopt;
  return percent / 100;
}

Result<std::optional<std::string>> text_at(const arrow::Table& table, const char* column,
                                           std::int64_t row) {
  const auto found = table.GetColumnByName(column);
  if (!found) return std::optional<std::string>();
  std::int64_t at = row;
  for (const auto& chunk : found->chunks()) {
    if (at < chunk->length()) return store::text_cell({*chunk, at});
    at -= chunk->length();
  }
  return std::optional<std::string>();
}

Status add_rows(const std::string& file, std::map<std::string, double>& out) {
  JAXSMITH_TRY(table, store::read_parquet(file, {"id", "inert"}));
  JAXSMITH_TRY(shares, store::numbers_or_null<arrow::DoubleType>(*table, "inert"));
  for (std::size_t i = 0; i < shares.size(); ++i) {
    JAXSMITH_TRY(id, text_at(*table, "id", static_cast<std::int64_t>(i)));
    if (id && shares[i]) out[*id] = *shares[i];
  }
  return {};
}

Status add_rejects(const std::string& file, std::map<std::string, double>& out) {
  JAXSMITH_TRY(table, store::read_parquet(file, {"id", "detail"}));
  for (std::int64_t i = 0; i < table->num_rows(); ++i) {
    JAXSMITH_TRY(id, text_at(*table, "id", i));
    JAXSMITH_TRY(detail, text_at(*table, "detail", i));
    const auto share = detail ? share_in(*detail) : std::nullopt;
    if (id && share) out[*id] = *share;
  }
  return {};
}

}  // namespace

Parts explain_parts(const std::vector<Traced>& functions, const plan::Catalogue& catalogue) {
  std::vector<Uses> uses;
  for (const Traced& each : functions) {
    uses.emplace_back();
    for (const Applied& applied : each.applied)
      uses.back()[place_of(applied, catalogue)] += applied.times;
  }
  std::map<std::size_t, Counts> of;
  const std::vector<double> numbers = numbers_of(functions, uses, of);
  // What is inert since nothing shows the whole step says nothing of the entry.
  std::vector<Explained> all;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    double around = 0;
    Uses shows;
    for (const Applied& applied : functions[i].applied) {
      const std::size_t place = place_of(applied, catalogue);
      if (applied.shows)
        shows[place] += applied.times;
      else
        around += applied.times * sum_of(of, place, kAll);
    }
    const double inert = std::max(0.0, functions[i].inert * numbers[i] - around);
    const double shown = (1 - functions[i].inert) * numbers[i];
    if (!shows.empty()) all.push_back({shows, {{kShown, shown}, {kHidden, inert}}});
  }
  const Explanation found = explain(all);
  Parts out;
  Brings& usual = out[kUsual];
  usual = {{0, 0}, {0, 0}};
  double met = 0, met_differentiated = 0;
  for (const auto& [place, counts] : found.of) {
    const Operations of_place{sum_of(found.of, place, kShown), sum_of(found.of, place, kHidden)};
    Brings& entry = out[place / 2];
    (place % 2 ? entry.differentiated : entry.plain) = of_place;
    Operations& sum = place % 2 ? usual.differentiated : usual.plain;
    sum.shown += of_place.shown, sum.hidden += of_place.hidden;
    (place % 2 ? met_differentiated : met) += 1;
  }
  const auto mean = [](Operations& sum, double n) {
    sum.shown /= std::max(1.0, n), sum.hidden /= std::max(1.0, n);
  };
  mean(usual.plain, met);
  mean(usual.differentiated, met_differentiated);
  // What was met in one of the two becomes at least as much in the other.
  for (auto& [place, brings] : out) {
    if (place == kUsual) continue;
    if (!found.of.contains(2 * place)) brings.plain = brings.differentiated;
    if (!found.of.contains(2 * place + 1)) brings.differentiated = brings.plain;
  }
  return out;
}

double expected_inert(const Traced& function, const Parts& parts,
                      const plan::Catalogue& catalogue) {
  double all = 0, hidden = 0;
  for (const Applied& applied : function.applied) {
    const auto found = parts.find(place_of(applied, catalogue) / 2);
    const Brings& brings = found == parts.end() ? parts.at(kUsual) : found->second;
    const Operations& of = applied.differentiated ? brings.differentiated : brings.plain;
    all += applied.times * (of.shown + of.hidden);
    hidden += applied.times * (of.hidden + (applied.shows ? 0 : of.shown));
  }
  return all > 0 ? hidden / all : 0;
}

Result<std::map<std::string, double>> inert_shares(std::span<const std::string> datasets) {
  std::map<std::string, double> out;
  for (const std::string& dataset : datasets) {
    JAXSMITH_TRY(reader, store::DatasetReader::open(dataset));
    for (const std::string& file : reader.files()) JAXSMITH_CHECK(add_rows(file, out));
    const std::string rejects = dataset + "/rejects.parquet";
    if (std::filesystem::is_regular_file(rejects)) JAXSMITH_CHECK(add_rejects(rejects, out));
  }
  return out;
}

std::string parts_text(const std::vector<Traced>& functions, const plan::Catalogue& catalogue) {
  constexpr double kHalf = 0.5;
  const Parts parts = explain_parts(functions, catalogue);
  double error = 0, over = 0, expected_over = 0, expected_among = 0;
  for (const Traced& each : functions) {
    const double expected = expected_inert(each, parts, catalogue);
    error += std::abs(expected - each.inert);
    over += each.inert > kHalf;
    expected_among += expected > 0.8 * kHalf && each.inert > kHalf;
    expected_over += expected > 0.8 * kHalf && each.inert <= kHalf;
  }
  const double n = std::max<double>(1, static_cast<double>(functions.size()));
  std::string out = fmt::format(
      "// Inert operations explained: {:.3f} off on the average; of {:.0f} functions that are over "
      "a half\n// {:.0f} are expected over 0.4, of the other {:.0f} {:.0f}.\n",
      error / n, over, expected_among, n - over, expected_over);
  const auto ops = catalogue.ops();
  for (const auto& [place, b] : parts)
    out += fmt::format("PARTS(\"{}\", {:.2f}, {:.2f}, {:.2f}, {:.2f})\n",
                       place == kUsual ? "" : ops[place].name, b.plain.shown, b.plain.hidden,
                       b.differentiated.shown, b.differentiated.hidden);
  return out;
}

}  // namespace jaxsmith::calibrate
