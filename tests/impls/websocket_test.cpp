// WebSockets of both native clients: what is said in a room is heard there, and every end of one is noticed.
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <functional>
#include <semaphore>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "bench/targets/server.hpp"
#include "impls/http/transports.hpp"

namespace fanbench {
namespace {

using Texts = std::vector<std::string>;

/// A room of a server's, and somebody in it who speaks.
struct Room {
  MockServer server{SERVER_PROGRAM};
  std::uint64_t run = server.create_run({});
  std::unique_ptr<BlockingClient> client = make_blocking_client(setup());
  std::unique_ptr<BlockingSocket> speaker = client->enter_room(run);

  Setup setup(const std::string& transport = "native") {
    return {.host = server.host(), .port = server.port(), .transport = transport};
  }
};

/// Enters, tells that it did, and hears until there is nothing more, or the end is said.
void hear_all(BlockingClient& client, std::uint64_t run, const std::stop_token& stop, const auto& entered,
              Texts& heard) {
  const auto socket = client.enter_room(run, stop);
  entered();
  while (const auto text = socket->hear()) {
    heard.emplace_back(*text);
    if (*text == "end") return;
  }
  EXPECT_FALSE(socket->hear().has_value()) << "after its end";
}
Awaitable<void> hear_all(AsyncClient& client, std::uint64_t run, std::function<void()> entered,
                         Texts& heard) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto socket = co_await client.enter_room(run);
  entered();
  for (;;) {
    const auto text = co_await socket->hear();
    if (!text) co_return;
    heard.emplace_back(*text);
    if (*text == "end") co_return;
  }
}

/// A listener in a room, on a thread of its own, by either client.
class Listener {
 public:
  Listener(Room& room, std::uint64_t run, bool awaits, bool warm) {
    thread_ = std::jthread([this, &room, run, awaits, warm](const std::stop_token& stop) {
      awaits ? await(room, run, warm, stop) : block(room, run, warm, stop);
    });
    entered_.acquire();
  }
  void stop() { thread_.request_stop(); }
  /// Waits until it has heard all.
  const Texts& heard() {
    thread_.join();
    return heard_;
  }

 private:
  void block(Room& room, std::uint64_t run, bool warm, const std::stop_token& stop) {
    const auto client = make_blocking_client(room.setup());
    if (warm) client->warm(1);
    hear_all(
        *client, run, stop, [this] { entered_.release(); }, heard_);
  }
  void await(Room& room, std::uint64_t run, bool warm, const std::stop_token& stop) {
    asio::io_context loop{1};
    const auto client = make_async_client(room.setup(), loop.get_executor());
    if (warm) {
      asio::co_spawn(loop, client->warm(1), [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
      loop.run();
      loop.restart();
    }
    asio::cancellation_signal cancel;
    asio::co_spawn(loop,
                   hear_all(
                       *client, run, [this] { entered_.release(); }, heard_),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); }));
    const std::stop_callback on_stop(
        stop, [&] { asio::post(loop, [&cancel] { cancel.emit(asio::cancellation_type::terminal); }); });
    loop.run();
  }

  std::binary_semaphore entered_{0};
  Texts heard_;
  std::jthread thread_;
};

class WebSockets : public testing::TestWithParam<bool> {
 protected:
  Room room;
};

TEST_P(WebSockets, HearWhatIsSaidFromTheHandshakeOn) {
  for (const bool warm : {false, true}) {
    Listener listener(room, room.run, GetParam(), warm);
    for (const std::string_view text : {"one", "two", "end"}) EXPECT_TRUE(room.speaker->say(text));
    EXPECT_EQ(listener.heard(), (Texts{"one", "two", "end"}));
  }
}
TEST_P(WebSockets, EndWhenTheyAreStopped) {
  Listener listener(room, room.run, GetParam(), false);
  listener.stop();
  EXPECT_TRUE(listener.heard().empty());
}
TEST_P(WebSockets, EndWithTheServer) {
  Listener listener(room, room.run, GetParam(), true);
  ::kill(room.server.pid(), SIGKILL);
  EXPECT_TRUE(listener.heard().empty());
  EXPECT_FALSE(room.speaker->hear().has_value());
  while (room.speaker->say("is anybody there?")) {  // until the kernel knows
  }
}
TEST_P(WebSockets, AreNotToBeHadInARunThatIsNotThere) {
  Listener listener(room, room.run + 1, GetParam(), true);
  EXPECT_TRUE(listener.heard().empty());
  EXPECT_FALSE(room.client->enter_room(room.run + 1)->say("hello"));
}
INSTANTIATE_TEST_SUITE_P(Native, WebSockets, testing::Bool(), [](const auto& awaits) {
  return std::string(awaits.param ? "awaitable" : "blocking");
});

TEST(WebSocketsOverCurl, AreNotApplicable) {
  asio::io_context loop;
  const fanbench::Setup setup{.port = 1, .transport = "curl"};
  EXPECT_THROW(make_blocking_client(setup)->enter_room(1), NotApplicable);
  EXPECT_THROW(make_async_client(setup, loop.get_executor())->enter_room(1), NotApplicable);
}

}  // namespace
}  // namespace fanbench
