#include "mutate/writer.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "select/select.h"
#include "store/card.h"
#include "store/files.h"
#include "store/manifest.h"
#include "store/table_builder.h"

namespace jaxsmith::mutate {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using store::Appender;
using store::ArrayBuilder;

constexpr std::size_t kRowsPerFile = 5000;
constexpr std::size_t kLongestDifference = 300;

struct Value {
  const Origin& origin;
  const Mutant& mutant;
  std::uint64_t seed;
};

struct MutantColumn {
  store::Column column;
  std::function<void(Appender&, ArrayBuilder*, const Value&)> append;
};

const std::vector<MutantColumn>& columns() {
  using arrow::boolean, arrow::float64, arrow::int64, arrow::uint64, arrow::utf8;
  const auto text = [](auto get) {
    return [get](Appender& a, ArrayBuilder* b, const Value& v) { a.text(b, get(v)); };
  };
  const auto number = [](auto get) {
    return [get](Appender& a, ArrayBuilder* b, const Value& v) { a.integer(b, get(v)); };
  };
  // Of a mutant that differs.
  const auto of_miss = [](auto append) {
    return [append](Appender& a, ArrayBuilder* b, const Value& v) {
      if (v.mutant.miss)
        append(a, b, *v.mutant.miss);
      else
        a.null(b);
    };
  };
  static const std::vector<MutantColumn> kColumns = {
      {{"id", utf8(), false, "the row of the dataset"},
       text([](const Value& v) { return v.origin.id; })},
      {{"family", utf8(), false, "of the row"},
       text([](const Value& v) { return v.origin.family; })},
      {{"split", utf8(), true, "of the row"}, text([](const Value& v) { return v.origin.split; })},
      {{"level", utf8(), true, "of the texts: " + level::list_of_levels()},
       text([](const Value& v) { return level::name_of(v.mutant.level); })},
      {{"text", utf8(), false, "the mutant"}, text([](const Value& v) { return v.mutant.text; })},
      {{"original", utf8(), false, "the row's own text"},
       text([](const Value& v) { return v.origin.levels.at(v.mutant.level); })},
      {{"kind", utf8(), true, "what was changed: operation, operand, constant, attribute, result"},
       text([](const Value& v) { return word(v.mutant.change.kind); })},
      {{"operation", utf8(), true, "that was changed, by its name in the original"},
       text([](const Value& v) { return v.mutant.change.operation; })},
      {{"line", int64(), false, "of the first difference in the original, from 1"},
       number([](const Value& v) { return v.mutant.lines.line; })},
      {{"column", int64(), false, "of it, in bytes from 1"},
       number([](const Value& v) { return v.mutant.lines.column; })},
      {{"before", utf8(), false, "the lines of the original that differ, from first to last"},
       text([](const Value& v) { return v.mutant.lines.before; })},
      {{"after", utf8(), false, "what stands in their place"},
       text([](const Value& v) { return v.mutant.lines.after; })},
      {{"verdict", utf8(), true,
        "different: proven by execution; equal: on all inputs that were tried"},
       text([](const Value& v) { return word(v.mutant.finding); })},
      {{"canonical", boolean(), false, "equal, since it says the same in other words"},
       [](Appender& a, ArrayBuilder* b, const Value& v) { a.boolean(b, v.mutant.canonical); }},
      {{"cases", int64(), false,
        "inputs that it was run on; the first that shows a difference is the last"},
       number([](const Value& v) { return v.mutant.cases; })},
      {{"shown_by", int64(), false,
        "inputs that show the difference: 0 the recorded ones, else those in `inputs`"},
       of_miss([](Appender& a, ArrayBuilder* b, const score::Miss& m) {
         a.integer(b, static_cast<std::int64_t>(m.inputs));
       })},
      {{"result", int64(), false, "the first result that differs, from 0"},
       of_miss([](Appender& a, ArrayBuilder* b, const score::Miss& m) {
         a.integer(b, static_cast<std::int64_t>(m.result));
       })},
      {{"error", float64(), false,
        "its largest error, in units of what `jaxsmith score` allows there; infinite for integers, "
        "and where one of two numbers is not finite"},
       of_miss([](Appender& a, ArrayBuilder* b, const score::Miss& m) { a.number(b, m.error); })},
      {{"difference", utf8(), false, "in words"},
       [](Appender& a, ArrayBuilder* b, const Value& v) {
         a.text(b, clean_utf8(v.mutant.difference, kLongestDifference));
       }},
      {{"inputs", store::tensors_type(), false,
        "further inputs that show it, in the order in which the text takes them"},
       [](Appender& a, ArrayBuilder* b, const Value& v) {
         store::append_tensors(a, b, v.mutant.inputs);
       }},
      {{"seed", uint64(), false, "of the run; with id, level, number and draw it gives the mutant"},
       [](Appender& a, ArrayBuilder* b, const Value& v) { a.natural(b, v.seed); }},
      {{"number", int64(), false, "among the mutants of the text"},
       number([](const Value& v) { return v.mutant.number; })},
      {{"draw", int64(), false, "that gave it: those before were dropped"},
       number([](const Value& v) { return v.mutant.draw; })},
  };
  return kColumns;
}

std::string file_name(Finding finding, const std::string& split, std::uint64_t number) {
  return fmt::format("{}/{}-{:05}", word(finding), split, number);
}

constexpr Finding kFindings[] = {Finding::kDifferent, Finding::kEqual};

std::uint64_t sum_of(const Tally::OfLevel& level, Finding finding) {
  std::uint64_t out = 0;
  for (const auto& [key, n] : level.mutants)
    if (key.first == finding) out += n;
  return out;
}

std::map<Drop, std::int64_t> all_drops(const Tally& tally) {
  Drops out;
  for (const auto& [level, of] : tally.levels)
    for (const auto& [why, n] : of.drops) out[why] += n;
  return out;
}

}  // namespace

