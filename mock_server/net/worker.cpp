// Runs an event loop, keeps its clock, and cuts off what takes too long.
#include "mock_server/net/worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "mock_server/net/connection.hpp"
#include "mock_server/net/websocket_rooms.hpp"

namespace fanbench::server {
namespace {

using Nanos = std::chrono::nanoseconds;

/// Fine enough for the shorter of the timeouts, and no finer than needed.
Nanos tick_of(const ServerOptions& options) {
  constexpr Nanos shortest = std::chrono::milliseconds(5), longest = std::chrono::milliseconds(250);
  return std::clamp(std::min(options.idle_timeout, options.request_timeout) / 4, shortest, longest);
}

Limits limits_of(const ServerOptions& options) {
  const auto ticks = [&](Nanos time) {
    return static_cast<std::uint32_t>(std::min<std::int64_t>(time / tick_of(options) + 1, UINT32_MAX / 2));
  };
  return {.body_bytes = options.body_limit,
          .idle_ticks = ticks(options.idle_timeout),
          .request_ticks = ticks(options.request_timeout)};
}

Stats& add_stats(SharedState& shared) { return *shared.stats.emplace_back(std::make_unique<Stats>()); }

}  // namespace

Worker::Worker(SharedState& shared, WebSocketRooms& rooms, const ServerOptions& options)
    : tick_(tick_of(options)), loop_(shared, rooms, add_stats(shared), limits_of(options), options.log) {
  loop_.on_last_closed = [this] { context_.stop(); };
  next_tick();
}

Worker::~Worker() {
  loop_.draining = false;
}  // connections that are still open go with the context, and tell nobody

void Worker::adopt(Socket socket, Ledger::ConnectionNumber number, bool turn_away) {
  try {
    const auto connection = std::make_shared<Connection>(loop_, std::move(socket), number);
    turn_away ? connection->turn_away() : connection->start();
  } catch (const std::exception& error) {  // out of memory: this client is turned away, the server goes on
    fmt::print(stderr, "fanbench-server: a connection was refused: {}\n", error.what());
  }
}

void Worker::run() {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& error) {  // its connection has been closed: the others are served on
      fmt::print(stderr, "fanbench-server: a connection was dropped: {}\n", error.what());
    }
  }
}

void Worker::next_tick() {
  ticker_.expires_after(tick_);
  ticker_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    next_tick();
    on_tick();
  });
}

/// Looks at a quarter of the connections, so that replies stay in time however many there are.
void Worker::on_tick() {
  ++loop_.tick;
  loop_.shared.arrival_clock.check();
  loop_.service.forget_deleted();
  if (loop_.log) std::fflush(loop_.log);
  for (std::size_t left = loop_.shared.open_connections / 4 + 16; left > 0 && !loop_.connections.empty();
       --left) {
    const auto connection = loop_.connections.front().shared_from_this();
    loop_.connections.pop_front();
    loop_.connections.push_back(*connection);
    connection->check_time();
  }
}

void Worker::drain(Nanos limit) {
  if (std::exchange(loop_.draining, true)) return context_.stop();
  for (auto next = loop_.connections.begin(); next != loop_.connections.end();) (next++)->drain();
  close_members(loop_);
  if (loop_.connections.empty()) return context_.stop();
  drain_timer_.expires_after(limit);
  drain_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) context_.stop();
  });
}

void Worker::close_all() {
  loop_.draining = false;
  for (auto next = loop_.connections.begin(); next != loop_.connections.end();) {
    const auto connection = (next++)->shared_from_this();
    connection->close();
  }
  close_members(loop_);
}

}  // namespace fanbench::server
