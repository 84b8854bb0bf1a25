// An event loop on io_uring: entries for the kernel are gathered and handed over in one system call, which
// also waits for the next completions.
#pragma once

#include <liburing.h>

#include <atomic>
#include <boost/intrusive/avl_set.hpp>
#include <boost/intrusive/slist.hpp>
#include <coroutine>
#include <cstdint>

#include "impls/contract/records.hpp"

namespace fanbench::uring {

using Clock = Recorder::Clock;

/// What the kernel was asked for. It lives until its last completion.
class Operation {
 public:
  /// `flags` as in io_uring_cqe: with IORING_CQE_F_MORE others follow.
  virtual void completed(int result, std::uint32_t flags) = 0;

 protected:
  ~Operation() = default;
};

/// Something to be done at a time, unless it has ended before.
class Timed
    : public boost::intrusive::avl_set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  explicit Timed(Clock::time_point at) noexcept : at_(at) {}
  virtual void expired() = 0;

  Clock::time_point at() const noexcept { return at_; }

 protected:
  ~Timed() = default;

 private:
  Clock::time_point at_;
};

inline bool operator<(const Timed& a, const Timed& b) noexcept { return a.at() < b.at(); }

/// A coroutine that can go on, in the order in which others can.
struct Ready : boost::intrusive::slist_base_hook<> {
  std::coroutine_handle<> coroutine;
};

/// For one thread, that which makes it.
class Loop {
 public:
  /// Throws NotApplicable where there is no io_uring, or not as it is used here.
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { io_uring_queue_exit(&ring_); }

  /// An entry to be filled in at once; it is handed over when the loop next waits. Without an operation
  /// nobody learns what became of it.
  io_uring_sqe& entry();
  /// Completes the operation on another loop, by that one's thread.
  void tell(Loop& other, Operation& operation);
  /// All entries, at once.
  void hand_over();
  void set(Timed& timed) { timers_.insert(timed); }
  void go_on(Ready& ready) { ready_.push_back(ready); }
  /// Until `done`, which coroutines, operations and timers make true.
  void run_until(const bool& done);

  io_uring& ring() noexcept { return ring_; }
  /// Since the loop was made.
  RingUse use() const noexcept { return use_; }

 private:
  void wait();
  void count_enter();

  io_uring ring_;
  std::atomic<std::uint32_t> told_ = 0;  // messages of other loops, which see what was written before them
  RingUse use_;
  boost::intrusive::avl_multiset<Timed, boost::intrusive::constant_time_size<false>> timers_;
  boost::intrusive::slist<Ready, boost::intrusive::cache_last<true>,
                          boost::intrusive::constant_time_size<false>>
      ready_;
};

}  // namespace fanbench::uring
