#include "trace/tracer.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "tensor/sizes.h"

extern char** environ;

namespace jaxsmith::trace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kPollSeconds = 0.05;
// Deaths that no function is to blame for, before a run gives up.
constexpr int kMostAccidents = 12;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::set<std::size_t> all_but(const Request& request, const std::vector<std::size_t>& kept) {
  std::set<std::size_t> skipped;
  for (std::size_t i = 0; i < request.functions.size(); ++i) {
    if (std::find(kept.begin(), kept.end(), i) == kept.end()) skipped.insert(i);
  }
  return skipped;
}

Error cancelled() { return Error::environment("interrupted"); }

// However often it reports progress, a worker has so much time for a request.
double most_seconds(const Request& request, double function_seconds) {
  return function_seconds * static_cast<double>(8 + 4 * request.functions.size());
}

// Progress that a worker may report: each function goes through some ten stages, and a few times
// through the last ones where a group of functions fails; what runs long says so once a second.
std::size_t most_reports(const Request& request, double function_seconds) {
  return 64 + 64 * request.functions.size() +
         static_cast<std::size_t>(most_seconds(request, function_seconds));
}

// Of the function's own further sets, each once, with results like those of the recorded one, which
// is the first or another of them.
bool cases_fit(const Outcome& outcome, const source::Function& function) {
  if (outcome.recorded != 0 &&
      std::ranges::find(function.cases, outcome.recorded) == function.cases.end())
    return false;
  auto next = function.cases.begin();
  for (const CaseOutputs& each : outcome.cases) {
    next = std::find(next, function.cases.end(), each.set);
    if (each.set == outcome.recorded || next == function.cases.end() ||
        !tensor::same_types(each.outputs, outcome.outputs))
      return false;
    ++next;
  }
  return true;
}

// Whether this can be what became of the function: levels that were asked for, and lists as long
// as what they are about.
bool fits(const Outcome& outcome, const source::Function& function, const Request& request,
          level::Level structure_level) {
  if (!outcome.ok) return true;
  const auto asked_for = [&](const auto& entry) {
    const auto& levels = request.levels;
    return entry.first == structure_level ||
           std::find(levels.begin(), levels.end(), entry.first) != levels.end();
  };
  const auto has_text = [&](const auto& entry) { return outcome.levels.contains(entry.first); };
  if (!std::all_of(outcome.levels.begin(), outcome.levels.end(), asked_for) ||
      !std::all_of(outcome.spans.begin(), outcome.spans.end(), has_text))
    return false;
  if (!cases_fit(outcome, function)) return false;
  const std::size_t arguments = function.inputs[0].size();
  if (request.route == Route::kText)
    return outcome.argument_matters.empty() || outcome.argument_matters.size() == arguments;
  return outcome.levels.contains(structure_level) && outcome.argument_matters.size() == arguments &&
         outcome.result_paths.size() == outcome.outputs.size();
}

}  // namespace

std::vector<std::string> worker_environment(const TracerOptions& options) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view e = *entry;
    const auto starts = [e](const std::string& prefix) { return e.starts_with(prefix); };
    const auto& theirs = options.worker.dropped_prefixes;
    const bool dropped = e.starts_with("PYTHON") || e.starts_with("OMP_") ||
                         e.starts_with("OPENBLAS_") ||
                         std::any_of(theirs.begin(), theirs.end(), starts);
    if (!dropped) out.emplace_back(e);
  }
  out.push_back("PYTHONPATH=" + options.python_path);
  out.push_back("PYTHONHASHSEED=0");
  if (!options.allocator.empty() && access(options.allocator.c_str(), R_OK) == 0)
    out.push_back("LD_PRELOAD=" + options.allocator);
  out.push_back(
      "OPENBLAS_NUM_THREADS=1");  // sums of LAPACK must not depend on the number of processors
  out.push_back("PYTHONNOUSERSITE=1");
  out.insert(out.end(), options.worker.environment.begin(), options.worker.environment.end());
  return out;
}

Tracer::Tracer(TracerOptions options) : options_(std::move(options)) {
  if (options_.levels.empty()) options_.levels = options_.worker.levels;
}

Tracer::~Tracer() { stop(); }

void Tracer::stop() {
  if (!process_) return;
  process_->kill();
  ended_cpu_ += process_->cpu_seconds();
  process_.reset();
}

double Tracer::cpu_seconds() const { return ended_cpu_ + (process_ ? process_->cpu_seconds() : 0); }

Result<Versions> Tracer::start(const std::atomic<bool>& cancel) {
  if (process_) return versions_;
  // Killed from outside before it said anything: by somebody, or for want of memory that may pass.
  constexpr int kStarts = 3;
  for (int i = 1;; ++i) {
    bool killed = false;
    auto versions = start_once(cancel, killed);
    if (versions.ok() || !killed || i == kStarts) return versions;
  }
}

