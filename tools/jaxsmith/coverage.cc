// jaxsmith coverage: what datasets cover, and what not.
#include "stats/coverage.h"

#include <CLI/CLI.hpp>

#include "jaxsmith/command.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/parse.h"

namespace jaxsmith::cli {
namespace {

constexpr const char* kCommand = "coverage";

struct Arguments {
  std::vector<std::string> datasets;
  std::string python;
  std::int64_t few = 20;
  unsigned workers = 0;
  bool json = false;
};

Status run(const Arguments& a) {
  JAXSMITH_TRY(api, stats::public_api(installation(a.python)));
  JAXSMITH_TRY(coverage, stats::coverage_of(a.datasets, a.workers));
  put(a.json ? stats::coverage_json(coverage, api, a.few)
             : stats::coverage_table(coverage, api, a.few));
  return {};
}

}  // namespace

int coverage_main(int argc, char** argv) {
  CLI::App app(
      "Counts what the rows of datasets have: public functions of JAX in their sources, operations "
      "of every level, element types, ranks, transformations, nesting of control flow; and names "
      "what few rows have or none.",
      "jaxsmith coverage");
  Arguments a;
  app.add_option("DIR", a.datasets, "datasets, or Parquet files of some, counted together")
      ->required();
  app.add_flag("--json", a.json, "print all counts as JSON");
  app.add_option("--few", a.few, "what is met less often than this is named as rare")
      ->check(whole_number(1, INT64_MAX))
      ->capture_default_str();
  app.add_option("--python", a.python, "Python that has the JAX to compare with")
      ->type_name("PROGRAM");
  add_workers(app, a.workers);
  app.get_formatter()->column_width(30);
  if (const auto ended =
          parse(app, argc, argv,
                "Example: jaxsmith coverage dataset\ndocs/statistics.md says what is counted.\n"))
    return *ended;
  const Status status = run(a);
  return status.ok() ? kDone : report(kCommand, status.error());
}

}  // namespace jaxsmith::cli
