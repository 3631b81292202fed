#include "calibrate/learn.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/threads.h"
#include "calibrate/explain.h"
#include "calibrate/parts.h"
#include "calibrate/profile.h"
#include "calibrate/usage.h"
#include "source/render.h"
#include "store/dataset_reader.h"

namespace jaxsmith::calibrate {
namespace {

struct Family {
  std::uint64_t seed = 0, number = 0;
  plan::SizeClass size{};
  Uses uses;
  Counts operations, pairs;
  // By member: how many operations a row has.
  std::map<std::uint32_t, double> numbers;
  std::vector<Traced> traced;
};
using Families = std::map<std::string, Family>;

bool parse_family(const std::string& id, Family& out) {
  const char* end = id.data() + id.size();
  const auto seed = std::from_chars(id.data(), end, out.seed, 16);
  if (seed.ec != std::errc() || seed.ptr == end || *seed.ptr != '-') return false;
  const auto number = std::from_chars(seed.ptr + 1, end, out.number);
  return number.ec == std::errc() && number.ptr == end;
}

Error not_planned(const std::string& id) {
  return Error::usage(
      fmt::format("row {} is not what is planned for its family: learn from datasets that this "
                  "version has made with default options",
                  id));
}

// The sources that rows say, each by its row's id.
Result<std::map<std::string, std::string>> sources_of(std::span<const std::string> datasets) {
  std::map<std::string, std::string> out;
  for (const std::string& dataset : datasets) {
    JAXSMITH_TRY(reader, store::DatasetReader::open(dataset, /*described=*/true));
    while (const auto row = reader.next()) out[row->id] = row->description.source;
  }
  return out;
}

// Plans the families again, and holds their functions against the rows.
Status plan_again(std::span<const std::string> datasets, const plan::PlanOptions& options,
                  unsigned workers, const std::map<std::string, double>& shares,
                  Families& families) {
  JAXSMITH_TRY(sources, sources_of(datasets));
  std::vector<Family*> all;
  for (auto& [id, family] : families) all.push_back(&family);
  return parallel_for(all.size(), workers, [&](std::size_t i) -> Status {
    Family& family = *all[i];
    family.size = plan::family_size(options, family.seed, family.number);
    const auto members = plan::plan_family(options, family.seed, family.number);
    std::size_t met = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      const source::FunctionKey key{family.seed, family.number, static_cast<std::uint32_t>(m)};
      const auto share = shares.find(source::function_id(key));
      if (share != shares.end())
        family.traced.push_back({plan::applied_entries(members[m].program, members[m].program.root),
                                 family.numbers[key.member], share->second});
      const auto row = sources.find(source::function_id(key));
      if (row == sources.end()) continue;
      if (source::render(members[m], key).source != row->second) return not_planned(row->first);
      ++met;
    }
    if (met == 0 && family.traced.empty())
      return not_planned(source::family_id({family.seed, family.number, 0}));
    family.uses = uses_of(members.front().program);
    return {};
  });
}

std::string list_text(const Counts& counts, int digits) {
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [key, n] : counts) order.emplace_back(-n, key);
  std::sort(order.begin(), order.end());
  std::string out;
  for (const auto& [n, key] : order)
    out += fmt::format("{}{}:{:.{}f}", out.empty() ? "" : ", ", key, -n, digits);
  return out;
}

// Those of `least` and more; of the rest the sum, as "other".
Counts largest(const Counts& counts, double least, std::size_t most) {
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [key, n] : counts) order.emplace_back(-n, key);
  std::sort(order.begin(), order.end());
  Counts out;
  double other = 0;
  for (const auto& [n, key] : order) {
    if (-n >= least && out.size() < most)
      out[key] = -n;
    else
      other -= n;
  }
  if (other >= least) out[std::string(kOther)] += other;
  return out;
}

