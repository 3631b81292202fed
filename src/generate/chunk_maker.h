// A chunk on its way up to the point where the order of chunks matters: planned, rendered, traced,
// checked, and for some functions redone.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "check/sample.h"
#include "generate/generate.h"
#include "plan/planner.h"
#include "trace/tracer.h"

namespace jaxsmith::generate {

struct ChunkResult {
  std::uint64_t chunk = 0;
  std::vector<check::Candidate> candidates;  // in the order of family and member
  std::uint64_t redone = 0;
};

// Whether the plain route does a function again: a share of all, chosen by their keys.
bool is_redone(const source::FunctionKey& key, double percent);

// What one thread works with: a worker for chunks, and one for the redone functions that starts
// when it is needed.
class ChunkMaker {
 public:
  ChunkMaker(const GenerateOptions& options, const trace::Installation& installation);

  // Starts the worker. Says which versions there are, or what is missing.
  Result<trace::Versions> start(const std::atomic<bool>& cancel) { return fast_.start(cancel); }

  Result<ChunkResult> make(std::uint64_t chunk, const std::atomic<bool>& cancel);
  // The same of functions that are given: what becomes of each, in their order. `chunk` only names
  // the request.
  Result<ChunkResult> judge(std::uint64_t chunk, std::vector<source::Function> functions,
                            const std::atomic<bool>& cancel);

  // Processor time so far; `total` and `store` stay 0.
  CpuSeconds cpu() const;

 private:
  Status redo(std::uint64_t chunk, const std::vector<source::Function>& functions,
              const std::vector<trace::Outcome>& outcomes,
              std::vector<std::optional<trace::Refusal>>& refusals, const std::atomic<bool>& cancel,
              std::uint64_t& redone);

  const GenerateOptions& options_;
  plan::PlanOptions plan_options_;
  check::DifficultyRange wanted_;
  level::Level structure_level_;  // the back end's
  trace::Tracer fast_, plain_;
  CpuSeconds cpu_;
};

}  // namespace jaxsmith::generate
