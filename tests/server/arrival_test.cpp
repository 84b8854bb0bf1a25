// When calls arrive: by the kernel's stamp and not by the server's reading, on the steady clock.
#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "mock_server/net/connection.hpp"
#include "mock_server/net/stamped_input.hpp"
#include "mock_server/net/websocket_rooms.hpp"
#include "tests/server/server_fixture.hpp"

namespace fanbench::server {
namespace {

// ------------------------------------------------------------------------------------------- the clock

/// Both clocks as a test has them: a look takes `width`, and the wall clock is `ahead`.
struct Clocks {
  Nanoseconds now = 100s, ahead = 1'000'000s, width = 40ns;

  ArrivalClock::Read reader() {
    return [this] {
      const Nanoseconds before = now;
      now += width;
      return ClockReading{before, before + width / 2 + ahead, now};
    };
  }
};

TEST(ArrivalClock, TurnsStampsIntoTimesOfTheSteadyClock) {
  Clocks clocks;
  const ArrivalClock clock(clocks.reader());
  EXPECT_EQ(clock.steady(1'000'007s).time_since_epoch(), 7s);
  EXPECT_GE(clock.error(), clocks.width / 2);
  EXPECT_LE(clock.error(), clocks.width);
}

TEST(ArrivalClock, TrustsTheClosestLook) {
  Clocks clocks;
  int looks = 0;
  const ArrivalClock clock([&, read = clocks.reader()] {
    clocks.width = looks++ == 1 ? 40ns : Nanoseconds(20ms);  // most of them are interrupted
    return read();
  });
  EXPECT_EQ(clock.steady(1'000'007s).time_since_epoch(), 7s);
  EXPECT_LE(clock.error(), 40ns);
}

TEST(ArrivalClock, NoticesStepsAndNothingElse) {
  Clocks clocks;
  ArrivalClock clock(clocks.reader());
  const auto stamp = [&] { return clocks.now + clocks.ahead; };
  clock.check();
  clocks.now += 24h;
  clock.check();
  clocks.width = 5ms;  // an interrupted look says little, and nothing against what is known
  clock.check();
  EXPECT_EQ(clock.steps(), 0);
  clocks.width = 40ns;
  std::uint64_t steps = 0;
  for (const Nanoseconds step : {Nanoseconds(1s), Nanoseconds(-1h), Nanoseconds(1us), Nanoseconds(-1us)}) {
    clocks.ahead += step;
    clock.check();
    EXPECT_EQ(clock.steps(), ++steps) << step.count();
    EXPECT_EQ(clock.steady(stamp()).time_since_epoch(), clocks.now);
    clock.check();
    EXPECT_EQ(clock.steps(), steps) << step.count();
  }
}

TEST(ArrivalClock, FollowsTheMachines) {
  ArrivalClock clock;
  for (int i = 0; i < 100; ++i) {
    const auto [before, wall, after] = read_clocks();
    EXPECT_GE(clock.steady(wall).time_since_epoch(), before - clock.error());
    EXPECT_LE(clock.steady(wall).time_since_epoch(), after + clock.error());
    clock.check();
  }
  EXPECT_EQ(clock.steps(), 0);
}

// ---------------------------------------------------------------------------------------------- the server

/// A connection whose loop runs only when the test says so: until then the server reads nothing.
class HeldServerTest : public testing::Test {
 protected:
  enum class Stamps { asked_for, missing };

  void start(const char* plan, Stamps stamps = Stamps::asked_for) {
    if (stamps == Stamps::asked_for) ask_for_stamps(acceptor.native_handle());
    shared.runs.create(parse_plan(plan), 0, shared.arrival_clock.steps());
    client.emplace(acceptor.local_endpoint().port());
    Socket accepted(context);
    acceptor.accept(accepted);
    std::make_shared<Connection>(loop, std::move(accepted), shared.next_connection++)->start();
  }
  ~HeldServerTest() override {
    while (!loop.connections.empty()) loop.connections.front().shared_from_this()->close();
    context.poll();
  }

  /// The kernel begins to stamp a moment after it was asked to: makes calls until one was dated before it was
  /// read.
  bool stamps_have_begun() {
    for (const auto limit = Clock::now() + patience; Clock::now() < limit;) {
      client->send(call(0));
      const auto sent = Clock::now();
      serve();
      if (calls().back()[2] < sent.time_since_epoch().count()) return true;
    }
    return false;
  }
  static std::string call(CallId id) {
    return "GET /runs/1/calls/" + std::to_string(id) + " HTTP/1.1\r\nHost: test\r\n\r\n";
  }
  /// Runs the loop until a reply has come.
  HttpReply serve() {
    const int fd = client->descriptor();
    for (const auto limit = Clock::now() + patience; Clock::now() < limit;) {
      context.poll();
      char byte = 0;
      if (!client->received.empty() || recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) break;
    }
    return client->receive();
  }
  Json ledger() { return Json::parse(ledger_json(*shared.runs.find(1), true, shared.arrival_clock)); }
  Json calls() { return ledger()["calls"]; }
  static std::int64_t nanoseconds(Clock::time_point time) { return time.time_since_epoch().count(); }

