// What every HTTP client makes of a reply: however it is cut into pieces, whatever its body is told by, and
// where it is none.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "tests/impls/any_client.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using Peer = ScriptedServer::Peer;

constexpr Request request{.run = 1};
constexpr std::string_view body = "00000000000000a7+rest";

std::string chunked(std::string_view chunks) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
}

/// The reply to the only request, from a server that then closes the connection.
ScriptedServer::Script reply_and_close(std::string reply) {
  return [reply = std::move(reply)](Peer& peer) {
    peer.receive();
    peer.send(reply);
  };
}

class Replies : public EveryClient {
 protected:
  Reply reply_to(ScriptedServer::Script script) {
    ScriptedServer server(std::move(script));
    const auto client = client_of(server);
    const Reply reply = client->get(request);
    requests = server.requests().size();
    return reply;
  }
  /// The reply is not whole; it is nobody's, and the call is not made again.
  void expect_transport_error(ScriptedServer::Script script) {
    const Reply reply = reply_to(std::move(script));
    EXPECT_EQ(reply.verdict, Verdict::transport_error);
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(requests, 1U);
  }

  std::size_t requests = 0;
};

void expect_the_answer(const Reply& reply) {
  EXPECT_EQ(reply.verdict, Verdict::ok);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.answer, 0xa7U);
  EXPECT_TRUE(reply.more);
}

/// Each reply comes in two pieces, cut after 1 byte, 2 bytes, …; all of them on one connection.
TEST_P(Replies, AreReadHoweverTheyAreSplit) {
  const std::string longest_chunks =
      "3;extension=1\r\n000\r\n1\r\n0\r\nC\r\n0000000000a7\r\n5\r\n+rest\r\n0\r\n\r\n";
  for (const std::string& reply : {with_length(body, "Date: today\r\n"), chunked(longest_chunks)}) {
    ScriptedServer server([&reply](Peer& peer) {
      for (std::size_t cut = 1; cut < reply.size() && !peer.receive().empty(); ++cut) {
        peer.send_alone(std::string_view(reply).substr(0, cut));
        peer.send(std::string_view(reply).substr(cut));
      }
      peer.wait_until_closed();
    });
    const auto client = client_of(server);
    for (std::size_t cut = 1; cut < reply.size(); ++cut) {
      SCOPED_TRACE(reply.substr(0, cut));
      expect_the_answer(client->get(request));
      if (HasFailure()) return;
    }
    EXPECT_EQ(server.accepted(), 1U);
  }
}

TEST_P(Replies, AreReadByteByByte) {
  for (const std::string& reply :
       {with_length(body), chunked("15\r\n" + std::string(body) + "\r\n0\r\n\r\n")}) {
    expect_the_answer(reply_to([&reply](Peer& peer) {
      peer.receive();
      for (const char& byte : reply) peer.send_alone({&byte, 1});
    }));
  }
}

TEST_P(Replies, MayHaveABodyThatEndsWithTheConnection) {
  expect_the_answer(reply_to(reply_and_close("HTTP/1.1 200 OK\r\n\r\n" + std::string(body))));
}

TEST_P(Replies, MayHaveTrailers) {
  expect_the_answer(
      reply_to(reply_and_close(chunked("15\r\n" + std::string(body) + "\r\n0\r\nSum: 1\r\n\r\n"))));
}

struct Reader final : BodyReader {
  void begin() override { text.clear(); }
  void read(std::string_view piece) override {
    text += piece;
    ++pieces;
  }
  std::uint64_t answer() const override { return 5; }

  std::string text{};
  int pieces = 0;
};

TEST_P(Replies, AreGivenToTheirReaderAsTheyCome) {
  Reader reader;
  reader.text = "what was read before";
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.send_alone("HTTP/1.1 100 Continue\r\n\r\n");
    peer.send_alone(chunked("4\r\nabcd\r\n"));
    peer.send("2\r\nef\r\n0\r\n\r\n");
  });
  const Reply reply = client_of(server)->get({.run = 1, .reader = &reader});
  EXPECT_EQ(reply.verdict, Verdict::ok);
  EXPECT_EQ(reply.answer, 5U);
  EXPECT_EQ(reader.text, "abcdef");
}

/// Who looks into the buffer at every 512 bytes of a megabyte asks the kernel two thousand times.
TEST_P(Replies, ThatAreLongComeInLargePieces) {
  constexpr std::size_t bytes = 1 << 20;
  ScriptedServer server(answer_all(with_length(std::string(bytes, 'a'))));
  Reader reader;
  EXPECT_EQ(client_of(server)->get({.run = 1, .reader = &reader}).verdict, Verdict::ok);
  EXPECT_EQ(reader.text.size(), bytes);
  // The ring's buffers have a kilobyte each, and the kernel fills many of them at once.
  EXPECT_LT(reader.pieces, GetParam().ring ? 1500 : 500);
}

TEST_P(Replies, OfStatus1xxAreNotTheReply) {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
  for (const std::string& before : {interim, hints, interim + hints, hints + hints}) {
    ScriptedServer server([&](Peer& peer) {
      while (!peer.receive().empty()) {
        peer.send_alone(before);
        peer.send(with_length(body));
        if (peer.receive().empty()) return;
        peer.send(before + with_length("00000000000000b8"));
      }
    });
    const auto client = client_of(server);
    for (int round = 0; round < 2; ++round) {
      expect_the_answer(client->get(request));
      EXPECT_EQ(client->get(request).answer, 0xb8U);
    }
    EXPECT_EQ(server.accepted(), 1U);
  }
}

