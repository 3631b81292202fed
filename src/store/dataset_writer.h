// A dataset's folder while it is made: a journal of what is done, and the final files out of it.
//
//   JAXSMITH_TRY(folder, OutputFolder::claim(out, resume));   // before any work
//   JAXSMITH_TRY(writer, DatasetWriter::open(std::move(folder), run, resume));
//   writer->restore(visitor);                       // what an earlier part of the run has left
//   for (chunk = writer->next_chunk(); …; ++chunk) {
//     writer->add(sample); writer->add(reject); …   // in order
//     writer->end_chunk(chunk);
//     writer->flush();                              // now and then: a kill loses what came since
//   }
//   writer->finish(true);       // data/*.parquet, rejects.parquet, README.md, manifest.json
//
// The journal (OUT/.jaxsmith) is a row of segments, each written whole, synced and renamed. Whose
// the folder is, and how final files get their names: output_folder.h. The final files depend on
// the rows in their order and on nothing else: not on where segments end, how often the run was
// killed, or when.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "check/sample.h"
#include "store/output_folder.h"

namespace jaxsmith::store {

// What a run is; one that goes on with another's journal must be the same.
struct RunDescription {
  source::Origin origin = source::Origin::kGenerated;  // of its rows
  std::vector<level::Level> levels = {level::levels().begin(), level::levels().end()};
  std::uint64_t seed = 0, count = 0;
  std::uint64_t rows_per_shard = 2500;
  std::string options;  // JSON object of all options that the dataset depends on: manifest
  std::string
      row_options;  // JSON object of what texts and outputs depend on: a column of every row
  std::string
      plain_row_options;  // the same of functions over several devices, run by the plain route
  trace::Versions versions;
  std::string jaxsmith_version;
};

// A stored row as far as selection and figures need it.
struct StoredRow {
  std::string category, transformation, split, structure, signature;
  std::optional<double> inert;
  std::optional<std::int64_t> difficulty;
};
struct StoredReject {
  std::string category, stage, reason;
};

class DatasetWriter {
 public:
  // A folder that is new or empty, or with `resume` one that holds this very run; anything else is
  // a usage error and stays untouched.
  static Result<std::unique_ptr<DatasetWriter>> open(std::unique_ptr<OutputFolder> folder,
                                                     const RunDescription& run, bool resume);
  // The same of a folder by its name.
  static Result<std::unique_ptr<DatasetWriter>> open(const std::string& out,
                                                     const RunDescription& run, bool resume);
  // A dataset in a folder that holds records of a capture: what an interrupted attempt has left is
  // made again.
  static Result<std::unique_ptr<DatasetWriter>> open_over_records(
      std::unique_ptr<OutputFolder> folder, const RunDescription& run);
  ~DatasetWriter();

  bool was_complete() const { return was_complete_; }  // nothing is left to do
  std::uint64_t next_chunk() const { return next_chunk_; }
  std::uint64_t rows() const { return rows_; }
  // Functions that the plain route has redone in the chunks so far.
  std::uint64_t redone() const { return redone_; }

  Status restore(const std::function<void(const StoredRow&)>& row,
                 const std::function<void(const StoredReject&)>& reject);

  void add(check::Sample sample);
  void add(check::Reject reject);
  // All functions of this chunk are in.
  void end_chunk(std::uint64_t chunk, std::uint64_t redone);
  // Writes a segment of what is whole.
  Status flush();
  // Segments so far, of earlier parts of the run too, and the Parquet file with the rows of each,
  // named from the dataset's folder on; there until `finish` has completed the dataset.
  std::size_t segments() const { return segments_.size(); }
  std::string segment_file(std::size_t segment) const;
  // Rows and chunks since the last flush.
  std::size_t unflushed_rows() const { return samples_.size(); }

  // Makes the final files. `complete`: the count is reached, the journal goes; otherwise it stays
  // for --resume.
  Status finish(bool complete);
  // Takes away all that is in the folder of this dataset, and records that it was to be made of;
  // where it is complete, nothing.
  Status discard();

 private:
  struct Segment {
    std::uint64_t first, end;  // chunks [first, end)
    std::uint64_t rows, rejects, redone;
    std::string name;  // file name without ending
  };
  DatasetWriter(std::unique_ptr<OutputFolder> folder, RunDescription run);
  Status match();
  Status load_journal();
  Status begin();
  std::string journal_file(const char* kind, const std::string& segment, const char* ending) const;

  std::unique_ptr<OutputFolder> folder_;
  RunDescription run_;
  bool was_complete_ = false;
  std::vector<Segment> segments_;
  std::vector<check::Sample> samples_;
  std::vector<check::Reject> rejects_;
  std::uint64_t next_chunk_ = 0, first_unflushed_ = 0, rows_ = 0, redone_ = 0,
                redone_unflushed_ = 0;
};

}  // namespace jaxsmith::store
