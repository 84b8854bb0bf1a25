// The client of models that block a thread for each call.
#pragma once

#include <memory>
#include <stop_token>

#include "impls/contract/model.hpp"
#include "impls/http/request.hpp"

namespace fanbench {

/// How long a call may take: until a stop is requested, or its deadline has come.
struct Until {
  using Clock = Recorder::Clock;

  std::stop_token stop{};
  Clock::time_point deadline = Clock::time_point::max();
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
  /// Opens connections until so many are idle; nothing where connections are not kept. To be called while no
  /// call is under way. Throws std::runtime_error where the server does not answer.
  virtual void warm(std::uint32_t connections) = 0;
};

/// The client of the setup's transport. Throws std::invalid_argument where there is no such transport.
std::unique_ptr<BlockingClient> make_blocking_client(const Setup& setup);

}  // namespace fanbench
