// What a fan-out waits for.
#pragma once

#include <cstddef>

#include "impls/http/async.hpp"

namespace fanbench::callbacks {

/// How much is still under way. Handlers refer to what their workload has on its stack: it waits here before
/// it returns.
class Pending {
 public:
  explicit Pending(asio::io_context& loop, std::size_t begun = 0) : loop_(loop), left_(begun) {}

  void begin() noexcept { ++left_; }
  /// The last one stops the loop, which would go on for the client's idle connections.
  void end() {
    if (--left_ == 0) loop_.stop();
  }
  std::size_t left() const noexcept { return left_; }
  /// Runs the loop until nothing is left.
  void wait() {
    while (left_ > 0) {
      loop_.restart();
      loop_.run();
    }
  }

 private:
  asio::io_context& loop_;
  std::size_t left_;
};

}  // namespace fanbench::callbacks
