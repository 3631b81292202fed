#include "base/threads.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <string>
#include <system_error>

namespace jaxsmith {

Error error_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    return Error::environment("there is not enough memory");
  } catch (const std::exception& e) {
    return Error::internal(e.what());
  } catch (...) {
    return Error::internal("an exception of a type of its own was not caught");
  }
}

unsigned usual_threads() { return std::max(1u, std::thread::hardware_concurrency()); }

Threads::~Threads() {
  stop();
  wait();
}

Status Threads::start(Work work) {
  try {
    threads_.emplace_back([this, work = std::move(work)] { run(work); });
  } catch (const std::system_error& e) {
    return Error::environment("cannot start a thread: " + e.code().message());
  }
  return {};
}

void Threads::run(const Work& work) {
  Status status;
  std::exception_ptr exception;
  try {
    status = work(stop_.get_token());
  } catch (...) {
    exception = std::current_exception();
  }
  if (status.ok() && !exception) return;
  {
    const std::lock_guard lock(mutex_);
    if (first_.ok() && !exception_) {
      first_ = std::move(status);
      exception_ = exception;
    }
  }
  stop();  // only now: what others give because of it is not the first
}

void Threads::wait() {
  for (std::thread& t : threads_) t.join();
  threads_.clear();
}

Status Threads::join() {
  wait();
  return exception_ ? Status(error_of(exception_)) : first_;
}

Status Threads::join_or_throw() {
  wait();
  if (exception_) std::rethrow_exception(exception_);
  return first_;
}

Status run_on_threads(unsigned count,
                      const std::function<Status(unsigned thread, std::stop_token stop)>& work) {
  Threads threads;
  for (unsigned i = 0; i < count; ++i)
    JAXSMITH_CHECK(
        threads.start([&work, i](std::stop_token stop) { return work(i, std::move(stop)); }));
  return threads.join();
}

Status parallel_for(std::size_t count, unsigned threads,
                    const std::function<Status(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto most = static_cast<unsigned>(std::min<std::size_t>(std::max(1u, threads), count));
  return run_on_threads(most, [&](unsigned, const std::stop_token& stop) -> Status {
    for (std::size_t i; !stop.stop_requested() && (i = next++) < count;) JAXSMITH_CHECK(work(i));
    return {};
  });
}

}  // namespace jaxsmith
