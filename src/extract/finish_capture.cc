#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "backend/backend.h"
#include "base/files.h"
#include "base/lines.h"
#include "base/text.h"
#include "extract/capture.h"
#include "extract/record.h"
#include "extract/verify.h"
#include "select/select.h"
#include "store/dataset_writer.h"
#include "store/files.h"
#include "trace/process.h"

namespace jaxsmith::extract {
namespace {

namespace fs = std::filesystem;

constexpr double kPollSeconds = 0.05;
// An interpreter that has loaded JAX takes its time to end.
constexpr double kPatienceSeconds = 60;
// Functions that are checked together, and rows between two writes to the journal.
constexpr std::size_t kBatch = 16;
constexpr std::size_t kLongestProblem = 4096;
// In the folder of records: that a process has taken part (watching/bootstrap/sitecustomize.py),
// and a copy that is not whole.
constexpr const char* kStarted = "/started";
constexpr const char* kTaken = "/taken";

// The dataset's rows, as they come out of the finishing process.
class Collector {
 public:
  Collector(const CaptureOptions& options, std::unique_ptr<store::OutputFolder> folder,
            const trace::Installation& where)
      : options_(options),
        where_(where),
        folder_(std::move(folder)),
        verifier_(backend::extracting(), where) {}

  Status take(RecordLine message, const std::atomic<bool>& cancel) {
    if (const auto* problem = std::get_if<Problem>(&message)) {
      std::string name = problem->name;
      if (const auto copy = fmt::format("{}.jsonl", kTaken).substr(1);
          !options_.records.empty() && name.starts_with(copy))
        name.replace(0, copy.size(), options_.records);
      add_problem(fmt::format("{}: {}", name, problem->message));
    } else if (auto* record = std::get_if<Record>(&message)) {
      for (const auto& [level, why] : record->missing)
        add(fmt::format("{} has no {}: {}", record->name, level, why), summary_.partial);
      const bool sourceless = record->missing.contains(std::string(kSource));
      if (record->missing.size() > (sourceless ? 1U : 0U)) {
        partial_.push_back(std::move(*record));
        return {};
      }
      waiting_.push_back(std::move(*record));
      if (waiting_.size() >= kBatch) return flush(cancel);
    }
    return {};
  }

  void add_problem(const std::string& problem) { add(problem, summary_.problems); }

  // Those that lack a level come last: a function that was compiled in the end stands with all of
  // its levels.
  Status flush_all(const std::atomic<bool>& cancel) {
    JAXSMITH_CHECK(flush(cancel));
    for (Record& record : std::exchange(partial_, {})) {
      waiting_.push_back(std::move(record));
      if (waiting_.size() >= kBatch) JAXSMITH_CHECK(flush(cancel));
    }
    return flush(cancel);
  }

  // Leaves nothing in the folder, unless the dataset is complete.
  Status discard() {
    if (writer_) return writer_->discard();
    return folder_ ? folder_->discard() : Status();  // none: it could not be opened
  }

  Result<CaptureSummary> finish() {
    JAXSMITH_CHECK(writer_ ? writer_->finish(/*complete=*/true) : folder_->discard());
    return std::move(summary_);
  }

 private:
  // Each once, and each one line, whatever names are in it.
  void add(const std::string& problem, std::vector<std::string>& lines) {
    std::string line = in_one_line(problem, kLongestProblem);
    if (said_.insert(line).second) lines.push_back(std::move(line));
  }

  Status flush(const std::atomic<bool>& cancel) {
    if (waiting_.empty()) return {};
    JAXSMITH_CHECK(open());
    std::vector<Record> batch;
    batch.swap(waiting_);
    JAXSMITH_TRY(samples, verifier_.verify(std::move(batch), cancel));
    for (check::Sample& sample : samples) {
      const select::Verdict verdict = selector_.offer(sample);
      if (verdict.split) {
        sample.split = *verdict.split;
        writer_->add(std::move(sample));
        ++summary_.rows;
      } else {
        writer_->add(check::make_reject(sample.function, verdict.refusal, sample.kinship));
        ++summary_.duplicates;
      }
    }
    writer_->end_chunk(chunk_++, 0);
    return writer_->flush();
  }

