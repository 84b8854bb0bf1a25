// Which calls of a run may go on, and when: its rate limit, and its slots with a queue before them.
#pragma once

#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>

#include "mock_server/plan/plan.hpp"

namespace fanbench::server {

/// A call that waits for a slot. `granted` is called once it has one, from the thread that gave it up.
struct Waiter : boost::intrusive::list_base_hook<> {
  explicit Waiter(std::function<void()> call) : granted(std::move(call)) {}
  std::function<void()> granted;
};

/// Thread-safe, for a run may be served by several.
class Admission {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Admission(const Capacity& capacity) : capacity_(capacity) {}

  /// 0 where the rate limit lets a call pass, else in how long it would. Calls of several connections are not
  /// read in the order in which they arrived: one that is read late has come with the latest before it.
  Nanoseconds admit(Time arrived);

  /// True where a slot is free, which is then taken. Else the waiter stands last in the queue.
  bool take_slot(Waiter& waiter);
  /// Takes a waiter out of the queue. False where it has been given a slot meanwhile: release_slot() is due.
  bool leave_queue(Waiter& waiter);
  /// Gives a slot up, to whoever has waited longest.
  void release_slot();

  /// The most waiters at once.
  std::size_t queue_peak() const;

 private:
  const Capacity capacity_;
  mutable std::mutex mutex_;
  Time latest_{};  // that has arrived
  Time next_{};    // when the next call is due by the rate
  boost::intrusive::list<Waiter> queue_;
  std::size_t busy_ = 0, queue_peak_ = 0;
};

}  // namespace fanbench::server
