#include "stats/neighbours.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/hash.h"

namespace jaxsmith::stats {
namespace {

constexpr std::size_t kWindow = 5;
constexpr double kLink = 0.8;
// A band of four minima agrees by chance index⁴: of 0.8 one of 32 does but for 5e-8.
constexpr std::size_t kBands = 32, kRowsOfBand = 4;

// Functions with the same windows, which are measured once.
struct Group {
  const std::vector<std::uint64_t>* windows = nullptr;
  // Two families tell whether there is one besides a given one.
  std::vector<std::string> families, training;
  std::vector<std::size_t> members;
  std::vector<std::pair<std::size_t, double>> near;  // other groups
};

void add_family(std::vector<std::string>& families, const std::string& family) {
  if (families.size() < 2 && std::find(families.begin(), families.end(), family) == families.end())
    families.push_back(family);
}

bool has_other(const std::vector<std::string>& families, const std::string& family) {
  return std::any_of(families.begin(), families.end(),
                     [&](const std::string& f) { return f != family; });
}

double jaccard(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  std::size_t both = 0;
  for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    if (a[i] == b[k]) ++both;
    const bool first = a[i] <= b[k], second = b[k] <= a[i];
    i += first;
    k += second;
  }
  return static_cast<double>(both) / static_cast<double>(a.size() + b.size() - both);
}

std::uint64_t mixed(std::uint64_t x) {  // splitmix64's last step
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

std::uint64_t band_of(const std::vector<std::uint64_t>& windows, std::size_t band) {
  std::uint64_t out = 0;
  for (std::size_t r = 0; r < kRowsOfBand; ++r) {
    const std::uint64_t salt = mixed((band * kRowsOfBand + r + 1) * 0x9e3779b97f4a7c15U);
    std::uint64_t least = UINT64_MAX;
    for (const std::uint64_t w : windows) least = std::min(least, mixed(w ^ salt));
    out = mixed(out ^ least) + r;
  }
  return out;
}

class Links {
 public:
  explicit Links(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0); }
  std::size_t root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::size_t a, std::size_t b) { parent_[root(a)] = root(b); }

 private:
  std::vector<std::size_t> parent_;
};

std::vector<Group> groups_of(std::span<const Function> functions) {
  std::map<std::vector<std::uint64_t>, std::size_t> known;
  std::vector<Group> out;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const Function& f = functions[i];
    const auto [at, added] = known.emplace(f.windows, out.size());
    if (added)
      out.push_back(
          {.windows = &f.windows, .families = {}, .training = {}, .members = {}, .near = {}});
    Group& group = out[at->second];
    add_family(group.families, f.family);
    if (f.trains) add_family(group.training, f.family);
    group.members.push_back(i);
  }
  return out;
}

// Pairs of groups that share a band, measured.
void measure(std::vector<Group>& groups) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (std::size_t band = 0; band < kBands; ++band) {
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> buckets;
    for (std::uint32_t g = 0; g < groups.size(); ++g) {
      auto& bucket = buckets[band_of(*groups[g].windows, band)];
      for (const std::uint32_t other : bucket) pairs.emplace_back(other, g);
      bucket.push_back(g);
    }
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  }
  for (const auto& [a, b] : pairs) {
    const double index = jaccard(*groups[a].windows, *groups[b].windows);
    if (index < 0.5) continue;
    groups[a].near.emplace_back(b, index);
    groups[b].near.emplace_back(a, index);
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
std::int64_t clusters_of(std::span<const Function> functions, const std::vector<Group>& groups) {
  Links links(functions.size());
  const auto join = [&](const Group& a, const Group& b) {
    if (a.families.size() == 1 && b.families.size() == 1 && a.families == b.families) return;
    for (const std::size_t i : a.members)
      for (const std::size_t k : {b.members.front(), b.members.back()})
        if (functions[i].family != functions[k].family) links.join(i, k);
  };
  for (const Group& group : groups) {
    join(group, group);
    for (const auto& [other, index] : group.near)
      if (index >= kLink) join(group, groups[other]);
  }
  std::int64_t out = 0;
  for (std::size_t i = 0; i < functions.size(); ++i) out += links.root(i) == i;
  return out;
}

}  // namespace

std::vector<std::uint64_t> windows_of(const std::vector<std::string>& operations) {
  std::vector<std::uint64_t> out;
  const std::size_t n = operations.size() > kWindow ? operations.size() - kWindow + 1 : 1;
  for (std::size_t i = 0; i < n; ++i) {
    std::string text;
    for (std::size_t k = i; k < std::min(operations.size(), i + kWindow); ++k)
      text += operations[k] + " ";
    out.push_back(hash64(text));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Neighbours neighbours_of(std::span<const Function> functions) {
  Neighbours out;
  std::vector<Group> groups = groups_of(functions);
  measure(groups);
  out.nearest.resize(functions.size());
  for (const Group& group : groups)
    for (const std::size_t i : group.members)
      out.nearest[i] = nearest_of(functions[i], group, groups);
  out.clusters = clusters_of(functions, groups);
  return out;
}

}  // namespace jaxsmith::stats