void Tally::add(const RowMutants& row) {
  ++rows;
  for (const Mutant& m : row.mutants) ++levels[m.level].mutants[{m.finding, m.change.kind}];
  for (const auto& [level, drops] : row.drops)
    for (const auto& [why, n] : drops) levels[level].drops[why] += n;
}

std::uint64_t Tally::mutants(Finding finding) const {
  std::uint64_t out = 0;
  for (const auto& [level, of] : levels) out += sum_of(of, finding);
  return out;
}

std::span<const store::Column> mutant_columns() {
  static const std::vector<store::Column> kColumns = [] {
    std::vector<store::Column> out;
    for (const MutantColumn& c : columns()) out.push_back(c.column);
    return out;
  }();
  return kColumns;
}

Result<MutantWriter> MutantWriter::begin(std::unique_ptr<store::OutputFolder> folder,
                                         std::uint64_t seed) {
  JAXSMITH_TRY(staging, folder->begin_files());
  for (const Finding finding : kFindings)
    JAXSMITH_CHECK(store::make_directories(staging + "/" + std::string(word(finding))));
  return MutantWriter(std::move(folder), std::move(staging), seed);
}

Status MutantWriter::add(const Origin& origin, std::vector<Mutant> mutants) {
  const auto shared = std::make_shared<const Origin>(origin);
  // A dataset of the user's own may have other splits, or none: files have the usual ones.
  const auto& known = select::kSplits;
  const bool usual = std::ranges::find(known, origin.split) != known.end();
  for (Mutant& m : mutants) {
    const Place place{m.finding, usual ? origin.split : std::string(known[0])};
    Shards& shards = shards_[place];
    shards.waiting.push_back({shared, std::move(m)});
    ++shards.rows;
    if (shards.waiting.size() == kRowsPerFile) JAXSMITH_CHECK(write(place, shards));
  }
  return {};
}

Status MutantWriter::write(const Place& place, Shards& shards) {
  auto builders = store::builders_for(mutant_columns());
  Appender appender;
  for (const Row& row : shards.waiting) {
    const Value value{*row.origin, row.mutant, seed_};
    for (std::size_t i = 0; i < columns().size(); ++i)
      columns()[i].append(appender, builders[i].get(), value);
  }
  JAXSMITH_TRY(table, store::table_of(mutant_columns(), builders, appender.status()));
  const std::string name = file_name(place.first, place.second, shards.written++);
  shards.waiting.clear();
  return store::write_parquet(staging_ + "/" + name, *table, mutant_columns());
}

Status MutantWriter::write_all() {
  for (auto& [place, shards] : shards_)
    if (!shards.waiting.empty()) JAXSMITH_CHECK(write(place, shards));
  return {};
}

Result<std::vector<std::string>> MutantWriter::name_files() {
  std::vector<std::string> out;
  for (const auto& [place, shards] : shards_)
    for (std::uint64_t i = 0; i < shards.written; ++i) {
      const std::string from = file_name(place.first, place.second, i);
      out.push_back(fmt::format("{}-of-{:05}.parquet", from, shards.written));
      std::error_code error;
      fs::rename(staging_ + "/" + from, staging_ + "/" + out.back(), error);
      if (error)
        return Error::environment(
            fmt::format("cannot write {}/{}: {}", staging_, out.back(), error.message()));
    }
  return out;
}

std::uint64_t MutantWriter::rows_of(Finding finding) const {
  std::uint64_t out = 0;
  for (const auto& [place, shards] : shards_)
    if (place.first == finding) out += shards.rows;
  return out;
}

