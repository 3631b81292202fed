#include "extract/capture.h"

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "backend/backend.h"
#include "extract/record.h"
#include "extract/verify.h"
#include "select/select.h"
#include "store/dataset_writer.h"
#include "store/files.h"
#include "trace/process.h"

extern char** environ;

namespace jaxsmith {
namespace {

namespace fs = std::filesystem;

constexpr double kPollSeconds = 0.05;
// An interpreter that has loaded JAX takes its time to end.
constexpr double kPatienceSeconds = 60;
// Functions that are checked together, and rows between two writes to the journal.
constexpr std::size_t kBatch = 16;

std::string records_of(const OutputFolder& folder) { return folder.own() + "/records"; }

std::vector<std::string> environment_of(const CaptureOptions& o, const OutputFolder& folder,
                                        const Installation& where) {
  std::vector<std::string> out;
  const std::string bootstrap =
      fs::absolute(where.python_path + "/jaxsmith/watching/bootstrap").string();
  std::string paths = bootstrap;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view e = *entry;
    if (e.starts_with("PYTHONPATH=")) {
      if (e.size() > 11) paths += ":" + std::string(e.substr(11));
    } else {
      out.emplace_back(e);
    }
  }
  out.push_back("PYTHONPATH=" + paths);
  out.push_back("JAXSMITH_CAPTURE=" + fs::absolute(records_of(folder)).string());
  out.push_back("JAXSMITH_CAPTURE_ALL=" + std::string(o.everything ? "1" : "0"));
  out.push_back("JAXSMITH_CAPTURE_PATH=" + fs::absolute(where.python_path).string());
  return out;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

pid_t program = 0;

void pass_on(int signal_number) {
  if (program > 0) kill(program, signal_number);
}

// While the program runs, signals are its own to handle: those of the terminal reach it anyway.
class SignalsToProgram {
 public:
  SignalsToProgram() {
    struct sigaction ignore{}, forward{};
    ignore.sa_handler = SIG_IGN;
    forward.sa_handler = pass_on;
    sigaction(SIGINT, &ignore, &before_[0]);
    sigaction(SIGQUIT, &ignore, &before_[1]);
    sigaction(SIGTERM, &forward, &before_[2]);
    sigaction(SIGHUP, &forward, &before_[3]);
  }
  ~SignalsToProgram() {
    const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    for (int i = 0; i < 4; ++i) sigaction(numbers[i], &before_[i], nullptr);
  }

 private:
  struct sigaction before_[4];
};

// The dataset's rows, as they come out of the finishing process.
class Collector {
 public:
  Collector(const CaptureOptions& options, std::unique_ptr<OutputFolder> folder,
            const Installation& where)
      : options_(options), where_(where), folder_(std::move(folder)), verifier_(where) {}

  Status take(std::string_view line, const std::atomic<bool>& cancel) {
    JAXSMITH_TRY(message, parse_record(line));
    if (const auto* problem = std::get_if<Problem>(&message)) {
      summary_.problems.push_back(fmt::format("{}: {}", problem->name, problem->message));
    } else if (auto* record = std::get_if<Record>(&message)) {
      waiting_.push_back(std::move(*record));
      if (waiting_.size() >= kBatch) return flush(cancel);
    }
    return {};
  }

  Status flush(const std::atomic<bool>& cancel) {
    if (waiting_.empty()) return {};
    JAXSMITH_CHECK(open());
    std::vector<Record> batch;
    batch.swap(waiting_);
    JAXSMITH_TRY(samples, verifier_.verify(std::move(batch), cancel));
    for (Sample& sample : samples) {
      const Verdict verdict = selector_.offer(sample);
      if (verdict.split) {
        sample.split = kSplits[static_cast<std::size_t>(*verdict.split)];
        writer_->add(std::move(sample));
        ++summary_.rows;
      } else {
        writer_->add(make_reject(sample.function, verdict.refusal, sample.structure));
        ++summary_.duplicates;
      }
    }
    writer_->end_chunk(chunk_++, 0);
    return writer_->flush();
  }

  Result<CaptureSummary> finish() {
    JAXSMITH_CHECK(writer_ ? writer_->finish(/*complete=*/true) : folder_->discard());
    return std::move(summary_);
  }

