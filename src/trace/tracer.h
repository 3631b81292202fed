// Has the real thing (JAX, say) trace, lower, compile and run functions, in a worker process that
// it supervises.
//
//   Tracer tracer({.worker = spec, .python = "python3", .python_path = "python"});
//   JAXSMITH_TRY(versions, tracer.start(cancel));
//   JAXSMITH_TRY(outcomes, tracer.trace(chunk, functions, Route::kChunk, cancel));
//
// A function that crashes its worker, hangs, or eats memory costs that function alone: it is found,
// refused with the reason, and the rest of its chunk is worked on again as if it were not there.
// The outcome is the same however often workers are killed from outside on the way. One thread uses
// a tracer, the one that started it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "source/function.h"
#include "trace/outcome.h"
#include "trace/process.h"
#include "trace/protocol.h"
#include "trace/worker_spec.h"

namespace jaxsmith::trace {

struct TracerOptions {
  WorkerSpec worker;  // of the back end
  std::string python = "python3";
  std::string python_path;  // folder that holds the `jaxsmith` package
  std::string
      allocator;  // shared library that workers take malloc from; empty, or not there: the system's
  // Without any sign of progress: on the clock and of processor time, unless it sleeps.
  double function_seconds = 30;
  double start_seconds = 120;
  std::int64_t memory_bytes = std::int64_t{6} << 30;   // of a worker and what it has started
  std::vector<level::Level> levels = {};               // empty: all that the back end has
  std::size_t most_outcome_bytes = kMostOutcomeBytes;  // of one function's texts and arrays
  // Told of what a worker says that it is at, on the thread that traces.
  std::function<void(const Progress&)> on_progress;
};

// What every worker finds in its environment: nothing that a user has set for other programs may
// change what a dataset holds.
std::vector<std::string> worker_environment(const TracerOptions& options);

class Tracer {
 public:
  explicit Tracer(TracerOptions options);
  ~Tracer();

  // Starts the worker unless it runs; tells at once of a missing or wrong JAX. `cancel` ends the
  // waiting.
  Result<Versions> start(const std::atomic<bool>& cancel);
  // One outcome a function, in order. An error is no function's fault: a worker that cannot be
  // started, a cancellation, workers that end again and again with nothing to blame.
  Result<std::vector<Outcome>> trace(std::uint64_t chunk,
                                     std::span<const source::Function> functions, Route route,
                                     const std::atomic<bool>& cancel);
  // CPU time of all workers so far, in seconds.
  double cpu_seconds() const;

 private:
  Result<Versions> start_once(const std::atomic<bool>& cancel, bool& killed);
  enum class Ending { kDone, kDied, kTimeout, kMemory };
  struct Run {
    Ending ending = Ending::kDone;
    std::string how;                    // of a death
    Stage stage = Stage::kExec;         // last reported
    std::vector<std::size_t> suspects;  // functions of the request it was at work on
    std::vector<Outcome> outcomes;
    std::size_t answered = 0;  // functions whose outcome is there
    std::size_t reports = 0;   // of progress
  };
  // On the clock, and how much processor time the worker has had by then, in seconds.
  struct Moment {
    std::chrono::steady_clock::time_point at;
    double cpu = 0;
  };
  Moment now() const;
  bool overdue(const Moment& begin, double seconds) const;
  bool take(Message& message, const Request& request, Run& run, bool& done) const;
  Result<Run> run(const Request& request, const std::atomic<bool>& cancel);
  Result<bool> find_culprit(const Request& request, const Run& failed,
                            std::map<std::size_t, Refusal>& refused,
                            const std::atomic<bool>& cancel);
  Result<std::optional<std::size_t>> bisect(const Request& request,
                                            std::vector<std::size_t> suspects, Run& failed,
                                            const std::atomic<bool>& cancel);
  Refusal refusal_of(const Run& run) const;
  void stop();

  TracerOptions options_;
  std::unique_ptr<Process> process_;
  FrameReader reader_;
  Versions versions_;
  double ended_cpu_ = 0;
};

}  // namespace jaxsmith::trace
