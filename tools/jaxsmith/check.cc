// jaxsmith check: reads and executes texts of IR, and says which do not hold.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/threads.h"
#include "check/tally.h"
#include "jaxsmith/command.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/output_option.h"
#include "jaxsmith/parse.h"
#include "jaxsmith/texts.h"
#include "store/dataset_reader.h"
#include "store/files.h"
#include "store/output_file.h"

namespace jaxsmith::cli {

using check::ReadingTally;

namespace {

constexpr const char* kCommand = "check";

struct CheckOptions {
  std::vector<std::string> paths, levels;
  std::string failures, verdicts;
  tensor::Budget budget;
  unsigned workers = 0;
  std::size_t shown = 20;
};

// Rows are handed out one by one; what is found does not depend on who takes which.
class DatasetCheck {
 public:
  DatasetCheck(const CheckOptions& options, store::DatasetReader reader)
      : options_(options), reader_(std::move(reader)) {}

  Result<ReadingTally> run() {
    const Status done =
        run_on_threads(std::max(1u, options_.workers),
                       [this](unsigned, const std::stop_token& stop) { return work(stop); });
    if (isatty(STDERR_FILENO) == 1) tell_in_place("");
    if (!done.ok()) return done.error();
    return std::move(tally_);
  }

 private:
  std::optional<store::DatasetRow> next() {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto row = reader_.next();
    if (row && isatty(STDERR_FILENO) == 1 && ++done_ % 50 == 0)
      tell_in_place("{} of {} rows", done_, reader_.rows());
    return row;
  }

