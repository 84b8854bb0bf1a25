// Permits on the loop. A coroutine that waits for one is linked into the queue where it waits: that takes no
// memory but its own frame.
#pragma once

#include "impls/uring/loop.hpp"

namespace fanbench::uring {

class Permits {
 public:
  Permits(Loop& loop, std::uint32_t permits) : loop_(loop), left_(permits) {}

  /// To be awaited, in arrival order.
  auto take() { return Taking{*this, {}}; }
  void give_back() {
    if (waiting_.empty()) {
      ++left_;
      return;
    }
    Ready& next = waiting_.front();
    waiting_.pop_front();
    loop_.go_on(next);
  }

 private:
  struct Taking {
    Permits& of;
    Ready waits;

    bool await_ready() const noexcept {
      if (of.left_ == 0) return false;
      --of.left_;
      return true;
    }
    void await_suspend(std::coroutine_handle<> by) {
      waits.coroutine = by;
      of.waiting_.push_back(waits);
    }
    void await_resume() const noexcept {}
  };
  friend struct Taking;

  Loop& loop_;
  std::uint32_t left_;
  boost::intrusive::slist<Ready, boost::intrusive::cache_last<true>,
                          boost::intrusive::constant_time_size<false>>
      waiting_;
};

/// One that was taken, given back at the end, whatever that is.
struct Permit {
  Permits* of;
  ~Permit() {
    if (of) of->give_back();
  }
};

}  // namespace fanbench::uring