 private:
  // With the versions of the program's JAX, which the first record tells.
  Status open() {
    if (writer_) return {};
    RunDescription run;
    run.origin = waiting_.front().function.provenance.origin;
    run.options = fmt::format(R"({{"origin":"{}","all":{}}})", run.origin, options_.everything);
    run.row_options = run.plain_row_options = "{}";
    run.versions = waiting_.front().versions;
    run.jaxsmith_version = where_.version;
    JAXSMITH_TRY(writer, DatasetWriter::open_over_records(std::move(folder_), run));
    writer_ = std::move(writer);
    return {};
  }

  const CaptureOptions& options_;
  const Installation& where_;
  std::unique_ptr<OutputFolder> folder_;  // the writer's, once there is one
  Verifier verifier_;
  Selector selector_;
  std::unique_ptr<DatasetWriter> writer_;
  std::vector<Record> waiting_;
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

// Reasons why processes could not be watched, each once.
void add_problems(const std::string& folder, std::vector<std::string>& problems) {
  std::ifstream in(folder + "/problems");
  std::set<std::string> seen;
  for (std::string line; std::getline(in, line);) {
    if (seen.insert(line).second) problems.push_back(line);
  }
}

Status collect(Process& process, Collector& collector, const std::atomic<bool>& cancel) {
  std::string received;
  for (bool open = true; open;) {
    if (cancel) return Error::environment("interrupted; --resume goes on with what was recorded");
    open = process.wait_for_output(kPollSeconds, false, received);
    std::size_t start = 0;
    for (std::size_t end; (end = received.find('\n', start)) != std::string::npos; start = end + 1)
      JAXSMITH_CHECK(collector.take(std::string_view(received).substr(start, end - start), cancel));
    received.erase(0, start);
  }
  const std::string how = process.ending(kPatienceSeconds);
  if (how == "exit status 0") return collector.flush(cancel);
  std::string errors = process.last_errors();
  while (errors.ends_with('\n')) errors.pop_back();
  return Error::environment(fmt::format("what was recorded cannot be read: {}: {}", how,
                                        errors.substr(errors.rfind('\n') + 1)));
}

}  // namespace

Result<int> run_captured(const CaptureOptions& options, OutputFolder& folder,
                         const Installation& where) {
  JAXSMITH_CHECK(make_directories(records_of(folder)));
  const auto environment = environment_of(options, folder, where);
  auto argv = pointers(options.command), envp = pointers(environment);
  const SignalsToProgram signals;
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Signals that are ignored here are not to be ignored there.
  sigset_t defaults;
  sigemptyset(&defaults);
  for (int number : {SIGINT, SIGQUIT, SIGPIPE}) sigaddset(&defaults, number);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int failed =
      posix_spawnp(&program, argv[0], nullptr, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    JAXSMITH_CHECK(folder.discard());
    return Error::usage(fmt::format("{}: {}", options.command[0], strerror(failed)));
  }
  int status = 0;
  while (waitpid(program, &status, 0) < 0 && errno == EINTR) {
  }
  program = 0;
  return status;
}

Result<CaptureSummary> finish_capture(const CaptureOptions& options,
                                      std::unique_ptr<OutputFolder> folder,
                                      const Installation& where, const std::atomic<bool>& cancel) {
  const std::string records = records_of(*folder);
  std::error_code error;
  if (!fs::exists(records, error))
    return Error::usage(
        fmt::format("--out {}: there is no capture in it that could be gone on with", options.out));
  const auto files = record_files(records);
  const bool started = fs::exists(records + "/started", error);
  std::vector<std::string> not_watched;
  add_problems(records, not_watched);
  Collector collector(options, std::move(folder), where);
  if (!files.empty()) {
    std::vector<std::string> command = {where.python, "-m", "jaxsmith.commands.finish"};
    command.insert(command.end(), files.begin(), files.end());
    TracerOptions worker;
    worker.worker = backend_named("jax")->worker();
    worker.python_path = where.python_path;
    JAXSMITH_TRY(process, Process::spawn({command, worker_environment(worker)}));
    JAXSMITH_CHECK(collect(*process, collector, cancel));
  }
  JAXSMITH_TRY(summary, collector.finish());
  summary.processes = started ? std::max<std::size_t>(files.size(), 1) : 0;
  summary.problems.insert(summary.problems.end(), not_watched.begin(), not_watched.end());
  return summary;
}

}  // namespace jaxsmith
