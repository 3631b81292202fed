#include "store/card.h"

#include <fmt/format.h>

#include <algorithm>

#include "select/select.h"
#include "store/schema.h"

namespace jaxsmith::store {
namespace {

std::string size_category(std::uint64_t rows) {
  if (rows < 1000) return "n<1K";
  const struct {
    std::uint64_t below;
    const char* name;
  } kSizes[] = {{10'000, "1K<n<10K"},
                {100'000, "10K<n<100K"},
                {1'000'000, "100K<n<1M"},
                {10'000'000, "1M<n<10M"},
                {100'000'000, "10M<n<100M"}};
  for (const auto& size : kSizes) {
    if (rows < size.below) return size.name;
  }
  return "n>100M";
}

std::uint64_t count(const Counts& counts, std::string_view key) {
  const auto found = counts.find(std::string(key));
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

std::vector<std::string_view> splits_of(const CardFigures& f) {
  std::vector<std::string_view> out(select::kSplits.begin(), select::kSplits.end());
  for (const std::string_view split : kWords<check::Split>)
    if (count(f.splits, split) > 0 && std::find(out.begin(), out.end(), split) == out.end())
      out.push_back(split);
  return out;
}

std::string card_header(const CardFigures& f) {
  CardConfig config{.name = "default", .folder = "data", .splits = {}};
  for (const std::string_view split : splits_of(f))
    if (count(f.splits, split) > 0) config.splits.emplace_back(split);
  return card_header("jaxsmith", f.rows, f.levels, {&config, 1});
}

std::string category_table(const CardFigures& f) {
  const auto all = splits_of(f);
  std::string out = "| category | rows | share |";
  for (const std::string_view split : all) out += fmt::format(" {} |", split);
  out += "\n| --- | ---: | ---: |";
  for (std::size_t i = 0; i < all.size(); ++i) out += " ---: |";
  out += "\n";
  for (const auto& [category, splits] : f.categories) {
    std::uint64_t rows = 0;
    for (const auto& [split, n] : splits) rows += n;
    out += fmt::format("| {} | {} | {:.1f} % |", category, rows,
                       100.0 * static_cast<double>(rows) / static_cast<double>(f.rows));
    for (const std::string_view split : all) out += fmt::format(" {} |", count(splits, split));
    out += "\n";
  }
  out += fmt::format("| all | {} | 100 % |", f.rows);
  for (const std::string_view split : all) out += fmt::format(" {} |", count(f.splits, split));
  return out + "\n";
}

std::string count_table(std::string_view what, const Counts& counts) {
  std::string out = fmt::format("| {} | rows |\n| --- | ---: |\n", what);
  for (const auto& [name, n] : counts) out += fmt::format("| {} | {} |\n", name, n);
  return out;
}

std::string loading_section(const Levels& levels) {
  std::string text;
  if (!levels.empty())
    text = fmt::format(
        ", rows[0][\"{}\"]",
        level::name_of(levels.contains(level::run_level()) ? level::run_level() : *levels.begin()));
  return "\n## Load\n\n```python\nfrom datasets import load_dataset\n\n"
         "rows = load_dataset(\"DIR\", split=\"train\")  # the folder of this file\n"
         "print(rows[0][\"source\"]" +
         text +
         ")\n```\n\n"
         "```sql\nSELECT category, count(*) FROM 'DIR/data/*.parquet' GROUP BY ALL;  -- DuckDB\n"
         "```\n";
}

std::string reject_section(const CardFigures& f, std::string_view what) {
  std::string out = "| stage | reason | functions |\n| --- | --- | ---: |\n";
  std::uint64_t all = 0;
  for (const auto& [stage, reasons] : f.rejects) {
    for (const auto& [reason, n] : reasons) {
      out += fmt::format("| {} | {} | {} |\n", stage, reason, n);
      all += n;
    }
  }
  if (all == 0) return "None.\n";
  return fmt::format("{} functions {}; `rejects.parquet` holds each with its source.\n\n{}", all,
                     what, out);
}

namespace {

// "jaxpr, StableHLO and HLO": those of the run that are so.
template <class F>
std::string titles_of(const RunDescription& run, F is_so) {
  std::string out, last;
  for (const level::Level level : run.levels) {
    if (!is_so(level::row_of(level))) continue;
    if (!last.empty()) out += (out.empty() ? "" : ", ") + last;
    last = level::row_of(level).title;
  }
  return out.empty() ? last : out + " and " + last;
}

// In the table's order, each once.
std::vector<std::string_view> tags_of(const Levels& levels) {
  std::vector<std::string_view> out = {"code", "compilers", "jax"};
  for (const level::Level level : levels)
    for (const std::string_view tag : level::row_of(level).card_tags)
      if (std::find(out.begin(), out.end(), tag) == out.end()) out.push_back(tag);
  return out;
}

// What can be said of every row.
std::string promises(const RunDescription& run, const CardFigures& f) {
  const std::string selected =
      "- No other row has the same structure together with the same shapes and dtypes (literals "
      "apart).\n";
  if (run.origin != source::Origin::kGenerated) {
    const level::Level alone = level::run_level();
    const std::string run_alone =
        f.levels.contains(alone)
            ? fmt::format(
                  ", whether the {},\nrun by itself, gives the same bytes twice, finite numbers, "
                  "other outputs for other inputs",
                  level::row_of(alone).title)
            : "";
    return "\n## What is known of the rows\n\n"
           "The functions are a user's: none was left out for failing a check. The column `checks` "
           "says for each row\nwhat it was put to and how it came out: whether the official "
           "parsers "
           "read its texts" +
           run_alone + ".\n\n" + selected +
           "- Names of files are relative to the project or to a package; home folders and values "
           "of "
           "secret-looking\n  environment variables are taken out.\n- Inputs of captured functions "
           "are "
           "made up for their types; what the program computed with is not recorded.\n";
  }
  std::string official =
      titles_of(run, [](const ir::LevelRow& row) { return row.official_parser; });
  if (!official.empty())
    official = "- " + official + " parse with the official parsers that jaxlib carries.\n";
  return "\n## What every row has passed\n\n"
         "- XLA compiled it to machine code; two runs on the recorded inputs gave the same bytes, "
         "all "
         "of them finite.\n" +
         official +
         "- Every argument changes an output, and outputs do not hang on the last bits of the "
         "inputs.\n" +
         selected +
         "- A family of functions stands in one split as a whole, and so does every structure; "
         "families "
         "that share many windows of operations mostly do.\n" +
         fmt::format(
             "- {} of the functions tried were done again by another route, at JAX's default "
             "flags, "
             "one "
             "at a time, in another process: the same\n  texts byte for byte, outputs within the "
             "dtype's "
             "tolerance.\n",
             f.redone);
}

// Of rows whose difficulty is known; nothing where that is none.
std::string difficulty_table(const CardFigures& f) {
  if (f.difficulty.rows() == 0) return "";
  Counts counts;
  for (int d = check::kEasiest; d <= check::kHardest; ++d)
    counts[std::to_string(d)] = f.difficulty.of(d);
  return "\n" + count_table("difficulty", counts);
}

// What share of the rows' operations counts.
std::string inert_line(const check::InertFigures& f) {
  if (f.rows == 0) return "";
  return fmt::format(
      "\nInert operations (column `inert`): {:.1f} % on average, more than half in {:.1f} % of the "
      "{} rows where that was measured.\n",
      100 * f.mean(), 100 * f.share_over_half(), f.rows);
}

std::string opening(const RunDescription& run, const CardFigures& f) {
  const char* made = run.origin == source::Origin::kCaptured
                         ? "compiled by a program that jaxsmith watched"
                     : run.origin == source::Origin::kExtracted ? "extracted by jaxsmith"
                                                                : "written by jaxsmith";
  std::string derived;
  for (const level::Level level : run.levels)
    if (const auto from = level::source_of(level))
      derived += fmt::format("{} follows from {}.\n", level::row_of(level).title,
                             level::row_of(*from).title);
  const auto is_made = [](const ir::LevelRow& row) { return !row.derivation.derive; };
  return fmt::format(
      "\n# jaxsmith: Python and the IR it becomes\n\n"
      "{} JAX functions, {}, each with its {}\n"
      "as JAX {} prints them, and with inputs and outputs recorded from the compiled "
      "function.\n{}",
      f.rows, made, titles_of(run, is_made), run.versions.jax, derived);
}

}  // namespace

std::string card_header(std::string_view name, std::uint64_t rows, const Levels& levels,
                        std::span<const CardConfig> configs) {
  std::string out = fmt::format(
      "---\nlicense: apache-2.0\npretty_name: {}\nsize_categories:\n- {}\n"
      "task_categories:\n- text-generation\n"
      "tags:\n",
      name, size_category(rows));
  for (const std::string_view tag : tags_of(levels)) out += fmt::format("- {}\n", tag);
  std::string files;
  for (const CardConfig& config : configs) {
    if (config.splits.empty()) continue;
    files += fmt::format("- config_name: {}\n  data_files:\n", config.name);
    for (const std::string& split : config.splits)
      files += fmt::format("  - split: {0}\n    path: {1}/{0}-*.parquet\n", split, config.folder);
  }
  return out + (files.empty() ? "" : "configs:\n" + files) + "---\n";
}

std::string dataset_card(const RunDescription& run, const CardFigures& f) {
  std::string out = card_header(f);
  out += opening(run, f);
  if (!f.complete)
    out += fmt::format(
        "\n**Unfinished:** the run was interrupted after {} of {} functions; `--resume` goes on "
        "with it.\n",
        f.rows, run.count);
  out += loading_section(f.levels);
  out += promises(run, f);
  out += "\n## Figures of this run\n\n" + category_table(f) + "\n" +
         count_table("transformation", f.transformations);
  out += difficulty_table(f);
  out += inert_line(f.inert);
  out += fmt::format("\nParquet files: {:.1f} MB.\n", static_cast<double>(f.bytes) / 1e6);
  out += "\n## Left out\n\n" + reject_section(f, "were planned and left out");
  out += "\n## Columns\n\n" + markdown_table(sample_columns());
  out += fmt::format(
      "\n## Made with\n\njaxsmith {}, jax {}, jaxlib {}, numpy {}, Python {}{}. `manifest.json` "
      "holds "
      "the options "
      "and a checksum of every file.\n",
      run.jaxsmith_version, run.versions.jax, run.versions.jaxlib, run.versions.numpy,
      run.versions.python,
      run.origin == source::Origin::kGenerated
          ? fmt::format(
                "; seed {}. The same seed, count, options and versions give the\nsame bytes",
                run.seed)
          : "");
  return out;
}

}  // namespace jaxsmith::store
