#include "mutate/mutate.h"

#include <algorithm>
#include <filesystem>

#include "base/threads.h"
#include "store/files.h"

namespace jaxsmith::mutate {
namespace {

// Rows that are done together by each worker, before they are written.
constexpr std::size_t kRowsPerWorker = 16;

struct Done {
  std::optional<RowMutants> mutants;
  std::string problem;
};

std::string digest_of(const std::string& dataset) {
  std::error_code error;
  if (!std::filesystem::exists(dataset + "/manifest.json", error)) return "";
  const auto entry = store::file_entry(dataset, "manifest.json");
  return entry.ok() ? entry.value().xxh3_128 : "";
}

// Whatever a row holds: it is one row, and no end of the others.
Done done_of(const store::DatasetRow& row, const MutateOptions& options) {
  Done out;
  out.problem = row.problem;
  if (!out.problem.empty()) return out;
  const Status status = guarded([&]() -> Status {
    out.mutants = mutants_of(row, options);
    return {};
  });
  if (!status.ok()) out.problem = status.error().message;
  return out;
}

class Making {
 public:
  Making(store::DatasetReader reader, MutantWriter writer, const MutateRun& run,
         const std::atomic<bool>& cancel, const MutateProgress& progress)
      : reader_(std::move(reader)),
        writer_(std::move(writer)),
        run_(run),
        cancel_(cancel),
        progress_(progress),
        rows_(std::min(run.most_rows, static_cast<std::uint64_t>(reader_.rows()))) {}

  Result<Tally> make(const std::string& dataset, const RunFacts& facts) {
    while (true) {
      const std::uint64_t left = run_.most_rows - done_;
      const auto rows = reader_.next(static_cast<std::size_t>(
          std::min<std::uint64_t>(left, kRowsPerWorker * std::max(1u, run_.workers))));
      if (rows.empty()) break;
      JAXSMITH_CHECK(take(rows));
    }
    if (done_ == 0) return Error::usage(dataset + ": it holds no rows");
    JAXSMITH_CHECK(writer_.finish(tally_, facts));
    return std::move(tally_);
  }
  Status discard() { return writer_.discard(); }

 private:
  Status take(const std::vector<store::DatasetRow>& rows) {
    std::vector<Done> done(rows.size());
    JAXSMITH_CHECK(
        parallel_for(rows.size(), std::max(1u, run_.workers), [&](std::size_t i) -> Status {
          if (cancel_) return Error::environment("it was interrupted: nothing was written");
          done[i] = done_of(rows[i], run_.options);
          return {};
        }));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ++done_;
      if (!done[i].mutants) {
        ++tally_.unreadable[done[i].problem];
        continue;
      }
      tally_.add(*done[i].mutants);
      const store::DatasetRow& row = rows[i];
      JAXSMITH_CHECK(
          writer_.add({row.id, row.description.family, row.description.split, row.levels},
                      std::move(done[i].mutants->mutants)));
    }
    if (progress_) progress_(done_, rows_);
    return {};
  }

  store::DatasetReader reader_;
  MutantWriter writer_;
  const MutateRun& run_;
  const std::atomic<bool>& cancel_;
  const MutateProgress& progress_;
  const std::uint64_t rows_;
  Tally tally_;
  std::uint64_t done_ = 0;
};

}  // namespace

Result<Tally> mutate(const std::string& dataset, const std::string& out, const MutateRun& run,
                     const std::atomic<bool>& cancel, const MutateProgress& progress) {
  // First what is read: where that is missing no folder is made.
  JAXSMITH_TRY(reader, store::DatasetReader::open(dataset, /*described=*/true));
  JAXSMITH_TRY(folder, store::OutputFolder::claim(out, /*resume=*/false));
  JAXSMITH_TRY(writer, MutantWriter::begin(std::move(folder), run.options.seed));
  const RunFacts facts{run.options, run.jaxsmith_version, digest_of(dataset)};
  Making making(std::move(reader), std::move(writer), run, cancel, progress);
  auto made = making.make(dataset, facts);
  if (!made.ok()) JAXSMITH_CHECK(making.discard());
  return made;
}

}  // namespace jaxsmith::mutate
