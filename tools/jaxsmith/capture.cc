// jaxsmith capture: runs a program, and ends as the program ended.
#include "extract/capture.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/lines.h"
#include "base/text.h"

#include "jaxsmith/command.h"
#include "jaxsmith/output.h"
#include "jaxsmith/parse.h"
#include "jaxsmith/signals.h"

namespace jaxsmith::cli {
namespace {

constexpr const char* kCommand = "capture";

// The program's own end: its status, or its signal.
[[noreturn]] void end_as(int status) {
  fflush(nullptr);
  if (WIFSIGNALED(status)) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);  // the program has left its core, where it leaves one
    signal(WTERMSIG(status), SIG_DFL);
    sigset_t all;
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    raise(WTERMSIG(status));
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : kFailed);
}

// On standard error: standard output is the program's.
void tell_summary(const extract::CaptureSummary& s, const std::string& out) {
  for (const std::string& problem : s.problems)
    tell("jaxsmith capture: not recorded: {}\n", problem);
  for (const std::string& lack : s.partial) tell("jaxsmith capture: {}\n", lack);
  if (s.rows > 0) {
    tell("jaxsmith capture: {} function{} in {}", s.rows, s.rows == 1 ? "" : "s", out);
    if (s.duplicates > 0) tell(" ({} of the same structure left out)", s.duplicates);
    tell("\n");
  } else if (s.processes == 0) {
    tell(
        "jaxsmith capture: nothing recorded: no Python process took part (one that is started "
        "with -I, -E or -S does not)\n");
  } else if (s.problems.empty()) {
    tell(
        "jaxsmith capture: nothing recorded: JAX compiled no function; --all takes single "
        "primitives too\n");
  } else {
    tell("jaxsmith capture: nothing recorded\n");
  }
}

// Whether there is the record of a function, as jaxsmith itself writes them: for what is said
// before the work.
bool any_recorded(const std::string& records) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(records, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() != ".jsonl") continue;
    std::ifstream in(at->path());
    LineReader lines(in, at->path().string());
    for (std::string line;;) {
      const auto more = lines.next(line);
      if (!more.ok() || !more.value()) break;
      if (line.starts_with(R"({"type": "raw")") || line.starts_with(R"({"type": "function")"))
        return true;
    }
  }
  return false;
}

int finish(const extract::CaptureOptions& options, std::unique_ptr<store::OutputFolder> folder,
           const trace::Installation& where) {
  if (any_recorded(extract::records_folder(*folder)))
    tell("jaxsmith capture: making the dataset of what was recorded\n");
  auto summary = extract::finish_capture(options, std::move(folder), where, cancelled);
  if (cancelled && !summary.ok())
    return report_interrupted(kCommand, options.records.empty()
                                            ? "--resume goes on with what was recorded"
                                            : "nothing was written; start again");
  if (!summary.ok()) return report(kCommand, summary.error());
  tell_summary(summary.value(), options.out);
  return summary.value().problems.empty() ? kDone : kFailed;
}

// The dataset of a file of records. The folder may be one that their program has worked in.
int finish_records(const extract::CaptureOptions& options, const trace::Installation& where) {
  catch_signals();
  auto folder = store::OutputFolder::claim_beside_files(options.out);
  if (!folder.ok()) return report(kCommand, folder.error());
  const Status taken = extract::take_records(options, *folder.value());
  if (!taken.ok()) return report(kCommand, taken.error());
  return finish(options, std::move(folder).value(), where);
}

}  // namespace

int capture_main(int argc, char** argv) {
  CLI::App app(
      "Runs a program unchanged and makes a dataset of the functions that JAX compiles in it, with "
      "all levels.\nOutput, signals, environment and exit status are the program's own; the status "
      "is 1 "
      "where the program's is 0 and something could not be recorded.",
      "jaxsmith capture");
  extract::CaptureOptions options;
  std::string python;
  app.add_option("--out", options.out, "new folder for the dataset")->type_name("DIR");
  app.add_flag("--all", options.everything,
               "also the single primitives that JAX compiles when it runs eagerly");
  auto* resume = app.add_flag("--resume", options.resume,
                              "make the dataset of a capture that was interrupted");
  auto* records = app.add_option("--records", options.records,
                                 "make the dataset of a file of records, as jaxsmith.save has "
                                 "them; nothing is run; --out may hold other files");
  records->type_name("FILE")->excludes(resume);
  bool dry_run = false;
  app.add_flag("--dry-run", dry_run,
               "only say whether --out can be a new dataset's folder: it is locked for a moment, "
               "as a run would lock it")
      ->excludes(resume)
      ->excludes(records);
  app.add_option("--python", python, "Python that has JAX, for the checks (not for the program)")
      ->type_name("PROGRAM");
  app.get_formatter()->column_width(30);
  // What stands behind the first -- is the program's, whatever it looks like.
  int own = 1;
  while (own < argc && std::string_view(argv[own]) != "--") ++own;
  for (int i = own + 1; i < argc; ++i) options.command.emplace_back(argv[i]);
  if (const auto ended =
          parse(app, own, argv,
                "Examples:\n"
                "  jaxsmith capture --out captured -- python train.py --steps 3\n"
                "  jaxsmith capture --out captured --all -- pytest tests\n",
                "the program comes behind --: jaxsmith capture --out DIR -- python program.py"))
    return *ended;
  if (options.out.empty())
    return report(kCommand, Error::usage("--out is missing: name a new folder for the dataset"));
  const trace::Installation where = installation(python);
  const bool of_records = !options.records.empty();
  if (of_records && !options.command.empty())
    return report(kCommand,
                  Error::usage("--records takes the place of a program: leave out one of the two"));
  if (dry_run && !options.command.empty())
    return report(kCommand, Error::usage("--dry-run runs no program: leave out one of the two"));
  if (of_records) return finish_records(options, where);
  if (!dry_run && !options.resume && options.command.empty()) {
    return report(kCommand, Error::usage("say which program to run, behind --: jaxsmith capture "
                                         "--out DIR -- python program.py"));
  }
  auto folder = store::OutputFolder::claim(options.out, options.resume);
  if (!folder.ok()) return report(kCommand, folder.error());
  if (dry_run) return kDone;  // the claim is given up, and what it has made goes
  if (options.resume) {
    catch_signals();
    return finish(options, std::move(folder).value(), where);
  }
  const auto status = extract::run_captured(options, *folder.value(), where);
  if (!status.ok()) return report(kCommand, status.error());
  catch_signals();
  const int finished = finish(options, std::move(folder).value(), where);
  end_as(status.value() == 0 ? W_EXITCODE(finished, 0) : status.value());
}

}  // namespace jaxsmith::cli
