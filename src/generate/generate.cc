#include "generate/generate.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "backend/backend.h"
#include "generate/cpu_clock.h"
#include "generate/crew.h"
#include "select/select.h"
#include "store/dataset_writer.h"

namespace jaxsmith::generate {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience(100);

// After so many chunks without a new row there is no hope of one.
constexpr int kBarrenChunks = 20;

store::RunDescription describe(const GenerateOptions& options,
                               const trace::Installation& installation,
                               const trace::Versions& versions) {
  store::RunDescription run;
  run.seed = options.seed;
  run.count = options.count;
  run.rows_per_shard = options.rows_per_shard;
  run.options = dataset_options(options).dump();
  run.levels = levels_of(options);
  nlohmann::ordered_json row = backend::backend_named(options.backend)->row_options();
  run.plain_row_options = row.dump();
  // Outputs of the chunk route; the texts are those of XLA's defaults.
  row["outputs_compiled_with"] = nlohmann::ordered_json::parse(versions.run_options);
  run.row_options = row.dump();
  run.versions = versions;
  run.jaxsmith_version = installation.version;
  return run;
}

void count_row(Figures& figures, const std::string& category, check::Split split) {
  CategoryFigures& f = figures.categories[category];
  ++f.rows;
  ++f.splits[static_cast<std::size_t>(split)];
  ++figures.rows;
}

void count_reject(Figures& figures, const std::string& category, std::string_view stage,
                  const std::string& reason) {
  ++figures.categories[category].rejects[fmt::format("{}: {}", stage, reason)];
  ++figures.rejects;
  figures.left_out += reason == word(trace::Reason::kDifficulty);
}

// Selects and stores chunks, in their order.
class Committer {
 public:
  Committer(const GenerateOptions& options, store::DatasetWriter& writer, Observer& observer)
      : options_(options), writer_(writer), observer_(observer) {}

  // Takes up what an earlier part of the run has left.
  Status restore() {
    figures_.redone = writer_.redone();
    JAXSMITH_CHECK(writer_.restore(
        [this](const store::StoredRow& row) {
          const check::Split split =
              from_word<check::Split>(row.split).value_or(check::Split::kTrain);
          selector_.restore(row.structure, row.signature, split);
          count_row(figures_, row.category, split);
          figures_.inert.add(row.inert);
          figures_.difficulty.add(row.difficulty);
        },
        [this](const store::StoredReject& reject) {
          count_reject(figures_, reject.category, reject.stage, reject.reason);
        }));
    announce();
    return {};
  }

  // Writes what there is of whole chunks.
  Status flush() {
    last_flush_ = Clock::now();
    JAXSMITH_CHECK(writer_.flush());
    announce();
    return {};
  }

  Status commit(ChunkResult chunk) {
    const std::uint64_t before = figures_.rows;
    std::string why;
    for (check::Candidate& candidate : chunk.candidates) {
      if (full()) break;
      offer(std::move(candidate), why);
    }
    figures_.redone += chunk.redone;
    writer_.end_chunk(chunk.chunk, chunk.redone);
    JAXSMITH_CHECK(flush_if_due());
    barren_ = figures_.rows == before ? barren_ + 1 : 0;
    // What is left out for its difficulty might have been wanted: that says nothing of the others.
    if (figures_.rows == 0 && figures_.left_out == 0 && !why.empty()) {
      return Error::environment(
          fmt::format("all functions of the first chunk were refused, the last with {}", why));
    }
    if (barren_ < kBarrenChunks) return {};
    return Error::environment(fmt::format(
        "the last {} chunks gave no new function: these options allow {} different ones, not {}{}",
        kBarrenChunks, figures_.rows, options_.count,
        why.empty() ? "" : "; the last refusal: " + why));
  }

  bool full() const { return figures_.rows == options_.count; }
  const Figures& figures() const { return figures_; }

