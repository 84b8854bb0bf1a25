// The HTTP clients behind one interface, so that one test can say the same of all of them.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <string_view>

#include "impls/http/transports.hpp"
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

/// The loop runs while a call is under way. A stop cancels the coroutine that makes it.
class AnyAwaitable final : public AnyClient {
 public:
  explicit AnyAwaitable(const Setup& setup) : client_(make_awaitable_client(setup, loop_.get_executor())) {}

  Reply get(const Request& request, std::stop_token stop) override {
    asio::cancellation_signal cancel;
    std::optional<Reply> reply;
    run(get(*client_, request, stop, cancel), cancel, stop, [&reply](const Reply& got) { reply = got; });
    return reply.value();
  }
  void warm(std::uint32_t connections) override {
    asio::cancellation_signal never;
    run(client_->warm(connections), never, {}, [] {});
  }

 private:
  /// A stop that was requested before cancels a coroutine that has begun, as models cancel theirs.
  static Awaitable<Reply> get(AwaitableClient& client, Request request, std::stop_token stop,
                              asio::cancellation_signal& cancel) {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (stop.stop_requested()) cancel.emit(asio::cancellation_type::terminal);
    co_return co_await client.get(request);
  }
  template <class T, class Take>
  void run(Awaitable<T> coroutine, asio::cancellation_signal& cancel, const std::stop_token& stop,
           Take take) {
    bool done = false;
    std::exception_ptr thrown;
    asio::co_spawn(loop_, std::move(coroutine),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [&done, &thrown, take](std::exception_ptr exception, auto... result) {
                         done = true;
                         thrown = exception;
                         take(result...);
                       }));
    {
      const std::stop_callback on_stop(stop, [this, &cancel] {
        asio::post(loop_, [&cancel] { cancel.emit(asio::cancellation_type::terminal); });
      });
      loop_.restart();
      while (!done) loop_.run_one();
    }
    loop_.poll();  // a cancellation that came when the call had ended
    if (thrown) std::rethrow_exception(thrown);
  }

  asio::io_context loop_{1};
  std::unique_ptr<AwaitableClient> client_;
};

/// A transport, in the interface for threads or the one for coroutines.
struct Kind {
  std::string transport;
  bool awaitable;

  std::unique_ptr<AnyClient> make(std::uint16_t port, Connection connection = Connection::reuse) const {
    const Setup setup{.port = port, .transport = transport, .connection = connection};
    if (awaitable) return std::make_unique<AnyAwaitable>(setup);
    return std::make_unique<AnyBlocking>(setup);
  }
  std::string name() const { return transport + (awaitable ? "_awaitable" : "_blocking"); }
  friend std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name(); }
};

inline std::vector<Kind> all_clients() {
  std::vector<Kind> all;
  for (const TransportEntry& transport : transports()) {
    all.push_back({std::string(transport.name), false});
    all.push_back({std::string(transport.name), true});
  }
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
