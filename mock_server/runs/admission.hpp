// Which calls of a run may go on, and when: its rate limit, and its slots with a queue before them.
#pragma once

#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <queue>

#include "mock_server/plan/plan.hpp"

namespace fanbench::server {

/// A call that waits for a slot. `granted` is called once it has one, with the time at which that was given
/// up, from the thread that did.
struct Waiter : boost::intrusive::list_base_hook<> {
  using Granted = std::function<void(std::chrono::steady_clock::time_point)>;

  explicit Waiter(Granted call) : granted(std::move(call)) {}
  Granted granted;
};

/// Thread-safe, for a run may be served by several.
class Admission {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Admission(const Capacity& capacity) : capacity_(capacity) {}

  /// 0 where the rate limit lets a call pass, else in how long it would. Calls of several connections are not
  /// read in the order in which they arrived: one that is read late has come with the latest before it.
  Nanoseconds admit(Time arrived);

  /// Takes the slot that has been free for longest: since when. Nothing where none is free: then the waiter
  /// stands last in the queue.
  std::optional<Time> take_slot(Waiter& waiter);
  /// Takes a waiter out of the queue. False where it has been given a slot meanwhile: release_slot() is due.
  bool leave_queue(Waiter& waiter);
  /// A slot was given up then: it goes to whoever has waited longest.
  void release_slot(Time now);

  /// The most waiters at once.
  std::size_t queue_peak() const;

 private:
  const Capacity capacity_;
  mutable std::mutex mutex_;
  Time latest_{};  // that has arrived
  Time next_{};    // when the next call is due by the rate
  boost::intrusive::list<Waiter> queue_;
  std::size_t used_ = 0, queue_peak_ = 0;  // slots that were ever taken
  std::queue<Time> free_since_;            // those that were given up and are free
};

}  // namespace fanbench::server