  // With the versions of the program's JAX, which the first record tells.
  Status open() {
    if (writer_) return {};
    store::RunDescription run;
    run.origin = waiting_.front().function.provenance.origin;
    run.options =
        fmt::format(R"({{"origin":"{}","all":{}}})", word(run.origin), options_.everything);
    run.row_options = run.plain_row_options = "{}";
    run.versions = waiting_.front().versions;
    run.jaxsmith_version = where_.version;
    JAXSMITH_TRY(writer, store::DatasetWriter::open_over_records(std::move(folder_), run));
    writer_ = std::move(writer);
    return {};
  }

  const CaptureOptions& options_;
  const trace::Installation& where_;
  std::unique_ptr<store::OutputFolder> folder_;  // the writer's, once there is one
  Verifier verifier_;
  select::Selector selector_;
  std::unique_ptr<store::DatasetWriter> writer_;
  std::vector<Record> waiting_, partial_;
  std::set<std::string> said_;
  CaptureSummary summary_;
  std::uint64_t chunk_ = 0;
};

// Files of the program's processes, in the order in which these began.
std::vector<std::string> record_files(const std::string& folder) {
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".jsonl")
      found.emplace_back(entry.last_write_time(error), entry.path().string());
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  for (const auto& [time, path] : found) out.push_back(path);
  return out;
}

// Reasons why processes could not be watched, and processes that could not even write one: these
// leave an empty file, for which there is room on a full disk.
void add_problems(const std::string& folder, Collector& collector) {
  std::ifstream in(folder + "/problems");
  LineReader lines(in, "problems");
  for (std::string line;;) {
    const auto more = lines.next(line);
    if (!more.ok()) collector.add_problem(more.error().message);
    if (!more.ok() || !more.value()) break;
    collector.add_problem(line);
  }
  constexpr std::string_view kLost = "lost-";
  std::set<std::string> lost;
  std::error_code error;
  if (fs::exists(folder + kTaken, error))
    collector.add_problem("a file of records was not copied whole; --records takes it again");
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kLost)) lost.insert(name.substr(kLost.size()));
  }
  for (const std::string& process : lost)
    collector.add_problem(
        fmt::format("process {}: records could not be written (no space, or a limit)", process));
}

// Has the files of records finished by a process of their own. Where a record ends that process,
// another one goes on, and what ended it is not tried again.
class Finishing {
 public:
  Finishing(std::vector<std::string> files, const trace::Installation& where, Collector& collector)
      : files_(std::move(files)), where_(where), collector_(collector) {}

  Status run(const std::atomic<bool>& cancel) {
    for (;;) {
      const Position before = at_;
      stage_.clear();
      JAXSMITH_TRY(ended, run_process(cancel));
      if (ended.empty()) return collector_.flush_all(cancel);
      if (!stage_.empty()) at_.refused[stage_] = "the process ended: " + ended;
      if (at_ == before)
        return Error::environment(
            fmt::format("what was recorded cannot be read: {}{}", ended, last_error_));
    }
  }

 private:
  // The next record of a file, and what must not be tried of it, with the reason.
  struct Position {
    std::size_t file = 0, number = 0;
    std::map<std::string, std::string> refused;
    bool operator==(const Position&) const = default;
  };

  std::string request() const {
    const nlohmann::json request = {
        {"files", files_}, {"file", at_.file}, {"number", at_.number}, {"refused", at_.refused}};
    return request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }

