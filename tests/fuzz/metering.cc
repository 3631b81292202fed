#include "fuzz/metering.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace jaxsmith::fuzz {
namespace {

constexpr std::int64_t kTimes = 10;
// A step is about a nanosecond; sanitizers and no optimisation to speak of make ten of it.
constexpr double kSecondsAStep = 10e-9;
// Reading, verifying and printing, several times each.
constexpr double kSecondsAByte = 20e-6;
// What an input may take however small it and its budget are: a page fault, a new shape of the
// heap.
constexpr double kSecondsOnTop = 0.05;
constexpr std::int64_t kBytesOnTop = 8 << 20, kBytesAByte = 2000;

std::atomic<std::int64_t> held = 0, limit = 0;  // by the program; no limit where it is 0

// Only what a signal's handler may call.
void out_of_time(int) {
  constexpr char kText[] = "FINDING: more than ten times the processor time of its budget\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, kText, sizeof kText - 1);
  abort();
}

// Once more than its limit is held: another thread may have found it already.
void out_of_memory(std::int64_t bytes) {
  limit = 0;
  std::fprintf(stderr, "FINDING: more than ten times the memory of its budget: %lld bytes\n",
               static_cast<long long>(bytes));
  abort();
}

// Of all threads of the process, so that work that is handed on counts.
void set_timer(double seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec =
      static_cast<suseconds_t>((seconds - static_cast<double>(timer.it_value.tv_sec)) * 1e6);
  setitimer(ITIMER_PROF, &timer, nullptr);
}

}  // namespace

tensor::Budget budget_of(const Allowance& allowance) { return {allowance.steps, allowance.bytes}; }

void within(const Allowance& allowance, std::size_t read, const std::function<void()>& work) {
  static const bool installed = [] {
    signal(SIGPROF, out_of_time);
    return true;
  }();
  (void)installed;
  const auto size = static_cast<double>(read);
  set_timer(static_cast<double>(kTimes) * (static_cast<double>(allowance.steps) * kSecondsAStep +
                                           size * kSecondsAByte + kSecondsOnTop));
  limit = held +
          kTimes * (allowance.bytes + static_cast<std::int64_t>(read) * kBytesAByte + kBytesOnTop);
  work();
  limit = 0;
  set_timer(0);
}

void finding(const char* what, std::string_view detail) {
  std::fprintf(stderr, "FINDING: %s\n%.*s\n", what, static_cast<int>(detail.size()), detail.data());
  std::abort();
}

}  // namespace jaxsmith::fuzz

extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void* at);

// The sanitizer's runtime calls these at each allocation, of whatever library.
extern "C" void __sanitizer_malloc_hook(const volatile void* /*at*/, std::size_t size) {
  using jaxsmith::fuzz::held, jaxsmith::fuzz::limit;
  const std::int64_t now = held += static_cast<std::int64_t>(size);
  if (const std::int64_t most = limit; most > 0 && now > most) jaxsmith::fuzz::out_of_memory(now);
}

extern "C" void __sanitizer_free_hook(const volatile void* at) {
  jaxsmith::fuzz::held -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(at));
}
