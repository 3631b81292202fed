#include "plan/jax/idioms_scalar_parts.h"

#include <fmt/format.h>

namespace jaxsmith::plan {
using Words = Idiom::Words;

ValueId whole(Idiom& i, Words names, std::string_view form, const Terms& terms, Interval range) {
  return let(i, std::move(names), form, terms, counts(i, {}), range);
}

std::string any_of(Idiom& i, const std::string& a, const std::string& b) {
  return i.either({fmt::format("({}) | ({})", a, b), fmt::format("jnp.logical_or({}, {})", a, b)});
}

}  // namespace jaxsmith::plan
