// jaxsmith score: grades the predictions of a model.
#include "score/score.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "jaxsmith/command.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/output_option.h"
#include "jaxsmith/parse.h"
#include "store/output_file.h"

namespace jaxsmith::cli {
namespace {

constexpr const char* kCommand = "score";

struct Arguments {
  std::string predictions, dataset, out;
  std::vector<std::int64_t> ks;
  score::ScoreOptions options;
  unsigned workers = 0;
  bool json = false;
};

Status run(const Arguments& a) {
  const auto begin = std::chrono::steady_clock::now();
  JAXSMITH_CHECK(store::check_output_files({{"--out", a.out}}, {a.predictions, a.dataset}));
  JAXSMITH_TRY(predictions, score::read_predictions(a.predictions));
  JAXSMITH_TRY(dataset, store::DatasetReader::open(a.dataset));
  const std::size_t count = predictions.size();
  const bool terminal = isatty(STDERR_FILENO) == 1;
  auto shown = begin;
  const auto progress = [&](std::size_t done) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal || now - shown < std::chrono::milliseconds(100)) return;
    shown = now;
    tell_in_place("{} of {} predictions", done, count);
  };
  auto graded =
      score::score(std::move(predictions), std::move(dataset), a.options, a.workers, progress);
  if (terminal) tell_in_place("");
  if (!graded.ok()) return graded.error();
  if (!a.out.empty()) JAXSMITH_CHECK(score::write_results(a.out, graded.value()));
  JAXSMITH_TRY(totals, score::totals_of(graded.value(), a.ks));
  if (a.json) {
    put(score::totals_json(totals));
    return {};
  }
  put(score::totals_table(totals));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  say("{} predictions in {:.2f} s{}\n", count, took.count(),
      a.out.empty() ? "" : ", each in " + a.out);
  return {};
}

}  // namespace

int score_main(int argc, char** argv) {
  CLI::App app(
      "Grades texts of IR that a model wrote, without JAX: whether each parses, verifies, has the "
      "signature, says the same as the row's text, runs, and gives the same on the recorded inputs "
      "and on further ones.\nSeveral predictions for an id are its samples: pass@k counts them.",
      "jaxsmith score");
  Arguments a;
  app.add_option("PREDICTIONS", a.predictions, "Parquet or JSONL with id, level and text")
      ->required();
  app.add_option("--dataset", a.dataset, "the dataset that the ids are of")
      ->type_name("DIR")
      ->required();
  add_output(app, "--out", a.out, "file for the verdict on each prediction, as Parquet")
      ->type_name("FILE");
  app.add_flag("--json", a.json, "print the totals as JSON");
  app.add_option("--k", a.ks, "pass@k for these k (1,2,5,10 … as far as there are predictions)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(whole_number(1, INT64_MAX));
  app.add_option("--seed", a.options.seed, "draws other further inputs")
      ->check(whole_number(0, UINT64_MAX))
      ->capture_default_str();
  app.add_option("--steps", a.options.budget.steps,
                 "elementary operations that a prediction may take, at most")
      ->check(whole_number(1, INT64_MAX))
      ->capture_default_str();
  app.add_option("--memory", a.options.budget.bytes, "bytes that its values may take")
      ->check(whole_number(1, INT64_MAX))
      ->capture_default_str();
  add_workers(app, a.workers);
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(
          app, argc, argv,
          "Example: jaxsmith score predictions.jsonl --dataset dataset --out verdicts.parquet\n"
          "docs/grading.md says what each verdict means.\n"))
    return *ended;
  const Status status = run(a);
  return status.ok() ? kDone : report(kCommand, status.error());
}

}  // namespace jaxsmith::cli
