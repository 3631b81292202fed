#include "plan/calls.h"

#include <algorithm>

#include "base/letters.h"

namespace jaxsmith::plan {

std::vector<Mention> mentions_in(std::string_view spelling) {
  std::vector<Mention> out;
  const auto in_dotted = [](char c) { return in_name(c) || c == '.'; };
  for (std::size_t at = 0; at < spelling.size(); ++at) {
    if (!in_dotted(spelling[at])) continue;
    const std::size_t begin = at;
    while (at < spelling.size() && in_dotted(spelling[at])) ++at;
    out.push_back(
        {spelling.substr(begin, at - begin), at < spelling.size() && spelling[at] == '('});
  }
  return out;
}

bool is_one_of(std::string_view function, const CallNames& names) {
  return find_by_end(names, function) != names.end();
}

bool calls_any(std::string_view spelling, const CallNames& names) {
  return std::ranges::any_of(mentions_in(spelling), [&](const Mention& mention) {
    return mention.called && is_one_of(mention.name, names);
  });
}

bool names_any(std::string_view spelling, const CallNames& names) {
  return std::ranges::any_of(mentions_in(spelling), [&](const Mention& mention) {
    return is_one_of(mention.name, names);
  });
}

std::string without_calls(std::string spelling, const CallNames& names) {
  for (std::size_t from = 0; from < spelling.size();) {
    const std::size_t open = spelling.find('(', from);
    if (open == std::string::npos) break;
    std::size_t begin = open;
    while (begin > 0 && in_name(spelling[begin - 1])) --begin;
    from = open + 1;
    if (!names.contains(std::string_view(spelling).substr(begin, open - begin))) continue;
    std::size_t end = open + 1;
    for (int depth = 1; end < spelling.size() && depth > 0; ++end)
      depth += spelling[end] == '(' ? 1 : spelling[end] == ')' ? -1 : 0;
    spelling.erase(begin, end - begin);
    from = begin;
  }
  return spelling;
}

}  // namespace jaxsmith::plan
