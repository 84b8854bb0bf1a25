// Event loops to which the calls of a fan-out are dealt out: a thread, and a client with connections of its
// own, for each of them.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "impls/http/async.hpp"

namespace fanbench {

/// An event loop, and the client of the calls that are made there.
struct Lane {
  Loop loop;
  AsyncClient& client;
};

/// As many as the setup has workers. The first is run by the thread whose work is done; that of the others is
/// made here, and waits in its loop whenever there is nothing to do.
class Lanes {
 public:
  /// Throws std::system_error where a thread cannot be had.
  explicit Lanes(const Setup& setup);
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  std::uint32_t size() const { return static_cast<std::uint32_t>(lanes_.size()); }
  /// Deals: call or chain of calls n is made here. One number is always in the same lane.
  const Lane& of(std::uint32_t n) const { return lanes_[n % lanes_.size()]; }

  asio::io_context& first() { return loops_.front(); }
  /// Runs the first loop until `main`, which runs there, has ended; rethrows what it threw.
  void run(Awaitable<void> main);
  /// Opens connections in each lane, as many as may be in flight there of so many.
  void warm(std::uint32_t in_flight);

 private:
  /// A thread that runs a loop until its end. What is thrown there comes out of the first loop.
  class Runner {
   public:
    Runner(asio::io_context& loop, asio::io_context& first);
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    ~Runner() { loop_.stop(); }

   private:
    asio::io_context& loop_;
    std::jthread thread_;
  };

  Awaitable<void> warm_each(std::uint32_t connections);

  Setup setup_;
  std::deque<asio::io_context> loops_;
  std::vector<asio::executor_work_guard<Loop>> busy_;  // they wait for what comes from each other, too
  std::vector<std::unique_ptr<AsyncClient>> clients_;
  std::vector<Lane> lanes_;
  std::deque<Runner> runners_;  // of all but the first
};

/// Of so many calls in flight those that may be in one lane, generously: of workers that each make one call
/// after another it may have no more than its part.
std::uint32_t most_in_a_lane(const Setup& setup, std::uint32_t in_flight);

/// What a model takes that makes its calls on event loops.
Needs needs_of_loops(const Setup& setup, std::uint32_t tasks, std::uint32_t in_flight);

}  // namespace fanbench
