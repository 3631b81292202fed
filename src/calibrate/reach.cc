#include "calibrate/reach.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "plan/catalogue.h"
#include "plan/family.h"
#include "plan/turns.h"
#include "source/render.h"

namespace jaxsmith::calibrate {
namespace {

constexpr std::uint64_t kSeed = 20250101, kFamilies = 12'000;
constexpr std::uint64_t kApplications = 240;  // of each entry
constexpr double kFunctions = 20'000;
constexpr double kEnough = 60;         // of these: no turns are needed
constexpr double kShareOfBest = 0.06;  // what calls a function more seldom does so by chance
constexpr double kFewest = 0.03;       // where even the best does so more seldom it has no turn
constexpr std::size_t kMostEntries = 8;

using Names = std::set<std::string, std::less<>>;

// What steps of a program call; those of one entry alone where it is named.
Names functions_of(const plan::Program& program, std::string_view entry = {}) {
  Names out;
  for (const plan::Body& body : program.bodies)
    for (const plan::Node& node : body.nodes)
      if (entry.empty() || node.op == entry)
        out.merge(plan::functions_in(node, program.catalogue->vocabulary()));
  return out;
}

// How many of so many functions call each, apart from what the entry calls that a family features:
// turns are weighed by that.
Result<std::map<std::string, double, std::less<>>> usual_counts(const plan::PlanOptions& options,
                                                                unsigned workers) {
  std::vector<std::vector<Names>> families(kFamilies);
  std::atomic<std::size_t> functions = 0;
  JAXSMITH_CHECK(parallel_for(kFamilies, workers, [&](std::size_t family) -> Status {
    const plan::Family own = plan::family_of(options, kSeed, family);
    const auto members = plan::plan_family(options, kSeed, family);
    for (std::size_t m = 0; m < members.size(); ++m) {
      // As it is written: a family may have words of its own (source/dialect.h).
      const source::Function function =
          source::render(members[m], {kSeed, family, static_cast<std::uint32_t>(m)});
      Names names = plan::functions_in(function.source, options.catalogue->vocabulary());
      if (own.features && own.featured)
        for (const std::string& name : functions_of(members[m].program, own.featured->name))
          names.erase(name);
      families[family].push_back(std::move(names));
    }
    functions += families[family].size();
    return {};
  }));
  std::map<std::string, double, std::less<>> out;
  for (const auto& family : families)
    for (const Names& names : family)
      for (const std::string& name : names)
        out[name] += kFunctions / static_cast<double>(functions);
  return out;
}

// In which share of its applications an entry calls each.
Result<std::vector<std::map<std::string, double>>> shares_of_entries(
    const plan::PlanOptions& options, unsigned workers) {
  const auto ops = options.catalogue->ops();
  std::vector<plan::Settings> settings;
  for (std::uint64_t family = 0; settings.size() < kApplications; ++family) {
    settings.push_back(plan::family_settings(options, kSeed, family));
    settings.back().devices = 1;
  }
  std::vector<std::map<std::string, double>> out(ops.size());
  JAXSMITH_CHECK(parallel_for(ops.size(), workers, [&](std::size_t i) -> Status {
    if (!plan::has_turns(ops[i])) return {};
    double applied = 0;
    for (std::size_t k = 0; k < settings.size(); ++k) {
      plan::apply_alone(settings[k], ops[i], Random(kSeed, k).fork(ops[i].name),
                        [&](const plan::Program& program) {
                          ++applied;
                          for (const std::string& name : functions_of(program)) ++out[i][name];
                        });
    }
    for (auto& [name, share] : out[i]) share /= applied;
    return {};
  }));
  return out;
}

}  // namespace

Result<std::string> reach_table(const plan::PlanOptions& options,
                                const std::set<std::string>& functions, unsigned workers) {
  JAXSMITH_TRY(usual, usual_counts(options, workers));
  JAXSMITH_TRY(shares, shares_of_entries(options, workers));
  std::map<std::string, std::vector<std::pair<double, std::string>>> entries;
  for (std::size_t i = 0; i < shares.size(); ++i)
    for (const auto& [name, share] : shares[i])
      if (functions.contains(name))
        entries[name].emplace_back(share, options.catalogue->ops()[i].name);
  std::string out =
      "// Functions of JAX that are rare but for their turns: how many of 20,000 functions call "
      "each\n"
      "// beside what they feature, and which entries do in which share of their applications\n"
      "// (plan/turns.h).\n"
      "// Made by `make reach`.\n";
  for (auto& [name, of] : entries) {
    const double often = usual.contains(name) ? usual.at(name) : 0;
    std::ranges::sort(of, std::greater{});
    if (often >= kEnough || of[0].first < kFewest) continue;
    std::string list;
    for (std::size_t k = 0; k < std::min(of.size(), kMostEntries); ++k)
      if (of[k].first >= kShareOfBest * of[0].first)
        list += fmt::format("{}{}:{:.2f}", k ? ", " : "", of[k].second, of[k].first);
    out += fmt::format("FUNCTION(\"{}\", {:.0f}, \"{}\")\n", name, often, list);
  }
  return out;
}

}  // namespace jaxsmith::calibrate
