#include "calibrate/expectation.h"

#include "base/named_numbers.h"
#include "base/text.h"
#include "base/words.h"
#include "plan/size.h"

namespace jaxsmith::calibrate {
namespace {

Counts read_list(std::string_view text) {
  Counts out;
  each_named_number(text, [&](std::string_view name, double n) { out[std::string(name)] = n; });
  return out;
}

void add(const Counts& counts, double times, Counts& to) {
  for (const auto& [key, n] : counts) to[key] += times * n;
}

// Moves shares of plans' values by what those of jaxprs are beside them where nothing is fitted.
void correct(Counts& shares, const Counts& usual, const Counts& in_jaxprs) {
  constexpr double kLeastShare = 1e-4;
  for (auto& [key, share] : shares) {
    const auto planned = usual.find(key);
    const auto known = in_jaxprs.find(key);
    if (planned == usual.end() || known == in_jaxprs.end() || planned->second < kLeastShare)
      continue;
    share *= known->second / planned->second;
  }
  normalize(shares);
}

}  // namespace

Brought read_brought(const plan::BroughtTable& table, const plan::Catalogue& catalogue) {
  Brought out;
  const auto ops = catalogue.ops();
  for (const plan::Brought& line : table.entries)
    if (const plan::Op* op = catalogue.find(line.entry))
      out.entries[static_cast<std::size_t>(op - ops.data())] = {read_list(line.operations),
                                                                read_list(line.pairs)};
  out.sizes.resize(3);
  for (const plan::BroughtShares& line : table.shares) {
    if (line.what == "dtypes") out.dtypes = read_list(line.shares);
    if (line.what == "ranks") out.ranks = read_list(line.shares);
    const auto size = from_word<plan::SizeClass>(line.what);
    if (size && *size != plan::SizeClass::kMix)
      out.sizes[static_cast<std::size_t>(*size)] = read_list(line.shares);
  }
  return out;
}

std::vector<double> size_shares(const plan::PlanOptions& options, const plan::Weights& weights) {
  std::vector<double> out(3, 0);
  double all = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto size = static_cast<plan::SizeClass>(i);
    const bool drawn = options.size == plan::SizeClass::kMix || options.size == size;
    out[i] = drawn ? plan::profile_of(size).share * weights.sizes[i] : 0;
    all += out[i];
  }
  for (double& share : out) share /= all;
  return out;
}

Expectation expect(const std::vector<FamilyUsage>& families, const Brought& brought,
                   const std::vector<double>& size_shares, const Expectation* usual) {
  Expectation out;
  double axes = 0;
  for (const FamilyUsage& family : families) {
    const auto category = static_cast<std::size_t>(family.category);
    if (out.of_categories.size() <= category) out.of_categories.resize(category + 1);
    for (const auto& [place, n] : family.uses) {
      out.uses[place] += n;
      const auto known = brought.entries.find(place);
      if (known == brought.entries.end()) continue;
      add(known->second.operations, n, out.of_categories[category]);
      add(known->second.pairs, n, out.pairs);
    }
    for (const auto& [dtype, n] : family.dtypes)
      out.dtypes[std::string(tensor::jaxpr_name(dtype))] += n;
    for (const auto& [rank, n] : family.ranks) out.ranks[std::to_string(rank)] += n;
    axes += family.axes;
    out.long_axes += family.long_axes;
  }
  for (const Counts& counts : out.of_categories) add(counts, 1, out.operations);
  for (std::size_t i = 0; i < size_shares.size(); ++i)
    add(brought.sizes[i], size_shares[i], out.sizes);
  out.long_axes = axes > 0 ? out.long_axes / axes : 0;
  for (Counts* counts : {&out.operations, &out.pairs, &out.dtypes, &out.ranks, &out.sizes})
    normalize(*counts);
  if (usual != nullptr) {
    correct(out.dtypes, usual->dtypes, brought.dtypes);
    correct(out.ranks, usual->ranks, brought.ranks);
  }
  return out;
}

}  // namespace jaxsmith::calibrate
