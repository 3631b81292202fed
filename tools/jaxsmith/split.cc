// jaxsmith split: splits a dataset by clusters, thins near-duplicates, says what leaks.
#include "split/split.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "jaxsmith/command.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/output_option.h"
#include "jaxsmith/parse.h"
#include "store/output_file.h"

namespace jaxsmith::cli {
namespace {

constexpr const char* kCommand = "split";

std::string table(const split::SplitSummary& s) {
  std::string out = fmt::format("  {:<20}{:>9}", "", "rows");
  for (const double from : split::kLeakageFrom)
    out += fmt::format("{:>9}", fmt::format("≥ {}", from));
  out += fmt::format("{:>11}\n", "structure");
  const auto train = s.figures.splits.find("train");
  out +=
      fmt::format("  {:<20}{:>9}\n", "train", train == s.figures.splits.end() ? 0 : train->second);
  for (const auto& [split, leakage] : s.leakage) {
    out += fmt::format("  {:<20}{:>9}", word(split), leakage.rows);
    for (const std::uint64_t n : leakage.near) out += fmt::format("{:>9}", n);
    out += fmt::format("{:>11}\n", leakage.structure);
  }
  return out;
}

Status run(const split::SplitRequest& request) {
  JAXSMITH_CHECK(
      store::check_output_folder({"--out", request.out}, {request.dataset, request.real}));
  JAXSMITH_TRY(summary, split::split_dataset(request));
  if (summary.was_complete) {
    tell("{} is complete\n", request.out);
    return {};
  }
  say("{} rows in {} clusters, the largest of {}\n\n{}\n"
      "Rows with a neighbour in train by Jaccard's index, and with a structure that train has.\n",
      summary.figures.rows, summary.clusters, summary.largest, table(summary));
  for (const auto& [stage, reasons] : summary.figures.rejects)
    for (const auto& [reason, n] : reasons) say("left out, {}: {}\n", reason, n);
  return {};
}

void add_options(CLI::App& app, split::SplitRequest& r) {
  app.add_option("DIR", r.dataset, "the dataset, finished")->required();
  add_output(app, "--out", r.out, "folder for the new dataset")->type_name("DIR")->required();
  app.add_option("--neighbours", r.options.neighbours,
                 "Jaccard's index of windows of operations from which rows are near")
      ->type_name("INDEX")
      ->capture_default_str();
  app.add_option("--share", r.options.share, "near-duplicates among the rows, at most; 1 keeps all")
      ->type_name("SHARE")
      ->capture_default_str();
  app.add_option("--held-out", r.options.held_out,
                 "rows for each of test_unseen_ops, test_longer and test_unseen_shapes, at most")
      ->type_name("SHARE")
      ->capture_default_str();
  app.add_option("--real", r.real, "a captured dataset, whose rows become test_real")
      ->type_name("DIR");
  app.add_option("--rows-per-shard", r.rows_per_shard, "rows of a Parquet file")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  add_workers(app, r.workers);
  app.add_flag("--resume", r.resume, "go on with an interrupted run");
}

}  // namespace

int split_main(int argc, char** argv) {
  CLI::App app(
      "Makes a dataset with other splits out of one: whole clusters of near rows stand in one "
      "split each, near-duplicates are thinned, and further test splits hold what training lacks: "
      "pairs "
      "of operations, lengths, shapes, real programs. The card says how near each split is to "
      "train. Nothing is run.",
      "jaxsmith split");
  split::SplitRequest request;
  add_options(app, request);
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(app, argc, argv,
                               "Example: jaxsmith split dataset --out split --share 0.02 --real "
                               "captured\ndocs/splits.md says what each split is.\n"))
    return *ended;
  const Status status = run(request);
  return status.ok() ? kDone : report(kCommand, status.error());
}

}  // namespace jaxsmith::cli