  // How the process ended before its work was done; nothing where it was.
  Result<std::string> run_process(const std::atomic<bool>& cancel) {
    trace::TracerOptions worker;
    worker.worker = backend::extracting().worker();
    worker.python_path = where_.python_path;
    JAXSMITH_TRY(process, trace::Process::spawn(
                              {.arguments = {where_.python, "-m", "jaxsmith.commands.finish"},
                               .environment = trace::worker_environment(worker)}));
    const std::string line = request();
    std::string_view unsent = line;
    LineBuffer received;
    for (bool open = true; open;) {
      if (cancel) return Error::environment("interrupted; --resume goes on with what was recorded");
      open = process->exchange(kPollSeconds, unsent, received.bytes());
      JAXSMITH_CHECK(take(received, cancel));
    }
    const std::string how = process->ending(kPatienceSeconds);
    if (process->exit_status() == 0) return std::string();
    const std::string last = process->last_error_line();
    last_error_ = last.empty() ? "" : ": " + last;
    return how;
  }

  // Takes the lines that are complete.
  Status take(LineBuffer& received, const std::atomic<bool>& cancel) {
    for (;;) {
      JAXSMITH_TRY(line, received.next());
      if (!line) return {};
      auto message = parse_record(*line);
      if (message.ok() && std::holds_alternative<Announcement>(message.value())) {
        const auto& at = std::get<Announcement>(message.value());
        if (at.file != at_.file || at.number != at_.number) at_ = {at.file, at.number, {}};
        stage_ = at.stage;
        continue;
      }
      at_ = {at_.file, at_.number + 1, {}};
      stage_.clear();
      if (message.ok()) {
        JAXSMITH_CHECK(collector_.take(std::move(message).value(), cancel));
      } else {
        collector_.add_problem(message.error().message);
      }
    }
  }

  std::vector<std::string> files_;
  const trace::Installation& where_;
  Collector& collector_;
  Position at_;
  std::string stage_;  // what the process is at; empty between two records
  std::string last_error_;
};

}  // namespace

Status take_records(const CaptureOptions& options, store::OutputFolder& folder) {
  const std::string records = records_folder(folder);
  const auto why = why_unreadable(options.records);
  Status taken = why ? Error::usage(fmt::format("--records {}: {}", options.records, *why))
                     : store::make_directories(records);
  if (taken.ok()) taken = store::write_file(records + kStarted, "");
  if (taken.ok()) {
    // Under another name until all of it is there: an interrupted copy is no record of anything.
    const std::string copy = records + kTaken;
    std::error_code error;
    fs::copy_file(options.records, copy, error);
    if (!error) fs::rename(copy, copy + ".jsonl", error);
    if (error)
      taken = Error::environment(
          fmt::format("--records {}: it cannot be copied: {}", options.records, error.message()));
  }
  if (!taken.ok()) JAXSMITH_CHECK(folder.discard());
  return taken;
}

Result<CaptureSummary> finish_capture(const CaptureOptions& options,
                                      std::unique_ptr<store::OutputFolder> folder,
                                      const trace::Installation& where,
                                      const std::atomic<bool>& cancel) {
  const std::string records = records_folder(*folder);
  std::error_code error;
  if (!fs::exists(records, error)) {
    if (options.resume)
      return Error::usage(fmt::format(
          "--out {}: there is no capture in it that could be gone on with", options.out));
    JAXSMITH_CHECK(folder->check());
    return Error::environment(
        fmt::format("--out {}: the records in it were removed while the program ran", options.out));
  }
  const auto files = record_files(records);
  const bool started = fs::exists(records + kStarted, error);
  Collector collector(options, std::move(folder), where);
  add_problems(records, collector);
  Status finished;
  if (!files.empty()) finished = Finishing(files, where, collector).run(cancel);
  Result<CaptureSummary> summary = finished.ok() ? collector.finish() : finished.error();
  if (summary.ok()) {
    summary.value().processes = started ? std::max<std::size_t>(files.size(), 1) : 0;
  } else if (!options.records.empty()) {
    JAXSMITH_CHECK(collector.discard());
    if (cancel) return Error::environment("interrupted; nothing was written");
  }
  return summary;
}

}  // namespace jaxsmith::extract
