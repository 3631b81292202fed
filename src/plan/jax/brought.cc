#include "plan/brought.h"

#include "plan/jax/catalogue.h"

namespace jaxsmith::plan {

BroughtTable jax_brought() {
#define ENTRY(entry, operations, pairs)
#define SHARES(what, shares)
#define PARTS(entry, shown, hidden, differentiated_shown, differentiated_hidden)
  static constexpr Brought kEntries[] = {
#undef ENTRY
#define ENTRY(entry, operations, pairs) {entry, operations, pairs},
#include "plan/jax/brought.def"
#undef ENTRY
#define ENTRY(entry, operations, pairs)
      {}};
  static constexpr BroughtShares kShares[] = {
#undef SHARES
#define SHARES(what, shares) {what, shares},
#include "plan/jax/brought.def"
#undef SHARES
#define SHARES(what, shares)
      {}};
  static constexpr BroughtParts kParts[] = {
#undef PARTS
#define PARTS(entry, shown, hidden, differentiated_shown, differentiated_hidden) \
  {entry, {{shown, hidden}, {differentiated_shown, differentiated_hidden}}},
#include "plan/jax/brought.def"
      {}};
#undef ENTRY
#undef SHARES
#undef PARTS
  // Each ends with an empty one, so that a file that is yet to be made compiles.
  return {std::span(kEntries).first(std::size(kEntries) - 1),
          std::span(kShares).first(std::size(kShares) - 1),
          std::span(kParts).first(std::size(kParts) - 1)};
}

}  // namespace jaxsmith::plan