std::string shares_text(const std::vector<stats::RowMeasures>& rows, const Families& families) {
  const Profile all = profile_of(rows);
  std::string out = fmt::format("SHARES(\"dtypes\", \"{}\")\n", list_text(all.dtypes, 4));
  out += fmt::format("SHARES(\"ranks\", \"{}\")\n", list_text(all.ranks, 4));
  for (const auto size :
       {plan::SizeClass::kSmall, plan::SizeClass::kMedium, plan::SizeClass::kLarge}) {
    std::vector<stats::RowMeasures> of_size;
    for (const stats::RowMeasures& row : rows) {
      const auto family = families.find(row.family);
      if (family != families.end() && family->second.size == size) of_size.push_back(row);
    }
    out += fmt::format("SHARES(\"{}\", \"{}\")\n", word(size),
                       list_text(profile_of(of_size).sizes, 4));
  }
  return out;
}

}  // namespace

Result<std::string> learn(std::span<const std::string> datasets, const plan::PlanOptions& options,
                          unsigned workers) {
  constexpr double kLeast = 0.1;  // of an entry's operations: fewer are others
  constexpr std::size_t kMostOperations = 18, kMostPairs = 12;
  std::vector<stats::RowMeasures> rows;
  for (const std::string& dataset : datasets) {
    JAXSMITH_TRY(measures, stats::measures_of(dataset, workers));
    std::ranges::move(measures.rows, std::back_inserter(rows));
  }
  Families families;
  for (const stats::RowMeasures& row : rows) {
    if (!row.read) continue;
    Family& family = families[row.family];
    if (!parse_family(row.family, family)) return not_planned(row.id);
    for (const std::string& operation : row.operations) ++family.operations[operation];
    family.numbers[static_cast<std::uint32_t>(row.member)] =
        static_cast<double>(row.operations.size());
    for (const auto& [pair, n] : row.pairs) family.pairs[pair] += n;
  }
  if (families.empty()) return Error::usage("calibrate: there are no rows to learn from");
  // Those of which all was refused say something of what is hidden.
  JAXSMITH_TRY(shares, inert_shares(datasets));
  for (const auto& [id, share] : shares) {
    const std::string name = id.substr(0, id.rfind('-'));
    if (!families.contains(name) && !parse_family(name, families[name])) return not_planned(id);
  }
  JAXSMITH_CHECK(plan_again(datasets, options, workers, shares, families));
  std::vector<Explained> operations, pairs;
  std::vector<Traced> traced;
  for (const auto& [id, family] : families) {
    std::ranges::copy(family.traced, std::back_inserter(traced));
    if (family.operations.empty()) continue;
    operations.push_back({family.uses, family.operations});
    pairs.push_back({family.uses, family.pairs});
  }
  const Explanation by_operation = explain(operations);
  const Explanation by_pair = explain(pairs);
  std::string out = fmt::format(
      "// What an application of each entry brings into its family's functions (plan/brought.h).\n"
      "// Made by `jaxsmith calibrate --learn DIR …`: {} rows of {} families, {} entries.\n"
      "// Operations explained, bits to families' own: {:.3f}, and {:.3f} without entries.\n"
      "// Pairs: {:.3f}, and {:.3f} without.\n",
      rows.size(), families.size(), by_operation.of.size(), by_operation.left,
      by_operation.left_before, by_pair.left, by_pair.left_before);
  out += shares_text(rows, families);
  const auto ops = options.catalogue->ops();
  for (const auto& [place, counts] : by_operation.of) {
    const Counts listed = largest(counts, kLeast, kMostOperations);
    const Counts listed_pairs = largest(by_pair.of.at(place), kLeast, kMostPairs);
    if (!listed.empty())
      out += fmt::format("ENTRY(\"{}\", \"{}\", \"{}\")\n", ops[place].name, list_text(listed, 2),
                         list_text(listed_pairs, 2));
  }
  return out + parts_text(traced, *options.catalogue);
}

}  // namespace jaxsmith::calibrate
