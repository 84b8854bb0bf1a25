// The plan: a pure function (plan, call id, attempt) -> what the server does with that call.
// The server obeys it and the bench predicts from it; nothing else is shared between the two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mock_server/plan/delay.hpp"
#include "mock_server/plan/draws.hpp"
#include "mock_server/plan/duration.hpp"
#include "mock_server/plan/refusal.hpp"

namespace fanbench {

/// How a call's reply goes wrong, where it is not by a status. README.md says what a client gets to see.
enum class Fault : std::uint16_t {
  reset,        // the connection is reset in the middle of the reply's head
  reset_body,   // … after half of its body
  cut,          // the connection is closed in order, but after half of the body
  drip,         // the body comes in pieces, over a time
  hang,         // no reply, ever
  garbage,      // something that is not HTTP, and the end of the connection
  slow_accept,  // the connection is not read for a time: only then the call arrives
  none,
};

/// A rule by which calls fail: some ids fail on their first attempts, and succeed after.
struct Failures {
  // In `kinds`, which has statuses as well.
  static constexpr auto reset = static_cast<std::uint16_t>(Fault::reset);
  static constexpr auto reset_body = static_cast<std::uint16_t>(Fault::reset_body);
  static constexpr auto cut = static_cast<std::uint16_t>(Fault::cut);
  static constexpr auto garbage = static_cast<std::uint16_t>(Fault::garbage);

  double rate = 0;       // share of the ids that fail at all, in [0, 1]
  Attempt attempts = 1;  // such an id fails on its first a attempts, a drawn from at_least … attempts
  std::vector<std::uint16_t> kinds = {
      503};                   // drawn per id and attempt: a status 400 … 599, or a Fault but `none`
  Nanoseconds retry_after{};  // above 0: sent with every 429 and 503
  std::vector<CallId> ids{};  // rising: these fail too
  Nanoseconds over = std::chrono::seconds(1);  // how long drip and slow_accept take
  Attempt at_least = 1;                        // 1 … attempts
};

/// Bounds of the service itself, for all calls of a run. With 0, there is no such bound.
struct Capacity {
  std::uint32_t slots = 0;       // calls served at once; the others wait, first come, first served
  std::uint32_t per_second = 0;  // calls that arrive faster are answered with 429 at once
  std::uint32_t burst = 1;       // … but so many may come at once after a pause
  bool operator==(const Capacity&) const = default;
};

/// Makes the bodies of whole replies streams of events: the first with the head, then one every interval.
struct StreamPlan {
  std::uint32_t events = 0;  // 0: no stream
  Nanoseconds interval{};
  bool sse = false;    // text/event-stream; else a line of text per chunk
  bool split = false;  // half of every third event goes out with the one before
};
inline constexpr std::uint32_t max_events = 1'000'000;

struct Plan {
  std::uint64_t seed = 1;
  Delay delay = FixedDelay{};
  bool same_delay = false;  // all attempts of a call have that of its first
  Failures failures{};
  std::vector<Failures>
      more_failures{};          // tried in order after `failures`: the first by which a call fails decides
  std::size_t body_bytes = 64;  // of every reply: min_body_bytes … max_body_bytes
  // Ids come in chains of so many: each call but a chain's first has to bring, as its cursor, the answer to
  // the first attempt of the call before. 1: no chains.
  std::uint32_t chain = 1;
  // Where this is a part of a greater plan: its calls 0, 1, … are that one's first, first + 1, …, in all that
  // is drawn or named by id.
  CallId first = 0;
  Capacity capacity{};
  StreamPlan stream{};
};
inline constexpr std::size_t max_rules = 64;
inline constexpr std::uint32_t max_chain = 1'000'000;
inline constexpr std::size_t min_body_bytes = 16;  // room for the answer; one more where there are chains
inline constexpr std::size_t max_body_bytes = std::size_t{64} << 20;

/// Reads {"seed": 1, "delay": "200ms", "failures": {"rate": 0.1, "attempts": 2, "kinds": [503, "reset"],
/// "retry_after": "50ms"}, "body_bytes": 64, "chain": 1}, and what else README.md tells of; every key may be
/// left out. Throws PlanError: unknown keys, wrong types and values out of range are named.
Plan parse_plan(std::string_view json);
std::string format_plan(const Plan& plan);

/// What the server does with one attempt of one call.
struct PlannedReply {
  Nanoseconds delay{};         // from the request's arrival to the reply; whole microseconds
  std::uint16_t status = 200;  // that the client gets to see; 0 (= Failures::reset): none
  Fault fault = Fault::none;   // drip and slow_accept come to a whole reply all the same
  Nanoseconds over{};          // of drip and slow_accept
  Nanoseconds retry_after{};   // above 0: sent with the reply
  std::uint64_t answer = 0;  // the body's first 16 bytes, in lower-case hex: proof of which call was answered
  bool goes_on = false;      // the call's chain goes on after it: the body's 17th byte is '+' instead of '.'
};
PlannedReply planned_reply(const Plan& plan, CallId id, Attempt attempt);
/// The client gets all of the reply, sooner or later.
inline bool is_whole(const PlannedReply& reply) {
  return reply.fault == Fault::none || reply.fault == Fault::drip || reply.fault == Fault::slow_accept;
}

/// The cursor that the call has to bring: the answer to the one before it in its chain; 0 for a chain's
/// first.
std::uint64_t planned_cursor(const Plan& plan, CallId id);

}  // namespace fanbench
