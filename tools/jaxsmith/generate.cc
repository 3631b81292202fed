// jaxsmith generate: options, signals and messages around generate::generate().
#include "generate/generate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "jaxsmith/command.h"
#include "jaxsmith/output.h"
#include "jaxsmith/progress.h"
#include "jaxsmith/signals.h"

namespace jaxsmith::cli {
namespace {

constexpr const char* kCommand = "generate";

// Flags from the options table. What is wrong with a value is kept in `status`, the first of it.
void add_flags(CLI::App& app, generate::GenerateOptions& options, Status& status) {
  const auto set = [&options, &status](const std::string& name,
                                       const std::vector<std::string>& values) {
    const Status result = generate::set_option(options, name, values);
    if (!result.ok() && status.ok()) status = result;
    return true;
  };
  for (const generate::OptionInfo& info : generate::option_table()) {
    const std::string flag = "--" + info.name;
    if (info.argument.empty()) {
      app.add_flag_callback(flag, [=] { set(info.name, {"true"}); }, info.help);
    } else {
      auto* option = app.add_option(
          flag, [=](const CLI::results_t& values) { return set(info.name, values); }, info.help);
      option->type_name(info.argument)->type_size(1)->expected(1);
      if (info.is_list) option->expected(1, 100)->delimiter(',');
    }
  }
}

// What the user wrote that no option is called, with the one that was probably meant.
std::string unknown_text(const std::string& word, bool in_file) {
  std::vector<std::string> flags = {in_file ? "" : "--config"};
  for (const generate::OptionInfo& info : generate::option_table())
    flags.push_back((in_file ? "" : "--") + info.name);
  const std::vector<std::string_view> candidates(flags.begin(), flags.end());
  return fmt::format("{}'{}' is not understood{} (jaxsmith generate --help lists the options)",
                     in_file ? "--config: " : "", word, did_you_mean(word, candidates));
}

// CLI11's message on one line.
std::string misuse_text(const CLI::ParseError& error, const CLI::App& app, int argc, char** argv) {
  std::string text = error.what();
  text = text.substr(0, text.find('\n'));
  if (dynamic_cast<const CLI::ConfigError*>(&error))
    return unknown_text(text.substr(text.rfind(' ') + 1), true);
  if (!dynamic_cast<const CLI::ExtrasError*>(&error)) return text;
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (word.starts_with("-") && app.get_option_no_throw(word) == nullptr)
      return unknown_text(word, false);
  }
  return text;
}

int run(const generate::GenerateOptions& options) {
  catch_signals("\nending with what is done; once more to end at once\n");
  Result<generate::Summary> result = Error::internal("");
  {
    ProgressPrinter printer(options.announce);
    result = generate::generate(options, installation(options.python), printer, cancelled);
  }
  if (!result.ok()) return report(kCommand, result.error());
  const generate::Summary& summary = result.value();
  if (!options.announce) put(summary_table(summary));
  if (!summary.complete) {
    const std::string interrupted = fmt::format(
        "interrupted: {} of {} functions are in {}; the same command with --resume goes on\n",
        summary.figures.rows, options.count, options.out);
    if (options.announce) {
      tell("{}", interrupted);
    } else {
      put(interrupted);
    }
    return kInterrupted;
  }
  if (options.announce) return kDone;
  say("{} {} functions {} {}\n",
      summary.was_complete ? "nothing to do:" : "done:", summary.figures.rows,
      summary.was_complete ? "are already in" : "in", options.out);
  return kDone;
}

}  // namespace

int generate_main(int argc, char** argv) {
  CLI::App app(
      "Makes a dataset of JAX functions with all their IR levels, each traced, lowered, compiled "
      "and run by the real "
      "JAX.\nThe same seed, count and versions give the same bytes, whatever the number of "
      "workers.",
      "jaxsmith generate");
  generate::GenerateOptions options;
  Status status;
  add_flags(app, options, status);
  app.set_config("--config", "",
                 "file with options, as TOML or INI: count = 500; flags given beside it win")
      ->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.get_formatter()->column_width(30);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    say("{}\nExample: jaxsmith generate --count 500 --out dataset\n", app.help());
    return kDone;
  } catch (const CLI::ParseError& error) {
    return report(kCommand, Error::usage(misuse_text(error, app, argc, argv)));
  }
  if (status.ok()) status = generate::check_options(options);
  if (!status.ok()) return report(kCommand, status.error());
  return run(options);
}

}  // namespace jaxsmith::cli
