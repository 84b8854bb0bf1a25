// The mock server, as its clients see it, over plain sockets: endpoints for runs, the ledger, HTTP, starting
// and ending.
#include <fcntl.h>
#include <sys/resource.h>

#include <iterator>
#include <memory>
#include <random>
#include <vector>

#include "mock_server/runs/attempt_counter.hpp"
#include "mock_server/runs/ledger.hpp"
#include "tests/server/server_fixture.hpp"

namespace fanbench::server {
namespace {

// ------------------------------------------------------------------------------------------- endpoints

TEST_F(ServerTest, HealthCountsConnectionsAndRuns) {
  Client client = connect();
  HttpReply reply = client.get("/healthz");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Content-Type"), "application/json");
  EXPECT_EQ(Json::parse(reply.body), Json::parse(R"({"status":"ok","connections":1,"runs":0})"));
  EXPECT_EQ(Json::parse(client.request("POST", "/runs", "{}").body)["run"], 1);
  EXPECT_EQ(Json::parse(client.request("POST", "/runs", "{}").body)["run"], 2);
  reply = client.get("/healthz");
  EXPECT_EQ(Json::parse(reply.body), Json::parse(R"({"status":"ok","connections":1,"runs":2})"));
}

TEST_F(ServerTest, RefusesBadPlansWithOneLine) {
  Client client = connect();
  for (const char* plan : {R"({"dely":"1ms"})", "{", R"({"failures":{"rate":2}})", "\xff\xff", "[1,2"}) {
    const HttpReply reply = client.request("POST", "/runs", plan);
    EXPECT_EQ(reply.status, 400) << plan;
    EXPECT_EQ(reply.body.find('\n'), reply.body.size() - 1) << reply.body;
    EXPECT_NE(reply.body.find("expected"), std::string::npos) << reply.body;
  }
  EXPECT_EQ(client.send("POST /runs HTTP/1.1\r\nHost: test\r\n\r\n"), true);
  EXPECT_EQ(client.receive().status, 400);  // no body
}

TEST_F(ServerTest, RepliesAreThePlans) {
  const std::string text =
      R"({"seed":5,"failures":{"rate":0.6,"attempts":3,"kinds":[503,429,404,499],"retry_after":"1500us"},"body_bytes":40})";
  const Plan plan = parse_plan(text);
  const std::uint64_t run = create_run(text);
  Client client = connect();
  for (CallId id = 0; id < 50; ++id) {
    for (Attempt attempt = 0; attempt < 4; ++attempt) {
      const PlannedReply planned = planned_reply(plan, id, attempt);
      const HttpReply reply = client.get(call(run, id, attempt));
      EXPECT_EQ(reply.status, planned.status);
      EXPECT_EQ(reply.body, hex(planned.answer) + std::string(24, '.'));
      const bool retry = planned.status == 503 || planned.status == 429;
      EXPECT_EQ(reply.field("Retry-After"), retry ? "1" : "");
      EXPECT_EQ(reply.field("Retry-After-Ms"), retry ? "1.5" : "");
      EXPECT_EQ(reply.field("Connection"), "");
    }
  }
  EXPECT_EQ(client.get(runs(run) + "/calls/3").body, client.get(call(run, 3, 0)).body);
  const Json seen = ledger(run);
  expect_adds_up(seen);
  EXPECT_EQ(seen["run"], run);
  EXPECT_EQ(seen["completed"], 202);
  EXPECT_EQ(seen["duplicates"], 2);
  EXPECT_EQ(seen["in_flight_peak"], 1);
  EXPECT_EQ(seen["connections"], 1);
}

TEST_F(ServerTest, WrongRequestsGetOneLineThatSaysWhatWasExpected) {
  Client client = connect();
  const std::uint64_t run = create_run("{}");
  const struct {
    const char *method, *target;
    int status;
  } rows[] = {
      {"GET", "/nothing", 404},
      {"POST", "/run", 404},
      {"GET", "/runs/1/call/2", 404},
      {"GET", "/runs/1/", 404},
      {"GET", "/runs/0", 400},
      {"GET", "*", 404},
      {"GET", "/runs", 405},
      {"PUT", "/runs/1", 405},
      {"POST", "/runs/1/calls/1", 405},
      {"DELETE", "/runs/1/calls/1", 405},
      {"POST", "/healthz", 405},
      {"POST", "/delay/1ms", 405},
      {"BREW", "/healthz", 405},
      {"GET", "/runs/99", 404},
      {"GET", "/runs/99/calls/1", 404},
      {"DELETE", "/runs/99", 404},
      {"GET", "/runs/", 400},
      {"GET", "/runs/x", 400},
      {"GET", "/runs/-1", 400},
      {"GET", "/runs/1x", 400},
      {"GET", "/runs/99999999999999999999", 400},
      {"GET", "/runs/1/calls/", 400},
      {"GET", "/runs/1/calls/x", 400},
      {"GET", "/runs/1/calls/4294967296", 400},
      {"GET", "/runs/1/calls/1?attempt=", 400},
      {"GET", "/runs/1/calls/1?attempt=-1", 400},
      {"GET", "/runs/1/calls/1?attempt=65536", 400},
      {"GET", "/runs/1/calls/1?attempt=automatic", 400},
      {"GET", "/runs/1/calls/1?atempt=1", 400},
      {"GET", "/runs/1/calls/1?attempt=1&x=2", 400},
      {"GET", "/runs/1?calls=2", 400},
  };
  for (const auto& row : rows) {
    const HttpReply reply = client.request(row.method, row.target);
    EXPECT_EQ(reply.status, row.status) << row.method << ' ' << row.target;
    EXPECT_EQ(reply.body.find('\n'), reply.body.size() - 1) << reply.body;
    EXPECT_NE(reply.body.find("expected"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.field("Allow").empty(), row.status != 405);
  }
  EXPECT_EQ(ledger(run)["arrivals"], 0);
}

TEST_F(ServerTest, AMethodThatIsNotAllowedIsNamedWithItsPath) {
  Client client = connect();
  const struct {
    const char *method, *target, *told, *allow;
  } rows[] = {
      {"PUT", "/delay/5ms", "came PUT /delay/5ms, expected GET or HEAD", "GET, HEAD"},
      {"DELETE", "/", "came DELETE /, expected GET or HEAD", "GET, HEAD"},
      {"POST", "/drip?bytes=9", "came POST /drip, expected GET or HEAD", "GET, HEAD"},
      {"PATCH", "/pages/3", "came PATCH /pages/3, expected GET or HEAD", "GET, HEAD"},
      {"POST", "/ws/tea", "came POST /ws/tea, expected GET, with a WebSocket handshake", "GET"},
      {"HEAD", "/ws/tea", "", "GET"},
      {"GET", "/runs", "came GET /runs, expected POST", "POST"},
      {"PUT", "/runs/7", "came PUT /runs/7, expected GET, HEAD or DELETE", "GET, HEAD, DELETE"},
      {"POST", "/runs/7/calls/1?attempt=0", "came POST /runs/7/calls/1, expected GET or HEAD", "GET, HEAD"},
      {"PUT", "/bytes/%1b%5b31m%C3%BC%ff", R"(came PUT /bytes/\x1b[31mü\xff, expected GET or HEAD)",
       "GET, HEAD"},
  };
  for (const auto& row : rows) {
    const HttpReply reply = client.request(row.method, row.target);
    EXPECT_EQ(reply.status, 405) << row.target;
    EXPECT_EQ(reply.body, *row.told == '\0' ? "" : std::string(row.told) + '\n');
    EXPECT_EQ(reply.field("Allow"), row.allow);
  }
}

TEST_F(ServerTest, WhatCameIsEchoedReadably) {
  Client client = connect();
  const struct {
    const char *method, *target, *body, *told;
  } rows[] = {
      {"GET", "/delay/", "", R"("": a duration begins with a digit: 200ms)"},
      {"GET", "/delay/5", "", R"("5": a duration needs a unit: 5ms)"},
      {"GET", "/delay/uniform:min=10", "", "uniform: max is missing: uniform:min=10ms,max=50ms"},
      {"GET", "/delay/uniform:min=2ms,max=1ms", "",
       "uniform: min=2ms is above max=1ms: uniform:min=10ms,max=50ms"},
      {"GET", "/delay/5%C2%B5s", "", R"("5µs": a duration's unit is s, ms, us or ns: 200ms)"},
      {"GET", "/delay/5µs", "", R"("5µs": a duration's unit is s, ms, us or ns: 200ms)"},
      {"GET", "/delay/%ff%0a%1b[2J", "", R"("\xff\n\x1b[2J": a duration begins with a digit: 200ms)"},
      {"GET", "/drip?over=2m", "", R"(over: "2m": a duration's unit is s, ms, us or ns: 200ms)"},
      {"GET", "/bytes/zw%C3%B6lf", "",
       R"(/bytes/<n>: came "zwölf", expected a whole number from 0 to 67108864)"},
      {"POST", "/runs", R"({"delay":"größer"})",
       R"(plan: delay: "größer" is neither a duration nor one of uniform, normal, lognormal, exponential, )"
       R"(pareto, bimodal, percentiles, samples: 200ms)"},
  };
  for (const auto& row : rows) {
    const HttpReply reply = client.request(row.method, row.target, row.body);
    EXPECT_EQ(reply.status, 400) << row.target;
    EXPECT_EQ(reply.body, std::string(row.told) + '\n');
    EXPECT_EQ(reply.field("Content-Type"), "text/plain; charset=utf-8");
  }
}

TEST_F(ServerTest, DelayTellsWhatWasAskedForAndWhatWasMeasured) {
  Client client = connect();
  const auto began = Clock::now();
  const HttpReply reply = client.get("/delay/20ms");
  EXPECT_GE(Clock::now() - began, 20ms);
  EXPECT_EQ(reply.status, 200);
  const std::string timing = reply.field("Server-Timing");
  double requested = 0, measured = 0;
  ASSERT_EQ(std::sscanf(timing.c_str(), "requested;dur=%lf, measured;dur=%lf", &requested, &measured), 2)
      << timing;
  EXPECT_EQ(requested, 20);
  EXPECT_GE(measured, 20);
  EXPECT_EQ(client.get("/delay/uniform:min=0,max=2ms").status, 200);
  EXPECT_NE(client.get("/delay/uniform:min=0,max=2ms").field("Server-Timing").substr(0, 20),
            client.get("/delay/uniform:min=0,max=2ms").field("Server-Timing").substr(0, 20));
}

TEST_F(ServerTest, HeadAnnouncesTheBodyAndLeavesItOut) {
  const std::uint64_t run = create_run(R"({"body_bytes":100000})");
  Client client = connect();
  for (const std::string& target :
       {call(run, 1), std::string("/healthz"), std::string("/delay/1ms"), runs(run)}) {
    const HttpReply reply = client.request("HEAD", target);
    EXPECT_EQ(reply.status, 200) << target;
    EXPECT_GT(std::stoi(reply.field("Content-Length")), 5) << target;
  }
  EXPECT_EQ(client.get("/healthz").status, 200);  // and the connection is where it should be
  EXPECT_EQ(ledger(run)["completed"], 1);
}

TEST_F(ServerTest, LargeBodiesComeWhole) {
  const std::size_t body_bytes = 20'000'003;
  const std::uint64_t run = create_run(R"({"body_bytes":20000003})");
  Client client = connect();
  for (CallId id = 0; id < 2; ++id) {
    const HttpReply reply = client.get(call(run, id));
    ASSERT_EQ(reply.body.size(), body_bytes);
    EXPECT_EQ(reply.body.substr(0, 16), hex(planned_reply(Plan{}, id, 0).answer));
    EXPECT_EQ(reply.body.find_first_not_of('.', 16), std::string::npos);
  }
  for (const char* size :
       {"16", "4112", "4113", "69648", "70000"}) {  // around the sizes that the server has pieces of
    const std::uint64_t sized = create_run(std::string(R"({"body_bytes":)") + size + "}");
    EXPECT_EQ(client.get(call(sized, 0)).body,
              hex(planned_reply(Plan{}, 0, 0).answer) + std::string(std::stoul(size) - 16, '.'));
  }
}

TEST_F(ServerTest, AClientThatLeavesALargeBodyIsSeenToAbandonIt) {
  const std::uint64_t run = create_run(R"({"body_bytes":67108864})");
  Client client = connect();
  client.send(get(call(run, 0)));
  ASSERT_GT(client.receive_some(), 0);
  client.hang_up();
  expect_adds_up(ledger_when(run, [](const Json& seen) { return seen["abandoned"] == 1; }));
}

// ---------------------------------------------------------------------------------------------- ledger

TEST_F(ServerTest, LedgerAddsUpOnRandomPlans) {
  std::mt19937 random(7);
  for (int round = 0; round < 5; ++round) {
    Plan plan;
    plan.seed = random();
    plan.delay = LognormalDelay{.p50 = 1ms, .p99 = 20ms};
    plan.failures = {.rate = 0.3, .attempts = 2, .kinds = {503, Failures::reset}, .retry_after = {}};
    const std::uint64_t run = create_run(format_plan(plan));

    constexpr CallId calls = 60;
    std::vector<Client> clients;
    for (CallId id = 0; id < calls; ++id) {
      clients.push_back(connect());
      clients.back().send(get(call(run, id)));
    }
    for (CallId id = 0; id < calls; id += 10)
      clients[id].hang_up();  // now or later: the ledger must know which
    int completed = 0, reset = 0;
    for (CallId id = 0; id < calls; ++id) {
      if (id % 10 == 0) continue;
      const PlannedReply planned = planned_reply(plan, id, 0);
      const HttpReply reply = clients[id].receive();
      EXPECT_EQ(reply.status, planned.status == Failures::reset ? 0 : planned.status);
      ++(planned.status == Failures::reset ? reset : completed);
    }
    const Json seen =
        ledger_when(run, [&](const Json& l) { return l["open"] == 0 && l["arrivals"] == calls; });
    expect_adds_up(seen);
    EXPECT_GE(seen["completed"], completed);
    EXPECT_GE(seen["reset"], reset);
    EXPECT_EQ(seen["duplicates"], 0);
    EXPECT_EQ(seen["connections"], calls);
    EXPECT_EQ(seen["connections_new"], calls);
    std::int64_t latest_end_ns = 0;  // after its due time, of the calls that were answered
    for (const Json& row : seen["calls"]) {
      EXPECT_EQ(Nanoseconds(row[3].get<std::int64_t>() - row[2].get<std::int64_t>()),
                planned_reply(plan, row[0], row[1]).delay);
      if (row[5] == "reset") {
        EXPECT_EQ(planned_reply(plan, row[0], row[1]).status, Failures::reset);
      }
      if (row[5] != "abandoned") {
        latest_end_ns = std::max(latest_end_ns, row[4].get<std::int64_t>() - row[3].get<std::int64_t>());
      }
    }
    // Writing begins before a call ends. The ledger has its quantiles to the thousandth of a µs, rounded.
    EXPECT_GT(seen["lateness_us"]["max"], 0);
    EXPECT_LE(seen["lateness_us"]["max"].get<double>() * 1000, static_cast<double>(latest_end_ns) + 1);
  }
}

TEST_F(ServerTest, LedgerOfARunWithoutCalls) {
  const Json seen = ledger(create_run("{}"));
  expect_adds_up(seen);
  EXPECT_TRUE(seen["lateness_us"].is_null());
  EXPECT_EQ(seen["calls"], Json::array());
  EXPECT_FALSE(ledger(1, false).contains("calls"));
}

TEST_F(ServerTest, TimesAreTheMachinesMonotonicClock) {
  const std::uint64_t run = create_run(R"({"delay":"3ms"})");
  Client client = connect();
  const auto before = Clock::now().time_since_epoch().count();
  client.get(call(run, 0));
  const auto after = Clock::now().time_since_epoch().count();
  const Json row = ledger(run)["calls"][0];
  EXPECT_GE(row[2], before);
  // The server may be put off the CPU between writing the reply and reading the clock, so ended_ns has no
  // upper bound.
  EXPECT_LE(row[3], after);
  EXPECT_GE(after - before, 3'000'000);
}

TEST_F(ServerTest, AbandonedCallsAreNoticedBeforeTheirDelayEnds) {
  const std::uint64_t run = create_run(R"({"delay":"3600s"})");
  Client closes = connect(), resets = connect(), half_closes = connect(), stays = connect();
  CallId id = 0;
  for (const Client* client : {&closes, &resets, &half_closes, &stays}) client->send(get(call(run, id++)));
  const auto arrived = [](int n) { return [n](const Json& l) { return l["arrivals"] == n; }; };
  ledger_when(run, arrived(4));
  closes.hang_up();
  resets.hang_up_with_reset();
  half_closes.half_close();
  const Json seen = ledger_when(run, [](const Json& l) { return l["abandoned"] == 3; });
  expect_adds_up(seen);
  EXPECT_EQ(seen["open"], 1);
  for (const Json& row : seen["calls"]) {
    EXPECT_EQ(row[5], row[0] == 3 ? "open" : "abandoned");
    EXPECT_LT(row[4], row[3]);
  }
  EXPECT_TRUE(seen["lateness_us"].is_null());
}

TEST_F(ServerTest, PlannedResetsComeAfterPartOfTheHead) {
  const std::uint64_t run = create_run(R"({"delay":"2ms","failures":{"rate":1,"kinds":["reset"]}})");
  Client client = connect();
  client.send(get(call(run, 0)));
  ssize_t last = 0;
  while ((last = client.receive_some()) > 0) {
  }
  EXPECT_EQ(last, -ECONNRESET);
  EXPECT_EQ(client.received.substr(0, 9), "HTTP/1.1 ");
  const auto status_end = client.received.find("\r\n");
  ASSERT_NE(status_end, std::string::npos);
  EXPECT_NE(client.received.find("\r\n", status_end + 2), std::string::npos);  // a whole field
  EXPECT_EQ(client.received.find("\r\n\r\n"), std::string::npos);
  const Json seen = ledger_when(run, [](const Json& l) { return l["reset"] == 1; });
  expect_adds_up(seen);
  EXPECT_FALSE(seen["lateness_us"].is_null());
}

TEST_F(ServerTest, DuplicatesAreCountedByIdAndAttempt) {
  const std::uint64_t run = create_run("{}");
  Client client = connect();
  for (const auto& [id, attempt] : std::vector<std::pair<CallId, Attempt>>{
           {1, 0}, {1, 1}, {2, 0}, {1, 0}, {1, 0}, {4294967295, 65535}, {4294967295, 65535}, {0, 1}}) {
    EXPECT_EQ(client.get(call(run, id, attempt)).status, 200);
  }
  EXPECT_EQ(ledger(run)["duplicates"], 3);
  EXPECT_EQ(ledger(run)["arrivals"], 8);
}

TEST_F(ServerTest, AttemptsMayBeNumberedByTheServer) {
  const Plan plan = parse_plan(R"({"failures":{"rate":1,"at_least":2,"attempts":2}})");
  const std::uint64_t run = create_run(format_plan(plan)), other = create_run("{}");
  const auto automatic = [](std::uint64_t of, CallId id) {
    return runs(of) + "/calls/" + std::to_string(id) + "?attempt=auto";
  };
  for (Attempt attempt = 0; attempt < 5; ++attempt) {  // a connection each, as curl --retry may have
    for (const CallId id : {7U, 8U}) {
      const HttpReply reply = connect().get(automatic(run, id));
      EXPECT_EQ(reply.status, attempt < 2 ? 503 : 200) << id << ' ' << attempt;
      EXPECT_EQ(reply.body.substr(0, 16), hex(planned_reply(plan, id, attempt).answer));
    }
  }
  EXPECT_EQ(connect().get(automatic(other, 7)).body.substr(0, 16), hex(planned_reply(Plan{}, 7, 0).answer));
  Json seen = ledger_when(run, [](const Json& l) { return l["completed"] == 10; });
  EXPECT_EQ(seen["duplicates"], 0);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(seen["calls"][i][1], i / 2);

  // Those that come with a number are not counted.
  EXPECT_EQ(connect().get(call(other, 9, 0)).status, 200);
  EXPECT_EQ(connect().get(automatic(other, 9)).status, 200);
  seen = ledger_when(other, [](const Json& l) { return l["completed"] == 3; });
  EXPECT_EQ(seen["duplicates"], 1);
}

TEST_F(ServerTest, AnAttemptThatDoesNotArriveIsNotCounted) {
  const std::uint64_t run = create_run(R"({"chain":2})");
  Client client = connect();
  const std::string cursor = "&cursor=" + client.get(runs(run) + "/calls/0?attempt=auto").body.substr(0, 16);
  EXPECT_EQ(client.get(runs(run) + "/calls/1?attempt=auto").status, 400);
  EXPECT_EQ(client.request("POST", runs(run) + "/calls/1?attempt=auto" + cursor).status, 405);
  EXPECT_EQ(client.get(runs(run) + "/calls/1?attempt=auto" + cursor).status, 200);
  const Json seen = ledger(run);
  EXPECT_EQ(seen["calls"][1][0], 1);
  EXPECT_EQ(seen["calls"][1][1], 0);
}

TEST(AttemptCounter, StaysAtTheLastNumber) {
  AttemptCounter counter;
  for (Attempt attempt = 0; attempt < 65'535; ++attempt) ASSERT_EQ(counter.count(3), attempt);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(counter.count(3), 65'535U);
  EXPECT_EQ(counter.count(4294967295), 0U);
}

TEST_F(ServerTest, AChainIsToBeFollowedLinkByLink) {
  const std::uint64_t run = create_run(R"({"chain":3,"seed":9})");
  Client client = connect();
  for (int chain = 0; chain < 2; ++chain) {
    std::string cursor;
    for (CallId id = 3 * chain; id < 3U * (chain + 1); ++id) {
      const HttpReply reply = client.get(call(run, id) + (cursor.empty() ? "" : "&cursor=" + cursor));
      EXPECT_EQ(reply.status, 200) << id;
      EXPECT_EQ(reply.body.size(), 64U);
      EXPECT_EQ(reply.body[16], id % 3 < 2 ? '+' : '.') << id;
      cursor = reply.body.substr(0, 16);
    }
    EXPECT_EQ(client.get(call(run, 0) + "&cursor=" + cursor).status, 400);  // a chain's first has none
  }
  EXPECT_EQ(client.get(call(run, 1)).status, 400);
  EXPECT_EQ(client.get(call(run, 1) + "&cursor=1").status, 400);
  EXPECT_EQ(client.get(call(run, 1) + "&cursor=x").status, 400);
  EXPECT_EQ(ledger(run)["arrivals"], 6);
}

TEST_F(ServerTest, InFlightPeakIsExact) {
  const std::uint64_t run = create_run(R"({"delay":"3600s"})");
  std::vector<Client> clients;
  for (CallId id = 0; id < 37; ++id) {
    clients.push_back(connect());
    clients.back().send(get(call(run, id)));
  }
  ledger_when(run, [](const Json& l) { return l["arrivals"] == 37; });
  for (CallId id = 0; id < 10; ++id) clients[id].hang_up();
  ledger_when(run, [](const Json& l) { return l["open"] == 27; });
  for (CallId id = 0; id < 9; ++id) {  // back to 36: still under the peak
    clients.push_back(connect());
    clients.back().send(get(call(run, 100 + id)));
  }
  const Json seen = ledger_when(run, [](const Json& l) { return l["open"] == 36; });
  EXPECT_EQ(seen["in_flight_peak"], 37);
  EXPECT_EQ(seen["connections"], 46);
}

TEST_F(ServerTest, ConnectionsAcceptedAfterTheRunWasMadeAreNew) {
  Client old = connect(), unused = connect();
  old.get("/healthz");
  unused.get("/healthz");
  const std::uint64_t run = create_run("{}");
  Client fresh = connect(), other = connect();
  for (CallId id = 0; id < 3; ++id) {
    old.get(call(run, id));
    fresh.get(call(run, 10 + id));
    other.get(call(run, 20 + id));
  }
  EXPECT_EQ(ledger(run)["connections"], 3);
  EXPECT_EQ(ledger(run)["connections_new"], 2);
}

TEST_F(ServerTest, ADeletedRunsOpenCallsStillEnd) {
  const std::uint64_t run = create_run(R"({"delay":"300ms"})");
  const std::uint64_t forever = create_run(R"({"delay":"3600s"})");
  Client waits = connect(), leaves = connect();
  waits.send(get(call(run, 0)));
  leaves.send(get(call(forever, 0)));
  ledger_when(run, [](const Json& l) { return l["arrivals"] == 1; });
  ledger_when(forever, [](const Json& l) { return l["arrivals"] == 1; });
  EXPECT_EQ(connect().request("DELETE", runs(run)).status, 204);
  EXPECT_EQ(connect().request("DELETE", runs(forever)).status, 204);
  EXPECT_EQ(connect().request("DELETE", runs(run)).status, 404);
  EXPECT_EQ(connect().get(runs(run)).status, 404);
  EXPECT_EQ(waits.receive().status, 200);
  EXPECT_EQ(waits.get(call(run, 1)).status, 404);  // on the same connection
  leaves.hang_up();
  expect_serving();
}

TEST(Ledger, AMillionCalls) {
  const auto ledger = std::make_shared<Ledger>();
  const Ledger::Time start{1s};
  for (CallId id = 0; id < 1'000'000; ++id) {
    const auto arrived = start + std::chrono::microseconds(id);
    const std::size_t call = ledger->arrive(id % 999'000, 0, id % 100, arrived, 200ms);
    ledger->end(call, Ending::completed, Nanoseconds(id + 1), arrived + 201ms);
  }
  const Json totals = Json::parse(to_json({&ledger, 1}, {.run = 7, .first_new = 10, .with_calls = false}));
  EXPECT_EQ(totals["arrivals"], 1'000'000);
  EXPECT_EQ(totals["completed"], 1'000'000);
  EXPECT_EQ(totals["open"], 0);
  EXPECT_EQ(totals["duplicates"], 1'000);
  EXPECT_EQ(totals["connections"], 100);
  EXPECT_EQ(totals["connections_new"], 90);
  EXPECT_EQ(totals["lateness_us"], Json::parse(R"({"p50":500.0,"p99":990.0,"max":1000.0})"));
  const std::string whole = to_json({&ledger, 1}, {.run = 7});
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '['), 1'000'001);
  EXPECT_NE(whole.find(R"([998999,0,1998999000,2198999000,2199999000,"completed"])"), std::string::npos);
}

TEST_F(ServerTest, ALedgerThatFillsTheSocketManyTimesComesWhole) {
  const std::uint64_t run = create_run("{}");
  Client client = connect();
  constexpr int calls = 100'000, batch = 500;
  for (int sent = 0; sent < calls; sent += batch) {
    std::string requests;
    for (int i = 0; i < batch; ++i) requests += get(call(run, static_cast<CallId>(sent + i)));
    client.send(requests);
    for (int i = 0; i < batch; ++i) ASSERT_EQ(client.receive().status, 200);
  }
  const Json seen = ledger(run);
  EXPECT_EQ(seen["completed"], calls);
  EXPECT_EQ(seen["calls"].size(), static_cast<std::size_t>(calls));
}

// ---------------------------------------------------------------------------------------------- HTTP

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Plan plan;
  plan.delay = UniformDelay{.min = 0ms, .max = 3ms};
  const std::uint64_t run = create_run(format_plan(plan));
  Client client = connect();
  std::string requests;
  constexpr CallId calls = 400;  // more bytes than the server reads ahead
  for (CallId id = 0; id < calls; ++id) requests += get(call(run, id));
  std::thread sender([&] { client.send(requests); });
  for (CallId id = 0; id < calls; ++id) {
    EXPECT_EQ(client.receive().body.substr(0, 16), hex(planned_reply(plan, id, 0).answer)) << id;
  }
  sender.join();
  const Json seen = ledger_when(run, [](const Json& l) { return l["completed"] == calls; });
  expect_adds_up(seen);
  EXPECT_EQ(seen["in_flight_peak"], 1);
  EXPECT_EQ(seen["connections"], 1);
}

TEST_F(ServerTest, APipeliningClientThatLeavesAbandonsOneCall) {
  const std::uint64_t run = create_run(R"({"delay":"3600s"})");
  Client client = connect();
  client.send(get(call(run, 0)) + get(call(run, 1)));
  ledger_when(run, [](const Json& l) { return l["arrivals"] == 1; });
  client.hang_up();
  const Json seen = ledger_when(run, [](const Json& l) { return l["abandoned"] == 1; });
  EXPECT_EQ(seen["arrivals"], 1);
}

TEST_F(ServerTest, RequestsMayComeInPieces) {
  const std::uint64_t run = create_run("{}");
  Client client = connect();
  const std::string body = R"({"delay":"0"})";
  for (const std::string& request :
       {get(call(run, 5)), "POST /runs HTTP/1.1\r\nHost: test\r\nContent-Length: 13\r\n\r\n" + body,
        std::string("POST /runs HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "6;x=y\r\n{\"dela\r\n7\r\ny\":\"0\"}\r\n0\r\n\r\n")}) {
    for (const char c : request) ASSERT_TRUE(client.send({&c, 1}));
    EXPECT_EQ(client.receive().status / 100, 2) << request;
  }
}

TEST_F(ServerTest, ConnectionsAreKeptOrClosedAsTheClientAsks) {
  const std::uint64_t run = create_run("{}");
  const std::string path = call(run, 0);
  const struct {
    std::string request, connection;
    bool ends;
  } rows[] = {
      {"GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n", "", false},
      {"GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", "close", true},
      {"GET " + path + " HTTP/1.0\r\n\r\n", "close", true},
      {"GET " + path + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", false},
      {"GET http://test" + path + " HTTP/1.1\r\nHost: test\r\n\r\n", "", false},
  };
  for (const auto& row : rows) {
    Client client = connect();
    client.send(row.request);
    const HttpReply reply = client.receive();
    EXPECT_EQ(reply.status, 200) << row.request;
    EXPECT_EQ(reply.field("Connection"), row.connection) << row.request;
    if (row.ends) {
      EXPECT_TRUE(client.ended()) << row.request;
    }
    if (!row.ends) {
      EXPECT_EQ(client.get("/healthz").status, 200) << row.request;
    }
  }
}

TEST_F(ServerTest, ARequestBeforeAHalfCloseIsAnsweredIfItCanBeAtOnce) {
  const std::uint64_t run = create_run(R"({"body_bytes":30000000})");
  Client client = connect();
  client.send(get(call(run, 0)));
  client.half_close();
  EXPECT_EQ(client.receive().body.size(), 30'000'000U);
  EXPECT_TRUE(client.ended());
}

TEST_F(ServerTest, BodiesWaitForAContinue) {
  Client client = connect();
  client.send("POST /runs HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100);
  client.send("{}");
  EXPECT_EQ(client.receive().status, 201);
}

TEST_F(ServerTest, MalformedRequestsAreRefusedAndTheConnectionIsClosed) {
  const std::string long_line(9'000, 'a');
  std::string many_fields;
  for (int i = 0; i < 2'000; ++i) many_fields += "X-" + std::to_string(i) + ": y\r\n";
  const struct {
    std::string request;
    int status;
  } rows[] = {
      {"\x16\x03\x01 not HTTP at all\r\n\r\n", 400},
      {"GET\r\n\r\n", 400},
      {"GET /healthz HTTP/2.0\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\nHost: x\n\n", 400},
      {"GET /healthz HTTP/1.1\r\nno colon\r\n\r\n", 400},
      {"POST /runs HTTP/1.1\r\nHost: test\r\nContent-Length: x\r\n\r\n", 400},
      {"POST /runs HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", 400},
      {"POST /runs HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"GET /" + long_line + " HTTP/1.1\r\nHost: test\r\n\r\n", 431},
      {"GET /healthz HTTP/1.1\r\nHost: test\r\nX: " + long_line + "\r\n\r\n", 431},
      {"GET /healthz HTTP/1.1\r\nHost: test\r\n" + many_fields + "\r\n", 431},
      {"POST /runs HTTP/1.1\r\nHost: test\r\nContent-Length: 1048577\r\n\r\n", 413},
      {"POST /runs HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n", 413},
  };
  for (const auto& row : rows) {
    Client client = connect();
    client.send(row.request + get("/healthz"));  // what follows a malformed request is no request
    const HttpReply reply = client.receive();
    EXPECT_EQ(reply.status, row.status) << row.request.substr(0, 80);
    EXPECT_EQ(reply.field("Connection"), "close");
    EXPECT_NE(reply.body.find("expected"), std::string::npos);
    EXPECT_TRUE(client.ended()) << row.request.substr(0, 80);
  }
  expect_serving();
}

/// As long as the server would wait for the rest of a request, the test would fail by its client's patience.
TEST_F(ServerTest, ARequestLineWithoutAVersionIsRefusedAtOnce) {
  for (const char* line : {"GET / \r\n", "GET / \r\n\r\n", "GET /\r\n", "GET / HTTP\r\n\r\n", "hello\r\n"}) {
    Client client = connect();
    client.send(line);
    const HttpReply reply = client.receive();
    EXPECT_EQ(reply.status, 400) << line;
    EXPECT_NE(reply.body.find("expected an HTTP/1.1 request"), std::string::npos) << reply.body;
    EXPECT_TRUE(client.ended()) << line;
  }
}

TEST_F(ServerTest, HttpOneDotOneHasOneHost) {
  const struct {
    const char *version_and_fields, *why;
    int status;
  } rows[] = {
      {"HTTP/1.1\r\n\r\n", "none", 400},
      {"HTTP/1.1\r\nAccept: */*\r\n\r\n", "none", 400},
      {"HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", "two", 400},
      {"HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "two", 400},
      {"HTTP/1.1\r\nHost: a\r\n\r\n", "one", 200},
      {"HTTP/1.1\r\nhOST:\r\n\r\n", "one, of no name", 200},
      {"HTTP/1.0\r\n\r\n", "none, as health checkers do", 200},
  };
  for (const auto& row : rows) {
    Client client = connect();
    client.send(std::string("GET /healthz ") + row.version_and_fields);
    const HttpReply reply = client.receive();
    EXPECT_EQ(reply.status, row.status) << row.why;
    EXPECT_EQ(reply.body.find("one Host field") != std::string::npos, row.status == 400) << reply.body;
  }
}

TEST_F(ServerTest, AHeaderOrTrailerThatNeverEndsIsCutOff) {
  for (const char* request :
       {"GET /healthz HTTP/1.1\r\nHost: test\r\n",
        "POST /runs HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"}) {
    Client client = connect();
    bool open = client.send(request);
    for (int i = 0; open && i < 20'000; ++i) open = client.send("X-" + std::to_string(i) + ": y\r\n");
    EXPECT_EQ(client.receive().status, 431) << request;
  }
}

TEST_F(ServerTest, TheReplyToABodyThatIsTooLargeOutlivesTheSending) {
  Client client = connect();
  client.send("POST /runs HTTP/1.1\r\nHost: test\r\nContent-Length: 3000000\r\n\r\n" +
              std::string(1'000'000, ' '));
  EXPECT_EQ(client.receive().status, 413);
  EXPECT_TRUE(client.ended());  // and not by a reset, which could have destroyed the reply
}

TEST_F(ServerTest, ABodyOfJustTheLimitIsRead) {
  Client client = connect();
  EXPECT_EQ(client.request("POST", "/runs", "{}" + std::string(1024 * 1024 - 2, ' ')).status, 201);
}

TEST_F(ServerTest, RandomBytesDoNoHarm) {
  std::mt19937 random(11);
  const std::uint64_t run = create_run(R"({"failures":{"rate":0.5,"kinds":[503,"reset"]}})");
  const auto below = [&](std::size_t n) { return random() % n; };
  for (int round = 0; round < 1'500; ++round) {
    std::string bytes;
    if (round % 3 == 0) {
      for (std::size_t i = below(300); i > 0; --i) bytes += static_cast<char>(random());
    } else {  // nearly a request
      bytes =
          round % 3 == 1
              ? get(call(run, random() % 9)) + get("/delay/0")
              : "POST /runs HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
      for (std::size_t i = 1 + below(3); i > 0; --i) bytes[below(bytes.size())] = static_cast<char>(random());
      bytes.resize(bytes.size() - below(10));
    }
    Client client = connect();
    client.send(bytes);
    switch (below(3)) {
      case 0:
        client.hang_up_with_reset();
        break;
      case 1:
        client.half_close();
        while (client.receive_some() > 0) {
        }
        break;
      default:
        break;
    }
  }
  expect_serving();
  expect_adds_up(ledger_when(run, [](const Json& l) { return l["open"] == 0; }));
}

// ----------------------------------------------------------------------------------- starting and ending

TEST_F(ServerTest, AddressesThatCannotBeBoundAreNamed) {
  const auto error_of = [](const ServerOptions& options) -> std::string {
    try {
      const Server second(options);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of({.port = server.port()}),
            "127.0.0.1 port " + std::to_string(server.port()) + ": Address already in use");
  EXPECT_NE(error_of({.address = "localhost"}).find("localhost: expected an IP address"), std::string::npos);
  EXPECT_NE(error_of({.address = "203.0.113.1"}).find("203.0.113.1 port 0: "), std::string::npos);
}

TEST_F(ServerTest, OutOfDescriptorsItWaitsAndGoesOn) {
  Client first = connect();
  EXPECT_EQ(first.get("/healthz").status, 200);  // from here on the loop opens and closes nothing of its own
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const int saved_stderr = dup(STDERR_FILENO);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);

  const int last = dup(0);  // the lowest that is free: the client's, which leaves none to accept it with
  close(last);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(last) + 1;
  setrlimit(RLIMIT_NOFILE, &tight);
  dup2(pipe_ends[1], STDERR_FILENO);
  Client client = connect();
  client.send(get("/healthz"));
  std::string told;
  for (char byte = 0; told.find('\n') == std::string::npos && read(pipe_ends[0], &byte, 1) == 1;)
    told += byte;
  EXPECT_EQ(first.get("/healthz").status, 200);  // those it has are served on
  dup2(saved_stderr, STDERR_FILENO);
  setrlimit(RLIMIT_NOFILE, &before);

  EXPECT_EQ(told, "fanbench-server: out of descriptors at 1 connections; others wait\n");
  EXPECT_EQ(client.receive().status, 200);
  for (const int fd : {saved_stderr, pipe_ends[0], pipe_ends[1]}) close(fd);
}

TEST_F(ServerTest, StoppingLetsCallsInFlightEnd) {
  const std::uint64_t run = create_run(R"({"delay":"1s"})");  // time enough to stop before it ends
  Client idle = connect(), waits = connect();
  idle.get("/healthz");
  waits.send(get(call(run, 0)) + get(call(run, 1)));
  ledger_when(run, [](const Json& l) { return l["arrivals"] == 1; });
  server.stop();
  EXPECT_TRUE(idle.ended());
  const HttpReply reply = waits.receive();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Connection"), "close");
  loop.join();  // and that ends it
  EXPECT_LE(waits.receive_some(), 0);
  EXPECT_FALSE(connect().connected());
}

TEST(Stopping, WaitsNoLongerThanTheDrainTime) {
  Server server({.drain = 30ms});
  std::thread loop([&] { server.run(); });
  Client client(server.port());
  EXPECT_EQ(client.request("POST", "/runs", R"({"delay":"3600s"})").status, 201);
  client.send("GET /runs/1/calls/0 HTTP/1.1\r\nHost: test\r\n\r\n");
  while (Json::parse(Client(server.port()).get("/runs/1").body)["arrivals"] == 0) std::this_thread::yield();
  server.stop();
  loop.join();
}

TEST(Stopping, ASecondTimeIsAtOnce) {
  Server server({.drain = std::chrono::hours(1)});
  std::thread loop([&] { server.run(); });
  Client client(server.port());
  EXPECT_EQ(client.request("POST", "/runs", R"({"delay":"3600s"})").status, 201);
  client.send("GET /runs/1/calls/0 HTTP/1.1\r\nHost: test\r\n\r\n");
  while (Json::parse(Client(server.port()).get("/runs/1").body)["arrivals"] == 0) std::this_thread::yield();
  server.stop();
  server.stop();
  loop.join();
}

TEST(Stopping, WithoutConnectionsIsAtOnce) {
  Server server({.drain = std::chrono::hours(1)});
  server.stop();
  server.run();
}

}  // namespace
}  // namespace fanbench::server
