// The member of a family that maps the root's function over a batch.
#include <fmt/format.h>

#include <algorithm>

#include "plan/holes.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/mapping.h"
#include "plan/jax/wrapper.h"

namespace jaxsmith::plan {
namespace {

// Where each of the root's arguments has the axis of the batch.
constexpr int kNotMapped = -1;

bool may_be_mapped(const Program& root) {
  return root.devices == 1 && maps(root) && looks_beyond_elements(root, root.root);
}

class Batch {
 public:
  Batch(const Program& root, const Settings& settings, Random& random)
      : w_(root, "batched"), settings_(settings), random_(random) {
    originals_ = w_.inner().parameters;
    packs_ = w_.packs();
    n_ = random_.pick(settings_.sizes);
    draw_axes();
    vary_results();
    if (whole_) w_.hand_on_packs();
  }

  std::optional<Member> member() {
    w_.introduce(w_.entry(), {"batched", "batched_$f", "over_batch", "$f_batch", "per_example"},
                 {"Map `$f` over a batch.", "Apply `$f` to each example.",
                  "`$f` for many inputs at once.", "Vectorized form of `$f`."});
    std::vector<ValueId> parameters, results;
    for (std::size_t i = 0; i < originals_.size(); ++i) {
      const auto type = batched(i);
      if (!type) return std::nullopt;
      parameters.push_back(parameter(i, *type));
    }
    const std::vector<ValueId> inner_results = w_.inner().results;
    for (const ValueId id : inner_results) {
      Value like = w_.at(id);
      like.type.shape.insert(like.type.shape.begin(), n_);
      results.push_back(w_.value(w_.entry(), like.type, like.hint));
    }
    Node& node =
        w_.call(w_.entry(), fmt::format("jax.vmap($f0, $axes)({})", holes(0, parameters.size())),
                parameters, results);
    node.bodies = {w_.inner_id()};
    node.attributes["axes"] = axes_text();
    w_.finish(w_.entry(), results);
    return Member{w_.take(), "vmap", "base"};
  }

 private:
  bool in_pack(std::size_t argument) const {
    return std::ranges::any_of(packs_, [&](const Pack& pack) {
      return std::ranges::find(pack.members, argument) != pack.members.end();
    });
  }

  // The first is mapped; of the others some are not. Most people map a pack as a whole.
  void draw_axes() {
    constexpr double kShared = 0.35, kWholePacks = 0.75;
    axes_.assign(originals_.size(), 0);
    for (std::size_t i = 1; i < axes_.size(); ++i)
      if (random_.chance(kShared)) axes_[i] = kNotMapped;
    whole_ = random_.chance(kWholePacks);
    for (const Pack& pack : packs_)
      for (const std::size_t member : pack.members)
        if (whole_) axes_[member] = axes_[pack.members.front()];
  }

  // What depends on nothing that is mapped would be the same for each example.
  void vary_results() {
    for (const ValueId id : w_.inner().results) {
      const std::uint32_t bits = w_.at(id).arguments;
      std::optional<std::size_t> first;
      bool differs = false;
      for (std::size_t i = 0; i < axes_.size(); ++i) {
        if (!(bits >> i & 1u)) continue;
        differs = differs || axes_[i] != kNotMapped;
        if (!first) first = i;
      }
      if (differs || !first) continue;
      axes_[*first] = 0;
      for (const Pack& pack : packs_)
        if (whole_ && std::ranges::find(pack.members, *first) != pack.members.end())
          for (const std::size_t member : pack.members) axes_[member] = 0;
    }
  }

  // The argument's type with the axis of the batch; nothing where a program has none such.
  std::optional<Type> batched(std::size_t i) {
    constexpr double kSecondAxis = 0.06;
    constexpr std::int64_t kMostElements = 4096;
    Type type = w_.at(originals_[i]).type;
    if (axes_[i] == 0 && type.rank() > 0 && random_.chance(kSecondAxis) && !(whole_ && in_pack(i)))
      axes_[i] = 1;
    if (axes_[i] != kNotMapped) type.shape.insert(type.shape.begin() + axes_[i], n_);
    if (type.rank() > settings_.max_rank || tensor::element_count(type.shape) > kMostElements)
      return std::nullopt;
    return type;
  }

  // It is called as what it is mapped to; many numbers as many are: seeds, keys.
  ValueId parameter(std::size_t i, const Type& type) {
    const Value like = w_.at(originals_[i]);
    const ValueId out = w_.parameter(w_.entry(), like, type, like.hint);
    std::vector<std::string> many;
    if (axes_[i] != kNotMapped && like.type.rank() == 0 && !in_pack(i))
      many = names_of_many(like.names);
    if (many.empty())
      w_.at(out).named_as = originals_[i];
    else
      w_.at(out).names = std::move(many);
    return out;
  }

  std::string axes_text() const {
    if (std::ranges::all_of(axes_, [](int axis) { return axis == 0; })) return {};
    std::string text = "in_axes=(";
    const std::vector<Unit> units = w_.units(axes_.size());
    for (std::size_t i = 0; i < units.size(); ++i) {
      const int axis = axes_[units[i].members.front()];
      text += (i ? ", " : "") + (axis == kNotMapped ? "None" : std::to_string(axis));
    }
    return text + (units.size() == 1 ? ",)" : ")");
  }

  Wrapper w_;
  const Settings& settings_;
  Random& random_;
  std::vector<ValueId> originals_;
  std::vector<Pack> packs_;
  std::vector<int> axes_;
  std::int64_t n_ = 0;
  bool whole_ = false;  // packs are mapped as a whole
};

}  // namespace

std::optional<Member> vmap_member(const Program& root, const Settings& settings, Random random) {
  if (!may_be_mapped(root)) return std::nullopt;
  return Batch(root, settings, random).member();
}

}  // namespace jaxsmith::plan
