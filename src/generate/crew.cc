#include "generate/crew.h"

namespace jaxsmith::generate {
namespace {

std::uint64_t worker_count(const GenerateOptions& options) {
  if (options.workers > 0) return options.workers;
  return usual_threads();
}

}  // namespace

Crew::Crew(const GenerateOptions& options, const trace::Installation& installation)
    : options_(options), installation_(installation) {}

Result<trace::Versions> Crew::start(const std::atomic<bool>& cancel) {
  const std::uint64_t workers = worker_count(options_);
  for (std::uint64_t i = 0; i < workers; ++i)
    JAXSMITH_CHECK(threads_.start([this](const std::stop_token&) { return work(); }));
  std::unique_lock lock(mutex_);
  while (started_.size() < workers) {
    changed_.wait_for(lock, std::chrono::milliseconds(50));
    if (cancel) return Error::environment("cancelled");
    if (!started_.empty() && !started_.back().ok()) break;  // no need to hear it from each of them
  }
  for (const Result<trace::Versions>& versions : started_) {
    if (!versions.ok()) return versions.error();
  }
  return started_.front();
}

void Crew::begin(std::uint64_t first_chunk) {
  const std::lock_guard lock(mutex_);
  window_ = std::make_unique<Window<Item>>(first_chunk, 2 * threads_.size() + 1);
  changed_.notify_all();
}

// Nothing but its own thread may use a worker: it ends with the thread that started it.
Status Crew::work() {
  const Status done = guarded([this] { return work_with_maker(); });
  if (done.ok()) return done;
  const std::lock_guard lock(mutex_);
  started_.push_back(done.error());
  changed_.notify_all();
  return done;
}

Status Crew::work_with_maker() {
  ChunkMaker maker(options_, installation_);
  if (wait_for_begin(maker.start(stopping_))) {
    while (const auto chunk = window_->claim()) {
      Item item = guarded([&] { return maker.make(*chunk, stopping_); });
      const bool failed = !item.ok();
      window_->put(*chunk, std::move(item));
      if (failed) break;
    }
  }
  const CpuSeconds cpu = maker.cpu();
  const std::lock_guard lock(mutex_);
  cpu_.plan += cpu.plan;
  cpu_.check += cpu.check;
  cpu_.workers += cpu.workers;
  return {};
}

bool Crew::wait_for_begin(Result<trace::Versions> versions) {
  std::unique_lock lock(mutex_);
  const bool ok = versions.ok();
  started_.push_back(std::move(versions));
  changed_.notify_all();
  changed_.wait(lock, [&] { return window_ != nullptr || stopping_; });
  return ok && !stopping_;
}

CpuSeconds Crew::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (window_ != nullptr) window_->close();
    changed_.notify_all();
  }
  (void)threads_.join();  // errors have been given to who waited: by start() or the window
  return cpu_;
}

}  // namespace jaxsmith::generate
