// Calls that go wrong as planned: what a client gets to see, and what the ledger says of it. And calls that
// have to wait for a slot, or come too fast.
#include <memory>
#include <vector>

#include "mock_server/runs/admission.hpp"
#include "mock_server/runs/open_call.hpp"
#include "tests/server/server_fixture.hpp"

namespace fanbench::server {
namespace {

class FaultsTest : public ServerTest {
 protected:
  std::uint64_t failing(const std::string& kind, const std::string& more = "") const {
    return create_run(R"({"delay":"1ms","body_bytes":1000,"failures":{"rate":1,"kinds":[")" + kind + "\"]" +
                      more + "}}");
  }
  /// Reads to the end: 0 where it came in order, else -errno.
  static ssize_t read_to_end(Client& client) {
    ssize_t last = 0;
    while ((last = client.receive_some()) > 0) {
    }
    return last;
  }
  Json ended(std::uint64_t run, const char* ending) const {
    Json seen = ledger_when(run, [&](const Json& l) { return l[ending] == 1; });
    expect_adds_up(seen);
    return seen;
  }
};

std::string body_of(const std::string& received) { return received.substr(received.find("\r\n\r\n") + 4); }

TEST_F(FaultsTest, ResetInTheBodyComesAfterHalfOfIt) {
  const std::uint64_t run = failing("reset_body");
  Client client = connect();
  client.send(get(call(run, 0)));
  EXPECT_EQ(read_to_end(client), -ECONNRESET);
  EXPECT_NE(client.received.find("Content-Length: 1000\r\n"), std::string::npos);
  EXPECT_EQ(body_of(client.received), hex(planned_reply(Plan{}, 0, 0).answer) + std::string(484, '.'));
  ended(run, "reset");
}

TEST_F(FaultsTest, ACutReplyEndsInOrderAfterHalfOfItsBody) {
  const std::uint64_t run = failing("cut");
  Client client = connect();
  // More than the server reads ahead: closed with input unread, the end would be a reset.
  client.send(get(call(run, 0)) + std::string(100'000, 'x'));
  EXPECT_EQ(read_to_end(client), 0);
  EXPECT_NE(client.received.find("Content-Length: 1000\r\n"), std::string::npos);
  EXPECT_EQ(body_of(client.received).size(), 500U);
  ended(run, "cut");
}

TEST_F(FaultsTest, HalfOfTheSmallestBodyIsHalfOfTheAnswer) {
  const std::uint64_t run = create_run(R"({"body_bytes":16,"failures":{"rate":1,"kinds":["cut"]}})");
  Client client = connect();
  client.send(get(call(run, 0)));
  EXPECT_EQ(read_to_end(client), 0);
  EXPECT_EQ(body_of(client.received), hex(planned_reply(Plan{}, 0, 0).answer).substr(0, 8));
}

TEST_F(FaultsTest, ADrippedBodyComesWholeOverItsTime) {
  const std::uint64_t run = failing("drip", R"(,"over":"40ms")");
  Client client = connect();
  const auto began = Clock::now();
  const HttpReply reply = client.get(call(run, 0));
  EXPECT_GE(Clock::now() - began, 41ms);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, hex(planned_reply(Plan{}, 0, 0).answer) + std::string(984, '.'));
  const Json seen = ended(run, "completed");
  EXPECT_GE(seen["calls"][0][4].get<std::int64_t>() - seen["calls"][0][3].get<std::int64_t>(), 40'000'000);
  EXPECT_EQ(client.get("/healthz").status, 200);  // the connection is kept
}

TEST_F(FaultsTest, TheFirstPieceOfADrippedBodyComesAlone) {
  const std::uint64_t run = failing("drip", R"(,"over":"3600s")");
  Client client = connect();
  client.send(get(call(run, 0)));
  while (client.received.find("\r\n\r\n") == std::string::npos) ASSERT_GT(client.receive_some(), 0);
  EXPECT_EQ(body_of(client.received).size(), 62U);  // of 1000 in 16 pieces
  client.hang_up();
  ended(run, "abandoned");
}

TEST_F(FaultsTest, AHangEndsWhenTheClientLeaves) {
  const std::uint64_t run = failing("hang");
  Client client = connect();
  client.send(get(call(run, 0)));
  ended(run, "open");
  client.hang_up();
  EXPECT_TRUE(ended(run, "abandoned")["lateness_us"].is_null());
}

TEST_F(FaultsTest, GarbageIsNoHttpAndTheEnd) {
  const std::uint64_t run = failing("garbage");
  Client client = connect();
  client.send(get(call(run, 0)));
  EXPECT_EQ(read_to_end(client), 0);
  EXPECT_FALSE(client.received.empty());
  EXPECT_NE(client.received.substr(0, 5), "HTTP/");
  ended(run, "garbage");
}

TEST_F(FaultsTest, ASlowlyAcceptedConnectionIsNotReadAndTheCallArrivesLater) {
  const std::uint64_t run = failing("slow_accept", R"(,"over":"30ms")");
  Client client = connect();
  const auto before = Clock::now().time_since_epoch().count();
  EXPECT_EQ(client.get(call(run, 0)).status, 200);
  EXPECT_GE(ended(run, "completed")["calls"][0][2].get<std::int64_t>() - before, 30'000'000);

  // Of two clients that leave, the second is noticed, and the first, whose connection nobody reads, is not.
  const std::uint64_t endless = failing("slow_accept", R"(,"over":"3600s")"), hanging = failing("hang");
  Client first = connect(), second = connect();
  first.send(get(call(endless, 0)));
  second.send(get(call(hanging, 0)));
  ended(hanging, "open");
  first.hang_up();
  second.hang_up();
  ended(hanging, "abandoned");
  const auto connections = [&] { return Json::parse(client.get("/healthz").body)["connections"].get<int>(); };
  for (const auto limit = Clock::now() + patience; connections() > 2 && Clock::now() < limit;) {
  }  // those that asked for ledgers
  EXPECT_EQ(connections(), 2);
  EXPECT_EQ(ledger(endless)["arrivals"], 0);
}

TEST_F(FaultsTest, IdsAndRatesOfSeveralRules) {
  const std::string text =
      R"({"failures":[{"ids":[3,1],"kinds":[500]},{"rate":0.5,"attempts":2,"kinds":[429],"retry_after":"5ms"},)"
      R"({"ids":[1,2,3],"kinds":["cut"]}]})";
  const Plan plan = parse_plan(text);
  EXPECT_EQ(format_plan(parse_plan(format_plan(plan))), format_plan(plan));
  const std::uint64_t run = create_run(text);
  int limited = 0;
  for (CallId id = 0; id < 40; ++id) {
    Client client = connect();
    const HttpReply reply = client.get(call(run, id));
    const PlannedReply planned = planned_reply(plan, id, 0);
    EXPECT_EQ(reply.status, planned.fault == Fault::cut ? 0 : planned.status) << id;
    EXPECT_EQ(planned.status == 500, id == 1 || id == 3);
    EXPECT_TRUE(id != 2 || planned.status == 429 || planned.fault == Fault::cut);
    limited += planned.status == 429;
    EXPECT_EQ(planned_reply(plan, id, 2).status, 200);
  }
  EXPECT_GT(limited, 10);
  EXPECT_LT(limited, 30);
}

// --------------------------------------------------------------------------------------------- capacity

using CapacityTest = FaultsTest;

TEST_F(CapacityTest, CallsBeyondTheSlotsWaitFirstComeFirstServed) {
  const std::uint64_t run = create_run(R"({"delay":"5ms","capacity":{"slots":2}})");
  std::vector<Client> clients;
  constexpr CallId calls = 9;
  for (CallId id = 0; id < calls; ++id) {
    clients.push_back(connect());
    clients.back().send(get(call(run, id)));
  }
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 200);
  const Json seen = ledger_when(run, [](const Json& l) { return l["completed"] == calls; });
  expect_adds_up(seen);
  EXPECT_EQ(seen["in_flight_peak"].get<std::size_t>(), seen["queue_peak"].get<std::size_t>() + 2);
  // Row by row, in order of arrival: each begins when the reply to the second last before it is due, and not
  // earlier.
  std::vector<std::int64_t> begun;
  for (const Json& row : seen["calls"]) {
    begun.push_back(row[2].get<std::int64_t>() + row[6].get<std::int64_t>());
    EXPECT_EQ(row[3].get<std::int64_t>(), begun.back() + 5'000'000);
  }
  EXPECT_TRUE(std::is_sorted(begun.begin(), begun.end()));
  for (std::size_t i = 2; i < calls; ++i) EXPECT_GE(begun[i], begun[i - 2] + 5'000'000);
  EXPECT_GT(seen["waiting_us"]["max"], 5'000);
  EXPECT_GE(seen["service_us"]["p50"], 5'000);
}

TEST_F(CapacityTest, WhoLeavesTheQueueOrTheServiceMakesRoom) {
  const std::uint64_t run =
      create_run(R"({"delay":"3600s","capacity":{"slots":1},"failures":{"ids":[2],"kinds":[404]}})");
  Client served = connect(), waits = connect(), last = connect();
  served.send(get(call(run, 0)));
  ledger_when(run, [](const Json& l) { return l["open"] == 1; });
  waits.send(get(call(run, 1)));
  ledger_when(run, [](const Json& l) { return l["open"] == 2; });
  last.send(get(call(run, 2)));
  EXPECT_EQ(ledger_when(run, [](const Json& l) { return l["open"] == 3; })["queue_peak"], 2);
  waits.hang_up();
  ledger_when(run, [](const Json& l) { return l["abandoned"] == 1; });
  EXPECT_EQ(ledger(run)["calls"][2][6], 0);  // still waiting
  served.hang_up();
  ledger_when(run, [](const Json& l) { return l["calls"][2][6] > 0; });
  last.hang_up();
  expect_adds_up(ledger_when(run, [](const Json& l) { return l["abandoned"] == 3; }));
  Client again = connect();
  again.send(get(call(run, 3)));  // the slot is free again: it does not wait at all
  EXPECT_EQ(ledger_when(run, [](const Json& l) { return l["open"] == 1; })["calls"][3][6], 0);
  EXPECT_EQ(ledger(run)["queue_peak"], 2);
}

TEST_F(CapacityTest, PipelinedCallsTakeASlotOnceEach) {
  for (const char* delay : {"0", "1ms"}) {
    const std::uint64_t run = create_run(R"({"delay":")" + std::string(delay) +
                                         R"(","capacity":{"slots":1,"per_second":1000000,"burst":100}})");
    Client one = connect(), other = connect();
    std::string requests;
    for (CallId id = 0; id < 30; ++id) requests += get(call(run, id));
    one.send(requests);
    other.send(requests);
    for (CallId id = 0; id < 30; ++id) {
      for (Client* client : {&one, &other}) {
        EXPECT_EQ(client->receive().body.substr(0, 16), hex(planned_reply(Plan{}, id, 0).answer));
      }
    }
    const Json seen = ledger_when(run, [](const Json& l) { return l["completed"] == 60; });
    expect_adds_up(seen);
    EXPECT_LE(seen["in_flight_peak"], 2);
  }
}

TEST_F(CapacityTest, FasterThanTheRateIsRefused) {
  const std::uint64_t run = create_run(R"({"delay":"5ms","capacity":{"per_second":1,"burst":3}})");
  Client client = connect();
  std::vector<int> statuses;
  HttpReply reply;
  for (CallId id = 0; id < 5; ++id) statuses.push_back((reply = client.get(call(run, id))).status);
  EXPECT_EQ(statuses, (std::vector{200, 200, 200, 429, 429}));
  EXPECT_EQ(reply.field("Retry-After"), "1");
  EXPECT_GT(std::stod(reply.field("Retry-After-Ms")), 0);
  const Json seen = ledger(run);
  expect_adds_up(seen);
  EXPECT_EQ(seen["refused"], 2);
  EXPECT_EQ(seen["in_flight_peak"], 1);
  for (const Json& row : seen["calls"]) {  // the refusals are due at once
    const std::int64_t delay_ns = row[3].get<std::int64_t>() - row[2].get<std::int64_t>();
    EXPECT_EQ(delay_ns, row[5] == "refused" ? 0 : 5'000'000);
  }
}

TEST(OpenCall, ThatIsRefusedIsNeitherDelayedNorBroken) {
  Runs runs;
  const Plan plan =
      parse_plan(R"({"delay":"1s","capacity":{"per_second":1},"failures":{"rate":1,"kinds":["garbage"]}})");
  const auto run = join(runs.create(plan, 0));
  const OpenCall::Time start{1s};
  OpenCall first(run, 0, 0, 0, start, planned_reply(plan, 0, 0));
  OpenCall second(run, 0, 1, 0, start + 1ms, planned_reply(plan, 1, 0));
  EXPECT_TRUE(first.admit({}));
  EXPECT_EQ(first.planned.fault, Fault::garbage);
  EXPECT_EQ(first.planned.delay, 1s);
  EXPECT_TRUE(second.admit({}));
  EXPECT_EQ(second.ending, Ending::refused);
  EXPECT_EQ(second.planned.status, 429);
  EXPECT_EQ(second.planned.fault, Fault::none);
  EXPECT_EQ(second.planned.delay, 0s);
  EXPECT_EQ(second.planned.retry_after, 999ms);
}

TEST(OpenCall, HasItsSlotFromTheMomentAtWhichItIsFree) {
  Runs runs;
  const Plan plan = parse_plan(R"({"delay":"5ms","capacity":{"slots":1}})");
  const auto created = runs.create(plan, 0);
  const auto run = join(created);
  const OpenCall::Time start{1s};
  const auto call = [&](CallId id, OpenCall::Time arrived) {
    return OpenCall(run, 0, id, 0, arrived, planned_reply(plan, id, 0));
  };
  OpenCall first = call(0, start);
  ASSERT_TRUE(first.admit({}));
  EXPECT_EQ(first.begun(), start);
  OpenCall::Time granted{};
  OpenCall waits = call(1, start + 1ms);
  ASSERT_FALSE(waits.admit([&](OpenCall::Time given_up) { granted = given_up; }));
  first.end(Ending::completed, 0ns, start + 6ms);
  EXPECT_EQ(granted, start + 6ms);
  waits.begin(granted);
  waits.end(Ending::completed, 0ns, start + 12ms);
  OpenCall read_late = call(2, start + 2ms);  // nobody waits any more when the server gets round to it
  ASSERT_TRUE(read_late.admit({}));
  EXPECT_EQ(read_late.begun(), start + 12ms);
  read_late.end(Ending::completed, 0ns, start + 17ms);
  OpenCall after = call(3, start + 20ms);
  ASSERT_TRUE(after.admit({}));
  EXPECT_EQ(after.begun(), start + 20ms);
  after.end(Ending::completed, 0ns, start + 25ms);
  ArrivalClock clock;
  const Json rows = Json::parse(ledger_json(*created, true, clock))["calls"];
  for (const auto& [row, waited] : {std::pair{0, 0ms}, {1, 5ms}, {2, 10ms}, {3, 0ms}})
    EXPECT_EQ(rows[row][6], Nanoseconds(waited).count()) << row;
}

/// What is refused by the rate does not stand in the queue.
TEST(OpenCall, AsksForASlotWhenTheRateLetsItPass) {
  Runs runs;
  const Plan plan = parse_plan(R"({"delay":"1s","capacity":{"slots":1,"per_second":1,"burst":2}})");
  const auto run = join(runs.create(plan, 0));
  const OpenCall::Time start{1s};
  const auto call = [&](CallId id) { return OpenCall(run, 0, id, 0, start, planned_reply(plan, id, 0)); };
  OpenCall served = call(0), waits = call(1), refused = call(2);
  EXPECT_TRUE(served.admit({}));
  EXPECT_FALSE(waits.admit([](OpenCall::Time) { FAIL() << "nobody has given a slot up"; }));
  EXPECT_TRUE(refused.admit({}));
  EXPECT_EQ(refused.planned.status, 429);
  refused.end(Ending::refused, 0ns, start);
  waits.end(Ending::abandoned, 0ns, start);
  served.end(Ending::completed, 0ns, start + 1s);
}

TEST(Admission, LetsCallsPassAtItsRate) {
  Admission admission({.slots = 0, .per_second = 100, .burst = 2});
  const Admission::Time start{1s};
  EXPECT_EQ(admission.admit(start), 0ns);
  EXPECT_EQ(admission.admit(start), 0ns);
  EXPECT_EQ(admission.admit(start), 10ms);
  EXPECT_EQ(admission.admit(start + 9ms), 1ms);
  EXPECT_EQ(admission.admit(start + 10ms), 0ns);
  EXPECT_EQ(admission.admit(start + 10ms), 10ms);
  int admitted = 0;
  for (auto now = start + 1s; now < start + 2s; now += 1ms) admitted += admission.admit(now) == 0ns;
  EXPECT_EQ(admitted, 101);
}

}  // namespace
}  // namespace fanbench::server
