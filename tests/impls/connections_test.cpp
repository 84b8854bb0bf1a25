// What every HTTP client sends, how it keeps its connections, opens them beforehand, and finds them gone.
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <stdexcept>
#include <string>

#include "tests/impls/any_client.hpp"

namespace fanbench {
namespace {

using Peer = ScriptedServer::Peer;

constexpr Request request{.run = 1};
const std::string reply = with_length("00000000000000a7");
const std::string last_reply = with_length("00000000000000a7", "Connection: close\r\n");

class Connections : public EveryClient {
 protected:
  bool curl() const { return GetParam().transport == "curl"; }
};

std::string bytes_of(std::uint16_t port, std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\nAccept: */*\r\n\r\n";
}

TEST_P(Connections, CarryTheSameBytesWhateverTheClient) {
  ScriptedServer server(answer_all(reply));
  const auto client = client_of(server);
  client->get({.run = 7, .id = 3, .attempt = 2, .cursor = 0xab});
  client->get({.run = 7, .id = 4'000'000'000});
  client->get({});
  EXPECT_EQ(server.requests(), (std::vector{bytes_of(server.port(), "/runs/7/calls/3?attempt=2&cursor=ab"),
                                            bytes_of(server.port(), "/runs/7/calls/4000000000?attempt=0"),
                                            bytes_of(server.port(), "/healthz")}));
}

/// A call that waits has its connection open, and no other: its socket is looked at from here.
TEST_P(Connections, HaveNoDelayOnTheSocketThatCarriesTheCall) {
  std::atomic<int> looked_at = 0;
  ScriptedServer server([&](Peer& peer) {
    while (!peer.receive().empty()) {
      for (const int fd : sockets_connected_to(server.port())) {
        int on = 0;
        socklen_t size = sizeof on;
        EXPECT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
        EXPECT_NE(on, 0);
        ++looked_at;
      }
      peer.send(reply);
    }
  });
  const auto client = client_of(server);
  client->get(request);
  client->get(request);
  EXPECT_EQ(looked_at, 2);
}

TEST_P(Connections, AreKept) {
  ScriptedServer server(answer_all(reply));
  const auto client = client_of(server);
  for (int n = 0; n < 5; ++n) EXPECT_EQ(client->get(request).answer, 0xa7U);
  EXPECT_EQ(server.accepted(), 1U);
  EXPECT_EQ(server.open(), 1U);
}

TEST_P(Connections, AreClosedWhereTheServerSaysSo) {
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.send(last_reply);
    peer.wait_until_closed();
  });
  const auto client = client_of(server);
  for (std::size_t n = 1; n <= 3; ++n) {
    EXPECT_EQ(client->get(request).answer, 0xa7U);
    EXPECT_EQ(server.accepted(), n);
    EXPECT_TRUE(server.open_becomes(0));
  }
}

TEST_P(Connections, AreClosedAfterEachCallWhereEachHasItsOwn) {
  ScriptedServer server(answer_all(reply));
  const auto client = client_of(server, Connection::per_call);
  for (std::size_t n = 1; n <= 3; ++n) {
    EXPECT_EQ(client->get(request).answer, 0xa7U);
    EXPECT_EQ(server.accepted(), n);
    EXPECT_TRUE(server.open_becomes(0));
  }
}

/// What was sent without being asked for isn't the reply to the next call.
TEST_P(Connections, WithBytesLeftOverAreNotUsedAgain) {
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.send(reply + with_length("00000000000000ff"));
    peer.wait_until_closed();
  });
  const auto client = client_of(server);
  for (std::size_t n = 1; n <= 2; ++n) {
    EXPECT_EQ(client->get(request).answer, 0xa7U);
    EXPECT_EQ(server.accepted(), n);
  }
}

TEST_P(Connections, AreProvedOneByOneWhenTheyAreWarmed) {
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.send(reply);
    peer.wait_until_closed();
  });
  const auto client = client_of(server);
  client->warm(5);
  EXPECT_EQ(server.accepted(), 5U);
  EXPECT_EQ(server.open(), 5U);
  EXPECT_EQ(server.requests(), std::vector(5, bytes_of(server.port(), "/healthz")));
  client->warm(5);
  client->warm(3);
  EXPECT_EQ(server.accepted(), 5U);
  EXPECT_EQ(server.requests().size(), 5U);
}

/// The connections that calls close are missing: their number is made up again.
TEST_P(Connections, AreMadeUpToTheNumberThatIsWarm) {
  ScriptedServer server([](Peer& peer) {
    for (std::string head; !(head = peer.receive()).empty();) {
      const bool last = head.find("/calls/") != std::string::npos;
      if (!peer.send(last ? last_reply : reply) || last) return;
    }
  });
  const auto client = client_of(server);
  client->warm(4);
  client->get(request);
  client->get(request);
  EXPECT_TRUE(server.open_becomes(2));
  EXPECT_EQ(server.accepted(), 4U);
  client->warm(4);
  EXPECT_EQ(server.accepted(), 6U);
  EXPECT_EQ(server.open(), 4U);
}

TEST_P(Connections, AreNotWarmedWhereEachCallHasItsOwn) {
  ScriptedServer server(answer_all(reply));
  const auto client = client_of(server, Connection::per_call);
  client->warm(5);
  EXPECT_EQ(server.accepted(), 0U);
}

TEST_P(Connections, ThatCannotBeKeptAreNotWarm) {
  for (const std::string& answer : {last_reply, with_length("", "", "503 Busy"), std::string("HTTP")}) {
    SCOPED_TRACE(answer);
    ScriptedServer server([&answer](Peer& peer) {
      peer.receive();
      peer.send(answer);
    });
    const auto client = client_of(server);
    EXPECT_THROW(client->warm(2), std::runtime_error);
  }
}

TEST_P(Connections, ToNobodyAreErrors) {
  const auto nobody = std::make_unique<ScriptedServer>(answer_all(reply))->port();
  const auto client = GetParam().make(nobody);
  EXPECT_EQ(client->get(request).verdict, Verdict::transport_error);
  EXPECT_THROW(client->warm(1), std::runtime_error);
}

/// The native clients find out by sending, and the call has failed. libcurl looks first, and opens another.
TEST_P(Connections, ClosedWhileIdleAreFoundOut) {
  const bool looks_first = curl() || GetParam().ring;  // the ring is told
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.send(reply);
  });
  const auto client = client_of(server);
  EXPECT_EQ(client->get(request).verdict, Verdict::ok);
  ASSERT_TRUE(server.open_becomes(0));
  EXPECT_EQ(client->get(request).verdict, looks_first ? Verdict::ok : Verdict::transport_error);
  EXPECT_EQ(server.requests().size(), looks_first ? 2U : 1U);  // no call came twice
}

#ifdef FANBENCH_HAS_URING
TEST(ConnectionsOfTheRing, ThatHaveDiedAreForgottenAndReplaced) {
  std::atomic<int> opened = 0;
  std::counting_semaphore<2> may_die(0);
  ScriptedServer server([&](Peer& peer) {
    const bool dies = ++opened <= 2;
    while (!peer.receive().empty()) {
      peer.send(reply);
      if (dies) return may_die.acquire();
    }
  });
  if (!ring_is_there()) GTEST_SKIP() << "no io_uring here";
  AnyRing client({.port = server.port()});
  client.warm(2);
  may_die.release(2);
  ASSERT_TRUE(server.open_becomes(0));
  client.warm(3);
  EXPECT_TRUE(server.open_becomes(3));
  EXPECT_EQ(opened, 5);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get(request, {}).verdict, Verdict::ok);
  EXPECT_EQ(opened, 5);
}
#endif

/// A kept connection that dies when the call is on its way, before the first line of a reply: libcurl takes
/// it for one closed while idle, and makes the call again. The server sees it twice, and the ledger counts a
/// duplicate.
TEST_P(Connections, ThatDieUnderACallShowWhetherItIsMadeAgain) {
  std::atomic<int> received = 0;
  ScriptedServer server([&received](Peer& peer) {
    while (!peer.receive().empty() && ++received != 2) peer.send(reply);
  });
  const auto client = client_of(server);
  EXPECT_EQ(client->get({.run = 1, .id = 0}).verdict, Verdict::ok);
  EXPECT_EQ(client->get({.run = 1, .id = 1}).verdict, curl() ? Verdict::ok : Verdict::transport_error);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), curl() ? 3U : 2U);
  EXPECT_EQ(requests.back(), requests[1]);
}

/// A status line is enough: then no client makes the call again.
TEST_P(Connections, ThatDieAfterTheStatusAreTheCallsFailure) {
  std::atomic<int> received = 0;
  ScriptedServer server([&received](Peer& peer) {
    while (!peer.receive().empty()) {
      if (++received == 2) return static_cast<void>(peer.send("HTTP/1.1 200 OK\r\n"));
      peer.send(reply);
    }
  });
  const auto client = client_of(server);
  EXPECT_EQ(client->get(request).verdict, Verdict::ok);
  EXPECT_EQ(client->get(request).verdict, Verdict::transport_error);
  EXPECT_EQ(server.requests().size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(, Connections, testing::ValuesIn(all_clients()), name_of_client);

}  // namespace
}  // namespace fanbench
