// Many things at a time, and every error of theirs comes back.
//
//   Status done = parallel_for(items.size(), workers, [&](std::size_t i) -> Status { … });
//   Status done = run_on_threads(workers, [&](unsigned i, std::stop_token stop) -> Status { … });
//
//   Threads threads;                                  // where they outlive the function
//   JAXSMITH_CHECK(threads.start([&](std::stop_token stop) -> Status { … }));
//   JAXSMITH_CHECK(threads.join());
//
// An error, or an exception of whatever type, asks all others to stop: a work that runs long looks
// at its token. What came first is what is given back.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/status.h"

namespace jaxsmith {

// An exception as an error: memory that is not there is the environment's, all else a defect.
Error error_of(const std::exception_ptr& exception);

// What `f` gives, a Result or Status; where it throws, the error that this is.
template <class F>
auto guarded(F&& f) -> std::invoke_result_t<F> {
  try {
    return std::forward<F>(f)();
  } catch (...) {
    return error_of(std::current_exception());
  }
}

// As many as the machine runs at a time; one where it does not say.
unsigned usual_threads();

class Threads {
 public:
  using Work = std::function<Status(std::stop_token)>;

  Threads() = default;
  ~Threads();  // asks them to stop, and waits
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // An error where the system gives no thread; those that run go on.
  Status start(Work work);
  std::size_t size() const { return threads_.size(); }
  void stop() { stop_.request_stop(); }
  // Waits for all. The first error, or exception as an error.
  Status join();
  // Waits for all. Throws the first exception again as it was; gives the first error.
  Status join_or_throw();

 private:
  void run(const Work& work);
  void wait();

  std::stop_source stop_;
  std::mutex mutex_;
  Status first_;                  // error
  std::exception_ptr exception_;  // or exception, whichever came first
  std::vector<std::thread> threads_;
};

// `work` with the numbers of the threads, each on its own, all at the same time.
Status run_on_threads(unsigned count,
                      const std::function<Status(unsigned thread, std::stop_token stop)>& work);

// `work` with each number below `count`, on so many threads; the lowest come first. Once one has
// failed no others are begun.
Status parallel_for(std::size_t count, unsigned threads,
                    const std::function<Status(std::size_t)>& work);

}  // namespace jaxsmith
