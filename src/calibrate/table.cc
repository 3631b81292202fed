#include "calibrate/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "plan/catalogue.h"
#include "plan/size.h"

namespace jaxsmith::calibrate {

std::set<std::string> held_out(std::span<const stats::RowMeasures> rows) {
  std::set<std::string> all;
  for (const stats::RowMeasures& row : rows)
    if (row.read) all.emplace(library_of(row));
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const std::string& library : all) order.emplace_back(hash64(library), library);
  std::sort(order.begin(), order.end());
  order.resize(order.size() < 2 ? 0 : (order.size() + 1) / 3);
  std::set<std::string> out;
  for (auto& [digest, library] : order) out.insert(std::move(library));
  return out;
}

plan::Weights for_defaults(plan::Weights fitted) {
  static constexpr double kMost = 2;
  const auto tamed = [](double& factor) { factor = std::clamp(factor, 1 / kMost, kMost); };
  plan::Weights out;
  out.entries = std::move(fitted.entries), out.dtypes = std::move(fitted.dtypes);
  out.ranks = std::move(fitted.ranks), out.long_axes = fitted.long_axes;
  for (auto* factors : {&out.entries, &out.ranks}) std::ranges::for_each(*factors, tamed);
  for (auto& [dtype, factor] : out.dtypes) tamed(factor);
  tamed(out.long_axes);
  return out;
}

std::vector<std::string> figures_of(const std::vector<Part>& parts) {
  std::vector<std::string> out;
  for (const Part& part : parts) {
    out.push_back(fmt::format("{}: {} functions of {}", part.name, part.functions,
                              fmt::join(part.libraries, ", ")));
    const Distances &from = part.before, &to = part.after;
    const std::tuple<const char*, double, double> kinds[] = {
        {"operations", from.operations, to.operations},
        {"pairs", from.pairs, to.pairs},
        {"types", from.dtypes, to.dtypes},
        {"ranks", from.ranks, to.ranks},
        {"sizes", from.sizes, to.sizes}};
    for (const auto& [name, before, after] : kinds)
      out.push_back(fmt::format("  {:<12}{:.3f} before, {:.3f} after", name, before, after));
  }
  return out;
}

std::string table_of(const plan::Weights& weights, const plan::Catalogue& catalogue,
                     const std::vector<Part>& parts) {
  std::string out =
      "// Factors on the weights of entries and on what else planning draws (plan/weights.h).\n"
      "// Made by `make calibrate`. Divergences of what is expected from what there is, in bits:\n";
  for (const std::string& line : figures_of(parts)) out += "//   " + line + "\n";
  const auto add = [&out](const char* macro, std::string_view name, double factor) {
    if (factor != 1) out += fmt::format("{}(\"{}\", {:.6g})\n", macro, name, factor);
  };
  const auto ops = catalogue.ops();
  for (std::size_t i = 0; i < ops.size(); ++i) add("ENTRY", ops[i].name, weights.entry(i));
  for (std::size_t i = 0; i < catalogue.categories().size(); ++i)
    add("CATEGORY", catalogue.categories()[i].name,
        weights.category(static_cast<plan::Category>(i)));
  for (const auto& [dtype, factor] : weights.dtypes)
    add("DTYPE", tensor::jaxpr_name(dtype), factor);
  for (std::size_t i = 0; i < weights.sizes.size(); ++i)
    add("SIZE", word(static_cast<plan::SizeClass>(i)), weights.sizes[i]);
  for (std::size_t n = 0; n < weights.ranks.size(); ++n)
    out += fmt::format("RANK({}, {:.6g})\n", n, weights.ranks[n]);
  out +=
      fmt::format("LONG_AXES({:.6g})\nWIDE_CHUNKS({})\n", weights.long_axes, weights.wide_chunks);
  return out;
}

}  // namespace jaxsmith::calibrate
