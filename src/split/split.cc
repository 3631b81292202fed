#include "split/split.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/hash.h"
#include "split/card.h"
#include "split/rewrite.h"
#include "stats/neighbours.h"
#include "store/files.h"
#include "store/manifest.h"
#include "store/output_folder.h"

namespace jaxsmith::split {
namespace {

using Json = nlohmann::ordered_json;

Status check_options(const SplitOptions& o) {
  if (!(o.neighbours >= stats::kLeastIndex && o.neighbours <= 1))
    return Error::usage(fmt::format("--neighbours {}: give an index from {} to 1", o.neighbours,
                                    stats::kLeastIndex));
  if (!(o.share >= 0 && o.share <= 1))
    return Error::usage(fmt::format("--share {}: give a share from 0 to 1", o.share));
  if (!(o.held_out >= 0 && o.held_out <= 0.2))
    return Error::usage(fmt::format("--held-out {}: give a share from 0 to 0.2", o.held_out));
  return {};
}

// The manifest of a finished dataset, as it says itself what it is. Where it lies does not matter.
Result<Json> description_of(const std::string& dataset) {
  const auto text = store::read_file(dataset + "/manifest.json");
  const Json manifest = text.ok() ? Json::parse(text.value(), nullptr, false) : Json();
  if (!manifest.is_object() || !manifest.contains("run"))
    return Error::usage(
        fmt::format("{}: there is no dataset in it (no manifest.json); name a folder that jaxsmith "
                    "generate or capture has made",
                    dataset));
  if (manifest.value("complete", Json()) != true)
    return Error::usage(
        fmt::format("{}: it is not finished; --resume of the command that makes it "
                    "goes on with it",
                    dataset));
  return Json{{"run", manifest["run"]}, {"manifest_xxh3_128", hash128_hex(text.value())}};
}

Result<Json> run_of(const SplitRequest& r) {
  JAXSMITH_TRY(dataset, description_of(r.dataset));
  Json out = {{"command", "split"},
              {"neighbours", r.options.neighbours},
              {"share", r.options.share},
              {"held_out", r.options.held_out},
              {"rows_per_shard", r.rows_per_shard}};
  out["dataset"] = std::move(dataset);
  if (!r.real.empty()) {
    JAXSMITH_TRY(real, description_of(r.real));
    out["real"] = std::move(real);
  }
  return out;
}

// Whether what an earlier run has left in the folder is of this very run; nothing may be there.
Result<bool> is_same(const store::OutputFolder& folder, const Json& run) {
  const std::string journal = folder.own() + "/run.json",
                    manifest = folder.path() + "/manifest.json";
  for (const std::string& file : {manifest, journal}) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) continue;
    JAXSMITH_TRY(text, store::read_file(file));
    const Json there = Json::parse(text, nullptr, false);
    if (!there.is_object() || there.value("run", Json()) != run)
      return Error::usage(
          fmt::format("--out {}: it is of another run; --resume takes the same dataset and options",
                      folder.path()));
    return file == manifest;
  }
  if (std::filesystem::exists(folder.own() + "/records"))
    return Error::usage(fmt::format("--out {}: it holds an unfinished capture; name another folder",
                                    folder.path()));
  return false;
}

Json leakage_json(const std::map<check::Split, Leakage>& leakage) {
  Json out = Json::object();
  for (const auto& [split, l] : leakage) {
    Json& of = out[std::string(word(split))] = {{"rows", l.rows}};
    for (std::size_t i = 0; i < kLeakageFrom.size(); ++i)
      of[fmt::format("neighbour in train, {}", kLeakageFrom[i])] = l.near[i];
    of["structure in train"] = l.structure;
  }
  return out;
}

// Names of pairs as two words, shapes as lists of sizes.
Json held_out_json(const Corpus& corpus, const Assignment& a) {
  Json pairs = Json::array(), shapes = Json::array();
  for (const std::uint32_t pair : a.pairs) {
    const auto& [from, to] = corpus.pair_operations[pair];
    pairs.push_back({corpus.operations[from], corpus.operations[to]});
  }
  for (const std::uint32_t shape : a.shapes)
    shapes.push_back(Json::parse("[" + corpus.shapes[shape] + "]"));
  return {{"pairs", std::move(pairs)}, {"shapes", std::move(shapes)}, {"longest", a.longest}};
}

Result<SplitSummary> make(const SplitRequest& r, const Json& run, store::OutputFolder& folder) {
  JAXSMITH_CHECK(store::write_file(folder.own() + "/run.json", Json{{"run", run}}.dump(2) + "\n"));
  JAXSMITH_TRY(corpus, read_corpus(r.dataset, r.real, r.workers));
  const Assignment a = assign(corpus, r.options);
  SplitSummary out;
  out.leakage = leakage_of(corpus, a);
  out.clusters = a.clusters;
  out.largest = a.largest;
  JAXSMITH_TRY(files, folder.begin_files());
  JAXSMITH_TRY(figures, rewrite(corpus, a, r.rows_per_shard, files));
  JAXSMITH_TRY(entries, store::file_entries(files, figures.bytes));
  JAXSMITH_CHECK(
      store::write_file(files + "/README.md", split_card(r.options, a, out.leakage, figures)));
  Json manifest = store::manifest_of(figures);
  manifest["clusters"] = {{"count", a.clusters}, {"largest", a.largest}};
  manifest["held_out"] = held_out_json(corpus, a);
  manifest["leakage"] = leakage_json(out.leakage);
  manifest["run"] = run;
  manifest["files"] = std::move(entries);
  JAXSMITH_CHECK(store::write_manifest(files, manifest));
  JAXSMITH_CHECK(folder.publish());
  JAXSMITH_CHECK(folder.finish());
  out.figures = std::move(figures);
  return out;
}

}  // namespace

Result<SplitSummary> split_dataset(const SplitRequest& request) {
  JAXSMITH_CHECK(check_options(request.options));
  JAXSMITH_TRY(run, run_of(request));
  JAXSMITH_TRY(folder, store::OutputFolder::claim(request.out, request.resume));
  JAXSMITH_TRY(complete, is_same(*folder, run));
  if (complete) {
    JAXSMITH_CHECK(folder->finish());
    SplitSummary out;
    out.was_complete = true;
    return out;
  }
  auto made = make(request, run, *folder);
  if (!made.ok()) static_cast<void>(folder->discard());  // the first error is what matters
  return made;
}

}  // namespace jaxsmith::split
