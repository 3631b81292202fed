// jaxsmith mutate: a dataset of texts that say nearly the same as those of another.
#include "mutate/mutate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "base/text.h"
#include "jaxsmith/command.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/output_option.h"
#include "jaxsmith/parse.h"
#include "jaxsmith/signals.h"
#include "store/output_file.h"

namespace jaxsmith::cli {
namespace {

constexpr const char* kCommand = "mutate";

struct Arguments {
  std::string dataset, out;
  std::vector<std::string> levels;
  mutate::MutateRun run;
};

Status read_levels(Arguments& a) {
  for (const std::string& item : a.levels)
    for (const std::string& name : split_list(item)) {
      JAXSMITH_TRY(level, level::level_named(name, "--levels"));
      if (!mutate::can_be_changed(level))
        return Error::usage(fmt::format("--levels {}: jaxsmith does not execute it", name));
      a.run.options.levels.push_back(level);
    }
  return {};
}

Status run(Arguments& a) {
  const auto begin = std::chrono::steady_clock::now();
  JAXSMITH_CHECK(read_levels(a));
  JAXSMITH_CHECK(store::check_output_folder({"--out", a.out}, {a.dataset}));
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const auto progress = [&](std::uint64_t done, std::uint64_t rows) {
    if (terminal) tell_in_place("{} of {} rows", done, rows);
  };
  auto tally = mutate::mutate(a.dataset, a.out, a.run, cancelled, progress);
  if (terminal) tell_in_place("");
  if (!tally.ok()) return tally.error();
  put(mutate::tally_table(tally.value()));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  say("done: {} mutants that differ and {} that do not, of {} rows, in {} ({:.1f} s)\n",
      tally.value().mutants(mutate::Finding::kDifferent),
      tally.value().mutants(mutate::Finding::kEqual), tally.value().rows, a.out, took.count());
  return {};
}

void add_options(CLI::App& app, Arguments& a) {
  mutate::MutateOptions& options = a.run.options;
  app.add_option("DATASET", a.dataset, "a dataset's folder, or a Parquet file of one")->required();
  add_output(app, "--out", a.out, "new folder for the mutants")->type_name("DIR")->required();
  app.add_option("--per-row", options.per_row, "mutants of each text")
      ->check(whole_number(1, 10'000))
      ->capture_default_str();
  app.add_option("--levels", a.levels, "levels, by commas (default: all that are executed)")
      ->type_name("LIST")
      ->allow_extra_args(false);
  app.add_option("--seed", options.seed, "draws other mutants and other further inputs")
      ->check(whole_number(0, UINT64_MAX))
      ->capture_default_str();
  app.add_option("--limit-rows", a.run.most_rows, "look at the first so many rows (default: all)")
      ->check(whole_number(1, INT64_MAX));
  add_budget_of_text(app, options.budget);
  add_workers(app, a.run.workers);
}

}  // namespace

int mutate_main(int argc, char** argv) {
  CLI::App app(
      "Makes a dataset of mutants: the texts of a dataset with one change each, without JAX. Each "
      "is executed: those that give something else on the recorded inputs, or on further ones, "
      "are wrong for certain; those that never do are kept apart.",
      "jaxsmith mutate");
  Arguments a;
  a.run.jaxsmith_version = JAXSMITH_VERSION;
  add_options(app, a);
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(app, argc, argv,
                               "Example: jaxsmith mutate dataset --out mutants --per-row 4\n"
                               "docs/mutants.md says what is changed, and what is proven.\n"))
    return *ended;
  catch_signals();
  const Status status = run(a);
  if (status.ok()) return kDone;
  if (cancelled) return report_interrupted(kCommand, "nothing was written; start again");
  return report(kCommand, status.error());
}

}  // namespace jaxsmith::cli
