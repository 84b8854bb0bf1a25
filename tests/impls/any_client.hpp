// The HTTP clients behind one interface, so that one test can say the same of all of them.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <string_view>

#include "impls/http/transports.hpp"
#ifdef FANBENCH_HAS_URING
#include "impls/uring/client.hpp"
#endif
#include "tests/impls/scripted_server.hpp"

namespace fanbench {

/// For one thread: a call is under way, or none.
class AnyClient {
 public:
  virtual ~AnyClient() = default;
  virtual Reply get(const Request& request, std::stop_token stop = {}) = 0;
  virtual void warm(std::uint32_t connections) = 0;
};

class AnyBlocking final : public AnyClient {
 public:
  explicit AnyBlocking(const Setup& setup) : client_(make_blocking_client(setup)) {}

  Reply get(const Request& request, std::stop_token stop) override {
    return client_->get(request, {.stop = std::move(stop)});
  }
  Reply get(const Request& request, Until::Clock::time_point deadline) {
    return client_->get(request, {.deadline = deadline});
  }
  void warm(std::uint32_t connections) override { client_->warm(connections); }

 private:
  std::unique_ptr<BlockingClient> client_;
};

/// The loop runs while a call is under way. A stop cancels it.
class AnyAsync final : public AnyClient {
 public:
  explicit AnyAsync(const Setup& setup) : client_(make_async_client(setup, loop_.get_executor())) {}

  Reply get(const Request& request, std::stop_token stop) override {
    asio::cancellation_signal cancel;
    std::optional<Reply> reply;
    const auto take = [&reply](const Reply& got) { reply = got; };
    client_->get(request, asio::bind_cancellation_slot(cancel.slot(), take));
    EXPECT_FALSE(reply) << "an operation of Asio's does not end where it is begun";
    {
      const std::stop_callback on_stop(stop, [this, &cancel] {
        asio::post(loop_, [&cancel] { cancel.emit(asio::cancellation_type::terminal); });
      });
      run_until(reply);
    }
    loop_.poll();  // a cancellation that came when the call had ended
    return *reply;
  }
  void warm(std::uint32_t connections) override {
    std::optional<std::exception_ptr> ended;
    asio::co_spawn(loop_, client_->warm(connections),
                   [&ended](std::exception_ptr thrown) { ended = thrown; });
    run_until(ended);
    if (*ended) std::rethrow_exception(*ended);
  }

 private:
  template <class T>
  void run_until(const std::optional<T>& is_there) {
    loop_.restart();
    while (!is_there) loop_.run_one();
  }

  asio::io_context loop_{1};
  std::unique_ptr<AsyncClient> client_;
};

#ifdef FANBENCH_HAS_URING
/// The client of the io_uring model. A stop cancels the call, within a millisecond.
class AnyRing final : public AnyClient {
 public:
  explicit AnyRing(const Setup& setup) : client_(setup, loop_) {}

  Reply get(const Request& request, std::stop_token stop) override {
    Reply reply;
    uring::run(loop_, make(request, stop, reply));
    client_.finish_closing();
    return reply;
  }
  void warm(std::uint32_t connections) override { uring::run(loop_, client_.warm(connections)); }

 private:
  uring::Task<> make(const Request& request, std::stop_token stop, Reply& reply) {
    uring::CancelScope call, over;
    uring::Join watching;
    watching.spawn(watch(stop, call, over));
    co_await uring::Sleep(loop_,
                          uring::Clock::now());  // a loop that goes on has seen what came since the last call
    reply = co_await client_.get(request, &call);
    over.cancel();
    co_await watching;
  }
  uring::Task<> watch(std::stop_token stop, uring::CancelScope& call, uring::CancelScope& over) {
    while (!over.cancelled() && !stop.stop_requested())
      co_await uring::Sleep(loop_, uring::Clock::now() + std::chrono::milliseconds(1), &over);
    if (stop.stop_requested()) call.cancel();
  }

  uring::Loop loop_;
  uring::Client client_;
};
#endif

/// A transport, in the interface for threads or for event loops, or the client of the io_uring model.
struct Kind {
  std::string transport;
  bool async = false, ring = false;

  std::unique_ptr<AnyClient> make(std::uint16_t port, Connection connection = Connection::reuse) const {
    const Setup setup{.port = port, .transport = transport, .connection = connection};
#ifdef FANBENCH_HAS_URING
    if (ring) return std::make_unique<AnyRing>(setup);
#endif
    if (async) return std::make_unique<AnyAsync>(setup);
    return std::make_unique<AnyBlocking>(setup);
  }
  std::string name() const { return transport + (ring ? "_ring" : async ? "_async" : "_blocking"); }
  friend std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name(); }
};

/// Containers forbid io_uring, and old kernels have none.
inline bool ring_is_there() {
#ifdef FANBENCH_HAS_URING
  try {
    uring::Loop();
    return true;
  } catch (const NotApplicable&) {
  }
#endif
  return false;
}

inline std::vector<Kind> all_clients() {
  std::vector<Kind> all;
  for (const TransportEntry& transport : transports()) {
    all.push_back({std::string(transport.name), false});
    all.push_back({std::string(transport.name), true});
  }
  if (ring_is_there()) all.push_back({"native", true, true});
  return all;
}

/// A test of every client.
class EveryClient : public testing::TestWithParam<Kind> {
 protected:
  std::unique_ptr<AnyClient> client_of(ScriptedServer& server, Connection connection = Connection::reuse) {
    return GetParam().make(server.port(), connection);
  }
};

inline std::string name_of_client(const testing::TestParamInfo<Kind>& info) { return info.param.name(); }

}  // namespace fanbench
