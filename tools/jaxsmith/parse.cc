#include "jaxsmith/parse.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "jaxsmith/command.h"
#include "jaxsmith/output.h"

namespace jaxsmith::cli {
namespace {

// "--count N", "PREDICTIONS"
std::string usage_of(const CLI::Option& option) {
  const std::string type = option.get_positional() ? "" : option.get_type_name();
  return option.get_name() + (type.empty() ? "" : " ") + type;
}

std::vector<const CLI::Option*> positionals_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

// A word that nothing takes: an option by another name, or one too many.
std::string stray_text(const CLI::App& app, const std::string& stray) {
  if (stray.size() > 1 && stray.starts_with('-')) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    const std::string word = stray.substr(0, stray.find('='));
    return fmt::format("'{}' is not understood{}", in_one_line(word),
                       did_you_mean(word, candidates));
  }
  std::string wanted;
  for (const CLI::Option* option : positionals_of(app)) wanted += option->get_name() + " and ";
  return fmt::format("'{}' is not expected: {}options are all that is taken", in_one_line(stray),
                     wanted);
}

// The option that CLI11's message is about.
const CLI::Option* option_of(const CLI::App& app, std::string_view message) {
  constexpr std::string_view kConversion = "Could not convert: ";
  if (message.starts_with(kConversion)) message.remove_prefix(kConversion.size());
  return app.get_option_no_throw(std::string(message.substr(0, message.find_first_of(": "))));
}

std::string mismatch_text(const CLI::Option& option, std::string_view message) {
  if (option.get_items_expected_max() == 0)
    return fmt::format("{}: it takes no value", option.get_name());
  const auto given = option.count();
  const auto most = static_cast<std::size_t>(option.get_items_expected_max());
  const bool missing = message.find(" missing") != std::string_view::npos;
  if (missing || given <= most)
    return fmt::format("{}: its value is missing: write {}", option.get_name(), usage_of(option));
  if (most > 1)
    return fmt::format("{}: it has {} values; {} are the most", option.get_name(), given, most);
  return fmt::format("{}: it is given {} times; give it once", option.get_name(), given);
}

// What is wrong with the line, in place of CLI11's own message: that tells what its code met.
std::string misuse_text(const CLI::App& app, const CLI::ParseError& error) {
  const std::string all = error.what();
  const std::string text = all.substr(0, all.find('\n'));
  if (dynamic_cast<const CLI::ConfigError*>(&error) != nullptr) return text;
  for (const std::string& stray : app.remaining())
    if (stray != "--") return stray_text(app, stray);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    for (const CLI::Option* option : app.get_options())
      if (option->get_required() && option->count() == 0)
        return fmt::format("{} is missing: {}", usage_of(*option), option->get_description());
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr)
    return text + ": leave out one of the two";
  if (const CLI::Option* file = app.get_config_ptr();
      file != nullptr && dynamic_cast<const CLI::FileError*>(&error) != nullptr) {
    const std::string name = file->results().empty() ? "" : file->results().front();
    return fmt::format("{} {}: {}", file->get_name(), name,
                       why_unreadable(name).value_or("it is no regular file"));
  }
  const CLI::Option* option = option_of(app, text);
  if (option == nullptr) return text;
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return mismatch_text(*option, text);
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
    if (option->get_items_expected_max() == 0 || option->results().empty())
      return fmt::format("{}: it takes no value", option->get_name());
    return fmt::format("{}: '{}' is no number", option->get_name(),
                       in_one_line(option->results().front()));
  }
  return text;
}

}  // namespace

std::optional<int> parse(CLI::App& app, int argc, char** argv, std::string_view more,
                         std::string_view remedy) {
  return parse(app, argv[0], std::vector<std::string>(argv + 1, argv + argc), more, remedy);
}

std::optional<int> parse(CLI::App& app, const std::string& command, std::vector<std::string> words,
                         std::string_view more, std::string_view remedy) {
  std::ranges::reverse(words);  // as CLI11 takes them
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    say("{}\n{}", app.help(), more);
    return kDone;
  } catch (const CLI::ParseError& error) {
    const std::string what_to_do =
        remedy.empty() ? fmt::format("jaxsmith {} --help says more", command) : std::string(remedy);
    return report(command.c_str(),
                  Error::usage(fmt::format("{} ({})", misuse_text(app, error), what_to_do)));
  }
  return std::nullopt;
}

CLI::Validator one_of(std::string noun, std::vector<std::string> words) {
  const auto check = [noun = std::move(noun),
                      words = std::move(words)](const std::string& text) -> std::string {
    if (std::ranges::find(words, text) != words.end()) return "";
    return there_is_no(noun, text, std::vector<std::string_view>(words.begin(), words.end()));
  };
  return CLI::Validator(std::function<std::string(std::string&)>(check), "");
}

}  // namespace jaxsmith::cli
