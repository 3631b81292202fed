// Errors and exceptions of threads come back, and end the others.
#include "base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>

namespace jaxsmith {
namespace {

TEST(Threads, EveryNumberOnce) {
  constexpr std::size_t kCount = 5000;
  for (const unsigned threads : {0u, 1u, 3u, 8u}) {
    std::vector<std::atomic<int>> seen(kCount);
    ASSERT_TRUE(parallel_for(kCount, threads, [&](std::size_t i) -> Status {
                  ++seen[i];
                  return {};
                }).ok());
    for (const auto& n : seen) EXPECT_EQ(n, 1);
  }
  EXPECT_TRUE(parallel_for(0, 4, [](std::size_t) { return Status(Error::internal("none")); }).ok());
}

TEST(Threads, ThereIsOneAtLeast) { EXPECT_GE(usual_threads(), 1u); }

TEST(Threads, AnErrorComesBackAndNoOthersBegin) {
  std::atomic<std::size_t> begun = 0;
  const Status done = parallel_for(1'000'000, 4, [&](std::size_t i) -> Status {
    ++begun;
    if (i == 100) return Error::usage("number 100");
    return {};
  });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().message, "number 100");
  EXPECT_EQ(done.error().kind, ErrorKind::kUsage);
  EXPECT_LT(begun, 1'000'000u);
}

TEST(Threads, ExceptionsOfAnyTypeComeBack) {
  const auto thrown = [](auto what) {
    const Status done = run_on_threads(3, [&](unsigned thread, const std::stop_token&) -> Status {
      if (thread == 1) throw what;
      return {};
    });
    return done.ok() ? "" : done.error().message;
  };
  EXPECT_EQ(thrown(std::runtime_error("broken")), "broken");
  EXPECT_EQ(thrown(std::bad_alloc()), "there is not enough memory");
  EXPECT_NE(thrown(7), "");
}

TEST(Threads, TheFirstEndsThoseThatWait) {
  std::atomic<int> stopped = 0;
  const Status done =
      run_on_threads(4, [&](unsigned thread, const std::stop_token& stop) -> Status {
        if (thread == 3) throw std::logic_error("first");
        while (!stop.stop_requested()) std::this_thread::yield();
        ++stopped;
        return Error::internal("later");
      });
  EXPECT_EQ(stopped, 3);
  EXPECT_EQ(done.error().message, "first");
}

TEST(Threads, AnExceptionCanBeThrownAgainAsItWas) {
  Threads threads;
  ASSERT_TRUE(threads.start([](const std::stop_token&) -> Status { throw 42; }).ok());
  EXPECT_THROW((void)threads.join_or_throw(), int);
}

TEST(Threads, DestructionEndsThem) {
  std::atomic<bool> ended = false;
  {
    Threads threads;
    ASSERT_TRUE(threads
                    .start([&](const std::stop_token& stop) -> Status {
                      while (!stop.stop_requested()) std::this_thread::yield();
                      ended = true;
                      return {};
                    })
                    .ok());
  }
  EXPECT_TRUE(ended);
}

TEST(Threads, GuardedGivesWhatIsThrownAsAnError) {
  EXPECT_EQ(guarded([]() -> Result<int> { return 3; }).value(), 3);
  EXPECT_EQ(guarded([]() -> Result<int> { throw std::runtime_error("no"); }).error().message, "no");
}

}  // namespace
}  // namespace jaxsmith
