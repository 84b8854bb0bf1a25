// The floor's loop by itself: what it sends, and how its sockets are set.
#include <gtest/gtest.h>

#include <barrier>
#include <vector>

#include "impls/floor/loop.hpp"
#include "tests/impls/scripted_server.hpp"

namespace fanbench::floor {
namespace {

TEST(FloorLoop, HasNoDelayOnTheSocketsThatCarryItsCalls) {
  constexpr std::uint32_t calls = 3;
  std::barrier all(calls);
  ScriptedServer server([&](ScriptedServer::Peer& peer) {
    if (peer.receive().empty()) return;
    all.arrive_and_wait();  // each of them waits for its reply,
    const std::vector<int> sockets = sockets_connected_to(server.port());
    EXPECT_EQ(sockets.size(), calls);
    for (const int fd : sockets) {
      int on = 0;
      socklen_t size = sizeof on;
      EXPECT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
      EXPECT_NE(on, 0);
    }
    all.arrive_and_wait();  // and none is answered before all have been looked at
    peer.send(with_length("00000000000000a7"));
    peer.wait_until_closed();
  });
  Loop loop({.port = server.port()});
  std::vector<CallRecord> records(calls);
  Recorder recorder(records);
  loop.fan_out({.run = 7, .calls = calls}, recorder, calls);
  for (const CallRecord& record : records) EXPECT_EQ(record.answer, 0xa7U);
  EXPECT_EQ(server.accepted(), calls);
  for (const std::string& request : server.requests()) {
    EXPECT_TRUE(request.starts_with("GET /runs/7/calls/")) << request;
    EXPECT_TRUE(request.ends_with("?attempt=0 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                                  "\r\nAccept: */*\r\n\r\n"))
        << request;
  }
}

}  // namespace
}  // namespace fanbench::floor
