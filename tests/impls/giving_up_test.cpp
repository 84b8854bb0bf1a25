// A call that is given up, by a stop or at its deadline, ends with its verdict and closes its connection at
// once, wherever its reply has got to.
#include <gtest/gtest.h>

#include <optional>
#include <semaphore>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>

#include "tests/impls/any_client.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using Peer = ScriptedServer::Peer;

constexpr Request request{.run = 1};
const std::string reply = with_length("00000000000000a7");

/// How far the reply has got when the call is given up.
struct Phase {
  const char* name;
  std::string_view begun;

  friend std::ostream& operator<<(std::ostream& out, const Phase& phase) { return out << phase.name; }
};
constexpr Phase phases[] = {
    {"before_the_head", ""},
    {"in_the_head", "HTTP/1.1 200 OK\r\nContent-Le"},
    {"between_heads", "HTTP/1.1 103 Early Hints\r\n\r\n"},
    {"before_the_body", "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"},
    {"in_the_body", "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n00000000000000a7"},
    {"in_the_chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n00000000000000a7\r\n"},
};

class GivingUp : public testing::TestWithParam<std::tuple<Kind, Phase>> {
 protected:
  const Kind& kind() const { return std::get<0>(GetParam()); }
  std::string_view begun() const { return std::get<1>(GetParam()).begun; }

  /// The first call of the client is answered, so that the second, which is given up, has a kept connection,
  /// or not; another on a new connection is answered.
  void expect_given_up(bool kept, const std::function<void(Peer&)>& give_up,
                       const std::function<Verdict(AnyClient&)>& call, Verdict expected) {
    std::atomic<int> received = 0;
    const int given_up = kept ? 2 : 1;
    ScriptedServer server([&](Peer& peer) {
      while (!peer.receive().empty()) {
        if (++received != given_up) {
          peer.send(reply);
          continue;
        }
        if (!begun().empty()) peer.send_alone(begun());
        give_up(peer);
        peer.wait_until_closed();
        return;
      }
    });
    const auto client = kind().make(server.port());
    if (kept) client->get(request);
    EXPECT_EQ(call(*client), expected);
    EXPECT_TRUE(server.open_becomes(0)) << "the connection stays open";
    EXPECT_EQ(server.accepted(), 1U);
    EXPECT_EQ(client->get(request).answer, 0xa7U);
    EXPECT_EQ(server.accepted(), 2U);
    EXPECT_EQ(server.requests().size(), kept ? 3U : 2U) << "a call was made again";
  }
};

TEST_P(GivingUp, ByAStop) {
  for (const bool kept : {false, true}) {
    SCOPED_TRACE(kept);
    std::stop_source stop;
    expect_given_up(
        kept, [&stop](Peer&) { stop.request_stop(); },
        [&stop](AnyClient& client) { return client.get(request, stop.get_token()).verdict; },
        Verdict::cancelled);
  }
}

/// Of clients that know deadlines: for coroutines the model races a timer.
TEST_P(GivingUp, AtTheDeadline) {
  if (kind().async) return;
  for (const bool kept : {false, true}) {
    SCOPED_TRACE(kept);
    expect_given_up(
        kept, [](Peer&) {},
        [](AnyClient& client) {
          const auto deadline = Until::Clock::now() + 100ms;
          const Verdict verdict = static_cast<AnyBlocking&>(client).get(request, deadline).verdict;
          EXPECT_GE(Until::Clock::now(), deadline);
          return verdict;
        },
        Verdict::timed_out);
  }
}

INSTANTIATE_TEST_SUITE_P(, GivingUp,
                         testing::Combine(testing::ValuesIn(all_clients()), testing::ValuesIn(phases)),
                         [](const auto& instance) {
                           return std::get<0>(instance.param).name() + '_' + std::get<1>(instance.param).name;
                         });

class GivenUpBefore : public EveryClient {};

/// Nothing is sent, and where nothing was sent the kept connection need not be closed. Asynchronous clients
/// cannot be told: like any operation of Asio's, their call can be cancelled when it is under way.
TEST_P(GivenUpBefore, ACallIsNotMade) {
  if (GetParam().async) return;
  ScriptedServer server(answer_all(reply));
  const auto client = client_of(server);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(client->get(request, stop.get_token()).verdict, Verdict::cancelled);
  client->get(request);
  EXPECT_EQ(client->get(request, stop.get_token()).verdict, Verdict::cancelled);
  auto& blocking = static_cast<AnyBlocking&>(*client);
  EXPECT_EQ(blocking.get(request, Until::Clock::now()).verdict, Verdict::timed_out);
  EXPECT_EQ(blocking.get(request, Until::Clock::now() - 1h).verdict, Verdict::timed_out);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(client->get(request).verdict, Verdict::ok);
}

