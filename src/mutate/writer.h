// Mutants as a dataset: FINDING/SPLIT-00000-of-0000N.parquet, README.md and manifest.json.
//
//   JAXSMITH_TRY(writer, MutantWriter::begin(std::move(folder)));
//   JAXSMITH_CHECK(writer.add(row, mutants));   // in the order of the rows
//   JAXSMITH_CHECK(writer.finish(options, …));
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mutate/mutants.h"
#include "store/output_folder.h"
#include "store/schema.h"

namespace jaxsmith::mutate {

// What came of a run.
struct Tally {
  std::uint64_t rows = 0;                           // that were looked at
  std::map<std::string, std::uint64_t> unreadable;  // rows that could not be read, by reason
  // Of each level: mutants by finding and kind, and what was dropped.
  struct OfLevel {
    std::map<std::pair<Finding, ir::MutationKind>, std::uint64_t> mutants;
    Drops drops;
  };
  std::map<level::Level, OfLevel> levels;

  void add(const RowMutants& row);
  std::uint64_t mutants(Finding finding) const;
};

// The row that mutants are of, as far as they say it.
struct Origin {
  std::string id, family, split;
  level::Texts levels;
};

// What the card and the manifest say of a run.
struct RunFacts {
  MutateOptions options;
  std::string jaxsmith_version;
  // XXH3-128 of the dataset's manifest; empty where it has none.
  std::string dataset_digest;
};

std::span<const store::Column> mutant_columns();

class MutantWriter {
 public:
  static Result<MutantWriter> begin(std::unique_ptr<store::OutputFolder> folder,
                                    std::uint64_t seed);

  Status add(const Origin& origin, std::vector<Mutant> mutants);
  // Gives all files their names; before that nothing is there.
  Status finish(const Tally& tally, const RunFacts& run);
  // Takes away all that was written.
  Status discard() { return folder_->discard(); }

 private:
  struct Row {
    std::shared_ptr<const Origin> origin;
    Mutant mutant;
  };
  // Mutants of one finding and split.
  struct Shards {
    std::vector<Row> waiting;
    std::uint64_t written = 0, rows = 0;
  };
  using Place = std::pair<Finding, std::string>;

  MutantWriter(std::unique_ptr<store::OutputFolder> folder, std::string staging, std::uint64_t seed)
      : folder_(std::move(folder)), staging_(std::move(staging)), seed_(seed) {}
  Status write(const Place& place, Shards& shards);
  Status write_all();
  // Their final names, within the folder.
  Result<std::vector<std::string>> name_files();
  std::string card(const Tally& tally, const RunFacts& run) const;
  Status write_manifest(const Tally& tally, const RunFacts& run,
                        const std::vector<std::string>& names) const;
  std::uint64_t rows_of(Finding finding) const;

  std::unique_ptr<store::OutputFolder> folder_;
  std::string staging_;
  std::uint64_t seed_ = 0;
  std::map<Place, Shards> shards_;
};

// A table for people: by level what was found and what was dropped.
std::string tally_table(const Tally& tally);

}  // namespace jaxsmith::mutate
