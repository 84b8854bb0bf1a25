// The client of models that block a thread for each call.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "impls/contract/model.hpp"
#include "impls/http/request.hpp"

namespace fanbench {

/// How long a call may take: until a stop is requested, or its deadline has come.
struct Until {
  using Clock = Recorder::Clock;

  std::stop_token stop{};
  Clock::time_point deadline = Clock::time_point::max();
};

/// A member of a room. Its end closes the connection. For one thread at a time.
class BlockingSocket {
 public:
  BlockingSocket() = default;
  BlockingSocket(const BlockingSocket&) = delete;
  BlockingSocket& operator=(const BlockingSocket&) = delete;
  virtual ~BlockingSocket() = default;

  /// To all others in the room. False where the connection failed, or a stop was requested.
  virtual bool say(std::string_view text) = 0;
  /// What one of them says next, to be used before the next call. Nothing where the connection has ended, or
  /// a stop was requested.
  virtual std::optional<std::string_view> hear() = 0;
};

/// May be called from many threads at once. Idle connections are shared by all of them, the last used first.
class BlockingClient {
 public:
  BlockingClient() = default;
  BlockingClient(const BlockingClient&) = delete;
  BlockingClient& operator=(const BlockingClient&) = delete;
  virtual ~BlockingClient() = default;

  /// Returns when the reply is there, the connection failed (transport_error), a stop was requested
  /// (cancelled) or the deadline has come (timed_out): in the last two the connection is given up at once.
  /// Throws only for a broken set-up.
  virtual Reply get(const Request& request, const Until& until = {}) = 0;
  /// A WebSocket in the room of this run, over an idle connection or a new one: who has it hears whatever
  /// others say from then on, until a stop is requested. Where the connection failed, it has ended. Throws
  /// NotApplicable where the transport has no WebSockets.
  virtual std::unique_ptr<BlockingSocket> enter_room(std::uint64_t run, std::stop_token stop = {}) = 0;
  /// Opens connections until so many are idle; nothing where connections are not kept. To be called while no
  /// call is under way. Throws std::runtime_error where the server does not answer.
  virtual void warm(std::uint32_t connections) = 0;
};

/// The client of the setup's transport. Throws std::invalid_argument where there is no such transport.
std::unique_ptr<BlockingClient> make_blocking_client(const Setup& setup);

}  // namespace fanbench
