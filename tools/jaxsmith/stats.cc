// jaxsmith stats: what a dataset is like, in figures.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "jaxsmith/command.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/parse.h"
#include "stats/measures.h"

namespace jaxsmith::cli {

using stats::Figure;
using stats::Figures;

namespace {

constexpr const char* kCommand = "stats";
using Json = nlohmann::ordered_json;

struct Arguments {
  std::string dataset, against;
  unsigned workers = 0;
  bool json = false;
};

std::string value_text(const Figure& f) {
  switch (f.form) {
    case stats::Form::kCount:
      return fmt::format("{:.0f}", f.value);
    case stats::Form::kShare:
      return fmt::format("{:.2f} %", 100 * f.value);
    default:
      return fmt::format("{:.4g}", f.value);
  }
}

const Figure* find(const Figures& figures, const Figure& like) {
  for (const Figure& f : figures)
    if (f.group == like.group && f.name == like.name) return &f;
  return nullptr;
}

// Those of the other dataset in a second column.
std::string table(const Figures& figures, const Figures* against) {
  std::string out, group;
  for (const Figure& f : figures) {
    if (f.group != group) out += fmt::format("{}{}\n", out.empty() ? "" : "\n", group = f.group);
    out += fmt::format("  {:<50} {:>12}", f.name, value_text(f));
    if (against) {
      const Figure* other = find(*against, f);
      out += fmt::format(" {:>12}", other ? value_text(*other) : "-");
    }
    out += "\n";
  }
  return out;
}

Json as_json(const Figures& figures) {
  Json out = Json::object();
  for (const Figure& f : figures) out[f.group][f.name] = f.value;
  return out;
}

Status run(const Arguments& a) {
  JAXSMITH_TRY(measures, stats::measures_of(a.dataset, a.workers));
  const Figures figures = stats::figures_of(measures);
  if (a.against.empty()) {
    put(a.json ? as_json(figures).dump(2) + "\n" : table(figures, nullptr));
    return {};
  }
  JAXSMITH_TRY(other, stats::measures_of(a.against, a.workers, /*as_written=*/true));
  const Figures others = stats::figures_of(other);
  const Figures distances = stats::distances_of(measures, other);
  if (a.json) {
    const Json j = {{"dataset", as_json(figures)},
                    {"against", as_json(others)},
                    {"distances", as_json(distances)}};
    put(j.dump(2) + "\n");
    return {};
  }
  put(table(figures, &others) + "\n" + table(distances, nullptr));
  return {};
}

}  // namespace

int stats_main(int argc, char** argv) {
  CLI::App app(
      "Measures a dataset: sizes, nesting, types, what outputs and sources say, what repeats, and "
      "how far its operations are from another dataset's. Nothing is run.",
      "jaxsmith stats");
  Arguments a;
  app.add_option("DIR", a.dataset, "the dataset, or a Parquet file of one")->required();
  app.add_option("--against", a.against,
                 "a dataset to compare with, as jaxsmith capture makes it of real programs")
      ->type_name("DIR");
  app.add_flag("--json", a.json, "print the figures as JSON");
  add_workers(app, a.workers);
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(
          app, argc, argv,
          "Example: jaxsmith stats dataset --against captured\ndocs/statistics.md defines the "
          "figures.\n"))
    return *ended;
  const Status status = run(a);
  return status.ok() ? kDone : report(kCommand, status.error());
}

}  // namespace jaxsmith::cli
