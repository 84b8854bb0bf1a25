// One thread of the server: its event loop, and the connections that were given to it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>

#include "mock_server/net/loop.hpp"
#include "mock_server/net/server_options.hpp"

namespace fanbench::server {

class Worker {
 public:
  Worker(SharedState& shared, WebSocketRooms& rooms, const ServerOptions& options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  boost::asio::io_context& context() { return context_; }
  Stats& stats() { return loop_.stats; }

  // Of the worker's own thread, or of any while it does not run yet.

  /// Takes a connection over. `turn_away`: only to tell it that there are too many.
  void adopt(Socket socket, Ledger::ConnectionNumber number, bool turn_away);
  /// Lets calls in flight end, for `limit` at most, and ends run(). The second time: ends it at once.
  void drain(std::chrono::nanoseconds limit);
  /// Serves until drained.
  void run();
  /// Ends all connections: before any worker goes away, for they know each other through WebSocket rooms and
  /// their runs' queues.
  void close_all();

 private:
  void next_tick();
  void on_tick();

  const std::chrono::nanoseconds tick_;
  Loop loop_;                           // before the context, which destroys the connections
  boost::asio::io_context context_{1};  // a hint: one thread runs it
  Timer ticker_{context_}, drain_timer_{context_};
};

}  // namespace fanbench::server
