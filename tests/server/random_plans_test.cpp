// Thousands of random plans: for every call, attempt and fault the server does what the plan predicts, and
// the ledger adds up.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <optional>
#include <random>
#include <vector>

#include "tests/server/server_fixture.hpp"

namespace fanbench::server {
namespace {

constexpr int plans = 3'000, clients_at_once = 8;

class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}
  std::uint64_t below(std::uint64_t n) { return bits_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  Nanoseconds up_to(Nanoseconds longest) {
    return Nanoseconds(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(longest.count()) + 1)));
  }

 private:
  std::mt19937_64 bits_;
};

Delay random_delay(Random& random) {
  const Nanoseconds a = random.up_to(500us), b = a + random.up_to(1ms);
  switch (random.below(8)) {
    case 0:
      return UniformDelay{a, b};
    case 1:
      return NormalDelay{a, b};
    case 2:
      return LognormalDelay{a + 1us, b + 1us};
    case 3:
      return ParetoDelay{a + 1ms, a + 1ms + b / 4};
    case 4:
      return BimodalDelay{a, b, 0.5};
    case 5:
      return SamplesDelay{{a, b, 0ns}};
    case 6:
      return PercentilesDelay{{{50, a}, {99, b}}};
    default:
      return FixedDelay{random.one_in(2) ? 0ns : a};
  }
}

Failures random_rule(Random& random) {
  Failures rule{.rate = static_cast<double>(random.below(11)) / 10,
                .attempts = static_cast<Attempt>(1 + random.below(3)),
                .kinds = {},
                .retry_after = random.one_in(2) ? 0ns : random.up_to(3s),
                .ids = {},
                .over = random.up_to(2ms)};
  for (std::uint64_t kinds = 1 + random.below(4); kinds > 0; --kinds) {
    rule.kinds.push_back(static_cast<std::uint16_t>(random.one_in(2) ? 400 + random.below(200)
                                                                     : random.below(7)));  // every fault
  }
  for (CallId id = 0; id < 12; ++id) {
    if (random.one_in(6)) rule.ids.push_back(id);
  }
  rule.at_least = static_cast<Attempt>(1 + random.below(rule.attempts));
  return rule;
}

Plan random_plan(Random& random) {
  Plan plan;
  plan.seed = random.below(UINT64_MAX);
  plan.delay = random_delay(random);
  if (!random.one_in(4)) plan.failures = random_rule(random);
  while (random.one_in(3)) plan.more_failures.push_back(random_rule(random));
  plan.chain = static_cast<std::uint32_t>(1 + (random.one_in(3) ? random.below(4) : 0));
  plan.body_bytes = random.one_in(4) ? 17 : 17 + random.below(10'000);
  if (random.one_in(4)) plan.capacity.slots = static_cast<std::uint32_t>(1 + random.below(3));
  if (random.one_in(6)) {
    plan.stream = {.events = static_cast<std::uint32_t>(1 + random.below(5)),
                   .interval = random.up_to(500us),
                   .sse = random.one_in(2),
                   .split = random.one_in(2)};
  }
  return plan;
}

/// What a client gets to see of a reply, beside its head.
struct Seen {
  int status = 0;      // 0: no whole head
  std::string body{};  // what came of it
  ssize_t end = 1;     // of the connection: 0 in order, else -errno; 1: none
  std::string retry_after_us{};
  bool operator==(const Seen&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Seen& s) {
    return out << s.status << ", " << s.body.size() << " bytes " << s.body.substr(0, 60) << ", end " << s.end
               << ", retry after " << s.retry_after_us;
  }
};

std::string chunk(const std::string& text) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx", text.size());
  return size + ("\r\n" + text + "\r\n");
}

Seen predict(const Plan& plan, CallId id, Attempt attempt) {
  const PlannedReply planned = planned_reply(plan, id, attempt);
  const std::string answer = hex(planned.answer) + (planned.goes_on ? "+" : "");
  std::string body = answer + std::string(plan.body_bytes - answer.size(), '.');
  switch (planned.fault) {
    case Fault::reset:
      return {.end = -ECONNRESET};
    case Fault::garbage:
      return {.end = 0};
    case Fault::reset_body:
      return {.status = 200, .body = body.substr(0, plan.body_bytes / 2), .end = -ECONNRESET};
    case Fault::cut:
      return {.status = 200, .body = body.substr(0, plan.body_bytes / 2), .end = 0};
    default:
      break;
  }
  if (plan.stream.events > 0 && planned.status == 200 && planned.fault != Fault::drip) {
    std::vector<std::string> pieces;
    for (std::uint32_t i = 0; i < plan.stream.events; ++i) {
      const std::string number = std::to_string(i);
      pieces.push_back(plan.stream.sse ? "id: " + number + "\ndata: " + answer + "\n\n"
                                       : number + ' ' + answer + '\n');
    }
    for (std::size_t i = 2; plan.stream.split && i < pieces.size(); i += 3) {
      const std::size_t half = pieces[i].size() / 2;
      pieces[i - 1] += pieces[i].substr(0, half);
      pieces[i].erase(0, half);
    }
    body.clear();
    for (const std::string& piece : pieces) body += chunk(piece);
    body += "0\r\n\r\n";
  }
  Seen seen{.status = planned.status, .body = body};
  if (planned.retry_after > 0ns) {
    const auto us = std::chrono::ceil<std::chrono::microseconds>(planned.retry_after).count();
    seen.retry_after_us = std::to_string(us);
  }
  return seen;
}