Result<Versions> Tracer::start_once(const std::atomic<bool>& cancel, bool& killed) {
  std::vector<std::string> command = {options_.python};
  const auto& arguments = options_.worker.arguments;
  command.insert(command.end(), arguments.begin(), arguments.end());
  for (const char* word : {"--requests-fd", "3", "--results-fd", "4"}) command.emplace_back(word);
  JAXSMITH_TRY(process, Process::spawn({std::move(command), worker_environment(options_)}));
  process_ = std::move(process);
  reader_ = FrameReader(options_.most_outcome_bytes);
  const auto begin = Clock::now();
  for (;;) {
    if (cancel) {
      stop();
      return cancelled();
    }
    const bool open = process_->wait_for_output(kPollSeconds, false, reader_.buffer());
    auto message = reader_.next();
    if (message.ok() && message.value()) {
      if (const auto* hello = std::get_if<Hello>(&*message.value())) {
        versions_ = hello->versions;
        return versions_;
      }
      stop();
      if (const auto* fatal = std::get_if<Fatal>(&*message.value()))
        return unusable_python(options_.python, "cannot do the work: " + fatal->message);
      return Error::environment("a worker does not speak the protocol");
    }
    if (open && message.ok() && since(begin) < options_.start_seconds) continue;
    const std::string how = open ? "no answer" : process_->ending();
    killed = !open && process_->end_signal() == SIGKILL;
    const std::string last = process_->last_error_line();
    const bool started = open || process_->exit_status() != kNotStarted;
    stop();
    if (!started) return unusable_python(options_.python, "does not start");
    return Error::environment(fmt::format("cannot start a worker with {}: {}{}{}", options_.python,
                                          how, last.empty() ? "" : ": ", last));
  }
}

// False where a message has no place in the answer to this request.
bool Tracer::take(Message& message, const Request& request, Run& run, bool& done) const {
  if (auto* progress = std::get_if<Progress>(&message)) {
    const auto named = [&](std::size_t i) {
      return i < request.functions.size() && !request.skipped.contains(i);
    };
    if (progress->chunk != request.chunk ||
        ++run.reports > most_reports(request, options_.function_seconds) ||
        progress->functions.size() > request.functions.size() ||
        !std::all_of(progress->functions.begin(), progress->functions.end(), named))
      return false;
    if (options_.on_progress) options_.on_progress(*progress);
    run.stage = progress->stage;
    run.suspects = std::move(progress->functions);
    return true;
  }
  if (auto* answer = std::get_if<Answer>(&message)) {
    const std::size_t i = answer->function;
    if (answer->chunk != request.chunk || i != run.answered || i >= request.functions.size() ||
        !fits(answer->outcome, request.functions[i], request, options_.worker.structure_level))
      return false;
    run.outcomes.push_back(std::move(answer->outcome));
    ++run.answered;
    return true;
  }
  const auto* end = std::get_if<Done>(&message);
  done = end && end->chunk == request.chunk && run.answered == request.functions.size();
  return done;
}

Tracer::Moment Tracer::now() const { return {Clock::now(), process_->cpu_seconds()}; }

// On a busy machine a worker has a small part of the processors, and no less to do: it is late once
// it has had so much of their time as well. One that sleeps has nearly none.
bool Tracer::overdue(const Moment& begin, double seconds) const {
  constexpr double kAsleep = 0.02, kMost = 20;
  const double passed = since(begin.at);
  if (passed <= seconds) return false;
  const double worked = process_->cpu_seconds() - begin.cpu;
  return worked > seconds || worked < kAsleep * passed || passed > kMost * seconds;
}

Result<Tracer::Run> Tracer::run(const Request& request, const std::atomic<bool>& cancel) {
  JAXSMITH_TRY(versions, start(cancel));
  (void)versions;
  const std::string frame = encode(request);
  std::string_view unsent = frame;
  Run out;
  const Moment begin = now();
  Moment last_sign = begin;
  int polls = 0;
  const auto ended = [&](Ending ending, std::string how) {
    out.ending = ending;
    out.how = std::move(how);
    stop();
    return out;
  };
  for (;;) {
    if (cancel) {
      stop();
      return cancelled();
    }
    const bool open = process_->wait_for_output(kPollSeconds, !unsent.empty(), reader_.buffer());
    if (!unsent.empty()) {
      const auto sent = process_->send_some(unsent);
      if (sent.ok())
        unsent.remove_prefix(sent.value());
      else if (open)
        return ended(Ending::kDied, process_->ending());
    }
    for (;;) {
      auto message = reader_.next();
      if (!message.ok()) return ended(Ending::kDied, "wrote into its results stream");
      if (!message.value()) break;
      bool done = false;
      if (!take(*message.value(), request, out, done))
        return ended(Ending::kDied, "wrote into its results stream");
      last_sign = now();
      if (!done) continue;
      // Memory that grows is given back between chunks.
      if (process_->memory_bytes(false) > options_.memory_bytes / 2) stop();
      return out;
    }
    if (!open) return ended(Ending::kDied, process_->ending());
    if (overdue(last_sign, options_.function_seconds) ||
        overdue(begin, most_seconds(request, options_.function_seconds)))
      return ended(Ending::kTimeout, "");
    // The group costs a walk through all processes: less often.
    if (process_->memory_bytes(++polls % 16 == 0) > options_.memory_bytes)
      return ended(Ending::kMemory, "");
  }
}

