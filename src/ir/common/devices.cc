#include "ir/common/devices.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/threads.h"

namespace jaxsmith::ir {

using tensor::EvaluationError;

namespace {

constexpr std::int64_t kMostThreads = 64;     // each device has one
constexpr std::size_t kMostSent = 1'000'000;  // values that wait for who receives them

// What a message counts for while it waits: by its parts, as a tuple may have any number of them.
std::size_t weight_of(const std::vector<Datum>& values) {
  std::int64_t sum = 1;
  for (const Datum& d : values) sum += weight(d);
  return static_cast<std::size_t>(sum);
}

}  // namespace

Devices::Devices(std::int64_t replicas, std::int64_t partitions)
    : replicas_(replicas), partitions_(partitions) {
  if (replicas < 1 || partitions < 1) tensor::invalid("a program runs on at least one device");
  if (replicas > kMostThreads || partitions > kMostThreads || count() > kMostThreads)
    tensor::unsupported(
        fmt::format("{} x {} devices, more than {},", replicas, partitions, kMostThreads));
}

std::vector<std::vector<Datum>> Devices::run(const Program& program) {
  const auto n = static_cast<std::size_t>(count());
  states_.assign(n, State::kReady);
  results_.assign(n, {});
  received_.assign(n, {});
  meetings_.clear();
  sent_.clear();
  waiting_values_ = 0;
  receivers_.clear();
  error_ = nullptr;
  turn_ = 0;
  Threads threads;
  {
    const std::lock_guard<std::mutex> lock(mutex_);  // nobody runs before all are there
    Status started;
    while (threads.size() < n && started.ok())
      started = threads.start([this, d = static_cast<std::int64_t>(threads.size()),
                               &program](const std::stop_token&) -> Status {
        device_main(d, program);
        return {};
      });
    if (!started.ok()) {
      error_ = std::make_exception_ptr(
          EvaluationError{EvaluationError::Kind::kBudget, started.error().message});
      std::fill(states_.begin() + static_cast<std::ptrdiff_t>(threads.size()), states_.end(),
                State::kDone);
    }
  }
  if (const Status joined = threads.join(); !joined.ok() && !error_)
    error_ = std::make_exception_ptr(
        EvaluationError{EvaluationError::Kind::kBudget, joined.error().message});
  meetings_.clear();
  received_.clear();
  if (error_) std::rethrow_exception(error_);
  return std::move(results_);
}

void Devices::device_main(std::int64_t device, const Program& program) {
  const auto me = static_cast<std::size_t>(device);
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return turn_ == device; });
  if (!error_) {
    lock.unlock();
    std::vector<Datum> out;
    std::exception_ptr error;
    try {
      out = program(device);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !error_) error_ = error;
    results_[me] = std::move(out);
  }
  states_[me] = State::kDone;
  pass_on(device);
}

// Whoever is next and can go on gets the turn. Where nobody can, they wait for each other.
void Devices::pass_on(std::int64_t from) {
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t i = 1; i <= count(); ++i) {
      const std::int64_t d = (from + i) % count();
      const State state = states_[static_cast<std::size_t>(d)];
      if (state == State::kReady || (error_ && state == State::kWaiting)) {
        turn_ = d;
        changed_.notify_all();
        return;
      }
    }
    if (std::all_of(states_.begin(), states_.end(), [](State s) { return s == State::kDone; }))
      return;
    error_ = std::make_exception_ptr(
        EvaluationError{EvaluationError::Kind::kInvalid,
                        "devices wait for others that never come to this operation"});
  }
}

std::vector<Datum> Devices::exchange(std::int64_t device, const Ints& group, std::size_t place,
                                     Datum value) {
  const auto found = std::find(group.begin(), group.end(), device);
  if (found == group.end()) tensor::invalid("a device takes part in an exchange of others");
  for (const std::int64_t d : group)
    if (d < 0 || d >= count()) tensor::invalid(fmt::format("there is no device {}", d));
  if (std::count(group.begin(), group.end(), device) != 1 ||
      group.size() > static_cast<std::size_t>(count()))
    tensor::invalid("a device is twice in a group");
  std::unique_lock<std::mutex> lock(mutex_);
  const auto me = static_cast<std::size_t>(device);
  Meeting& meeting = meetings_[{place, group}];
  meeting.values.resize(group.size());
  meeting.values[static_cast<std::size_t>(found - group.begin())] = std::move(value);
  if (++meeting.arrived == group.size()) {
    for (const std::int64_t d : group) {
      received_[static_cast<std::size_t>(d)] = meeting.values;
      states_[static_cast<std::size_t>(d)] = State::kReady;
    }
    meetings_.erase({place, group});
  } else {
    wait(device, lock);
  }
  return std::move(received_[me]);
}

void Devices::wait(std::int64_t device, std::unique_lock<std::mutex>& lock) {
  states_[static_cast<std::size_t>(device)] = State::kWaiting;
  pass_on(device);
  changed_.wait(lock, [&] { return turn_ == device; });
  if (error_) std::rethrow_exception(error_);
}

void Devices::send(const Channel& channel, std::vector<Datum> values) {
  const std::unique_lock<std::mutex> lock(mutex_);
  waiting_values_ += weight_of(values);
  if (waiting_values_ > kMostSent) tensor::unsupported("more is sent than is received");
  sent_[channel].push_back(std::move(values));
  auto& waiting = receivers_[channel];
  if (waiting.empty()) return;
  states_[static_cast<std::size_t>(waiting.front())] = State::kReady;
  waiting.pop_front();
}

std::vector<Datum> Devices::receive(std::int64_t device, const Channel& channel) {
  std::unique_lock<std::mutex> lock(mutex_);
  auto& sent = sent_[channel];
  while (sent.empty()) {
    receivers_[channel].push_back(device);
    wait(device, lock);
  }
  std::vector<Datum> out = std::move(sent.front());
  sent.pop_front();
  waiting_values_ -= weight_of(out);
  return out;
}

}  // namespace jaxsmith::ir
