#include "generate/window.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/threads.h"

namespace jaxsmith::generate {
namespace {

using namespace std::chrono_literals;

TEST(Window, GivesItemsInOrderWhateverThreadWasFirst) {
  constexpr std::uint64_t kFirst = 5, kItems = 400, kAhead = 6;
  Window<std::uint64_t> window(kFirst, kAhead);
  std::atomic<std::uint64_t> taken = kFirst;
  std::atomic<bool> too_far = false;
  const auto put_items = [&] {
    while (const auto ticket = window.claim()) {
      if (*ticket > taken + kAhead) too_far = true;
      if (*ticket % 3 == 0) std::this_thread::yield();
      window.put(*ticket, *ticket * 10);
    }
  };
  const auto take_items = [&](const std::stop_token& stop) {
    for (std::uint64_t i = kFirst; i < kFirst + kItems && !stop.stop_requested(); ++i) {
      std::optional<std::uint64_t> item;
      while (!item && !stop.stop_requested()) item = window.take(10ms);
      EXPECT_EQ(item, i * 10);
      ++taken;
    }
    window.close();
  };
  const Status done =
      run_on_threads(5, [&](unsigned thread, const std::stop_token& stop) -> Status {
        thread == 0 ? take_items(stop) : put_items();
        return {};
      });
  EXPECT_TRUE(done.ok());
  EXPECT_FALSE(too_far);
}

TEST(Window, ClosingWakesWhoWaits) {
  Window<int> window(0, 1);
  ASSERT_EQ(window.claim(), 0u);
  Threads waiting;
  const Status started = waiting.start([&](const std::stop_token&) -> Status {
    EXPECT_FALSE(window.claim());
    return {};
  });
  window.put(0, 7);
  window.close();
  EXPECT_TRUE(started.ok() && waiting.join().ok());
  EXPECT_EQ(window.take(0ms), 7);
  EXPECT_EQ(window.take(10min), std::nullopt);
}

TEST(Window, PatienceEnds) {
  Window<int> window(0, 1);
  EXPECT_EQ(window.take(1ms), std::nullopt);
}

}  // namespace
}  // namespace jaxsmith::generate
