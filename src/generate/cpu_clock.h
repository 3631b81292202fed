// Processor time of the calling thread, and of this process.
#pragma once

#include <time.h>

namespace jaxsmith::generate {

inline double clock_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double thread_cpu_seconds() { return clock_seconds(CLOCK_THREAD_CPUTIME_ID); }
inline double process_cpu_seconds() { return clock_seconds(CLOCK_PROCESS_CPUTIME_ID); }

// Adds the processor time of its scope to an account.
class CpuTimer {
 public:
  explicit CpuTimer(double& account) : account_(account), begin_(thread_cpu_seconds()) {}
  ~CpuTimer() { account_ += thread_cpu_seconds() - begin_; }
  CpuTimer(const CpuTimer&) = delete;
  CpuTimer& operator=(const CpuTimer&) = delete;

 private:
  double& account_;
  const double begin_;
};

}  // namespace jaxsmith::generate