 private:
  void offer(check::Candidate candidate, std::string& why) {
    select::Verdict verdict = selector_.offer(candidate);
    if (auto* sample = std::get_if<check::Sample>(&candidate)) {
      if (verdict.split) {
        sample->split = *verdict.split;
        count_row(figures_, sample->function.category, *verdict.split);
        figures_.inert.add(sample->inert);
        figures_.difficulty.add(sample->difficulty);
        for (const check::CheckResult& c : sample->checks)
          if (c.status == check::CheckStatus::kNotDone && c.check != check::CheckKind::kRedo)
            ++figures_.not_done[c.name() + ": " + c.detail];
        writer_.add(std::move(*sample));
        return;
      }
      candidate = check::make_reject(sample->function, std::move(verdict.refusal),
                                     std::move(sample->kinship));
    }
    auto& reject = std::get<check::Reject>(candidate);
    const trace::Refusal& refusal = reject.refusal;
    why = fmt::format("{}: {}{}{}", word(refusal.stage), refusal.reason,
                      refusal.detail.empty() ? "" : ": ", refusal.detail);
    count_reject(figures_, reject.category, word(refusal.stage), refusal.reason);
    writer_.add(std::move(reject));
  }

  Status flush_if_due() {
    const std::chrono::duration<double> since = Clock::now() - last_flush_;
    const bool due =
        since.count() >= options_.flush || writer_.unflushed_rows() >= options_.rows_per_shard;
    return due ? flush() : Status();
  }

  void announce() {
    for (; announced_ < writer_.segments(); ++announced_)
      observer_.stored(writer_.segment_file(announced_));
  }

  const GenerateOptions& options_;
  store::DatasetWriter& writer_;
  Observer& observer_;
  select::Selector selector_;
  Figures figures_;
  Clock::time_point last_flush_ = Clock::now();
  int barren_ = 0;
  std::size_t announced_ = 0;  // segments that the observer knows of
};

// Until the dataset is full, or `cancel`. What is done when something fails stays in the journal.
Status fill(Crew& crew, Committer& committer, Observer& observer, const std::atomic<bool>& cancel,
            double& store_seconds) {
  while (!committer.full() && !cancel) {
    observer.progress(committer.figures());
    auto item = crew.take(kPatience);
    if (!item) continue;
    if (!item->ok()) return item->error();
    const CpuTimer timer(store_seconds);
    JAXSMITH_CHECK(committer.commit(std::move(*item).value()));
  }
  return {};
}

Status keep_and_fail(Committer& committer, const Error& error) {
  const Status flushed = committer.flush();
  if (!flushed.ok()) return error;
  Error out = error;
  if (const std::uint64_t rows = committer.figures().rows; rows > 0)
    out.message += fmt::format(" ({} functions are kept; --resume goes on)", rows);
  return out;
}

}  // namespace

Result<Summary> generate(GenerateOptions options, const trace::Installation& installation,
                         Observer& observer, const std::atomic<bool>& cancel) {
  JAXSMITH_CHECK(check_options(options));
  const double cpu_before = process_cpu_seconds();
  JAXSMITH_TRY(likeness, fit_to_dataset(options));
  if (likeness) observer.fitted(*likeness);
  JAXSMITH_TRY(folder, store::OutputFolder::claim(options.out, options.resume));
  if (options.resume && folder->is_new()) observer.new_run();
  observer.starting();
  Crew crew(options, installation);
  const auto started = crew.start(cancel);
  if (cancel) return Summary();
  if (!started.ok()) return started.error();
  const trace::Versions& versions = started.value();
  JAXSMITH_TRY(writer,
               store::DatasetWriter::open(
                   std::move(folder), describe(options, installation, versions), options.resume));
  Summary summary;
  if (writer->was_complete()) {
    summary.figures.rows = writer->rows();
    summary.complete = summary.was_complete = true;
    return summary;
  }
  Committer committer(options, *writer, observer);
  JAXSMITH_CHECK(committer.restore());
  observer.started(versions, committer.figures(), options.count);
  crew.begin(writer->next_chunk());
  const Status filled = fill(crew, committer, observer, cancel, summary.cpu.store);
  CpuSeconds crew_cpu = crew.stop();
  if (!filled.ok() && !cancel) return keep_and_fail(committer, filled.error()).error();
  summary.complete = committer.full();
  summary.figures = committer.figures();
  {
    const CpuTimer timer(summary.cpu.store);
    JAXSMITH_CHECK(committer.flush());
    if (summary.figures.rows > 0) {
      observer.assembling(summary.figures);
      JAXSMITH_CHECK(writer->finish(summary.complete));
    }
  }
  crew_cpu.store = summary.cpu.store;
  crew_cpu.total = crew_cpu.workers + process_cpu_seconds() - cpu_before;
  summary.cpu = crew_cpu;
  return summary;
}

}  // namespace jaxsmith::generate
