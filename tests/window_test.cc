#include "generate/window.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace jaxsmith::generate {
namespace {

using namespace std::chrono_literals;

TEST(Window, GivesItemsInOrderWhateverThreadWasFirst) {
  constexpr std::uint64_t kFirst = 5, kItems = 400, kAhead = 6;
  Window<std::uint64_t> window(kFirst, kAhead);
  std::atomic<std::uint64_t> taken = kFirst;
  std::atomic<bool> too_far = false;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (const auto ticket = window.claim()) {
        if (*ticket > taken + kAhead) too_far = true;
        if (*ticket % 3 == 0) std::this_thread::yield();
        window.put(*ticket, *ticket * 10);
      }
    });
  }
  for (std::uint64_t i = kFirst; i < kFirst + kItems; ++i) {
    std::optional<std::uint64_t> item;
    while (!item) item = window.take(10ms);
    EXPECT_EQ(*item, i * 10);
    ++taken;
  }
  window.close();
  threads.clear();
  EXPECT_FALSE(too_far);
}

TEST(Window, ClosingWakesWhoWaits) {
  Window<int> window(0, 1);
  ASSERT_EQ(window.claim(), 0u);
  std::jthread waiting([&] { EXPECT_FALSE(window.claim()); });
  window.put(0, 7);
  window.close();
  waiting.join();
  EXPECT_EQ(window.take(0ms), 7);
  EXPECT_EQ(window.take(10min), std::nullopt);
}

TEST(Window, PatienceEnds) {
  Window<int> window(0, 1);
  EXPECT_EQ(window.take(1ms), std::nullopt);
}

}  // namespace
}  // namespace jaxsmith::generate
