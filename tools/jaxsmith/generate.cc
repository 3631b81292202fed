// jaxsmith generate: options, signals and messages around generate::generate().
#include "generate/generate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "jaxsmith/command.h"
#include "jaxsmith/option_file.h"
#include "jaxsmith/output.h"
#include "jaxsmith/parse.h"
#include "jaxsmith/progress.h"
#include "jaxsmith/signals.h"
#include "store/output_file.h"
#include "store/output_folder.h"

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

// What there is now, of a run that a signal has ended.
int end_interrupted(const generate::Summary& summary, const generate::GenerateOptions& options) {
  if (summary.figures.rows == 0)
    return report_interrupted(kCommand, store::holds_run(options.out)
                                            ? "no function was added; the same command with "
                                              "--resume goes on"
                                            : kNothingDone);
  const std::string interrupted = fmt::format(
      "interrupted: {} of {} functions are in {}; the same command with --resume goes on\n",
      summary.figures.rows, options.count, options.out);
  if (options.announce) {
    tell("{}", interrupted);
  } else {
    put(summary_table(summary) + interrupted);
  }
  return kInterrupted;
}

int run(const generate::GenerateOptions& options) {
  const Status apart = store::check_output_folder({"--out", options.out}, {options.like});
  if (!apart.ok()) return report(kCommand, apart.error());
  catch_signals();
  Result<generate::Summary> result = Error::internal("");
  {
    ProgressPrinter printer(options.out, options.announce);
    result = generate::generate(options, installation(options.python), printer, cancelled);
  }
  if (!result.ok()) return report(kCommand, result.error());
  const generate::Summary& summary = result.value();
  if (!summary.complete) return end_interrupted(summary, options);
  if (options.announce) return kDone;
  if (!summary.was_complete) put(summary_table(summary));
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
  app.config_formatter(std::make_shared<OptionFile>(app));
  app.get_formatter()->column_width(30);
  if (const auto ended =
          parse(app, argc, argv, "Example: jaxsmith generate --count 500 --out dataset\n"))
    return *ended;
  if (status.ok()) status = generate::check_options(options);
  if (!status.ok()) return report(kCommand, status.error());
  return run(options);
}

}  // namespace jaxsmith::cli
