// Clients that are slow, too many, or gone: the server serves the others on, and its memory comes back.
#include <malloc.h>

#include <fstream>
#include <memory>
#include <vector>

#include "tests/server/server_fixture.hpp"

namespace fanbench {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

std::size_t resident_bytes() {
  malloc_trim(0);
  std::size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(getpagesize());
}

class TimeoutsTest : public ServerTest {
 protected:
  TimeoutsTest() : ServerTest({.idle_timeout = 40ms, .request_timeout = 40ms}) {}
};

TEST_F(TimeoutsTest, ASenderThatStopsIsToldAndCutOff) {
  for (const char* begun :
       {"G", "GET /healthz HTTP/1.1\r\nHost: x\r\n", "POST /runs HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"}) {
    Client client = connect();
    client.send(begun);
    EXPECT_EQ(client.receive().status, 408) << begun;
    EXPECT_TRUE(client.ended());
  }
  expect_serving();
}

TEST_F(TimeoutsTest, ASenderThatNeverEndsIsCutOff) {
  Client client = connect();
  bool open = client.send("GET /healthz HTTP/1.1\r\nX: ");
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

class ManyTest : public ServerTest {
 protected:
  ManyTest() : ServerTest({.threads = 2}) {}

  void abandon(CallId calls) const {
    const std::uint64_t run = create_run(R"({"delay":"3600s","capacity":{"slots":100}})");
    std::vector<Client> clients;
    for (CallId id = 0; id < calls; ++id) {
      clients.push_back(connect());
      clients.back().send(get(call(run, id)));
    }
    const auto all = [calls](const char* what) { return [=](const Json& l) { return l[what] == calls; }; };
    ledger_when(run, all("open"));
    for (Client& client : clients) client.hang_up_with_reset();  // leaves no port in TIME_WAIT
    const Json seen = ledger_when(run, all("abandoned"));
    EXPECT_EQ(seen["in_flight_peak"], calls);
    EXPECT_EQ(connect().request("DELETE", runs(run)).status, 204);
  }
};

TEST_F(ManyTest, HalfAMillionAbandonedCallsLeaveNothing) {
  constexpr CallId batch = 400;
  constexpr int batches = sanitized ? 50 : 1'250;
  for (int i = 0; i < 10; ++i) abandon(batch);  // until then memory grows to what is in use at a time
  const std::size_t before = resident_bytes();
  for (int i = 0; i < batches && !HasFailure(); ++i) abandon(batch);
  if (!sanitized) {
    EXPECT_LT(resident_bytes(), before + (8 << 20));
  }
  expect_serving();
  EXPECT_EQ(Json::parse(connect().get("/healthz").body)["runs"], 0);
}

}  // namespace
}  // namespace fanbench