  // Whatever a row holds: it is one row that does not hold, and no end of the others.
  Status work(const std::stop_token& stop) {
    ReadingTally own;
    while (!stop.stop_requested()) {
      const auto row = next();
      if (!row) break;
      const Status read = row->problem.empty() ? guarded([&] { return check_row(*row, own); })
                                               : Status(Error::environment(row->problem));
      if (!read.ok())
        own.add_unreadable(row->id.empty() ? row->place : row->place + " (" + row->id + ")",
                           read.error().message);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    tally_.merge(own);
    return {};
  }

  bool wanted(level::Level level) const {
    const auto& names = options_.levels;
    return level::row_of(level).parse &&
           (names.empty() ||
            std::find(names.begin(), names.end(), level::name_of(level)) != names.end());
  }

  Status check_row(const store::DatasetRow& row, ReadingTally& own) const {
    // How near results must be goes by two levels' texts, whether these are wanted or not.
    level::Texts texts = row.levels;
    std::erase_if(texts, [this](const auto& entry) {
      return !wanted(entry.first) && entry.first != level::structure_level() &&
             entry.first != level::run_level();
    });
    check::Programs programs = check::read_texts(texts);
    const check::ExecutionCase recorded{row.constants,
                                        row.inputs,
                                        row.outputs,
                                        row.kept_arguments,
                                        check::equations_of(programs, row.equations),
                                        check::precisions_of(programs),
                                        row.further_cases};
    // Inputs without outputs are a case, of a function without results or of none.
    const bool has_case = !row.outputs.empty() || !row.inputs.empty();
    for (auto& [level, program] : programs) {
      if (!wanted(level)) continue;
      const bool executed = has_case && level::row_of(level).executes;
      own.add(row.id, level,
              check::read_program(program, executed ? &recorded : nullptr, options_.budget),
              executed);
    }
    return {};
  }

  const CheckOptions& options_;
  store::DatasetReader reader_;
  std::mutex mutex_;
  ReadingTally tally_;
  std::int64_t done_ = 0;
};

Status write_lines(const std::string& path, const std::vector<nlohmann::ordered_json>& lines) {
  std::string text;
  for (const auto& line : lines)
    text += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return store::write_file(path, text);
}

Status write_failures(const std::string& path, const ReadingTally& tally) {
  std::vector<nlohmann::ordered_json> lines;
  for (const auto& f : tally.failures())
    lines.push_back(
        {{"id", f.id}, {"level", f.level ? level::name_of(*f.level) : ""}, {"reason", f.reason}});
  return write_lines(path, lines);
}

Status write_verdicts(const std::string& path, const ReadingTally& tally) {
  std::vector<nlohmann::ordered_json> lines;
  for (const auto& v : tally.verdicts())
    lines.push_back({{"id", v.id},
                     {"level", level::name_of(v.level)},
                     {"parsed", v.reading.parsed},
                     {"verified", v.reading.verified},
                     {"printed_back", v.reading.printed_back},
                     {"has_case", v.has_case},
                     {"executed", v.reading.executed},
                     {"agrees", v.reading.agrees},
                     {"unknown", v.reading.unknown},
                     {"reason", v.reading.reason}});
  return write_lines(path, lines);
}

// Adds what it finds to `found`; whether all holds.
Result<bool> check_dataset(const CheckOptions& options, const std::string& path,
                           ReadingTally& found) {
  JAXSMITH_TRY(reader, store::DatasetReader::open(path));
  const std::int64_t rows = reader.rows();
  DatasetCheck check(options, std::move(reader));
  JAXSMITH_TRY(tally, check.run());
  if (options.paths.size() > 1) say("{}:\n", path);
  put(tally.table(options.shown));
  found.merge(tally);
  if (tally.texts() == 0 && tally.failures().empty()) {
    tell("jaxsmith check: {}: nothing was checked: it holds {}\n", path,
         rows == 0 ? "no rows" : fmt::format("no such text in its {} rows", rows));
    return false;
  }
  return tally.failures().empty();
}

// One after another, to the first that cannot be read at all.
Result<bool> check_paths(const CheckOptions& options, ReadingTally& found) {
  bool good = true;
  for (const std::string& path : options.paths) {
    JAXSMITH_TRY(held, is_dataset(path) ? check_dataset(options, path, found)
                                        : check_file(path, options.budget, options.levels, found));
    good = good && held;
  }
  return good;
}

// What is found before an error is written too.
Result<bool> check_all(const CheckOptions& options) {
  ReadingTally found;
  const auto good = check_paths(options, found);
  if (!options.failures.empty()) JAXSMITH_CHECK(write_failures(options.failures, found));
  if (!options.verdicts.empty()) JAXSMITH_CHECK(write_verdicts(options.verdicts, found));
  return good;
}

}  // namespace

int check_main(int argc, char** argv) {
  CLI::App app(
      "Reads texts of IR with jaxsmith's own readers, without JAX: parses, verifies, prints back "
      "and "
      "executes them.\nOf a dataset each text is executed on the recorded inputs and compared with "
      "the recorded outputs; a module that takes no arguments is run, and its own checks "
      "(check.expect_eq …) count.",
      "jaxsmith check");
  CheckOptions options;
  app.add_option("PATH", options.paths,
                 "texts of IR (" + level::kinds_of_text() + "; - for standard input), or datasets")
      ->required();
  app.add_option("--level", options.levels,
                 "only this level (repeatable): " + level::list_of_levels())
      ->type_name("LEVEL")
      ->allow_extra_args(false)
      ->check(one_of("level", level_words()));
  add_budget_of_text(app, options.budget);
  add_workers(app, options.workers, "threads, for datasets");
  app.add_option("--show", options.shown, "how many failures to print")
      ->check(whole_number(0, UINT64_MAX))
      ->capture_default_str();
  add_output(app, "--failures", options.failures, "file for all failures, a line of JSON each")
      ->type_name("FILE");
  add_output(app, "--verdicts", options.verdicts,
             "file for what was found of every text, a line of JSON each")
      ->type_name("FILE");
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(app, argc, argv,
                               "Examples:\n"
                               "  jaxsmith check dataset\n"
                               "  jaxsmith check module.mlir optimised.hlo\n\n"
                               "Exit status: 0 if all holds, 1 if not, 2 if asked wrongly.\n"))
    return *ended;
  const Status ready = store::check_output_files(
      {{"--failures", options.failures}, {"--verdicts", options.verdicts}}, options.paths);
  if (!ready.ok()) return report(kCommand, ready.error());
  const auto good = check_all(options);
  if (!good.ok()) return report(kCommand, good.error());
  return good.value() ? kDone : kFailed;
}

}  // namespace jaxsmith::cli
