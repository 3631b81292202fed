#include "select/select.h"

#include <fmt/format.h>

#include <charconv>

#include "base/hash.h"

namespace jaxsmith {

int split_of_structure(std::string_view structure) {
  constexpr std::uint64_t kSalt = 0x73706c6974;  // not the hash that anything else is keyed by
  const double draw = hash_unit(structure, kSalt);
  double edge = 0;
  for (std::size_t i = 0; i + 1 < kSplits.size(); ++i) {
    edge += kSplitShares[i];
    if (draw < edge) return static_cast<int>(i);
  }
  return static_cast<int>(kSplits.size()) - 1;
}

Selector::Digest Selector::digest(std::string_view hex) {
  Digest d{0, 0};
  if (hex.size() == 32) {
    std::from_chars(hex.data(), hex.data() + 16, d.high, 16);
    std::from_chars(hex.data() + 16, hex.data() + 32, d.low, 16);
  }
  return d;
}

void Selector::restore(std::string_view structure, std::string_view signature, int split) {
  signatures_.insert(digest(signature));
  sides_.emplace(digest(structure), static_cast<std::uint8_t>(split));
}

Verdict Selector::offer(const Candidate& candidate) {
  const auto* sample = std::get_if<Sample>(&candidate);
  const auto* reject = std::get_if<Reject>(&candidate);
  const FunctionKey& key = sample ? sample->function.key : reject->key;
  const std::string& structure = sample ? sample->structure : reject->structure;
  if (key.family != family_ || key.member == 0) {
    family_ = key.family;
    // Only the root says where a family stands.
    family_split_ = key.member == 0 && !structure.empty() ? split_of_structure(structure) : -1;
  }
  if (reject) return {std::nullopt, reject->refusal};
  if (family_split_ < 0)
    return {std::nullopt, {"select", "family", "JAX refused the family's forward function"}};
  if (signatures_.contains(digest(sample->signature))) {
    return {std::nullopt,
            {"select", "duplicate",
             "a function of this structure, with these shapes and dtypes, is there"}};
  }
  const auto side = sides_.find(digest(structure));
  // Its own structure may stand elsewhere already, or be bound to stand elsewhere as the root of
  // another family.
  if (side != sides_.end() && side->second != family_split_) {
    return {std::nullopt,
            {"select", "split",
             fmt::format("its structure stands in {}, its family in {}", kSplits[side->second],
                         kSplits[static_cast<std::size_t>(family_split_)])}};
  }
  restore(structure, sample->signature, family_split_);
  return {family_split_, {}};
}

}  // namespace jaxsmith
