#include "stats/neighbours.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/disjoint_sets.h"
#include "base/hash.h"
#include "ir/common/windows.h"

namespace jaxsmith::stats {
namespace {

// A band of three minima agrees by chance index³: of 0.5 one of 72 does but for 7e-5.
constexpr std::size_t kBands = 72, kRowsOfBand = 3;
using Sketch = std::array<std::uint32_t, kBands>;

// Functions with the same windows, which are measured once.
struct Group {
  std::span<const std::uint64_t> windows;
  // Two families tell whether there is one besides a given one.
  std::vector<std::string_view> families, training;
  std::vector<std::size_t> members;
  std::vector<std::pair<std::uint32_t, double>> near;  // other groups
};

void add_family(std::vector<std::string_view>& families, std::string_view family) {
  if (families.size() < 2 && std::find(families.begin(), families.end(), family) == families.end())
    families.push_back(family);
}

bool has_other(const std::vector<std::string_view>& families, std::string_view family) {
  return std::any_of(families.begin(), families.end(),
                     [&](std::string_view f) { return f != family; });
}

std::uint64_t mixed(std::uint64_t x) {  // splitmix64's last step
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

Sketch sketch_of(std::span<const std::uint64_t> windows) {
  Sketch out;
  for (std::size_t band = 0; band < kBands; ++band) {
    std::uint64_t key = 0;
    for (std::size_t r = 0; r < kRowsOfBand; ++r) {
      const std::uint64_t salt = mixed((band * kRowsOfBand + r + 1) * 0x9e3779b97f4a7c15U);
      std::uint64_t least = UINT64_MAX;
      for (const std::uint64_t w : windows) least = std::min(least, mixed(w ^ salt));
      key = mixed(key ^ least) + r;
    }
    out[band] = static_cast<std::uint32_t>(key);
  }
  return out;
}

// In the order of their windows, members in theirs.
std::vector<Group> groups_of(std::span<const Function> functions) {
  std::vector<std::size_t> order(functions.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto windows = [&](std::size_t i) { return functions[i].windows; };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(windows(a).begin(), windows(a).end(), windows(b).begin(),
                                        windows(b).end());
  });
  std::vector<Group> out;
  for (const std::size_t i : order) {
    if (out.empty() || !std::equal(windows(i).begin(), windows(i).end(), out.back().windows.begin(),
                                   out.back().windows.end())) {
      out.emplace_back();
      out.back().windows = windows(i);
    }
    Group& group = out.back();
    add_family(group.families, functions[i].family);
    if (functions[i].trains) add_family(group.training, functions[i].family);
    group.members.push_back(i);
  }
  return out;
}

// Whether a pair that agrees in this band has been measured for agreeing in one before.
bool met_before(const Sketch& a, const Sketch& b, std::size_t band) {
  for (std::size_t i = 0; i < band; ++i)
    if (a[i] == b[i]) return true;
  return false;
}

void measure_pair(std::vector<Group>& groups, std::uint32_t a, std::uint32_t b) {
  const auto [less, more] = std::minmax({groups[a].windows.size(), groups[b].windows.size()});
  if (static_cast<double>(less) < kLeastIndex * static_cast<double>(more)) return;
  const double index = ir::jaccard(groups[a].windows, groups[b].windows);
  if (index < kLeastIndex) return;
  groups[a].near.emplace_back(b, index);
  groups[b].near.emplace_back(a, index);
}

// Pairs of groups that share a band, measured.
void measure(std::vector<Group>& groups) {
  std::vector<Sketch> sketches;
  sketches.reserve(groups.size());
  for (const Group& group : groups) sketches.push_back(sketch_of(group.windows));
  std::vector<std::pair<std::uint32_t, std::uint32_t>> keys(groups.size());
  for (std::size_t band = 0; band < kBands; ++band) {
    for (std::uint32_t g = 0; g < keys.size(); ++g) keys[g] = {sketches[g][band], g};
    std::sort(keys.begin(), keys.end());
    for (std::size_t first = 0, i = 0; i < keys.size(); ++i) {
      if (keys[i].first != keys[first].first) first = i;
      for (std::size_t k = first; k < i; ++k)
        if (!met_before(sketches[keys[k].second], sketches[keys[i].second], band))
          measure_pair(groups, keys[k].second, keys[i].second);
    }
  }
}

Nearest nearest_of(const Function& f, const Group& own, const std::vector<Group>& groups) {
  Nearest out;
  out.any = has_other(own.families, f.family) ? 1 : 0;
  out.training = has_other(own.training, f.family) ? 1 : 0;
  for (const auto& [g, index] : own.near) {
    if (index > out.any && has_other(groups[g].families, f.family)) out.any = index;
    if (index > out.training && has_other(groups[g].training, f.family)) out.training = index;
  }
  return out;
}

// Of one family only what links them through others is one.
std::vector<std::size_t> clusters_of(std::span<const Function> functions,
                                     const std::vector<Group>& groups, double link) {
  DisjointSets sets(functions.size());
  const auto join = [&](const Group& a, const Group& b) {
    if (a.families.size() == 1 && b.families.size() == 1 && a.families == b.families) return;
    for (const std::size_t i : a.members)
      for (const std::size_t k : {b.members.front(), b.members.back()})
        if (functions[i].family != functions[k].family) sets.join(i, k);
  };
  for (const Group& group : groups) {
    join(group, group);
    for (const auto& [other, index] : group.near)
      if (index >= link) join(group, groups[other]);
  }
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < functions.size(); ++i) out.push_back(sets.root(i));
  return out;
}

}  // namespace

Neighbours neighbours_of(std::span<const Function> functions, double link) {
  Neighbours out;
  std::vector<Group> groups = groups_of(functions);
  measure(groups);
  out.nearest.resize(functions.size());
  for (const Group& group : groups)
    for (const std::size_t i : group.members)
      out.nearest[i] = nearest_of(functions[i], group, groups);
  out.cluster = clusters_of(functions, groups, link);
  return out;
}

}  // namespace jaxsmith::stats
