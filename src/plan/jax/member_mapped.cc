// The member of a family that maps the root's function over a batch.
#include <fmt/format.h>

#include <algorithm>

#include "plan/holes.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/wrapper.h"

namespace jaxsmith::plan {

std::optional<Member> vmap_member(const Program& root, const Settings& settings, Random random) {
  if (root.devices > 1) return std::nullopt;
  for (const Body& body : root.bodies)
    for (const Node& node : body.nodes)
      if (root.catalogue->named(node.op).has(kUnmapped)) return std::nullopt;
  Wrapper w(root, "batched");
  w.introduce(w.entry(), {"batched", "batched_$f", "over_batch", "$f_batch", "per_example"},
              {"Map `$f` over a batch.", "Apply `$f` to each example.",
               "`$f` for many inputs at once.", "Vectorized form of `$f`."});
  const std::vector<Pack> packs = w.packs();
  const std::vector<ValueId> originals = w.inner().parameters;
  const auto n = random.pick(settings.sizes);
  std::vector<int> axes(originals.size(), 0);
  for (std::size_t i = 1; i < axes.size(); ++i) {
    if (random.chance(0.35)) axes[i] = -1;  // not mapped
  }
  // Most people map a pack as a whole.
  std::vector<bool> in_pack(originals.size(), false);
  const bool whole = random.chance(0.75);
  for (const Pack& pack : packs) {
    for (const std::size_t member : pack.members) {
      in_pack[member] = true;
      if (whole) axes[member] = axes[pack.members.front()];
    }
  }
  // What depends on nothing that is mapped would be the same for each example.
  for (const ValueId id : w.inner().results) {
    const std::uint32_t bits = w.at(id).arguments;
    std::optional<std::size_t> first;
    bool differs = false;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (!(bits >> i & 1u)) continue;
      differs = differs || axes[i] >= 0;
      if (!first) first = i;
    }
    if (differs || !first) continue;
    axes[*first] = 0;
    for (const Pack& pack : packs)
      if (whole && std::ranges::find(pack.members, *first) != pack.members.end())
        for (const std::size_t member : pack.members) axes[member] = 0;
  }
  if (whole) w.hand_on_packs();
  std::vector<ValueId> parameters;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    const Value like = w.at(originals[i]);
    Type type = like.type;
    if (axes[i] == 0 && type.rank() > 0 && random.chance(0.06) && !(whole && in_pack[i]))
      axes[i] = 1;
    if (axes[i] >= 0) type.shape.insert(type.shape.begin() + axes[i], n);
    if (type.rank() > settings.max_rank || tensor::element_count(type.shape) > 4096)
      return std::nullopt;
    parameters.push_back(w.parameter(w.entry(), like, type, like.hint));
    w.at(parameters.back()).named_as = originals[i];
  }
  std::vector<ValueId> results;
  const std::vector<ValueId> inner_results = w.inner().results;
  for (ValueId id : inner_results) {
    Value like = w.at(id);
    like.type.shape.insert(like.type.shape.begin(), n);
    results.push_back(w.value(w.entry(), like.type, like.hint));
  }
  std::string text;
  if (std::any_of(axes.begin(), axes.end(), [](int a) { return a != 0; })) {
    text = "in_axes=(";
    const std::vector<Unit> units = w.units(axes.size());
    for (std::size_t i = 0; i < units.size(); ++i) {
      const int axis = axes[units[i].members.front()];
      text += fmt::format("{}{}", i ? ", " : "", axis < 0 ? "None" : std::to_string(axis));
    }
    text += units.size() == 1 ? ",)" : ")";
  }
  Node& node =
      w.call(w.entry(), fmt::format("jax.vmap($f0, $axes)({})", holes(0, parameters.size())),
             parameters, results);
  node.bodies = {w.inner_id()};
  node.attributes["axes"] = text;
  w.finish(w.entry(), results);
  return Member{w.take(), "vmap", "base"};
}

}  // namespace jaxsmith::plan
