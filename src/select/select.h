// Which samples a dataset takes, and on which side of the split.
//
//   Selector selector;
//   for (Candidate& c : candidates) {              // in the order of family and member
//     Verdict verdict = selector.offer(c);
//     if (verdict.split) … else … verdict.refusal
//   }
//
// A family stands where the kinship of its root says (check::kinship_of), so that it stands whole
// on one side, in this run and in any other, and families that are near one another mostly on the
// same. A function whose signature is taken is a duplicate; one whose own structure stands on
// another side would leak, and is refused.
//
// About 90 bytes a row are kept in memory: a hundred million rows fit into 10 GB.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "check/sample.h"
#include "trace/outcome.h"

namespace jaxsmith::select {

// Those that structures are drawn into.
inline constexpr std::array<std::string_view, 3> kSplits = {
    word(check::Split::kTrain), word(check::Split::kValidation), word(check::Split::kTest)};
inline constexpr std::array<double, 3> kSplitShares = {0.90, 0.05, 0.05};

// The side of what has such a kinship: a hash with a fixed salt, the same in every run.
check::Split split_of(std::string_view kinship);

struct Verdict {
  std::optional<check::Split> split;
  trace::Refusal refusal;  // stage "select": "duplicate", "split", "family"
};

class Selector {
 public:
  // Candidates come in the order of family and member; also those that have been refused before,
  // since a family's split is that of its root, kept or not.
  Verdict offer(const check::Candidate& candidate);
  // A row that an earlier part of the run has taken.
  void restore(std::string_view structure, std::string_view signature, check::Split split);

 private:
  struct Digest {
    std::uint64_t high, low;
    bool operator==(const Digest&) const = default;
  };
  struct DigestHash {
    std::size_t operator()(const Digest& d) const { return d.low; }
  };
  static Digest digest(std::string_view hex);

  std::unordered_set<Digest, DigestHash> signatures_;
  std::unordered_map<Digest, check::Split, DigestHash> sides_;  // of structures
  std::uint64_t family_ = ~std::uint64_t{0};
  std::optional<check::Split> family_split_;  // nothing where the root has no structure
};

}  // namespace jaxsmith::select