  Clocks clocks;
  bool faked = false;
  SharedState shared{.arrival_clock = ArrivalClock(
                         [this, read = clocks.reader()] { return faked ? read() : read_clocks(); })};
  WebSocketRooms rooms;
  Loop loop{shared, rooms, *shared.stats.emplace_back(std::make_unique<Stats>()),
            Limits{.body_bytes = 4096, .idle_ticks = 1000, .request_ticks = 1000}, nullptr};
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<Executor> guard{context.get_executor()};
  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor> acceptor{
      context, {boost::asio::ip::address_v4::loopback(), 0}};
  std::optional<Client> client;
};

TEST_F(HeldServerTest, ABacklogIsTheServersLateness) {
  start(R"({"delay":"1ms"})");
  ASSERT_TRUE(stamps_have_begun());
  const auto before = Clock::now();
  client->send(call(1));
  const auto sent = Clock::now();
  while (Clock::now() < sent + 5ms) std::this_thread::yield();  // the server does something else
  EXPECT_EQ(serve().status, 200);
  const Json seen = ledger();
  const Json row = seen["calls"].back();
  const std::int64_t error = seen["arrival_error_ns"];
  EXPECT_GE(row[2], nanoseconds(before) - error);
  EXPECT_LE(row[2], nanoseconds(sent) + error);
  EXPECT_EQ(row[3], row[2].get<std::int64_t>() + 1'000'000);  // the delay runs from there
  EXPECT_GE(seen["lateness_us"]["max"], 4000);
  EXPECT_FALSE(seen["clock_stepped"]);
}

TEST_F(HeldServerTest, ARequestHasArrivedWhenItsLastByteHas) {
  start("{}");
  ASSERT_TRUE(stamps_have_begun());
  for (const bool read_between : {false, true}) {
    const std::string request = call(1);
    client->send(request.substr(0, 20));
    if (read_between) context.poll();
    const auto before = Clock::now();
    client->send(request.substr(20));
    const auto sent = Clock::now();
    serve();
    const Json seen = ledger();
    const std::int64_t error = seen["arrival_error_ns"];
    EXPECT_GE(seen["calls"].back()[2], nanoseconds(before) - error);
    EXPECT_LE(seen["calls"].back()[2], nanoseconds(sent) + error);
  }
}

TEST_F(HeldServerTest, PipelinedCallsArriveWhenTheOneBeforeIsAnswered) {
  start("{}");
  ASSERT_TRUE(stamps_have_begun());
  client->send(call(1) + call(2) + call(3));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(serve().status, 200);
  const Json rows = calls();
  for (std::size_t i = rows.size() - 2; i < rows.size(); ++i) EXPECT_GE(rows[i][2], rows[i - 1][4]);
}

TEST_F(HeldServerTest, WithoutAStampACallArrivesWhenItIsRead) {
  start("{}", Stamps::missing);
  client->send(call(1));
  const auto sent = Clock::now();
  EXPECT_EQ(serve().status, 200);
  EXPECT_GE(calls().back()[2], nanoseconds(sent));
  EXPECT_FALSE(ledger()["clock_stepped"]);
}

TEST_F(HeldServerTest, AStepIsToldAndNoCallArrivesInTheFuture) {
  start("{}");
  ASSERT_TRUE(stamps_have_begun());
  EXPECT_FALSE(ledger()["clock_stepped"]);
  faked = true;  // an offset by which the kernel's stamps lie far ahead: as if the clock had been set
  clocks.ahead = 0s;
  EXPECT_TRUE(ledger()["clock_stepped"]);
  const std::int64_t before = calls().back()[4];
  client->send(call(1));
  EXPECT_EQ(serve().status, 200);
  EXPECT_GE(calls().back()[2], before);
  EXPECT_LE(calls().back()[2], nanoseconds(Clock::now()));
  clocks.ahead = 100 * 365 * 24h;  // and far behind: no call arrives before the one before it was answered
  EXPECT_TRUE(ledger()["clock_stepped"]);
  const std::int64_t answered = calls().back()[4];
  client->send(call(2));
  EXPECT_EQ(serve().status, 200);
  EXPECT_EQ(calls().back()[2], answered);

  shared.runs.erase(1);  // steps of before are none of a later run's
  const auto later = shared.runs.create({}, 0, shared.arrival_clock.steps());
  EXPECT_FALSE(Json::parse(ledger_json(*later, true, shared.arrival_clock))["clock_stepped"]);
}

/// What comes before the accept waits for the server as well.
TEST(Arrivals, OfConnectionsThatWaitToBeAccepted) {
  Server stamping({});  // has the kernel stamp all that comes, for as long as it is there
  for (const auto limit = Clock::now() + patience; Clock::now() < limit;) {
    Server server({});
    Client makes_run(server.port()), calls(server.port());
    makes_run.send("POST /runs HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}");
    calls.send("GET /runs/1/calls/0 HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto sent = Clock::now();
    std::thread loop([&] { server.run(); });
    EXPECT_EQ(makes_run.receive().status, 201);
    EXPECT_EQ(calls.receive().status, 200);
    const Json seen = Json::parse(makes_run.get("/runs/1").body);
    server.stop();
    server.stop();
    loop.join();
    const bool stamped = seen["calls"][0][2] < sent.time_since_epoch().count();
    if (stamped) return;
  }
  FAIL() << "no call arrived before the server ran";
}

}  // namespace
}  // namespace fanbench::server
