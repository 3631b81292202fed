// The threads that make chunks, each with its own ChunkMaker, and the window that puts their
// results in order.
//
//   Crew crew(options, installation);
//   JAXSMITH_TRY(versions, crew.start(cancel));  // every worker runs, all of the same versions
//   crew.begin(first_chunk);
//   while (auto chunk = crew.take(100ms)) …
//   CpuSeconds cpu = crew.stop();
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/threads.h"
#include "generate/chunk_maker.h"
#include "generate/window.h"

namespace jaxsmith::generate {

class Crew {
 public:
  Crew(const GenerateOptions& options, const trace::Installation& installation);
  ~Crew() { stop(); }

  // Starts threads and workers; says what is missing where they cannot work. `cancel` ends the
  // waiting.
  Result<trace::Versions> start(const std::atomic<bool>& cancel);
  // From which chunk on they work.
  void begin(std::uint64_t first_chunk);
  // The next chunk in order, or the error that its thread had; nothing where it is not there yet.
  std::optional<Result<ChunkResult>> take(std::chrono::milliseconds patience) {
    return window_->take(patience);
  }
  // Ends threads and workers, without waiting for what they are at. Gives their processor time.
  CpuSeconds stop();

 private:
  using Item = Result<ChunkResult>;
  Status work();
  Status work_with_maker();
  bool wait_for_begin(Result<trace::Versions> versions);

  const GenerateOptions& options_;
  const trace::Installation& installation_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Result<trace::Versions>> started_;  // by thread, as they come
  std::unique_ptr<Window<Item>> window_;          // set by begin()
  CpuSeconds cpu_;
  Threads threads_;
};

}  // namespace jaxsmith::generate
