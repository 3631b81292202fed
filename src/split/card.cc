#include "split/card.h"

#include <fmt/format.h>

#include "store/schema.h"

namespace jaxsmith::split {
namespace {

using check::Split;

std::string percent(std::uint64_t part, std::uint64_t of) {
  return fmt::format("{} ({:.1f} %)", part,
                     of == 0 ? 0.0 : 100 * static_cast<double>(part) / static_cast<double>(of));
}

std::string leakage_section(const std::map<Split, Leakage>& leakage) {
  std::string out =
      "\n## What training has seen of the other splits\n\n"
      "Rows that have a neighbour in `train`, by Jaccard's index of their windows of five "
      "operations, and rows whose structure\n`train` has. Counted on the rows of these files, "
      "after they were assigned.\n\n| split | rows |";
  for (const double from : kLeakageFrom) out += fmt::format(" {} and more |", from);
  out += " structure |\n| --- | ---: |";
  for (std::size_t i = 0; i <= kLeakageFrom.size(); ++i) out += " ---: |";
  out += "\n";
  for (const auto& [split, l] : leakage) {
    out += fmt::format("| {} | {} |", word(split), l.rows);
    for (const std::uint64_t n : l.near) out += fmt::format(" {} |", percent(n, l.rows));
    out += fmt::format(" {} |\n", percent(l.structure, l.rows));
  }
  return out;
}

std::string splits_section(const SplitOptions& options, const Assignment& a) {
  return fmt::format(
      "\n## Splits\n\n"
      "A cluster is what one comes to from a row by its family, by its structure, and by rows of "
      "other families with an index\nof {} and more. Each of the {} clusters stands in one split; "
      "the largest has {} rows. No two splits share a family or\na structure.\n\n"
      "| split | what it is for |\n| --- | --- |\n"
      "| `train` | its longest row has {} equations |\n"
      "| `validation`, `test` | drawn as `train` is |\n"
      "| `test_unseen_ops` | each row has one of {} pairs (an operation, one that takes its "
      "result) that no row of `train` has, which has both operations |\n"
      "| `test_longer` | each row has more equations than any of `train` |\n"
      "| `test_unseen_shapes` | each row has one of {} shapes, of an argument or a value within, "
      "that no row of `train` has |\n"
      "| `test_real` | functions of real programs, as `jaxsmith capture` has recorded them |\n\n"
      "`manifest.json` lists the pairs and shapes under `held_out`.\n",
      options.neighbours, a.clusters, a.largest, a.longest, a.pairs.size(), a.shapes.size());
}

}  // namespace

std::string split_card(const SplitOptions& options, const Assignment& assignment,
                       const std::map<Split, Leakage>& leakage, const store::CardFigures& figures) {
  std::string out = store::card_header(figures);
  out += fmt::format(
      "\n# jaxsmith: Python and the IR it becomes\n\n"
      "{} JAX functions of a dataset, split by clusters. `manifest.json` says under `run` what "
      "dataset that is; the column `checks`\nsays what each row has passed.\n",
      figures.rows);
  out += store::loading_section(figures.levels);
  out += splits_section(options, assignment);
  out += leakage_section(leakage);
  out += "\n## Figures\n\n" + store::category_table(figures) + "\n" +
         store::count_table("transformation", figures.transformations);
  out += fmt::format("\nParquet files: {:.1f} MB.\n", static_cast<double>(figures.bytes) / 1e6);
  out += "\n## Left out\n\n" + store::reject_section(figures, "of the dataset were left out");
  out += "\n## Columns\n\n" + store::markdown_table(store::sample_columns());
  return out;
}

}  // namespace jaxsmith::split
