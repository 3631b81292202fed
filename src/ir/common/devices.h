// Programs that run on several devices and meet in collective operations.
//
//   Devices devices(1, 4);
//   auto results = devices.run([&](std::int64_t device) { return evaluate(…, &devices, device); });
//
// Each device has a thread, but only one of them runs at a time, and they change where one waits
// for others: what is computed does not depend on the machine's scheduling.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "ir/common/datum.h"

namespace jaxsmith::ir {

class Devices {
 public:
  // Device r * partitions + p is partition p of replica r. Throws where there are too many.
  Devices(std::int64_t replicas, std::int64_t partitions);
  std::int64_t replicas() const { return replicas_; }
  std::int64_t partitions() const { return partitions_; }
  std::int64_t count() const { return replicas_ * partitions_; }

  using Program = std::function<std::vector<Datum>(std::int64_t device)>;
  // The results by device. The first error that a device throws ends all and is thrown again.
  std::vector<std::vector<Datum>> run(const Program& program);

  // On a device, within run(): gives a value to its group and waits for the others'; the result is
  // in the group's order. `place` is the operation's place in the text: all of a group have to meet
  // at the same one. Throws where they wait for each other for ever.
  std::vector<Datum> exchange(std::int64_t device, const Ints& group, std::size_t place,
                              Datum value);

  // On a device, within run(): what one gives to a channel another gets from it, in order. To
  // receive is to wait.
  using Channel = std::vector<std::int64_t>;
  void send(const Channel& channel, std::vector<Datum> values);
  std::vector<Datum> receive(std::int64_t device, const Channel& channel);

 private:
  enum class State { kReady, kWaiting, kDone };
  struct Meeting {
    std::vector<Datum> values;
    std::size_t arrived = 0;
  };
  using Key = std::pair<std::size_t, Ints>;

  void device_main(std::int64_t device, const Program& program);
  void pass_on(std::int64_t from);
  void wait(std::int64_t device, std::unique_lock<std::mutex>& lock);

  std::int64_t replicas_, partitions_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t turn_ = -1;  // whose it is; -1: nobody's
  std::vector<State> states_;
  std::vector<std::vector<Datum>> results_, received_;
  std::map<Key, Meeting> meetings_;
  std::map<Channel, std::deque<std::vector<Datum>>> sent_;
  std::size_t waiting_values_ = 0;                         // in sent_, by their weight
  std::map<Channel, std::deque<std::int64_t>> receivers_;  // those that wait
  std::exception_ptr error_;
};

}  // namespace jaxsmith::ir
