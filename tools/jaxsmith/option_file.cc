#include "jaxsmith/option_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace jaxsmith::cli {
namespace {

std::string trimmed(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  return begin == line.npos ? "" : line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

// A list that is not closed yet.
bool goes_on(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos) return false;
  const std::string value = trimmed(text.substr(equals + 1, text.find('#') - equals - 1));
  return value.starts_with('[') && !value.ends_with(']');
}

// What CLI11 takes for the value of a flag: true, on, yes, 1 …
bool is_flag(const std::string& value) {
  try {
    CLI::detail::to_flag_value(value);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

std::size_t most_values(const CLI::Option& option) {
  return static_cast<std::size_t>(std::max(option.get_items_expected_max(), 1));
}

}  // namespace

std::string OptionFile::unknown_text(const std::string& name) const {
  std::vector<std::string> names;
  for (const CLI::Option* option : app_.get_options())
    if (option->get_configurable())
      for (const std::string& each : option->get_lnames()) names.push_back(each);
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return fmt::format("'{}' is not understood{}", in_one_line(name), did_you_mean(name, candidates));
}

CLI::ConfigItem OptionFile::item_of(const std::string& line) const {
  if (line.starts_with('['))
    throw CLI::ConfigError("there are no tables: write the options without " + in_one_line(line));
  if (goes_on(line)) throw CLI::ConfigError("the list has no end: write ] behind it");
  std::istringstream one(line);
  auto items = CLI::ConfigBase::from_config(one);
  if (items.empty()) throw CLI::ConfigError(unknown_text(line));
  CLI::ConfigItem& item = items.front();
  const CLI::Option* option = app_.get_option_no_throw("--" + item.name);
  if (option == nullptr || !option->get_configurable() || !item.parents.empty())
    throw CLI::ConfigError(unknown_text(item.fullname()));
  if (item.inputs.size() > most_values(*option))
    throw CLI::ConfigError(fmt::format(
        "'{0}' takes {1}: write {0} = {2}", item.name, counted(most_values(*option), "value"),
        option->get_items_expected_max() == 0 ? "true" : option->get_type_name()));
  if (option->get_items_expected_max() == 0 && !item.inputs.empty() && !is_flag(item.inputs[0]))
    throw CLI::ConfigError(
        fmt::format("'{}' is true or false, not '{}'", item.name, in_one_line(item.inputs[0])));
  return std::move(item);
}

std::vector<CLI::ConfigItem> OptionFile::from_config(std::istream& input) const {
  const CLI::Option* file = app_.get_config_ptr();
  const std::string path =
      file == nullptr || file->results().empty() ? "--config" : file->results().front();
  std::vector<CLI::ConfigItem> out;
  std::map<std::string, std::size_t> lines;
  std::size_t number = 0;
  for (std::string line; std::getline(input, line);) {
    const std::size_t begun = ++number;
    line = trimmed(line);
    if (line.empty() || line.starts_with('#') || line.starts_with(';') ||
        CLI::detail::to_lower(line) == "[default]")
      continue;
    for (std::string more; goes_on(line) && std::getline(input, more); ++number)
      line = line.substr(0, line.find('#')) + trimmed(more.substr(0, more.find('#')));
    try {
      CLI::ConfigItem item = item_of(line);
      const bool list = most_values(*app_.get_option_no_throw("--" + item.name)) > 1;
      if (list && !out.empty() && out.back().name == item.name) {
        out.back().inputs.insert(out.back().inputs.end(), item.inputs.begin(), item.inputs.end());
        continue;
      }
      const auto [first, added] = lines.try_emplace(item.name, begun);
      if (!added)
        throw CLI::ConfigError(
            fmt::format("'{}' stands in line {} already; give it once", item.name, first->second));
      out.push_back(std::move(item));
    } catch (const CLI::ConfigError& error) {
      throw CLI::ConfigError(fmt::format("{}:{}: {}", path, begun, error.what()));
    }
  }
  return out;
}

}  // namespace jaxsmith::cli