std::string MutantWriter::card(const Tally& tally, const RunFacts& run) const {
  std::vector<store::CardConfig> configs;
  for (const Finding finding : kFindings) {
    store::CardConfig& config = configs.emplace_back(
        store::CardConfig{std::string(word(finding)), std::string(word(finding)), {}});
    for (const auto& [place, shards] : shards_)
      if (place.first == finding) config.splits.push_back(place.second);
  }
  store::Levels levels;
  for (const auto& [level, of] : tally.levels) levels.insert(level);
  std::string out = store::card_header(
      "jaxsmith mutants", rows_of(Finding::kDifferent) + rows_of(Finding::kEqual), levels, configs);
  out += fmt::format(
      "\n# Mutants: IR that says nearly the same\n\n"
      "Texts of a jaxsmith dataset with one change each. {} of them give other results than the "
      "text that they were made\nof, by more than rounding may explain, on inputs that are named: "
      "`different`. {} gave the same on all inputs that were\ntried, which proves nothing: "
      "`equal`. Both were found by execution with jaxsmith's own evaluators.\n\n{}\n## "
      "Columns\n\n{}",
      rows_of(Finding::kDifferent), rows_of(Finding::kEqual),
      "```\n" + tally_table(tally) + "```\n", store::markdown_table(mutant_columns()));
  out += fmt::format(
      "\n## Made with\n\njaxsmith {}, seed {}, {} a text. `manifest.json` holds the options and a "
      "checksum of every file.\n",
      run.jaxsmith_version, run.options.seed, run.options.per_row);
  return out;
}

Status MutantWriter::write_manifest(const Tally& tally, const RunFacts& run,
                                    const std::vector<std::string>& names) const {
  Json j;
  j["complete"] = true;
  j["rows"] = rows_of(Finding::kDifferent) + rows_of(Finding::kEqual);
  for (const Finding finding : kFindings) {
    j["splits"][word(finding)] = Json::object();
    for (const auto& [place, shards] : shards_)
      if (place.first == finding) j["splits"][word(finding)][place.second] = shards.rows;
  }
  j["rows_read"] = tally.rows;
  j["unreadable"] = tally.unreadable;
  for (const auto& [level, of] : tally.levels) {
    Json& out = j["levels"][std::string(level::name_of(level))];
    for (const auto& [key, n] : of.mutants) out[word(key.first)][word(key.second)] = n;
    for (const auto& [why, n] : of.drops) out["dropped"][word(why)] = n;
  }
  Json levels = Json::array();
  for (const level::Level level : run.options.levels) levels.push_back(level::name_of(level));
  j["run"] = {{"seed", run.options.seed},
              {"per_row", run.options.per_row},
              {"levels", std::move(levels)},
              {"steps", run.options.budget.steps},
              {"memory", run.options.budget.bytes},
              {"dataset", run.dataset_digest},
              {"versions", {{"jaxsmith", run.jaxsmith_version}}}};
  j["files"] = Json::array();
  for (const std::string& name : names) {
    JAXSMITH_TRY(entry, store::file_entry(staging_, name));
    j["files"].push_back(entry);
  }
  return store::write_manifest(staging_, j);
}

Status MutantWriter::finish(const Tally& tally, const RunFacts& run) {
  JAXSMITH_CHECK(write_all());
  JAXSMITH_TRY(names, name_files());
  JAXSMITH_CHECK(store::write_file(staging_ + "/README.md", card(tally, run)));
  JAXSMITH_CHECK(write_manifest(tally, run, names));
  JAXSMITH_CHECK(folder_->publish());
  return folder_->finish();
}

std::string tally_table(const Tally& tally) {
  std::string out = fmt::format("{:<14}", "level");
  for (const std::string_view kind : kWords<ir::MutationKind>) out += fmt::format("{:>11}", kind);
  out += fmt::format("{:>11}{:>8}\n", "different", "equal");
  for (const auto& [level, of] : tally.levels) {
    out += fmt::format("{:<14}", level::name_of(level));
    for (std::size_t k = 0; k < kWords<ir::MutationKind>.size(); ++k) {
      const auto found = of.mutants.find({Finding::kDifferent, static_cast<ir::MutationKind>(k)});
      out += fmt::format("{:>11}", found == of.mutants.end() ? 0 : found->second);
    }
    out +=
        fmt::format("{:>11}{:>8}\n", sum_of(of, Finding::kDifferent), sum_of(of, Finding::kEqual));
  }
  const Drops drops = all_drops(tally);
  if (!drops.empty()) out += "\ndropped\n";
  for (const auto& [why, n] : drops) out += fmt::format("  {:<24}{:>9}\n", word(why), n);
  for (const auto& [why, n] : tally.unreadable)
    out += fmt::format("  row not read: {} ({})\n", in_one_line(why), n);
  return out;
}

}  // namespace jaxsmith::mutate
