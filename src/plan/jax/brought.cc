#include "plan/brought.h"

#include "plan/jax/catalogue.h"

namespace jaxsmith::plan {

BroughtTable jax_brought() {
  static constexpr Brought kEntries[] = {
#define ENTRY(entry, operations, pairs) {entry, operations, pairs},
#define SHARES(what, shares)
#include "plan/jax/brought.def"
#undef ENTRY
#undef SHARES
      {}};
  static constexpr BroughtShares kShares[] = {
#define ENTRY(entry, operations, pairs)
#define SHARES(what, shares) {what, shares},
#include "plan/jax/brought.def"
#undef ENTRY
#undef SHARES
      {}};
  // Each ends with an empty one, so that a file that is yet to be made compiles.
  return {std::span(kEntries).first(std::size(kEntries) - 1),
          std::span(kShares).first(std::size(kShares) - 1)};
}

}  // namespace jaxsmith::plan