Refusal Tracer::refusal_of(const Run& run) const {
  switch (run.ending) {
    case Ending::kTimeout:
      return {run.stage, Reason::kTimeout,
              fmt::format("no progress for {:g} seconds", options_.function_seconds)};
    case Ending::kMemory:
      return {run.stage, Reason::kMemory,
              fmt::format("took more than {} MB", options_.memory_bytes >> 20)};
    default:
      return {run.stage, Reason::kCrash, "ended its worker: " + run.how};
  }
}

// The one of several suspects whose run fails when the rest of them stays out.
Result<std::optional<std::size_t>> Tracer::bisect(const Request& request,
                                                  std::vector<std::size_t> suspects, Run& failed,
                                                  const std::atomic<bool>& cancel) {
  while (suspects.size() > 1) {
    const auto middle = suspects.begin() + static_cast<std::ptrdiff_t>(suspects.size() / 2);
    const std::vector<std::size_t> halves[] = {{suspects.begin(), middle},
                                               {middle, suspects.end()}};
    bool found = false;
    for (const auto& half : halves) {
      Request part = request;
      part.skipped = all_but(request, half);
      JAXSMITH_TRY(result, run(part, cancel));
      if (result.ending == Ending::kDone) continue;
      failed = std::move(result);
      suspects = half;
      found = true;
      break;
    }
    if (!found) return std::optional<std::size_t>();
  }
  return std::optional<std::size_t>(suspects[0]);
}

// Finds whom a failed run is to be blamed on and refuses it. False: it was nobody's fault.
Result<bool> Tracer::find_culprit(const Request& request, const Run& failed,
                                  std::map<std::size_t, Refusal>& refused,
                                  const std::atomic<bool>& cancel) {
  std::vector<std::size_t> suspects = failed.suspects;  // of this request: take()
  if (suspects.empty()) {
    for (std::size_t i = 0; i < request.functions.size(); ++i) {
      if (!request.skipped.contains(i)) suspects.push_back(i);
    }
  }
  Run blamed = failed;
  Request alone = request;
  alone.skipped = all_but(request, suspects);
  if (suspects.size() > 1) {
    // One at a time, each announced: the last one announced is the one that failed.
    alone.isolate = true;
    JAXSMITH_TRY(isolated, run(alone, cancel));
    if (isolated.ending != Ending::kDone && isolated.suspects.size() == 1) {
      suspects = isolated.suspects;
      blamed = std::move(isolated);
    } else {
      alone.isolate = false;
      JAXSMITH_TRY(found, bisect(request, suspects, blamed, cancel));
      if (!found) return false;
      refused[*found] = refusal_of(blamed);
      return true;
    }
    alone.skipped = all_but(request, suspects);
  }
  // Alone once more: somebody may have ended the worker by hand. Waiting out a time limit twice
  // tells no more.
  if (blamed.ending == Ending::kDied) {
    alone.isolate = false;
    JAXSMITH_TRY(confirmed, run(alone, cancel));
    if (confirmed.ending == Ending::kDone) return false;
    // What it looks like alone does not depend on the company it was found in.
    blamed = std::move(confirmed);
  }
  refused[suspects[0]] = refusal_of(blamed);
  return true;
}

Result<std::vector<Outcome>> Tracer::trace(std::uint64_t chunk,
                                           std::span<const source::Function> functions, Route route,
                                           const std::atomic<bool>& cancel) {
  Request request{chunk,
                  functions,
                  {},
                  route,
                  false,
                  level::made_by_workers(options_.levels),
                  options_.most_outcome_bytes};
  std::map<std::size_t, Refusal> refused;
  int accidents = 0;
  for (bool again = false;;) {
    request.skipped.clear();
    for (const auto& [i, refusal] : refused) request.skipped.insert(i);
    if (refused.size() == functions.size()) break;
    JAXSMITH_TRY(result, run(request, cancel));
    if (result.ending == Ending::kDone) {
      std::vector<Outcome> outcomes = std::move(result.outcomes);
      for (const auto& [i, refusal] : refused) {
        outcomes[i] = Outcome();
        outcomes[i].refusal = refusal;
      }
      for (Outcome& outcome : outcomes) complete_levels(outcome, options_.levels);
      return outcomes;
    }
    // A worker that died may have been killed from outside: the same once more, before anyone is
    // suspected.
    if (result.ending == Ending::kDied && !again) {
      again = true;
      continue;
    }
    again = false;
    JAXSMITH_TRY(found, find_culprit(request, result, refused, cancel));
    if (!found && ++accidents >= kMostAccidents) {
      return Error::environment(
          fmt::format("workers end again and again without a function to blame (last: {}); is the "
                      "machine out of memory?",
                      result.how.empty() ? "time limit" : result.how));
    }
  }
  std::vector<Outcome> outcomes(functions.size());
  for (const auto& [i, refusal] : refused) outcomes[i].refusal = refusal;
  return outcomes;
}

}  // namespace jaxsmith::trace