/// A stop and a deadline that do not come do no harm.
TEST_P(GivenUpBefore, ACallThatEndsInTimeIsNotGivenUp) {
  ScriptedServer server(answer_all(reply));
  const auto client = client_of(server);
  std::stop_source stop;
  EXPECT_EQ(client->get(request, stop.get_token()).verdict, Verdict::ok);
  if (!GetParam().async) {
    auto& blocking = static_cast<AnyBlocking&>(*client);
    EXPECT_EQ(blocking.get(request, Until::Clock::now() + patience).verdict, Verdict::ok);
  }
  stop.request_stop();
  EXPECT_EQ(client->get(request).verdict, Verdict::ok);
  EXPECT_EQ(server.accepted(), 1U);
}

/// Neither where bytes keep coming, with each of which a client looks at the time, nor where a second of the
/// clock begins meanwhile, as libcurl reckons with seconds and microseconds apart.
TEST_P(GivenUpBefore, ACallIsNotGivenUpEarly) {
  if (GetParam().async) return;
  for (int i = 0; i < 2; ++i) {
    ScriptedServer server([](Peer& peer) {
      peer.receive();
      peer.send("HTTP/1.1 200 OK\r\n");
      for (int line = 0; line < 100; ++line) {
        peer.send("X-A: b\r\n");
        std::this_thread::sleep_for(100us);
      }
      peer.wait_until_closed();
    });
    const auto client = client_of(server);
    const auto second = std::chrono::ceil<std::chrono::seconds>(Until::Clock::now() + 3ms);
    std::this_thread::sleep_until(second - 3ms);
    const auto deadline = Until::Clock::now() + 5ms;
    EXPECT_EQ(static_cast<AnyBlocking&>(*client).get(request, deadline).verdict, Verdict::timed_out);
    EXPECT_GE(Until::Clock::now(), deadline);
  }
}

INSTANTIATE_TEST_SUITE_P(, GivenUpBefore, testing::ValuesIn(all_clients()), name_of_client);

/// Gives a call up when its loop has made so many steps with the part of its reply that is there: it has to
/// end without another byte. False where there are fewer steps.
bool gives_up_after(int steps, const std::string& transport) {
  std::binary_semaphore may_answer{0}, has_answered{0};
  ScriptedServer server([&](Peer& peer) {
    peer.receive();
    peer.send(reply);  // which leaves a connection to keep
    if (peer.receive().empty()) return;
    may_answer.acquire();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(10'000, '0'));
    has_answered.release();
    peer.wait_until_closed();
  });
  asio::io_context loop{1};
  const auto client =
      make_async_client({.port = server.port(), .transport = transport}, loop.get_executor());
  bool warm = false;
  asio::co_spawn(loop, client->warm(1), [&warm](std::exception_ptr) { warm = true; });
  while (!warm) loop.run_one();

  asio::cancellation_signal give_up;
  std::optional<Verdict> verdict;
  const auto end = [&verdict](const Reply& got) { verdict = got.verdict; };
  client->get(request, asio::bind_cancellation_slot(give_up.slot(), end));
  loop.restart();
  while (server.requests().size() < 2) loop.poll();
  may_answer.release();
  has_answered.acquire();
  for (int step = 0; step < steps; ++step) {
    if (loop.poll_one() == 0) return false;
  }
  give_up.emit(asio::cancellation_type::terminal);
  loop.poll();
  EXPECT_EQ(verdict, Verdict::cancelled) << "after " << steps << " steps";
  return true;
}

/// Also between two reads of which the first is done and not yet seen, when there is nothing to cancel.
TEST(GivenUpBetweenSteps, ACallOfACoroutineEnds) {
  for (const TransportEntry& transport : transports()) {
    SCOPED_TRACE(transport.name);
    int steps = 0;
    while (gives_up_after(steps, std::string(transport.name))) ++steps;
    EXPECT_GT(steps, 1);
  }
}

}  // namespace
}  // namespace fanbench
