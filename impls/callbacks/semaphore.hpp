// Permits on an event loop. Who finds none left waits as a handler in a queue, in arrival order.
#pragma once

#include <boost/asio/post.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "impls/http/async.hpp"

namespace fanbench::callbacks {

class Semaphore {
 public:
  /// Two pointers are kept without an allocation.
  using Handler = std::function<void()>;

  Semaphore(asio::io_context& loop, std::uint32_t permits) : loop_(loop), permits_(permits) {}

  /// The handler has a permit when the loop invokes it.
  void acquire(Handler handler) {
    if (permits_ == 0) return waiting_.push_back(std::move(handler));
    --permits_;
    asio::post(loop_, std::move(handler));
  }
  void release() {
    if (waiting_.empty()) {
      ++permits_;
      return;
    }
    asio::post(loop_, std::move(waiting_.front()));
    waiting_.pop_front();
  }

 private:
  asio::io_context& loop_;
  std::uint32_t permits_;
  std::deque<Handler> waiting_;
};

}  // namespace fanbench::callbacks
