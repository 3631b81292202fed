// Lists of numbers by name as tables have them: "mul:2.1, lax.rev call:0.5". A name may have a
// colon.
#pragma once

#include <algorithm>
#include <charconv>
#include <string_view>

namespace jaxsmith {

// Calls use(name, number) for each, in their order.
template <class Use>
void each_named_number(std::string_view text, const Use& use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(", "), text.size());
    const std::string_view item = text.substr(0, end);
    const std::size_t colon = item.rfind(':');
    double number = 0;
    if (colon != item.npos) {
      std::from_chars(item.data() + colon + 1, item.data() + item.size(), number);
      use(item.substr(0, colon), number);
    }
    text.remove_prefix(std::min(end + 2, text.size()));
  }
}

}  // namespace jaxsmith