TEST_P(Replies, WithoutABodyHaveNoAnswer) {
  const std::string empty = "HTTP/1.1 204 No Content\r\n\r\n";
  ScriptedServer server(answer_all(empty));
  const auto client = client_of(server);
  for (int round = 0; round < 2; ++round) {
    const Reply reply = client->get(request);
    EXPECT_EQ(reply.verdict, Verdict::ok);
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.answer, 0U);
    EXPECT_FALSE(reply.more);
  }
  EXPECT_EQ(server.accepted(), 1U);
}

TEST_P(Replies, SayWhetherTheChainGoesOn) {
  EXPECT_TRUE(reply_to(answer_all(with_length("00000000000000a7+"))).more);
  EXPECT_FALSE(reply_to(answer_all(with_length("00000000000000a7"))).more);
  EXPECT_FALSE(reply_to(answer_all(with_length("00000000000000a7."))).more);
}

TEST_P(Replies, OfOtherStatusAreHttpErrors) {
  for (const int status : {301, 404, 429, 503}) {
    const Reply reply = reply_to(answer_all(with_length("", "", std::to_string(status) + " It")));
    EXPECT_EQ(reply.verdict, Verdict::http_error);
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(requests, 1U);
  }
}

TEST_P(Replies, SayWhenToTryAgain) {
  const auto after = [this](std::string_view fields) {
    return reply_to(answer_all(with_length("", fields, "503 Busy"))).retry_after;
  };
  EXPECT_EQ(after("Retry-After: 2\r\n"), 2s);
  EXPECT_EQ(after("retry-after:2\r\n"), 2s);
  EXPECT_EQ(after("RETRY-AFTER: 2\r\nReTrY-aFtEr-mS:   12.5\r\n"), 12'500us);
  EXPECT_EQ(after("Retry-After-Ms: 12.5\r\nRetry-After: 2\r\n"), 12'500us);
  EXPECT_EQ(after("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"), 0s);
  EXPECT_EQ(after("Retry-After-Msx: 3\r\nX-Retry-After: 3\r\n"), 0s);
  EXPECT_EQ(after(""), 0s);
}

/// What one reply says is forgotten with the next.
TEST_P(Replies, DoNotInheritTheWaitOfTheLast) {
  ScriptedServer server([](Peer& peer) {
    peer.receive();
    peer.send(with_length("00000000000000a7+", "Retry-After: 2\r\n", "503 Busy"));
    peer.receive();
    peer.send(with_length("", "", "503 Busy"));
    peer.wait_until_closed();
  });
  const auto client = client_of(server);
  EXPECT_EQ(client->get(request).retry_after, 2s);
  const Reply second = client->get(request);
  EXPECT_EQ(second.retry_after, 0s);
  EXPECT_EQ(second.answer, 0U);
}

/// VmHWM or VmRSS of this process, in bytes.
std::size_t memory(std::string_view which) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(which)) return std::stoul(line.substr(which.size() + 1)) * 1024;
  }
  throw std::runtime_error("no such line in /proc/self/status");
}

TEST_P(Replies, OfAnySizeLeaveOnlyTheirBeginning) {
  constexpr std::size_t mib = 1 << 20, pieces = 20;
  const std::string piece(mib, 'x');
  ScriptedServer server([&piece](Peer& peer) {
    while (!peer.receive().empty()) {
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(pieces * mib + body.size()) +
                "\r\n\r\n" + std::string(body));
      for (std::size_t n = 0; n < pieces; ++n) peer.send(piece);
    }
  });
  const auto client = client_of(server);
  expect_the_answer(client->get(request));      // and has its buffers
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak is what there is now
  const std::size_t before = memory("VmRSS:");
  expect_the_answer(client->get(request));
  EXPECT_LT(memory("VmHWM:"), before + 8 * mib);
  EXPECT_EQ(server.accepted(), 1U);
}

TEST_P(Replies, CutAnywhereAreTransportErrors) {
  const std::string whole = with_length(body);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    SCOPED_TRACE(whole.substr(0, cut));
    expect_transport_error(reply_and_close(whole.substr(0, cut)));
    if (HasFailure()) return;
  }
}

/// Up to the last chunk's size: with that the body is whole, and libcurl content.
TEST_P(Replies, CutInTheChunksAreTransportErrors) {
  const std::string head = chunked(""), whole = chunked("15\r\n" + std::string(body) + "\r\n0\r\n\r\n");
  for (std::size_t cut = head.size(); cut < whole.size() - std::string_view("\r\n\r\n").size(); ++cut) {
    SCOPED_TRACE(whole.substr(0, cut));
    expect_transport_error(reply_and_close(whole.substr(0, cut)));
    if (HasFailure()) return;
  }
}

TEST_P(Replies, CutAfterA1xxAreTransportErrors) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n";
  expect_transport_error(reply_and_close(interim));
  expect_transport_error(reply_and_close(interim + "HTTP/1.1 200 OK\r\nContent-"));
}

TEST_P(Replies, ThatAreGarbageAreTransportErrors) {
  for (const std::string_view garbage :
       {"\x16\x03\x01\x02", "hello\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "\r\n\r\n\r\n\r\n"}) {
    SCOPED_TRACE(garbage);
    expect_transport_error(reply_and_close(std::string(garbage)));
  }
  expect_transport_error(reply_and_close(chunked("xyz\r\n")));
}

/// Every parser has a limit; between theirs, 8 KiB and some 100, the clients differ.
TEST_P(Replies, WithAHeadAboveTheLimitAreTransportErrors) {
  expect_the_answer(reply_to(answer_all(with_length(body, "Field: " + std::string(7000, 'x') + "\r\n"))));
  expect_transport_error(answer_all(with_length(body, "Field: " + std::string(400'000, 'x') + "\r\n")));
}

INSTANTIATE_TEST_SUITE_P(, Replies, testing::ValuesIn(all_clients()), name_of_client);

}  // namespace
}  // namespace fanbench
