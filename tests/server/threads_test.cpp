// A server of several threads is one server: runs, capacity and ledgers are those of all.
#include <memory>
#include <set>
#include <vector>

#include "mock_server/runs/ledger.hpp"
#include "tests/server/server_fixture.hpp"

namespace fanbench::server {
namespace {

class ThreadsTest : public ServerTest {
 protected:
  ThreadsTest() : ServerTest({.threads = 3}) {}

  /// Connections are given out in turn: consecutive ones are on different threads.
  std::vector<Client> connect_to_all(std::size_t count = 6) const {
    std::vector<Client> clients;
    while (clients.size() < count) clients.push_back(connect());
    return clients;
  }
};

TEST_F(ThreadsTest, ALedgerIsThatOfAllThreads) {
  const std::uint64_t run = create_run(R"({"delay":"1ms"})");
  auto clients = connect_to_all();
  for (CallId id = 0; id < 120; ++id) clients[id % 6].send(get(call(run, id % 100)));
  for (CallId id = 0; id < 120; ++id) {
    EXPECT_EQ(clients[id % 6].receive().body.substr(0, 16), hex(planned_reply(Plan{}, id % 100, 0).answer));
  }
  ledger_when(run,
              [](const Json& l) { return l["completed"] == 120; });  // a thread may yet have to write it down
  for (Client& client : clients) {
    const Json seen = Json::parse(client.get(runs(run)).body);
    expect_adds_up(seen);
    EXPECT_EQ(seen["completed"], 120);
    EXPECT_EQ(seen["duplicates"], 20);
    EXPECT_EQ(seen["connections"], 6);
    EXPECT_EQ(seen["connections_new"], 6);
    EXPECT_LE(seen["in_flight_peak"], 6);
    EXPECT_GE(seen["in_flight_peak"], 1);
  }
}

TEST_F(ThreadsTest, ThePeakIsOverAllThreads) {
  const std::uint64_t run = create_run(R"({"delay":"3600s"})");
  auto clients = connect_to_all(37);
  for (CallId id = 0; id < 37; ++id) clients[id].send(get(call(run, id)));
  ledger_when(run, [](const Json& l) { return l["open"] == 37; });
  for (CallId id = 0; id < 10; ++id) clients[id].hang_up();
  EXPECT_EQ(ledger_when(run, [](const Json& l) { return l["abandoned"] == 10; })["in_flight_peak"], 37);
}

TEST(LedgerOfThreads, ThePeakCountsCallsUntilTheirReplyIsBegun) {
  const std::vector ledgers{std::make_shared<Ledger>(), std::make_shared<Ledger>()};
  const Ledger::Time start{1s};
  // One after another, on two threads in turn; each is seen to end only after the next has arrived.
  for (CallId id = 0; id < 10; ++id) {
    Ledger& ledger = *ledgers[id % 2];
    const std::size_t call = ledger.arrive(id, 0, id, start + id * 10ms, 9ms);
    ledger.end(call, Ending::completed, 1ms, start + id * 10ms + 12ms);
  }
  const Json seen = Json::parse(to_json(ledgers, {.run = 1}));
  EXPECT_EQ(seen["in_flight_peak"], 1);
  for (CallId id = 0; id < 10; ++id) EXPECT_EQ(seen["calls"][id][0], id);  // in order of arrival
}

TEST_F(ThreadsTest, SlotsAndTheQueueAreThoseOfAllThreads) {
  const std::uint64_t run = create_run(R"({"delay":"2ms","capacity":{"slots":1}})");
  auto clients = connect_to_all(9);
  for (CallId id = 0; id < 9; ++id) {
    clients[id].send(get(call(run, id)));
    ledger_when(run, [&](const Json& l) { return l["arrivals"] == id + 1; });
  }
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 200);
  const Json seen = ledger_when(run, [](const Json& l) { return l["completed"] == 9; });
  expect_adds_up(seen);
  std::int64_t last = 0;
  for (const Json& row : seen["calls"]) {  // never two at once, in order of arrival
    EXPECT_GE(row[3].get<std::int64_t>() - 2'000'000, last);
    last = row[3];
  }
}

TEST_F(ThreadsTest, AttemptsThatOverlapHaveNumbersOfTheirOwn) {
  const std::uint64_t run = create_run(R"({"delay":"1ms"})");
  const std::string target = runs(run) + "/calls/5?attempt=auto";
  constexpr std::size_t each = 50;
  std::string requests;
  for (std::size_t i = 0; i < each; ++i) requests += get(target);
  auto clients = connect_to_all();
  for (Client& client : clients) client.send(requests);
  std::set<std::string> answers, expected;
  for (Client& client : clients) {
    for (std::size_t i = 0; i < each; ++i) answers.insert(client.receive().body.substr(0, 16));
  }
  for (Attempt a = 0; a < each * clients.size(); ++a)
    expected.insert(hex(planned_reply(Plan{}, 5, a).answer));
  EXPECT_EQ(answers, expected);
  const Json seen = ledger_when(run, [](const Json& l) { return l["completed"] == 6 * each; });
  EXPECT_EQ(seen["duplicates"], 0);
}

TEST_F(ThreadsTest, ADeletedRunIsGoneForAll) {
  const std::uint64_t run = create_run("{}");
  auto clients = connect_to_all();
  for (Client& client : clients) EXPECT_EQ(client.get(call(run, 1)).status, 200);
  EXPECT_EQ(clients[0].request("DELETE", runs(run)).status, 204);
  for (Client& client : clients) EXPECT_EQ(client.get(call(run, 1)).status, 404);
}

TEST_F(ThreadsTest, StoppingEndsAllOfThem) {
  const std::uint64_t run = create_run(R"({"delay":"200ms"})");
  auto clients = connect_to_all();
  for (Client& client : clients) client.send(get(call(run, 0)));
  ledger_when(run, [](const Json& l) { return l["arrivals"] == 6; });
  server.stop();
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 200);
  loop.join();
}

}  // namespace
}  // namespace fanbench::server
