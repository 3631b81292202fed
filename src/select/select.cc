#include "select/select.h"

#include <fmt/format.h>

#include <charconv>

#include "base/hash.h"

namespace jaxsmith::select {

check::Split split_of(std::string_view kinship) {
  constexpr std::uint64_t kSalt = 0x73706c6974;  // not the hash that anything else is keyed by
  const double draw = hash_unit(kinship, kSalt);
  double edge = 0;
  for (std::size_t i = 0; i + 1 < kSplits.size(); ++i) {
    edge += kSplitShares[i];
    if (draw < edge) return static_cast<check::Split>(i);
  }
  return static_cast<check::Split>(kSplits.size() - 1);
}

Selector::Digest Selector::digest(std::string_view hex) {
  Digest d{0, 0};
  if (hex.size() == 32) {
    std::from_chars(hex.data(), hex.data() + 16, d.high, 16);
    std::from_chars(hex.data() + 16, hex.data() + 32, d.low, 16);
  }
  return d;
}

void Selector::restore(std::string_view structure, std::string_view signature, check::Split split) {
  signatures_.insert(digest(signature));
  sides_.emplace(digest(structure), split);
}

Verdict Selector::offer(const check::Candidate& candidate) {
  const auto* sample = std::get_if<check::Sample>(&candidate);
  const auto* reject = std::get_if<check::Reject>(&candidate);
  const source::FunctionKey& key = sample ? sample->function.key : reject->key;
  const std::string& kinship = sample ? sample->kinship : reject->kinship;
  if (key.family != family_ || key.member == 0) {
    family_ = key.family;
    // Only the root says where a family stands.
    family_split_.reset();
    if (key.member == 0 && !kinship.empty()) family_split_ = split_of(kinship);
  }
  if (reject) return {std::nullopt, reject->refusal};
  if (!family_split_)
    return {std::nullopt,
            {trace::Stage::kSelect, trace::Reason::kFamily,
             "JAX refused the family's forward function"}};
  if (signatures_.contains(digest(sample->signature))) {
    return {std::nullopt,
            {trace::Stage::kSelect, trace::Reason::kDuplicate,
             "a function of this structure, with these shapes and dtypes, is there"}};
  }
  const auto side = sides_.find(digest(sample->structure));
  // Its own structure may stand elsewhere already, or be bound to stand elsewhere as the root of
  // another family.
  if (side != sides_.end() && side->second != *family_split_) {
    return {std::nullopt,
            {trace::Stage::kSelect, trace::Reason::kSplit,
             fmt::format("its structure stands in {}, its family in {}", word(side->second),
                         word(*family_split_))}};
  }
  restore(sample->structure, sample->signature, *family_split_);
  return {family_split_, {}};
}

}  // namespace jaxsmith::select
