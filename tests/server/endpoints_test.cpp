// The endpoints that are of use without a run, streams, and WebSocket rooms.
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "tests/server/server_fixture.hpp"

namespace fanbench::server {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

class EndpointsTest : public ServerTest {
 protected:
  using ServerTest::ServerTest;
  /// All that comes until the server closes.
  std::string everything(const std::string& target, const std::string& version = "1.1") const {
    Client client = connect();
    client.send("GET " + target + " HTTP/" + version + "\r\nHost: test\r\nConnection: close\r\n\r\n");
    while (client.receive_some() > 0) {
    }
    return client.received.substr(client.received.find("\r\n\r\n") + 4);
  }
};

TEST_F(EndpointsTest, StatusesHaveTheirFields) {
  Client client = connect();
  for (const int status : {200, 201, 204, 304, 404, 418, 429, 500, 503, 599}) {
    const HttpReply reply = client.get("/status/" + std::to_string(status));
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.field("Retry-After"), status == 429 || status == 503 ? "1" : "");
    EXPECT_EQ(reply.field("Content-Length").empty(), status == 204 || status == 304);
  }
  EXPECT_EQ(client.request("POST", "/status/201", "x").status, 201);
}

TEST_F(EndpointsTest, WrongValuesAreNamed) {
  Client client = connect();
  for (const char* target :
       {"/status/99", "/status/600", "/status/x", "/bytes/-1", "/bytes/67108865", "/stream/0",
        "/stream/2?form=x", "/drip?bytes=0", "/drip?colour=red", "/drip?bytes=1&bytes=2", "/pages/0",
        "/pages/3?cursor=1-00000000", "/pages/3?cursor=3-00000000", "/pages/3?cursor=x", "/ws/", "/delay/%zz",
        "/%", "/pages/3?cursor=%2"}) {
    const HttpReply reply = client.get(target);
    EXPECT_EQ(reply.status, 400) << target;
    EXPECT_NE(reply.body.find("expected"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find('\n'), reply.body.size() - 1) << reply.body;
  }
}

TEST_F(EndpointsTest, PathsMayBePercentEncoded) {
  Client client = connect();
  EXPECT_EQ(client.get("/delay/uniform%3Amin%3D0%2Cmax%3D1ms").status, 200);
  EXPECT_EQ(client.get("/%68ealthz").status, 200);
  const Json echo = Json::parse(client.request("PUT", "/anything/a%20b%22?x=%41", "some \xff body").body);
  EXPECT_EQ(echo["method"], "PUT");
  EXPECT_EQ(echo["path"], "/anything/a b\"");
  EXPECT_EQ(echo["query"], "x=%41");
  EXPECT_EQ(echo["body"], "some \uFFFD body");
  EXPECT_EQ(echo["fields"][0], Json::parse(R"(["Host","test"])"));
}

TEST_F(EndpointsTest, BytesAreAsManyAsAskedFor) {
  Client client = connect();
  for (const std::size_t size : {0U, 1U, 4096U, 4097U, 1'000'000U}) {
    EXPECT_EQ(client.get("/bytes/" + std::to_string(size)).body, std::string(size, '.'));
  }
}

TEST_F(EndpointsTest, StreamsAreChunkedEventByEvent) {
  EXPECT_EQ(everything("/stream/3?interval=1ms"),
            "8\r\n0 event\n\r\n8\r\n1 event\n\r\n8\r\n2 event\n\r\n0\r\n\r\n");
  EXPECT_EQ(everything("/stream/2?interval=0&form=sse"),
            "13\r\nid: 0\ndata: event\n\n\r\n13\r\nid: 1\ndata: event\n\n\r\n0\r\n\r\n");
  EXPECT_EQ(everything("/stream/2?interval=1ms", "1.0"), "0 event\n1 event\n");
  EXPECT_EQ(everything("/stream/1"), "8\r\n0 event\n\r\n0\r\n\r\n");
  Client client = connect();
  const auto began = Clock::now();
  client.send(get("/stream/5?interval=5ms") + get("/healthz"));
  while (client.received.find("\"ok\"") == std::string::npos) ASSERT_GT(client.receive_some(), 0);
  EXPECT_GE(Clock::now() - began, 20ms);
}

TEST_F(EndpointsTest, ManyEventsAtOnceComeAll) {
  const std::string all = everything("/stream/20000?interval=0", "1.0");
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 20'000);
  EXPECT_TRUE(all.ends_with("\n19999 event\n"));
}

TEST_F(EndpointsTest, DripsComeWhole) {
  for (const char* bytes : {"1", "7", "16", "1000"}) {
    Client client = connect();
    const HttpReply reply = client.get(std::string("/drip?over=5ms&delay=2ms&bytes=") + bytes);
    EXPECT_EQ(reply.body, std::string(std::stoul(bytes), '.'));
    EXPECT_EQ(reply.field("Server-Timing").substr(0, 23), "requested;dur=2.000, me");
  }
}

TEST_F(EndpointsTest, PagesAreFollowedByTheirCursors) {
  Client client = connect();
  std::string cursor;
  for (int page = 0; page < 4; ++page) {
    const HttpReply reply =
        client.get("/pages/4?items=2&delay=1ms" + (cursor.empty() ? "" : "&cursor=" + cursor));
    const Json json = Json::parse(reply.body);
    EXPECT_EQ(json["page"], page);
    EXPECT_EQ(json["items"], (Json{2 * page, 2 * page + 1}));
    EXPECT_FALSE(reply.field("Server-Timing").empty());
    EXPECT_EQ(json["next"].is_null(), page == 3);
    if (page < 3) cursor = json["next"];
  }
}

TEST_F(EndpointsTest, TheIndexIsAPage) {
  const HttpReply reply = connect().get("/");
  EXPECT_EQ(reply.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(reply.body.starts_with("<!doctype html>"));
}

TEST_F(EndpointsTest, MetricsCountWhatHappened) {
  const std::uint64_t run = create_run(R"({"failures":{"ids":[1],"kinds":["reset"]}})");
  connect().get(call(run, 0));
  connect().get(call(run, 1));
  ledger_when(run, [](const Json& l) { return l["reset"] == 1; });
  const HttpReply reply = connect().get("/metrics");
  EXPECT_EQ(reply.field("Content-Type"), "text/plain; version=0.0.4");
  for (const char* line :
       {"\nfanbench_calls_total{ending=\"completed\"} 1\n", "\nfanbench_calls_total{ending=\"reset\"} 1\n",
        "\nfanbench_runs 1\n", "\nfanbench_lateness_seconds_count 2\n",
        "\nfanbench_lateness_seconds_bucket{le=\"+Inf\"} 2\n",
        "\n# TYPE fanbench_lateness_seconds histogram\n"}) {
    EXPECT_NE(reply.body.find(line), std::string::npos) << line << reply.body;
  }
}

TEST_F(EndpointsTest, CallsMayBeStreamsByPlan) {
  const std::uint64_t run =
      create_run(R"({"delay":"1ms","stream":{"events":3,"interval":"2ms","form":"sse"}})");
  const std::string answer = hex(planned_reply(Plan{}, 5, 0).answer);
  std::string expected;
  for (int i = 0; i < 3; ++i) expected += "id: " + std::to_string(i) + "\ndata: " + answer + "\n\n";
  EXPECT_EQ(everything(call(run, 5), "1.0"), expected);
  const Json seen = ledger_when(run, [](const Json& l) { return l["completed"] == 1; });
  expect_adds_up(seen);
  const Json row = seen["calls"][0];
  EXPECT_GE(row[4].get<std::int64_t>() - row[3].get<std::int64_t>(), 4'000'000);
}

TEST_F(EndpointsTest, EventsThatWereSentAreCounted) {
  const std::uint64_t run =
      create_run(R"({"stream":{"events":3,"interval":"100ms","form":"sse","split":true}})");
  EXPECT_EQ(ledger(run)["events_sent"], 0);
  Client leaves = connect(), stays = connect();
  leaves.send(get(call(run, 0)));
  while (leaves.received.find("id: 0") == std::string::npos) ASSERT_GT(leaves.receive_some(), 0);
  leaves.hang_up();
  ledger_when(run, [](const Json& l) { return l["abandoned"] == 1; });
  const std::size_t left = ledger(run)["events_sent"];
  EXPECT_GE(left, 1);
  EXPECT_LT(left, 3);
  stays.send(get(call(run, 1)));
  EXPECT_EQ(ledger_when(run, [](const Json& l) { return l["completed"] == 1; })["events_sent"], left + 3);
  const std::uint64_t none = create_run(R"({"failures":{"rate":1,"kinds":["drip"],"over":"0"}})");
  connect().get(call(none, 0));
  EXPECT_FALSE(ledger(none).contains("events_sent"));
}
TEST_F(EndpointsTest, StreamsMayBeginAnEventWithTheOneBefore) {
  const std::uint64_t run =
      create_run(R"({"stream":{"events":6,"interval":"1ms","form":"sse","split":true}})");
  const std::string answer = hex(planned_reply(Plan{}, 5, 0).answer);
  std::vector<std::string> events;
  for (int i = 0; i < 6; ++i) events.push_back("id: " + std::to_string(i) + "\ndata: " + answer + "\n\n");
  const std::size_t half = events[2].size() / 2;
  std::string expected;
  for (const std::string& content :
       {events[0], events[1] + events[2].substr(0, half), events[2].substr(half), events[3],
        events[4] + events[5].substr(0, half), events[5].substr(half)}) {
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", content.size());
    expected += size + content + "\r\n";
  }
  EXPECT_EQ(everything(call(run, 5)), expected + "0\r\n\r\n");
}

// -------------------------------------------------------------------------------------- WebSocket rooms

/// A blocking WebSocket client.
class Visitor {
 public:
  Visitor(std::uint16_t port, const std::string& target) : stream_(context_) {
    stream_.next_layer().connect({boost::asio::ip::address_v4::loopback(), port});
    stream_.handshake("test", target);
  }
  void say(const std::string& text) { stream_.write(boost::asio::buffer(text)); }
  std::string hear() {
    beast::flat_buffer buffer;
    stream_.read(buffer);
    return beast::buffers_to_string(buffer.data());
  }

 private:
  boost::asio::io_context context_;
  websocket::stream<boost::asio::ip::tcp::socket> stream_;
};

/// On several threads, so that members of a room meet across them.
class WebSocketRoomsTest : public EndpointsTest {
 protected:
  WebSocketRoomsTest() : EndpointsTest({.threads = 2}) {}
};

TEST_F(WebSocketRoomsTest, AllOthersHearEverythingInOrder) {
  const std::uint64_t run = create_run("{}");
  for (const std::string& target : {std::string("/ws/tea"), runs(run) + "/ws/tea"}) {
    Visitor speaker(server.port(), target);
    Visitor elsewhere(server.port(), "/ws/coffee");
    std::vector<std::unique_ptr<Visitor>> others;
    for (int i = 0; i < 8; ++i) others.push_back(std::make_unique<Visitor>(server.port(), target));
    speaker.say("begin");
    for (auto& other : others) EXPECT_EQ(other->hear(), "begin");
    constexpr int messages = 200;
    for (int i = 0; i < messages; ++i) speaker.say(std::to_string(i));
    for (auto& other : others) {
      for (int i = 0; i < messages; ++i) ASSERT_EQ(other->hear(), std::to_string(i));
    }
    others[0]->say("thanks");
    EXPECT_EQ(speaker.hear(), "thanks");  // and nothing of its own before
    for (std::size_t i = 1; i < others.size(); ++i) EXPECT_EQ(others[i]->hear(), "thanks");
  }
  const Json seen = ledger_when(run, [](const Json& l) { return l["messages_out"] == 202 * 8; });
  EXPECT_EQ(seen["messages_in"], 202);
  EXPECT_EQ(seen["messages_due"], 202 * 8);
  EXPECT_GT(seen["message_in_ns"], 0);
  EXPECT_GE(seen["message_out_ns"], seen["message_in_ns"]);
}

TEST_F(WebSocketRoomsTest, WhatIsNoHandshakeIsRefused) {
  Client client = connect();
  const HttpReply reply = client.get("/ws/tea");
  EXPECT_EQ(reply.status, 426);
  EXPECT_EQ(reply.field("Upgrade"), "websocket");
  EXPECT_EQ(client.get("/healthz").status, 200);
  EXPECT_EQ(client.request("POST", "/ws/tea", "x").status, 405);
}

TEST_F(WebSocketRoomsTest, MessagesThatAreTooLongEndTheMember) {
  Visitor visitor(server.port(), "/ws/tea");
  visitor.say(std::string(70'000, 'x'));
  EXPECT_THROW(visitor.hear(), beast::system_error);
  expect_serving();
}

TEST_F(WebSocketRoomsTest, StoppingEndsThem) {
  Visitor one(server.port(), "/ws/tea"), other(server.port(), "/ws/tea");
  server.stop();
  EXPECT_THROW(one.hear(), beast::system_error);
  EXPECT_THROW(other.hear(), beast::system_error);
  loop.join();
}

}  // namespace
}  // namespace fanbench::server
