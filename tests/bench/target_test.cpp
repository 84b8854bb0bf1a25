// Targets: addresses are read, names resolved, and what runs there is looked at before it is believed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/targets/running_server.hpp"
#include "bench/targets/server.hpp"

namespace fanbench {
namespace {

using testing::AllOf, testing::AnyOf, testing::HasSubstr, testing::ThrowsMessage;

TEST(Addresses, AreReadInAllForms) {
  const auto one = resolve("127.0.0.1:80");
  ASSERT_EQ(one.size(), 1);
  EXPECT_EQ(one[0].host, "127.0.0.1");
  EXPECT_EQ(one[0].port, 80);
  EXPECT_EQ(resolve("[0:0::1]:65535").at(0).host, "::1");
  for (const Address& address : resolve("localhost:8080"))
    EXPECT_THAT(address.host, AnyOf("127.0.0.1", "::1"));
}

TEST(Addresses, ThatAreNoneAreRefused) {
  for (const std::string text : {"", "8080", "localhost", "localhost:", ":8080", "localhost:0",
                                 "localhost:65536", "localhost:80x", "::1:8080", "[]:80", "[::1]"}) {
    EXPECT_THAT([&] { resolve(text); }, ThrowsMessage<std::runtime_error>(HasSubstr(fmt::format(
                                            "such as localhost:8080 or [::1]:8080, got \"{}\"", text))));
  }
  EXPECT_THAT([] { resolve("no-such-host.invalid:80"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("the host no-such-host.invalid is not known")));
  EXPECT_THAT([] { resolve("[localhost]:80"); }, ThrowsMessage<std::runtime_error>(HasSubstr("not known")));
}

TEST(Addresses, AreOfThisMachineOrNot) {
  for (const char* host : {"127.0.0.1", "127.8.9.10", "::1", "0.0.0.0", "::"})
    EXPECT_TRUE(is_of_this_machine(host)) << host;
  // Source: RFC 5737 and RFC 3849: for documentation, and nobody's.
  for (const char* host : {"192.0.2.1", "2001:db8::1"}) EXPECT_FALSE(is_of_this_machine(host)) << host;
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_FALSE(is_loopback("192.0.2.1"));
}

TEST(RunningServers, AreTargets) {
  MockServer server(SERVER_PROGRAM);
  RunningServer target(fmt::format("localhost:{}", server.port()));
  EXPECT_EQ(target.host(), "127.0.0.1");  // where it listens, whatever else the name has
  EXPECT_EQ(target.port(), server.port());
  EXPECT_TRUE(target.clock().shared);
  EXPECT_EQ(target.process(), std::nullopt);
  EXPECT_EQ(server.process(), server.pid());
  const std::uint64_t run = target.create_run({});
  EXPECT_EQ(server.settled_ledger(run).arrivals, 0);
  target.forget(run);
  EXPECT_THROW(server.ledger(run), std::runtime_error);
}

TEST(Ledgers, SplitWaitingFromServiceWhereThereAreSlots) {
  MockServer server(SERVER_PROGRAM);
  EXPECT_EQ(server.ledger(server.create_run({})).queue_peak, std::nullopt);
  EXPECT_EQ(server.ledger(server.create_run({.capacity = {.slots = 3}})).queue_peak, 0);
  const Ledger ledger = parse_ledger(
      R"({"arrivals":2,"completed":1,"refused":0,"reset":0,"cut":0,"garbage":0,"abandoned":0,"open":1,
          "duplicates":0,"in_flight_peak":2,"connections_new":0,"arrival_error_ns":30,"clock_stepped":false,
          "queue_peak":1,"calls":[[0,0,10,40,50,"completed",0],[1,0,12,80,0,"open",38]]})");
  EXPECT_EQ(ledger.queue_peak, 1);
  EXPECT_EQ(ledger.calls[0].waited, Nanoseconds(0));
  EXPECT_EQ(ledger.calls[1].waited, Nanoseconds(38));
}

TEST(RunningServers, ThatDoNotRunAreRefused) {
  std::uint16_t port = 0;
  {
    const MockServer server(SERVER_PROGRAM);
    port = server.port();
  }
  EXPECT_THAT([&] { RunningServer(fmt::format("127.0.0.1:{}", port)); },
              ThrowsMessage<std::runtime_error>(
                  HasSubstr(fmt::format("no server can be reached at 127.0.0.1:{}: ", port))));
}

}  // namespace
}  // namespace fanbench
