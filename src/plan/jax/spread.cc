#include "plan/jax/spread.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "plan/builder.h"

namespace jaxsmith::plan {
namespace {

constexpr std::string_view kArgnums = "argnums=", kAxes = "in_axes=", kAux = "has_aux=True";

// The units that each unit has become, by number.
std::vector<std::vector<std::size_t>> parts_of(const std::vector<Unit>& before,
                                               const std::vector<Unit>& after) {
  std::vector<std::vector<std::size_t>> out;
  for (const Unit& unit : before) {
    auto& parts = out.emplace_back();
    for (const std::size_t member : unit.members)
      for (std::size_t u = 0; u < after.size(); ++u)
        if (after[u].members.front() == member) parts.push_back(u);
  }
  return out;
}

// What an option is set to: one item, or those of a tuple; nothing where it is not set.
std::optional<std::vector<std::string>> items_of(std::string_view text, std::string_view option) {
  const auto at = text.find(option);
  if (at == text.npos) return std::nullopt;
  text.remove_prefix(at + option.size());
  if (!text.starts_with('(')) return split_list(text.substr(0, text.find(',')));
  return split_list(text.substr(1, text.find(')') - 1));
}

std::vector<std::int64_t> argnums_of(std::string_view options) {
  std::vector<std::int64_t> out;
  for (const std::string& item :
       items_of(options, kArgnums).value_or(std::vector<std::string>{"0"})) {
    std::int64_t number = 0;
    std::from_chars(item.data(), item.data() + item.size(), number);
    out.push_back(number);
  }
  return out;
}

void spread_axes(std::string& text, const std::vector<std::vector<std::size_t>>& parts,
                 std::size_t count) {
  const auto axes = items_of(text, kAxes);
  if (!axes) return;  // all are mapped over their first
  std::vector<std::string> now(count);
  for (std::size_t u = 0; u < parts.size(); ++u)
    for (const std::size_t part : parts[u]) now[part] = axes->at(u);
  text = fmt::format("{}({}{})", kAxes, fmt::join(now, ", "), count == 1 ? "," : "");
}

}  // namespace

std::string argnums_text(const std::vector<std::int64_t>& numbers) {
  if (numbers.size() == 1) return numbers[0] == 0 ? "" : fmt::format("{}{}", kArgnums, numbers[0]);
  return std::string(kArgnums) + tuple_text(numbers);
}

std::vector<int> gradient_groups(bool with_value, std::size_t gradients, std::size_t rest) {
  const auto group = [](std::size_t n) { return n > 1 ? static_cast<int>(n) : 0; };
  std::vector<int> out;
  if (with_value)
    out = {group(1 + rest), group(gradients)};
  else if (rest > 0)
    out = {group(gradients), group(rest)};
  if (out == std::vector<int>{0, 0}) out.clear();
  return out;
}

void spread_arguments(Node& call, const std::vector<Unit>& before, const std::vector<Unit>& after) {
  const auto parts = parts_of(before, after);
  if (const auto axes = call.attributes.find("axes"); axes != call.attributes.end())
    spread_axes(axes->second, parts, after.size());
  const auto options = call.attributes.find("options");
  if (options == call.attributes.end()) return;
  std::vector<std::int64_t> numbers;
  std::size_t values = 0;  // that are derivatives
  for (const std::int64_t number : argnums_of(options->second)) {
    const auto unit = static_cast<std::size_t>(number);
    values += before.at(unit).members.size();
    numbers.insert(numbers.end(), parts[unit].begin(), parts[unit].end());
  }
  const bool aux = options->second.find(kAux) != std::string::npos;
  const bool with_value = call.spelling.starts_with("jax.value_and_grad");
  const std::string argnums = argnums_text(numbers);
  options->second =
      fmt::format("{}{}{}", argnums, !argnums.empty() && aux ? ", " : "", aux ? kAux : "");
  call.result_groups = gradient_groups(with_value, numbers.size(),
                                       call.results.size() - values - (with_value ? 1 : 0));
}

}  // namespace jaxsmith::plan