/// Reads until what was predicted is there, or the connection ends.
Seen observe(Client& client, const Seen& predicted) {
  Seen seen;
  const auto head_end = [&] { return client.received.find("\r\n\r\n"); };
  const auto all_there = [&] {
    return predicted.end == 1 && head_end() != std::string::npos &&
           client.received.size() >= head_end() + 4 + predicted.body.size();
  };
  while (!all_there()) {
    const ssize_t count = client.receive_some();
    if (count > 0) continue;
    seen.end = count;
    break;
  }
  const bool http = client.received.starts_with("HTTP/1.1 ");
  if (http && head_end() != std::string::npos) {
    seen.status = std::stoi(client.received.substr(9, 3));
    seen.body = client.received.substr(head_end() + 4);
    const HttpReply head{.status = 0, .head = client.received.substr(0, head_end() + 2), .body = ""};
    const std::string ms = head.field("Retry-After-Ms");
    if (!ms.empty()) seen.retry_after_us = std::to_string(std::llround(std::stod(ms) * 1000));
  } else {
    EXPECT_EQ(http, predicted.end == -ECONNRESET) << client.received;
  }
  client.received.clear();
  return seen;
}

class RandomPlansTest : public ServerTest {
 protected:
  RandomPlansTest() : ServerTest({.threads = 2}) {}

  void check(std::uint64_t seed) const {
    Random random(seed);
    const Plan plan = random_plan(random);
    const std::string text = format_plan(plan);
    SCOPED_TRACE(text);
    EXPECT_EQ(format_plan(parse_plan(text)), text);
    const std::uint64_t run = create_run(text);
    std::map<std::string, int> expected;
    std::optional<Client> client;
    for (CallId id = 0; id < 6; ++id) {
      for (Attempt attempt = 0; attempt < 2; ++attempt) {
        if (!client) client.emplace(connect());
        const PlannedReply planned = planned_reply(plan, id, attempt);
        const std::uint64_t cursor = planned_cursor(plan, id);
        client->send(get(call(run, id, attempt) + (cursor == 0 ? "" : "&cursor=" + hex(cursor))));
        if (planned.fault == Fault::hang) {
          ++expected["abandoned"];
          client.reset();
          continue;
        }
        const Seen predicted = predict(plan, id, attempt);
        EXPECT_EQ(observe(*client, predicted), predicted) << "call " << id << " attempt " << attempt;
        const bool reset = planned.fault == Fault::reset || planned.fault == Fault::reset_body;
        ++expected[reset                             ? "reset"
                   : planned.fault == Fault::cut     ? "cut"
                   : planned.fault == Fault::garbage ? "garbage"
                                                     : "completed"];
        if (predicted.end != 1) client.reset();
      }
    }
    const Json seen = ledger_when(run, [](const Json& l) { return l["arrivals"] == 12 && l["open"] == 0; });
    expect_adds_up(seen);
    for (const char* ending : {"completed", "reset", "cut", "garbage", "abandoned"}) {
      EXPECT_EQ(seen[ending], expected[ending]) << ending;
    }
    EXPECT_EQ(seen["duplicates"], 0);
    for (const Json& row : seen["calls"]) {
      const std::int64_t waited = plan.capacity.slots > 0 ? row[6].get<std::int64_t>() : 0;
      EXPECT_EQ(row[3].get<std::int64_t>() - row[2].get<std::int64_t>() - waited,
                planned_reply(plan, row[0], row[1]).delay.count());
    }
    EXPECT_EQ(connect().request("DELETE", runs(run)).status, 204);
  }
};

TEST_F(RandomPlansTest, AreDoneAsPredicted) {
  std::atomic<int> next{0};
  std::vector<std::jthread> checkers;
  for (int i = 0; i < clients_at_once; ++i) {
    checkers.emplace_back([&] {
      for (int n; (n = next++) < plans && !HasFailure();) check(static_cast<std::uint64_t>(n));
    });
  }
  checkers.clear();
  EXPECT_EQ(Json::parse(connect().get("/healthz").body)["runs"], 0);
}

}  // namespace
}  // namespace fanbench::server
