// Clients that are slow, or too many: the server serves the others on.
#include <vector>

#include "tests/server/server_fixture.hpp"

namespace fanbench::server {
namespace {

class TimeoutsTest : public ServerTest {
 protected:
  TimeoutsTest() : ServerTest({.idle_timeout = 40ms, .request_timeout = 40ms}) {}
};

TEST_F(TimeoutsTest, ASenderThatStopsIsToldAndCutOff) {
  for (const char* begun : {"G", "GET /healthz HTTP/1.1\r\nHost: x\r\n",
                            "POST /runs HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n{"}) {
    Client client = connect();
    client.send(begun);
    EXPECT_EQ(client.receive().status, 408) << begun;
    EXPECT_TRUE(client.ended());
  }
  expect_serving();
}

TEST_F(TimeoutsTest, ASenderThatNeverEndsIsCutOff) {
  Client client = connect();
  bool open = client.send("GET /healthz HTTP/1.1\r\nHost: test\r\nX: ");
  const auto limit = Clock::now() + patience;
  while (open && Clock::now() < limit) {  // each byte is progress, and the whole is none
    open = client.send("y");
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_FALSE(open);
  EXPECT_EQ(client.receive().status, 408);
}

TEST_F(TimeoutsTest, IdleConnectionsAreClosedAndWaitingCallsAreNot) {
  const std::uint64_t run = create_run(R"({"delay":"200ms"})");
  Client silent = connect(), once = connect(), waits = connect();
  once.get("/healthz");
  waits.send(get(call(run, 0)));
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(once.ended());
  EXPECT_EQ(waits.receive().status, 200);
  EXPECT_NE(connect().get("/metrics").body.find("\nfanbench_timeouts_total 2\n"), std::string::npos);
}

TEST_F(TimeoutsTest, AClientThatDoesNotReadIsClosed) {
  const std::uint64_t run = create_run(R"({"body_bytes":67108864})");
  Client client = connect();
  client.send(get(call(run, 0)));
  expect_adds_up(ledger_when(run, [](const Json& l) { return l["abandoned"] == 1; }));
}

class LimitTest : public ServerTest {
 protected:
  LimitTest() : ServerTest({.max_connections = 20}) {}
};

TEST_F(LimitTest, TooManyConnectionsAreToldAndTheOthersServed) {
  const std::uint64_t run = create_run(R"({"delay":"3600s"})");
  std::vector<Client> clients;
  while (clients.size() < 20) {
    clients.push_back(connect());
    // The connections of the lines before close a moment later than they are answered.
    if (clients.back().get("/healthz").status != 200) clients.pop_back();
  }
  for (int i = 0; i < 15; ++i)
    clients[static_cast<std::size_t>(i)].send(get(call(run, static_cast<CallId>(i))));
  Client refused = connect();
  const HttpReply reply = refused.receive();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.field("Retry-After"), "1");
  EXPECT_TRUE(refused.ended());

  for (int i = 0; i < 3'000; ++i) connect().send(get("/healthz"));
  EXPECT_EQ(clients.back().get("/healthz").status, 200);
  EXPECT_EQ(Json::parse(clients.back().get(runs(run)).body)["open"], 15);

  clients.front().hang_up();
  int status = 0;
  for (const auto limit = Clock::now() + patience; status != 200 && Clock::now() < limit;) {
    status = connect().get("/healthz").status;
  }
  EXPECT_EQ(status, 200);  // room again
}

}  // namespace
}  // namespace fanbench::server
