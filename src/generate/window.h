// Work that is done out of order by several threads and taken in order by one.
//
//   Window<Chunk> window(first, /*ahead=*/4);
//   while (auto ticket = window.claim()) window.put(*ticket, work(*ticket));  // each that works
//   while (auto chunk = window.take()) commit(*chunk);                        // who commits
//
// No more than `ahead` tickets are given out beyond the next one to be taken, so that memory stays
// bounded where one item takes long.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace jaxsmith::generate {

template <class T>
class Window {
 public:
  Window(std::uint64_t first, std::uint64_t ahead)
      : next_claim_(first), next_take_(first), ahead_(ahead) {}

  // The next piece of work; waits while too much lies ready. Nothing once the window is closed.
  std::optional<std::uint64_t> claim() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || next_claim_ < next_take_ + ahead_; });
    if (closed_) return std::nullopt;
    return next_claim_++;
  }

  void put(std::uint64_t ticket, T item) {
    const std::lock_guard lock(mutex_);
    ready_.emplace(ticket, std::move(item));
    changed_.notify_all();
  }

  // The next item in order. Waits for it at most `patience`; nothing where it is not there by then,
  // or the window is closed and the item was not done.
  template <class Duration>
  std::optional<T> take(Duration patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return closed_ || ready_.contains(next_take_); });
    const auto found = ready_.find(next_take_);
    if (found == ready_.end()) return std::nullopt;
    T item = std::move(found->second);
    ready_.erase(found);
    ++next_take_;
    changed_.notify_all();
    return item;
  }

  // No further claims. What has been put can still be taken.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, T> ready_;
  std::uint64_t next_claim_, next_take_;
  const std::uint64_t ahead_;
  bool closed_ = false;
};

}  // namespace jaxsmith::generate
