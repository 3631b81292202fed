// jaxsmith calibrate: the tables that planning has of what entries bring and how often they are
// taken. For those who work on jaxsmith.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "calibrate/fit.h"
#include "calibrate/learn.h"
#include "calibrate/reach.h"
#include "calibrate/table.h"
#include "jaxsmith/command.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/output_option.h"
#include "jaxsmith/parse.h"
#include "stats/api.h"
#include "store/files.h"
#include "store/output_file.h"

namespace jaxsmith::cli {
namespace {

constexpr const char* kCommand = "calibrate";

struct Request {
  std::vector<std::string> datasets;
  std::string write;
  std::string python;
  bool learn = false, reach = false;
  unsigned workers = 0;
};

// Of a part of the rows; its distances are filled in by `measure`.
struct Fitting {
  calibrate::Part part;
  std::vector<stats::RowMeasures> rows;
};

Status measure(const plan::PlanOptions& options, const plan::Weights& after, unsigned workers,
               Fitting& fitting) {
  constexpr std::size_t kFamilies = 800;
  const plan::BroughtTable brought = backend::jax().brought();
  const calibrate::Profile profile = calibrate::profile_of(fitting.rows);
  plan::PlanOptions fitted = options;
  fitted.weights = std::make_shared<plan::Weights>(after);
  JAXSMITH_TRY(from, calibrate::distances(options, brought, profile, workers, kFamilies));
  JAXSMITH_TRY(to, calibrate::distances(fitted, brought, profile, workers, kFamilies));
  fitting.part.functions = profile.functions;
  fitting.part.before = from, fitting.part.after = to;
  return {};
}

Result<std::string> calibrated(const Request& request) {
  Fitting fitted{{"fitted", {}, 0, {}, {}}, {}}, held{{"held out", {}, 0, {}, {}}, {}};
  std::vector<stats::RowMeasures> rows;
  for (const std::string& dataset : request.datasets) {
    JAXSMITH_TRY(measures, stats::measures_of(dataset, request.workers, /*as_written=*/true));
    std::ranges::move(measures.rows, std::back_inserter(rows));
  }
  const std::set<std::string> others = calibrate::held_out(rows);
  for (stats::RowMeasures& row : rows) {
    if (!row.read) continue;
    const std::string library(calibrate::library_of(row));
    Fitting& to = others.contains(library) ? held : fitted;
    to.part.libraries.insert(library);
    to.rows.push_back(std::move(row));
  }
  if (fitted.rows.empty() || held.rows.empty())
    return Error::usage("the datasets have functions of one library only: one must be held out");
  plan::PlanOptions options{&backend::jax().catalogue()};
  options.weights = std::make_shared<plan::Weights>();  // as the catalogue is written
  const calibrate::Profile profile = calibrate::profile_of(fitted.rows);
  JAXSMITH_TRY(fit, calibrate::fit(options, backend::jax().brought(), profile, request.workers));
  const plan::Weights weights = calibrate::for_defaults(std::move(fit.weights));
  std::vector<calibrate::Part> parts;
  for (Fitting* each : {&fitted, &held}) {
    JAXSMITH_CHECK(measure(options, weights, request.workers, *each));
    parts.push_back(each->part);
  }
  for (const std::string& line : calibrate::figures_of(parts)) tell("{}\n", line);
  return calibrate::table_of(weights, *options.catalogue, parts);
}

Result<std::string> reached(const Request& request) {
  JAXSMITH_TRY(api, stats::public_api(installation(request.python)));
  std::set<std::string> functions;
  for (const auto& [name, all] : api.namespaces)
    for (const std::string& function : all) {
      functions.insert(name + "." + function);
      // Both are written: jax.tree.map, jax.tree_util.tree_map.
      if (name == "jax.tree") functions.insert("jax.tree_util.tree_" + function);
    }
  return calibrate::reach_table({&backend::jax().catalogue()}, functions, request.workers);
}

Status run(const Request& request) {
  if (request.datasets.empty() != request.reach)
    return Error::usage("datasets are wanted, or --reach without any");
  JAXSMITH_CHECK(store::check_output_files({{"--write", request.write}}, request.datasets));
  auto table = request.reach   ? reached(request)
               : request.learn ? calibrate::learn(request.datasets, {&backend::jax().catalogue()},
                                                  request.workers)
                               : calibrated(request);
  if (!table.ok()) return table.error();
  if (!request.write.empty()) return store::write_file(request.write, table.value());
  put(table.value());
  return {};
}

}  // namespace

int calibrate_main(int argc, char** argv) {
  CLI::App app(
      "Fits how often planning takes what to the functions of datasets, all but a third of their "
      "libraries, and writes that as a table of the sources. With --learn: the table of what each "
      "entry of the catalogue brings into functions. With --reach: that of the functions of JAX "
      "that are rare, and of the entries that call them.",
      "jaxsmith calibrate");
  Request request;
  app.add_option("DIR", request.datasets, "datasets of functions; with --learn generated ones");
  app.add_flag("--learn", request.learn, "learn what entries bring");
  app.add_flag("--reach", request.reach, "count which functions of JAX are called, by planning");
  app.add_option("--python", request.python, "Python that has this JAX")->type_name("PROGRAM");
  add_output(app, "--write", request.write, "the table's file (default: it is printed)")
      ->type_name("FILE");
  add_workers(app, request.workers);
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(app, argc, argv,
                               "Example: jaxsmith calibrate build/extraction\n"
                               "docs/calibration.md says what is fitted, and how.\n"))
    return *ended;
  const Status status = run(request);
  return status.ok() ? kDone : report(kCommand, status.error());
}

}  // namespace jaxsmith::cli
