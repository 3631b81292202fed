#include "score/totals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "levels/levels.h"

namespace jaxsmith::score {
namespace {

using Counts = std::pair<std::int64_t, std::int64_t>;  // predictions, and those that agree

void add(Rates& r, const Verdict& v) {
  ++r.predictions;
  r.parses += v.parses;
  r.verifies += v.verifies;
  r.signature += v.signature;
  r.canonical += v.canonical;
  r.runs += v.runs;
  r.unsupported += v.unsupported;
  r.gradable += v.gradable;
  r.recorded += v.recorded;
  r.agrees += v.agrees;
}

std::vector<std::int64_t> usual_ks(std::int64_t most) {
  std::vector<std::int64_t> out;
  for (std::int64_t ten = 1; ten <= most; ten *= 10)
    for (const std::int64_t k : {ten, 2 * ten, 5 * ten})
      if (k <= most) out.push_back(k);
  return out;
}

// Wilson's interval of a proportion in n trials, n not necessarily whole.
void set_interval(PassAtK& out, double n) {
  constexpr double kZ = 1.959963984540054;  // 95 %
  const double p = out.estimate, z2 = kZ * kZ;
  const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kZ / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  out.low = std::max(0.0, middle - half);
  out.high = std::min(1.0, middle + half);
}

std::string part(std::int64_t count, std::int64_t of) {
  if (of == 0) return "-";
  return fmt::format("{} {:5.1f}%", count,
                     100.0 * static_cast<double>(count) / static_cast<double>(of));
}

}  // namespace

double pass_at_k(std::int64_t n, std::int64_t correct, std::int64_t k) {
  if (n - correct < k) return 1;
  double none = 1;
  for (std::int64_t i = n - correct + 1; i <= n; ++i)
    none *= 1 - static_cast<double>(k) / static_cast<double>(i);
  return 1 - none;
}

PassAtK pass_interval(std::span<const Counts> ids, std::int64_t k) {
  PassAtK out{.k = k, .ids = static_cast<std::int64_t>(ids.size())};
  if (ids.empty()) return out;
  const auto count = static_cast<double>(ids.size());
  double sum = 0, squares = 0, predictions = 0;
  for (const auto& [n, correct] : ids) {
    sum += pass_at_k(n, correct, k);
    predictions += static_cast<double>(n);
  }
  const double p = out.estimate = sum / count;
  for (const auto& [n, correct] : ids) squares += std::pow(pass_at_k(n, correct, k) - p, 2);
  // The variance of the mean; where all ids have the same share, predictions are the trials.
  const double variance = ids.size() > 1 ? squares / (count - 1) / count : 0;
  const double spread = p * (1 - p);
  double trials = count;
  if (spread > 0 && ids.size() > 1)
    trials = variance > 0 ? std::clamp(spread / variance, count, std::max(count, predictions))
                          : predictions;
  set_interval(out, trials);
  return out;
}

Result<Totals> totals_of(const std::vector<Graded>& graded, const std::vector<std::int64_t>& ks) {
  Totals out;
  std::map<level::Level, std::map<std::string, Counts>> by_id;
  for (const Graded& g : graded) {
    auto& of_level = out.rates[g.prediction.level];
    add(of_level[""], g.verdict);
    if (!g.category.empty()) add(of_level[g.category], g.verdict);
    if (!g.verdict.gradable) continue;
    auto& [n, correct] = by_id[g.prediction.level][g.prediction.id];
    ++n;
    correct += g.verdict.agrees;
  }
  for (const auto& [level, ids] : by_id) {
    std::vector<Counts> counts;
    const auto fewest = std::min_element(ids.begin(), ids.end(), [](const auto& a, const auto& b) {
      return a.second.first < b.second.first;
    });
    for (const auto& [id, each] : ids) counts.push_back(each);
    for (const std::int64_t k : ks.empty() ? usual_ks(fewest->second.first) : ks) {
      if (k > fewest->second.first)
        return Error::usage(fmt::format("pass@{} takes {} predictions an id: {} has {} for {}", k,
                                        k, fewest->first, fewest->second.first,
                                        level::name_of(level)));
      out.pass[level].push_back(pass_interval(counts, k));
    }
  }
  return out;
}

std::string totals_table(const Totals& totals) {
  std::string out = fmt::format("{:<15}{:>12}{:>9}{:>10}{:>11}{:>11}{:>9}{:>10}{:>10}{:>15}\n", "",
                                "predictions", "parses", "verifies", "signature", "canonical",
                                "runs", "gradable", "recorded", "agrees");
  const auto line = [&](const std::string& name, const Rates& r) {
    out += fmt::format("{:<15}{:>12}{:>9}{:>10}{:>11}{:>11}{:>9}{:>10}{:>10}{:>15}\n", name,
                       r.predictions, r.parses, r.verifies, r.signature, r.canonical, r.runs,
                       r.gradable, r.recorded, part(r.agrees, r.gradable));
  };
  for (const auto& [level, categories] : totals.rates) {
    line(std::string(level::name_of(level)), categories.at(""));
    for (const auto& [category, rates] : categories)
      if (!category.empty()) line("  " + in_one_line(category, 40), rates);
    if (const std::int64_t n = categories.at("").unsupported; n > 0)
      out += fmt::format("  {} with operations that jaxsmith does not know\n", n);
    const auto pass = totals.pass.find(level);
    if (pass == totals.pass.end()) continue;
    for (const PassAtK& p : pass->second)
      out += fmt::format("  pass@{:<6}{:6.2f}%  (95 %: {:.2f} to {:.2f}; {} ids)\n", p.k,
                         100 * p.estimate, 100 * p.low, 100 * p.high, p.ids);
  }
  return out;
}

std::string totals_json(const Totals& totals) {
  using Json = nlohmann::ordered_json;
  const auto rates = [](const Rates& r) {
    return Json{{"predictions", r.predictions}, {"parses", r.parses},
                {"verifies", r.verifies},       {"signature", r.signature},
                {"canonical", r.canonical},     {"runs", r.runs},
                {"unsupported", r.unsupported}, {"gradable", r.gradable},
                {"recorded", r.recorded},       {"agrees", r.agrees}};
  };
  Json out = Json::object();
  for (const auto& [level, categories] : totals.rates) {
    Json& json = out[level::name_of(level)] = rates(categories.at(""));
    json["pass"] = Json::array();
    if (const auto pass = totals.pass.find(level); pass != totals.pass.end())
      for (const PassAtK& p : pass->second)
        json["pass"].push_back({{"k", p.k},
                                {"ids", p.ids},
                                {"estimate", p.estimate},
                                {"low", p.low},
                                {"high", p.high}});
    json["categories"] = Json::object();
    for (const auto& [category, each] : categories)
      if (!category.empty()) json["categories"][category] = rates(each);
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace jaxsmith::score
