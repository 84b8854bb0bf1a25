// What all connections of one thread share.
#pragma once

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

#include "mock_server/runs/stats.hpp"
#include "mock_server/service/service.hpp"

namespace fanbench::server {

// The loop's own executor: any_io_executor would add an indirection to every operation.
using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using Timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

class Connection;
class WebSocketRooms;
using Hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
template <class T>
using HookedList =
    boost::intrusive::list<T, boost::intrusive::base_hook<Hook>, boost::intrusive::constant_time_size<false>>;

/// A connection that has become a member of a WebSocket room.
struct RoomMember : Hook {
  virtual void close() = 0;

 protected:
  ~RoomMember() = default;
};

/// How much clients may ask of the server. Times are in ticks of the loop's clock.
struct Limits {
  std::size_t body_bytes = std::size_t{1} << 20;  // of a request
  std::uint32_t idle_ticks = 0;     // a connection without a request, or a client that takes no byte
  std::uint32_t request_ticks = 0;  // from a request's first byte to its last
};

struct Loop {
  Loop(SharedState& shared, WebSocketRooms& rooms, Stats& stats, const Limits& limits, std::FILE* log);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  SharedState& shared;
  WebSocketRooms& rooms;
  Stats& stats;
  const Limits limits;
  std::FILE* const log;  // null: nothing is logged
  Service service{shared};
  // Bytes pass through these two, so that a connection that waits owns next to no buffers: ten thousand are
  // small.
  std::array<char, 64 * 1024> input;
  std::string output;
  std::uint32_t tick = 0;                // a clock that costs nothing to read, good enough for timeouts
  bool draining = false;                 // connections close after the reply that they are at
  std::function<void()> on_last_closed;  // while draining
  HookedList<Connection> connections;
  HookedList<RoomMember> members;

  /// One connection less.
  void closed() const;
};

}  // namespace fanbench::server
