#include "extract/extract.h"

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/lines.h"
#include "select/select.h"
#include "store/dataset_writer.h"
#include "trace/process.h"

extern char** environ;

namespace jaxsmith::extract {
namespace {

constexpr double kPollSeconds = 0.05;
// An interpreter that has loaded JAX takes its time to end.
constexpr double kPatienceSeconds = 60;

std::string request_line(const ExtractRequest& r) {
  std::vector<std::string_view> levels;
  for (const level::Level level : level::made_by_workers(r.levels))
    levels.push_back(level::name_of(level));
  nlohmann::json j = {{"target", r.target},   {"arguments", r.arguments},   {"statics", r.statics},
                      {"example", nullptr},   {"transforms", r.transforms}, {"levels", levels},
                      {"x64", r.x64},         {"devices", r.devices},       {"case", r.with_case},
                      {"spans", r.with_spans}};
  if (r.example) j["example"] = *r.example;
  return j.dump() + "\n";
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

// The user's own environment, since it is the user's function; what is not said is the CPU.
std::vector<std::string> user_environment(const ExtractRequest& r, const trace::Installation& i) {
  std::vector<std::string> out;
  std::string flags, path;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view e = *entry;
    if (e.starts_with("XLA_FLAGS=")) {
      flags = e.substr(10);
    } else if (e.starts_with("PYTHONPATH=")) {
      path = e.substr(11);
    } else {
      out.emplace_back(e);
    }
  }
  if (r.devices > 1 && flags.find("xla_force_host_platform_device_count") == std::string::npos)
    flags += fmt::format("{}--xla_force_host_platform_device_count={}", flags.empty() ? "" : " ",
                         r.devices);
  if (!flags.empty()) out.push_back("XLA_FLAGS=" + flags);
  out.push_back("PYTHONPATH=" + i.python_path + (path.empty() ? "" : ":" + path));
  if (!is_set("JAX_PLATFORMS")) out.push_back("JAX_PLATFORMS=cpu");
  if (!is_set("TF_CPP_MIN_LOG_LEVEL")) out.push_back("TF_CPP_MIN_LOG_LEVEL=2");
  // The texts of some libraries' functions depend on the order of sets.
  if (!is_set("PYTHONHASHSEED")) out.push_back("PYTHONHASHSEED=0");
  return out;
}

// The lines of an answer, which comes part by part.
class Answer {
 public:
  // Whether more is to come. An error where no answer can be so long.
  Result<bool> take(LineBuffer& received) {
    bool complete = false;
    for (;;) {
      JAXSMITH_TRY(line, received.next());
      if (!line) return !complete;
      if (*line == kReady) {
        ready_ = true;
      } else {
        lines_.push_back(std::move(*line));
      }
      complete = is_complete(lines_);
    }
  }
  bool begun() const { return !lines_.empty(); }
  // Whether the process has got as far as the function.
  bool ready() const { return ready_; }

  Result<Record> record(const std::string& target, const std::string& python,
                        const std::string& ended) const {
    auto message = join_record(lines_, ended);
    if (!message.ok()) return message.error();
    if (auto* record = std::get_if<Record>(&message.value())) return std::move(*record);
    const auto* failure = std::get_if<Failure>(&message.value());
    if (!failure) return Error::internal(fmt::format("{}: the answer is no record", target));
    if (failure->kind == FailureKind::kUsage) return Error::usage(failure->message);
    if (failure->kind == FailureKind::kEnvironment)
      return trace::unusable_python(python, "cannot do the work: " + failure->message);
    return Error::environment(fmt::format("{}: {}", target, failure->message));
  }

 private:
  static constexpr std::string_view kReady = R"({"type": "ready"})";
  std::vector<std::string> lines_;
  bool ready_ = false;
};

}  // namespace

Result<Record> extract(const ExtractRequest& request, const trace::Installation& installation,
                       const std::atomic<bool>& cancel) {
  JAXSMITH_TRY(process, trace::Process::spawn(
                            {.arguments = {installation.python, "-m", "jaxsmith.commands.extract"},
                             .environment = user_environment(request, installation),
                             .show_output = true,
                             .starting_signals = true}));
  const std::string line = request_line(request);
  std::string_view unsent = line;
  LineBuffer received;
  Answer answer;
  for (bool open = true; open;) {
    if (cancel) return Error::environment("interrupted");
    open = process->exchange(kPollSeconds, unsent, received.bytes());
    const auto more = answer.take(received);
    if (!more.ok())
      return Error::environment(fmt::format("{}: {}", request.target, more.error().message));
    // An interrupt reaches the function's process too, which answers that it was interrupted.
    if (!more.value() && !cancel) return answer.record(request.target, installation.python, "");
  }
  const std::string how = process->ending(kPatienceSeconds);
  if (cancel) return Error::environment("interrupted");
  if (answer.begun()) return answer.record(request.target, installation.python, how);
  if (process->exit_status() == trace::kNotStarted)
    return trace::unusable_python(installation.python, "does not start");
  if (!answer.ready())
    return trace::unusable_python(installation.python, "is no Python with JAX: " + how);
  return Error::environment(
      fmt::format("{}: the function ended its process: {}", request.target, how));
}

Status write_extracted(std::unique_ptr<store::OutputFolder> folder,
                       std::vector<check::Sample> samples, const trace::Versions& versions,
                       const trace::Installation& installation) {
  store::RunDescription run;
  run.origin = source::Origin::kExtracted;
  run.count = samples.size();
  run.options = R"({"origin":"extracted"})";
  run.row_options = run.plain_row_options = "{}";
  run.versions = versions;
  run.jaxsmith_version = installation.version;
  JAXSMITH_TRY(writer, store::DatasetWriter::open(std::move(folder), run, /*resume=*/false));
  select::Selector selector;
  for (check::Sample& sample : samples) {
    const select::Verdict verdict = selector.offer(sample);
    if (verdict.split) {
      sample.split = *verdict.split;
      writer->add(std::move(sample));
    } else {
      writer->add(check::make_reject(sample.function, verdict.refusal, sample.kinship));
    }
  }
  writer->end_chunk(0, 0);
  JAXSMITH_CHECK(writer->flush());
  return writer->finish(/*complete=*/true);
}

}  // namespace jaxsmith::extract
